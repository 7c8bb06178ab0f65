"""What an unlock costs the reader on a 32-bit board, and how small a heap it still works in.

`python tests/board/bench_unlock.py` prints one flat JSON object. Instructions are those of the
reader's own tasks, from a phone's first byte to the next key made ahead, the wait for the phone
and the line to it left out: in ROMFS, and joined in the image as on a board, with either suite.
"""

import json
import pathlib
import sys
import tempfile

_TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_TESTS), str(_TESTS / "support")]

from board.door import BESIDE, ON_BOARD, ROOMY, Door, Firmware, phone
from board.qemu_board import FROZEN, JOINED, ROOT, BoardError, missing, sources
from holdfast_host.errors import UsageProblem

_EVERYTHING = """
import gc
gc.threshold(2048)
for name in %r:
    __import__(name)
gc.collect()
print(gc.mem_alloc())
"""
_WARM = 9  # warm unlocks, whose median is told
_STEP = 1024  # bytes; what a heap is bisected to
_BOARD = 128 * 1024  # bytes of heap that a board has unless told otherwise
PATIENCE = 120  # seconds; in a heap that is nearly enough it collects garbage without end


def instructions(firmware: Firmware, folder: pathlib.Path, heap: int, suite: int = 0) -> dict:
    """Figure name to count, of a cold and a warm unlock.

    Both are those of a reader that has served before: what is loaded or made at the first visit
    of all is no part of a door's answer. The warm one is the median of nine.
    """
    first = phone(folder / "first", suite=suite)
    second = phone(folder / "second", suite=suite)
    with firmware.board(folder, heap) as board, Door(board) as door:
        door.unlock(first)
        door.unlock(first)
        door.spent()
        door.unlock(second)
        cold = door.spent()
        # Every seventh or so finds littlefs compacting the folder of the chain's file: 1 M more.
        visits = []
        for _ in range(_WARM):
            door.unlock(second)
            visits.append(door.spent())
        warm = sorted(visits, key=lambda spent: spent.all)[_WARM // 2]
    which = "_joined" if firmware.where == "joined" else ""
    which += "_suite_2" if suite else ""
    return {
        f"rv32.cold_unlock{which}.instructions": cold.all,
        f"rv32.cold_unlock{which}_until_answer.instructions": cold.answered,
        f"rv32.cold_unlock{which}_longest_step.instructions": cold.longest_step,
        f"rv32.warm_unlock{which}.instructions": warm.all,
        f"rv32.warm_unlock{which}_until_answer.instructions": warm.answered,
    }


def both_suites(where: str, folder: pathlib.Path, heap: int = 0) -> dict:
    """The ``instructions`` with a key for suite 0, and with one for suite 2, each on a reader that
    has no other key than it needs.
    """
    found = {}
    for suite in (0, 2):
        own = new(folder / f"suite {suite}")
        firmware = Firmware(own, where, p256=suite == 2)
        found |= instructions(firmware, new(own / "board"), heap, suite)
    return found


def live(firmware: Firmware, folder: pathlib.Path, heap: int = ROOMY) -> tuple:
    """Live bytes of the heap: of a reader that waits for its first phone, and at the most that any
    look at it found until the phone was gone again.
    """
    with firmware.board(folder, heap) as board, Door(board, looks_at_heap=True) as door:
        door.spent()
        door.unlock(phone(folder / "phone"))
        return door.loaded, door.spent().live


def everything(firmware: Firmware, folder: pathlib.Path) -> int:
    """Live bytes once all that can be loaded late is: one day somebody will have asked for it all.

    Not what another board loads in its place: the portable backend, the unix port's reader, and
    what knows an ESP32's hardware.
    """
    names = [
        ".".join(place.with_suffix("").parts[1:])
        for _, place in sources()
        if place.stem not in ("__init__", "safe_mode")
        and not place.stem.startswith(("unix_", "esp32"))
        and not {"portable", "esp32", "gatt"} & set(place.parts)
    ]
    with firmware.board(folder, ROOMY) as board:
        return int(board.run(_EVERYTHING % names))


def opens(firmware: Firmware, heap: int) -> bool:
    """Whether a board with so large a heap starts, and opens for a phone that it never met."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        try:
            with firmware.board(folder, heap) as board, Door(board, patience=PATIENCE) as door:
                report = door.unlock(phone(folder / "phone"))
                faults = [event for event in door.events if event.get("event") == "fault"]
                return report.granted and not faults
        except (BoardError, UsageProblem):
            return False


def smallest_heap(opens, works: int, fails: int = 0) -> int:
    """Bytes of the smallest heap that ``opens``, found between one that does and one that not."""
    while works - fails > _STEP:
        middle = (works + fails) // 2 // _STEP * _STEP
        if opens(middle):
            works = middle
        else:
            fails = middle
    return works


def is_frozen_of_today(image: pathlib.Path = FROZEN) -> bool:
    """Whether there is an image with this firmware frozen in, and not with an older one."""
    built = image.stat().st_mtime if image.exists() else 0
    made_of = [source for source, _ in sources()]
    if image is JOINED:
        made_of += [*(ROOT / "boards" / "join").glob("*.py"), ON_BOARD, *BESIDE]
        made_of += (ROOT / "boards" / "resident").glob("*.[pch]*")
        made_of += [ROOT / "boards" / "qemu_rv32" / "joined.toml", ROOT / "boards" / "late.toml"]
    return all(source.stat().st_mtime < built for source in made_of)


def new(folder: pathlib.Path) -> pathlib.Path:
    folder.mkdir()
    return folder


def measure() -> dict:
    """All figures of this machine; none without a board."""
    if missing():
        print(missing(), file=sys.stderr)
        return {}
    found = {}
    images = {"frozen": FROZEN, "joined": JOINED}
    of_today = [where for where, image in images.items() if is_frozen_of_today(image)]
    if "joined" in of_today:
        of_today.append("joined_mpy")
    for where in ("mpy", "rom", *of_today):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            firmware = Firmware(folder, where)
            loaded, peak = live(firmware, new(folder / "live"))
            most = 2 * peak
            smallest = smallest_heap(
                lambda heap, firmware=firmware: opens(firmware, heap), most, peak
            )
            found |= {
                f"rv32.heap_{where}.loaded_bytes": loaded,
                f"rv32.heap_{where}.cold_unlock_live_bytes": peak,
                f"rv32.heap_{where}.cold_unlock_bytes": smallest,
            }
            if not where.startswith("joined"):  # which has no modules by name
                all_code = everything(firmware, new(folder / "all"))
                found[f"rv32.heap_{where}.all_code_bytes"] = all_code
            if where in ("rom", "joined"):
                heap = 0 if smallest <= _BOARD else most
                found |= both_suites(where, new(folder / "instructions"), heap)
    return found


if __name__ == "__main__":
    print(json.dumps(measure(), indent=4))
