"""The site secret: what the site's lasting keys come from. One file, under a passphrase.

It is not the authority's key, so that the authority's key can be replaced and every card, every
zone and every event that waits in a reader goes on as before.
"""

import os
from pathlib import Path

import bcrypt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import cbor
import crypto
from cose import ALG_HMAC_256, Key
from untrusted import InvalidInput

from .. import files
from ..errors import UsageProblem
from .authority import KDF_ROUNDS, check_passphrase

SECRET = 32  # bytes

_FILE_LIMIT = 1024
_MOST_ROUNDS = 1 << 12  # half a minute: a file must not decide that nobody ever sees an error
_SALT, _NONCE = 16, 12
# Entries of the file
_VERSION_KEY, _ROOT, _ROUNDS, _SALT_KEY, _NONCE_KEY, _SEALED = 1, 2, 3, 4, 5, 6
_VERSION = 1
_FROM_BACKUP = "restore it from the backup of the site's folder: nothing else replaces it"


class Secret:
    """32 random bytes, and the keys that come of them.

    Each is HKDF-SHA-256 (RFC 5869) with the secret as input keying material, ``holdfast`` as salt,
    and as info the deterministic CBOR of an array that names the key. So nothing more than the
    secret is stored, and one key, in the hands of a thief, says nothing of another. Where a key
    has a ``number``, a higher one replaces a key that leaked.
    """

    def __init__(self, value: bytes):
        if len(value) != SECRET:
            raise ValueError(f"a site secret is {SECRET} bytes")
        self._value = value

    @classmethod
    def generate(cls) -> "Secret":
        """A new secret from the system's randomness."""
        return cls(os.urandom(SECRET))

    def zone_key(self, zone: str, number: int) -> Key:
        """The HMAC-SHA-256 key, 32 bytes, that the readers of ``zone`` share for guest tokens.

        Its name is ``["zone key", zone id, number]``.
        """
        return Key.symmetric(self._derive(["zone key", zone, number]), ALG_HMAC_256)

    def lookup_key(self, number: int) -> bytes:
        """The key, 32 bytes, under which cards and PINs are known to every reader of the site.

        Its name is ``["lookup key", number]``.
        """
        return self._derive(["lookup key", number])

    def audit_key(self) -> bytes:
        """The X25519 private key, 32 bytes, that opens what the site's readers recorded.

        Its name is ``["audit key"]``. Readers get its public half only.
        """
        return self._derive(["audit key"])

    def register_key(self) -> bytes:
        """The key, 32 bytes, that seals the register of cards: ``["register key"]``."""
        return self._derive(["register key"])

    def index_key(self) -> bytes:
        """The key, 32 bytes, by which the register tells cards and PINs apart: ``["index key"]``.

        Unlike a lookup key it is never replaced, and no reader has it.
        """
        return self._derive(["index key"])

    def number_key(self) -> bytes:
        """The key, 32 bytes, that seals cards' numbers in the register: ``["number key"]``."""
        return self._derive(["number key"])

    def row_key(self) -> bytes:
        """The key, 32 bytes, that rows of the register are authentic by: ``["row key"]``."""
        return self._derive(["row key"])

    def _derive(self, name: list[str | int]) -> bytes:
        prk = crypto.hkdf_extract(b"holdfast", self._value)
        return crypto.hkdf_expand(prk, cbor.encode(name), 32)

    def save(
        self, path: Path, passphrase: str, root: bytes, *, kdf_rounds: int = KDF_ROUNDS
    ) -> None:
        """Write the secret of the site with this ``root`` to ``path``, where no file may be.

        Encrypted with AES-256-GCM under what bcrypt-pbkdf, in ``kdf_rounds`` rounds, makes of the
        passphrase and a salt: as the authority's key is, so that neither file is the easier one.
        """
        check_passphrase(passphrase)
        if path.exists():
            raise UsageProblem(
                f"{path} is there already, and a site's secret is never overwritten",
                "choose another folder",
            )
        head = {
            _VERSION_KEY: _VERSION,
            _ROOT: root,
            _ROUNDS: kdf_rounds,
            _SALT_KEY: os.urandom(_SALT),
            _NONCE_KEY: os.urandom(_NONCE),
        }
        sealed = _cipher(head, passphrase).encrypt(
            head[_NONCE_KEY], self._value, cbor.encode(head)
        )
        files.write(path, cbor.encode({**head, _SEALED: sealed}), files.PRIVATE)

    @classmethod
    def load(cls, path: Path, passphrase: str, root: bytes) -> "Secret":
        """The secret in the file at ``path``, of the site with this ``root``."""
        data = files.read(path, _FILE_LIMIT, "site secret", _FROM_BACKUP)
        try:
            head = _parse(data)
        except InvalidInput as error:
            raise UsageProblem(f"{path} is damaged: {error}", _FROM_BACKUP) from error
        if head[_ROOT] != root:
            raise UsageProblem(
                f"{path} is the secret of another site",
                "restore all files of the folder from one and the same backup",
            )
        sealed = head.pop(_SEALED)
        try:
            value = _cipher(head, passphrase).decrypt(head[_NONCE_KEY], sealed, cbor.encode(head))
        except (InvalidTag, ValueError) as error:
            raise UsageProblem(
                f"the passphrase does not open {path}, or the file is damaged",
                "if the passphrase of authority.key was changed, change it back with ssh-keygen"
                " -p: both files have one; else restore the site's secret from its backup",
            ) from error
        return cls(value)


def _cipher(head: dict, passphrase: str) -> AESGCM:
    return AESGCM(
        bcrypt.kdf(
            passphrase.encode(),
            head[_SALT_KEY],
            32,
            head[_ROUNDS],
            ignore_few_rounds=True,  # it warns of what tests save
        )
    )


def _parse(data: bytes) -> dict:
    head = cbor.decode(data, deterministic=True)
    if not isinstance(head, dict) or head.get(_VERSION_KEY) != _VERSION:
        raise InvalidInput(f"it is no site secret of version {_VERSION}")
    lengths = {_ROOT: 32, _SALT_KEY: _SALT, _NONCE_KEY: _NONCE, _SEALED: SECRET + 16}
    if set(head) != {_VERSION_KEY, _ROUNDS, *lengths}:
        raise InvalidInput("entries are missing or unknown")
    for key, length in lengths.items():
        if not isinstance(head[key], bytes) or len(head[key]) != length:
            raise InvalidInput(f"entry {key} is not {length} bytes")
    rounds = head[_ROUNDS]
    if type(rounds) is not int or not 0 < rounds <= _MOST_ROUNDS:
        raise InvalidInput("its number of rounds cannot be")
    return head
