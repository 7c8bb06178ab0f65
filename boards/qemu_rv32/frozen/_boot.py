"""Mounts the board's flash, as an ESP32's _boot.py does; an empty one is formatted first."""

import sys

import vfs
from qemu_rv32 import Flash


def _mount(flash):
    try:
        vfs.mount(vfs.VfsLfs2(flash), "/")
    except OSError:
        vfs.VfsLfs2.mkfs(flash)
        vfs.mount(vfs.VfsLfs2(flash), "/")


_mount(Flash())
sys.path.append("/lib")
