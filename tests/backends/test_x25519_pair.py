"""Two X25519 of one point are what one after the other gives, whatever the point is.

They go by the curve of Ed25519 and a comb, where X25519 itself is a ladder: what nobody meets in a
day must not be another secret than the other side's. Over the model of the field VM, which refuses
a wrong offset or digit.
"""

import os
import random

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

import crypto
from backends.modelled import Modelled
from crypto import finish
from crypto.curves import L_25519, P_25519

RANDOM = 2000 if os.environ.get("HOLDFAST_TORTURE") == "1" else 12

# RFC 7748 section 5.2 and 6.1; of small order, of the curve and of its twist, by Cremers and
# Jackson (2019); and numbers of p and above, or with the top bit, which stand for others.
_SMALL_ORDER = [
    (0).to_bytes(32, "little"),
    (1).to_bytes(32, "little"),
    (P_25519 - 1).to_bytes(32, "little"),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    P_25519.to_bytes(32, "little"),
    (P_25519 + 1).to_bytes(32, "little"),
]
_POINTS = [
    (9).to_bytes(32, "little"),
    (P_25519 + 9).to_bytes(32, "little"),
    b"\xff" * 32,
    bytes.fromhex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"),
    bytes.fromhex("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"),
    bytes.fromhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"),
]


@pytest.fixture(scope="module")
def modelled() -> Modelled:
    return Modelled()


def keys():
    """Both parities of an eighth, the least and the largest scalar, and those next to L."""
    edges = [0, 2**256 - 1, 8, 8 * (L_25519 % 2**251), 8 * (L_25519 % 2**251) - 8]
    source = random.Random(7748)
    return [edge.to_bytes(32, "little") for edge in edges] + [
        source.randbytes(32) for _ in range(RANDOM)
    ]


def exchanged(private, public):
    """By OpenSSL, which refuses a secret of all zeros."""
    try:
        return X25519PrivateKey.from_private_bytes(private).exchange(
            X25519PublicKey.from_public_bytes(public)
        )
    except ValueError:
        return bytes(32)


def test_both_secrets_are_those_of_two_operations(modelled):
    source, shared = random.Random(25519), 0
    privates = keys()
    for public in [*_POINTS, *(source.randbytes(32) for _ in range(RANDOM))]:
        pair = source.sample(privates, 2)
        before = modelled.counts.get("SELECT", 0)
        both = finish(modelled.x25519_pair.x25519_pair_steps(*pair, public))
        assert both == tuple(exchanged(key, public) for key in pair), public.hex()
        shared += modelled.counts.get("SELECT", 0) != before
    # Some of the twist, which go by two ladders.
    assert 0 < shared < len(_POINTS) + RANDOM


def test_every_kind_of_key_on_one_point(modelled):
    privates = keys()
    for first, second in zip(privates, privates[1:] + privates[:1], strict=True):
        both = finish(modelled.x25519_pair.x25519_pair_steps(first, second, _POINTS[0]))
        assert both == (exchanged(first, _POINTS[0]), exchanged(second, _POINTS[0]))


def test_a_point_of_small_order_gives_no_secret(modelled):
    """All zeros, which the facade refuses (RFC 7748 section 6.1)."""
    first, second = keys()[-2:]
    for public in _SMALL_ORDER:
        both = finish(modelled.x25519_pair.x25519_pair_steps(first, second, public))
        assert both == (bytes(32), bytes(32)), public.hex()
        with pytest.raises(crypto.InvalidKey):
            finish(crypto.x25519_pair_steps(first, second, public))


def test_nothing_secret_stays_in_the_memory_that_is_used_again(modelled):
    kept = modelled.bank._kept
    kept.clear()
    first, second = keys()[-2:]
    finish(modelled.x25519_pair.x25519_pair_steps(first, second, _POINTS[0]))
    size = modelled.x25519_pair.programs.BANK
    assert len(kept) == 1 and not any(kept[0][:size])


def test_by_the_facade_they_are_two_operations():
    first, second = keys()[-2:]
    before = crypto.public_key_operations()
    both = finish(crypto.x25519_pair_steps(first, second, _POINTS[0]))
    assert crypto.public_key_operations() - before == 2
    assert both == (exchanged(first, _POINTS[0]), exchanged(second, _POINTS[0]))
    for wrong in ((first[1:], second, _POINTS[0]), (first, b"", _POINTS[0])):
        with pytest.raises(crypto.InvalidKey):
            finish(crypto.x25519_pair_steps(*wrong))
