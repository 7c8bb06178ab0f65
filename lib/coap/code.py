"""CoAP codes, ``class << 5 | detail`` (RFC 7252 section 12.1, RFC 7959, RFC 8132, RFC 8323)."""

from micropython import const

EMPTY = const(0x00)

GET = const(0x01)
POST = const(0x02)
PUT = const(0x03)
DELETE = const(0x04)
FETCH = const(0x05)
PATCH = const(0x06)
IPATCH = const(0x07)

CREATED = const(0x41)
DELETED = const(0x42)
VALID = const(0x43)
CHANGED = const(0x44)
CONTENT = const(0x45)
CONTINUE = const(0x5F)

BAD_REQUEST = const(0x80)
UNAUTHORIZED = const(0x81)
BAD_OPTION = const(0x82)
FORBIDDEN = const(0x83)
NOT_FOUND = const(0x84)
METHOD_NOT_ALLOWED = const(0x85)
NOT_ACCEPTABLE = const(0x86)
REQUEST_ENTITY_INCOMPLETE = const(0x88)
CONFLICT = const(0x89)
PRECONDITION_FAILED = const(0x8C)
REQUEST_ENTITY_TOO_LARGE = const(0x8D)
UNSUPPORTED_CONTENT_FORMAT = const(0x8F)
UNPROCESSABLE_ENTITY = const(0x96)
TOO_MANY_REQUESTS = const(0x9D)

INTERNAL_SERVER_ERROR = const(0xA0)
NOT_IMPLEMENTED = const(0xA1)
BAD_GATEWAY = const(0xA2)
SERVICE_UNAVAILABLE = const(0xA3)
GATEWAY_TIMEOUT = const(0xA4)
PROXYING_NOT_SUPPORTED = const(0xA5)

CSM = const(0xE1)
PING = const(0xE2)
PONG = const(0xE3)
RELEASE = const(0xE4)
ABORT = const(0xE5)


def text(code: int) -> str:
    """The dotted form people know: ``text(0x45)`` is ``"2.05"``."""
    return "%d.%02d" % (code >> 5, code & 0x1F)


def is_request(code: int) -> bool:
    """Whether ``code`` is a method, 0.01 to 0.31."""
    return 0 < code < 0x20


def is_response(code: int) -> bool:
    """Whether ``code`` is a response code, 2.00 to 5.31."""
    return 0x40 <= code < 0xC0


def is_success(code: int) -> bool:
    """Whether ``code`` is a response of class 2."""
    return code >> 5 == 2


def is_signalling(code: int) -> bool:
    """Whether ``code`` speaks about the connection, 7.00 to 7.31 (RFC 8323 section 5)."""
    return code >> 5 == 7
