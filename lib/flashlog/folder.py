"""The directory: which segments are there, and writing that lasts."""

import errno
import os

from micropython import const

LAST = const(0x7FFFFFFF)  # no segment and no record has this number or a higher one

_SUFFIX = ".fl1"  # the 1 is the version of the format
_DIGITS = const(8)
_DIRECTORY = const(0x4000)


class Folder:
    """The segments in ``directory``, which is made if it is not there. All raise OSError.

    ``stays_open``: the file that was written to last, to go on in it without a walk to it.
    """

    def __init__(self, directory: str, stays_open: bool = False):
        self._directory = directory
        self._stays_open = stays_open
        self._file = None  # what may be gone on in,
        self._start = -1  # and the segment that it is
        try:
            os.mkdir(directory)
        except OSError as error:
            if error.errno != errno.EEXIST:
                raise

    def numbers(self) -> list:
        """First numbers of what has the name of a segment, in order."""
        numbers = []
        for name in self._names():
            digits = name[:_DIGITS]
            if len(name) != _DIGITS + len(_SUFFIX) or name[_DIGITS:] != _SUFFIX:
                continue
            try:
                number = int(digits, 16)
            except ValueError:
                continue
            if "%08x" % number == digits and 0 <= number < LAST:
                numbers.append(number)
        numbers.sort()
        return numbers

    def is_directory(self, start: int) -> bool:
        """Whether what has the name of segment ``start`` is a directory."""
        return bool(os.stat(self._path(start))[0] & _DIRECTORY)

    def open(self, start: int):
        """The file of segment ``start``, for reading."""
        return open(self._path(start), "rb")

    def close(self):
        """Give back the file that stayed open. Raises nothing: all of it was written."""
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError:
                pass

    def remove(self, start: int):
        """Remove segment ``start``."""
        if start == self._start:
            self.close()
        os.remove(self._path(start))
        self._sync()

    def write(self, start: int, offset: int, data: bytes):
        """Add ``data`` to segment ``start``, of ``offset`` bytes; 0: begin it.

        One write and one flush: littlefs then has all of it or nothing after a power cut. What
        failed is not gone on in: what it knows of the file may be wrong.
        """
        if start != self._start or not offset:
            self.close()
        file, self._file = self._file, None
        if file is None:
            file = open(self._path(start), "r+b" if offset else "wb")
        try:
            if offset and file.seek(0, 2) != offset:
                raise OSError(errno.EIO)  # not the file that was there
            if data:
                file.write(data)
            # What has a number of the system's is no littlefs's: it can be gone from its folder.
            stays_open = self._stays_open and not hasattr(file, "fileno")
            if stays_open or hasattr(os, "fsync"):
                file.flush()
                if hasattr(os, "fsync"):
                    os.fsync(file.fileno())
            if stays_open:
                self._file, self._start, file = file, start, None
        finally:
            if file is not None:
                file.close()
        if not offset or not hasattr(os, "fsync"):
            self._sync()

    def _sync(self):
        """Let the directory last. littlefs sees to it; elsewhere there is a call, or none."""
        if hasattr(os, "fsync"):
            folder = os.open(self._directory, 0)  # to read
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        elif hasattr(os, "sync"):
            os.sync()

    def _path(self, start: int) -> str:
        return "%s/%08x%s" % (self._directory, start, _SUFFIX)

    def _names(self) -> list:
        """Names in a directory. Raises OSError if they cannot all be read.

        A log that missed its last segment would write another over it, so what MicroPython's
        listing of a littlefs hides must show: after an error it goes on with an empty name, or the
        same once more, for ever if need be; and after a failed read littlefs may show an older
        state, once.
        """
        if not hasattr(os, "ilistdir"):
            return os.listdir(self._directory)
        before = None
        for _ in range(4):
            names = []
            for entry in os.ilistdir(self._directory):
                if not entry[0] or names and entry[0] == names[-1]:
                    raise OSError(errno.EIO)
                names.append(entry[0])
            if names == before:
                return names
            before = names
        raise OSError(errno.EIO)
