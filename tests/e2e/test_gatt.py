"""A phone at a lock by radio: the whole reader on real aioble, a site of the host, plain bleak.

With HOLDFAST_TORTURE=1 a thousand cold and warm unlocks, or as many as HOLDFAST_UNLOCKS says.
"""

import asyncio
import contextlib
import os
import random

import pytest
from bleak import BleakClient
from bleak.exc import BleakError

from holdfast_host.errors import LinkClosed
from radio.gatt_door import GattDoor, new_site
from radio.gatt_stage import CONNECTIONS, Stage, aioble_path
from radio.phone import STEPS

pytestmark = pytest.mark.skipif(
    aioble_path() is None, reason="no aioble: set AIOBLE_PATH to the folder that holds it"
)

_is_torture = pytest.mark.skipif(
    os.environ.get("HOLDFAST_TORTURE") != "1", reason="takes an hour: make torture"
)
_UNLOCKS = int(os.environ.get("HOLDFAST_UNLOCKS", "1000"))
# A phone of this machine has so many times longer than one at a door, whatever else runs here.
# What it has in truth is held in simulated time.
_SLOWNESS = 30
# Where a hog's time is waited for.
_PATIENCE = 4
_CUT = (BleakError, LinkClosed)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """One site for all that is tried here, and its reader's state."""
    return new_site(tmp_path_factory.mktemp("gatt"))


@contextlib.asynccontextmanager
async def _door(site, slowness=_SLOWNESS):
    async with Stage() as stage:
        door = GattDoor(site[0], site[1], stage, slowness)
        await door.start()
        yield stage, door
        assert not door.events("fault")


def test_a_phone_opens_cold_and_then_warm_at_any_mtu(site):
    """It finds the reader by its door's tag, and shows who it is; from then on it is known."""

    async def main():
        async with _door(site) as (stage, door):
            phone = await stage.phone(23)
            outcome, session = await door.cold(phone, door.site.holder("resident"))
            assert outcome.granted
            for mtu in (23, 185, 517):
                phone = await stage.phone(mtu)
                outcome, session = await door.warm(phone, session)
                assert outcome.granted
            said = await door.heard("access", 4)
            granted = [(event["granted"], event["handshake"]) for event in said]
            assert granted == [(True, True)] + 3 * [(True, False)]

    asyncio.run(main())


def test_three_phones_at_once_are_all_let_in(site):
    """Whoever comes while another is served waits for its turn, and not for ever."""

    async def main():
        async with _door(site) as (stage, door):
            visits = [
                door.cold(await stage.phone(mtu), door.site.holder(f"of {mtu}"))
                for mtu in (23, 100, 247)
            ]
            assert all(outcome.granted for outcome, _ in await asyncio.gather(*visits))

    asyncio.run(main())


def test_a_silent_central_on_every_connection_keeps_nobody_out(site):
    """The stack has four connections and no more; the reader makes room for who comes."""

    async def main():
        async with _door(site, _PATIENCE) as (stage, door):
            resident = await stage.phone()
            _, session = await door.cold(resident, door.site.holder("resident"))
            hogs = []
            async with contextlib.AsyncExitStack() as connected:
                for _ in range(CONNECTIONS):
                    hog = await stage.phone()
                    client = BleakClient(await door.find(hog), backend=hog.client)
                    hogs.append(await connected.enter_async_context(client))
                outcome, _ = await door.warm(resident, session)
                assert outcome.granted
            assert not all(client.is_connected for client in hogs)

    asyncio.run(main())


def test_a_connection_lost_at_any_step_keeps_nobody_out(site):
    """The next visit opens; so does that of a phone that never came back for its answer."""

    async def main():
        async with _door(site) as (stage, door):
            phone = await stage.phone()
            _, session = await door.cold(phone, door.site.holder("resident"))
            for step in STEPS:
                for is_lost in (False, True):
                    phone.cut(step, is_lost=is_lost)
                    with contextlib.suppress(*_CUT):
                        await door.warm(phone, session)
                    session = door.later(session)
                    outcome, session = await door.warm(phone, session)
                    assert outcome.granted

    asyncio.run(main())


@_is_torture
def test_a_thousand_cold_and_a_thousand_warm_unlocks(site):
    """With any MTU, and every third of them cut at a step taken at random, once or twice."""

    cut = 0

    async def main():
        chance = random.Random(1)
        async with _door(site) as (stage, door):
            phone = await stage.phone()
            for number in range(_UNLOCKS):
                identity = door.site.holder(f"holder {number}")
                session = await _visit(chance, phone, door.cold, identity, lambda same: same)
                await _visit(chance, phone, door.warm, session, door.later)

    async def _visit(chance, phone, visit, key, later):
        nonlocal cut
        phone.mtu = chance.randrange(23, 518)
        while chance.random() < 1 / 3:
            phone.cut(chance.choice(STEPS), chance.randrange(1, 4), chance.random() < 0.5)
            try:
                await visit(phone, key)
            except _CUT:
                cut += 1
            phone.spare()
            key = later(key)
        outcome, session = await visit(phone, key)
        assert outcome.granted
        return session

    asyncio.run(main())
    print(f"{_UNLOCKS} cold, {_UNLOCKS} warm; {cut} visits besides were cut")
    assert 4 * cut > _UNLOCKS
