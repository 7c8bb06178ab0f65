"""The whole reader with unmodified aioble in the heap of a 32-bit board, phones by radio.

With HOLDFAST_RV32=1 twenty cold and twenty warm unlocks; two of each otherwise.
"""

import asyncio
import os

import pytest

from board.door import Firmware, phone
from board.gatt_door import RadioBoardDoor, add_radio
from board.qemu_board import GATT, missing
from radio.gatt_stage import Stage, aioble_path

if missing():
    pytest.skip(missing(), allow_module_level=True)
if aioble_path() is None:
    pytest.skip("no aioble: set AIOBLE_PATH to the folder that holds it", allow_module_level=True)

_TIMES = 20 if os.environ.get("HOLDFAST_RV32") == "1" else 2
# Ceilings: with aioble, and with the `bluetooth` module, which is no part of an ESP32's heap.
_HEAPS = {"rom": 256 * 1024, "gatt": 112 * 1024}
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
                    begin, _ = await door.figures()
                    most = end = 0
                    for number in range(_TIMES):
                        central = await stage.phone(247)
                        wallet = phone(tmp_path / f"phone {number}")
                        outcome, session = await door.cold(central, *wallet.identities())
                        assert outcome.granted
                        outcome, session = await door.warm(central, session)
                        assert outcome.granted
                        end, peak = await door.figures()
                        most = max(most, peak)
                        if number == 0:
                            begin = end
                    print(f"waits {door.loaded}, after the first {begin}, last {end}, peak {most}")
                    faults = [one for one in door.events if one.get("event") == "fault"]
                    assert not faults

    asyncio.run(main())
