"""Whatever people do at a door, in any order, leaves the heap of its reader as it was.

Unlocks alone do not show what a refusal, a card, a new policy or a start leaves behind, nor what
two of them leave only one after the other.
"""

INTERPRETERS = ("micropython",)
# Words are twice as long as a board's, the code lies in it, and the phones, too.
HEAP = "1536K"

import gc
import os

import cbor
import coap
from card_door import CARD_NUMBER, Door
from memory_phone import Phone, cold, show_card, warm
from restarts import ask, echo_of

_STEPS = 1000000 if os.getenv("HOLDFAST_TORTURE") == "1" else 2000
_LOOK_EVERY = 250
_PHONES = 17  # one more than are remembered
_NOISE = 4096  # bytes: what the collector takes for a pointer, and how full the policy's log is
_NO_INTENT = {1: 1, 2: False}


class _Chance:
    """The same steps in every run: a failure can be repeated."""

    def __init__(self):
        self._state = 20261129

    def below(self, count):
        self._state = (self._state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self._state >> 8) % count


class _World:
    def __init__(self):
        self.door = Door()
        self.chance = _Chance()
        self.phones = [Phone(number=1000 * number) for number in range(1, _PHONES + 1)]
        self.opened = 0
        self.known = set()  # phones that came since the last start
        self.done = {}

    async def step(self):
        pick = self.chance.below(100)
        if pick < 70:
            return await self.visit(self.phones[self.chance.below(_PHONES - 1)])
        if pick < 80:
            return await self.refusal(self.phones[self.chance.below(_PHONES - 1)])
        if pick < 95:
            return self.card(pick)
        if pick < 98:
            return self.policy()
        if pick == 98:
            return await self.visit(self.phones[-1])
        return self.restart()

    async def visit(self, phone):
        call = answer = None
        if phone.context is not None:
            call, _, response = await ask(self.door.reader, phone)
            echo = echo_of(response)
            if echo is not None:  # the first one after a start proves that it is of now
                _, _, response = await ask(self.door.reader, phone, echo, call)
            if response is not None and response.code == coap.code.CHANGED:
                answer = cbor.decode(response.payload)
        if answer is None:  # a phone of before, whose place was taken, or one that never came
            call, _, answer = await cold(self.door.reader, phone, call=call)
        assert answer and answer[1] is True, (answer, self.door.hardware.lines[-3:])
        await call.hang_up()
        self.opened += 1
        self.known.add(id(phone))
        return "visit"

    async def refusal(self, phone):
        if id(phone) not in self.known:
            return await self.visit(phone)
        call, _, answer = await warm(self.door.reader, phone, _NO_INTENT)
        assert not (answer and answer[1]), answer
        await call.hang_up()
        return "refusal"

    def card(self, pick):
        show_card(self.door.reader, CARD_NUMBER if pick % 3 else b"\x04\x00\x00\x01")
        said = [line for line in self.door.hardware.lines if line["event"] == "access"][-1]
        assert said["granted"] == bool(pick % 3), said
        self.opened += said["granted"]
        self.door.hardware.wait(5000)
        return "card"

    def policy(self):
        self.door.follow([5, 2 + self.chance.below(4), [[[1, "door"], 1, None]]])
        return "policy"

    def restart(self):
        self.door.start()
        self.known.clear()
        return "restart"

    def held(self):
        """Bytes; what the hardware was told is a test's to remember, and no board's."""
        del self.door.hardware.lines[:]
        del self.door.hardware.strikes[:]
        gc.collect()
        return gc.mem_alloc()


async def test_random_steps_take_no_memory():
    gc.threshold(1 << 17)
    world = _World()
    base = 0
    for number in range(_STEPS):
        kind = await world.step()
        world.done[kind] = world.done.get(kind, 0) + 1
        if number % _LOOK_EVERY == _LOOK_EVERY - 1:
            held = world.held()
            if number < 2 * _LOOK_EVERY:
                base = max(base, held)
            assert held - base < _NOISE, (number, base, held, world.done)
    assert world.opened > _STEPS // 2 and len(world.done) == 5, world.done
