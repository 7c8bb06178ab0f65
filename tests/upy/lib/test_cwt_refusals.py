"""Tokens that are refused, each for its own reason.

All of them are rightly MACed or signed, so that it is the named fault that is refused.
"""

import cbor
import cose
import crypto
from cose import Key, cwt, mac0, sign1
from harness import raises

INTERPRETERS = ("micropython", "cpython")

SECRET = bytes(range(32))


def _key():
    return Key.symmetric(SECRET, cose.ALG_HMAC_256)


def _token(claims, **headers):
    """A MACed token; ``claims`` as a dict or already encoded."""
    payload = claims if isinstance(claims, bytes) else cbor.encode(claims)
    return mac0.create(payload, _key(), **headers)


def _forge(protected, unprotected, payload, tag=17):
    """A token MACed over just these parts, headers that mac0.create would not make included."""
    raw = protected if isinstance(protected, bytes) else cbor.encode(protected)
    mac = crypto.hmac_sha256(SECRET, cbor.encode(["MAC0", raw, b"", payload]))
    return cbor.encode(cbor.Tag(tag, [raw, unprotected, payload, mac]))


GOOD = {cwt.EXP: 1800000000, cwt.ISS: "site"}


def test_the_helpers_make_good_tokens():
    """Otherwise all that follows would be refused for nothing."""
    assert cwt.parse(_token(GOOD)).verify(_key()).iss == "site"
    assert cwt.parse(_forge({1: 5}, {}, cbor.encode(GOOD))).verify(_key()).iss == "site"


def test_a_token_without_exp_is_refused():
    """It would open for ever. The error is one of its own, so that a person can be told."""
    for claims in ({}, {cwt.ISS: "site"}, {cwt.NBF: 1, cwt.IAT: 1}, {"exp": 1, "4": 1}, {-4: 1}):
        raises(cose.NO_EXPIRY, cwt.parse, _token(claims))


def test_an_unknown_critical_header_is_refused():
    """Its maker asks for a check that we do not know how to make."""
    raw = _forge({1: 5, 2: [99], 99: 1}, {}, cbor.encode(GOOD))
    raises(cose.CRITICAL, cwt.parse, raw)


def test_an_algorithm_in_the_unprotected_header_only_is_refused():
    """The MAC is right under that algorithm, and still anybody could have written it there."""
    for protected in (b"", b"\xa0"):
        mac = crypto.hmac_sha256(SECRET, cbor.encode(["MAC0", b"", b"", cbor.encode(GOOD)]))
        raw = cbor.encode(cbor.Tag(17, [protected, {1: 5}, cbor.encode(GOOD), mac]))
        error = raises(cose.MALFORMED, cwt.parse, raw)
        assert "algorithm" in str(error)


def test_an_untagged_token_is_refused():
    """Without a tag the bytes do not say whether they are signed or MACed; nor is a bare claims
    set, or one in a CWT tag, a token."""
    for token in (_token(GOOD)[1:], cbor.encode(GOOD)):
        raises(cose.MALFORMED, cwt.parse, token)
        raises(cose.MALFORMED, cwt.parse, b"\xd8\x3d" + token)


def test_other_kinds_of_message_are_refused():
    """Encrypted tokens and those with many signers or recipients."""
    payload = cbor.encode(GOOD)
    raw = cbor.encode(cbor.Tag(16, [cbor.encode({1: 10}), {}, payload]))
    raises(cose.UNSUPPORTED, cwt.parse, raw)
    for tag in (96, 97, 98, 19, 61):
        raises(cose.MALFORMED, cwt.parse, _forge({1: 5}, {}, payload, tag=tag))


def test_trailing_bytes_are_refused():
    """Behind the token, and behind the claims or the header within it."""
    raises(cbor.DecodeError, cwt.parse, _token(GOOD) + b"\x00")
    raises(cbor.DecodeError, cwt.parse, _token(cbor.encode(GOOD) + b"\x00"))
    raises(cbor.DecodeError, cwt.parse, _forge(b"\xa1\x01\x05\x00", {}, cbor.encode(GOOD)))


def test_duplicate_keys_are_refused():
    """In the claims, also deep in them, in either header, and across the two."""
    for claims in (
        b"\xa2\x04\x01\x04\x02",
        b"\xa2\x04\x01\x18\x04\x02",
        b"\xa3\x04\x01\x01\x61a\x01\x61b",
        b"\xa2\x04\x01\x20\xa2\x01\x00\x01\x00",
    ):
        raises(cbor.DecodeError, cwt.parse, _token(claims))
    payload = cbor.encode(GOOD)
    raises(cbor.DecodeError, cwt.parse, _forge(b"\xa2\x01\x05\x01\x05", {}, payload))
    raises(
        cbor.DecodeError,
        cwt.parse,
        _forge({1: 5}, cbor.Raw(b"\xa2\x04\x41a\x04\x41b"), payload),
    )
    raises(cose.MALFORMED, cwt.parse, _forge({1: 5, 4: b"a"}, {4: b"a"}, payload))


