"""A small AES-GCM (NIST SP 800-38D) for published examples that use it; slow, and only for tests.

Runs on MicroPython and CPython. The parameters are those of crypto.aes_ccm_encrypt.
"""

import crypto


def _ecb(key):
    try:
        from cryptolib import aes
    except ImportError:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update
    return aes(key, 1).encrypt


def _multiply(x, y):
    product = 0
    for bit in range(127, -1, -1):
        if x >> bit & 1:
            product ^= y
        y = y >> 1 ^ (0xE1 << 120 if y & 1 else 0)
    return product


def _ghash(h, aad, ciphertext):
    lengths = (8 * len(aad)).to_bytes(8, "big") + (8 * len(ciphertext)).to_bytes(8, "big")
    state = 0
    for part in (aad, ciphertext, lengths):
        for start in range(0, len(part), 16):
            block = part[start : start + 16]
            block += bytes(16 - len(block))
            state = _multiply(state ^ int.from_bytes(block, "big"), h)
    return state


def _xor(left, right):
    return bytes(a ^ b for a, b in zip(left, right))  # the shorter one ends it


def _counter_mode(block, nonce, text):
    out = b""
    for start in range(0, len(text), 16):
        counter = nonce + (2 + start // 16).to_bytes(4, "big")
        out += _xor(text[start : start + 16], block(counter))
    return out


def _tag(block, nonce, aad, ciphertext, tag_length):
    h = int.from_bytes(block(bytes(16)), "big")
    digest = _ghash(h, aad, ciphertext).to_bytes(16, "big")
    return _xor(digest, block(nonce + b"\0\0\0\1"))[:tag_length]


def encrypt(key, nonce, plaintext, aad, tag_length=16):
    """Ciphertext and tag; ``nonce`` has 12 bytes."""
    block = _ecb(key)
    ciphertext = _counter_mode(block, nonce, plaintext)
    return ciphertext + _tag(block, nonce, aad, ciphertext, tag_length)


def decrypt(key, nonce, ciphertext, aad, tag_length=16):
    """The plaintext; raises crypto.AuthenticationError."""
    block = _ecb(key)
    tag = ciphertext[-tag_length:]
    ciphertext = ciphertext[:-tag_length]
    if tag != _tag(block, nonce, aad, ciphertext, tag_length):
        raise crypto.AuthenticationError("wrong tag")
    return _counter_mode(block, nonce, ciphertext)
