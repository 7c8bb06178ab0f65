"""Known answers: does the machine code compute here what it computed where it was proven?

Machine code that came whole may have been spoilt on flash since, or meet a processor that it was
never tried on. It would run all the same, and a check of signatures that says yes to everything
opens the door to everybody.
"""

# RFC 7748 section 6.1: Alice's private key and public key, Bob's public key, what they share.
_X25519 = (
    bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"),
    bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"),
    bytes.fromhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"),
    bytes.fromhex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"),
)
_BASE_U = b"\x09" + bytes(31)
# RFC 8032 section 7.1, TEST 3: public key, message, signature. It has SHA-512 in it.
_ED25519 = (
    bytes.fromhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"),
    bytes.fromhex("af82"),
    bytes.fromhex(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    ),
)
# RFC 6979 appendix A.2.5: private key and public key x || y.
_P256 = (
    bytes.fromhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"),
    bytes.fromhex(
        "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
    ),
)
# SP 800-186 section 3.2.1.3: x of the base point, whose product with a key is its public key.
_P256_BASE_X = bytes.fromhex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")


def wrong_steps(backend, p256: bool):
    """The first function of ``backend`` (crypto/backend.py) with a wrong answer, or an empty text.

    P-256 key agreement is asked if ``p256``, signatures with it and signing never: no reader does
    these. Raises nothing that a backend raises, but MemoryError: that is no answer. A generator of
    steps (:mod:`crypto.steps`).
    """
    for name, arguments, expected in _questions(backend, p256):
        try:
            right = (yield from getattr(backend, name)(*arguments)) == expected
        except MemoryError:
            raise
        except Exception as error:
            return "%s: %s" % (name, type(error).__name__)
        if not right:
            return name
    return ""


def _questions(backend, p256):
    private, public, other, shared = _X25519
    yield "x25519_steps", (private, _BASE_U), public
    yield "x25519_steps", (private, other), shared
    if hasattr(backend, "x25519_pair_steps"):
        yield "x25519_pair_steps", (private, private, other), (shared, shared)
    public, message, signature = _ED25519
    yield "ed25519_verify_steps", (public, message, signature), True
    yield "ed25519_verify_steps", (public, message + b"\0", signature), False
    if hasattr(backend, "ed25519_prepare_steps"):  # which Python's integers have no use for
        yield "ed25519_prepare_steps", (public,), None
        yield "ed25519_verify_steps", (public, message, signature), True
        yield "ed25519_verify_steps", (public, message + b"\0", signature), False
    if p256:
        private, public = _P256
        yield "p256_public_key_steps", (private,), public
        yield "p256_ecdh_steps", (private, _P256_BASE_X), public[:32]
