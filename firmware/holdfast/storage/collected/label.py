"""What stands on a node's shelf beside its events: whose they are, of which chain, what is due."""

import cbor
from micropython import const
from untrusted import InvalidInput

from .. import files

_VERSION = const(1)
_MAX_BYTES = const(8192)
_ENTRIES = const(9)
_MAX_ITEMS = const(96)


class Earlier:
    """A chain that ended: its ``root`` (number, key), the record of the shelf ``since`` which its
    events stand there, the last event that the auditor has, ``acked``, and the node's
    ``certificate`` of then, or None.
    """

    def __init__(self, root, since: int, acked: int, certificate):
        self.root = root
        self.since = since
        self.acked = acked
        self.certificate = certificate


class Label:
    """Of the node ``name``, whose certificate speaks for ``doors``.

    ``root`` is (number, key) of its present chain, None before there is one, and ``since`` the
    shelf's record that its events begin with; ``earlier`` the chain before, if its numbers began
    anew since. ``urgent`` are events that came before their turn: code of the event before, raw
    record, and so on. ``certificate`` is the node's CWT and ``word`` the auditor's, both None
    while there is none.
    """

    def __init__(self, name: str, doors):
        self.name = name
        self.doors = tuple(doors)
        self.root: tuple | None = None
        self.since = 0
        self.earlier: Earlier | None = None
        self.urgent: tuple = ()
        self.certificate = None
        self.word = None

    def write(self, path: str):
        """Write it, whole or not at all. Raises OSError."""
        earlier = self.earlier
        entries = [
            _VERSION,
            self.name,
            list(self.doors),
            self.root,
            self.since,
            earlier and [earlier.root, earlier.since, earlier.acked + 1, earlier.certificate],
            list(self.urgent),
            self.certificate,
            self.word,
        ]
        files.write(path, cbor.encode(entries))


def read(path: str):
    """The Label in the file at ``path``, None if there is none. Raises OSError."""
    data = files.read(path, _MAX_BYTES)
    if data is None:
        return None
    try:
        items = cbor.decode(data, deterministic=True, max_depth=3, max_items=_MAX_ITEMS)
        if not isinstance(items, list) or len(items) != _ENTRIES or items[0] != _VERSION:
            return None
        label = Label(items[1], items[2])
        label.root = items[3] and tuple(items[3])
        label.since = items[4]
        if items[5]:
            root, since, acked, certificate = items[5]
            label.earlier = Earlier(tuple(root), since, acked - 1, certificate)
        label.urgent = tuple(items[6])
        label.certificate, label.word = items[7:]
        return label
    except (InvalidInput, TypeError, ValueError):
        return None
