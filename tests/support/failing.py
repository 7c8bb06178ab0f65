"""A reader in one process, visited again and again while one allocation of each visit fails.

Runs on the interpreter of `make unix-alloc`; see `alloc` in boards/unix_alloc/alloc.c.
"""

import asyncio
import time
from asyncio import core

import alloc
import crypto
import harness
import small_site as site
import toy_crypto
from crypto import backend
from folders import remove
from holdfast.access.events import record
from holdfast.access.events.event import ACCESS
from holdfast.access.request import CARD, PIN
from holdfast.access.tag import card_key
from memory_phone import Hardware, Phone, cold, make_reader, warm

ROOT = __file__[: __file__.rfind("/tests/")]
NUMBER = b"\x04\xa1\xb2\xc3"
DIGITS = "271828"
STRIKE_MS = 100
MARKS = 1 << 16
HANGS_S = 60

_skipped_ms = 0


def _ticks():
    return time.ticks_add(time.ticks_ms(), _skipped_ms)


def be_ready():
    """Count what the firmware allocates, not what the phone and the hardware do; cheap crypto."""
    crypto_files = ROOT + "/lib/crypto/", ROOT + "/tests/support/toy_crypto.py"
    alloc.watch(ROOT + "/firmware/", ROOT + "/tests/", *crypto_files)
    backend.chosen = toy_crypto
    core.ticks = _ticks  # time passes when a test says so


class StillHardware(Hardware):
    """Hardware whose clock and ticks go on only by ``pass_ms``, and tasks that wait for them."""

    def elapsed(self):
        return self._passed_ms

    def pass_ms(self, ms):
        global _skipped_ms
        self._passed_ms += ms
        _skipped_ms += ms
        self.now = site.NOW + self._passed_ms // 1000


class Stand:
    """A running reader that knows a card, a PIN and two phones."""

    def __init__(self):
        self.folder = harness.new_folder()
        self.hardware = StillHardware()
        self.reader = make_reader(
            self.hardware, {4: [[site.DOOR, STRIKE_MS]]}, policy=False, directory=self.folder
        )
        self.number, self.head = 0, bytes(32)
        self.raw = None
        self.follow_next(
            [1, 0, None],
            *site.HERE,
            [5, 1, [[[1, site.DOOR], 1, None]]],
            [6, card_key(site.LOOKUP_KEY, CARD, NUMBER), 1, None],
            [6, card_key(site.LOOKUP_KEY, PIN, DIGITS.encode()), 1, None]
        )
        self.phone, self.other = Phone(), Phone(private=b"\x23" * 32, number=100000)
        self.unretrieved = []
        asyncio.get_event_loop().set_exception_handler(self._unretrieved)
        self.running = asyncio.create_task(self.reader.run())
        self.last_event = -1
        self.opened = 0

    def _unretrieved(self, _, context):
        error = context["exception"]
        if not isinstance(error, asyncio.CancelledError):
            self.unretrieved.append(repr(error))

    def next_changeset(self, *operations):
        """The raw changeset after the last; it is the same until it was followed."""
        if self.raw is None:
            self.raw = site.changeset(list(operations), self.number + 1, self.head)
        return self.raw

    def follow_next(self, *operations):
        raw = self.next_changeset(*operations)
        self.reader.apply(raw)
        self.number += 1
        self.head = crypto.sha256(raw)
        self.raw = None

    async def close(self):
        self.running.cancel()
        try:
            await self.running
        except asyncio.CancelledError:
            pass
        remove(self.folder)

    # What fails

    async def cold(self):
        await self._cold(self.phone)

    async def _cold(self, phone):
        call, code, answer = await cold(self.reader, phone)
        await call.hang_up()
        return code, answer

    async def warm(self):
        if self.phone.context is None:
            await self.cold()
        call, _, _ = await warm(self.reader, self.phone)
        await call.hang_up()

    async def card(self):
        self.reader.card_reader.card(NUMBER)

    async def pin(self):
        self.reader.card_reader.pin(DIGITS)

    async def policy(self):
        operation = [5, 2, [[[1, site.DOOR], 1, None]]]
        self.follow_next(operation)

    async def idle(self):
        """Ten seconds in which nobody comes."""
        for _ in range(2):
            self.hardware.pass_ms(5000)
            await turns(20)

    # What must hold whatever failed

    async def complaints(self, kind):
        """What is wrong after a visit of ``kind`` in which something failed; a list of texts."""
        wrong = []
        if kind == "policy" and self.raw is not None:
            try:
                await self.policy()
            except Exception as error:
                wrong.append("the changeset is refused later: %r" % error)
        if kind == "policy" and self.reader.stores.rules.number != self.number:
            wrong.append("the changeset is not in force")
        self._check_events(wrong)
        await self._rest(wrong)
        opened = self.hardware.opened
        try:
            code, answer = await asyncio.wait_for(self._cold(self.other), HANGS_S)
        except (Exception, asyncio.CancelledError) as error:
            code, answer = None, repr(error)
        if self.hardware.opened != opened + 1:
            wrong.append("the next phone is not served: %s %s" % (code, answer))
        self._check_events(wrong)
        await self._rest(wrong)
        if kind in ("card", "pin"):
            opened = self.hardware.opened
            self.reader.card_reader.card(NUMBER)
            if self.hardware.opened != opened + 1:
                wrong.append("the next card is not served: %s" % self.hardware.reasons()[-1:])
            await self._rest(wrong)
        if self.running.done():
            wrong.append("the reader's task is over")
        elif not self.reader.supervisor.is_well:
            wrong.append("a job of the reader's is over")
        for error in self.unretrieved:
            wrong.append("a task died of " + error)
        self.unretrieved = []
        return wrong

    def _check_events(self, wrong):
        granted = 0
        log = self.reader.stores.events()
        while True:
            raws = log.after(self.last_event, 8192)
            if not raws:
                break
            for raw in raws:
                happened = record.decode(record.split(raw)[0])
                self.last_event = happened.number
                if happened.kind == ACCESS and happened.fields["reason_code"] == 0:
                    granted += 1
        opened, self.opened = self.hardware.opened - self.opened, self.hardware.opened
        if opened > granted:
            wrong.append("%d grants, and %d of them on flash" % (opened, granted))

    async def _rest(self, wrong):
        self.hardware.pass_ms(STRIKE_MS + 10)
        await turns(12)
        for _ in range(3):  # a job that failed begins again after a moment
            if not self.hardware.released:
                break
            self.hardware.pass_ms(1000)
            await turns(12)
        else:
            wrong.append("the strike is left released")
        # The card goes away for long enough: the next time is another visit.
        for visit in self.reader.card_reader._visits:
            visit[0] = None


