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
    Errors are returned as negative numbers: littlefs is C, and an exception that jumps over it
    leaves it in a state that no driver in C would.
    """

    def __init__(self, path: str, console):
        self._file = open(path, "r+b")
        self._console = console
        self._writes_left = None
        self._erased = b"\xff" * _BLOCK

    def cut_power(self, writes: int):
        """Let ``writes`` more blocks be programmed or erased, and tear the one after them."""
        self._writes_left = writes

    def readblocks(self, block: int, buffer, offset: int = 0):
        """Fill ``buffer`` from ``offset`` in ``block``."""
        try:
            self._file.seek(block * _BLOCK + offset)
            return 0 if self._file.readinto(buffer) == len(buffer) else -errno.EIO
        except OSError:
            return -errno.EIO

    def writeblocks(self, block: int, buffer, offset: int = 0):
        """Program ``buffer`` at ``offset`` in ``block``, which was erased before."""
        return self._write(block * _BLOCK + offset, buffer)

    def ioctl(self, operation: int, argument: int):
        """What VfsLfs2 asks of a block device."""
        if operation == _IOCTL_BLOCK_COUNT:
            return _BLOCKS
        if operation == _IOCTL_BLOCK_SIZE:
            return _BLOCK
        if operation == _IOCTL_ERASE:
            return self._write(argument * _BLOCK, self._erased)
        return 0

    def _write(self, at, data):
        try:
            self._file.seek(at)
            if self._power_fails():
                self._file.write(memoryview(data)[: len(data) // 2])
                self._die()
            self._file.write(data)
        except OSError:
            return -errno.EIO
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
    size = _size(path)
    if size is None:
        _make(path, console)
    elif size != _BLOCKS * _BLOCK:
        # littlefs would notice when it misses the block.
        raise OSError("flash.img has %d bytes, not %d" % (size, _BLOCKS * _BLOCK))
    image = Image(path, console)
    vfs.mount(vfs.VfsLfs2(image), MOUNT_POINT)  # pyright: ignore[reportArgumentType]
    return image


def unmount():
    """Let go of the image that is mounted."""
    vfs.umount(MOUNT_POINT)


def _make(path, console):
    fresh = path + ".new"
    blank = b"\xff" * _BLOCK
    with open(fresh, "wb") as file:
        for _ in range(_BLOCKS):
            file.write(blank)
    vfs.VfsLfs2.mkfs(Image(fresh, console))  # pyright: ignore[reportArgumentType]
    os.rename(fresh, path)


def _size(path):
    """Size of a file in bytes; None if there is none."""
    try:
        return os.stat(path)[6]
    except OSError as error:
        if error.errno == errno.ENOENT:
            return None
        raise
