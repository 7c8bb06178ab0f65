"""Sign1, Mac0 and Encrypt0: what is made is accepted, and what is changed is not."""

import cbor
import cose
import crypto
from cose import Key, encrypt0, mac0, sign1
from harness import raises

INTERPRETERS = ("micropython", "cpython")

SEED = bytes(range(32))
SECRET = bytes(range(32, 64))
CONTENT = b"content"


def _signer(**fields):
    return Key(1, crv=6, x=crypto.ed25519_public_key(SEED), d=SEED, **fields)


def _other_signer():
    return Key.okp(6, crypto.ed25519_public_key(SECRET), d=SECRET)


def _p256_signer(**fields):
    public = crypto.p256_public_key(SEED)
    return Key(2, crv=1, x=public[:32], y=public[32:], d=SEED, **fields)


def _shared(alg=cose.ALG_HMAC_256):
    return Key.symmetric(SECRET, alg)


def _object(tag, protected, unprotected, content, *rest):
    raw = protected if isinstance(protected, bytes) else cbor.encode(protected)
    return cbor.encode(cbor.Tag(tag, [raw, unprotected, content] + list(rest)))


def test_a_signed_message_is_accepted_with_its_key_and_context_only():
    """Content, both headers and external data come back or are bound; any other key or external
    data is refused."""
    raw = sign1.sign(
        CONTENT, _signer(), protected={3: 0}, unprotected={4: b"k"}, external_aad=b"context"
    )
    public = Key.okp(6, _signer().x)
    message = sign1.verify(raw, public, external_aad=b"context")
    assert message.payload == CONTENT
    assert message.protected == {1: cose.ALG_EDDSA, 3: 0}
    assert message.unprotected == {4: b"k"}
    assert message.kid == b"k"
    assert message.tag == 18
    assert message.encode() == raw
    assert sign1.verify(cose.parse(raw), public, external_aad=b"context").payload == CONTENT
    raises(cose.UNVERIFIED, sign1.verify, raw, public)
    raises(cose.UNVERIFIED, sign1.verify, raw, public, external_aad=b"contexu")
    raises(cose.UNVERIFIED, sign1.verify, raw, _other_signer(), external_aad=b"context")


def test_a_maced_message_is_accepted_with_its_key_and_context_only():
    """As for signatures, with both lengths of tag."""
    for alg, length in ((cose.ALG_HMAC_256, 32), (cose.ALG_HMAC_256_64, 8)):
        raw = mac0.create(CONTENT, _shared(alg), unprotected={4: b"k"}, external_aad=b"context")
        message = mac0.verify(raw, _shared(alg), external_aad=b"context")
        assert message.payload == CONTENT
        assert message.protected == {1: alg}
        assert len(message.signature) == length
        raises(cose.UNVERIFIED, mac0.verify, raw, _shared(alg))
        other = Key.symmetric(bytes(32), alg)
        raises(cose.UNVERIFIED, mac0.verify, raw, other, external_aad=b"context")


def test_tags_and_signatures_of_another_length_are_refused():
    """A tag cut to nothing must not match nothing."""
    for signature in (b"", bytes(8), bytes(31), bytes(32), bytes(33), bytes(63), bytes(65)):
        raw = _object(17, {1: 5}, {}, CONTENT, signature)
        raises(cose.UNVERIFIED, mac0.verify, raw, _shared())
        raw = _object(18, {1: -8}, {}, CONTENT, signature)
        raises(cose.UNVERIFIED, sign1.verify, raw, _signer())
        raw = _object(18, {1: -7}, {}, CONTENT, signature)
        raises(cose.UNVERIFIED, sign1.verify, raw, _p256_signer())
    full = cose.parse(mac0.create(CONTENT, _shared())).signature
    for length in range(32):
        raw = _object(17, {1: 5}, {}, CONTENT, full[:length])
        raises(cose.UNVERIFIED, mac0.verify, raw, _shared())
        if length != 8:
            raw = _object(17, {1: 4}, {}, CONTENT, full[:length])
            raises(cose.UNVERIFIED, mac0.verify, raw, Key.symmetric(SECRET, None))


