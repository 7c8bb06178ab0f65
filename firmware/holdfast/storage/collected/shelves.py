"""All shelves of a collector: a folder a node, so many nodes and no more."""

from micropython import const

from ...access.tag import name_tag
from .. import files
from ..places import remove
from . import label as labels
from .shelf import Shelf

NODES = const(32)

_OPEN = const(4)  # of them at a time
_NO_SPACE = const(28)


class Shelves:
    """In ``directory``, at most ``nodes`` of them. Methods raise OSError."""

    def __init__(self, directory: str, nodes: int = NODES):
        self._directory = directory
        self._nodes = nodes
        self._open = []  # (tag, Shelf), the longest unused first

    def of(self, tag: bytes) -> Shelf:
        """The shelf of the node with this tag, which must be there."""
        if tag.hex() not in self._names():
            raise OSError(2)
        return self._opened(tag)

    def named(self, name: str):
        """The shelf of the node of this name, None if it has none."""
        tag = name_tag(name)
        if tag.hex() not in self._names():
            return None
        shelf = self.of(tag)
        return shelf if shelf.name == name else None

    def made_for(self, name: str, doors) -> Shelf:
        """The shelf of a node that has proven to be this; made if it has none. OSError, ENOSPC:
        there is no room for one more node.
        """
        tag = name_tag(name)
        if tag.hex() in self._names():
            shelf = self._opened(tag, name, doors)
            if shelf.name == name:
                return shelf
            raise OSError(_NO_SPACE)  # another one of its tag: one in 2^48
        if len(self._names()) >= self._nodes and not self._make_room():
            raise OSError(_NO_SPACE)
        files.make_directory(self._directory)
        return self._opened(tag, name, doors)

    def forget_open(self, tag: bytes):
        """Flash failed in the middle of something: read that shelf anew, if it is asked for."""
        self._open = [entry for entry in self._open if entry[0] != tag]

    def names(self) -> list:
        """Names of all nodes that have one, in the order of their tags."""
        found = []
        for folder in sorted(self._names()):
            label = labels.read(self._directory + "/" + folder + "/label")
            if label is not None and label.name:
                found.append(label.name)
        return found

    def _opened(self, tag, name=None, doors=()):
        for entry in self._open:
            if entry[0] == tag:
                self._open.remove(entry)
                self._open.append(entry)
                return entry[1]
        shelf = Shelf(self._directory + "/" + tag.hex(), name, doors)
        if len(self._open) >= _OPEN:
            self._open.pop(0)
        self._open.append((tag, shelf))
        return shelf

    def _names(self):
        try:
            return files.names(self._directory)
        except OSError as error:
            if error.errno == 2:
                return []
            raise

    def _make_room(self) -> bool:
        """Let one go of which the auditor has all."""
        for folder in sorted(self._names()):
            tag = bytes.fromhex(folder)
            if self.of(tag).is_home:
                self.forget_open(tag)
                remove(self._directory + "/" + folder)
                return True
        return False
