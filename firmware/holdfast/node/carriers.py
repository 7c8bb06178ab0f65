"""The carriers of a node's doors: who they are, what they may bring, and what came of it."""

import crypto
from micropython import const
from untrusted import InvalidInput

from ..access import reason
from ..access.carriers import NEW, REPEATED, TWO, Bucket, Life, Numbers, links_bucket
from ..access.carry import CARD, GONE, LINK, LOOK, MORE, PIN, TAMPER, Answer
from ..access.decide import may
from ..access.events.event import CARRIER_TAMPER, TWO_CARRIERS
from ..access.policy.rules import CARRIER_ENTRY
from ..access.request import CARRY
from ..access.tag import NAME_TAG, name_tag
from ..door.side import Side
from ..link.carried import CarriedLinks

_MOST = const(32)  # carriers, as many as a policy names
_CONNECTIONS = const(16)  # of phones by all carriers, one more for each that has none
_FIRST = const(1000000)  # the numbers of connections by carriers are apart


class Carriers:
    """All that carry for a door of ``node``, by the policy in force.

    ``limits`` are those of the links of each. ``node`` has ``arriving()``, ``ended(fields)`` and
    ``left()`` for all of them, as of a Listener.
    """

    def __init__(self, node, limits):
        self._node = node
        self._limits = limits
        self._known = {}  # device's name: _Carrier
        self._tampered = None  # tags of those that were, once read
        self._count = 0

    @property
    def is_idle(self) -> bool:
        """Whether no phone is there by any of them."""
        return all([carrier.links.is_idle for carrier in self._known.values()])

    def side_of(self, credential) -> tuple:
        """``(DoorUnit, way, 0)`` for which the policy lets the device carry, else ``(None, 0, the
        exact reason code)``.
        """
        why = reason.ACTION_NOT_ALLOWED
        for unit in self._node.doors.values():
            view = unit.access_point.moment()[0]
            way = view.way_of(credential.device)
            if way:
                why = may(credential, CARRY, view, self._node.timekeeper.read())
                return (None, 0, why) if why else (unit, way, 0)
        return None, 0, why

    async def heard(self, credential, said, payload):
        """The Answer to what a carrier ``said`` in ``payload``; None if it is not of now."""
        unit, way, _ = self.side_of(credential)
        name = credential.device
        carrier = self._carrier(name)
        before = carrier.life.instance
        heard = carrier.life.heard(said.instance, said.number, crypto.sha256(payload))
        if before is not None and before != carrier.life.instance:
            carrier.links.close()
        if heard == TWO:
            self._note_two(carrier, unit)
        if heard not in (NEW, REPEATED):
            return None
        # A side of its own for each of its phones; this one is the carrier's.
        side = carrier.side
        if side is None or side.unit is not unit or side.way != way:
            carrier.links.close()
            side = carrier.side = Side(unit, way, name, self._node.hardware.console)
        if said.kind == LINK:
            told, of = await carrier.links.take(*said.rest)
            shown, ms = (of or side).shown(told[3] & MORE and not told[2])
            return Answer(shown, ms, told)
        if said.kind == GONE:
            carrier.links.gone(said.rest[0])
        elif said.kind in (CARD, PIN, TAMPER):
            # Whoever says it again has had no answer, and means no other card.
            if heard == NEW:
                carrier.answer = self._done(carrier, side, said)
            if carrier.answer is not None:
                return carrier.answer
        door = self._advertised(unit) if said.kind == LOOK else None
        return Answer(*side.shown(), door=door)

    def clear(self, name: str, by: str) -> bool:
        """The carrier was looked after, as ``by`` says; False if there was nothing to clear.

        Raises OSError: then it is as it was.
        """
        tags = self._tags()
        tag = name_tag(name)
        if tags is not None and tag not in tags:
            return False
        # Of a list that nobody can read all are tampered with: of the one that is written in its
        # place all that carry still are, but this one.
        kept = [one for one in self._of_policy() if one != tag] if tags is None else list(tags)
        if tag in kept:
            kept.remove(tag)
        self._node.stores.tampered().write(kept)
        self._tampered = kept
        self._node.recorder.note(CARRIER_TAMPER, {"by": by, "detail": name, "on": False})
        return True

    # One of them

    def _advertised(self, unit):
        from ..access.advert import door_tag  # a node without a radio has no other use for it

        return door_tag(self._node.settings.site, unit.name)

    def _done(self, carrier, side, said):
        uptime = self._node.timekeeper.uptime()
        if said.kind == TAMPER:
            if said.rest[0]:
                self._note_tamper(carrier.name, side.unit)
            return None
        shown = {"shown": "card" if said.kind == CARD else "pin"}
        why = 0
        if self._is_tampered(carrier.name):
            why = reason.CARRIER_TAMPERED
        elif carrier.numbers.is_over(uptime):
            why = reason.CARRIER_LIMIT
        if why:
            side.refuse(why, None, shown)
            return Answer(*side.shown())
        reader = side.unit.card_reader
        decision = side.show(reader.card if said.kind == CARD else reader.pin, said.rest[0])
        # A card whose PIN is to follow is a right one, and so counts as none that was guessed; of
        # a PIN alone nobody may see which it is.
        waits = said.kind == CARD and decision and decision.reason == reason.SECOND_NEEDED
        if decision is not None and not (decision.granted or waits):
            carrier.numbers.wrong(uptime)
        return Answer(*side.unit.doorway.shown)

    def _is_tampered(self, name):
        tags = self._tags()
        return tags is None or name_tag(name) in tags

    def _tags(self):
        """None while nobody can read them: then all are."""
        if self._tampered is None:
            try:
                self._tampered = self._node.stores.tampered().read()
            except (InvalidInput, OSError) as error:
                self._node.stores.fault("tampered", error)
        return self._tampered

    def _note_tamper(self, name, unit):
        tags = self._tags()
        tag = name_tag(name)
        if tags is None or tag in tags:
            return
        # In force before it is kept: flash that fails must not be a way in.
        self._tampered = tags + [tag]
        try:
            self._node.stores.tampered().write(self._tampered)
        except OSError as error:
            self._node.stores.fault("tampered", error)
        said = {"door": unit.name, "by": name, "on": True}
        self._node.recorder.note(CARRIER_TAMPER, said)

    def _note_two(self, carrier, unit):
        uptime = self._node.timekeeper.uptime()
        if not carrier.doubles.is_empty(uptime):
            carrier.doubles.take(uptime)
            said = {"door": unit.name, "by": carrier.name}
            self._node.recorder.note(TWO_CARRIERS, said)

    def _of_policy(self):
        carriers = self._node.stores.rules.carriers
        places = range(0, len(carriers), CARRIER_ENTRY)
        return [carriers[at : at + NAME_TAG] for at in places]

    def _carrier(self, name):
        carrier = self._known.get(name)
        if carrier is None:
            if len(self._known) >= _MOST:
                self._forget_one()
            self._count += 1
            carrier = self._known[name] = _Carrier(name)
            carrier.links = CarriedLinks(
                self._node.exchanger,
                self._limits,
                self._node.hardware.ticks,
                self._node,
                lambda: self._side_again(carrier),
                lambda: self._may_begin(carrier),
                self._count * _FIRST,
            )
        return carrier

    def _side_again(self, carrier):
        side: Side = carrier.side
        return Side(side.unit, side.way, side.carrier, self._node.hardware.console)

    def _may_begin(self, carrier):
        uptime = self._node.timekeeper.uptime()
        count = sum([other.links.count for other in self._known.values()])
        is_full = count >= _CONNECTIONS and carrier.links.count
        if is_full or carrier.begun.is_empty(uptime):
            return False
        carrier.begun.take(uptime)
        return True

    def _forget_one(self):
        # The policy has others in its place.
        tags = self._of_policy()
        for name in list(self._known):
            if name_tag(name) not in tags:
                self._known.pop(name).links.close()
                return


class _Carrier:
    links: CarriedLinks

    def __init__(self, name):
        self.name = name
        self.side: Side | None = None
        self.answer: Answer | None = None  # to the last that must not be done twice
        self.life = Life()
        self.numbers = Numbers()
        self.begun = links_bucket()
        self.doubles = Bucket(4, 3600)
