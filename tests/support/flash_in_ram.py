"""A flash in RAM under a real littlefs, as small as a test wants it. MicroPython only."""

import os

import vfs


class Flash:
    """``blocks`` blocks of 4096 bytes, formatted."""

    SIZE = 4096

    def __init__(self, blocks):
        self.blocks = blocks
        self._content = bytearray(b"\xff" * (blocks * self.SIZE))
        vfs.VfsLfs2.mkfs(self)

    def readblocks(self, block, buffer, offset=0):
        begin = block * self.SIZE + offset
        buffer[:] = memoryview(self._content)[begin : begin + len(buffer)]
        return 0

    def writeblocks(self, block, buffer, offset=0):
        begin = block * self.SIZE + offset
        self._content[begin : begin + len(buffer)] = buffer
        return 0

    def ioctl(self, operation, argument):
        if operation == 4:
            return self.blocks
        if operation == 5:
            return self.SIZE
        if operation == 6:
            begin = argument * self.SIZE
            self._content[begin : begin + self.SIZE] = b"\xff" * self.SIZE
        return 0


class mounted:
    """``with mounted(flash, root)``: what is there under ``root``."""

    def __init__(self, flash, root):
        self._flash = flash
        self._root = root

    def __enter__(self):
        vfs.mount(vfs.VfsLfs2(self._flash), self._root)
        return self._flash

    def __exit__(self, *_):
        vfs.umount(self._root)


def free(root):
    """Blocks that nobody has. Littlefs may count some twice, and then comes to less than none."""
    blocks = os.statvfs(root)[3]
    return blocks if blocks < 1 << 31 else 0


def fill(root, name="others"):
    """Somebody else takes all there is, in one file that grows and in many small ones."""
    piece = b"\x5a" * 512
    try:
        with open(root + "/" + name, "wb") as file:
            for _ in range(8 * free(root)):
                file.write(piece)
                file.flush()
    except OSError:
        pass  # what was flushed stays
    count = 0
    while count < 2000:
        try:
            with open("%s/%s%d" % (root, name, count), "wb") as file:
                file.write(piece)
        except OSError:
            return
        count += 1
    raise AssertionError("the flash does not fill")
