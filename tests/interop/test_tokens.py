"""Tokens between us and two other libraries, PyPI's `cwt` and `pycose`, in both directions."""

import cbor2
import cwt as their_cwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pycose.headers import KID, Algorithm
from pycose.keys import OKPKey, SymmetricKey
from pycose.messages import CoseMessage, Mac0Message, Sign1Message

import cose
import crypto
from cose import Key, cwt
from harness import raises
from token_issuers import HOLDER, SECRET, SEED, authority, zone

KID_BYTES = b"authority"
FAR_AHEAD = 4102444800  # 2100-01-01: their library compares with the clock of this machine
CLAIMS = {
    1: "site",
    2: "holder",
    3: "zone",
    4: FAR_AHEAD,
    5: 1700000000,
    6: 1700000000,
    7: bytes(8),
    8: {1: {1: 1, -1: 4, -2: HOLDER}},
    9: b"\x81\x82\x64door\x01",
}


def our_signer() -> Key:
    return authority(KID_BYTES)


def our_shared() -> Key:
    return zone(KID_BYTES)


def our_key(kind) -> Key:
    return our_signer() if kind == "EdDSA" else our_shared()


def cwt_key(kind, private: bool):
    if kind == "HS256":
        return their_cwt.COSEKey.from_symmetric_key(SECRET, alg="HS256", kid=KID_BYTES)
    key = Ed25519PrivateKey.from_private_bytes(SEED)
    if private:
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    else:
        pem = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    return their_cwt.COSEKey.from_pem(pem, kid=KID_BYTES)


def pycose_key(kind):
    if kind == "HS256":
        return SymmetricKey(k=SECRET)
    return OKPKey(crv="ED25519", x=crypto.ed25519_public_key(SEED), d=SEED)


def pycose_token(kind, payload: bytes, protect_kid: bool = False) -> bytes:
    message = Sign1Message if kind == "EdDSA" else Mac0Message
    protected, unprotected = {Algorithm: "EDDSA" if kind == "EdDSA" else "HMAC_256"}, {}
    (protected if protect_kid else unprotected)[KID] = KID_BYTES
    made = message(phdr=protected, uhdr=unprotected, payload=payload)
    made.key = pycose_key(kind)
    # pycose's decorator lets a checker see the base class, whose encode takes another argument.
    return made.encode()  # pyright: ignore[reportCallIssue]


def assert_claims(claims):
    assert (claims.iss, claims.sub, claims.aud) == ("site", "holder", "zone")
    assert (claims.exp, claims.nbf, claims.iat) == (FAR_AHEAD, 1700000000, 1700000000)
    assert claims.cti == bytes(8)
    assert claims.cnf.x == HOLDER
    assert claims.scope == CLAIMS[9]


@pytest.mark.parametrize("kind", ["EdDSA", "HS256"])
@pytest.mark.parametrize("tagged", [False, True])
def test_a_token_of_the_cwt_library_is_accepted(kind, tagged):
    """With and without the CWT tag, claims and key binding included."""
    raw = their_cwt.encode(dict(CLAIMS), cwt_key(kind, private=True), tagged=tagged)
    token = cwt.parse(raw)
    assert token.kid == KID_BYTES
    assert_claims(token.verify(our_key(kind)))


@pytest.mark.parametrize("kind", ["EdDSA", "HS256"])
@pytest.mark.parametrize("protect_kid", [False, True])
def test_a_token_of_pycose_is_accepted(kind, protect_kid):
    """With the kid in either header."""
    token = cwt.parse(pycose_token(kind, cbor2.dumps(CLAIMS), protect_kid))
    assert token.kid == KID_BYTES
    assert_claims(token.verify(our_key(kind)))


@pytest.mark.parametrize("kind", ["EdDSA", "HS256"])
def test_our_token_is_accepted_by_the_cwt_library(kind):
    """It verifies signature or tag and finds every claim."""
    raw = cwt.issue(CLAIMS, our_key(kind), kid=KID_BYTES)
    assert their_cwt.decode(raw, cwt_key(kind, private=False)) == CLAIMS
    with pytest.raises(their_cwt.VerifyError):
        their_cwt.decode(raw[:-1] + bytes([raw[-1] ^ 1]), cwt_key(kind, private=False))


@pytest.mark.parametrize("kind", ["EdDSA", "HS256"])
def test_our_token_is_accepted_by_pycose(kind):
    """It verifies signature or tag over the very bytes we hold."""
    raw = cwt.issue(CLAIMS, our_key(kind), kid=KID_BYTES)
    message = CoseMessage.decode(raw)
    message.key = pycose_key(kind)
    verify = message.verify_signature if kind == "EdDSA" else message.verify_tag
    assert verify()
    assert cbor2.loads(message.payload) == CLAIMS
    assert message.uhdr[KID] == KID_BYTES


@pytest.mark.parametrize("kind", ["EdDSA", "HS256"])
def test_a_stranger_with_another_key_makes_nothing_we_accept(kind):
    """The same libraries, the same claims, a wrong key."""
    if kind == "HS256":
        theirs = their_cwt.COSEKey.from_symmetric_key(HOLDER, alg="HS256", kid=KID_BYTES)
        ours = our_shared()
    else:
        theirs = cwt_key("EdDSA", private=True)
        ours = Key.okp(cose.CRV_ED25519, crypto.ed25519_public_key(SECRET), kid=KID_BYTES)
    token = cwt.parse(their_cwt.encode(dict(CLAIMS), theirs))
    raises(cose.UNVERIFIED, token.verify, ours)


def test_what_another_library_makes_too_lightly_is_refused():
    """The cwt library signs claims without exp and with fractions of seconds; ours does not accept
    them, whoever signed."""
    key = cwt_key("EdDSA", private=True)
    raises(cose.NO_EXPIRY, cwt.parse, pycose_token("EdDSA", cbor2.dumps({1: "site"})))
    raises(cose.MALFORMED, cwt.parse, their_cwt.encode({1: "site", 4: FAR_AHEAD + 0.5}, key))
