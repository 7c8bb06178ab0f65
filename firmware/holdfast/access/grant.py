"""What the policy says of a card or PIN in one group."""

POLICY = 1  # until decide() asks for all grants of a card
ANSWER = 3


class Grant:
    """``key`` (8 bytes) has the rights of ``group`` until ``expires``, seconds since 1970 or None.

    ``first_day``, in days since 1970 or None, is the first on which it counts. ``person`` is the
    tag (4 bytes or None) that a person's card and PIN have in common, ``uses`` how many times it
    may be used, 0 for as often as one likes. ``is_suspended``: it counts for nothing for now.
    ``is_duress``: a PIN that opens and calls for help.
    """

    def __init__(
        self,
        key: bytes,
        group: int,
        expires=None,
        first_day=None,
        is_suspended: bool = False,
        person=None,
        uses: int = 0,
        is_duress: bool = False,
    ):
        self.key = key
        self.group = group
        self.expires = expires
        self.first_day = first_day
        self.is_suspended = is_suspended
        self.person = person
        self.uses = uses
        self.is_duress = is_duress
