"""What the facade promises: lengths, refusals and counts, whatever the backend."""

import os
import sys

import crypto
from harness import MICROPYTHON, flipped, new_folder, raises
from published_signatures import es256_example

INTERPRETERS = ("micropython", "cpython")

PRIVATE = bytes(range(32))
KEY = bytes(range(16))
NONCE = bytes(range(13))


def test_the_backend_follows_the_machine():
    """A host must not fall back to what is not constant time, unnoticed, for lack of a package. A
    board does, where there is no machine code for it, and says why."""
    if not MICROPYTHON:
        assert (crypto.backend_name(), crypto.backend_reason()) == ("cryptography", "")
    elif sys.platform == "qemu":  # tests/board
        assert (crypto.backend_name(), crypto.backend_reason()) == ("rv32", "")
    else:
        assert crypto.backend_name() == "portable"
        assert crypto.backend_reason().startswith("no machine code: "), crypto.backend_reason()


def test_machine_code_for_another_processor_is_not_used():
    """A folder copied from another board: what is there does not load, and the door opens by the
    portable code, which is slow and right."""
    if not MICROPYTHON:
        return
    native = sys.implementation._mpy >> 10 & 15  # numbers of py/persistentcode.h
    foreign = 1 if native != 1 else 2
    folder = new_folder()
    os.mkdir(folder + "/native")
    with open(folder + "/native/backend.mpy", "wb") as file:
        file.write(bytes([0x4D, 6, foreign << 2 | sys.implementation._mpy >> 8 & 3, 31]))
    for name in [name for name in sys.modules if name.startswith("crypto.native")]:
        del sys.modules[name]
    if hasattr(crypto, "native"):
        del crypto.native
    __import__("crypto.portable")  # from now on only the folder is searched
    crypto.__path__ = folder
    backend, why = crypto.backend._choose()
    assert backend.NAME == "portable"
    assert why.startswith("no machine code: incompatible .mpy"), why


def test_equal_compares_length_and_every_byte():
    """A comparison that stops early, or takes a prefix for the whole, accepts forged tags."""
    value = bytes(range(64))
    assert crypto.equal(value, bytes(range(64)))
    assert crypto.equal(b"", b"")
    assert not crypto.equal(value, value[:-1])
    assert not crypto.equal(b"", value)
    for position in range(64):
        for bit in (0, 7):
            assert not crypto.equal(value, flipped(value, 8 * position + bit)), position


def test_every_wrong_key_length_is_an_invalid_key():
    """Keys come from peers and from files; a wrong one must be a refusal and not a crash."""
    for length in (0, 1, 31, 33, 64):
        wrong = bytes(length)
        raises(crypto.InvalidKey, crypto.x25519, wrong, PRIVATE)
        raises(crypto.InvalidKey, crypto.x25519, PRIVATE, wrong)
        raises(crypto.InvalidKey, crypto.x25519_public_key, wrong)
        raises(crypto.InvalidKey, crypto.ed25519_public_key, wrong)
        raises(crypto.InvalidKey, crypto.ed25519_sign, wrong, b"")
    for length in (0, 15, 17, 24, 31, 33):
        raises(crypto.InvalidKey, crypto.aes_ccm_encrypt, bytes(length), NONCE, b"", b"")
        raises(crypto.InvalidKey, crypto.aes_ccm_decrypt, bytes(length), NONCE, bytes(8), b"")


def test_errors_are_refused_input_and_tell_no_secret():
    """A server catches InvalidInput; what it logs must not hold the key or the plaintext."""
    from untrusted import InvalidInput

    secret = b"\x53\x45\x43\x52\x45\x54" * 4
    for error in (
        raises(InvalidInput, crypto.x25519, secret, PRIVATE),
        raises(InvalidInput, crypto.aes_ccm_decrypt, KEY, NONCE, secret, secret),
        raises(InvalidInput, crypto.x25519, PRIVATE, bytes(32)),
    ):
        assert len(str(error)) > 10
        assert "SECRET" not in str(error) and "53" not in str(error), str(error)


