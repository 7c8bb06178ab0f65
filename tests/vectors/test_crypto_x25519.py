"""X25519: RFC 7748 and Wycheproof."""

import crypto
from harness import raises, unhex, vectors

INTERPRETERS = ("micropython", "cpython")
HEAP = "64M"


def test_the_two_vectors_of_rfc_7748():
    """Section 5.2; the second u has its top bit set, which must be ignored."""
    for k, u, product in (
        (
            "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
            "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
        ),
        (
            "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
            "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
        ),
    ):
        assert crypto.x25519(unhex(k), unhex(u)) == unhex(product)


def test_a_thousand_iterations_of_rfc_7748():
    """Section 5.2: each output becomes the next scalar, so one rare carry gone wrong is seen."""
    k = u = unhex("09" + 31 * "00")
    expected = {
        1: "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079",
        1000: "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51",
    }
    for iteration in range(1, 1001):
        k, u = crypto.x25519(k, u), k
        if iteration in expected:
            assert k == unhex(expected[iteration]), iteration


def test_the_agreement_of_rfc_7748():
    """Section 6.1: public keys from private ones, and the same secret on both sides."""
    alice = unhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
    bob = unhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
    shared = unhex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")
    alice_public = crypto.x25519_public_key(alice)
    bob_public = crypto.x25519_public_key(bob)
    assert alice_public == unhex(
        "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
    )
    assert bob_public == unhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
    assert crypto.x25519(alice, bob_public) == shared
    assert crypto.x25519(bob, alice_public) == shared


def test_every_agreement_of_wycheproof():
    """Twist points and non-canonical coordinates give the published secret ("acceptable" leaves
    that open, RFC 7748 does not); an all-zero secret is refused, and nothing else is."""
    refused = checked = 0
    for group in vectors("wycheproof/x25519_test.json")["testGroups"]:
        for case in group["tests"]:
            private, public = unhex(case["private"]), unhex(case["public"])
            if "ZeroSharedSecret" in case["flags"]:
                raises(crypto.InvalidKey, crypto.x25519, private, public)
                refused += 1
            else:
                assert crypto.x25519(private, public) == unhex(case["shared"]), case["tcId"]
            checked += 1
    assert (checked, refused) == (518, 31), (checked, refused)
