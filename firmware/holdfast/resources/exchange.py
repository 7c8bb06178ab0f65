"""What the resources here share: the query ``?after=n``, answers that fit one message."""

import cbor
from coap import CoAPError, Message, code, option

from ..access import reason

# What an answer's payload may come to, so that it fits the smallest message a phone must take
# (RFC 8323 section 5.3.1: 1152 bytes) with options and protection around it.
PAYLOAD_LIMIT = 1024


def after(request, default: int) -> int:
    """The number in the query ``after=n``. Raises CoAPError, 4.00, for any other query."""
    number = default
    for raw in request.options_of(option.URI_QUERY):
        digits = raw[6:]
        if raw[:6] != b"after=" or not 0 < len(digits) <= 10:
            raise CoAPError("not a query here", code.BAD_REQUEST)
        if not all([0x30 <= digit <= 0x39 for digit in digits]):
            raise CoAPError("not a number", code.BAD_REQUEST)
        number = int(digits.decode())
    return number


def answer(response_code: int, content) -> Message:
    """A response with ``content`` as CBOR."""
    content_format = [(option.CONTENT_FORMAT, option.encode_uint(option.CF_CBOR))]
    return Message(response_code, content_format, cbor.encode(content))


def forbidden(refusal: int) -> Message:
    """4.03 for the exact reason code ``refusal``, of which the peer learns the coarse one."""
    return Message(code.FORBIDDEN, (), reason.coarse_name(reason.coarse(refusal)).encode())


def unavailable() -> Message:
    """5.03: flash fails, nothing has changed, and the same may be asked again."""
    return Message(code.SERVICE_UNAVAILABLE, (), b"the storage fails")