def test_public_key_operations_are_counted():
    """A reader shows with this number that a warm unlock needed none. Symmetric work and refused
    key lengths are none."""
    before = crypto.public_key_operations()
    crypto.sha512(b"")
    crypto.hkdf_expand(crypto.hkdf_extract(b"", b""), b"", 64)
    crypto.aes_ccm_decrypt(KEY, NONCE, crypto.aes_ccm_encrypt(KEY, NONCE, b"x", b""), b"")
    raises(crypto.InvalidKey, crypto.x25519, PRIVATE, b"")
    raises(crypto.InvalidKey, crypto.es256_sign, bytes(32), b"")
    assert crypto.public_key_operations() == before
    public = crypto.x25519_public_key(PRIVATE)
    crypto.x25519(PRIVATE, public)
    public = crypto.ed25519_public_key(PRIVATE)
    crypto.ed25519_verify(public, b"", crypto.ed25519_sign(PRIVATE, b""))
    crypto.es256_verify(bytes(64), b"", bytes(64))
    crypto.p256_ecdh(PRIVATE, crypto.p256_public_key(PRIVATE))
    crypto.es256_sign(PRIVATE, b"")
    assert crypto.public_key_operations() == before + 9


def test_views_and_bytearrays_are_as_good_as_bytes():
    """Protocol code passes slices of receive buffers; a copy must not be needed first."""
    for view in (bytearray, memoryview):
        _check_all_functions_take(view)


def _check_all_functions_take(view):
    message = b"a message of some length"
    key, nonce, private, data = view(KEY), view(NONCE), view(PRIVATE), view(message)
    assert crypto.equal(data, message) and crypto.equal(message, data)
    assert crypto.sha256(data) == crypto.sha256(message)
    assert crypto.sha512(data) == crypto.sha512(message)
    assert crypto.hmac_sha256(key, data) == crypto.hmac_sha256(KEY, message)
    assert crypto.hkdf_extract(key, data) == crypto.hkdf_extract(KEY, message)
    assert crypto.hkdf_expand(key, data, 40) == crypto.hkdf_expand(KEY, message, 40)
    sealed = crypto.aes_ccm_encrypt(KEY, NONCE, message, PRIVATE)
    assert crypto.aes_ccm_encrypt(key, nonce, data, private) == sealed
    assert crypto.aes_ccm_decrypt(key, nonce, view(sealed), private) == message
    assert crypto.x25519_public_key(private) == crypto.x25519_public_key(PRIVATE)
    assert crypto.x25519(private, private) == crypto.x25519(PRIVATE, PRIVATE)
    public = crypto.ed25519_public_key(PRIVATE)
    signature = crypto.ed25519_sign(PRIVATE, message)
    assert crypto.ed25519_public_key(private) == public
    assert crypto.ed25519_sign(private, data) == signature
    assert crypto.ed25519_verify(view(public), data, view(signature))
    point, signature = es256_example()
    assert crypto.es256_verify(view(point), view(b"sample"), view(signature))
    point = crypto.p256_public_key(PRIVATE)
    assert crypto.p256_public_key(private) == point
    for public in (point, point[:32]):
        assert crypto.p256_ecdh(private, view(public)) == crypto.p256_ecdh(PRIVATE, public)
    assert crypto.es256_sign(private, data) == crypto.es256_sign(PRIVATE, message)


def test_what_is_in_pieces_is_hashed_as_if_it_were_in_one():
    """Information of half a kilobyte need not lie in one piece, which a board may not have."""
    whole = bytes(range(200))
    for cuts in ((0, 200), (1, 100), (64, 64), (63, 65)):
        pieces = (whole[: cuts[0]], whole[cuts[0] : cuts[1]], memoryview(whole)[cuts[1] :])
        assert crypto.sha256(*pieces) == crypto.sha256(whole)
        for length in (1, 32, 33, 100):
            assert crypto.hkdf_expand(KEY, pieces, length) == crypto.hkdf_expand(
                KEY, whole, length
            )


def test_hkdf_expand_gives_up_to_255_blocks():
    """Beyond, the one-byte counter would wrap and repeat key material."""
    longest = crypto.hkdf_expand(KEY, b"", 255 * 32)
    assert len(longest) == 255 * 32
    for length in (0, 1, 31, 32, 33, 64):
        assert crypto.hkdf_expand(KEY, b"", length) == longest[:length]
    for length in (255 * 32 + 1, -1):
        raises(ValueError, crypto.hkdf_expand, KEY, b"", length)


def test_hmac_keys_around_the_block_length():
    """A key of 64 bytes is used as it is, one of 65 is hashed, and zeros fill a shorter one: an
    error by one is a code that nobody else computes."""
    assert crypto.hmac_sha256(bytes(64), b"x") == crypto.hmac_sha256(b"", b"x")
    long_key = bytes(range(65))
    hashed = crypto.sha256(long_key)
    assert crypto.hmac_sha256(long_key, b"x") == crypto.hmac_sha256(hashed, b"x")
    assert crypto.hmac_sha256(long_key[:64], b"x") != crypto.hmac_sha256(
        crypto.sha256(long_key[:64]), b"x"
    )
