"""The board's own private keys: made here, kept here, never sent anywhere."""

from crypto.strict import p256_private_acceptable
from untrusted import InvalidInput

from . import files

_KEY_LENGTH = 32


class KeyStoreError(InvalidInput):
    """A stored key is not a key."""


class KeyStore:
    """Keeps the private keys in ``directory``, 32 bytes each.

    ``device.key`` is for X25519 and seals what the board remembers; ``device_p256.key`` is for
    P-256, big-endian. Each is made at the first call ever for it. Raises KeyStoreError if a file
    holds anything else: a silent new key would turn a provisioned board into a stranger. Raises
    OSError if the storage fails.
    """

    def __init__(self, directory: str, random_bytes):
        self._directory = directory
        self._random_bytes = random_bytes

    def private_key(self) -> bytes:
        """The X25519 key."""
        return self._key("device.key", _is_x25519)

    def p256_private_key(self) -> bytes:
        """The P-256 key."""
        return self._key("device_p256.key", _is_p256)

    def _key(self, name, is_key):
        path = self._directory + "/" + name
        key = files.read(path, _KEY_LENGTH)
        if key is None:
            key = self._random_bytes(_KEY_LENGTH)
            if not is_key(key):  # of P-256 one in 2^32 is none
                key = self._random_bytes(_KEY_LENGTH)
            if is_key(key):
                files.write(path, key)
        if not is_key(key):
            raise KeyStoreError("%s is not a key of %d bytes" % (name, _KEY_LENGTH))
        return key


def _is_x25519(key):
    # All the same is what an erased or a worn-out block reads as.
    return len(key) == _KEY_LENGTH and len(set(key)) > 1


def _is_p256(key):
    return _is_x25519(key) and p256_private_acceptable(key)
