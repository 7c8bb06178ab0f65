"""Why a COSE object or a token is refused."""

from micropython import const
from untrusted import InvalidInput

# What ``why`` is. No other package has these numbers.
MALFORMED = const(10)  # not of the shape that COSE, CWT or this profile of them asks for
UNSUPPORTED = const(11)  # well made, of an algorithm, a curve or a kind that is not implemented
CRITICAL = const(12)  # a header parameter marked critical is not understood (RFC 9052 section 3.1)
UNVERIFIED = const(13)  # not made with this key over this content: signature, tag or ciphertext
OTHER_KEY = const(14)  # the key is not for this algorithm, operation or message: not even tried
NO_EXPIRY = const(15)  # a token says nothing of when it ends


class COSEError(InvalidInput):
    """A COSE object was refused; ``why`` is the number of the reason."""

    def __init__(self, text: str, why: int = MALFORMED):
        super().__init__(text)
        self.why = why
