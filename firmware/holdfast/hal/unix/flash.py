"""A board's flash as a file: LittleFS, the filesystem of the boards, on an image of its blocks.

Its power can be made to fail in the middle of a write, which a machine's own files cannot.
"""

import errno
import os
import time

import vfs

from micropython import const

MOUNT_POINT = "/flash"

_BLOCK = const(4096)  # what a flash chip erases at once
_BLOCKS = const(512)  # 2 MB, as on the smallest board's data partition

_IOCTL_BLOCK_COUNT = const(4)
_IOCTL_BLOCK_SIZE = const(5)
_IOCTL_ERASE = const(6)


class Image:
    """The blocks in the file at ``path``, as ``vfs.VfsLfs2`` wants them.

    Until the power is cut: then the write that is under way is torn, and nothing comes after it.
    """

    def __init__(self, path: str, console):
        self._file = open(path, "r+b")
        self._console = console
        self._writes_left = None

    def cut_power(self, writes: int):
        """Let ``writes`` more blocks be programmed or erased, and tear the one after them."""
        self._writes_left = writes

    def readblocks(self, block: int, buffer, offset: int = 0):
        """Fill ``buffer`` from ``offset`` in ``block``."""
        self._file.seek(block * _BLOCK + offset)
        if self._file.readinto(buffer) != len(buffer):
            raise OSError(errno.EIO)

    def writeblocks(self, block: int, buffer, offset: int = 0):
        """Program ``buffer`` at ``offset`` in ``block``, which was erased before."""
        self._file.seek(block * _BLOCK + offset)
        if self._power_fails():
            self._file.write(memoryview(buffer)[: len(buffer) // 2])
            self._die()
        self._file.write(buffer)

    def ioctl(self, operation: int, argument: int):
        """What VfsLfs2 asks of a block device."""
        if operation == _IOCTL_BLOCK_COUNT:
            return _BLOCKS
        if operation == _IOCTL_BLOCK_SIZE:
            return _BLOCK
        if operation == _IOCTL_ERASE:
            self._file.seek(argument * _BLOCK)
            if self._power_fails():
                self._file.write(b"\xff" * (_BLOCK // 2))
                self._die()
            self._file.write(b"\xff" * _BLOCK)
        return 0

    def _power_fails(self) -> bool:
        if self._writes_left is None:
            return False
        self._writes_left -= 1
        return self._writes_left < 0

    def _die(self):
        self._console.line({"hal": "power", "on": False})
        while True:  # a board without power does nothing, not even end in order
            time.sleep(1)


def mount(path: str, console) -> Image:
    """Mount the image at ``path`` on MOUNT_POINT, made and formatted at the first call ever.

    Raises OSError if what is there cannot be mounted: it is never formatted anew.
    """
    if not _exists(path):
        _make(path, console)
    image = Image(path, console)
    vfs.mount(vfs.VfsLfs2(image), MOUNT_POINT)  # pyright: ignore[reportArgumentType]
    return image


def _make(path, console):
    fresh = path + ".new"
    blank = b"\xff" * _BLOCK
    with open(fresh, "wb") as file:
        for _ in range(_BLOCKS):
            file.write(blank)
    vfs.VfsLfs2.mkfs(Image(fresh, console))  # pyright: ignore[reportArgumentType]
    os.rename(fresh, path)


def _exists(path) -> bool:
    try:
        os.stat(path)
    except OSError as error:
        if error.errno == errno.ENOENT:
            return False
        raise
    return True
