"""The site authority's Ed25519 key: one file, under a passphrase, that ssh-keygen can read too."""

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from cose import CRV_ED25519, Key

from .. import files
from ..errors import UsageProblem

SHORTEST_PASSPHRASE = 8
KDF_ROUNDS = 64  # of bcrypt-pbkdf: about half a second, for the user and for every guess
_KEY_FILE_LIMIT = 4096
_HEADER = b"-----BEGIN OPENSSH PRIVATE KEY-----"


class Authority:
    """The private key that signs everything a site believes."""

    def __init__(self, private_key: Ed25519PrivateKey):
        self._private_key = private_key
        self._seed = private_key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        public = private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public_key = Key.okp(CRV_ED25519, public)
        self.signing_key = Key.okp(CRV_ED25519, public, d=self._seed)

    @classmethod
    def generate(cls) -> "Authority":
        """A new key from the system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    def save(self, path: Path, passphrase: str, *, kdf_rounds: int = KDF_ROUNDS) -> None:
        """Write the key to ``path`` as an OpenSSH private key, encrypted under ``passphrase``."""
        check_passphrase(passphrase)
        encryption = (
            PrivateFormat.OpenSSH.encryption_builder()
            .kdf_rounds(kdf_rounds)
            .build(passphrase.encode())
        )
        data = self._private_key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, encryption)
        files.write(path, data, files.PRIVATE)

    @classmethod
    def load(cls, path: Path, passphrase: str) -> "Authority":
        """The key in the file at ``path``."""
        data = files.read(
            path,
            _KEY_FILE_LIMIT,
            "authority key",
            "give the folder that `holdfast site init` made, or restore the key from its backup",
        )
        if not data.startswith(_HEADER):
            raise UsageProblem(
                f"{path} is no OpenSSH private key", "restore the authority's key from its backup"
            )
        try:
            private_key = load_ssh_private_key(data, passphrase.encode())
        except TypeError as error:
            raise UsageProblem(
                f"the authority's key at {path} is stored without a passphrase",
                f"give it the one that site.secret has: ssh-keygen -p -f {path}",
            ) from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise UsageProblem(
                f"the passphrase does not open {path}, or the file is damaged",
                "try the passphrase again; if it is right, restore the key from its backup",
            ) from error
        if not isinstance(private_key, Ed25519PrivateKey):
            raise UsageProblem(
                f"the key at {path} is no Ed25519 key", "give the folder of a Holdfast site"
            )
        return cls(private_key)


def check_passphrase(passphrase: str) -> None:
    """Refuse a passphrase that is no protection."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        length = f"has {len(passphrase)} characters" if passphrase else "is empty"
        raise UsageProblem(
            f"the passphrase {length}, and this key opens every door of the site",
            f"choose one of at least {SHORTEST_PASSPHRASE} characters",
        )
