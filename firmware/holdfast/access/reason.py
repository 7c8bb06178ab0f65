"""Reason codes: the exact one for the event log, a coarse one for the phone.

A code never changes its meaning and is never used again for another. Tens group them by what
stopped the request; the coarse code is all that a stranger at the door learns.
"""

GRANTED = 0

# Authenticity of the credential and of who shows it
MALFORMED_TOKEN = 10
UNSUPPORTED_ALGORITHM = 11
UNKNOWN_KEY = 12
OTHER_SITE = 13
BAD_SIGNATURE = 14
NOT_HOLDER = 15
WRONG_AUDIENCE = 16
INCOMPLETE_TOKEN = 17
NOT_A_HOLDER_TOKEN = 18
GUEST_TOO_LONG = 19

# Time
NOT_YET_VALID = 20
EXPIRED = 21
CLOCK_UNKNOWN = 22
SCHEDULE_UNKNOWN = 23
CLOCK_UNCERTAIN = 24
GRACE_OVER = 25
OUTSIDE_SCHEDULE = 26
HOLIDAY = 27
DATED_AHEAD = 28

# Scope and intent
WRONG_DOOR = 30
ACTION_NOT_ALLOWED = 31
NO_INTENT = 32
USER_VERIFICATION_NEEDED = 33
MALFORMED_REQUEST = 34
NO_SUCH_DOOR = 35
SECOND_NEEDED = 36
DOOR_UNKNOWN = 37

# The link
MALFORMED_MESSAGE = 40
REPLAYED = 41
UNKNOWN_CONTEXT = 42
DECRYPTION_FAILED = 43
HANDSHAKE_FAILED = 44
TOO_SLOW = 45
TOO_MANY_CONNECTIONS = 46
UNPROTECTED = 47
UNKNOWN_CREDENTIAL = 48
FAULT = 49

# What the authority has taken back, and cards and PINs it does not know
REVOKED = 50
BELOW_WATERMARK = 51
RETIRED_KEY = 52
UNKNOWN_CARD = 53
WRONG_PIN = 54
PIN_LOCKED = 55
SUSPENDED = 56
OTHER_PERSON = 57
USES_OVER = 58
COUNTS_FULL = 59

# What the reader itself lacks
POLICY_MISSING = 60
POLICY_DAMAGED = 61
ZONE_UNKNOWN = 62
GROUP_UNKNOWN = 63
CACHE_DAMAGED = 64
KEY_DAMAGED = 65
STORAGE_FAILED = 66
CLOCK_DAMAGED = 67
EVENT_LOG_FAILED = 68
KNOWLEDGE_TOO_OLD = 69

# The whole door
LOCKED_DOWN = 70

# Cards and PINs that come by a carrier
CARRIER_TAMPERED = 80
CARRIER_LIMIT = 81

# What the phone is told
COARSE_GRANTED = 0
COARSE_CREDENTIAL = 1
COARSE_TIME = 2
COARSE_SCOPE = 3
COARSE_LINK = 4
COARSE_READER = 5
COARSE_LOCKDOWN = 6

_COARSE_NAMES = (
    "granted",
    "credential not accepted",
    "outside its time",
    "not for this door",
    "request not accepted",
    "reader cannot decide",
    "door is locked down",
)

_COARSE_BY_TEN = (
    COARSE_GRANTED,
    COARSE_CREDENTIAL,
    COARSE_TIME,
    COARSE_SCOPE,
    COARSE_LINK,
    COARSE_CREDENTIAL,
    COARSE_READER,
    COARSE_LOCKDOWN,
    COARSE_CREDENTIAL,
)
_READER_AT_FAULT = (
    CLOCK_UNKNOWN,
    SCHEDULE_UNKNOWN,
    CLOCK_UNCERTAIN,
    GRACE_OVER,
    DOOR_UNKNOWN,
    FAULT,
)


def name(code: int) -> str:
    """The name of an exact reason code, as the event log writes it."""
    if code == GRANTED:  # at each door that opens, and the search is dear
        return "granted"
    for word, value in globals().items():
        if value == code and _is_exact(word):
            return word.lower()
    return "unknown_reason"


def codes() -> list:
    """Every exact reason code, in order."""
    return sorted([value for word, value in globals().items() if _is_exact(word)])


def coarse(code: int) -> int:
    """What a phone may know of an exact reason code."""
    if code in _READER_AT_FAULT or name(code) == "unknown_reason":
        return COARSE_READER
    return _COARSE_BY_TEN[code // 10]


def coarse_name(code: int) -> str:
    """A coarse reason code in words for a person."""
    return _COARSE_NAMES[code] if 0 <= code < len(_COARSE_NAMES) else "unknown reason"


def _is_exact(word):
    # A code is called as its constant is. A table of names besides takes 2 KB of a board's RAM.
    return "A" <= word < "[" and not word.startswith("COARSE_")
