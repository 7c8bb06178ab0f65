"""``holdfast demo``: the reader, phones and attackers, one line each."""

import json
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ..demo import show
from ..demo.attacks import attacks
from ..demo.guests import guests
from ..demo.memory import memory
from ..demo.result import Result
from ..demo.scenes import scenes
from ..demo.stage import Stage
from ..demo.suites import suites


def demo(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON instead of a table.")
    ] = False,
) -> None:
    """Run the main job: phones and attackers at a real reader without any network behind it.

    Starts the reader firmware on MicroPython's unix port in a folder that is removed afterwards,
    and holds every answer against what is promised. Exits 0 only if all of it was kept.
    """
    console = Console(quiet=as_json)
    with tempfile.TemporaryDirectory(prefix="holdfast-demo-") as folder:
        console.print("Making a site and its reader, and starting the reader on MicroPython ...")
        with Stage(Path(folder), lambda: int(time.time())) as stage:
            show.heading(console)
            results = _run(stage, console)
            strikes, grants, problems = stage.strikes(), stage.grants(), stage.strike_problems()
        show.events(console, stage.proven)
    kept = sum(result.kept for result in results)
    if as_json:
        report = {
            "scenes": [result.as_json() for result in results],
            "grants": grants,
            "strike_releases": strikes,
            "strike_problems": problems,
        }
        print(json.dumps(report, indent=2))
    show.summary(console, kept, len(results), strikes, grants, problems)
    if kept != len(results) or problems:
        raise typer.Exit(1)


def _run(stage: Stage, console: Console) -> list[Result]:
    results = []
    for group in (scenes, guests, suites, attacks, memory):
        for scene in group(stage):
            with console.status("..."):
                result = scene()
            show.line(console, result)
            results.append(result)
    return results
