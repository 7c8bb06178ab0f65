"""What a CoAP peer can cause, with the response code that tells the peer so."""

from untrusted import InvalidInput

from . import code as _code


class CoAPError(InvalidInput):
    """A message was refused. ``code`` is the response code for it: 4.00 unless said otherwise,
    4.02 for a critical option that is not understood, repeated, or of an impossible length.

    ``diagnostic`` is what the peer may read (RFC 7252 section 5.5.2), the text if no RFC has its
    own. ``bad_csm_option`` is the number that a connection's last message names as its cause, if
    one is (RFC 8323 section 5.6).
    """

    bad_csm_option: int | None = None

    def __init__(self, text: str, code: int = _code.BAD_REQUEST, diagnostic: str | None = None):
        super().__init__(text)
        self.code = code
        self.diagnostic = text if diagnostic is None else diagnostic
