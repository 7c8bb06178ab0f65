"""Tokens that are issued and believed. The refusals are in test_cwt_refusals.py."""

import cbor
import cose
import crypto
from cose import Key, cwt, mac0, sign1
from harness import raises
from token_issuers import CLAIMS as COMMON_CLAIMS
from token_issuers import HOLDER, SECRET, SEED, authority, zone

INTERPRETERS = ("micropython", "cpython")

CLAIMS: dict = dict(COMMON_CLAIMS)
CLAIMS.update({cwt.NBF: 1700000000, cwt.IAT: 1700000001})
CLAIMS.update({-65538: "schedule", "text": [1, {2: b"3"}]})


def test_a_token_says_what_it_was_made_of():
    """Every claim of the profile, before and after verification, under both kinds of key."""
    for key, kind, alg in (
        (authority(), cwt.SIGNED, cose.ALG_EDDSA),
        (zone(), cwt.MACED, cose.ALG_HMAC_256),
    ):
        raw = cwt.issue(CLAIMS, key)
        token = cwt.parse(raw)
        assert (token.kind, token.alg, token.kid, token.raw) == (kind, alg, None, raw)
        assert token.issuer == "site"
        assert token.claims.sub == "holder"
        claims = token.verify(key)
        assert (claims.iss, claims.sub, claims.aud) == ("site", "holder", "zone")
        assert (claims.exp, claims.nbf, claims.iat) == (1800000000, 1700000000, 1700000001)
        assert claims.cti == bytes(8)
        assert (claims.cnf.kty, claims.cnf.crv, claims.cnf.x) == (1, 4, HOLDER)
        assert claims.scope == b"\x81\x82\x64door\x01"
        assert claims.other == {-65538: "schedule", "text": [1, {2: b"3"}]}
        assert claims.raw_payload == cbor.encode(CLAIMS)


def test_only_exp_must_be_there():
    """What a token leaves out is None, never a default that somebody could take for a yes."""
    claims = cwt.parse(cwt.issue({cwt.EXP: 1}, zone())).verify(zone())
    assert claims.exp == 1
    for name in ("iss", "sub", "aud", "nbf", "iat", "cti", "cnf", "scope"):
        assert getattr(claims, name) is None, name
    assert claims.other == {}


def test_the_header_of_an_issued_token_is_minimal():
    """Every byte is sent over the air: algorithm, and a kid if one was given."""
    raw = cwt.issue({cwt.EXP: 1}, authority())
    message = cose.parse(raw)
    assert (message.protected, message.unprotected) == ({1: -8}, {})
    raw = cwt.issue({cwt.EXP: 1}, zone(), kid=b"z")
    message = cose.parse(raw)
    assert (message.protected, message.unprotected) == ({1: 5}, {4: b"z"})
    assert cwt.parse(raw).kid == b"z"
    assert len(cwt.issue(CLAIMS, authority())) < 220


def test_a_token_is_verified_with_its_own_key_only():
    """Another key of the same kind, and a key of the other kind, are both refused."""
    signed = cwt.parse(cwt.issue(CLAIMS, authority()))
    other = Key.okp(cose.CRV_ED25519, crypto.ed25519_public_key(SECRET))
    raises(cose.UNVERIFIED, signed.verify, other)
    raises(cose.OTHER_KEY, signed.verify, zone())
    raises(cose.OTHER_KEY, signed.verify, Key.okp(cose.CRV_X25519, authority().x))
    maced = cwt.parse(cwt.issue(CLAIMS, zone()))
    raises(cose.UNVERIFIED, maced.verify, Key.symmetric(SEED, cose.ALG_HMAC_256))
    raises(cose.OTHER_KEY, maced.verify, authority())
    raises(cose.OTHER_KEY, maced.verify, Key.symmetric(SECRET, cose.ALG_HMAC_256_64))
    # The classic confusion: the public key, which everybody knows, as the secret of an HMAC.
    forged = cwt.parse(cwt.issue(CLAIMS, Key.symmetric(authority().x, cose.ALG_HMAC_256)))
    raises(cose.OTHER_KEY, forged.verify, authority())


