"""What the cache knows of a card, a PIN or a token."""

POLICY = 1  # the authority's policy grants it
VERIFIED = 2  # a token whose signature was checked; says nothing of rights
ANSWER = 3  # a controller's answer, kept for the site's retention


class Grant:
    """``key`` (8 bytes) has the rights of ``group`` until ``expires``, seconds since 1970 or None.

    ``kind`` is POLICY, VERIFIED or ANSWER.
    """

    def __init__(self, key: bytes, kind: int, group: int, expires=None):
        self.key = key
        self.kind = kind
        self.group = group
        self.expires = expires
