"""OSCORE, RFC 8613: CoAP messages protected end to end, whatever carries them.

The caller looks a context up by the kid that ``option.decode`` finds, in a ``Table``, and calls
one of the four protect functions. All that can be wrong with what a peer sent is a
coap.CoAPError.
"""

from . import option
from .combined import combine, split
from .context import SecurityContext
from .echo import echo_challenge, repeat_with_echo
from .error import (
    EXHAUSTED,
    MALFORMED,
    NO_CONTEXT,
    REFUSED,
    REPLAYED,
    STALE,
    UNDECRYPTABLE,
    EchoNeeded,
    OSCOREError,
)
from .protect import (
    Exchange,
    protect_request,
    protect_response,
    unprotect_request,
    unprotect_response,
)
from .table import Table

__all__ = (
    "EXHAUSTED",
    "MALFORMED",
    "NO_CONTEXT",
    "REFUSED",
    "REPLAYED",
    "STALE",
    "UNDECRYPTABLE",
    "EchoNeeded",
    "Exchange",
    "OSCOREError",
    "SecurityContext",
    "Table",
    "combine",
    "echo_challenge",
    "option",
    "protect_request",
    "protect_response",
    "repeat_with_echo",
    "split",
    "unprotect_request",
    "unprotect_response",
)
