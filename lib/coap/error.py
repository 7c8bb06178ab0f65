"""Errors a CoAP peer can cause, each with the response code that tells the peer so."""

from untrusted import InvalidInput

from . import code as _code


class CoAPError(InvalidInput):
    """A message was refused. ``code`` is the response code for it, 4.00 unless said otherwise."""

    code = _code.BAD_REQUEST
    standard_text: str | None = None  # what an RFC has the peer read, where it says so

    def __init__(self, text: str, code: int | None = None):
        super().__init__(text)
        if code is not None:
            self.code = code

    @property
    def diagnostic(self) -> str:
        """The text the peer may read (RFC 7252 section 5.5.2)."""
        return str(self) if self.standard_text is None else self.standard_text


class ParseError(CoAPError):
    """The bytes are not a CoAP message: a message format error (RFC 7252 section 3)."""


class BadOptionError(CoAPError):
    """A critical option is not understood, repeated, or of an impossible length: 4.02."""

    code = _code.BAD_OPTION
