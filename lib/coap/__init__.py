"""CoAP: messages and options (RFC 7252), over datagrams, over byte streams (RFC 8323).

``coap.datagram``, ``coap.stream``, ``coap.signalling`` and ``coap.server`` are imported by name,
so that a board loads only what it speaks.
"""

from . import code, option
from .error import CoAPError
from .message import Message, error_response, path_options

__all__ = (
    "CoAPError",
    "Message",
    "code",
    "error_response",
    "option",
    "path_options",
)
