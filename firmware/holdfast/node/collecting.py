"""A collector's part of a node: whose events it takes, who gets them, what is carried back.

Loaded by a controller alone.
"""

from micropython import const
from untrusted import InvalidInput

from ..access.decide import is_void, may
from ..access.events import acknowledgement
from ..access.events import batch as batches
from ..access.events.event import ACKNOWLEDGEMENT_REFUSED, COPIES_LOST
from ..access.policy.view import DoorView
from ..access.request import CARRY_EVENTS
from ..access.tag import name_tag
from ..storage.collected.shelf import SHARE
from ..storage.collected.shelves import Shelves
from ..sync import uplink
from ..sync.collector import Collector

_SAID = const(3)  # times that a word is given to a node that does not heed it

# Batches that one node may have written at once, and then one in so many seconds: who has a
# certificate has a share of the flash, and must not wear out all of it.
_AT_ONCE = const(1024)
_EVERY_S = const(10)


class Collecting:
    """That of ``node``, in ``directory``; of each node at most ``share`` bytes are kept."""

    def __init__(self, node, directory: str, share: int = SHARE):
        self._node = node
        self.shelves = Shelves(directory)
        self._collector = Collector(self.shelves.of, share, self._tell_lost, self._tell_urgent)
        self._written = {}  # tag: (batches, uptime)
        self._said = {}  # tag: how often its word was given to it

    def is_welcome(self, credential) -> bool:
        """Whether it is a device's, which neither ended nor was taken back."""
        node = self._node
        clock = node.timekeeper.read()
        return bool(credential.role) and not is_void(credential, node.stores, clock)

    def take(self, credential, payload: bytes) -> bytes:
        """What the answer says to a batch of a device's own events (uplink.answer).

        Raises InvalidInput, whose text says what is wrong with it, and OSError: then nothing was
        taken that is not kept, and the same may come again.
        """
        tag = name_tag(credential.device)
        self._count(tag)
        doors = [name for _, name, _ in credential.scope]
        try:
            shelf = self.shelves.made_for(credential.device, doors)
            certificate = self._certificate(credential, payload, shelf)
            # First: it goes with the chain that it stands on the shelf with.
            answer = self._collector.take(tag, payload)
            shelf.introduce(doors, certificate)
            word = self._word(tag, shelf)
        except OSError as error:
            self.shelves.forget_open(tag)
            self._node.stores.fault("collected", error)
            raise
        self._node.stores.fault("collected", None)
        return answer if word is None else uplink.answer(shelf.last[0], shelf.last[1], word)

    def may(self, credential, shelf) -> int:
        """The exact reason code why ``credential`` may not carry the events of that shelf, 0 for
        yes: who may at all of its node's doors, wherever those are decided.
        """
        node = self._node
        if not shelf.doors:
            return node.may(credential, CARRY_EVENTS)
        clock, rules = node.timekeeper.read(), node.stores.rules
        for door in shelf.doors:
            refusal = may(credential, CARRY_EVENTS, DoorView(rules, door), clock)
            if refusal:
                return refusal
        return 0

    def leave_word(self, shelf, word: bytes, credential):
        """The bearer of ``credential`` brings the auditor's word for that shelf's node.

        Whether it is genuine only the node can tell. Raises InvalidInput if it is none, or of
        another log, and OSError.
        """
        try:
            root, number, _ = acknowledgement.claimed(word)
            if shelf.root is None or root != shelf.root[1]:
                raise InvalidInput("an acknowledgement of another log")
        except InvalidInput as error:
            said = {"by": credential.name, "detail": str(error)}
            self._node.recorder.note(ACKNOWLEDGEMENT_REFUSED, said, anybody=True)
            raise
        if number > shelf.acked:
            shelf.put_word(bytes(word))
            self._said.pop(name_tag(shelf.name), None)

    def _count(self, tag):
        now = self._node.timekeeper.uptime()
        count, since = self._written.get(tag, (0, now))
        gone = (now - since) // _EVERY_S
        if count >= _AT_ONCE + gone:
            raise OSError("too many batches at once")
        count = max(0, count - gone)
        self._written[tag] = (count + 1, since + gone * _EVERY_S)

    def _certificate(self, credential, payload, shelf):
        """The certificate that came along, if it is a new one; it must be the poster's own."""
        found = batches.decode(payload)
        raw = found[0].certificate if found else None
        if raw is None or raw == shelf.certificate:
            return None
        device = self._node.trust.authenticate_device(raw)
        if device.name != credential.device or device.key.x != credential.public_key:
            raise InvalidInput("the certificate of another device")
        return raw

    def _word(self, tag, shelf):
        """The auditor's word that the poster has not heeded yet, or None."""
        word = shelf.word
        if word is None:
            return None
        count = self._said.get(tag, 0)
        if acknowledgement.claimed(word)[1] <= shelf.acked or count >= _SAID:
            shelf.put_word(None)
            self._said.pop(tag, None)
            return None
        self._said[tag] = count + 1
        return word

    def _tell_lost(self, tag, number, count):
        said = {"by": self.shelves.of(tag).name, "count": count}
        if number >= 0:
            said["last"] = number
        # Before they go: what nobody knows to be lost must not be.
        self._node.recorder.require(COPIES_LOST, said)

    def _tell_urgent(self, tag, before, raw):
        shelf = self.shelves.of(tag)
        shelf.hear_urgent(before, raw)
        self._node.hardware.console.line({"event": "urgent", "node": shelf.name})
