"""The COSE working group's examples of Sign1, Mac0 and Encrypt0, every one of them.

Examples with several recipients (sign, mac, enveloped) are other structures and not for here.
"""

import aes_gcm
import cbor
import cose
import crypto
from cose import encrypt0, mac0, sign1
from cose.message import structure
from harness import raises, unhex, vectors, vectors_list

INTERPRETERS = ("micropython", "cpython")

FOLDERS = (
    "sign1-tests",
    "mac0-tests",
    "encrypted-tests",
    "eddsa-examples",
    "ecdsa-examples",
    "hmac-examples",
    "aes-ccm-examples",
    "CWT",
    "RFC8152",
)

# Algorithms and curves that are not implemented, and so must be refused by name.
UNSUPPORTED = {
    "RFC8152/Appendix_C_6_1.json": "AES-MAC-256/64",
    "ecdsa-examples/ecdsa-sig-02.json": "ES384 with P-384",
    "ecdsa-examples/ecdsa-sig-03.json": "ES512 with P-521",
    "ecdsa-examples/ecdsa-sig-04.json": "ES512 with P-256",
    "eddsa-examples/eddsa-sig-02.json": "EdDSA with Ed448",
    "hmac-examples/HMac-enc-02.json": "HS384",
    "hmac-examples/HMac-enc-03.json": "HS512",
}

# Valid COSE, but the algorithm stands in the unprotected header, where anybody could change it.
UNPROTECTED_ALGORITHM = (
    "encrypted-tests/enc-pass-01.json",
    "encrypted-tests/enc-pass-03.json",
    "mac0-tests/mac-pass-01.json",
    "mac0-tests/mac-pass-02.json",
    "mac0-tests/mac-pass-03.json",
    "sign1-tests/sign-pass-01.json",
)

TAGS = {"sign0": 18, "mac0": 17, "encrypted": 16}
CURVES = {"P-256": 1, "P-384": 2, "P-521": 3, "X25519": 4, "Ed25519": 6, "Ed448": 7}
ALGORITHMS = {"HS256": 5, "HS256/64": 4}
AES_GCM = {1: (16, 12, 16, aes_gcm.encrypt, aes_gcm.decrypt)}
BASE_IV = "89f52f65a1c580930000000000"  # with the Partial IV it makes the IV of Appendix_C_4_2
FAILURES = {
    "ChangeCBORTag": cose.MALFORMED,
    "ChangeAttr": cose.UNSUPPORTED,  # of the algorithm, to one that nobody has
    "ChangeTag": cose.UNVERIFIED,
    "AddProtected": cose.UNVERIFIED,
    "RemoveProtected": cose.UNVERIFIED,
}


