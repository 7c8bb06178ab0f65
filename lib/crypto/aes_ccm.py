"""AES-CCM, RFC 3610: CBC-MAC over everything, then counter mode over payload and tag.

Works in two buffers, in place: a board has a kilobyte in one piece, but not six of them.
"""

from micropython import const

from .aes import chain_blocks, encrypt_blocks
from .compare import equal
from .errors import AuthenticationError

_BLOCK = const(16)
_PIECE = const(128)


def aes_ccm_encrypt(key, nonce, plaintext, aad, tag_length) -> bytes:
    tag = _tag(key, nonce, plaintext, aad, tag_length)
    length = len(plaintext)
    stream = _key_stream(key, nonce, length)
    _xor(stream[_BLOCK:], plaintext)
    _xor(stream, tag)
    return bytes(stream[_BLOCK : _BLOCK + length]) + bytes(stream[:tag_length])


def aes_ccm_decrypt(key, nonce, ciphertext, aad, tag_length) -> bytes:
    ciphertext = memoryview(ciphertext)
    length = len(ciphertext) - tag_length
    stream = _key_stream(key, nonce, length)
    _xor(stream[_BLOCK:], ciphertext[:length])
    _xor(stream, ciphertext[length:])
    plaintext = bytes(stream[_BLOCK : _BLOCK + length])
    received = bytes(stream[:tag_length])
    stream = None
    if not equal(received, _tag(key, nonce, plaintext, aad, tag_length)):
        raise AuthenticationError("authentication failed")
    return plaintext


def _tag(key, nonce, plaintext, aad, tag_length):
    """The tag before encryption: T of section 2.2."""
    length_bytes = 15 - len(nonce)
    flags = (64 if aad else 0) + 8 * ((tag_length - 2) // 2) + length_bytes - 1
    head = bytearray([flags])
    head.extend(nonce)
    head.extend(len(plaintext).to_bytes(length_bytes, "big"))
    if aad:
        if len(aad) >= 0xFF00:
            head.extend(b"\xff\xfe" + len(aad).to_bytes(4, "big"))
        else:
            head.extend(len(aad).to_bytes(2, "big"))
        head.extend(aad)
        head.extend(bytes(-len(head) % _BLOCK))
    blocks = bytearray(len(head) + len(plaintext) + -len(plaintext) % _BLOCK)
    view = memoryview(blocks)
    view[: len(head)] = head
    view[len(head) : len(head) + len(plaintext)] = plaintext
    return chain_blocks(key, blocks)[:tag_length]


def _key_stream(key, nonce, length):
    """S_0, which covers the tag, and after it what covers ``length`` bytes (section 2.3)."""
    counter_bytes = 15 - len(nonce)
    start = bytes([counter_bytes - 1]) + bytes(nonce)
    blocks = bytearray((length + 31) // _BLOCK * _BLOCK)
    view = memoryview(blocks)
    for counter in range(len(blocks) // _BLOCK):
        at = counter * _BLOCK
        view[at : at + _BLOCK] = start + counter.to_bytes(counter_bytes, "big")
    return memoryview(encrypt_blocks(key, blocks))


def _xor(stream, data):
    """``stream`` begins with ``data`` encrypted, or decrypted, afterwards."""
    # As numbers, which the interpreter works through in C.
    for at in range(0, len(data), _PIECE):
        piece = data[at : at + _PIECE]
        end = at + len(piece)
        mixed = int.from_bytes(piece, "big") ^ int.from_bytes(stream[at:end], "big")
        stream[at:end] = mixed.to_bytes(len(piece), "big")