def test_all_eight_aes_ccm_encrypt_and_decrypt():
    """Lengths of key, nonce and tag are those of RFC 9053 section 4.2; another length of key or IV
    is refused."""
    suites = (
        (10, 16, 13, 8),
        (11, 32, 13, 8),
        (12, 16, 7, 8),
        (13, 32, 7, 8),
        (30, 16, 13, 16),
        (31, 32, 13, 16),
        (32, 16, 7, 16),
        (33, 32, 7, 16),
    )
    for alg, key_length, nonce_length, tag_length in suites:
        key = Key.symmetric(SECRET[:key_length], alg)
        iv = bytes(range(nonce_length))
        raw = encrypt0.encrypt(CONTENT, key, iv, external_aad=b"context")
        message = cose.parse(raw)
        assert message.unprotected == {5: iv}
        assert len(message.payload) == len(CONTENT) + tag_length
        assert message.signature is None
        assert encrypt0.decrypt(raw, key, external_aad=b"context") == CONTENT
        raises(cose.UNVERIFIED, encrypt0.decrypt, raw, key)
        for length in (len(message.payload) - 1, tag_length, tag_length - 1, 0):
            cut = _object(16, {1: alg}, {5: iv}, message.payload[:length])
            raises(cose.UNVERIFIED, encrypt0.decrypt, cut, key, external_aad=b"context")
        raises(cose.MALFORMED, encrypt0.encrypt, CONTENT, key, iv + b"\x00")
        raises(cose.MALFORMED, encrypt0.encrypt, CONTENT, key, iv[1:])
        wrong = Key.symmetric(SECRET[: 48 - key_length], alg)
        raises(cose.OTHER_KEY, encrypt0.decrypt, raw, wrong)


def test_the_iv_must_be_there_once_and_fit():
    """A nonce out of thin air, or one of two, would be a nonce of the peer's choice."""
    key = Key.symmetric(SECRET[:16], 10, base_iv=bytes(13))
    content = bytes(24)
    for unprotected in ({}, {5: bytes(12)}, {5: bytes(14)}, {6: bytes(14)}, {5: b""}, {6: b""}):
        raw = _object(16, {1: 10}, unprotected, content)
        raises(cose.MALFORMED, encrypt0.decrypt, raw, key)
    for protected, unprotected in (({}, {5: bytes(13), 6: b"p"}), ({5: bytes(13)}, {6: b"p"})):
        protected[1] = 10
        raw = _object(16, protected, unprotected, content)
        raises(cose.MALFORMED, encrypt0.decrypt, raw, key)
    raises(cose.MALFORMED, encrypt0.encrypt, CONTENT, key, None)
    partial = encrypt0.encrypt(CONTENT, key, None, unprotected={6: b"\x07"})
    assert encrypt0.decrypt(partial, key) == CONTENT
    full = encrypt0.encrypt(CONTENT, key, bytes(12) + b"\x07")
    assert cose.parse(full).payload == cose.parse(partial).payload
    for base_iv in (None, bytes(12), bytes(14)):
        bad = Key.symmetric(SECRET[:16], 10, base_iv=base_iv)
        raises(cose.OTHER_KEY, encrypt0.decrypt, partial, bad)


def test_a_key_fits_its_own_algorithm_only():
    """The key decides the algorithm, never the message: else an HMAC could be made with a public
    key as its secret, or a long tag be asked for as a short one."""
    signed = sign1.sign(CONTENT, _signer())
    maced = mac0.create(CONTENT, _shared())
    short = mac0.create(CONTENT, _shared(cose.ALG_HMAC_256_64))
    cases = (
        (sign1.verify, signed, _shared()),
        (sign1.verify, signed, _p256_signer()),
        (sign1.verify, signed, Key.okp(cose.CRV_X25519, _signer().x)),
        (sign1.verify, signed, _signer(alg=cose.ALG_ES256)),
        (sign1.verify, signed, _signer(key_ops=(1,))),
        (mac0.verify, maced, _signer()),
        (mac0.verify, maced, _shared(cose.ALG_HMAC_256_64)),
        (mac0.verify, short, _shared(cose.ALG_HMAC_256)),
        (mac0.verify, maced, Key.symmetric(SECRET[:31], cose.ALG_HMAC_256)),
        (mac0.verify, maced, Key(4, k=SECRET, key_ops=(9,))),
        (sign1.verify, _object(18, {1: -7}, {}, CONTENT, bytes(64)), _signer()),
    )
    for verify, raw, key in cases:
        raises(cose.OTHER_KEY, verify, raw, key)
    sign1.verify(signed, _signer(key_ops=(2,), alg=cose.ALG_EDDSA))
    mac0.verify(maced, Key(4, k=SECRET, key_ops=(10,)))
    raises(cose.OTHER_KEY, sign1.sign, CONTENT, _signer(key_ops=(2,)))
    raises(cose.OTHER_KEY, sign1.sign, CONTENT, Key.okp(6, _signer().x))
    raises(cose.OTHER_KEY, mac0.create, CONTENT, Key(4, k=SECRET, key_ops=(10,)))
    raises(cose.OTHER_KEY, mac0.create, CONTENT, Key(4, k=SECRET))


