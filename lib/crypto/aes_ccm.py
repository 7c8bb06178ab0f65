"""AES-CCM, RFC 3610: CBC-MAC over everything, then counter mode over payload and tag."""

from .aes import chain_blocks, encrypt_blocks
from .compare import equal
from .errors import AuthenticationError


def aes_ccm_encrypt(key, nonce, plaintext, aad, tag_length) -> bytes:
    tag = _tag(key, nonce, plaintext, aad, tag_length)
    first, rest = _key_stream(key, nonce, len(plaintext))
    return _xor(plaintext, rest) + _xor(tag, first)


def aes_ccm_decrypt(key, nonce, ciphertext, aad, tag_length) -> bytes:
    length = len(ciphertext) - tag_length
    first, rest = _key_stream(key, nonce, length)
    plaintext = _xor(ciphertext[:length], rest)
    received = _xor(ciphertext[length:], first)
    if not equal(received, _tag(key, nonce, plaintext, aad, tag_length)):
        raise AuthenticationError("authentication failed")
    return plaintext


def _tag(key, nonce, plaintext, aad, tag_length):
    """The tag before encryption: T of section 2.2."""
    length_bytes = 15 - len(nonce)
    flags = (64 if aad else 0) + 8 * ((tag_length - 2) // 2) + length_bytes - 1
    blocks = bytearray([flags])
    blocks.extend(nonce)
    blocks.extend(len(plaintext).to_bytes(length_bytes, "big"))
    if aad:
        if len(aad) >= 0xFF00:
            blocks.extend(b"\xff\xfe" + len(aad).to_bytes(4, "big"))
        else:
            blocks.extend(len(aad).to_bytes(2, "big"))
        blocks.extend(aad)
        _pad(blocks)
    blocks.extend(plaintext)
    _pad(blocks)
    return chain_blocks(key, blocks)[:tag_length]


def _pad(blocks):
    blocks.extend(bytes(-len(blocks) % 16))


def _key_stream(key, nonce, length):
    """S_0, which covers the tag, and the stream that covers ``length`` bytes (section 2.3)."""
    counter_bytes = 15 - len(nonce)
    start = bytes([counter_bytes - 1]) + bytes(nonce)
    counters = bytearray()
    for counter in range((length + 15) // 16 + 1):
        counters.extend(start)
        counters.extend(counter.to_bytes(counter_bytes, "big"))
    stream = encrypt_blocks(key, counters)
    return stream[:16], stream[16:]


def _xor(data, stream):
    # As two numbers, which the interpreter works through in C.
    length = len(data)
    mixed = int.from_bytes(data, "big") ^ int.from_bytes(stream[:length], "big")
    return mixed.to_bytes(length, "big")
