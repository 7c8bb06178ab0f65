"""What can be wrong with a protected message, with the response RFC 8613 section 8.2 has for it.

``str(error)`` is the exact cause; ``diagnostic`` is what the RFC lets a peer know, nothing more.
"""

from coap import CoAPError
from coap import code as _code


class OSCOREError(CoAPError):
    """A protected message was refused."""


class FormatError(OSCOREError):
    """No compressed COSE object of this exchange: 4.02."""

    code = _code.BAD_OPTION
    standard_text = "Failed to decode COSE"


class ContextNotFoundError(OSCOREError):
    """The message names another security context: 4.01."""

    code = _code.UNAUTHORIZED
    standard_text = "Security context not found"


class ReplayError(OSCOREError):
    """The message was seen before, or is too old to tell: 4.01."""

    code = _code.UNAUTHORIZED
    standard_text = "Replay detected"


class DecryptionError(OSCOREError):
    """Not made with our key, or changed on the way: 4.00."""

    standard_text = "Decryption failed"


class EchoNeeded(OSCOREError):
    """An authentic request whose age cannot be known, the replay window being lost: 4.01.

    ``exchange`` is what echo_challenge answers it with. ``message``, the request in plain, may be
    a replay: it must not be acted on.
    """

    code = _code.UNAUTHORIZED
    standard_text = ""

    def __init__(self, exchange, message):
        super().__init__("the replay window is lost; the request must prove that it is fresh")
        self.exchange = exchange
        self.message = message


class SequenceExhausted(OSCOREError):
    """All 2**40 Partial IVs of the Sender Context are used: it must not protect anything more."""

    code = _code.INTERNAL_SERVER_ERROR
    standard_text = ""
