"""Runs each ``bench_*.py`` beside it; prints the figures, writes build/bench.json.

A script runs on MicroPython, or on CPython if it says so (tests/conftest.py). It prints lines of
JSON, each an object of figures: name to number. A script that ends with status 77 says on its last
line what this machine lacks: its figures are absent, never invented. Names of scripts as arguments
run only those, and leave the other figures as they were. The second table holds them against what
is known elsewhere and against our budgets (published.py).

``--readme`` runs nothing: it writes the figures of build/bench.json into README.md, and what a tap
takes by them into docs/hardware/tap.md.
"""

import ast
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "support")]

import published
import tap

import conftest

RESULT = ROOT / "build" / "bench.json"
HEAP = "16M"
README_BEGIN = "<!-- make bench, then tests/bench/run.py --readme -->\n"
README_END = "<!-- end of the figures -->\n"
CANNOT = 77


def figures(script: pathlib.Path) -> dict:
    """What one script measured; exits with its output if it failed."""
    settings = conftest.settings(ast.parse(script.read_text()))
    if "cpython" in settings.get("INTERPRETERS", ()):
        command = [sys.executable, str(script)]
        variables = conftest.environment("cpython")
    else:
        command = [conftest.micropython(), "-X", f"heapsize={HEAP}", str(script)]
        variables = conftest.environment("micropython")
        folders = [str(ROOT / "tests" / "powercut"), str(script.parent)]
        variables["MICROPYPATH"] = ":".join([*folders, variables["MICROPYPATH"]])
    process = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True)
    if process.returncode == CANNOT:
        print(f"{script.stem}: {process.stdout.strip().splitlines()[-1]}")
        return {}
    if process.returncode:
        sys.exit(f"{script.stem} failed:\n{process.stdout}{process.stderr}")
    found = {}
    for line in process.stdout.splitlines():
        if line.startswith("{"):
            found.update(json.loads(line))
    return found


def table(found: dict) -> str:
    """The figures in columns, in order of name."""
    if not found:
        return ""
    width = max(len(name) for name in found)
    return "\n".join(f"{name:{width}}  {found[name]:>14,}" for name in sorted(found))


def write_readme(found: dict) -> None:
    """Put the table of budgets where README.md has the one before."""
    path = ROOT / "README.md"
    before, rest = path.read_text().split(README_BEGIN)
    after = rest.partition(README_END)[2]
    made = before + README_BEGIN + published.markdown(found) + "\n" + README_END + after
    path.write_text(made)
    page = ROOT / "docs" / "hardware" / "tap.md"
    page.write_text(tap.rewritten(page.read_text(), tap.counts(made)))


def main(names: list) -> None:
    """Run the scripts called ``names``, or all."""
    if names == ["--readme"]:
        write_readme(json.loads(RESULT.read_text()))
        return
    scripts = sorted(pathlib.Path(__file__).parent.glob("bench_*.py"))
    chosen = [script for script in scripts if not names or script.stem in names]
    if not chosen:
        sys.exit("no such script; there are: " + ", ".join(script.stem for script in scripts))
    found = json.loads(RESULT.read_text()) if names and RESULT.exists() else {}
    for script in chosen:
        print(f"{script.stem} ...", flush=True)
        found.update(figures(script))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")
    print(table(found), end="\n\n")
    print(published.text(found), end="\n\n")
    print(f"in {RESULT.relative_to(ROOT)}")


main(sys.argv[1:])