async def turns(count):
    """Let the reader's tasks run ``count`` times."""
    for _ in range(count):
        await asyncio.sleep(0)


async def allocations(kind):
    """How many a visit of ``kind`` makes, and a bytearray with 2 for each inside lib/crypto."""
    stand = await _warmed(kind)
    marks = bytearray(MARKS)
    alloc.begin(0, 1, marks)
    await getattr(stand, kind)()
    count = alloc.end()
    await stand.close()
    return count, marks


async def _warmed(kind):
    stand = Stand()
    for _ in range(2):  # what is loaded late is there, and what grows has grown
        await getattr(stand, kind)()
        found = await stand.complaints(kind)
        if found:
            raise AssertionError((kind, "with all the memory there is", found))
    return stand


async def every(kind, chosen, times=1):
    """Fail allocation n and the ``times`` - 1 after it, for each n in ``chosen``, in a visit each.

    Returns ``[(n, what is wrong, where it failed)]``.
    """
    found = []
    stand = await _warmed(kind)
    visit = getattr(stand, kind)
    for n in chosen:
        escaped = None
        alloc.begin(n, times)
        try:
            await asyncio.wait_for(visit(), HANGS_S)
        except (Exception, asyncio.CancelledError) as error:
            escaped = error
        alloc.end()
        where = alloc.failed()
        wrong = await stand.complaints(kind)
        if escaped is not None and not isinstance(escaped, MemoryError):
            wrong.append("%r came out" % escaped)
        if kind in ("card", "pin") and escaped is not None:
            wrong.append("%r came out of the card reader" % escaped)
        if wrong:
            found.append((n, wrong, (where or "nowhere").replace(ROOT + "/", "")))
            try:
                await stand.close()
            except Exception:
                pass
            stand = await _warmed(kind)
            visit = getattr(stand, kind)
    await stand.close()
    return found
