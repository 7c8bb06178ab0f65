"""What can be wrong with a protected message, with the response RFC 8613 section 8.2 has for it.

``str(error)`` is the exact cause; ``diagnostic`` is what the RFC lets a peer know, nothing more.
"""

from coap import CoAPError
from coap import code as _code
from micropython import const

# What ``why`` is. No other package has these numbers.
REFUSED = const(30)  # 4.00
MALFORMED = const(31)  # no compressed COSE object of this exchange: 4.02
NO_CONTEXT = const(32)  # the message names another security context: 4.01
REPLAYED = const(33)  # the message was seen before, or is too old to tell: 4.01
UNDECRYPTABLE = const(34)  # not made with our key, or changed on the way: 4.00
STALE = const(35)  # authentic, of an age that cannot be known: EchoNeeded, 4.01
EXHAUSTED = const(36)  # all 2**40 Partial IVs are used: it must not protect anything more

_TOLD = (
    (_code.BAD_REQUEST, None),
    (_code.BAD_OPTION, "Failed to decode COSE"),
    (_code.UNAUTHORIZED, "Security context not found"),
    (_code.UNAUTHORIZED, "Replay detected"),
    (_code.BAD_REQUEST, "Decryption failed"),
    (_code.UNAUTHORIZED, ""),
    (_code.INTERNAL_SERVER_ERROR, ""),
)


class OSCOREError(CoAPError):
    """A protected message was refused; ``why`` is the number of the reason."""

    def __init__(self, text: str, why: int = REFUSED):
        code, diagnostic = _TOLD[why - REFUSED]
        super().__init__(text, code, diagnostic)
        self.why = why


class EchoNeeded(OSCOREError):
    """An authentic request whose age cannot be known, the replay window being lost.

    ``exchange`` is what echo_challenge answers it with. ``message``, the request in plain, may be
    a replay: it must not be acted on.
    """

    def __init__(self, exchange, message):
        text = "the replay window is lost; the request must prove that it is fresh"
        super().__init__(text, STALE)
        self.exchange = exchange
        self.message = message
