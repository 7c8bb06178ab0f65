"""What the LAN takes of a 32-bit board's heap, joined and frozen.

`python tests/board/bench_lan.py` prints one flat JSON object, `make bench B=bench_rv32` the same
with the rest of that board. By bisection: the smallest heap in which a reader starts, meets
another node and lets a phone in that it never met.
"""

import json
import pathlib
import sys
import tempfile

_TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_TESTS), str(_TESTS / "support")]

from board.bench_unlock import PATIENCE, is_frozen_of_today, new, smallest_heap
from board.crowd import faults
from board.door import ROOMY, Firmware, phone
from board.lan_door import Lan, LanDoor
from board.qemu_board import JOINED, BoardError, missing
from holdfast_host.errors import UsageProblem


def live(firmware: Firmware, lan: Lan, folder: pathlib.Path) -> tuple:
    """Live bytes of the heap: of a reader that waits, and once it knows the other node and has let
    a phone in.
    """
    with firmware.board(folder, ROOMY) as board, LanDoor(board, lan) as door:
        door.meet()
        door.unlock(phone(folder / "phone"))
        return door.loaded, door.held()[0]


def opens(firmware: Firmware, lan: Lan, heap: int) -> bool:
    """Whether a board with so large a heap does all of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        try:
            with (
                firmware.board(folder, heap) as board,
                LanDoor(board, lan, patience=PATIENCE) as door,
            ):
                door.meet(PATIENCE)
                return door.unlock(phone(folder / "phone")).granted and not faults(door)
        except (BoardError, UsageProblem):
            return False


def measure() -> dict:
    """All figures of this machine; none without a board that is joined."""
    if missing() or not is_frozen_of_today(JOINED):
        print(missing() or "no image of today: run `make rv32-joined`", file=sys.stderr)
        return {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with Lan(folder) as lan:
            firmware = Firmware(new(folder / "firmware"), "joined", settings=lan.settings)
            loaded, held = live(firmware, lan, new(folder / "live"))
            smallest = smallest_heap(lambda heap: opens(firmware, lan, heap), 2 * held, held)
    return {
        "rv32.heap_joined_lan.loaded_bytes": loaded,
        "rv32.heap_joined_lan.known_node_live_bytes": held,
        "rv32.heap_joined_lan.cold_unlock_bytes": smallest,
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=4))
