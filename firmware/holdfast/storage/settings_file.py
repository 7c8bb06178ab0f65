"""Settings in bytes: one deterministic CBOR map with the integer keys below, which the authority
has signed (settings_intake.py).

Read at the start, and let go of.
"""

import cbor
import cose
from micropython import const
from untrusted import InvalidInput

from ..access.names import is_name

_VERSION_KEY = const(1)  # uint, this format: 3
_SITE = const(2)  # text
_NODE = const(3)  # text: the device's id
_DOORS = const(4)  # array of [door, strike time in milliseconds]
_AUTHORITY = const(5)  # array of 1 to 2 public Ed25519 COSE_Keys, those in force
_CERTIFICATE = const(6)  # bytes: the CWT of the device's X25519 key
_FIRST_KEY = const(7)  # bytes: x of the site's first authority key, which all rests on
_ENROLLED_AT = const(8)  # [number, hash] of the changeset that was the last then
_AUDIT_KEY = const(9)  # bytes: the X25519 public key that the site's auditor reads events with
_LOOKUP = const(10)  # [number, bytes]: the secret under which cards and PINs are looked up;
# none for a node that carries
_P256_CERTIFICATE = const(11)  # bytes: the CWT of the device's P-256 key, if it has one
_CLOCK_OFFSET = const(12)  # int or null: what to add to the board's own clock; 0 without it
_DEVICE_KEY = const(13)  # bytes: x of the X25519 key of the board that they are for
_NUMBER = const(14)  # uint: later settings for a board have a higher one
_WIRING = const(15)  # text: who decides for the door; "decides" without it
_CONTROLLER = const(16)  # text: id of the node that its events go to, if there is one
_PEERS = const(17)  # array of [IPv4 address, port]: nodes to be met where multicast does not come

_VERSION = const(3)
_MAX_DOORS = const(8)
_MAX_NUMBER = const(0xFFFFFFFF)
_MAX_KEY_NUMBER = const(0xFFFF)
_MAX_CERTIFICATE = const(512)
_MIN_STRIKE_MS = const(100)
_MAX_STRIKE_MS = const(60000)
_KEY_LENGTH = const(32)
_MAX_PEERS = const(4)
_CARRIES = "carries"
_WIRINGS = ("decides", _CARRIES, "wiegand")
_OPTIONAL = (_P256_CERTIFICATE, _CLOCK_OFFSET, _WIRING, _CONTROLLER, _PEERS)
# A clock that is further off tells no time: it began anew when the power came, and will again.
_MAX_CLOCK_OFFSET_S = const(86400)


def decode(data: bytes) -> tuple:
    """What Settings takes, in its order. Raises InvalidInput."""
    try:
        entries = cbor.decode(data, deterministic=True, max_depth=5, max_items=256)
    except InvalidInput as error:
        raise InvalidInput("settings: " + str(error))
    version = entries.get(_VERSION_KEY) if isinstance(entries, dict) else None
    if type(version) is not int or version != _VERSION:
        raise InvalidInput("settings: not version %d" % _VERSION)
    known = set(range(_VERSION_KEY, _PEERS + 1))
    # Whoever takes it off its wall must not find out from it what other cards there are.
    wiring = _wiring(entries.get(_WIRING, _WIRINGS[0]))
    if wiring == _CARRIES and (_LOOKUP in entries or _CONTROLLER not in entries):
        raise InvalidInput("settings: who carries has a controller and no lookup key")
    if wiring == _CARRIES:
        known.discard(_LOOKUP)
    if set(entries) | set(_OPTIONAL) != known:
        raise InvalidInput("settings: entries missing or unknown")
    return (
        _name(entries[_SITE], "site"),
        _name(entries[_NODE], "node"),
        _doors(entries[_DOORS]),
        _authority_keys(entries[_AUTHORITY]),
        _certificate(entries[_CERTIFICATE]),
        _first_key(entries[_FIRST_KEY]),
        _enrolled_at(entries[_ENROLLED_AT]),
        _key_bytes(entries[_AUDIT_KEY], "audit key"),
        _lookup(entries[_LOOKUP]) if _LOOKUP in entries else None,
        _certificate(entries[_P256_CERTIFICATE]) if _P256_CERTIFICATE in entries else None,
        _clock_offset(entries.get(_CLOCK_OFFSET, 0)),
        _key_bytes(entries[_DEVICE_KEY], "device's key"),
        _number(entries[_NUMBER]),
        wiring,
        _controller(entries),
        _peers(entries[_PEERS]) if _PEERS in entries else (),
    )


def _name(value, entry):
    if not is_name(value):
        raise InvalidInput(
            "settings: %s is no name of 1 to 64 bytes without control characters" % entry
        )
    return value


