"""A request that the link itself refuses, with the exact reason and what the phone is told."""

from untrusted import InvalidInput

from ..access import reason as _reason


class LinkRefusal(InvalidInput):
    """Raised inside the link and answered by the session; never leaves it.

    ``reason`` is the exact code, ``response`` the CoAP message that answers the phone, and
    ``drop`` whether the connection ends with it. ``claimed`` is the holder named by what came:
    a token that nobody proved to be the holder of, or the identifier of a context.
    """

    def __init__(self, reason: int, response, claimed=None, drop: bool = True):
        super().__init__(_reason.name(reason))
        self.reason = reason
        self.response = response
        self.claimed = claimed
        self.drop = drop
