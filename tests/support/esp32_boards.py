"""The ESP32 boards of boards/: their files as MicroPython's build reads them, and their chips.

Numbers of pins are from Espressif's programming guide for ESP-IDF 5.5, "GPIO & RTC GPIO", a page a
chip; what a pin does while the chip starts is from the pin tables of the chips' data sheets.
"""

import csv
import os
import pathlib
from dataclasses import dataclass

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "boards"


@dataclass(frozen=True)
class Chip:
    """Pins by number; ``started`` are those it pulls up or drives while it starts."""

    pins: frozenset
    strapping: frozenset
    flash: frozenset
    usb: frozenset = frozenset()
    console: frozenset = frozenset()
    inputs: frozenset = frozenset()
    # Interrupts of these are not to be used beside Wi-Fi's and Bluetooth's sleep.
    polled: frozenset = frozenset()
    started: frozenset = frozenset()
    button: int = 0


def _set(*parts) -> frozenset:
    numbers = set()
    for part in parts:
        numbers |= set(part) if isinstance(part, range) else {part}
    return frozenset(numbers)


CHIPS = {
    "esp32": Chip(
        pins=_set(range(20), range(21, 24), range(25, 28), range(32, 40)),
        strapping=_set(0, 2, 5, 12, 15),
        flash=_set(range(6, 12), 16, 17),  # a WROVER's PSRAM is at 16 and 17
        console=_set(1, 3),
        inputs=_set(range(34, 40)),
        polled=_set(36, 39),
        started=_set(0, 1, 3, 5, 14, 15),
    ),
    "esp32s3": Chip(
        pins=_set(range(22), range(26, 49)),
        strapping=_set(0, 3, 45, 46),
        flash=_set(range(26, 38)),  # 33 to 37 are octal PSRAM's
        usb=_set(19, 20),
        console=_set(43, 44),
        started=_set(0, 18, 19, 20, 39, 43, 44),
    ),
    "esp32c3": Chip(
        pins=_set(range(22)),
        strapping=_set(2, 8, 9),
        flash=_set(range(11, 18)),
        usb=_set(18, 19),
        console=_set(20, 21),
        started=_set(6, 9, 18, 20, 21),
        button=9,
    ),
    "esp32c6": Chip(
        pins=_set(range(31)),
        strapping=_set(4, 5, 8, 9, 15),
        flash=_set(10, 11, 14, range(24, 31)),  # 10, 11 or 14 are not led out, by variant
        usb=_set(12, 13),
        console=_set(16, 17),
        started=_set(6, 9, 16, 17, range(18, 24)),
        button=9,
    ),
}


@dataclass(frozen=True)
class Board:
    name: str
    chip: str
    architecture: str
    flash: int  # bytes

    @property
    def folder(self) -> pathlib.Path:
        return FOLDER / self.name

    def pins(self) -> dict:
        """Numbers of GPIOs by the names of pins.csv, read as MicroPython's boardgen does."""
        return {name: int(gpio.removeprefix("GPIO")) for name, gpio in self.rows()}

    def rows(self) -> list:
        lines = (self.folder / "pins.csv").read_text().splitlines()
        return list(csv.reader(line for line in lines if line and not line.startswith("#")))

    def partitions(self) -> list:
        """(name, type, subtype, offset, size) of each partition, in the order of the table."""
        cmake = (self.folder / "mpconfigboard.cmake").read_text()
        table = cmake.split("set(HOLDFAST_PARTITIONS ")[1].split(")")[0]
        rows = []
        for line in (FOLDER / "esp32" / table).read_text().splitlines():
            if line and not line.startswith("#"):
                name, kind, subtype, offset, size = (part.strip() for part in line.split(","))
                rows.append((name, kind, subtype, int(offset, 0), int(size, 0)))
        return rows


_MB = 1 << 20
BOARDS = [
    Board("ESP32_GENERIC", "esp32", "xtensawin", 4 * _MB),
    Board("ESP32_GENERIC_S3", "esp32s3", "xtensawin", 8 * _MB),
    Board("ESP32_GENERIC_C3", "esp32c3", "rv32imc", 4 * _MB),
    Board("ESP32_GENERIC_C6", "esp32c6", "rv32imc", 4 * _MB),
    Board("OLIMEX_ESP32_POE", "esp32", "xtensawin", 4 * _MB),
    Board("WESP32", "esp32", "xtensawin", 8 * _MB),
]
each_board = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)


def source() -> pathlib.Path:
    """MicroPython's source: ``MPY_DIR``, or what `make rv32` fetched; skips without."""
    named = os.environ.get("MPY_DIR")
    tree = pathlib.Path(named) if named else ROOT / "build" / "micropython"
    if not (tree / "ports" / "esp32" / "Makefile").exists():
        pytest.skip("no MicroPython source with ports/esp32: make rv32, or MPY_DIR=/path/to/it")
    return tree


def idf() -> pathlib.Path:
    """ESP-IDF's source, at ``IDF_PATH``. Skips without."""
    named = os.environ.get("IDF_PATH")
    if not named or not (pathlib.Path(named) / "components").is_dir():
        pytest.skip("no ESP-IDF: IDF_PATH=/path/to/it")
    return pathlib.Path(named)
