"""The whole reader with unmodified aioble in the heap of a 32-bit board, phones by radio, and on a
LAN as well.

With HOLDFAST_RV32=1 twenty cold and twenty warm unlocks; two of each otherwise.
"""

import asyncio
import os

import pytest

import small_site as site
from board.crowd import change
from board.door import Firmware, phone
from board.gatt_door import RadioBoardDoor, add_radio
from board.lan_door import Lan
from board.qemu_board import GATT, missing
from radio.gatt_stage import Stage, aioble_path

if missing():
    pytest.skip(missing(), allow_module_level=True)
if aioble_path() is None:
    pytest.skip("no aioble: set AIOBLE_PATH to the folder that holds it", allow_module_level=True)

_TIMES = 20 if os.environ.get("HOLDFAST_RV32") == "1" else 2
# Ceilings: with aioble, and with the `bluetooth` module, which is no part of an ESP32's heap.
_HEAPS = {"rom": 256 * 1024, "gatt": 96 * 1024}
_ALL = 112 * 1024
_is_built = pytest.mark.skipif(not GATT.exists(), reason="no image: run `make rv32-gatt`")


@pytest.fixture(scope="module", params=["rom", pytest.param("gatt", marks=_is_built)])
def firmware(request, tmp_path_factory):
    """As it lies in ROM, with aioble beside it, and joined into the image."""
    return Firmware(tmp_path_factory.mktemp("firmware"), request.param, add_radio)


def test_phones_open_cold_and_warm_by_radio(firmware, tmp_path):
    """Each is unknown at first and known from then on, and the heap does not grow."""

    heap = int(os.environ.get("HOLDFAST_GATT_HEAP", _HEAPS[firmware.where]))

    async def main():
        async with Stage() as stage:
            radio = await stage.radio("board")
            with firmware.board(tmp_path, heap) as board:
                async with RadioBoardDoor(board, radio, looks_at_heap=True) as door:
                    await radio.on()
                    begin, _, _ = await door.figures()
                    most = end = 0
                    for number in range(_TIMES):
                        central = await stage.phone(247)
                        wallet = phone(tmp_path / f"phone {number}")
                        outcome, session = await door.cold(central, *wallet.identities())
                        assert outcome.granted
                        outcome, session = await door.warm(central, session)
                        assert outcome.granted
                        end, peak, _ = await door.figures()
                        most = max(most, peak)
                        if number == 0:
                            begin = end
                    print(f"waits {door.loaded}, after the first {begin}, last {end}, peak {most}")
                    faults = [one for one in door.events if one.get("event") == "fault"]
                    assert not faults

    asyncio.run(main())


@_is_built
def test_phones_open_by_radio_while_the_reader_is_on_a_lan(tmp_path):
    """All that a reader has, in the heap that a board is sure of beside its radios: another node,
    whose process runs here, is known and brings the policy by which one of the phones of both
    suites may not any more; among them come those who never might.
    """
    heap = int(os.environ.get("HOLDFAST_GATT_LAN_HEAP", _ALL))
    attic = site.scope((1, "attic", 1))

    async def main(stage, door, lan):
        central = await stage.phone(247)
        visitors = [
            phone(tmp_path / f"visitor{suite}", scope=attic, suite=suite) for suite in (0, 2)
        ]
        while not (begin := await door.figures())[2]:
            await asyncio.sleep(0.5)
        most = end = nodes = 0
        before = None
        for number in range(2 * _TIMES):
            someone = phone(tmp_path / f"phone{number}", suite=number % 2 * 2)
            outcome, session = await door.cold(central, *someone.identities())
            assert outcome.granted
            outcome, _ = await door.warm(central, session)
            assert outcome.granted
            if number % 5 == 4:
                for visitor in visitors:
                    outcome, _ = await door.cold(central, *visitor.identities())
                    assert not outcome.granted
            if number == _TIMES:
                await asyncio.to_thread(lan.bring, someone, change(before))
                await door.told("policy_applied")
                outcome, _ = await door.cold(central, *before.identities())
                assert not outcome.granted
            before = someone
            end, peak, nodes = await door.figures()
            most = max(most, peak)
        assert nodes == 1
        print(f"waits {door.loaded}, knows a node {begin[0]}, last {end}, peak {most}")
        assert not [one for one in door.events if one.get("event") == "fault"]

    async def run(lan, firmware):
        async with Stage() as stage:
            radio = await stage.radio("board")
            with firmware.board(tmp_path, heap) as board:
                async with RadioBoardDoor(board, radio, looks_at_heap=True, lan=lan) as door:
                    await radio.on()
                    await main(stage, door, lan)

    with Lan(tmp_path) as lan:
        (tmp_path / "firmware").mkdir()
        settings = lan.settings
        firmware = Firmware(tmp_path / "firmware", "gatt", add_radio, p256=True, settings=settings)
        asyncio.run(run(lan, firmware))
