"""What the site secret does for the register: numbers that only it opens, rows that only it makes.

The database never holds the secret, nor a key that comes of it.
"""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import cbor

from ..credentials.secret import Secret
from ..errors import UsageProblem

IDENT = 16  # bytes
MAC = 32

_NONCE = 12
_SEALED = b"holdfast register number"


class Seals:
    """Seals, opens and authenticates for one site; its keys are made once."""

    def __init__(self, secret: Secret):
        self._index = secret.index_key()
        self._cipher = AESGCM(secret.number_key())
        self._row = secret.row_key()

    def ident(self, kind: int, value: bytes) -> bytes:
        """The 16 bytes that a card (its number) or PIN (its digits) is told apart by, for good."""
        return _mac(self._index, bytes((kind,)) + value)[:IDENT]

    def seal(self, ident: bytes, number: bytes) -> bytes:
        """The card's ``number``, sealed: it opens only in the row of this ``ident``."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, number, _SEALED + ident)

    def open(self, ident: bytes, sealed: bytes) -> bytes:
        """The number that ``seal`` sealed. Raises UsageProblem if somebody altered it."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _SEALED + ident)
        except (InvalidTag, ValueError) as error:
            raise UsageProblem(
                "a card's number in the register was altered, or is another site's",
                "restore the register from its backup",
            ) from error

    def mac(self, kind: str, fields: list) -> bytes:
        """What authenticates a row of this ``kind`` that says ``fields``, 32 bytes."""
        return _mac(self._row, cbor.encode([kind, *fields]))

    def is_made_by_us(self, kind: str, fields: list, mac: bytes) -> bool:
        """Whether ``mac`` is what ``mac()`` makes of them."""
        return hmac.compare_digest(self.mac(kind, fields), mac)


def _mac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, hashlib.sha256)
