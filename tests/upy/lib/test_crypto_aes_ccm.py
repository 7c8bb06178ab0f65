"""AES-CCM of all sizes, and what it refuses."""

import crypto
from harness import flipped, raises, truncations
from untrusted import InvalidInput

INTERPRETERS = ("micropython", "cpython")

KEY = bytes(range(16))
NONCE = bytes(range(13))


def test_every_size_seals_and_opens():
    """Block boundaries, nonce and tag lengths are where the formatting of RFC 3610 goes wrong."""
    for key in (KEY, KEY + KEY):
        for nonce_length in range(7, 14):
            for tag_length in range(4, 17, 2):
                for length in (0, 1, 15, 16, 17, 40):
                    nonce, plaintext = bytes(range(nonce_length)), bytes(range(length))
                    aad = bytes(range(length // 2))
                    sealed = crypto.aes_ccm_encrypt(key, nonce, plaintext, aad, tag_length)
                    assert len(sealed) == length + tag_length
                    opened = crypto.aes_ccm_decrypt(key, nonce, sealed, aad, tag_length)
                    assert opened == plaintext, (nonce_length, tag_length, length)


def test_a_counter_goes_over_into_its_next_byte():
    """Block 256: a counter that begins again there gives two blocks one key stream."""
    sealed = crypto.aes_ccm_encrypt(KEY, NONCE, bytes(5000), b"")
    # Computed with OpenSSL.
    expected = "ddcf5594107381fd4bcb5e080bc124fa298222d5e7a766300cb5c83b6b642810"
    assert crypto.sha256(sealed).hex() == expected


def test_any_flipped_bit_is_refused():
    """In the ciphertext, the tag, the nonce, the associated data or the key."""
    plaintext, aad = bytes(20), bytes(5)
    sealed = crypto.aes_ccm_encrypt(KEY, NONCE, plaintext, aad)
    genuine = [KEY, NONCE, sealed, aad]
    for argument, value in enumerate(genuine):
        for position in range(len(value)):
            arguments = list(genuine)
            arguments[argument] = flipped(value, 8 * position + position % 8)
            error = raises(crypto.AuthenticationError, crypto.aes_ccm_decrypt, *arguments)
            assert len(error.args) == 1 and type(error.args[0]) is str


def test_any_other_length_is_refused():
    """Cut short, prolonged, or too short to hold a tag at all."""
    sealed = crypto.aes_ccm_encrypt(KEY, NONCE, bytes(20), b"a")
    for cut in truncations(sealed):
        raises(crypto.AuthenticationError, crypto.aes_ccm_decrypt, KEY, NONCE, cut, b"a")
    raises(crypto.AuthenticationError, crypto.aes_ccm_decrypt, KEY, NONCE, sealed + b"\0", b"a")
    for aad in (b"", b"a\0", b"\0a"):
        raises(crypto.AuthenticationError, crypto.aes_ccm_decrypt, KEY, NONCE, sealed, aad)


def test_sizes_that_ccm_has_not_are_the_callers_mistake():
    """No peer chooses them, so they are no InvalidInput: a server must not hide the bug."""
    sealed = bytes(40)
    for nonce_length, tag_length in ((6, 8), (14, 8), (0, 8), (13, 2), (13, 18), (13, 7), (13, 0)):
        for function in (crypto.aes_ccm_encrypt, crypto.aes_ccm_decrypt):
            error = raises(ValueError, function, KEY, bytes(nonce_length), sealed, b"", tag_length)
            assert not isinstance(error, InvalidInput)


def test_the_nonce_limits_the_length():
    """With a nonce of 13 bytes the length has two: the 65,536th byte would reuse key stream."""
    longest = bytes(65535)
    sealed = crypto.aes_ccm_encrypt(KEY, NONCE, longest, b"")
    assert crypto.aes_ccm_decrypt(KEY, NONCE, sealed, b"") == longest
    raises(ValueError, crypto.aes_ccm_encrypt, KEY, NONCE, longest + b"\0", b"")
    raises(crypto.AuthenticationError, crypto.aes_ccm_decrypt, KEY, NONCE, sealed + b"\0", b"")


def test_long_associated_data_have_a_longer_length():
    """From 65,280 bytes on their length takes six bytes (RFC 3610 section 2.2). Both tags are
    OpenSSL's."""
    for length, tag in ((65279, "d78eb7677fc6dc01"), (65280, "f012203579591aa3")):
        assert crypto.aes_ccm_encrypt(KEY, NONCE, b"", bytes(length)).hex() == tag, length


def test_a_plaintext_goes_where_it_is_told_to():
    """Also over its own ciphertext, as a page of flash does: what is read must come before what is
    written. Behind it nothing changes.
    """
    for length in (0, 1, 16, 127, 128, 129, 300, 995):
        plaintext = bytes(n % 251 for n in range(length))
        sealed = crypto.aes_ccm_encrypt(KEY, NONCE, plaintext, b"a")
        for offset in (0, 1, 13, 200):
            memory = bytearray(offset) + sealed + b"end"
            there = memoryview(memory)[offset : offset + len(sealed)]
            assert crypto.aes_ccm_decrypt(KEY, NONCE, there, b"a", into=memory) is None
            assert memory[:length] == plaintext, (length, offset)
            assert memory[-3:] == b"end" and len(memory) == offset + len(sealed) + 3
        into = bytearray(length)
        crypto.aes_ccm_decrypt(KEY, NONCE, sealed, b"a", into=memoryview(into))
        assert into == plaintext


def test_nothing_is_left_where_a_forgery_was_to_go():
    """A caller who looks at the place all the same finds no plaintext that nobody vouched for."""
    sealed = crypto.aes_ccm_encrypt(KEY, NONCE, bytes(range(200)), b"a")
    for position in (0, 8 * 150, 8 * 205):
        into = bytearray(b"\xff" * 200)
        forged = flipped(sealed, position)
        raises(
            crypto.AuthenticationError, crypto.aes_ccm_decrypt, KEY, NONCE, forged, b"a", 8, into
        )
        assert into == bytes(200)
    raises(ValueError, crypto.aes_ccm_decrypt, KEY, NONCE, sealed, b"a", 8, bytearray(199))


def test_a_ciphertext_goes_where_it_is_told_to():
    """Also over its own plaintext, at its place or before it, as a page of flash is sealed."""
    for length in (0, 1, 16, 127, 128, 129, 300, 995):
        plaintext = bytes(n % 251 for n in range(length))
        sealed = crypto.aes_ccm_encrypt(KEY, NONCE, plaintext, b"a")
        for ahead in (0, 13):
            memory = bytearray(ahead) + plaintext + bytes(8) + b"behind"
            view = memoryview(memory)
            text = view[ahead : ahead + length]
            assert crypto.aes_ccm_encrypt(KEY, NONCE, text, b"a", 8, view) is None
            assert memory[: length + 8] == sealed, (length, ahead)
            assert memory[-6:] == b"behind"
    raises(ValueError, crypto.aes_ccm_encrypt, KEY, NONCE, bytes(20), b"", 8, bytearray(27))
