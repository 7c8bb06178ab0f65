"""Work in steps: whatever happens between two of them, at every one of them, harms nobody.

The pause that the link awaits is the test's: it counts, and others have their turn in it.
"""

INTERPRETERS = ("micropython", "cpython")

import asyncio

import coap
import crypto
import oscore
import small_site as site
from coap import stream
from crypto import backend
from holdfast.link.engine import CryptoEngine
from holdfast.link.ephemeral import EphemeralKeys
from holdfast.link.limits import Limits
from holdfast.link.origin import Origin
from memory_phone import Call, Hardware, Phone, cold, make_reader, warm


class Pause:
    """Counts; ``action()`` is what somebody does at the pause number ``at``, counted from 1."""

    def __init__(self):
        self.count = 0
        self.at = 0
        self.action = list
        # Looked at here, because the phones of this test compute without a pause.
        self.most_under_way = 0

    async def __call__(self):
        self.count += 1
        self.most_under_way = max(self.most_under_way, getattr(backend.chosen, "under_way", 0))
        if self.count == self.at:
            self.action()
        await asyncio.sleep(0)


class Stepping:
    """A backend whose every public-key operation takes ``STEPS`` steps, with the value of the
    genuine one, and that knows how many are under way.
    """

    STEPS = 3

    def __init__(self, genuine):
        self._genuine = genuine
        self.under_way = 0

    def __getattr__(self, name):
        genuine = getattr(self._genuine, name)
        if not name.endswith("_steps"):
            return genuine

        def steps(*arguments):
            self.under_way += 1
            try:
                for _ in range(self.STEPS):
                    yield
                return crypto.finish(genuine(*arguments))
            finally:
                self.under_way -= 1

        return steps


class Stepped:
    """A reader with both keys whose cryptography stops at every step, until the ``with`` ends."""

    def __init__(self, limits=None):
        self.pause = Pause()
        self.hardware = Hardware()
        self._limits = limits

    def __enter__(self):
        self._genuine = backend.chosen
        self.backend = backend.chosen = Stepping(self._genuine)
        self.reader = make_reader(
            self.hardware, limits=self._limits, two_keys=True, pause=self.pause
        )
        self.pause.count = 0
        return self

    def __exit__(self, *_):
        backend.chosen = self._genuine

    def is_at_rest(self):
        """Nothing half done is left: no steps, no reserved identifier, no connection."""
        assert self.backend.under_way == 0
        assert not self.reader.contexts._reserved and self.reader.listener.is_idle
        assert not self.reader.engine.is_busy


def _first(phone):
    waiting, message_1 = phone.message_1()
    return waiting, phone.hello() + phone.post(b"\xf5" + message_1)


async def _cancel(task):
    task.cancel()


async def _until(condition):
    while not condition():
        await asyncio.sleep(0)


async def _answered(link):
    await _until(lambda: link.closed or link.from_reader)


async def test_others_have_a_turn_between_any_two_steps():
    """Door, cards and radio wait for one step, never for a handshake."""
    with Stepped() as stepped:
        call, code, _ = await cold(stepped.reader, Phone(suite=2))
        assert code == coap.code.CHANGED
        # Ephemeral key, two secrets, token, proof.
        assert stepped.pause.count >= 5 * Stepping.STEPS
        await call.hang_up()
        stepped.is_at_rest()


async def test_two_phones_at_once_take_turns_and_both_get_in():
    """One handshake is computed after the other: both at once
    would take twice the memory, and both phones would wait for both.
    """
    with Stepped() as stepped:
        phones = [Phone(suite=2, number=10), Phone(number=20), Phone(suite=2, number=30)]
        unlocks = [asyncio.create_task(cold(stepped.reader, phone)) for phone in phones]
        calls = []
        for unlock in unlocks:
            call, code, _ = await unlock
            assert code == coap.code.CHANGED
            calls.append(call)
        assert stepped.pause.most_under_way == 1 and stepped.hardware.opened >= 1
        accesses = [line for line in stepped.hardware.lines if line["event"] == "access"]
        # Each connection pays for its own handshake, whoever computed meanwhile.
        assert [line["public_key_operations"] for line in accesses] == [5, 5, 5]
        assert sorted(line["connection"] for line in accesses) == [1, 2, 3]
        for phone, call in zip(phones, calls):
            _, code, answer = await warm(stepped.reader, phone, call=call)
            assert code == coap.code.CHANGED and answer[1] is True
            await call.hang_up()
        stepped.is_at_rest()


