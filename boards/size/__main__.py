"""The command behind `make size`: ``python -m size [COMMIT]``, in the project's checkout."""

import json
import pathlib
import sys

from . import commits, measure
from .measure import CannotMeasure

_ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
_KEPT = _ROOT / "build" / "size.json"


def main(arguments: list[str]) -> int:
    """0, or 1 with a sentence on stderr where there is nothing to hold against."""
    try:
        commit = commits.named(_ROOT, arguments[0]) if arguments else commits.last(_ROOT)
        told = commits.subject(_ROOT, commit)
        before = _of_commit(commit)
        now = _measured(_ROOT)
    except CannotMeasure as problem:
        print(f"make size: {problem}", file=sys.stderr)
        return 1
    print(f"this checkout beside {told}")
    for what in ("flash", "heap"):
        print(table(what, now[what], before[what]))
    return 0


def table(what: str, now: dict[str, int] | None, before: dict[str, int] | None) -> str:
    """Room, bytes now, bytes before, difference; a sentence where nothing was measured."""
    if now is None:
        return f"\n{what}: not measured, the 32-bit board is not built (make rv32)"
    lines = [f"\n{what + ', bytes a room':32} {'now':>9} {'before':>9} {'more':>8}"]
    rooms = sorted(now, key=lambda room: -now[room])
    rooms += sorted(set(before or ()) - set(now))
    for room in [*rooms, "all"]:
        is_all = room == "all"
        taken = sum(now.values()) if is_all else now.get(room, 0)
        line = f"{room:32} {taken:9,}"
        if before is not None:
            was = sum(before.values()) if is_all else before.get(room, 0)
            line += f" {was:9,} {taken - was:+8,}"
        lines.append(line)
    return "\n".join(lines)


def _measured(root: pathlib.Path) -> dict:
    return {"flash": measure.flash(root), "heap": measure.heap(root)}


def _of_commit(commit: str) -> dict:
    """As measured once and kept in build/size.json; again if the board was built since."""
    try:
        kept = json.loads(_KEPT.read_text())
    except (OSError, ValueError):
        kept = {}
    is_board = (_ROOT / "build" / "rv32" / "firmware.elf").exists()
    if commit not in kept or (is_board and kept[commit]["heap"] is None):
        with commits.checkout(_ROOT, commit) as folder:
            kept[commit] = _measured(folder)
        _KEPT.parent.mkdir(exist_ok=True)
        _KEPT.write_text(json.dumps(kept, indent=1))
    return kept[commit]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
