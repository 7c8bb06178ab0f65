"""The reader's main.py, whose process is killed in its N-th change of a file: MORTAL_AT says N.

A block of its flash is half written by then; a file beside it, or a name, is not changed yet.
"""

import os
import sys

from holdfast.hal.unix.flash import Image
from holdfast.roles import unix_reader
from holdfast.storage import factory_reset, files, keys, last_run, places, settings

_CHANGES = ("remove", "rename", "mkdir", "rmdir")

left = int(os.getenv("MORTAL_AT") or "0")
genuine = Image._write
genuine_open = open


def is_last():
    global left
    left -= 1
    return left == 0


def die():
    os.system("kill -9 $PPID")  # a shell of its own, whose parent is this process


def write(self, at, data):
    if is_last():
        genuine(self, at, memoryview(data)[: len(data) // 2])
        die()
    return genuine(self, at, data)


def opened(path, mode="r"):
    if mode[0] == "w" and is_last():
        die()
    return genuine_open(path, mode)


class MortalOs:
    """`os`, for those who change files."""

    def __getattr__(self, name):
        if name in _CHANGES and is_last():
            die()
        return getattr(os, name)


Image._write = write
for module in (factory_reset, files, keys, last_run, places, settings):
    if hasattr(module, "os"):
        module.os = MortalOs()
files.open = opened
sys.exit(unix_reader.main(sys.argv[1:]))
