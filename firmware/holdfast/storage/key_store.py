"""The board's own private key: made here, kept here, never sent anywhere."""

from untrusted import InvalidInput

from . import files

_KEY_LENGTH = 32


class KeyStoreError(InvalidInput):
    """The stored key is not a key."""


class KeyStore:
    """Keeps ``device.key``, 32 bytes of X25519 private key, in ``directory``."""

    def __init__(self, directory: str, random_bytes):
        self._path = directory + "/device.key"
        self._random_bytes = random_bytes

    def private_key(self) -> bytes:
        """The device's private key, made at the first call ever.

        Raises KeyStoreError if the file holds anything else: a silent new key would turn a
        provisioned board into a stranger. Raises OSError if the storage fails.
        """
        key = files.read(self._path, _KEY_LENGTH)
        if key is None:
            key = self._random_bytes(_KEY_LENGTH)
            files.write(self._path, key)
        # All the same is what an erased or a worn-out block reads as.
        if len(key) != _KEY_LENGTH or len(set(key)) == 1:
            raise KeyStoreError("device.key is not a key of %d bytes" % _KEY_LENGTH)
        return key