def test_a_named_key_is_the_only_one_that_verifies():
    """A kid in the token, in either header, and another kid at the key: refused before any
    arithmetic. A key or a token without a kid says nothing about it."""
    before = crypto.public_key_operations()
    token = cwt.parse(cwt.issue(CLAIMS, authority(), kid=b"one"))
    other = authority(kid=b"two")
    before = crypto.public_key_operations()
    raises(cose.OTHER_KEY, token.verify, other)
    assert crypto.public_key_operations() == before
    token.verify(authority(kid=b"one"))
    token.verify(authority())
    cwt.parse(cwt.issue(CLAIMS, authority())).verify(authority(kid=b"one"))
    protected = sign1.sign(cbor.encode(CLAIMS), authority(), protected={4: b"one"})
    assert cwt.parse(protected).kid == b"one"
    raises(cose.OTHER_KEY, cwt.parse(protected).verify, authority(kid=b"two"))


def test_a_cwt_tag_may_stand_before_the_cose_tag():
    """RFC 8392 section 6 lets it; once, and nothing else may. It is the same token: what is kept,
    shown and compared is without it.
    """
    raw = cwt.issue(CLAIMS, zone())
    token = cwt.parse(b"\xd8\x3d" + raw)
    assert token.verify(zone()).iss == "site"
    assert token.raw == cwt.bare(raw) == cwt.bare(b"\xd8\x3d" + raw) == raw
    for prefix in (b"\xd8\x3d\xd8\x3d", b"\xd9\xd9\xf7", b"\xd9\x00\x3d", b"\xc6"):
        raises((cose.COSEError, cbor.DecodeError), cwt.parse, prefix + raw)
    for without in (raw[1:], b"\xd8\x3d" + raw[1:], b"", b"\xd8\x3d", b"\xd8"):
        raises((cose.COSEError, cbor.DecodeError), cwt.parse, without)


def test_a_token_is_in_deterministic_encoding():
    """EDHOC takes no other, and what passes in one place and not in the next is found out at the
    door.
    """
    raw = cwt.issue(CLAIMS, zone())
    assert raw[0] == 0xD1
    raises(cbor.DecodeError, cwt.parse, b"\xd8\x11" + raw[1:])


def test_a_token_may_lie_in_a_buffer():
    """A link hands over a slice of its buffer; the token must not change when the buffer does."""
    raw = cwt.issue(CLAIMS, zone())
    buffer = bytearray(raw)
    token = cwt.parse(memoryview(buffer))
    for index in range(len(buffer)):
        buffer[index] = 0
    assert token.raw == raw
    assert token.verify(zone()).cti == bytes(8)


def test_times_are_taken_to_the_whole_range():
    """Zero and 2^53 are times; beyond it doubles, and so other people's clocks, do not count."""
    for time in (0, 1, 1 << 32, 1 << 53):
        claims = {cwt.EXP: time, cwt.NBF: time, cwt.IAT: time}
        assert cwt.parse(cwt.issue(claims, zone())).claims.exp == time


def test_what_parse_refuses_is_not_issued():
    """The authority learns of its mistake at its desk, not at the door."""
    mistakes = (
        {},
        {cwt.EXP: 1.5},
        {cwt.EXP: 1, cwt.ISS: b"site"},
        {cwt.EXP: 1, cwt.CTI: "text"},
        {cwt.EXP: 1, cwt.CNF: {1: {1: 1, -1: 4, -2: HOLDER, -4: HOLDER}}},
        {cwt.EXP: 1, -70000: bytes(1024)},
    )
    for claims in mistakes:
        raises(cose.COSEError, cwt.issue, claims, zone())
    raises(cose.OTHER_KEY, cwt.issue, CLAIMS, Key.okp(cose.CRV_ED25519, authority().x))
    raises(cose.OTHER_KEY, cwt.issue, CLAIMS, Key.okp(cose.CRV_X25519, SEED, d=SECRET))


def test_the_longest_token_has_512_bytes():
    """A board keeps a token whole in memory, so there is a longest one, and it is accepted."""
    fill = 512 - len(cwt.issue({cwt.EXP: 1, -70000: bytes(400)}, zone())) + 400
    longest = cwt.issue({cwt.EXP: 1, -70000: bytes(fill)}, zone())
    assert len(longest) == cwt.MAX_BYTES == 512
    cwt.parse(longest).verify(zone())
    too_long = mac0.create(cbor.encode({cwt.EXP: 1, -70000: bytes(fill + 1)}), zone())
    assert len(too_long) == 513
    assert cwt.parse(b"\xd8\x3d" + longest).raw == longest
    raises(cose.MALFORMED, cwt.parse, too_long)
    raises(cose.COSEError, cwt.issue, {cwt.EXP: 1, -70000: bytes(fill + 1)}, zone())