def _doors(value):
    if not isinstance(value, list) or len(value) > _MAX_DOORS:
        raise InvalidInput("settings: doors are no list of at most %d" % _MAX_DOORS)
    doors = []
    for entry in value:
        door, strike_ms = _pair(entry, "door")
        doors.append((_name(door, "door"), _strike_ms(strike_ms)))
    if len(set([door for door, _ in doors])) != len(doors):
        raise InvalidInput("settings: a door is there twice")
    return tuple(doors)


def _first_key(value):
    key = _key_bytes(value, "first key")
    # All is named by it: what an erased or a worn-out block reads as must not be a root.
    if len(set(key)) == 1:
        raise InvalidInput("settings: first key is one byte 32 times")
    return key


def _enrolled_at(value):
    number, head = _pair(value, "changeset")
    if type(number) is not int or not 0 <= number <= _MAX_NUMBER:
        raise InvalidInput("settings: changeset has no number")
    if not isinstance(head, bytes) or len(head) != _KEY_LENGTH:
        raise InvalidInput("settings: changeset has no hash")
    return number, head


def _number(value):
    if type(value) is not int or not 0 < value <= _MAX_NUMBER:
        raise InvalidInput("settings: no number of 1 to %d" % _MAX_NUMBER)
    return value


def _wiring(value):
    if not isinstance(value, str) or value not in _WIRINGS:
        raise InvalidInput("settings: wiring is none of " + " ".join(_WIRINGS))
    return value


def _controller(entries):
    if _CONTROLLER not in entries:
        return None
    controller = _name(entries[_CONTROLLER], "controller")
    if controller == entries[_NODE]:
        raise InvalidInput("settings: controller is the node itself")
    return controller


def _peers(value):
    if not isinstance(value, list) or not 1 <= len(value) <= _MAX_PEERS:
        raise InvalidInput("settings: peers are no list of 1 to %d" % _MAX_PEERS)
    peers = []
    for entry in value:
        address, port = _pair(entry, "peer")
        if type(port) is not int or not 0 < port <= 0xFFFF:
            raise InvalidInput("settings: peer has no port")
        peers.append((_address(address), port))
    if len(set(peers)) != len(peers):
        raise InvalidInput("settings: a peer is there twice")
    return tuple(peers)


def _address(value):
    # A number, as nobody must be asked for it; in one form, so that no two are the same node.
    parts = value.split(".") if isinstance(value, str) else ()
    if len(parts) == 4 and all([_is_octet(part) for part in parts]) and 0 < int(parts[0]) < 224:
        return value
    raise InvalidInput("settings: peer has no IPv4 address of one node")


def _is_octet(text):
    if not 0 < len(text) <= 3 or not all([digit in "0123456789" for digit in text]):
        return False
    return int(text) < 256 and str(int(text)) == text


def _lookup(value):
    number, key = _pair(value, "lookup key")
    if type(number) is not int or not 0 < number <= _MAX_KEY_NUMBER:
        raise InvalidInput("settings: lookup key has no number")
    return number, _key_bytes(key, "lookup key")


def _clock_offset(value):
    if value is None:
        return None
    if type(value) is not int or not -_MAX_CLOCK_OFFSET_S <= value <= _MAX_CLOCK_OFFSET_S:
        raise InvalidInput("settings: clock's offset is not null or within a day")
    return value


def _pair(value, entry):
    if not isinstance(value, list) or len(value) != 2:
        raise InvalidInput("settings: %s is no array of two" % entry)
    return value


def _authority_keys(value):
    if not isinstance(value, list) or not 1 <= len(value) <= 2:
        raise InvalidInput("settings: authority is no list of 1 or 2 keys")
    keys = [_key(item, "authority") for item in value]
    for key in keys:
        if key.kty != cose.KTY_OKP or key.crv != cose.CRV_ED25519 or key.d is not None:
            raise InvalidInput("settings: authority is no public Ed25519 key")
    return keys


def _certificate(value):
    if not isinstance(value, bytes) or not 0 < len(value) <= _MAX_CERTIFICATE:
        raise InvalidInput(
            "settings: certificate is no byte string of at most %d" % _MAX_CERTIFICATE
        )
    return value


def _key(value, entry):
    try:
        return cose.Key.from_map(value)
    except InvalidInput as error:
        raise InvalidInput("settings: %s: %s" % (entry, error))


def _strike_ms(value):
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInput("settings: strike time is no integer")
    if not _MIN_STRIKE_MS <= value <= _MAX_STRIKE_MS:
        raise InvalidInput(
            "settings: strike time is not %d to %d ms" % (_MIN_STRIKE_MS, _MAX_STRIKE_MS)
        )
    return value


def _key_bytes(value, entry):
    # All zeros is what an erased flash or a forgotten variable writes, and no key.
    if not isinstance(value, bytes) or len(value) != _KEY_LENGTH or not any(value):
        raise InvalidInput("settings: %s is no key of %d bytes" % (entry, _KEY_LENGTH))
    return value
