"""Public-key operations of all who ask, in steps: everything else goes on meanwhile."""

import asyncio

import crypto


class CryptoEngine:
    """Drives steps, generators as in :mod:`crypto`, and awaits ``pause()`` between two of them.

    One piece of work at a time: two at once would both be late, and take twice the memory. Who has
    begun a handshake goes before who begins one, so that it is never a crowd of strangers that is
    waited for. Of those that begin one goes who has cost the least so far, and then who came last:
    whoever comes anew waits for the one piece under way, and for no queue.
    """

    def __init__(self, pause):
        self._pause = pause
        self._waiting = []
        self.is_busy = False

    async def run(self, steps, origin, begins: bool = False):
        """The value of ``steps``, whose public-key operations are counted at ``origin``.

        ``begins`` says that they answer a message_1. They are closed, which wipes what is secret,
        whatever ends this, a cancelled task too.
        """
        try:
            await self._turn(1 + origin.public_key_operations if begins else 0)
            count, pause = crypto.public_key_operations, self._pause
            try:
                while True:
                    before = count()
                    try:
                        next(steps)
                    finally:
                        # Nobody else had a turn since ``before``.
                        if count() != before:
                            origin.public_key_operations += count() - before
                    await pause()
            except StopIteration as end:
                return end.value
            finally:
                self._pass_on()
        finally:
            steps.close()

    async def _turn(self, rank):
        if not self.is_busy:
            self.is_busy = True
            return
        waiter = _Waiter(rank)
        self._waiting.append(waiter)
        try:
            await waiter.turn.wait()
            waiter = None
        finally:
            # Whoever gives up hands on what it was given just before.
            if waiter is not None:
                if waiter in self._waiting:
                    self._waiting.remove(waiter)
                else:
                    self._pass_on()

    def _pass_on(self):
        # Takes no memory: there may be none, and a turn that is kept is everybody's end.
        best = None
        for waiter in self._waiting:
            if best is None or waiter.rank < best.rank or waiter.rank == best.rank > 0:
                best = waiter
        if best is None:
            self.is_busy = False
        else:
            self._waiting.remove(best)
            best.turn.set()


class _Waiter:
    def __init__(self, rank):
        self.rank = rank  # 0 before all others, and among themselves in order
        self.turn = asyncio.Event()