async def test_a_card_is_answered_in_the_middle_of_a_handshake():
    """Who holds a card does not wait for somebody's first visit."""
    with Stepped() as stepped:
        seen = []
        stepped.pause.at = 7

        def show():
            stepped.reader.card_reader.card(b"\x04\xa1\xb2\xc3")
            seen.append(stepped.hardware.reasons())

        stepped.pause.action = show
        call, code, _ = await cold(stepped.reader, Phone(suite=2))
        assert seen == [["unknown_card"]] and code == coap.code.CHANGED
        assert stepped.hardware.reasons() == ["unknown_card", "granted"]
        await call.hang_up()


async def test_a_message_that_comes_early_waits_for_its_turn():
    """A second message_1 while the first is half answered: each is answered, the first in vain."""
    with Stepped() as stepped:
        phone = Phone(suite=2)
        call = Call(stepped.reader)
        _, first = _first(phone)
        waiting, message_1 = phone.message_1()
        stepped.pause.at = 5
        stepped.pause.action = lambda: call.link.put(phone.post(b"\xf5" + message_1))
        await call.send(first)
        answers = await call.answers()
        assert [answer.code for answer in answers] == 2 * [coap.code.CHANGED]
        message_3 = phone.finish(waiting, answers[1].payload)
        exchange, protected = phone.wish()
        response = await call.ask(stream.encode(oscore.combine(message_3, protected)))
        assert phone.answer(response, exchange)[1][1] is True
        await call.hang_up()
        stepped.is_at_rest()


async def test_a_connection_that_is_cancelled_at_any_step_leaves_nothing():
    """The radio ends the task of a central that is gone, in the middle of anything: no steps go
    on, no identifier is lost, and the door is there for the next.
    """
    with Stepped() as stepped:
        at = 0
        while True:
            at += 1
            phone = Phone(suite=2 * (at % 2), number=100 * at)
            call = Call(stepped.reader)
            stepped.pause.count, stepped.pause.at = 0, at
            stepped.pause.action = lambda task=call._task: asyncio.create_task(_cancel(task))
            waiting, first = _first(phone)
            call.link.put(first)
            await _answered(call.link)
            if not call.link.closed:
                response = (await call.answers())[-1]
                message_3 = phone.finish(waiting, response.payload)
                call.link.put(stream.encode(oscore.combine(message_3, phone.wish()[1])))
                await _answered(call.link)
            if stepped.pause.count < at:
                break  # it was over before
            try:
                await call._task
            except asyncio.CancelledError:
                pass
            stepped.is_at_rest()
        stepped.pause.at = 0
        await call.hang_up()
        assert at > 3 * Stepping.STEPS and stepped.hardware.opened == 1
        stepped.is_at_rest()


async def test_a_phone_that_leaves_at_any_step_leaves_nothing():
    """It hangs up in the middle: the reader finds out when it has the answer, and lets go."""
    with Stepped() as stepped:
        for at in range(1, 12, 2):
            call = Call(stepped.reader)
            stepped.pause.count, stepped.pause.at = 0, at
            stepped.pause.action = call.link.hang_up
            call.link.put(_first(Phone(suite=2, number=100 * at))[1])
            await call._task
            stepped.is_at_rest()
        _, code, _ = await cold(stepped.reader, Phone(suite=2, number=9000))
        assert code == coap.code.CHANGED


async def test_who_is_revoked_in_the_middle_of_the_handshake_does_not_get_in():
    """Policy comes between two steps, by whatever carrier: what holds at the decision counts."""
    with Stepped() as stepped:
        cti = site.holder_claims()[7]
        revocation = site.changeset(
            [[7, cti, site.NOW + site.DAY, None]], 2, site.hash_of(site.changeset()), site.NOW
        )
        phone = Phone(suite=2)
        call = Call(stepped.reader)
        waiting, first = _first(phone)
        response = await call.ask(first)
        message_3 = phone.finish(waiting, response.payload)
        exchange, protected = phone.wish()
        stepped.pause.at = stepped.pause.count + 4
        stepped.pause.action = lambda: stepped.reader.apply(revocation)
        response = await call.ask(stream.encode(oscore.combine(message_3, protected)))
        assert phone.answer(response, exchange)[1][1] is False
        assert stepped.hardware.reasons() == ["revoked"] and not stepped.hardware.opened
        await call.hang_up()