def test_times_are_whole_seconds_within_bounds():
    """Floats round, negative times end nothing, huge ones overflow somebody's clock, and a tag or
    a text is no number. For each of the three times."""
    wrong = (
        1.0,
        1800000000.5,
        float("inf"),
        float("nan"),
        -1,
        -(1 << 64),
        (1 << 53) + 1,
        (1 << 64) - 1,
        1 << 64,
        True,
        False,
        None,
        "1800000000",
        b"\x01",
        [1],
        cbor.Tag(1, 1800000000),
        cbor.UNDEFINED,
    )
    for value in wrong:
        for label in (cwt.EXP, cwt.NBF, cwt.IAT):
            claims = {cwt.EXP: 1800000000}
            claims[label] = value
            raises(cose.MALFORMED, cwt.parse, _token(claims))


def test_claims_have_their_types():
    """RFC 8392 section 3.1, RFC 8747, RFC 9200, as far as the profile goes; null is no absence."""
    holder = {1: 1, -1: 4, -2: bytes(32)}
    wrong = (
        (cwt.ISS, (b"site", 1, None, ["site"], True)),
        (cwt.SUB, (b"holder", 1, None, {})),
        (cwt.AUD, (b"zone", 1, None, ["a", "b"], [])),
        (cwt.CTI, ("text", 1, None, [b"x"])),
        (cwt.SCOPE, ("text", 1, None, [["door", 1]], {})),
        (cwt.CNF, (None, 1, b"", holder, {}, {1: None}, {1: b""}, {1: {}}, {2: b""}, {3: b"kid"})),
        (cwt.CNF, ({1: holder, 3: b"kid"}, {"1": holder}, [holder], {1: [holder]})),
        (cwt.CNF, ({1: {1: 1, -1: 4, -2: bytes(31)}}, {1: {1: 1, -1: 4}})),
    )
    for label, values in wrong:
        for value in values:
            raises(cose.MALFORMED, cwt.parse, _token({cwt.EXP: 1, label: value}))
    raises(cose.UNSUPPORTED, cwt.parse, _token({cwt.EXP: 1, cwt.CNF: {1: {1: 3}}}))
    for payload in (b"\x80", b"\xf6", b"\x41\xa0", b"\x04", cbor.encode(cbor.Tag(61, GOOD))):
        raises(cose.MALFORMED, cwt.parse, _token(payload))
    raises(cbor.DecodeError, cwt.parse, _token(b""))
    raises(cose.MALFORMED, cwt.parse, _token({cwt.EXP: 1, b"bytes": 1}))


def test_a_token_that_shows_a_secret_is_refused():
    """RFC 8747 section 3: a private or a shared key in a token that anybody can read is no longer
    one, so nobody can prove with it who they are."""
    private = {1: 1, -1: 4, -2: bytes(32), -4: bytes(32)}
    shared = {1: 4, -1: bytes(32)}
    for key in (private, shared):
        raises(cose.MALFORMED, cwt.parse, _token({cwt.EXP: 1, cwt.CNF: {1: key}}))


def test_nothing_but_a_kid_stands_in_the_unprotected_header():
    """What is not authenticated can be put there by anybody who passes the token on."""
    payload = cbor.encode(GOOD)
    cwt.parse(_forge({1: 5}, {4: b"kid"}, payload))
    for unprotected in ({3: 0}, {5: b"iv"}, {33: b"x5chain"}, {-70000: 1}, {"own": 1}):
        raises(cose.MALFORMED, cwt.parse, _forge({1: 5}, unprotected, payload))


def test_algorithms_and_kinds_belong_together():
    """A MAC algorithm in a signed token, a signature in a MACed one, and those we do not have."""
    payload = cbor.encode(GOOD)
    for alg in (-8, -7, 10, 1, 6, 7, 14, 0, -999, "HS256"):
        raises(cose.UNSUPPORTED, cwt.parse, _forge({1: alg}, {}, payload))
    for alg in (4, 5, 10, -35, -36, 0, -999, "EdDSA"):
        raises(cose.UNSUPPORTED, cwt.parse, _forge({1: alg}, {}, payload, tag=18))


def test_a_maced_token_is_not_a_signed_one_by_its_tag():
    """The tag is outside of what is authenticated; the structure under it is not."""
    seed = bytes(32)
    signer = Key.okp(6, crypto.ed25519_public_key(seed), d=seed)
    signed = bytearray(sign1.sign(cbor.encode(GOOD), signer))
    assert signed[0] == 0xD2
    signed[0] = 0xD1
    raises(cose.UNSUPPORTED, cwt.parse, bytes(signed))
    maced = bytearray(_token(GOOD))
    maced[0] = 0xD2
    raises(cose.UNSUPPORTED, cwt.parse, bytes(maced))


def test_detached_content_is_refused():
    """There is nothing in such a token to believe."""
    raw = cbor.encode(cbor.Tag(17, [cbor.encode({1: 5}), {}, None, bytes(32)]))
    raises(cose.UNSUPPORTED, cwt.parse, raw)


def test_an_overlong_token_is_refused_unread():
    """The bound is on the bytes as they come, before any of them is decoded."""
    for raw in (bytes(1025), b"\xff" * 1025, _token({cwt.EXP: 1, -70000: bytes(1000)})):
        error = raises(cose.MALFORMED, cwt.parse, raw)
        assert "longer" in str(error)
