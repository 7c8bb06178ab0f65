"""The certificates that came after those of the settings: a file for each of the device's keys.

Nothing of it is secret, and what is not signed by the authority is not believed: so they lie as
they came.
"""

from . import files

MAX_CERTIFICATE = 512  # bytes; what EDHOC takes as a credential

_NAMES = {0: "certificate", 2: "certificate_p256"}


class Certificates:
    """In ``directory``, which ``write`` makes if it is not there."""

    def __init__(self, directory: str):
        self._directory = directory

    def read(self, suite: int):
        """The one for the key of an EDHOC cipher suite, None if none ever came. Raises OSError."""
        return files.read(self._path(suite), MAX_CERTIFICATE)

    def write(self, suite, certificate: bytes):
        """Keep this one of a cipher suite in the place of that before, whole or not at all.

        Raises OSError.
        """
        files.make_directory(self._directory)
        files.write(self._path(suite), certificate)

    def _path(self, suite):
        return self._directory + "/" + _NAMES[suite]