class Example:
    """One example: what kind, its bytes, its key, and what it says of itself."""

    def __init__(self, name):
        document = vectors("cose/" + name)
        given = document["input"]
        self.name = name
        self.kind = next((kind for kind in TAGS if kind in given), None)
        if self.kind is None:
            return
        self.body = given[self.kind]
        self.must_fail = document.get("fail", False)
        self.failures = given.get("failures", self.body.get("failures", {}))
        self.tagged = "RemoveCBORTag" not in self.failures
        self.raw = unhex(document["output"]["cbor"])
        self.plaintext = _bytes_of(given, "plaintext") or given["plaintext"].encode()
        self.external_aad = unhex(self.body.get("external", ""))
        self.intermediates = document["intermediates"]

    def key(self):
        """Its cose.Key. Raises COSEError, UNSUPPORTED, for curves we do not know."""
        entry = self.body.get("key") or self.body["recipients"][0]["key"]
        if entry["kty"] == "oct":
            base_iv = unhex(BASE_IV) if "C_4_2" in self.name else None
            alg = ALGORITHMS.get(self.body.get("alg"))
            return cose.Key.symmetric(_bytes_of(entry, "k"), alg, base_iv=base_iv)
        labels = {1: 2 if entry["kty"] == "EC" else 1, -1: CURVES[entry["crv"]]}
        for label, name in ((-2, "x"), (-3, "y"), (-4, "d")):
            if _bytes_of(entry, name):
                labels[label] = _bytes_of(entry, name)
        return cose.Key.from_map(labels)

    def message(self):
        return cose.parse(self.raw, tag=TAGS[self.kind], tagged=self.tagged)

    def open(self):
        """The content, once it is verified or decrypted."""
        options = {"external_aad": self.external_aad, "tagged": self.tagged}
        if self.kind == "encrypted":
            return encrypt0.decrypt(self.raw, self.key(), aeads=AES_GCM, **options)
        verify = sign1.verify if self.kind == "sign0" else mac0.verify
        return verify(self.raw, self.key(), **options).payload

    def authenticated(self):
        """The structure that is signed or MACed, or is the associated data."""
        message = self.message()
        if self.kind == "encrypted":
            return structure("Encrypt0", message.protected_raw, self.external_aad)
        context = "Signature1" if self.kind == "sign0" else "MAC0"
        return structure(context, message.protected_raw, self.external_aad, message.payload)

    def published_structure(self):
        for name in ("ToBeSign_hex", "ToMac_hex", "AAD_hex"):
            if name in self.intermediates:
                return unhex(self.intermediates[name])


def _bytes_of(entry, name):
    if name + "_hex" in entry:
        return unhex(entry[name + "_hex"])
    return _base64url(entry[name]) if name in entry and name != "plaintext" else None


def _base64url(text):
    from binascii import a2b_base64

    text = text.replace("-", "+").replace("_", "/")
    return a2b_base64(text + "=" * (-len(text) % 4))


def _examples():
    for folder in FOLDERS:
        for file in vectors_list("cose/" + folder):
            example = Example(folder + "/" + file)
            if example.kind:
                yield example


def _good():
    for example in _examples():
        if not example.must_fail and example.name not in UNSUPPORTED:
            if example.name not in UNPROTECTED_ALGORITHM:
                yield example


def test_every_example_is_in_exactly_one_group():
    """No example is passed over in silence: a new or renamed one changes these numbers."""
    examples = list(_examples())
    names = [example.name for example in examples]
    refused = [example.name for example in examples if example.must_fail]
    assert all(name in names and name not in refused for name in UNSUPPORTED)
    assert all(name in names and name not in refused for name in UNPROTECTED_ALGORITHM)
    assert len(refused) == 19, refused
    assert len(list(_good())) == 25, [example.name for example in _good()]
    assert len(names) == 19 + 25 + len(UNSUPPORTED) + len(UNPROTECTED_ALGORITHM), names


def test_good_examples_are_verified_to_the_published_content():
    """Signatures, tags and ciphertexts that others made are understood here, byte for byte."""
    for example in _good():
        assert example.open() == example.plaintext, example.name


def test_what_is_authenticated_is_the_published_structure():
    """Also for examples whose algorithm or place of it we refuse: the structure is right, so the
    refusal is for the reason given. A protected h'a0' counts as empty."""
    checked = 0
    for example in _examples():
        if not example.must_fail:
            assert example.authenticated() == example.published_structure(), example.name
            checked += 1
    assert checked == 25 + len(UNSUPPORTED) + len(UNPROTECTED_ALGORITHM)


def test_examples_marked_fail_are_refused():
    """Wrong tag, changed signature, other algorithm, headers added or removed: each for its own
    reason, so that none is refused by accident."""
    for example in _examples():
        if example.must_fail:
            (failure,) = example.failures
            raises(FAILURES[failure], example.open)


def test_algorithms_we_do_not_have_are_refused_as_such():
    """AES-MAC, ES384, ES512, Ed448, HS384, HS512: not verified, and not called forged either."""
    for name in UNSUPPORTED:
        raises(cose.UNSUPPORTED, Example(name).open)


