"""The command: ``python -m join CONFIG OUT``, and ``python -m join --trace OUT`` for errors."""

import argparse
import json
import pathlib
import sys

from . import config, trace
from .emit import fill
from .join import Joined
from .problem import Problem


def main(arguments: list[str] | None = None) -> int:
    """0, or 1 with a sentence on stderr."""
    parser = argparse.ArgumentParser(prog="join", description="Joins a MicroPython program.")
    parser.add_argument("config", nargs="?", type=pathlib.Path, help="what to join: a TOML file")
    parser.add_argument("out", type=pathlib.Path, help="the folder to write, which is emptied")
    parser.add_argument(
        "--trace", action="store_true", help="lead a traceback from stdin back, of what is in OUT"
    )
    given = parser.parse_args(arguments)
    try:
        if given.trace:
            joined = json.loads((given.out / "map.json").read_text())
            print(trace.back(sys.stdin.read(), joined), end="")
            return 0
        if given.config is None:
            parser.error("no configuration")
        made = Joined(config.read(given.config))
        made.write(given.out)
    except (Problem, OSError) as problem:
        print(f"join: {problem}", file=sys.stderr)
        return 1
    for text in made.texts:
        if text.names >= made.config.builtins_from:
            print(fill(text))
    return 0


if __name__ == "__main__":
    sys.exit(main())
