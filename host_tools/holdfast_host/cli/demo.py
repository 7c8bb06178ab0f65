"""``holdfast demo``: the reader, phones and attackers, one line each."""

import os
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer

from ..demo.attacks import attacks
from ..demo.clocks import clocks
from ..demo.doorway import doorway
from ..demo.entrance import Entrance
from ..demo.guests import guests
from ..demo.memory import memory
from ..demo.nights import nights
from ..demo.result import Result
from ..demo.scenes import scenes
from ..demo.site import site
from ..demo.site_stage import SiteStage
from ..demo.stage import Stage
from ..demo.standing import standing
from ..demo.suites import suites
from . import demo_show as show
from .output import progress, say, say_json

_AT_ONE_DOOR = (scenes, guests, suites, attacks, clocks, standing, doorway, nights, memory)


def demo(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON instead of a table.")
    ] = False,
) -> None:
    """Run the main job: phones and attackers at a real reader without any network behind it; then
    a site of a controller, two readers and one outside that only carries: the controller is
    killed and comes back, and a thief clones the reader outside.

    Starts the firmware on MicroPython's unix port in folders that are removed afterwards, and
    holds every answer against what is promised. Exits 0 only if all of it was kept.
    """
    results: list[Result] = []
    entrances: list[Entrance] = []
    with tempfile.TemporaryDirectory(prefix="holdfast-demo-") as folder:
        # What is kept outside of a site's folder is not for the home of who looks at this.
        os.environ["XDG_STATE_HOME"] = str(Path(folder, "state"))
        if not as_json:
            say("Making a site and its reader, and starting the reader on MicroPython ...")
        with Stage(Path(folder, "door"), _now) as stage:
            if not as_json:
                show.heading()
            for group in _AT_ONE_DOOR:
                results += _run(group(stage), as_json)
            entrances.append(stage)
        if not as_json:
            show.events(stage.proven)
            say("")
            say("Making a site on a LAN: a controller, two readers and one that carries ...")
        with SiteStage(Path(folder, "site"), _now) as nodes:
            results += _run(site(nodes), as_json)
            entrances += nodes.entrances.values()
    kept = sum(result.kept for result in results)
    strikes, grants, exits = [
        sum(count(one) for one in entrances)
        for count in (Entrance.strikes, Entrance.grants, Entrance.exits)
    ]
    problems = [problem for one in entrances for problem in one.strike_problems()]
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
        show.summary(kept, len(results), strikes, grants, exits, problems)
        show.next_steps()
    if kept != len(results) or problems:
        raise typer.Exit(1)


def _now() -> int:
    return int(time.time())


def _run(scenes: Iterable[Callable[[], Result]], as_json: bool) -> list[Result]:
    results = []
    for scene in scenes:
        with progress("..."):
            result = scene()
        if not as_json:
            show.line(result)
        results.append(result)
    return results
