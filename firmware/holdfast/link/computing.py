"""Public-key operations of all connections, in steps: everything else goes on meanwhile."""

import asyncio

import crypto


class Bill:
    """What one connection has cost: ``public_key_operations`` so far."""

    def __init__(self):
        self.public_key_operations = 0


class Computing:
    """Drives steps, generators as in :mod:`crypto`, and awaits ``pause()`` between two of them.

    One piece of work at a time, in the order in which they came: two at once would both be late,
    and take twice the memory.
    """

    def __init__(self, pause):
        self._pause = pause
        self._turn = asyncio.Lock()

    async def run(self, steps, bill: Bill):
        """The value of ``steps``, whose public-key operations go on the ``bill``.

        They are closed, which wipes what is secret, whatever ends this, a cancelled task too.
        """
        try:
            await self._turn.acquire()
            try:
                while True:
                    before = crypto.public_key_operations()
                    try:
                        next(steps)
                    finally:
                        # Nobody else had a turn since ``before``.
                        operations = crypto.public_key_operations() - before
                        bill.public_key_operations += operations
                    await self._pause()
            except StopIteration as end:
                return end.value
            finally:
                # No ``async with``, whose end takes memory: there may be none, and whoever stops
                # the program in the middle of a collection must not be taken for that.
                self._turn.release()
        finally:
            steps.close()
