"""OSCORE on the phone's side, written from docs/protocol.md and RFC 8613 with cryptography and
cbor2 alone.
"""

import hmac

import cbor2
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from interop.vectors import plain_coap as coap


class NotAuthentic(Exception):
    """Nobody who has the key made this."""


class Context:
    """What a handshake leaves: keys, identifiers, and the next Partial IV.

    ``last`` are the values of the message protected or read last.
    """

    def __init__(self, master_secret, master_salt, sender_id, recipient_id, sequence=0):
        self.sender_id, self.recipient_id = sender_id, recipient_id
        self.sequence = sequence
        prk = hmac.digest(master_salt, master_secret, "sha256")

        def derive(identifier, kind, size):
            info = cbor2.dumps([identifier, None, 10, kind, size])
            return HKDFExpand(hashes.SHA256(), size, info).derive(prk)

        self.sender_key = derive(sender_id, "Key", 16)
        self.recipient_key = derive(recipient_id, "Key", 16)
        self.common_iv = derive(b"", "IV", 13)
        self.last = {}

    def nonce(self, identifier, piv) -> bytes:
        """RFC 8613 section 5.2."""
        padded = bytes([len(identifier)]) + identifier.rjust(7, b"\0") + piv.rjust(5, b"\0")
        return bytes(a ^ b for a, b in zip(padded, self.common_iv, strict=True))

    def aad(self, request_piv) -> bytes:
        """RFC 8613 section 5.4: the same for a request and its response."""
        external_aad = cbor2.dumps([1, [10], self.sender_id, request_piv, b""])
        return cbor2.dumps(["Encrypt0", b"", external_aad])

    def protect(self, code, options, payload) -> tuple:
        """``(outer options, ciphertext, Partial IV)``; the outer code is POST."""
        number = self.sequence
        self.sequence += 1
        piv = number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")
        plaintext = bytes([code]) + coap.encode_options(options, payload)
        nonce, aad = self.nonce(self.sender_id, piv), self.aad(piv)
        ciphertext = AESCCM(self.sender_key, tag_length=8).encrypt(nonce, plaintext, aad)
        self._note(nonce, aad, plaintext, ciphertext)
        return [(coap.OSCORE, bytes([8 | len(piv)]) + piv + self.sender_id)], ciphertext, piv

    def unprotect(self, options, ciphertext, request_piv) -> tuple:
        """``(code, options, payload)`` of the response to the request under that Partial IV."""
        header = coap.option(options, coap.OSCORE)
        nonce = self.nonce(self.sender_id, request_piv)
        if header:
            length = header[0] & 7
            nonce = self.nonce(self.recipient_id, header[1 : 1 + length])
        aad = self.aad(request_piv)
        try:
            plain = AESCCM(self.recipient_key, tag_length=8).decrypt(nonce, ciphertext, aad)
        except InvalidTag:
            raise NotAuthentic from None
        self._note(nonce, aad, plain, ciphertext)
        return plain[0], *coap.decode_options(plain[1:])

    def _note(self, nonce, aad, plaintext, ciphertext):
        self.last = {
            "aad": aad,
            "ciphertext": ciphertext,
            "nonce": nonce,
            "plaintext": plaintext,
        }
