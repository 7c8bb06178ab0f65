"""Where the heap of a 32-bit board goes: what each module takes, in ROM and in .mpy files.

`python tests/board/heap_by_module.py [--rom] [MODULE]` prints a table, the largest first. MODULE
is what the board imports, by default the reader role; with --rom .mpy files are left out. What
that loads is charged to itself. Whichever module brings the name that does not fit the table of
names any more pays for the next one, of double size: 4.5, then 9 KB.
"""

import ast
import pathlib
import shutil
import sys
import tempfile

_TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_TESTS), str(_TESTS / "support")]

from board import qemu_board
from board.door import INSTALL, ROOMY
from board.qemu_board import Board, compiled, missing, rom_image

_FLASH = 1900 * 1024

# The builtin finds out from its caller what a relative import is relative to, so that a function
# in its place must see absolute ones only; asyncio, frozen into the image, is left as it is.
# Nothing is kept on the board: a line is printed when an import begins, and when it is over.
_MEASURE = """
import asyncio, binascii, builtins, errno, gc, hashlib, json, os, struct, sys, time
from micropython import const
original = builtins.__import__
def measured(name, *rest):
    if len(rest) > 3 and rest[3]:
        return original("asyncio." + name if name else "asyncio", *rest[:3])
    gc.collect()
    print("+", name, gc.mem_alloc())
    try:
        return original(name, *rest)
    finally:
        gc.collect()
        print("-", name, gc.mem_alloc())
builtins.__import__ = measured
import %s
"""


class _Absolute(ast.NodeTransformer):
    """Relative imports made absolute, for the module called ``name``."""

    def __init__(self, name: str, is_package: bool):
        parts = name.split(".")
        self._package = parts if is_package else parts[:-1]

    def visit_ImportFrom(self, node):
        if node.level:
            base = self._package[: len(self._package) - node.level + 1]
            node.module = ".".join([*base, node.module] if node.module else base)
            node.level = 0
        return node


def compile_absolute(to: pathlib.Path) -> None:
    """All that goes to a board below ``to``, with absolute imports only."""
    sources = to.parent / "sources"
    for source, name in qemu_board.sources():
        target = sources / name
        target.parent.mkdir(parents=True, exist_ok=True)
        parts = name.with_suffix("").parts[1:]
        is_package = parts[-1] == "__init__"
        module = ".".join(parts[:-1] if is_package else parts)
        tree = _Absolute(module, is_package).visit(ast.parse(source.read_text()))
        target.write_text(ast.unparse(tree))
        compiled(target, source.name, to / name.with_suffix(".mpy"))
    qemu_board.native_modules(to / "lib" / "crypto" / "native")


def costs(printed: str) -> dict:
    """Module name to bytes, from what was printed."""
    found = {}
    stack = []
    for line in printed.splitlines():
        sign, name, held = line.split()
        if sign == "+":
            stack.append([name, int(held), 0])
            continue
        name, before, inside = stack.pop()
        taken = int(held) - before
        found[name] = found.get(name, 0) + taken - inside
        if stack:
            stack[-1][2] += taken
    return {name: taken for name, taken in found.items() if taken}


def measure(module: str, forms=("rom", "mpy")) -> dict:
    """For each of ``forms``: module name to bytes of heap."""
    found = {"mpy": {}}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        compile_absolute(folder / "tree")
        rom = rom_image(folder / "tree")
        # As the file system of a 4 MB chip: .mpy files, a block or more each, take 1 MB of it.
        with open(folder / "flash.img", "wb") as flash:
            flash.truncate(_FLASH)
        with Board(folder, rom, ROOMY) as board:
            found["rom"] = costs(board.run(_MEASURE % module))
        if "mpy" not in forms:
            return found
        with Board(folder, rom, ROOMY) as board:
            board.run(INSTALL)
        with Board(folder, b"", ROOMY) as board:
            found["mpy"] = costs(board.run(_MEASURE % module))
        shutil.rmtree(folder / "tree")
    return found


def main(*arguments: str) -> None:
    """Print the table of what importing a module takes."""
    if missing():
        sys.exit(missing())
    forms = ("rom",) if "--rom" in arguments else ("rom", "mpy")
    (module,) = [one for one in arguments if one != "--rom"] or ["holdfast.roles.reader"]
    found = measure(module, forms)
    rom, mpy = found["rom"], found["mpy"]
    print(f"{'module':40} {'mpy':>8} {'rom':>8}")
    for name in sorted({*rom, *mpy}, key=lambda name: -rom.get(name, 0)):
        print(f"{name:40} {mpy.get(name, 0):8} {rom.get(name, 0):8}")
    print(f"{'all':40} {sum(mpy.values()):8} {sum(rom.values()):8}")


if __name__ == "__main__":
    main(*sys.argv[1:])
