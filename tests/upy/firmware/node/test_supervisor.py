"""Every job lives, whatever it meets, and none of them takes another with it."""

INTERPRETERS = ("micropython", "cpython")

import asyncio

from holdfast.node import supervisor as module
from holdfast.node.supervisor import Supervisor


class _World:
    """Time passes only when somebody sleeps in the supervisor: ``slept`` are the seconds."""

    def __init__(self, watchdog=False):
        self.now = 0
        self.lines, self.faults, self.rests = [], [], []
        self.fed = 0
        self.telling = None
        self._sleepers = []  # [when due, Event]
        self.supervisor = Supervisor(
            lambda: self.now, self, self.tell, self if watchdog else None
        )

    def prepare(self, fields):
        return fields

    def write(self, prepared):
        self.lines.append(prepared["piece"])

    def tell(self, piece, error):
        if self.telling:
            raise self.telling
        self.faults.append((piece, type(error).__name__))

    def feed(self):
        self.fed += 1

    async def sleep(self, seconds):
        """In the place of asyncio.sleep: the clock is moved by the test."""
        sleeper = (self.now + seconds, asyncio.Event())
        await _turns(1)
        if seconds > 0:
            self._sleepers.append(sleeper)
            try:
                await sleeper[1].wait()
            finally:
                self._sleepers.remove(sleeper)

    def pass_second(self):
        """Move it, and wake whoever is due."""
        self.now += 1
        for due, woken in self._sleepers:
            if due <= self.now:
                woken.set()


class _Time:
    """What the supervisor sees of asyncio, with the world's time."""

    CancelledError = asyncio.CancelledError
    create_task = staticmethod(asyncio.create_task)

    def __init__(self, world):
        self.sleep = world.sleep


async def _turns(count):
    for _ in range(count):
        await asyncio.sleep(0)


async def _running(world, seconds, action=None):
    """Let the supervisor run for so many of the world's seconds; ``action(second)`` in each."""
    module.asyncio = _Time(world)
    try:
        running = asyncio.create_task(world.supervisor.run())
        await _turns(6)
        for second in range(seconds):
            if action:
                action(second)
            world.pass_second()
            await _turns(6)
        running.cancel()
        try:
            await running
        except asyncio.CancelledError:
            pass
        await _turns(3)
    finally:
        module.asyncio = asyncio


class _Job:
    def __init__(self, error=None, fails=1000):
        self.begun = self.ended = 0
        self.error = error
        self.fails = fails

    async def run(self):
        self.begun += 1
        try:
            await asyncio.sleep(0)
            if self.error and self.begun <= self.fails:
                raise self.error
            while self.begun > self.fails or not self.error:
                await asyncio.sleep(0)
            raise self.error
        finally:
            self.ended += 1


async def test_a_job_that_fails_begins_again_and_no_other_notices():
    world = _World()
    failing, steady = _Job(OSError(5), 2), _Job()
    world.supervisor.add("lamp", failing.run)
    world.supervisor.add("door", steady.run)
    await _running(world, 5)
    assert (failing.begun, failing.ended) == (3, 3)
    assert (steady.begun, steady.ended) == (1, 1)
    assert world.faults == [("lamp", "OSError")] * 2


async def test_a_task_that_is_killed_is_started_again():
    """By a cancellation that nobody meant, or an exception that no handler is for."""
    world = _World()
    jobs = [_Job(), _Job()]
    for number, job in enumerate(jobs):
        world.supervisor.add(str(number), job.run)
    await _running(
        world, 4, lambda second: second == 1 and world.supervisor._jobs[0].task.cancel()
    )
    assert [job.begun for job in jobs] == [2, 1] and world.supervisor._jobs[0].failures == 0


async def test_work_that_is_done_is_not_begun_again_and_is_no_fault():
    world = _World(watchdog=True)

    async def once():
        world.rests.append("once")

    world.supervisor.add("keys", once)
    await _running(world, 3)
    assert world.rests == ["once"] and not world.faults and world.fed >= 3


async def test_repeated_faults_lead_to_rests_of_1_5_and_30_minutes():
    """A door whose driver is broken is secured, says so, and is tried again now and then."""
    world = _World()
    job = _Job(OSError(5))
    at = []

    def rest(is_resting):
        at.append((world.now, is_resting))

    world.supervisor.add("door", job.run, rest)
    await _running(world, 4500)
    begins = [when for when, is_resting in at if is_resting]
    ends = [when for when, is_resting in at if not is_resting]
    lasted = [end - begin for begin, end in zip(begins, ends)]
    assert [round(seconds / 60) for seconds in lasted][:4] == [1, 5, 30, 30]
    assert begins[0] <= 15 and job.begun == 5 + len(ends)


async def test_what_works_for_long_has_its_rests_forgiven():
    world = _World()
    job = _Job(OSError(5), 6)
    rests = []
    world.supervisor.add("door", job.run, lambda is_resting: rests.append(world.now))

    def action(second):
        if second == 2500:
            job.fails = 1000

    await _running(world, 2700, action)
    # 1 and 5 minutes; and after half an hour without a fault it begins with a minute again.
    assert len(rests) >= 6
    assert rests[5] - rests[4] <= 75 and rests[3] - rests[2] >= 290


async def test_memory_that_ends_is_no_fault_of_a_job():
    """Strangers can fill the memory: that must not bring the door to rest."""
    world = _World()
    job = _Job(MemoryError(), 50)
    rests = []
    world.supervisor.add("door", job.run, rests.append)
    await _running(world, 100)
    assert job.begun == 51 and not rests


async def test_a_fault_that_cannot_be_told_is_told_by_the_line_made_beforehand():
    for telling in (MemoryError(), OSError(5), ValueError("bug")):
        world = _World()
        world.telling = telling
        job = _Job(OSError(5), 1)
        world.supervisor.add("radio", job.run)
        await _running(world, 3)
        assert world.lines == ["radio"] and job.begun == 2


async def test_the_watchdog_is_fed_only_while_all_live():
    """A task that cannot be started for want of memory is one that does not live."""
    world = _World(watchdog=True)
    world.supervisor.add("door", _Job().run)
    created = asyncio.create_task

    def action(second):
        if second == 2:
            module.asyncio.create_task = _no_memory
            world.supervisor._jobs[0].task.cancel()
            world.hungry = world.fed
        if second == 5:
            # Fed once at most before it was noticed that the task is gone.
            assert world.fed <= world.hungry + 1
            module.asyncio.create_task = created

    def _no_memory(coroutine):
        coroutine.close()
        raise MemoryError

    await _running(world, 9, action)
    assert world.fed >= world.hungry + 3


async def test_the_end_of_the_supervisor_is_the_end_of_all_jobs():
    world = _World()
    job = _Job()
    world.supervisor.add("door", job.run)
    await _running(world, 2)
    assert job.ended == 1
