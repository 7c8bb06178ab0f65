"""Phones, cards and lights by a carrier over CoAP on a LAN that loses, doubles and overtakes, in
simulated time: the carrier and the controller as they are, with all that they do by themselves.
"""

INTERPRETERS = ("micropython",)

import asyncio
import os

import crypto
from carried_door import (
    CARD_NUMBER,
    CARRIER_PRIVATE,
    LitHardware,
    carrier_settings,
    make_controller,
    policy,
)
from harness import new_folder
from holdfast.access import reason
from holdfast.lan.endpoint import LanEndpoint
from holdfast.link.origin import Origin
from holdfast.roles.carrier import Carrier
from memory_phone import Call, Phone, cold, warm
from simulated_network import Chance
from simulated_time import SimulatedTime


class _Net:
    def __init__(self, seed, loss=0, doubled=0, late_ms=5):
        self.chance = Chance(seed)
        self.loss, self.doubled, self.late_ms = loss, doubled, late_ms
        self.sockets = {}
        self.is_cut = False
        self.count = 0

    def send(self, source, address, data):
        self.count += 1
        for _ in range(1 + self.chance.happens(self.doubled)):
            if address in self.sockets and not (self.is_cut or self.chance.happens(self.loss)):
                asyncio.create_task(self._bring(source, address, bytes(data)))

    async def _bring(self, source, address, data):
        await asyncio.sleep(self.chance.between(1, self.late_ms) / 1000)
        socket = self.sockets.get(address)
        if socket is not None:
            socket.queue.append((source, data))
            socket.arrived.set()


class _Socket:
    def __init__(self, net, address):
        self.net, self.address = net, address
        self.queue, self.arrived = [], asyncio.Event()
        net.sockets[address] = self

    def is_own(self, source):
        return source == self.address

    def send(self, address, data):
        self.net.send(self.address, address, data)

    async def receive(self):
        while not self.queue:
            self.arrived.clear()
            await self.arrived.wait()
        return self.queue.pop(0)


class _Call(Call):
    """A phone that waits in simulated time, which stands still for who only gives way."""

    async def _settled(self):
        for _ in range(40000):
            await asyncio.sleep(0.002)
            if self.link.closed or self.link.is_awaited and not self.link.to_reader:
                return
        raise AssertionError("no end of it")


def _mac(data):
    return crypto.sha256(b"key" + data)


class _Way:
    """To a controller of which everybody knows where it is."""

    def __init__(self, lan, time):
        self.lan, self.time = lan, time

    async def send(self, request):
        return await self.lan.exchange("inside", request, self.time.add(1000))

    def ping(self, answered):
        self.lan.endpoint.ping("inside", answered)

    def heard(self):
        """It is there."""

    def not_heard(self):
        """There is nobody else to be asked."""


class _Site:
    """A controller and a carrier, each with an endpoint of its own."""

    def __init__(self, **faults):
        self.time = SimulatedTime.install()
        self.net = _Net(**faults)
        self.folders = new_folder(), new_folder()
        self.jobs = {"inside": [], "wall": []}
        self.start_inside(policy())
        self.start_wall()

    def start_inside(self, raw=None):
        self.inside = make_controller(self.folders[0], raw, LitHardware(self.time))
        lan = LanEndpoint(
            _Socket(self.net, "inside"),
            self.time,
            os.urandom,
            _mac,
            self.inside.exchanger,
            lambda: Origin(7, False, True),
        )
        self._run("inside", lan.run(), lan.keep_time())

    def start_wall(self):
        self.hardware = LitHardware(self.time)
        lans = []

        def make_way(exchanger):
            lan = LanEndpoint(
                _Socket(self.net, "wall"),
                self.time,
                os.urandom,
                _mac,
                exchanger,
                lambda: Origin(1, False, True),
            )
            lans.append(lan)

            return _Way(lan, self.time)

        self.carrier = Carrier(
            carrier_settings(),
            CARRIER_PRIVATE,
            self.hardware,
            self.folders[1],
            lambda: self.time.now // 1000,
            make_way,
        )
        self.carrier.start()
        self._run("wall", lans[0].run(), lans[0].keep_time(), self.carrier.run())

    def kill(self, which):
        """As a power cut does: nothing is told, and nothing said any more."""
        for job in self.jobs[which]:
            job.cancel()
        self.jobs[which] = []
        del self.net.sockets[which]

    def _run(self, which, *jobs):
        self.jobs[which] = [asyncio.create_task(job) for job in jobs]

    async def close(self):
        for which in list(self.net.sockets):
            self.kill(which)
        await asyncio.sleep(0)

    async def until(self, happened, within_s=60):
        for _ in range(within_s * 10):
            if happened():
                return
            await asyncio.sleep(0.1)
        raise AssertionError("it never happened")


