"""Whether a board on a cable can carry the firmware at all, asked before anything is sent."""

import ast
import dataclasses
import json
from pathlib import Path

from .. import files
from ..errors import UsageProblem
from .cable import Cable

OLDEST = (1, 25)  # the oldest MicroPython that the boards' own build is held against
FORM = "form.json"  # beside the files of a form: for which board they are (boards/forms)
HEAP = 98304  # bytes in which the frozen firmware opens (docs/memory.md)

_LIMIT = 4096
_MANY = 2000  # files

_LOOK = """
import gc, sys
gc.collect()
i = sys.implementation
print(repr((sys.platform, tuple(i.version[:3]), getattr(i, '_machine', ''), gc.mem_free())))
"""


@dataclasses.dataclass(frozen=True)
class Firmware:
    """What is sent to a board: ``files`` by their names there; ``mcu`` is the chip that they are
    for, empty for any, ``heap`` the bytes of free heap in which they open.
    """

    files: dict[str, bytes]
    mcu: str = ""
    heap: int = HEAP


@dataclasses.dataclass(frozen=True)
class Chip:
    """What a board says that it is; ``heap`` is in bytes, free."""

    name: str
    version: tuple[int, ...]
    heap: int

    @property
    def mcu(self) -> str:
        """As board.json names it, such as ``esp32c3``."""
        return self.name.rpartition(" ")[2].replace("-", "").lower()


def firmware(folder: Path | None) -> Firmware:
    """What `make firmware` laid out in ``folder``; nothing, for an image that has it, if None."""
    if folder is None:
        return Firmware({})
    advice = "make firmware BOARD=..., and give the folder mpy of what it made"
    if not (folder / "main.py").is_file():
        raise UsageProblem(f"no firmware to copy is in {folder}: there is no main.py", advice)
    mcu, heap = "", HEAP
    if (folder / FORM).exists():
        raw = files.read(folder / FORM, _LIMIT, "form of the firmware", advice)
        try:
            said = json.loads(raw)
            mcu, heap = said["mcu"], said["heap"]
            if not isinstance(mcu, str) or type(heap) is not int:
                raise TypeError("a value of another type")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise UsageProblem(f"{folder / FORM} is damaged: {error}", advice) from error
    paths = [folder / "main.py", *sorted((folder / "lib").rglob("*"))]
    found = [path for path in paths if path.is_file() and path.suffix in (".py", ".mpy")]
    if len(found) > _MANY:
        raise UsageProblem(f"{folder} holds too many files for a board", advice)
    # What starts it comes last: a board with half of its firmware starts nothing.
    found = [*found[1:], found[0]]
    sent = {f"/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in found}
    return Firmware(sent, mcu, heap)


def require_fit(cable: Cable, wanted: Firmware) -> Chip:
    """What the board is that has stopped at ``cable``.

    Raises UsageProblem if it is none for the firmware ``wanted``.
    """
    try:
        platform, version, name, heap = ast.literal_eval(cable.run(_LOOK).strip())
        chip = Chip(str(name), tuple(map(int, version)), int(heap))
    except (ValueError, SyntaxError, TypeError) as error:
        raise UsageProblem(
            f"the board at {cable.device} does not say what it is",
            "flash an image of MicroPython's for ESP32 (docs/boards.md)",
        ) from error
    where = f"the board at {cable.device}"
    if platform != "esp32":
        raise UsageProblem(
            f"{where} is no ESP32: {chip.name or platform}", "take a board of docs/boards.md"
        )
    if chip.version < OLDEST:
        is_said = ".".join(map(str, chip.version))
        raise UsageProblem(
            f"{where} has MicroPython {is_said}, and the firmware wants"
            f" {'.'.join(map(str, OLDEST))} or newer",
            "flash a newer image (docs/boards.md)",
        )
    if wanted.mcu and chip.mcu != wanted.mcu:
        raise UsageProblem(
            f"{where} is a {chip.mcu}, and the firmware is for {wanted.mcu}",
            "make firmware BOARD=..., of this board, and give its folder",
        )
    if chip.heap < wanted.heap:
        raise UsageProblem(
            f"{where} has {chip.heap:,} bytes of heap, and this form of the firmware opens in"
            f" {wanted.heap:,}",
            "freeze the firmware into an image (docs/boards.md), or take a board with PSRAM",
        )
    return chip
