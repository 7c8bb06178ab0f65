"""Whose public-key operations go first, and that nobody keeps the turn who is gone."""

INTERPRETERS = ("micropython", "cpython")

import asyncio

from holdfast.link.engine import CryptoEngine
from holdfast.link.origin import Origin


async def _pause():
    await asyncio.sleep(0)


class _World:
    def __init__(self):
        self.engine = CryptoEngine(_pause)
        self.done = []
        self.tasks = {}

    def steps(self, name):
        for _ in range(20):
            yield
        self.done.append(name)

    async def begin(self, name, spent=0, begins=True):
        origin = Origin(1)
        origin.public_key_operations = spent
        work = self.engine.run(self.steps(name), origin, begins)
        self.tasks[name] = asyncio.create_task(work)
        await asyncio.sleep(0)
        return origin

    async def end(self):
        for task in self.tasks.values():
            try:
                await task
            except asyncio.CancelledError:
                pass
        assert not self.engine.is_busy and not self.engine._waiting


async def test_who_has_begun_goes_before_who_begins():
    """Phones half way in do not wait for a crowd that has shown nothing yet."""
    world = _World()
    for name in ("stranger 1", "stranger 2", "stranger 3"):
        await world.begin(name)
    await world.begin("first message_3", 3, False)
    await world.begin("second message_3", 3, False)
    await world.end()
    assert world.done[:3] == ["stranger 1", "first message_3", "second message_3"]


async def test_who_comes_anew_waits_for_one_piece_of_work_and_for_no_queue():
    """Of those that begin, who has cost nothing yet goes first, and the last of them before all:
    a crowd that queues up makes only itself wait.
    """
    world = _World()
    for number in range(4):
        await world.begin(number, 3 * number)
    await world.begin("resident")
    await world.end()
    assert world.done == [0, "resident", 1, 2, 3]


async def test_a_turn_is_never_kept_by_who_is_gone():
    """Cancelled at any moment: while it computes, while it waits, and just when its turn came."""
    for rounds in range(0, 50, 3):
        world = _World()
        for name in "abc":
            await world.begin(name)
        for _ in range(rounds):
            await asyncio.sleep(0)
        world.tasks["c"].cancel()
        world.tasks["a"].cancel()
        await world.begin("d")
        await world.end()
        assert "b" in world.done and "d" in world.done


async def test_memory_that_ends_in_the_work_is_not_the_end_of_the_queue():
    def failing():
        yield
        raise MemoryError

    world = _World()
    broken = asyncio.create_task(world.engine.run(failing(), Origin(1)))
    await asyncio.sleep(0)
    await world.begin("next")
    try:
        await broken
        raise AssertionError("it had no memory")
    except MemoryError:
        pass
    await world.end()
    assert world.done == ["next"]
