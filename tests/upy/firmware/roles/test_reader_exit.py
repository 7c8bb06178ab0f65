"""Nobody is locked in: the exit button of a whole reader, in each state in which a reader lets
nobody in, and its event after it.
"""

INTERPRETERS = ("micropython", "cpython")

import asyncio
import sys

import spoilt_door
from holdfast.access import reason
from holdfast.access.events import event
from holdfast.access.policy import operations as ops
from memory_phone import Phone, cold, make_reader
from standing_door import MODE, office
from watched_door import Door, Hardware

MS = 3000  # of a release, as the door's settings say


def _leaves(door):
    """Somebody presses the button, and has the door for its whole time; what was told of it."""
    door.told()
    door.put("rex", True)
    assert door.hardware.released, "not at once"
    door.put("rex", False)
    door.pass_by(MS - 50)
    assert door.hardware.released
    door.pass_by(100)
    assert not door.hardware.released
    return door.told()


def test_at_an_ordinary_door_the_event_comes_after_the_release():
    door = Door()
    assert _leaves(door) == ["released", "rex", "secured"]
    assert door.recorded() == ["rex"]


def test_in_a_lockdown():
    door = Door([ops.LOCKDOWN, True, None])
    door.enter()
    assert door.hardware.reasons()[-1] == "locked_down" and not door.hardware.released
    assert _leaves(door) == ["released", "rex", "secured"]


def test_a_lockdown_and_the_end_of_hours_leave_who_is_leaving_their_time():
    """The strike is secured for those who stand in the open, and not for who has it in hand."""
    door = Door(office(), MODE)
    door.look()
    door.put("rex", True)
    door.put("rex", False)
    door.pass_by(1000)
    door.told()
    door.follow([ops.LOCKDOWN, True, None])
    door.unit.access_point.stand(door.hardware)
    assert door.hardware.released
    door.pass_by(MS - 1050)
    assert door.hardware.released
    door.pass_by(100)
    assert not door.hardware.released


def test_at_a_reader_that_was_never_given_a_policy():
    door = Door()
    hardware = Hardware()
    make_reader(hardware, policy=False)
    hardware.inputs["rex"].set(True)
    assert hardware.released and not door.hardware.released


def _spoilt(name):
    spoilt = spoilt_door.Door()
    spoilt.hardware = Hardware()
    if name is not None:
        spoilt.block(name)
    spoilt.restart()
    return spoilt


def _leave_again_and_again(spoilt):
    """Nobody is let in, and twenty go out: more than a reader can owe events."""
    assert spoilt.ask(spoilt_door.BY_CARD) != reason.GRANTED
    spoilt.reader.door.close()
    watched = spoilt.reader.doors["lobby"].watched
    for _ in range(20):
        spoilt.hardware.inputs["rex"].set(True)
        assert spoilt.hardware.released
        spoilt.hardware.inputs["rex"].set(False)
        watched.look()
        spoilt.hardware.wait(MS + 50)
        watched.look()
        assert not spoilt.hardware.released


def test_with_a_policy_or_a_log_that_is_damaged():
    """Nobody enters unseen, and everybody leaves: what is kept of it waits, or is lost."""
    for name in ("policy", "events"):
        spoilt = _spoilt(name)
        _leave_again_and_again(spoilt)
        spoilt.unblock(name)
        spoilt.reader.recorder.pay()
        assert event.REX in [one.kind for one in spoilt.events()]


def test_with_a_log_that_is_full():
    spoilt = _spoilt(None)
    log = spoilt.reader.stores.events()
    genuine = log.append

    def is_full(kind, fields):
        raise OSError(28)

    log.append = is_full
    _leave_again_and_again(spoilt)
    log.append = genuine
    spoilt.reader.recorder.pay()
    assert [one.kind for one in spoilt.events()].count(event.REX) == 8


def test_while_the_door_rests_after_too_many_faults():
    """And who pressed before that has the rest of their time."""
    door = Door()
    door.put("rex", True)
    door.put("rex", False)
    door.pass_by(1000)
    (job,) = [job for job in door.reader.supervisor._jobs if job.name == "door"]
    job.rest(True)
    assert door.hardware.released
    door.pass_by(MS - 1050)
    assert door.hardware.released
    door.pass_by(100)
    assert not door.hardware.released and door.hardware.light == "red fast"
    door.enter()
    assert not door.hardware.released and door.hardware.reasons()[-1] == "fault"
    assert _leaves(door) == ["released", "rex", "secured"]


def test_without_memory_to_tell_it_and_when_there_is_some_it_is_told():
    door = Door()

    def no_memory(*_, **__):
        raise MemoryError

    genuine = door.reader.recorder.note
    door.reader.recorder.note = no_memory
    assert _leaves(door) == ["released", "secured"]
    door.reader.recorder.note = genuine
    door.pass_by(50)
    assert door.told() == ["rex"]


def test_whatever_else_fails_at_every_look():
    """A bug in what is told, and lamps, buzzer and contact that are torn off."""
    door = Door()

    def fails(*_, **__):
        raise RuntimeError("a bug")

    door.reader.recorder.note = fails
    door.hardware.show = fails
    door.hardware.inputs["contact"].failure = OSError(19)
    door.open()
    assert _leaves(door) == ["released", "secured"]
    assert _leaves(door) == ["released", "secured"]


async def test_while_a_cold_unlock_computes():
    """Seconds of arithmetic in between which nothing else turns: the interrupt is enough."""
    hardware = Hardware()
    released = []

    async def pause():
        button = hardware.inputs["rex"]
        if not released:
            button.set(True)
            released.append(hardware.released)
            button.set(False)
        await asyncio.sleep(0)

    reader = make_reader(hardware, pause=pause)
    _, _, answer = await cold(reader, Phone())
    assert released == [True] and answer[1] is True


async def test_a_job_looks_at_the_inputs_and_nothing_ends_it():
    """Without the supervisor's job nobody would hear a door that is forced."""
    hardware = Hardware()
    reader = make_reader(hardware)
    running = asyncio.create_task(reader.run())
    await asyncio.sleep(0.2)
    hardware.inputs["rex"].set(True, missed=True)
    while not hardware.released:
        await asyncio.sleep(0.05)
    (job,) = [job for job in reader.supervisor._jobs if job.name == "inputs"]
    reader.doors["lobby"].watched._monitor.look = None  # not to be called
    await asyncio.sleep(0.3)
    assert not job.task.done() and reader.supervisor.is_well
    running.cancel()
    try:
        await running
    except asyncio.CancelledError:
        pass
    assert not hardware.released


def test_a_door_without_inputs_loads_none_of_it():
    """Most readers' memory has no place for what they do not have."""
    hardware = Hardware(())
    reader = make_reader(hardware)
    assert reader.doors["lobby"].watched is None and reader.door.exit is None
    assert "inputs" not in [job.name for job in reader.supervisor._jobs]
    for name in ("watched", "monitor", "exit", "inputs"):
        assert "holdfast.door." + name not in sys.modules
