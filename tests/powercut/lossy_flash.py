"""A flash in RAM, under a real littlefs, whose power fails or which reports errors when told to.

MicroPython only. It behaves as NOR flash does: an erase makes ones, programming makes zeros of
them, so what is programmed twice without an erase is spoilt. Failures are returned as negative
error numbers, never raised: littlefs is C, and an exception that jumps over it leaves it in a
state that no driver written in C would.
"""

import vfs

from micropython import const

_EIO = const(5)

_INIT, _DEINIT, _SYNC, _COUNT, _SIZE, _ERASE = 1, 2, 3, 4, 5, 6


class LossyFlash:
    """``blocks`` blocks of ``block_size`` bytes, for VfsLfs2, mounted with ``mount``.

    An operation is a program or an erase, or, after ``fail(..., reads=True)``, a read too. They
    are counted from the last ``count_from_here``, ``cut`` or ``fail``.
    """

    def __init__(self, block_size: int = 4096, blocks: int = 64):
        self.block_size = block_size
        self.blocks = blocks
        self.content = bytearray(b"\xff" * (block_size * blocks))
        self.wear = [0] * blocks  # erases of each block
        self._erased = b"\xff" * block_size
        self.restore()
        self.count_from_here()

    # What fails, and when

    def count_from_here(self):
        """Set all counters but ``wear`` to nothing."""
        self.operations = 0  # programs and erases, and reads if they may fail
        self.programs = 0
        self.bytes_programmed = 0
        self.erases = 0
        self.reads = 0
        self.bytes_read = 0

    def restore(self):
        """The power is back, no error is due any more; what is on the flash stays."""
        self.is_dead = False
        self.has_struck = False  # the failure that was asked for has happened
        self._cut_at = 0
        self._tear = 0
        self._fail_at = 0
        self._for_ever = False
        self._reads_fail = False

    def cut(self, operation: int, tear: int):
        """Let the power fail in the ``operation``-th operation from here, counted from 1.

        Of that one, ``tear`` per cent are done. From then on nothing is read or written.
        """
        self.restore()
        self.count_from_here()
        self._cut_at, self._tear = operation, tear

    def fail(self, operation: int, for_ever: bool, reads: bool = False):
        """Let the ``operation``-th operation from here report an error and do nothing.

        ``for_ever``: and all that follow, until ``restore``. ``reads``: reads are operations too.
        """
        self.restore()
        self.count_from_here()
        self._fail_at, self._for_ever, self._reads_fail = operation, for_ever, reads

    def power_off(self):
        """Nothing is read or written until ``restore``."""
        self.is_dead = True

    # What littlefs calls

    def readblocks(self, block, buffer, offset=0):
        self.reads += 1
        self.bytes_read += len(buffer)
        if self.is_dead or self._reads_fail and self._fails():
            return -_EIO
        begin = block * self.block_size + offset
        buffer[:] = memoryview(self.content)[begin : begin + len(buffer)]
        return 0

    def writeblocks(self, block, buffer, offset=0):
        length = len(buffer)
        self.programs += 1
        self.bytes_programmed += length
        length = self._survives(length)
        if length:
            self._program(block * self.block_size + offset, memoryview(buffer)[:length])
        return -_EIO if length < len(buffer) or self.is_dead else 0

    def ioctl(self, operation, argument):
        if operation == _COUNT:
            return self.blocks
        if operation == _SIZE:
            return self.block_size
        if operation == _ERASE:
            self.erases += 1
            self.wear[argument] += 1
            length = self._survives(self.block_size)
            begin = argument * self.block_size
            self.content[begin : begin + length] = memoryview(self._erased)[:length]
            return -_EIO if length < self.block_size or self.is_dead else 0
        return 0

    def _fails(self):
        self.operations += 1
        due = self._fail_at and (
            self.operations == self._fail_at or self._for_ever and self.operations > self._fail_at
        )
        self.has_struck = bool(self.has_struck or due)
        return due

    def _survives(self, length):
        """How many bytes of an operation on ``length`` bytes are done."""
        if self.is_dead or self._fails():
            return 0
        if self.operations == self._cut_at:
            self.is_dead = self.has_struck = True
            return length * self._tear // 100
        return length

    def _program(self, begin, data):
        there = memoryview(self.content)[begin : begin + len(data)]
        if there == memoryview(self._erased)[: len(data)]:
            there[:] = data
            return
        both = int.from_bytes(there, "little") & int.from_bytes(data, "little")
        there[:] = both.to_bytes(len(data), "little")


def mount(flash: LossyFlash, root: str):
    """Mount the littlefs on ``flash`` at ``root``. Raises OSError if it is not one."""
    vfs.mount(vfs.VfsLfs2(flash), root)


def unmount(root: str):
    """Unmount, whatever state the file system is in."""
    vfs.umount(root)


def formatted(block_size: int = 4096, blocks: int = 64) -> LossyFlash:
    """A flash with an empty littlefs on it."""
    flash = LossyFlash(block_size, blocks)
    vfs.VfsLfs2.mkfs(flash)
    return flash
