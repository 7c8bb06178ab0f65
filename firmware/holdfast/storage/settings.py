"""What a technician told the board: which site, which door, whom to believe.

The file ``settings.cbor`` is one deterministic CBOR map with the integer keys below.
"""

import cbor
import cose
from untrusted import InvalidInput

from . import files

_VERSION_KEY = 1  # uint, this format: 1
_SITE = 2  # text
_DOOR = 3  # text
_ZONES = 4  # array of text
_AUTHORITY = 5  # array of 1 to 2 public Ed25519 COSE_Keys
_CERTIFICATE = 6  # bytes: the CWT of the device's X25519 key
_ZONE_KEYS = 7  # map of zone id to a symmetric COSE_Key for HMAC 256/256
_STRIKE_MS = 8  # uint, milliseconds
_AUDIT_KEY = 9  # bytes: the X25519 public key that the site's auditor reads events with
_LOOKUP_KEY = 10  # bytes: the secret under which cards and PINs are looked up
_P256_CERTIFICATE = 11  # bytes: the CWT of the device's P-256 key; not there before it had one

_VERSION = 1
_MAX_FILE = 4096
_MAX_NAME = 64
_MAX_ZONES = 16
_MAX_CERTIFICATE = 512
_MIN_STRIKE_MS = 100
_MAX_STRIKE_MS = 60000
_KEY_LENGTH = 32


class SettingsError(InvalidInput):
    """The settings are not usable; the text names the entry."""


class Settings:
    """Checked settings; attributes are named after the entries of the file.

    ``p256_certificate`` is None for a board that was enrolled before there was one.
    """

    def __init__(
        self,
        site,
        door,
        zones,
        authority_keys,
        certificate,
        zone_keys,
        strike_ms,
        audit_key,
        lookup_key,
        p256_certificate=None,
    ):
        self.site = site
        self.door = door
        self.zones = zones
        self.authority_keys = authority_keys
        self.certificate = certificate
        self.zone_keys = zone_keys
        self.strike_ms = strike_ms
        self.audit_key = audit_key
        self.lookup_key = lookup_key
        self.p256_certificate = p256_certificate


def load(directory: str):
    """The settings in ``directory``, or None if the board was never provisioned.

    Raises SettingsError for anything but a whole, valid file; OSError if the storage fails.
    """
    data = files.read(directory + "/settings.cbor", _MAX_FILE)
    return None if data is None else decode(data)


def decode(data: bytes) -> Settings:
    """Settings from the bytes of their file; raises SettingsError."""
    if len(data) > _MAX_FILE:
        raise SettingsError("settings: larger than %d bytes" % _MAX_FILE)
    try:
        entries = cbor.decode(data, deterministic=True, max_depth=5, max_items=256)
    except InvalidInput as error:
        raise SettingsError("settings: " + str(error))
    version = entries.get(_VERSION_KEY) if isinstance(entries, dict) else None
    if type(version) is not int or version != _VERSION:
        raise SettingsError("settings: not version %d" % _VERSION)
    if set(entries) - {_P256_CERTIFICATE} != set(range(_VERSION_KEY, _LOOKUP_KEY + 1)):
        raise SettingsError("settings: entries missing or unknown")
    return Settings(
        _name(entries[_SITE], "site"),
        _name(entries[_DOOR], "door"),
        _zones(entries[_ZONES]),
        _authority_keys(entries[_AUTHORITY]),
        _certificate(entries[_CERTIFICATE]),
        _zone_keys(entries[_ZONE_KEYS], entries[_ZONES]),
        _strike_ms(entries[_STRIKE_MS]),
        _key_bytes(entries[_AUDIT_KEY], "audit key"),
        _key_bytes(entries[_LOOKUP_KEY], "lookup key"),
        _certificate(entries[_P256_CERTIFICATE]) if _P256_CERTIFICATE in entries else None,
    )


def _name(value, entry):
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_NAME:
        raise SettingsError("settings: %s is no name of 1 to %d characters" % (entry, _MAX_NAME))
    return value


def _zones(value):
    if not isinstance(value, list) or len(value) > _MAX_ZONES:
        raise SettingsError("settings: zones are no short list")
    return tuple(_name(zone, "zone") for zone in value)


def _authority_keys(value):
    if not isinstance(value, list) or not 1 <= len(value) <= 2:
        raise SettingsError("settings: authority is no list of 1 or 2 keys")
    keys = [_key(item, "authority") for item in value]
    for key in keys:
        if key.kty != cose.KTY_OKP or key.crv != cose.CRV_ED25519 or key.d is not None:
            raise SettingsError("settings: authority is no public Ed25519 key")
    return keys


def _certificate(value):
    if not isinstance(value, bytes) or not 0 < len(value) <= _MAX_CERTIFICATE:
        raise SettingsError(
            "settings: certificate is no byte string of at most %d" % _MAX_CERTIFICATE
        )
    return value


def _zone_keys(value, zones):
    if not isinstance(value, dict):
        raise SettingsError("settings: zone keys are no map")
    keys = {}
    for zone in value:
        if zone not in zones:
            raise SettingsError("settings: a key for a zone this door is not in")
        key = _key(value[zone], "zone key")
        if (
            key.kty != cose.KTY_SYMMETRIC
            or key.alg != cose.ALG_HMAC_256
            or len(key.k or b"") != 32
        ):
            raise SettingsError("settings: zone key is no 32-byte HMAC 256/256 key")
        keys[zone] = key
    return keys


def _key(value, entry):
    try:
        return cose.Key.from_map(value)
    except InvalidInput as error:
        raise SettingsError("settings: %s: %s" % (entry, error))


def _strike_ms(value):
    if isinstance(value, bool) or not isinstance(value, int):
        raise SettingsError("settings: strike time is no integer")
    if not _MIN_STRIKE_MS <= value <= _MAX_STRIKE_MS:
        raise SettingsError(
            "settings: strike time is not %d to %d ms" % (_MIN_STRIKE_MS, _MAX_STRIKE_MS)
        )
    return value


def _key_bytes(value, entry):
    # All zeros is what an erased flash or a forgotten variable writes, and no key.
    if not isinstance(value, bytes) or len(value) != _KEY_LENGTH or not any(value):
        raise SettingsError("settings: %s is no key of %d bytes" % (entry, _KEY_LENGTH))
    return value
