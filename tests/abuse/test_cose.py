"""Hostile tokens: no bit of one may be changed, none may be cut, and the heap stays as it was."""

import cbor
import cose
from cose import Key, cwt, encrypt0, mac0, sign1
from harness import bit_flips, flipped, memory_returns, raises, truncations
from token_issuers import CLAIMS, HOLDER, SECRET, authority, zone
from untrusted import InvalidInput

INTERPRETERS = ("micropython", "cpython")
HEAP = "512K"


def _authority():
    return authority(b"authority")


def _zone():
    return zone(b"zone")


def _is_accepted(raw, key):
    try:
        cwt.parse(raw).verify(key)
    except InvalidInput:
        return False
    return True


def _assert_every_change_is_refused(raw, key):
    genuine = bytearray(raw)

    def change(bits):
        for bit in bits:
            assert not _is_accepted(flipped(genuine, bit), key), "bit %d" % bit
        assert _is_accepted(genuine, key)
        for prefix in truncations(raw):
            assert not _is_accepted(prefix, key), "length %d" % len(prefix)

    memory_returns(lambda: change(range(8 * len(raw))), first=lambda: change([0]))


def test_no_bit_of_a_signed_token_may_change():
    """Every single bit, headers, tags and lengths included, and every truncation."""
    _assert_every_change_is_refused(cwt.issue(CLAIMS, _authority()), _authority())


def test_no_bit_of_a_maced_token_may_change():
    """Every single bit, headers, tags and lengths included, and every truncation."""
    _assert_every_change_is_refused(cwt.issue(CLAIMS, _zone()), _zone())


def test_no_bit_of_a_token_that_names_its_key_may_change():
    """The kid is outside of what is authenticated, yet it must be the key's own, and no other
    header may stand in its place; nor may another tag stand for the CWT's."""
    named = cwt.issue({cwt.EXP: 1800000000}, _authority(), kid=b"authority")
    _assert_every_change_is_refused(named, _authority())
    named = cwt.issue({cwt.EXP: 1800000000}, _zone(), kid=b"zone")
    _assert_every_change_is_refused(b"\xd8\x3d" + named, _zone())


def test_every_bit_of_an_encrypted_message_counts():
    """As for tokens; here the nonce too is bound, by decrypting to something else."""
    key = Key.symmetric(SECRET[:16], cose.ALG_AES_CCM_16_64_128)
    raw = encrypt0.encrypt(b"content", key, bytes(13))
    for changed in bit_flips(bytearray(raw)):
        raises(InvalidInput, encrypt0.decrypt, changed, key)


def test_claims_of_any_shape_raise_nothing_but_invalid_input():
    """A rightly MACed token may hold anything: a zone's key is in every reader of it. Each claim
    and each header takes each kind of value."""
    holder = {1: 1, -1: 4, -2: HOLDER}
    values = [
        0,
        -1,
        1 << 64,
        1.5,
        float("nan"),
        b"",
        b"bytes",
        "",
        "text",
        [],
        [[]],
        {},
        {1: {}},
        True,
        None,
        cbor.UNDEFINED,
        cbor.Simple(99),
        cbor.Tag(1, 1),
        cbor.Tag(18, [b"", {}, b"", b""]),
    ]

    def abuse():
        for value in values:
            for label in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, -1, "text"):
                claims = dict(CLAIMS)
                claims[label] = value
                payload = cbor.encode(claims)
                _is_accepted(mac0.create(payload, _zone()), _zone())
            for label in (1, 2, -1, -2, -3, -4, 3, 4, 5):
                key = dict(holder)
                key[label] = value
                payload = cbor.encode({cwt.EXP: 1, cwt.CNF: {1: key}})
                _is_accepted(mac0.create(payload, _zone()), _zone())
            for label in (1, 2, 3, 4, 5, 6, 33, "text"):
                for protected, unprotected in (({label: value}, {}), ({}, {label: value})):
                    body = [cbor.encode(protected), unprotected, b"\xa0", b""]
                    _is_accepted(cbor.encode(cbor.Tag(17, body)), _zone())
            for index in range(4):
                body = [cbor.encode({1: 5}), {}, cbor.encode(CLAIMS), bytes(32)]
                body[index] = value
                _is_accepted(cbor.encode(cbor.Tag(17, body)), _zone())

    memory_returns(abuse)


def test_short_inputs_are_refused():
    """Every input of two bytes, with and without a COSE tag before it, to every entrance."""
    keys = ((sign1.verify, _authority()), (mac0.verify, _zone()), (encrypt0.decrypt, _zone()))
    for prefix in (b"", b"\xd0", b"\xd1", b"\xd2", b"\xd8\x3d", b"\xd1\x84\x40"):
        for first in range(256):
            raw = prefix + bytes([first, 0x40])
            assert not _is_accepted(raw, _zone())
            for entrance, key in keys:
                raises(InvalidInput, entrance, raw, key)
