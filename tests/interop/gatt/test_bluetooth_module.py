"""The `bluetooth` module that stands for NimBLE's does what extmod/modbluetooth.c does.

What is tried here is what a link over GATT trips over on a real board: values cut, memory for
notifications used up, connections used up, handlers that raise.
"""

import asyncio
import contextlib
import errno
import pathlib

import pytest
from bleak import BleakClient, BleakScanner
from bleak.exc import BleakError

import radio
from radio.gatt_stage import Stage

SCRIPT = pathlib.Path(radio.__file__).parent / "board" / "bluetooth_by_line.py"
SERVICE, VALUE = (f"d00d000{number}-0000-4000-8000-00000000beef" for number in (1, 2))
REGISTER = (
    f"ble.gatts_register_services(((bluetooth.UUID('{SERVICE}'),"
    f"((bluetooth.UUID('{VALUE}'), 0x1E),)),))"
)
ADVERTISE = "ble.gap_advertise(50000, b'\\x02\\x01\\x06', resp_data=b'\\x05\\x09door')"


class Asked:
    """A board that answers questions, each a Python expression."""

    def __init__(self, board):
        self.board = board
        self._number = 0

    async def ask(self, expression):
        """What it gives, as text."""
        await self.board.tell(expression)
        mark = f"{self._number}: "
        self._number += 1
        return (await self.board.said(mark)).removeprefix(mark)

    async def up(self):
        """A radio that is on, with one characteristic whose handle is given, and advertises."""
        for expression in ("ble.active(True)", "ble.irq(handler)"):
            await self.ask(expression)
        handles = await self.ask(REGISTER)
        await self.ask(ADVERTISE)
        return int(handles.strip("(),"))


@contextlib.asynccontextmanager
async def _board(**limits):
    async with Stage(**limits) as stage:
        yield stage, Asked(await stage.board(SCRIPT))


async def _connected(stage, mtu=517, gone=None):
    phone = await stage.phone(mtu)
    device = await BleakScanner.find_device_by_name("door", timeout=60, backend=phone.scanner)
    client = BleakClient(device, lambda _: gone and gone.set(), backend=phone.client)
    await client.connect()
    return client


def test_a_radio_that_is_off_refuses_everything():
    async def main():
        async with _board() as (_, board):
            for expression in ("ble.config('mac')", "ble.gap_advertise(100)", "ble.gatts_read(1)"):
                assert str(errno.ENODEV) in await board.ask(expression)
            assert await board.ask("ble.active(True)") == "True"
            assert (await board.ask("ble.config('mac')")).startswith("(1, ")
            assert "unknown config param" in await board.ask("ble.config('nothing')")
            assert str(errno.EINVAL) in await board.ask("ble.config(mtu=22)")
            assert str(errno.EINVAL) in await board.ask("ble.gatts_read(1)")
            assert await board.ask("ble.active(False)") == "False"

    asyncio.run(main())


def test_a_value_is_cut_to_its_buffer_and_one_that_gathers_grows_until_it_is_read():
    async def main():
        async with _board() as (stage, board):
            handle = await board.up()
            client = await _connected(stage)
            await client.write_gatt_char(VALUE, bytes(range(30)), response=True)
            assert await board.ask(f"len(ble.gatts_read({handle}))") == "20"
            await board.ask(f"ble.gatts_set_buffer({handle}, 25, True)")
            for _ in range(3):
                await client.write_gatt_char(VALUE, b"0123456789", response=True)
            assert await board.ask(f"len(ble.gatts_read({handle}))") == "25"
            assert await board.ask(f"ble.gatts_read({handle})") == "b''"
            assert await board.ask(f"ble.gatts_write({handle}, bytes(40))") == "40"
            assert len(await client.read_gatt_char(VALUE)) == 40
            await board.ask("refuse_reads(5)")
            with pytest.raises(BleakError):
                await client.read_gatt_char(VALUE)

    asyncio.run(main())


def test_notifications_are_cut_to_the_mtu_and_run_out_of_memory_where_the_air_takes_none():
    async def main():
        async with _board(notifications=3) as (stage, board):
            handle = await board.up()
            client = await _connected(stage, mtu=50)
            heard = asyncio.Queue()
            await client.start_notify(VALUE, lambda _, value: heard.put_nowait(bytes(value)))
            connection = int((await board.board.said("event 1 ")).split("[")[1].split(",")[0])
            assert str(errno.ENOTCONN) in await board.ask(f"ble.gatts_notify(99, {handle}, b'')")
            notify = f"ble.gatts_notify({connection}, {handle}, bytes(range(60)))"
            await board.ask(notify)
            assert await heard.get() == bytes(range(47))
            peripheral = await board.board.radio.on()
            peripheral.hold(True)
            # One that left may not have been told of yet.
            answers = [await board.ask(notify) for _ in range(5)]
            assert answers[:2] == ["None", "None"] and str(errno.ENOMEM) in answers[-1]
            peripheral.hold(False)
            for _ in range(answers.count("None")):
                await heard.get()

    asyncio.run(main())


def test_connections_are_counted_and_closed_once():
    async def main():
        async with _board(connections=2) as (stage, board):
            await board.up()
            await _connected(stage)
            await board.ask(ADVERTISE)
            gone = asyncio.Event()
            before = len(board.board.lines)
            await _connected(stage, gone=gone)
            await board.board.said("event 1 ", before)  # the board may hear of it after the phone
            assert str(errno.ENOMEM) in await board.ask(ADVERTISE)
            assert str(errno.EBUSY) in await board.ask(REGISTER)
            events = [line for line in board.board.lines if line.startswith("event 1 ")]
            connection = int(events[-1].split("[")[1].split(",")[0])
            assert await board.ask(f"ble.gap_disconnect({connection})") == "True"
            await gone.wait()
            await board.board.said("event 2 ")
            assert await board.ask(f"ble.gap_disconnect({connection})") == "False"
            assert await board.ask(ADVERTISE) == "None"

    asyncio.run(main())


def test_a_handler_that_raises_is_called_no_more_and_the_values_still_come():
    async def main():
        async with _board() as (stage, board):
            handle = await board.up()
            client = await _connected(stage)
            await board.ask("raise_at(3)")
            await client.write_gatt_char(VALUE, b"before", response=True)
            await board.board.said("Unhandled exception in IRQ callback handler")
            await client.write_gatt_char(VALUE, b"after", response=True)
            assert await board.ask(f"ble.gatts_read({handle})") == "b'after'"
            assert sum(line.startswith("event 3 ") for line in board.board.lines) == 1

    asyncio.run(main())


def test_switching_the_radio_off_ends_every_connection_and_tells_the_board_of_none():
    async def main():
        async with _board() as (stage, board):
            await board.up()
            gone = asyncio.Event()
            await _connected(stage, gone=gone)
            assert await board.ask("ble.active(False)") == "False"
            await gone.wait()
            await board.up()
            await _connected(stage)
            assert not any(line.startswith("event 2 ") for line in board.board.lines)

    asyncio.run(main())
