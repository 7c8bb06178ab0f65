"""The real cryptography with one allocation failing: MemoryError, and never another answer.

One in fifty of some hundred thousand, or all with HOLDFAST_TORTURE=1; of what is short, every one.
"""

INTERPRETERS = ("alloc",)

import os

import alloc
import crypto

_ROOT = __file__[: __file__.rfind("/tests/")]
_EVERY = os.getenv("HOLDFAST_TORTURE") == "1"
_PRIVATE = b"\x22" * 32
_MESSAGE = b"a credential" * 12


def _fails(function, right, one_in=50):
    """``function()`` is ``right``, or raises MemoryError where an allocation fails."""
    alloc.watch(_ROOT + "/lib/crypto/", _ROOT + "/tests/")
    alloc.begin()
    assert function() == right
    count = alloc.end()
    step = one_in if count > 1000 and not _EVERY else 1
    for n in range(1, count + 1, step):
        alloc.begin(n)
        try:
            answer = function()
        except MemoryError:
            answer = None
        alloc.end()
        # MicroPython goes on without some that it only would have liked to have.
        assert answer is None or answer == right, (n, answer, alloc.failed())
    assert function() == right


def test_x25519():
    public = crypto.x25519_public_key(b"\x23" * 32)
    shared = crypto.x25519(_PRIVATE, public)
    _fails(lambda: crypto.x25519(_PRIVATE, public), shared)


def test_ed25519_verify():
    public = crypto.ed25519_public_key(_PRIVATE)
    signature = crypto.ed25519_sign(_PRIVATE, _MESSAGE)
    _fails(lambda: crypto.ed25519_verify(public, _MESSAGE, signature), True)


def test_ed25519_verify_of_a_forgery():
    """No memory must not be taken for a signature."""
    public = crypto.ed25519_public_key(_PRIVATE)
    signature = crypto.ed25519_sign(_PRIVATE, _MESSAGE)
    _fails(lambda: crypto.ed25519_verify(public, _MESSAGE + b".", signature), False, 500)


def test_p256():
    public = crypto.p256_public_key(b"\x23" * 32)
    shared = crypto.p256_ecdh(_PRIVATE, public)
    _fails(lambda: crypto.p256_ecdh(_PRIVATE, public), shared)
    _fails(lambda: crypto.p256_public_key(b"\x23" * 32), public)


def test_what_is_symmetric():
    """A tag that was not compared must not be one that was right."""
    key, nonce = bytes(16), bytes(13)
    sealed = crypto.aes_ccm_encrypt(key, nonce, b"open the door", b"aad", 8)
    forged = sealed[:-1] + bytes([sealed[-1] ^ 1])

    def opens_forged():
        try:
            return crypto.aes_ccm_decrypt(key, nonce, forged, b"aad", 8)
        except crypto.AuthenticationError:
            return "refused"

    _fails(lambda: crypto.aes_ccm_encrypt(key, nonce, b"open the door", b"aad", 8), sealed)
    _fails(lambda: crypto.aes_ccm_decrypt(key, nonce, sealed, b"aad", 8), b"open the door")
    _fails(opens_forged, "refused")
    tag = crypto.hmac_sha256(key, _MESSAGE)
    _fails(lambda: crypto.hmac_sha256(key, _MESSAGE), tag)
    expanded = crypto.hkdf_expand(bytes(32), b"info", 40)
    _fails(lambda: crypto.hkdf_expand(bytes(32), b"info", 40), expanded)
    digest = crypto.sha512(_MESSAGE)
    _fails(lambda: crypto.sha512(_MESSAGE), digest)