async def test_on_a_good_lan_a_cold_unlock_is_two_messages_and_a_warm_one_is_one():
    """What a phone waits for beside the controller's own work: that many times there and back."""
    place = _Site(seed=1)
    await place.until(lambda: place.carrier.handover.is_present)
    before, phone = place.net.count, Phone()
    call, _, answer = await cold(place.carrier, phone, call=_Call(place.carrier))
    assert answer[1] is True and place.net.count == before + 2 * 2, place.net.count - before
    call, _, answer = await warm(place.carrier, phone, call=call)
    assert answer[1] is True and place.net.count == before + 3 * 2
    await call.hang_up()
    await place.close()


async def test_who_wants_in_gets_in_over_a_lan_that_loses_doubles_and_overtakes():
    """Each wish opens once for each yes, whatever became of its messages."""
    for seed in range(3):
        await _wishes(_Site(seed=seed + 3, loss=0.1, doubled=0.2, late_ms=300))


async def _wishes(place):
    await place.until(lambda: place.carrier.handover.is_present)
    granted = wishes = 0
    for number in range(4):
        phone = Phone(number=1000 * (number + 1))
        call, _, answer = await cold(place.carrier, phone, piece=97, call=_Call(place.carrier))
        wishes += 1
        granted += bool(answer and answer[1])
        if answer:
            _, _, answer = await warm(place.carrier, phone, call=call, piece=20)
            wishes += 1
            granted += bool(answer and answer[1])
        await call.hang_up()
    assert granted >= wishes - 1 and wishes >= 7, (granted, wishes)
    assert granted <= place.inside.hardware.opened <= wishes
    before = place.inside.hardware.opened
    place.carrier.card(CARD_NUMBER)
    await place.until(lambda: ("green", "steady") in place.hardware.lights)
    await asyncio.sleep(10)
    assert place.inside.hardware.opened == before + 1
    assert place.hardware.lights[-1] == ("white", "steady")
    await place.close()


async def test_a_controller_that_is_away_is_red_and_comes_back():
    """By itself, whichever of the two lost its power; a card of meanwhile opens nothing later."""
    place = _Site(seed=9)
    await place.until(lambda: place.carrier.handover.is_present)
    for which in ("cable", "inside", "wall"):
        await _away(place, which)
    await place.close()


async def test_it_is_red_within_ten_seconds_though_nobody_asks():
    """At whatever moment between two questions of its own, and whatever it heard last."""
    place = _Site(seed=11)
    for quiet_s in (0, 1.7, 3.4, 5.1, 31):
        await place.until(lambda: place.hardware.lights[-1] == ("white", "steady"))
        await asyncio.sleep(quiet_s)
        place.net.is_cut = True
        await place.until(lambda: place.hardware.lights[-1] == ("red", "steady"), 10)
        place.net.is_cut = False
    await place.close()


async def _away(place, which):
    opened = place.inside.hardware.opened
    if which == "cable":
        place.net.is_cut = True
    else:
        place.kill(which)
    if which != "wall":
        place.carrier.card(CARD_NUMBER)
        await place.until(lambda: place.hardware.lights[-1] == ("red", "blink"))
        await place.until(lambda: place.hardware.lights[-1] == ("red", "steady"))
        await asyncio.sleep(30)
    place.net.is_cut = False
    if which == "inside":
        place.start_inside()
        opened = 0
    if which == "wall":
        place.start_wall()
    await place.until(lambda: place.hardware.lights[-1] == ("white", "steady"))
    await asyncio.sleep(30)
    assert place.inside.hardware.opened == opened
    place.carrier.card(CARD_NUMBER)
    await place.until(lambda: place.inside.hardware.opened == opened + 1)
    await asyncio.sleep(10)


async def test_a_tamper_is_told_until_it_is_heard():
    """Also if the cable was the first thing that whoever opens it has cut."""
    place = _Site(seed=5)
    await place.until(lambda: place.carrier.handover.is_present)
    place.net.is_cut = True
    place.carrier.tamper(True)
    await asyncio.sleep(20)
    place.net.is_cut = False
    await place.until(
        lambda: [line for line in place.inside.hardware.lines if line["event"] == "carrier_tamper"]
    )
    place.carrier.card(CARD_NUMBER)
    await place.until(lambda: place.inside.hardware.reasons())
    assert place.inside.hardware.reasons() == [reason.name(reason.CARRIER_TAMPERED)]
    assert place.inside.hardware.opened == 0
    await place.close()
