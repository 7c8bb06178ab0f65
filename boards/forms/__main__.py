"""The command behind `make firmware`: ``python -m forms BOARD [ROLE [OUT]]``.

ROLE is empty, for any, or ``carrier``. Without OUT it prints which goals of the Makefile come
first.
"""

import pathlib
import sys

from .board import ANY, CARRIER, FROZEN, MPY, SOURCES, Board, Form, boards

_WHAT = {
    FROZEN: "an image of one's own, the firmware joined into few modules and frozen",
    MPY: "a stock image, the firmware joined into few modules, .mpy files on its LittleFS",
    SOURCES: "the sources as they lie",
}
_NEXT = {
    FROZEN: """build the image, with ESP-IDF and MicroPython's source as docs/boards.md says:
    make -C $MPY/ports/esp32 BOARD_DIR={root}/boards/{board} \\
      FROZEN_MANIFEST={folder}/manifest.py""",
    MPY: """flash the stock image ({stock}), and then:
    mpremote mip install aioble-server aioble-peripheral
    cd {folder} && mpremote cp -r lib main.py :""",
    SOURCES: "nothing; `make unix` builds a MicroPython with them frozen in",
}
# ROMFS is no form of these: no stock image mounts it, and in an image of one's own frozen code
# takes less of the heap.
_ROMFS = "ROMFS: only for an image of one's own that has it, where frozen code takes less heap."


def main(arguments: list[str]) -> int:
    """0, or 2 with the boards that there are on stderr."""
    known = boards()
    name = arguments[0] if arguments else ""
    board = known.get(name)
    if board is None:
        what = f"no board {name}" if name else "which board?"
        print(f"make firmware: {what}; make firmware BOARD=... with one of", file=sys.stderr)
        for one in known.values():
            forms = " or ".join(form.form for form in one.forms)
            print(f"  {one.name:18} {one.product}: {forms}", file=sys.stderr)
        return 2
    role = arguments[1] if len(arguments) > 1 else ANY
    if role not in (ANY, CARRIER):
        print(f"make firmware: no role {role}; ROLE=carrier, or none for any", file=sys.stderr)
        return 2
    if len(arguments) < 3:
        print(*board.goals(role))
        return 0
    print(f"{board.name}: {board.product}{', a carrier and nothing else' if role else ''}")
    out = pathlib.Path(arguments[2]).resolve() / "-".join(filter(None, (board.name, role)))
    for form in board.forms:
        _tell(board, form, role, out)
    print(_ROMFS)
    return 0


def _tell(board: Board, form: Form, role: str, out: pathlib.Path) -> None:
    print(f"\n{form.form}, on {form.on}: {_WHAT[form.form]}\n  why: {form.why}")
    folder = out / form.form
    if form.form != SOURCES:
        from .lay_out import lay_out

        sizes = lay_out(board, form, folder, role)
        machine = sum(n for name, n in sizes.items() if name.startswith("crypto/native/"))
        every = sum(sizes.values())
        print(f"  made: {folder}, {len(sizes)} files, {every - machine:,} bytes of bytecode and")
        print(f"    {machine:,} with the machine code for {board.processor} (sizes.json)")
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    said = _NEXT[form.form].format(root=root, board=board.name, folder=folder, stock=form.stock)
    print(f"  next: {said}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
