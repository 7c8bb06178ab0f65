"""A site small enough for a test: an authority, a reader's settings, holders. Runs on both
interpreters.

Keys are fixed bytes: a failing test can be repeated, and nothing here opens a real door.
"""

import cbor
import crypto
from cose import CRV_ED25519, CRV_P256, CRV_X25519, Key, cwt, sign1
from holdfast.access import credential as labels
from holdfast.access.policy import changeset as changesets
from holdfast.access.policy import sealing
from holdfast.access.tag import name_tag

SITE = "acme"
DOOR = "lobby"
NODE = "reader-1"
ZONE = "guests"
NOW = 1800000000  # 2027-01-15
DAY = 24 * 3600

AUTHORITY_SEED = bytes(range(32))
ZONE_SECRET = b"\x5a" * 32
READER_PRIVATE = b"\x11" * 32
READER_P256_PRIVATE = b"\x66" * 32
AUDIT_PRIVATE = b"\x33" * 32
LOOKUP_KEY = bytes(range(64, 96))
EPHEMERAL = b"\x55" * 32  # of keys sealed to the reader

# The policy knows the door, as number 0, and its zone.
HERE = [[12, 0, DOOR], [2, ZONE, b"\x01"]]


def authority(seed=AUTHORITY_SEED):
    """The site authority's Ed25519 signing key."""
    return Key.okp(CRV_ED25519, crypto.ed25519_public_key(seed), d=seed)


def authority_public():
    """What a reader knows of the authority."""
    return Key.okp(CRV_ED25519, crypto.ed25519_public_key(AUTHORITY_SEED))


def zone_key(secret=ZONE_SECRET):
    """The HMAC key that the readers of the zone share."""
    return Key.symmetric(secret, 5)


def zone_keys(zone):
    """What a Trust asks: the key of the one zone there is."""
    return zone_key() if zone == ZONE else None


def confirmation(private, suite=0, whole=False):
    """A ``cnf`` claim for an X25519 private key, or in suite 2 for one of P-256, with the sign of
    y or the ``whole`` of it.
    """
    if suite == 0:
        return {1: {1: 1, -1: CRV_X25519, -2: crypto.x25519_public_key(private)}}
    point = crypto.p256_public_key(private)
    y = point[32:] if whole else bool(point[63] & 1)
    return {1: {1: 2, -1: CRV_P256, -2: point[:32], -3: y}}


def scope(*entries):
    """A scope claim of ``(kind, name, bits)``; by default unlock at the door."""
    return cbor.encode([[[kind, name], bits] for kind, name, bits in entries or [(1, DOOR, 1)]])


def holder_claims(private=b"\x22" * 32, changes=None):
    """Claims of an ordinary holder of the door; ``changes`` replaces some, None takes one away."""
    claims = {
        1: SITE,
        2: "alice",
        3: SITE,
        4: NOW + 30 * DAY,
        5: NOW - DAY,
        6: NOW - DAY,
        7: b"\x00\x01\x02\x03\x04\x05\x06\x07",
        8: confirmation(private),
        9: scope(),
    }
    return _changed(claims, changes)


def guest_claims(private=b"\x22" * 32, changes=None):
    """Claims of a guest token for the zone: 8 hours from one hour ago."""
    claims = holder_claims(private)
    claims.update({2: "visitor", 3: ZONE, 4: NOW + 7 * 3600, 5: NOW - 3600, 6: NOW - 3600})
    return _changed(claims, changes)


def holder_token(private=b"\x22" * 32, changes=None):
    """A signed credential."""
    return cwt.issue(holder_claims(private, changes), authority())


def guest_token(private=b"\x22" * 32, changes=None):
    """A credential authenticated by the zone's key."""
    return cwt.issue(guest_claims(private, changes), zone_key())


def device_certificate(private=READER_PRIVATE, changes=None, signer=None):
    """The reader's own certificate, by the authority or another ``signer``."""
    claims = {
        1: SITE,
        2: NODE,
        9: scope(),
        4: NOW + 3650 * DAY,
        6: NOW - DAY,
        7: b"\x10\x11\x12\x13\x14\x15\x16\x17",
        8: confirmation(private),
        labels.ROLE: labels.ROLE_READER,
    }
    return cwt.issue(_changed(claims, changes), signer or authority())


def p256_certificate(private=READER_P256_PRIVATE, changes=None):
    """The certificate of the reader's P-256 key."""
    confirmed = {7: b"\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f", 8: confirmation(private, 2, True)}
    confirmed.update(changes or {})
    return device_certificate(changes=confirmed)


def settings_map(changes=None):
    """The settings of a reader that was enrolled with one key."""
    return _changed(
        {
            1: 3,
            2: SITE,
            3: NODE,
            4: [[DOOR, 3000]],
            5: [_once(authority_public).to_map()],
            6: _once(device_certificate),
            7: _once(first_key),
            8: [0, bytes(32)],
            9: _once(_audit_key),
            10: [1, LOOKUP_KEY],
            13: _once(_reader_key),
            14: 1,
        },
        changes,
    )


def _reader_key():
    return crypto.x25519_public_key(READER_PRIVATE)


def _audit_key():
    return crypto.x25519_public_key(AUDIT_PRIVATE)


_made = {}


def _once(make):
    # In MicroPython a key takes as long as a hundred settings.
    if make.__name__ not in _made:
        _made[make.__name__] = make()
    return _made[make.__name__]


def settings_file(changes=None, private=READER_PRIVATE, signer=None, changesets=()):
    """settings.cbor as it is brought to the board with the X25519 key ``private``, signed by the
    authority or another ``signer``; ``changesets`` handed that on.
    """
    certified = {6: device_certificate(private), 13: crypto.x25519_public_key(private)}
    certified.update(changes or {})
    payload = cbor.encode(settings_map(certified))
    signed = sign1.sign(payload, signer or authority(), external_aad=b"holdfast settings")
    return cbor.encode_sequence(signed, *changesets)


def changeset(operations=None, number=1, previous=bytes(32), issued_at=NOW - DAY):
    """A signed changeset; by default the first, which knows the door, its zone and its key."""
    if operations is None:
        operations = [[1, 0, None]] + HERE + zone_key_operations()
    return changesets.make(authority(), SITE, number, previous, issued_at, operations)


def zone_key_operations(number=1, secret=ZONE_SECRET, private=READER_PRIVATE):
    """The operations that hand key ``number`` of the zone to the reader with the X25519 key
    ``private``, and switch to it.
    """
    ephemeral = crypto.x25519_public_key(EPHEMERAL)
    purpose = sealing.zone_key(SITE, root(), ZONE, number, NODE, ephemeral)
    sealed = sealing.seal(EPHEMERAL, crypto.x25519_public_key(private), purpose, secret)
    return [[13, ZONE, number, ephemeral, [[name_tag(NODE), sealed]]], [14, ZONE, number]]


def first_key():
    """The site's first authority key, 32 bytes."""
    return authority_public().x


def root():
    """What the site rests on."""
    return crypto.sha256(first_key())


def hash_of(raw):
    """What the changeset after ``raw`` names it by."""
    return crypto.sha256(raw)


def _changed(entries, changes):
    entries = dict(entries)
    for label, value in (changes or {}).items():
        if value is None:
            del entries[label]
        else:
            entries[label] = value
    return entries
