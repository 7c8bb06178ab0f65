"""Keys sealed to nodes: one node opens one, for one purpose, and nobody else opens any."""

INTERPRETERS = ("micropython", "cpython")

import crypto
import small_site as site
from harness import raises, unhex
from holdfast.access.policy import sealing
from untrusted import InvalidInput

ROOT = b"\x07" * 32
SECRET = b"\x5a" * 32
EPHEMERAL_PRIVATE = bytes(range(32))
DEVICE = b"\x11" * 32
OTHER = b"\x12" * 32

# Made by `cryptography`: X25519, HKDF and AESCCM of OpenSSL, the purpose by cbor2.
ZONE = "f113618dda67e6d2b5f4c108373567fdd5823103322df31cdd5d841f10f92072ff113a9df68ace49"
LOOKUP = "12e6f626acce15741cb46896634d13be165b19d1864685199021c4c7c03aac1cd38de77774d157ef"


def _ephemeral():
    return crypto.x25519_public_key(EPHEMERAL_PRIVATE)


def _purpose(zone=site.ZONE, number=2, node=site.DOOR):
    return sealing.zone_key(site.SITE, ROOT, zone, number, node, _ephemeral())


def _sealed(purpose):
    public = crypto.x25519_public_key(DEVICE)
    return sealing.seal(EPHEMERAL_PRIVATE, public, purpose, SECRET)


def test_the_format_is_what_another_library_makes_of_the_docs():
    """Host and node may be of different versions, and a node by somebody else."""
    lookup = sealing.lookup_key(site.SITE, ROOT, 2, site.DOOR, _ephemeral())
    assert _sealed(_purpose()) == unhex(ZONE)
    assert _sealed(lookup) == unhex(LOOKUP)
    assert sealing.open(DEVICE, _ephemeral(), _purpose(), unhex(ZONE)) == SECRET
    assert sealing.open(DEVICE, _ephemeral(), lookup, unhex(LOOKUP)) == SECRET


def test_another_node_opens_nothing():
    """The policy goes to every node of the site, and to whoever carries it."""
    raises(InvalidInput, sealing.open, OTHER, _ephemeral(), _purpose(), _sealed(_purpose()))


def test_another_purpose_opens_nothing():
    """An entry that is moved to another zone, number, node, site or use must be no key there."""
    sealed = _sealed(_purpose())
    root = b"\x08" * 32
    for other in (
        _purpose(zone="garage"),
        _purpose(number=3),
        _purpose(node="garage"),
        sealing.zone_key("globex", ROOT, site.ZONE, 2, site.DOOR, _ephemeral()),
        sealing.zone_key(site.SITE, root, site.ZONE, 2, site.DOOR, _ephemeral()),
        sealing.lookup_key(site.SITE, ROOT, 2, site.DOOR, _ephemeral()),
    ):
        raises(InvalidInput, sealing.open, DEVICE, _ephemeral(), other, sealed)


def test_no_two_entries_have_one_key():
    """The nonce is always the same: what is sealed must differ even where the secret does not."""
    public, other = crypto.x25519_public_key(DEVICE), crypto.x25519_public_key(OTHER)
    made = [
        _sealed(_purpose(number=number, node=node)) for number in (1, 2) for node in ("a", "b")
    ]
    made.append(sealing.seal(EPHEMERAL_PRIVATE, other, _purpose(node="a"), SECRET))
    made.append(sealing.seal(OTHER, public, _purpose(node="a"), SECRET))
    assert len(set(made)) == len(made)


def test_what_was_altered_is_refused():
    """Each bit, and each length."""
    sealed = _sealed(_purpose())
    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1 << (place % 8)
        raises(InvalidInput, sealing.open, DEVICE, _ephemeral(), _purpose(), bytes(altered))
    for wrong in (b"", sealed[:39], sealed + b"\x00", sealed * 100):
        raises(InvalidInput, sealing.open, DEVICE, _ephemeral(), _purpose(), wrong)


def test_a_public_key_that_gives_no_secret_is_refused():
    """With a point of small order the secret is zeros, and everybody could open or make it."""
    for public in (bytes(32), b"\x01" + bytes(31), bytes(31), b""):
        raises(InvalidInput, sealing.seal, EPHEMERAL_PRIVATE, public, _purpose(), SECRET)
        raises(InvalidInput, sealing.open, DEVICE, public, _purpose(), _sealed(_purpose()))


def test_only_a_whole_key_is_sealed():
    """A shorter one is the caller's mistake, and would have the same length for everybody."""
    for wrong in (b"", SECRET[:16], SECRET + SECRET):
        raises(
            ValueError,
            sealing.seal,
            EPHEMERAL_PRIVATE,
            crypto.x25519_public_key(DEVICE),
            _purpose(),
            wrong,
        )
