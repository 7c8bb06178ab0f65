"""Unmodified aioble on a virtual radio, plain bleak as the phone: what all of GATT rests on."""

import asyncio
import pathlib

import pytest
from bleak import BleakClient, BleakScanner
from bleak.exc import BleakError

import radio
from radio.gatt_stage import Stage, aioble_path

pytestmark = pytest.mark.skipif(
    aioble_path() is None, reason="no aioble: set AIOBLE_PATH to the folder that holds it"
)

ECHO = pathlib.Path(radio.__file__).parent / "board" / "echo_by_aioble.py"
SERVICE, RX, TX = (f"d00d000{number}-0000-4000-8000-00000000beef" for number in (1, 2, 3))
SHORT = "2a26"


async def _find(phone):
    device = await BleakScanner.find_device_by_filter(
        lambda _, data: SERVICE in data.service_uuids, timeout=60, backend=phone.scanner
    )
    assert device is not None
    return device


async def _listen(client):
    heard = asyncio.Queue()
    await client.start_notify(TX, lambda _, value: heard.put_nowait(bytes(value)))
    return heard


@pytest.mark.parametrize("mtu", [23, 24, 185, 247, 517])
def test_what_a_phone_writes_comes_back_at_any_mtu(mtu):
    async def main():
        async with Stage() as stage:
            await stage.board(ECHO)
            phone = await stage.phone(mtu)
            async with BleakClient(await _find(phone), backend=phone.client) as client:
                assert client.mtu_size == min(mtu, 512)
                heard = await _listen(client)
                for response in (True, False):
                    for length in (1, 20, client.mtu_size - 3):
                        message = bytes(range(1, length + 1)) if length < 256 else bytes(length)
                        await client.write_gatt_char(RX, message, response=response)
                        assert await heard.get() == message[::-1]

    asyncio.run(main())


def test_a_plain_characteristic_holds_20_bytes_and_cuts_the_rest():
    async def main():
        async with Stage() as stage:
            await stage.board(ECHO)
            phone = await stage.phone()
            async with BleakClient(await _find(phone), backend=phone.client) as client:
                assert await client.read_gatt_char(SHORT) == b"plain"
                await client.write_gatt_char(SHORT, bytes(30), response=True)
                assert await client.read_gatt_char(SHORT) == bytes(20)
                with pytest.raises(BleakError):
                    await client.read_gatt_char(RX)

    asyncio.run(main())


def test_three_phones_at_once_are_told_apart():
    async def main():
        async with Stage() as stage:
            await stage.board(ECHO)
            phones = [await stage.phone() for _ in range(3)]
            await asyncio.gather(*[_speak(phone, bytes((n,))) for n, phone in enumerate(phones)])

    async def _speak(phone, name):
        async with BleakClient(await _find(phone), backend=phone.client) as client:
            heard = await _listen(client)
            for number in range(10):
                await client.write_gatt_char(RX, bytes((number,)) + name, response=True)
                assert await heard.get() == name + bytes((number,))

    asyncio.run(main())


@pytest.mark.parametrize("is_lost", [False, True])
@pytest.mark.parametrize("step", ["connected", "mtu", "services", "subscribed", "written"])
def test_a_connection_lost_at_any_step_leaves_the_board_free(step, is_lost):
    async def main():
        async with Stage() as stage:
            board = await stage.board(ECHO)
            phone = await stage.phone()
            device = await _find(phone)
            phone.cut(step, is_lost=is_lost)
            with pytest.raises(BleakError):
                async with BleakClient(device, backend=phone.client) as client:
                    heard = await _listen(client)
                    await client.write_gatt_char(RX, b"a", response=True)
                    await client.write_gatt_char(RX, b"b", response=True)
            await board.said("disconnected")
            async with BleakClient(await _find(phone), backend=phone.client) as client:
                heard = await _listen(client)
                await client.write_gatt_char(RX, b"again", response=True)
                assert await heard.get() == b"niaga"

    asyncio.run(main())


def test_the_board_ends_a_connection_and_the_phone_is_told():
    async def main():
        async with Stage() as stage:
            await stage.board(ECHO)
            phone = await stage.phone()
            gone = asyncio.Event()
            client = BleakClient(await _find(phone), lambda _: gone.set(), backend=phone.client)
            await client.connect()
            await client.write_gatt_char(RX, b"bye", response=True)
            await gone.wait()
            assert not client.is_connected

    asyncio.run(main())


def test_a_board_that_loses_its_power_is_gone_from_the_air():
    async def main():
        async with Stage() as stage:
            board = await stage.board(ECHO)
            phone = await stage.phone()
            gone = asyncio.Event()
            client = BleakClient(await _find(phone), lambda _: gone.set(), backend=phone.client)
            await client.connect()
            await board.stop()
            await gone.wait()

    asyncio.run(main())
