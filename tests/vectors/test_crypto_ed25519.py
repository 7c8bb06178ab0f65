"""Ed25519: RFC 8032, and a file in the format of the classic ``sign.input``."""

import crypto
from harness import flipped, unhex, vectors, vectors_path

INTERPRETERS = ("micropython", "cpython")


def test_the_vectors_of_rfc_8032():
    """Section 7.1: public key, signature, and a verification of it."""
    cases = vectors("ed25519/rfc8032-7.1.json")["vectors"]
    assert len(cases) == 5
    for case in cases:
        private, message = unhex(case["seed"]), unhex(case["message"])
        public, signature = unhex(case["public_key"]), unhex(case["signature"])
        assert crypto.ed25519_public_key(private) == public, case["name"]
        assert crypto.ed25519_sign(private, message) == signature, case["name"]
        assert crypto.ed25519_verify(public, message, signature), case["name"]


def test_every_line_of_the_sign_input_file():
    """136 keys and messages of 0 to 4096 bytes: the signature is made and verifies. With a bit
    flipped in R or S (one that leaves S < L), in the key or in the message it does not."""
    lines = 0
    with open(vectors_path("ed25519/generated-sign.input")) as file:
        for line in file:
            secret, public, message, signed, _ = line.split(":")
            private, public = unhex(secret)[:32], unhex(public)
            message, signature = unhex(message), unhex(signed)[:64]
            assert crypto.ed25519_public_key(private) == public, lines
            assert crypto.ed25519_sign(private, message) == signature, lines
            assert crypto.ed25519_verify(public, message, signature), lines
            for position in (lines % 32, 32 + lines % 31):
                forged = flipped(signature, 8 * position + lines % 8)
                assert not crypto.ed25519_verify(public, message, forged), lines
            assert not crypto.ed25519_verify(flipped(public, 8 * (lines % 32)), message, signature)
            assert not crypto.ed25519_verify(public, message + b"\0", signature), lines
            lines += 1
    assert lines == 136, lines