def test_an_unprotected_algorithm_is_refused_though_all_else_is_right():
    """The content does verify under the algorithm that the unprotected header names, so it is only
    the place of the algorithm that is refused."""
    for name in UNPROTECTED_ALGORITHM:
        example = Example(name)
        raises(cose.MALFORMED, example.open)
        message, key, data = example.message(), example.key(), example.authenticated()
        assert message.protected_raw == b""
        if example.kind == "sign0":
            assert crypto.es256_verify(b"".join((key.x, key.y)), data, message.signature)
        elif example.kind == "mac0":
            assert crypto.hmac_sha256(key.k, data) == message.signature
        else:
            iv = message.unprotected[5]
            assert aes_gcm.decrypt(key.k, iv, message.payload, data) == example.plaintext


def test_deterministic_examples_are_reproduced():
    """What we make from the same content, key and headers is what the others made: Mac0, Encrypt0
    and EdDSA. ECDSA draws a random number and cannot be compared."""
    reproduced = 0
    for example in _good():
        message, key = example.message(), example.key()
        options = {
            "protected": message.protected,
            "unprotected": message.unprotected,
            "external_aad": example.external_aad,
        }
        if example.kind == "encrypted":
            made = encrypt0.encrypt(example.plaintext, key, None, aeads=AES_GCM, **options)
        elif example.kind == "mac0":
            made = mac0.create(example.plaintext, key, **options)
        elif key.crv == cose.CRV_ED25519:
            made = sign1.sign(example.plaintext, key, **options)
        else:
            continue
        assert made == example.raw, example.name
        reproduced += 1
    assert reproduced == 20, reproduced


def test_headers_are_made_from_key_and_nonce_alone():
    """With nothing but a key, and a nonce to encrypt, the headers are those of the examples."""
    example = Example("RFC8152/Appendix_C_4_1.json")
    key = cose.Key.symmetric(example.key().k, cose.ALG_AES_CCM_16_64_128)
    iv = example.message().unprotected[5]
    assert encrypt0.encrypt(example.plaintext, key, iv) == example.raw
    example = Example("mac0-tests/HMac-01.json")
    assert mac0.create(example.plaintext, example.key()) == example.raw
    example = Example("eddsa-examples/eddsa-sig-01.json")
    made = sign1.sign(example.plaintext, example.key(), protected={3: 0}, unprotected={4: b"11"})
    assert made == example.raw


def test_a_partial_iv_needs_the_base_iv():
    """Appendix C.4.2 completes its Partial IV with one that is not sent; without that one, or with
    another, it is refused."""
    example = Example("RFC8152/Appendix_C_4_2.json")
    full = unhex(vectors("cose/" + example.name)["input"]["encrypted"]["unsent"]["IV_hex"])
    key = example.key()
    assert encrypt0.decrypt(example.raw, key) == example.plaintext
    message = example.message()
    data = example.authenticated()
    assert crypto.aes_ccm_decrypt(key.k, full, message.payload, data) == example.plaintext
    bare = cose.Key.symmetric(key.k, None)
    raises(cose.OTHER_KEY, encrypt0.decrypt, example.raw, bare)
    other = cose.Key.symmetric(key.k, None, base_iv=bytes(13))
    raises(cose.UNVERIFIED, encrypt0.decrypt, example.raw, other)


def test_an_untagged_example_is_refused_where_a_tag_is_asked_for():
    """And the other way round: what a peer sends is one of the two, never either."""
    example = Example("sign1-tests/sign-pass-03.json")
    raises(cose.MALFORMED, sign1.verify, example.raw, example.key())
    tagged = Example("sign1-tests/sign-pass-02.json")
    raises(cose.MALFORMED, sign1.verify, tagged.raw, tagged.key(), tagged=False)
    raises(ValueError, cose.parse, example.raw, tagged=False)
    assert cbor.decode(tagged.raw).number == 18
