"""Going through events one after the other: the chain is checked on the way, where its key can be
opened, and how far that is is shown.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..events import logs
from ..events.check import Shown
from ..events.logs import Log
from ..events.stream import Walk
from ..events.words import told
from ..site.site import Site
from . import passphrase
from .events import Auditor
from .output import say

_TELL_EVERY = 1000


class Pace:
    """How many events there were so far, and how fast they come."""

    def __init__(self, show, what: str):
        self.count = 0
        self._show = show
        self._what = what
        self._began = time.monotonic()

    def step(self) -> None:
        """One more."""
        self.count += 1
        if self.count % _TELL_EVERY == 0:
            self._show(f"{self._what}: {self.text}")

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._began

    @property
    def rate(self) -> int:
        """Events a second."""
        return int(self.count / max(self.seconds, 1e-3))

    @property
    def text(self) -> str:
        """Both in words."""
        return f"{self.count:,} events, {self.rate:,} a second"


def walks(home: Site | None, paths: Sequence[Path], passphrase_file: Path | None) -> list[Walk]:
    """A walk through each log in the files at ``paths``, which proves its events if the passphrase
    of the site's keys is given, or somebody is there to type it.
    """
    found = logs.find(paths, home)
    if home is None or (passphrase.given(passphrase_file) is None and not sys.stdin.isatty()):
        return [Walk(log, None) for log in found]
    auditor = Auditor(home, passphrase_file)
    return [Walk(log, _root_key(auditor, log)) for log in found]


def _root_key(auditor: Auditor, log: Log):
    return lambda root: auditor.keys(root, log)[0]


def said(shown: Shown) -> dict:
    """All that an event says, and what is known of it."""
    one = {**told(shown.event), "late": shown.late}
    return {**one, "duress": True} if shown.duress else one


def each(found: Sequence[Walk], pace: Pace) -> Iterator[tuple[Walk, Shown]]:
    """Every event of every log."""
    for walk in found:
        for shown in walk.events():
            pace.step()
            yield walk, shown


def say_checked(found: Sequence[Walk]) -> None:
    """Whether the events are as they were recorded; where they are not."""
    for walk in found:
        for finding in walk.findings:
            say(f"{walk.log.node}: {finding.text}", "red" if finding.breaks else "yellow")
    count = sum(walk.count for walk in found)
    if any(walk.intact is None for walk in found):
        say(f"{count:,} events, NOT verified: give the site's passphrase to prove them", "red")
    elif all(walk.intact for walk in found):
        proven = sum(walk.proven for walk in found)
        say(f"{proven:,} of {count:,} events are proven, and the chain is unbroken", "green")
    else:
        say("BROKEN: not what the reader recorded", "red")
