"""Why a COSE object or a token is refused."""

from untrusted import InvalidInput


class COSEError(InvalidInput):
    """A COSE object was refused."""


class MalformedError(COSEError):
    """The bytes are not of the shape that COSE, CWT or this profile of them asks for."""


class UnsupportedError(COSEError):
    """Well made, but of an algorithm, a curve or a kind that is not implemented here."""


class CriticalHeaderError(COSEError):
    """A header parameter marked critical is not understood here (RFC 9052 section 3.1, crit)."""


class VerificationError(COSEError):
    """Signature, tag or ciphertext were not made with this key over this content."""


class KeyMismatchError(VerificationError):
    """The key is not for this algorithm, this operation or this message; nothing was computed."""


class MissingExpiryError(COSEError):
    """A token says nothing of when it ends."""
