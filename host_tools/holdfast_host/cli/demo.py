"""``holdfast demo``: the reader, phones and attackers, one line each."""

import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from ..demo.attacks import attacks
from ..demo.clocks import clocks
from ..demo.doorway import doorway
from ..demo.guests import guests
from ..demo.memory import memory
from ..demo.nights import nights
from ..demo.result import Result
from ..demo.scenes import scenes
from ..demo.stage import Stage
from ..demo.standing import standing
from ..demo.suites import suites
from . import demo_show as show
from .output import progress, say, say_json


def demo(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON instead of a table.")
    ] = False,
) -> None:
    """Run the main job: phones and attackers at a real reader without any network behind it.

    Starts the reader firmware on MicroPython's unix port in a folder that is removed afterwards,
    and holds every answer against what is promised. Exits 0 only if all of it was kept.
    """
    with tempfile.TemporaryDirectory(prefix="holdfast-demo-") as folder:
        if not as_json:
            say("Making a site and its reader, and starting the reader on MicroPython ...")
        with Stage(Path(folder), lambda: int(time.time())) as stage:
            results = _run(stage, as_json)
            strikes, grants, problems = stage.strikes(), stage.grants(), stage.strike_problems()
            exits = stage.exits()
    kept = sum(result.kept for result in results)
    if as_json:
        report = {
            "scenes": [result.as_json() for result in results],
            "grants": grants,
            "exits": exits,
            "strike_releases": strikes,
            "strike_problems": problems,
        }
        say_json(report, indent=2)
    else:
        show.events(stage.proven)
        show.summary(kept, len(results), strikes, grants, exits, problems)
    if kept != len(results) or problems:
        raise typer.Exit(1)


def _run(stage: Stage, as_json: bool) -> list[Result]:
    results = []
    if not as_json:
        show.heading()
    for group in (scenes, guests, suites, attacks, clocks, standing, doorway, nights, memory):
        for scene in group(stage):
            with progress("..."):
                result = scene()
            if not as_json:
                show.line(result)
            results.append(result)
    return results
