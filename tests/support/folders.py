"""Folders for tests, on both interpreters: new ones, copies, and none left behind."""

import os

from harness import new_folder


class Folder:
    """A new folder, by its path, that goes away with what is in it."""

    def __enter__(self):
        self._path = new_folder()
        return self._path

    def __exit__(self, *_):
        remove(self._path)


def remove(path):
    """A folder and all in it."""
    for name in os.listdir(path):
        inner = path + "/" + name
        if os.stat(inner)[0] & 0x4000:
            remove(inner)
        else:
            os.remove(inner)
    os.rmdir(path)


def copy(path, to):
    """All files of a folder, as somebody who dumps a board gets them."""
    os.mkdir(to)
    for name in os.listdir(path):
        if os.stat(path + "/" + name)[0] & 0x4000:
            copy(path + "/" + name, to + "/" + name)
        else:
            with open(path + "/" + name, "rb") as file:
                data = file.read()
            with open(to + "/" + name, "wb") as file:
                file.write(data)
