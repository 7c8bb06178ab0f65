"""Power fails, or flash errs, anywhere while a card with a count of uses opens: no use is free,
none is counted twice, and one that was spent without the door opening is told by its event.
"""

INTERPRETERS = ("micropython",)

import asyncio
import os

import cuts
import whole_reader

import small_log
import small_site as site
from card_door import CARD_NUMBER, Door, key_of
from holdfast.access.request import CARD

_CARD = b"\x04courier"
_USES = 4


class _Place:
    """A door on a flash, over any number of starts; what the strike did is in ``acked``."""

    def __init__(self):
        whole_reader.remember_curves()
        self.door = None
        self.starts = 0

    def prepare(self, root):
        """A first start, a policy, and a first use of two cards."""
        asyncio.new_event_loop()
        self.starts = 0
        self.door = Door(
            [5, 2, [[[1, site.DOOR], 1, None]]],
            [6, key_of(CARD, _CARD), 2, None, {4: _USES}],
            [6, key_of(CARD, b"another"), 2, None, {4: _USES}],
            directory=root,
        )
        self.door.card(b"another")

    def start(self, root, acked):
        """Power comes on."""
        asyncio.new_event_loop()
        self.starts += 1
        genuine = self.door
        self.door = door = object.__new__(Door)
        door.hardware = type(genuine.hardware)()
        door.hardware.random_counter = 1000 * self.starts
        door.directory = root

        def pulse(ms, genuine=door.hardware.pulse):
            genuine(ms)
            acked.append("opened")

        door.hardware.pulse = pulse
        door.start()

    def show(self, number=_CARD):
        self.door.hardware.wait(5000)
        return self.door.card(number)

    def day(self, root, acked):
        """Two uses, and somebody else between and after them."""
        self.start(root, acked)
        for _ in range(2):
            self.show()
            opened = acked.count("opened")
            self.show(CARD_NUMBER)
            del acked[opened:]

    def check(self, root, acked):
        """However it was: it opens as often as it may, and each use is an event."""
        self.start(root, acked)
        why = ""
        for _ in range(_USES + 1):
            why = self.show()
            if why != "granted":
                break
        os.statvfs(root)  # what was refused for lack of power proves nothing
        assert why == "uses_over", why
        mine = key_of(CARD, _CARD)
        uses = [one for one in self.door.recorded() if one.get("card") == mine]
        uses = [(one["use"], one["of"]) for one in uses if one["reason_code"] == 0]
        assert uses == [(number + 1, _USES) for number in range(_USES)], uses
        opened = acked.count("opened")
        assert _USES - acked.cuts <= opened <= _USES, (opened, acked.cuts)
        cache = self.door.reader.stores.moment()[1]
        assert cache.used(mine, 2) == _USES
        assert cache.used(key_of(CARD, b"another"), 2) == 1
        assert small_log.batch(self.door.reader.stores.events())


def test_power_is_cut_anywhere_between_the_event_and_its_count():
    """And in the start after it, which takes up what is not counted yet."""
    place = _Place()
    how = {"stride": 3, "again": 4, "at_least": 60, "blocks": 96}
    cuts.every_cut(place.prepare, place.day, place.check, name="uses", **how)


def test_flash_errs_anywhere_between_the_event_and_its_count():
    """Once, or from then on: what could not be counted is refused, never free."""
    place = _Place()
    cuts.every_error(place.prepare, place.day, place.check, name="uses", at_least=40, blocks=96)
