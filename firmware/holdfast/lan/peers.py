"""The other nodes of the site that this one knows: each proven, and where it last was so."""

from micropython import const
from oscore.table import kid_of

from ..access.credential import Credential
from ..access.tag import name_tag

MOST = const(64)
_DOUBTFUL = const(2)  # questions without an answer, after which it may be elsewhere
_GONE = const(8)  # and after which it is not known any more


class Known:
    """One of them: its ``address``, and its credential, ``packed``."""

    def __init__(self):
        self.packed = b""
        self.address = None
        self.fails = 0

    @property
    def credential(self):
        """The access.Credential that it has proven."""
        return Credential.over(self.packed)

    @property
    def is_doubtful(self) -> bool:
        """Whether it has not answered lately."""
        return self.fails >= _DOUBTFUL


class Peers:
    """At most 64 nodes by their tags, the longest unheard gives way to another; never the one
    whose tag is ``kept``. Only readers and controllers are any: who carries has no policy.
    """

    def __init__(self, kept=None):
        self.by_tag = {}
        self._kept = kept
        self._order = []  # of the tags, the longest unheard first

    def proven(self, credential, address) -> bool:
        """Whoever ``credential`` speaks of has proven at ``address`` that it is that device.

        Says whether it is one to be known.
        """
        if not credential.decides:
            return False
        tag = name_tag(credential.device)
        known = self.by_tag.get(tag)
        if known is None:
            if len(self.by_tag) >= MOST:
                self._drop(self._longest_unheard())
            known = self.by_tag[tag] = Known()
        else:
            self._order.remove(tag)
        self._order.append(tag)
        if known.address != address:
            known.address = address
        known.fails = 0
        packed = credential.packed()
        if known.packed != packed:
            known.packed = packed
        return True

    def failed(self, tag: bytes):
        """It has not answered. Who never does is forgotten in the end, but for the one that is
        ``kept``: that is asked where it was until it is there again, or elsewhere.
        """
        known = self.by_tag.get(tag)
        if known is not None:
            known.fails += 1
            if known.fails >= _GONE and tag != self._kept:
                self._drop(tag)

    def forget(self, is_void):
        """Nobody knows those of whose credential ``is_void(credential)`` is true."""
        for tag in list(self._order):
            if is_void(self.by_tag[tag].credential):
                self._drop(tag)

    def at(self, addresses) -> list:
        """The tags of those that last proved themselves at one of ``addresses``."""
        return [tag for tag, known in self.by_tag.items() if known.address in addresses]

    def is_at(self, address) -> bool:
        """Whether somebody who answers is known to be at ``address``."""
        for known in self.by_tag.values():
            if known.address == address and not known.is_doubtful:
                return True
        return False

    def _longest_unheard(self):
        return self._order[1 if self._order[0] == self._kept else 0]

    def _drop(self, tag):
        self._order.remove(tag)
        del self.by_tag[tag]


def name_of(contexts, tag: bytes):
    """The id of the device with this ``tag`` that there is a context with, or None."""
    for number in contexts.order:
        association = contexts.find(kid_of(number))
        if association is not None:
            name = association.credential.device
            if name is not None and name_tag(name) == tag:
                return name
    return None
