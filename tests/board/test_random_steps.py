"""Whatever people do at a door, in any order, in the heap that a board has for it.

Crowds (crowd.py) come in an order of their own. What a refusal, a card, a policy or a power cut
leaves behind may be met by the next visitor only after another one has come between.
"""

import os
import random
from collections import Counter

import pytest

import crypto
import small_site as site
from board.bench_unlock import is_frozen_of_today
from board.crowd import brings, faults
from board.door import Door, Firmware, phone
from board.qemu_board import JOINED, missing
from holdfast.access.policy import changeset as changesets
from holdfast.access.policy import operations as ops
from holdfast.access.request import CARD
from holdfast.access.tag import card_key
from holdfast_host.phone.unlock import Wish

if missing():
    pytest.skip(missing(), allow_module_level=True)
if not is_frozen_of_today(JOINED):
    pytest.skip("no image of today: run `make rv32-joined`", allow_module_level=True)

_HEAP = int(os.environ.get("HOLDFAST_STEPS_HEAP", 96 * 1024))
_IS_TORTURE = os.environ.get("HOLDFAST_TORTURE") == "1"
_STEPS = int(os.environ.get("HOLDFAST_STEPS", 20000 if _IS_TORTURE else 500))
_LOOK_EVERY = 10
_NOISE = 2048  # bytes: what the collector takes for a pointer, and how full the policy's log is
_REMEMBERED = 20
_REGULARS = 18
_KINDS = ("warm", "cold", "no_intent", "wrong_door", "card", "policy", "restart")
_KNOWN_CARD = b"\x04\xa1\xb2\xc3"
_UNKNOWN_CARD = b"\x04\x00\x00\x01"
_LAST_PROVISIONED = 7  # door.py's policy, a snapshot: what comes next names no hash


class _Remembered:
    """Which handshakes the reader still knows, as link/contexts.py says that it does: at most two
    of a key, the longest unused goes first, and before it those that were never served.
    """

    def __init__(self):
        self._entries = []  # [owner, was served], the longest unused first
        self._kept = []  # of these the ones that were served, the first kept first

    def __contains__(self, entry):
        return any(entry is one for one in self._entries)

    def handshake(self, owner, is_served):
        """A new entry of ``owner``, in whose handshake it was served or not."""
        own = [one for one in self._entries if one[0] is owner]
        for one in own[: len(own) - 1]:
            self._forget(one)
        if len(self._entries) >= _REMEMBERED:
            self._forget(next((one for one in self._entries if not one[1]), self._entries[0]))
        entry = [owner, is_served]
        self._entries.append(entry)
        if is_served:
            self._kept.append(entry)
        return entry

    def use(self, entry):
        self._entries = [one for one in self._entries if one is not entry] + [entry]

    def restart(self):
        """Flash has those that were served, and does not know when."""
        self._entries = list(self._kept)

    def _forget(self, entry):
        self._entries = [one for one in self._entries if one is not entry]
        self._kept = [one for one in self._kept if one is not entry]


