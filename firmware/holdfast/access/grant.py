"""What the policy grants a card or a PIN, as the credential cache found it."""


class Grant:
    """``key`` (8 bytes) has the rights of ``group`` until ``expires``, seconds since 1970 or None.

    ``first_day`` is the local day since 1970 from which on, or None; ``person`` the 4 bytes that
    a person's card and PIN share, or None; ``uses`` how many uses there are, 0 if nobody counts.
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