def test_algorithms_we_do_not_have_are_refused_by_name():
    """ES384, ES512, ES256K, HS384, HS512, AES-MAC, AES-GCM, ChaCha20, reserved and private ones,
    and those of another kind of message."""
    for alg in (-35, -36, -47, -37, 0, 5, 10, -65536, "ES256", "EdDSA"):
        raw = _object(18, {1: alg}, {}, CONTENT, bytes(64))
        raises(cose.UNSUPPORTED, sign1.verify, raw, _signer())
    for alg in (6, 7, 14, 15, 25, 26, 0, -8, 10, "HS256"):
        raw = _object(17, {1: alg}, {}, CONTENT, bytes(32))
        raises(cose.UNSUPPORTED, mac0.verify, raw, _shared())
    for alg in (1, 2, 3, 24, 0, 5, -8, "A128GCM"):
        raw = _object(16, {1: alg}, {5: bytes(12)}, bytes(32))
        raises(cose.UNSUPPORTED, encrypt0.decrypt, raw, Key.symmetric(SECRET[:16], None))
    raises(cose.UNSUPPORTED, sign1.sign, CONTENT, _signer(), protected={1: -35})


def test_an_algorithm_counts_in_the_protected_header_only():
    """In the other one anybody on the way could have changed it."""
    raw = _object(18, b"", {1: -8}, CONTENT, bytes(64))
    raises(cose.MALFORMED, sign1.verify, raw, _signer())
    raw = _object(17, b"\xa0", {1: 5}, CONTENT, bytes(32))
    raises(cose.MALFORMED, mac0.verify, raw, _shared())
    raw = _object(16, b"", {1: 10, 5: bytes(13)}, bytes(32))
    raises(cose.MALFORMED, encrypt0.decrypt, raw, Key.symmetric(SECRET[:16], 10))
    raises(cose.MALFORMED, sign1.verify, _object(18, b"", {}, CONTENT, bytes(64)), _signer())


def test_one_kind_of_message_is_not_taken_for_another():
    """A tag in the place of a signature is no signature."""
    signed = cose.parse(sign1.sign(CONTENT, _signer()))
    raises(cose.MALFORMED, mac0.verify, signed, _shared())
    raises(cose.MALFORMED, encrypt0.decrypt, signed, _shared())
    raises(cose.MALFORMED, mac0.verify, signed.encode(), _shared())
    raises(cose.MALFORMED, cose.parse, signed.encode(), tag=17)


def test_an_algorithm_of_the_callers_own_is_used():
    """A caller may bring an AEAD; it gets the lengths it asked for, and cannot replace ours."""

    def encrypt(key, nonce, plaintext, aad, tag_length):
        assert (len(key), len(nonce), tag_length) == (5, 4, 3)
        return plaintext + b"tag"

    def decrypt(key, nonce, ciphertext, aad, tag_length):
        assert len(ciphertext) >= tag_length
        if not ciphertext.endswith(b"tag"):
            raise crypto.AuthenticationError("wrong tag")
        return ciphertext[:-tag_length]

    own = {-70000: (5, 4, 3, encrypt, decrypt), 10: (5, 4, 3, encrypt, decrypt)}
    key = Key.symmetric(b"12345", -70000)
    raw = encrypt0.encrypt(CONTENT, key, b"once", aeads=own)
    assert cose.parse(raw).payload == CONTENT + b"tag"
    assert encrypt0.decrypt(raw, key, aeads=own) == CONTENT
    raises(cose.UNSUPPORTED, encrypt0.decrypt, raw, key)
    for content in (CONTENT, b"ag", b""):
        forged = _object(16, {1: -70000}, {5: b"once"}, content)
        raises(cose.UNVERIFIED, encrypt0.decrypt, forged, key, aeads=own)
    ours = Key.symmetric(b"12345", 10)
    raises(cose.OTHER_KEY, encrypt0.encrypt, CONTENT, ours, bytes(13), aeads=own)
