"""Starts, watches and restarts what a node does all the time, and alone feeds a watchdog."""

import asyncio

from micropython import const

_LOOK_S = const(1)
_OFTEN = const(5)  # failures, of which each came within a minute of the last
_SOON_S = const(60)
_RESTS_S = (60, 300, 1800)


class Supervisor:
    """Runs the jobs of a node, each in a task of its own: what one meets disturbs no other.

    ``uptime()`` gives seconds since the start. ``console`` has ``prepare(fields)`` and
    ``write(prepared)``; ``tell_fault(piece, error)`` is told of each failure and may itself fail;
    then a line that was made beforehand says at least which job it was. ``watchdog``, if there is
    one, has ``feed()``.
    """

    def __init__(self, uptime, console, tell_fault, watchdog=None):
        self._uptime = uptime
        self._console = console
        self._tell_fault = tell_fault
        self._watchdog = watchdog
        self._jobs = []

    def add(self, name: str, run, rest=None):
        """Let ``run()``, whose coroutine runs for ever or until its work is done, be a job.

        One that fails begins again, at first at once. After five failures in short order it rests
        for 1, then 5, then 30 minutes, and ``rest(True)`` is called; ``rest(False)`` when it is
        tried again.
        """
        failed = self._console.prepare({"event": "fault", "piece": name})
        self._jobs.append(_Job(name, run, rest, failed))

    @property
    def is_well(self) -> bool:
        """Whether each job is at work, has done its work, or rests."""
        for job in self._jobs:
            if not job.is_over and (job.task is None or job.task.done()):
                return False
        return True

    async def run(self):
        """Run the jobs for ever; those that are stopped from outside are started again."""
        try:
            while True:
                try:
                    self._start()
                except MemoryError:
                    pass  # not fed, and tried again
                if self._watchdog is not None and self.is_well:
                    self._watchdog.feed()
                await asyncio.sleep(_LOOK_S)
        finally:
            for job in self._jobs:
                if job.task is not None:
                    job.task.cancel()

    def _start(self):
        for job in self._jobs:
            if not job.is_over and (job.task is None or job.task.done()):
                job.task = asyncio.create_task(self._keep(job))

    async def _keep(self, job):
        while True:
            rest_s = 0
            try:
                if job.is_resting:
                    job.is_resting = False
                    if job.rest is not None:
                        job.rest(False)
                job.begun_at = self._uptime()
                await job.run()
                job.is_over = True
                return
            except Exception as error:
                rest_s = self._failed(job, error)
            await asyncio.sleep(rest_s)

    def _failed(self, job, error) -> int:
        """Seconds until the job begins again. Raises nothing."""
        ran_s = self._uptime() - job.begun_at
        if ran_s >= _SOON_S:
            job.failures = 0
        if ran_s >= _RESTS_S[-1]:
            job.rests = 0
        try:
            self._tell_fault(job.name, error)
        except Exception:
            self._say(job.failed)
        if isinstance(error, MemoryError):
            return _LOOK_S  # others' need, and no fault of this job
        job.failures += 1
        if job.failures < _OFTEN:
            return job.failures - 1
        job.failures = _OFTEN - 1  # one more, soon after the rest, and it rests for longer
        job.is_resting = True
        rest_s = _RESTS_S[job.rests]
        if job.rests < len(_RESTS_S) - 1:
            job.rests += 1
        try:
            if job.rest is not None:
                job.rest(True)
        except Exception:
            self._say(job.failed)
        return rest_s

    def _say(self, prepared):
        try:
            self._console.write(prepared)
        except OSError:
            pass


class _Job:
    def __init__(self, name, run, rest, failed):
        self.name = name
        self.run = run
        self.rest = rest
        self.failed = failed  # a line for the console
        self.task = None
        self.is_over = False
        self.is_resting = False
        self.failures = 0
        self.begun_at = 0
        self.rests = 0  # how often it rested already