class _World:
    """The board in ``folder``, who comes to it, and what each of them must meet."""

    def __init__(self, firmware, folder):
        self._firmware, self._folder = firmware, folder
        self._chance = random.Random(20261130)
        self._phones = [
            phone(folder / f"phone{number}", suite=number % 2 * 2)
            for number in range(_REGULARS + 4)
        ]
        self._visitors = [
            phone(folder / f"visitor{suite}", suite=suite, scope=site.scope((1, "attic", 1)))
            for suite in (0, 2)
        ]
        self._number, self._head = _LAST_PROVISIONED, bytes(32)
        self._remembered = _Remembered()
        self._own = {}  # the handshake that each phone keeps
        self.done = Counter()
        self._board = self._door = None
        self._power_on()

    def _power_on(self):
        self._board = self._firmware.board(self._folder, _HEAP)
        self._door = Door(self._board, contexts=_REMEMBERED)

    def power_off(self):
        """As if it failed, whatever the board does."""
        assert faults(self._door) == [], faults(self._door)
        self._board.power_off()

    def step(self):
        pick = self._chance.randrange(100)
        if pick < 60:
            self._opens(self._chance.choice(self._phones[:_REGULARS]))
        elif pick < 64:
            self._opens(self._chance.choice(self._phones[_REGULARS:]))
        elif pick < 74:
            self._is_refused(self._chance.choice(self._phones), "no_intent", Wish(intent=False))
        elif pick < 78:
            self._is_refused(self._chance.choice(self._visitors), "wrong_door")
        elif pick < 95:
            self._card(is_known=pick % 3 > 0)
        elif pick < 98:
            self._policy(self._chance.choice(self._phones[:_REGULARS]))
        else:
            self.power_off()
            self._remembered.restart()
            self._power_on()
            self.done["restart"] += 1

    def held(self):
        """Live bytes of the board's heap; what it told is forgotten here."""
        assert faults(self._door) == [], faults(self._door)
        self._door.events.clear()
        return self._door.held()[0]

    def _opens(self, someone):
        is_known = self._own.get(someone) in self._remembered
        report = self._door.unlock(someone)
        told = (self.done, self._door.events[-4:])
        assert (report.granted, report.warm) == (True, is_known), told
        if is_known:
            self._remembered.use(self._own[someone])
        else:
            self._own[someone] = self._remembered.handshake(someone, True)
        self.done["warm" if is_known else "cold"] += 1

    def _is_refused(self, someone, why, wish=None):
        is_known = self._own.get(someone) in self._remembered
        report = self._door.unlock(someone, wish=wish)
        told = (self.done, self._door.events[-4:])
        assert (report.granted, report.warm) == (False, is_known), told
        assert self._decided()["reason"] == why, told
        if is_known:
            self._remembered.use(self._own[someone])
        else:
            self._remembered.handshake(someone, False)
        self.done[why] += 1

    def _card(self, is_known):
        self._door.card(_KNOWN_CARD if is_known else _UNKNOWN_CARD)
        decided = self._decided()
        is_expected = is_known and self._number > _LAST_PROVISIONED
        assert decided["granted"] == is_expected, (self.done, decided)
        self.done["card"] += 1

    def _decided(self):
        return [event for event in self._door.events if event.get("event") == "access"][-1]

    def _policy(self, someone):
        """The card of the site, if it is the first, and rights and cards that come and go."""
        self._number += 1
        key = card_key(site.LOOKUP_KEY, CARD, _KNOWN_CARD)
        group = 2 + self._chance.randrange(4)
        operations = [[ops.GROUP, group, [[[1, site.DOOR], 1, None]]], [ops.GRANT, key, 1, None]]
        operations += [[ops.GRANT, b"more%04d" % self._chance.randrange(8), 1, None]]
        raw = changesets.make(
            site.authority(),
            site.SITE,
            self._number,
            self._head,
            site.NOW - site.DAY + self._number,
            operations,
        )
        self._head = crypto.sha256(raw)
        assert brings(self._door, someone, raw) == self._number, self._door.events[-4:]
        self._remembered.handshake(someone, False)
        self.done["policy"] += 1


def test_random_steps_in_the_heap_of_a_board_take_no_memory(tmp_path):
    """Everybody is answered as the rules have it, whoever is remembered is known at once, and
    nothing is told of a fault, of which memory that ends is one."""
    firmware = Firmware(tmp_path, "joined", p256=True)
    world = _World(firmware, tmp_path)
    held = []
    try:
        for number in range(_STEPS):
            world.step()
            if number % _LOOK_EVERY == _LOOK_EVERY - 1:
                held.append(world.held())
    finally:
        world.power_off()
    quarter = len(held) // 4
    steady, last = max(held[quarter : 2 * quarter]), max(held[-quarter:])
    print(f"{_STEPS} steps in {_HEAP} bytes: {dict(world.done)}; held {steady}, then {last}")
    assert last - steady < _NOISE, held
    assert set(world.done) == set(_KINDS), world.done
