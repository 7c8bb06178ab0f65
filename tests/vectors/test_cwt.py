"""The examples of RFC 8392, appendix A."""

import cose
from cose import cwt, encrypt0, mac0
from harness import raises, unhex, vectors

INTERPRETERS = ("micropython", "cpython")


def _load(name):
    document = vectors("cose/CWT/" + name)
    return document["input"], unhex(document["output"]["cbor"])


def _signing_key():
    entry = _load("A_3.json")[0]["sign0"]["key"]
    return cose.Key.ec2(unhex(entry["x_hex"]), unhex(entry["y_hex"]))


def _shared_key(name, kind, alg):
    given = _load(name)[0]
    return cose.Key.symmetric(unhex(given[kind]["recipients"][0]["key"]["k_hex"]), alg)


def _assert_claims_of_appendix_a(claims):
    assert claims.iss == "coap://as.example.com"
    assert claims.sub == "erikw"
    assert claims.aud == "coap://light.example.com"
    assert claims.exp == 1444064944
    assert claims.nbf == 1443944944
    assert claims.iat == 1443944944
    assert claims.cti == unhex("0b71")
    assert claims.cnf is None
    assert claims.scope is None
    assert claims.other == {}


def test_a_3_a_signed_token():
    """ES256, with every registered claim."""
    given, raw = _load("A_3.json")
    token = cwt.parse(raw)
    assert (token.kind, token.alg, token.kid) == (cwt.SIGNED, cose.ALG_ES256, None)
    assert token.issuer == "coap://as.example.com"
    claims = token.verify(_signing_key())
    _assert_claims_of_appendix_a(claims)
    assert claims.raw_payload == unhex(given["plaintext_hex"])


def test_a_4_a_maced_token():
    """HS256/64; made again from the same claims it is the same token."""
    given, raw = _load("A_4.json")
    key = _shared_key("A_4.json", "mac0", cose.ALG_HMAC_256_64)
    token = cwt.parse(raw)
    assert (token.kind, token.alg) == (cwt.MACED, cose.ALG_HMAC_256_64)
    _assert_claims_of_appendix_a(token.verify(key))
    claims = {
        cwt.CTI: unhex("0b71"),
        cwt.IAT: 1443944944,
        cwt.NBF: 1443944944,
        cwt.EXP: 1444064944,
        cwt.AUD: "coap://light.example.com",
        cwt.SUB: "erikw",
        cwt.ISS: "coap://as.example.com",
    }
    assert cwt.issue(claims, key) == raw


def test_a_4_with_the_cwt_tag():
    """Appendix A.4 shows the token within CWT tag 61; one such tag is accepted, and no second."""
    raw = _load("A_4.json")[1]
    key = _shared_key("A_4.json", "mac0", cose.ALG_HMAC_256_64)
    _assert_claims_of_appendix_a(cwt.parse(unhex("d83d") + raw).verify(key))
    raises(cose.MALFORMED, cwt.parse, unhex("d83dd83d") + raw)


def test_a_5_an_encrypted_claims_set_is_no_token_here():
    """It decrypts to the claims, but no issuer signed them: anybody with the key may have."""
    given, raw = _load("A_5.json")
    key = _shared_key("A_5.json", "encrypted", cose.ALG_AES_CCM_16_64_128)
    assert encrypt0.decrypt(raw, key) == unhex(given["plaintext_hex"])
    raises(cose.UNSUPPORTED, cwt.parse, raw)


def test_a_6_a_signed_token_within_an_encrypted_one():
    """The nested token is A.3 again, and verifies with that key."""
    raw = _load("A_6.json")[1]
    key = _shared_key("A_6.json", "encrypted", cose.ALG_AES_CCM_16_64_128)
    _assert_claims_of_appendix_a(cwt.parse(encrypt0.decrypt(raw, key)).verify(_signing_key()))


def test_a_7_verifies_and_is_refused_as_a_token():
    """Its tag is right, but its only claim is a time with a fraction: no token without exp."""
    given, raw = _load("A_7.json")
    key = _shared_key("A_7.json", "mac0", cose.ALG_HMAC_256_64)
    assert mac0.verify(raw, key).payload == unhex(given["plaintext_hex"])
    raises(cose.NO_EXPIRY, cwt.parse, raw)
