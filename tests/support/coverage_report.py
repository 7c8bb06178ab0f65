"""Which lines the tests ran: MicroPython's, from files of tests/upy/line_trace.py, and CPython's.

``python tests/support/coverage_report.py FOLDER`` reads ``FOLDER/micropython/*.json`` and what
coverage.py left in ``FOLDER``, prints a table for each interpreter, and writes
``FOLDER/coverage.json``: one flat object, file to percent, for each.
"""

import json
import pathlib
import sys

import coverage

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# Where a path inside an image lies in the repository.
FROZEN_FROM = (ROOT / "lib", ROOT / "firmware")
# A private const() is compiled into where it is used: MicroPython has no line left to run.
NEVER_RUN = [r"^_[A-Z0-9_]+ = const\("]
# Generators and the backend over OpenSSL never go to a board.
NOT_ON_A_BOARD = ["*/crypto/hosted.py", "*/crypto/assembly/*"]


def micropython_lines(folder: pathlib.Path) -> dict:
    """Absolute path to the set of lines that ran, over all processes."""
    lines: dict[str, set[int]] = {}
    for process in sorted(folder.glob("*.json")):
        for name, seen in json.loads(process.read_text()).items():
            for base in FROZEN_FROM:
                if (base / name).exists():
                    lines.setdefault(str(base / name), set()).update(seen)
    return lines


def table(title: str, measured: coverage.Coverage, folder: pathlib.Path) -> dict:
    """Print one interpreter's table; returns file to percent, and ``total``."""
    print(f"\n{title}\n")
    measured.report(skip_covered=True, show_missing=False, ignore_errors=True)
    raw = folder / "one.json"
    measured.json_report(outfile=str(raw), ignore_errors=True)
    found = json.loads(raw.read_text())
    raw.unlink()
    percents = {
        pathlib.Path(name).relative_to(ROOT).as_posix()
        if pathlib.Path(name).is_absolute()
        else name: round(entry["summary"]["percent_covered"], 1)
        for name, entry in found["files"].items()
    }
    return {"total": round(found["totals"]["percent_covered"], 1), **percents}


def on_micropython(folder: pathlib.Path) -> dict:
    """MicroPython's table, over all that is frozen, run or not."""
    measured = coverage.Coverage(
        data_file=None,
        config_file=False,
        source=[str(path) for path in FROZEN_FROM],
        omit=[*NOT_ON_A_BOARD, "*/manifest.py"],
    )
    measured.config.exclude_list += NEVER_RUN
    measured.get_data().add_lines(micropython_lines(folder / "micropython"))
    for base in FROZEN_FROM:
        for path in base.rglob("*.py"):
            measured.get_data().touch_file(str(path))
    return table("On MicroPython", measured, folder)


def on_cpython(folder: pathlib.Path) -> dict:
    """CPython's table: lib, what the host shares with the firmware, and the host tools."""
    measured = coverage.Coverage(
        data_file=str(folder / "cpython"),
        config_file=False,
        source=[str(ROOT / name) for name in ("lib", "firmware/holdfast/access", "host_tools")],
    )
    measured.combine([str(folder)], keep=True)
    return table("On CPython", measured, folder)


def main(folder: pathlib.Path) -> None:
    """Both tables, and both as JSON."""
    found = {"micropython": on_micropython(folder), "cpython": on_cpython(folder)}
    (folder / "coverage.json").write_text(json.dumps(found, indent=4) + "\n")
    print(f"\n{folder / 'coverage.json'}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve())
