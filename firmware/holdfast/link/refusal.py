"""A request that the link itself refuses, with the exact reason and what the phone is told."""

from untrusted import InvalidInput

from ..access import reason as _reason


class LinkRefusal(InvalidInput):
    """Raised inside the link and answered by the session; never leaves it.

    ``reason`` is the exact code, ``response`` the CoAP message that answers the phone, and
    ``drop`` whether the connection ends with it.
    """

    def __init__(self, reason: int, response, credential=None, drop: bool = True):
        super().__init__(_reason.name(reason))
        self.reason = reason
        self.response = response
        self.credential = credential
        self.drop = drop