async def test_the_five_seconds_are_the_phones_own():
    """A reader that computes for long does not blame the phone for it; one that stays silent
    before message_1, or owes message_3, is dropped.
    """
    with Stepped(Limits(first_ms=200)) as stepped:
        phone = Phone(suite=2)
        call = Call(stepped.reader)
        stepped.pause.at = 4
        stepped.pause.action = lambda: stepped.hardware.pass_time(1)
        waiting, first = _first(phone)
        response = await call.ask(first)
        message_3 = phone.finish(waiting, response.payload)
        exchange, protected = phone.wish()
        stepped.pause.at = stepped.pause.count + 4
        response = await call.ask(stream.encode(oscore.combine(message_3, protected)))
        assert phone.answer(response, exchange)[1][1] is True
        await call.hang_up()
        late = Call(stepped.reader)
        await late.ask(_first(Phone(suite=2, number=50))[1])
        stepped.hardware.pass_time(1)
        await late._task
        assert late.dropped and stepped.hardware.lines[-1]["reason"] == "too_slow"
        stepped.is_at_rest()


async def test_no_ephemeral_key_is_used_twice():
    """Phones that come at once, while keys are being made ahead, and ones that leave half way:
    each G_Y that was ever sent is another.
    """
    with Stepped() as stepped:
        running = asyncio.create_task(stepped.reader.run())
        sent = []
        for number in range(4):
            calls = []
            for suite in (2, 0, 2):
                call = Call(stepped.reader)
                calls.append(call)
                phone = Phone(suite=suite, number=1000 * number + 10 * len(calls))
                call.link.put(_first(phone)[1])
                if number % 2:
                    await asyncio.sleep(0)
            for call in calls:
                await call._settled()
                sent.append((await call.answers())[-1].payload[2:34])
            for call in calls:
                await call.hang_up()
        assert len(set(sent)) == len(sent) == 12
        running.cancel()
        try:
            await running
        except asyncio.CancelledError:
            pass


async def test_keys_are_made_ahead_only_while_nobody_is_there():
    """A phone that comes in the middle waits for the one under way, and not for the next."""
    with Stepped() as stepped:
        running = asyncio.create_task(stepped.reader.run())
        keys = stepped.reader.ephemerals
        assert keys.missing == 0
        await _until(lambda: stepped.backend.under_way)
        call, code, _ = await cold(stepped.reader, Phone())
        assert code == coap.code.CHANGED and keys.missing == 0
        access = [line for line in stepped.hardware.lines if line["event"] == "access"][-1]
        assert access["public_key_operations"] == 4
        await call.hang_up()
        await _until(lambda: keys.missing is None)
        call, _, _ = await cold(stepped.reader, Phone(suite=2, number=50))
        access = [line for line in stepped.hardware.lines if line["event"] == "access"][-1]
        assert access["public_key_operations"] == 4 and keys.missing == 2
        await call.hang_up()
        running.cancel()
        try:
            await running
        except asyncio.CancelledError:
            pass


async def test_random_bytes_that_are_no_p256_key_are_drawn_again():
    """One in 2^32 is not below the order of the group; a key of zeros is none either."""
    drawn = [b"\xff" * 32, bytes(32), b"\x31" * 32]
    engine = CryptoEngine(Pause())
    for wrong in drawn[:2]:
        left = [wrong, drawn[2]]
        keys = EphemeralKeys(lambda length, left=left: left.pop(0), (0, 2))
        private, public = await engine.run(keys.take_steps(2), Origin(1))
        assert private == drawn[2] and public == crypto.p256_public_key(private)[:32]
    keys = EphemeralKeys(lambda length: bytes(length), (2,))
    try:
        await engine.run(keys.take_steps(2), Origin(1))
        raise AssertionError("no key was taken for one")
    except crypto.InvalidKey:
        pass


async def test_steps_that_are_waited_for_are_closed_when_the_waiting_ends():
    """Cancelled before its turn came, or in the middle: what is secret is wiped, and the next in
    the queue has its turn.
    """
    engine = CryptoEngine(Pause())
    closed = []

    def steps(name):
        try:
            for _ in range(3):
                yield
            return name
        finally:
            closed.append(name)

    tasks = [asyncio.create_task(engine.run(steps(name), Origin(1))) for name in "abcd"]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    tasks[0].cancel()
    tasks[2].cancel()
    done = []
    for task in tasks:
        try:
            done.append(await task)
        except asyncio.CancelledError:
            done.append(None)
    # Who never began has nothing to wipe.
    assert done == [None, "b", None, "d"] and closed == ["a", "b", "d"]
