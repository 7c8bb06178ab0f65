"""A crowd that has shown nothing, against one reader, while a resident comes again and again."""

INTERPRETERS = ("micropython",)

import gc
import os

import coap
import crypto
import oscore
import small_site as site
from coap import stream
from cose import cwt
from holdfast.access.events import event, record
from holdfast.access.policy import operations as ops
from memory_phone import Call, Hardware, Phone, cold, make_reader, warm

_TORTURE = os.getenv("HOLDFAST_TORTURE") == "1"
_MESSAGES = 1000000 if _TORTURE else 10000
_HANDSHAKES = 20000 if _TORTURE else 500
_A_VISIT_EVERY = 500  # messages
_PER_CALL = 6


class _Engine:
    """Counts who computes while somebody waits: in the place of ``run``."""

    def __init__(self, engine):
        self._genuine = engine.run
        self.started = []
        self.waited = {}  # number of a connection: the most that were begun before it
        engine.run = self.run

    async def run(self, steps, origin, begins=False):
        entered = len(self.started)

        def counted():
            others = [number for number in self.started[entered:] if number != origin.number]
            self.waited[origin.number] = max(self.waited.get(origin.number, 0), len(others))
            self.started.append(origin.number)
            return (yield from steps)

        return await self._genuine(counted(), origin, begins)


class _Crowd:
    def __init__(self, reader, resident, recordings):
        self.reader = reader
        self.recordings = recordings
        self.sent = self.handshakes = 0
        self._kid = resident.context.sender_id
        self.stolen = Phone(resident.token, b"\x77" * 32)
        self.foreign = Phone(cwt.issue(site.holder_claims(), site.authority(b"\x99" * 32)))
        self._hello = resident.hello()
        self._post = resident.post

    def noise(self, number):
        """Something that takes no public-key operation to refuse."""
        kind = number % 6
        if kind == 0:
            return stream.encode(coap.Message(coap.code.GET, coap.path_options("status")))
        if kind == 1:
            kid = oscore.option.encode(number.to_bytes(3, "big"), None, self._kid)
            options = [(coap.option.OSCORE, kid)]
            return stream.encode(coap.Message(coap.code.POST, options, os.urandom(20)))
        if kind == 2:
            options = [(coap.option.OSCORE, b"\x09\x01\x2f")]
            return stream.encode(coap.Message(coap.code.POST, options, os.urandom(20)))
        if kind == 3:
            return self._post(os.urandom(40))
        if kind == 4:
            return self._post(b"\x05" + os.urandom(60))
        return self.recordings[number % len(self.recordings)]

    async def a_call_of_noise(self):
        call = Call(self.reader)
        await call.send(self._hello)
        for _ in range(_PER_CALL):
            if call.dropped:
                break
            await call.send(self.noise(self.sent))
            self.sent += 1
        await call.hang_up()

    def begins(self):
        """A message_1 as good as any; its sender has computed nothing."""
        self.handshakes += 1
        self.sent += 1
        return self._post(b"\xf5\x03\x00\x58\x20" + os.urandom(32) + b"\x0e")

    async def half_way(self):
        """Connections on which a message_1 is on its way, one less than there are."""
        calls = []
        for _ in range(3):
            call = Call(self.reader)
            await call.send(self._hello)
            call.link.put(self.begins())
            calls.append(call)
        return calls

    async def whole(self, phone):
        """A handshake to its end, with a token that is not one's own or of nobody's authority."""
        phone.number = 100000 + self.handshakes
        self.handshakes += 1
        self.sent += 2
        call, code, answer = await cold(self.reader, phone)
        assert answer is None and code == coap.code.BAD_REQUEST
        await call.hang_up()


def _heap():
    gc.collect()
    return gc.mem_alloc()


async def test_a_resident_gets_in_each_time_and_the_log_names_nobody_else():
    hardware = Hardware()
    reader = make_reader(hardware)
    engine = _Engine(reader.engine)
    resident = Phone(number=1)
    call, _, answer = await cold(reader, resident)
    assert answer[1] is True
    recordings = [stream.encode(resident.wish()[1])]
    await call.send(recordings[0])
    await call.hang_up()
    crowd = _Crowd(reader, resident, recordings)
    for _ in range(40):
        await crowd.a_call_of_noise()
    await crowd.whole(crowd.stolen)
    await crowd.whole(crowd.foreign)
    begun, base, visits, opened = crowd.sent, _heap(), 0, hardware.opened
    next_visit = begun
    while crowd.sent - begun < _MESSAGES or crowd.handshakes < _HANDSHAKES:
        if crowd.sent < next_visit:
            await crowd.a_call_of_noise()
            continue
        next_visit += _A_VISIT_EVERY
        share = _HANDSHAKES * (crowd.sent - begun) // _MESSAGES
        while crowd.handshakes < share - 4:
            for one in await crowd.half_way():
                one.link.hang_up()
                await one._task
        await crowd.whole(crowd.foreign if visits % 2 else crowd.stolen)
        others = await crowd.half_way()
        # Every fourth time the phone has lost its context and comes as a stranger itself.
        if visits % 4 == 3:
            call, _, answer = await cold(reader, resident)
        else:
            call, _, answer = await warm(reader, resident)
        assert answer and answer[1] is True, (visits, hardware.lines[-3:])
        number = [line for line in hardware.lines if line["event"] == "access"][-1]["connection"]
        assert engine.waited.get(number, 0) <= 1, (visits, engine.waited[number])
        visits += 1
        await call.hang_up()
        for one in others:
            await one.hang_up()
        engine.started, engine.waited = [], {}
        del hardware.lines[:]
        del hardware.strikes[:]
        hardware.strikes.extend([1] * opened)
    assert visits >= _MESSAGES // _A_VISIT_EVERY
    del hardware.lines[:]
    assert _heap() - base < 2048, (base, _heap())
    _look_at_the_log(reader)


def _look_at_the_log(reader):
    of_strangers = {}
    for raw in _all_events(reader):
        fields = record.decode(record.split(raw)[0]).fields
        if fields.get("reason_code") and not fields.get("holder"):
            why = fields["reason_code"]
            kind = why // 40 if why != 44 else 0
            of_strangers[kind] = of_strangers.get(kind, 0) + 1
        if fields.get("holder"):
            assert not fields.get("reason_code"), fields
    assert 2 <= len(of_strangers) <= 3
    for count in of_strangers.values():
        assert count <= 33 + reader.timekeeper.uptime() // 300, of_strangers


def _all_events(reader):
    after, found = -1, []
    log = reader.stores.events()
    while True:
        raws = log.after(after, 1 << 16)
        if not raws:
            return found
        found.extend(raws)
        after = record.decode(record.split(raws[-1])[0]).number


async def test_a_revocation_is_in_force_with_the_next_request_whatever_the_crowd_does():
    hardware = Hardware()
    reader = make_reader(hardware)
    resident = Phone(number=1)
    call, _, answer = await cold(reader, resident)
    recordings = [stream.encode(resident.wish()[1])]
    await call.hang_up()
    crowd = _Crowd(reader, resident, recordings)
    others = await crowd.half_way()
    head = crypto.sha256(site.changeset())
    revoked = [[ops.REVOKE, site.holder_claims()[7], site.NOW + site.DAY, None]]
    reader.apply(site.changeset(revoked, 2, head, site.NOW))
    _, code, answer = await warm(reader, resident)
    assert code == coap.code.UNAUTHORIZED and answer is None
    for one in others:
        await one.hang_up()
    assert hardware.opened == 1 and event.POLICY_APPLIED in [
        record.decode(record.split(raw)[0]).kind for raw in _all_events(reader)
    ]
