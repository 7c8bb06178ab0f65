"""AES-CCM, RFC 3610: CBC-MAC over everything, then counter mode over payload and tag.

Works in small pieces: a board has a kilobyte free, but not in one piece.
"""

from micropython import const

from .aes import chaining, single
from .compare import equal
from .errors import AuthenticationError

_BLOCK = const(16)
_PIECE = const(128)


def aes_ccm_encrypt(key, nonce, plaintext, aad, tag_length, into=None):
    plaintext = memoryview(plaintext)
    length = len(plaintext)
    pieces: list = [plaintext[at : at + _PIECE] for at in range(0, length, _PIECE)]
    tag = _tag(key, nonce, length, pieces, aad, tag_length)
    cipher = single(key)
    # S_0 is for the tag: one piece with the first of the message, which mostly is all of it.
    first = _mixed(cipher, nonce, 0, tag + bytes(_BLOCK - tag_length) + bytes(plaintext[:_PIECE]))
    tag = first[:tag_length]
    for number, piece in enumerate(pieces):
        at = number * _PIECE
        if at:
            piece = _mixed(cipher, nonce, at // _BLOCK + 1, piece)
        else:
            piece = first[_BLOCK:]
        if into is None:
            pieces[number] = piece
        else:
            into[at : at + len(piece)] = piece
    if into is None:
        pieces.append(tag)
        return b"".join(pieces)
    into[length : length + tag_length] = tag
    return None


def aes_ccm_decrypt(key, nonce, ciphertext, aad, tag_length, into=None):
    ciphertext = memoryview(ciphertext)
    length = len(ciphertext) - tag_length
    cipher = single(key)
    # The tag, with S_0, comes first: ``into`` may be the same memory.
    end = min(_PIECE, length)
    tag = bytes(ciphertext[length:]) + bytes(_BLOCK - tag_length)
    first = _mixed(cipher, nonce, 0, tag + bytes(ciphertext[:end]))
    received = first[:tag_length]
    pieces = []
    for at in range(0, length, _PIECE):
        if at:
            end = min(at + _PIECE, length)
            piece = _mixed(cipher, nonce, at // _BLOCK + 1, ciphertext[at:end])
        else:
            piece = first[_BLOCK:]
        if into is not None:
            into[at:end] = piece
            piece = memoryview(into)[at:end]
        pieces.append(piece)
    cipher = None  # half a kilobyte on a board, and the tag needs as much again
    if not equal(received, _tag(key, nonce, length, pieces, aad, tag_length)):
        if into is not None:
            for at in range(length):  # in no memory, of which there may be none
                into[at] = 0
        raise AuthenticationError("authentication failed")
    return b"".join(pieces) if into is None else None


def _tag(key, nonce, length, pieces, aad, tag_length):
    """The tag before encryption: T of section 2.2. All pieces but the last are whole blocks."""
    chain = chaining(key)
    head = _head(nonce, length, aad, tag_length)
    if pieces:
        head.extend(bytes(-len(head) % _BLOCK))
        head.extend(pieces[0])
    tag = _chained(chain, head)
    for piece in pieces[1:]:
        tag = _chained(chain, piece)
    return tag[:tag_length]


def _head(nonce, length, aad, tag_length):
    """What the CBC-MAC begins with: B_0 and the associated data (section 2.2)."""
    length_bytes = 15 - len(nonce)
    flags = (64 if aad else 0) + 8 * ((tag_length - 2) // 2) + length_bytes - 1
    head = bytearray([flags])
    head.extend(nonce)
    head.extend(length.to_bytes(length_bytes, "big"))
    if aad:
        if len(aad) >= 0xFF00:
            head.extend(b"\xff\xfe" + len(aad).to_bytes(4, "big"))
        else:
            head.extend(len(aad).to_bytes(2, "big"))
        head.extend(aad)
    return head


def _chained(chain, data):
    """The CBC-MAC of all until now and of ``data``, filled up with zeros to whole blocks."""
    blocks = bytearray(-(-len(data) // _BLOCK) * _BLOCK)
    blocks[: len(data)] = data
    chain.encrypt(blocks, blocks)
    return bytes(memoryview(blocks)[-_BLOCK:])


def _mixed(cipher, nonce, counter, data):
    """``data`` encrypted or decrypted with the key stream from S_``counter`` on (section 2.3)."""
    counter_bytes = 15 - len(nonce)
    first = bytes([counter_bytes - 1]) + bytes(nonce) + counter.to_bytes(counter_bytes, "big")
    blocks = -(-len(data) // _BLOCK)
    stream = bytearray(first * blocks)
    for number in range(1, blocks):
        end = (number + 1) * _BLOCK
        low = (counter + number) & 0xFF
        if low >= number:
            stream[end - 1] = low
        else:  # it has gone over into the next byte
            stream[end - counter_bytes : end] = (counter + number).to_bytes(counter_bytes, "big")
    cipher.encrypt(stream, stream)
    # As numbers, which the interpreter works through in C.
    key_stream = int.from_bytes(memoryview(stream)[: len(data)], "big")
    return (int.from_bytes(data, "big") ^ key_stream).to_bytes(len(data), "big")
