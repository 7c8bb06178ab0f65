"""The reader that looks after its door while it stands unlocked: when it begins, what it costs
who is served meanwhile, and what happens when its task dies.
"""

INTERPRETERS = ("micropython", "cpython")

import asyncio

from holdfast.access.policy import operations as ops
from memory_phone import Phone, cold, warm
from standing_door import FROM_FIRST, MODE, Door, office

UNLOCKED = ["unlocked_by_schedule", "released"]


async def _turns(door, looks=1):
    # A job naps for half a second by the loop's clock, which is not the hardware's.
    for _ in range(looks):
        await asyncio.sleep(0.6)


async def test_nothing_stands_open_before_all_is_started():
    """A start that fails half way must not leave a door that nobody looks after."""
    door = Door(office(), MODE)
    door.reader.keep_up()
    door.reader.answered()
    assert door.happened() == [] and not door.hardware.released
    running = asyncio.create_task(door.reader.run())
    await _turns(door)
    assert door.happened() == UNLOCKED
    running.cancel()
    try:
        await running
    except asyncio.CancelledError:
        pass
    assert door.happened() == ["secured"]  # whatever ends the program


async def test_a_phone_that_is_the_first_has_its_answer_and_the_door_stays_open():
    """One pulse from the grant on: nothing clicks between it and the hours."""
    door = Door(office(), FROM_FIRST)
    running = asyncio.create_task(door.reader.run())
    await _turns(door)
    phone = Phone()
    call, _, answer = await cold(door.reader, phone)
    assert answer[1] is True
    assert door.happened() == ["released", "granted", "unlocked_by_schedule"]
    _, _, answer = await warm(door.reader, phone, call=call)
    assert answer[1] is True and door.happened() == ["granted"]
    await call.hang_up()
    door.hardware.wait(9000)
    await _turns(door)
    door.hardware.wait(9000)
    assert door.happened() == [] and door.hardware.released
    door.follow([ops.LOCKDOWN, True, None])
    assert door.happened() == ["secured", "locked_by_schedule: lockdown"]
    running.cancel()


async def test_who_comes_right_after_the_policy_counts():
    """The job that looks after the door begins seconds later: nobody's first entry is lost."""
    door = Door()
    running = asyncio.create_task(door.reader.run())
    await _turns(door)
    door.follow(office(), FROM_FIRST)
    _, _, answer = await cold(door.reader, Phone())
    assert answer[1] is True
    assert door.happened() == ["released", "granted", "unlocked_by_schedule"]
    running.cancel()


async def test_its_task_may_die_and_begins_again():
    """And the strike's pulse is what bounds it if that does not."""
    door = Door(office(), MODE)
    running = asyncio.create_task(door.reader.run())
    await _turns(door, 2)
    (job,) = [job for job in door.reader.supervisor._jobs if job.name == "standing"]
    job.task.cancel()
    await _turns(door, 3)
    assert door.reader.supervisor.is_well
    door.hardware.wait(9000)
    await _turns(door)
    door.hardware.wait(9000)
    assert door.happened() == UNLOCKED and door.hardware.released
    running.cancel()


async def test_a_site_without_such_doors_has_no_such_task():
    """One more task and one more timer are memory and power that most doors can do without; the
    first changeset that wants it starts it.
    """
    door = Door(office())
    running = asyncio.create_task(door.reader.run())
    await _turns(door, 2)
    assert "standing" not in [job.name for job in door.reader.supervisor._jobs]
    assert door.unit.access_point.standing is None
    door.follow(MODE)
    await _turns(door, 4)
    assert door.happened() == UNLOCKED
    door.follow([ops.DOOR_MODE, 0, False])
    assert door.happened() == ["secured", "locked_by_schedule: policy changed"]
    running.cancel()
