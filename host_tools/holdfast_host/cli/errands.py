"""What commands have in common that go to the nodes of a site on its LAN."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from holdfast.access.tag import name_tag

from ..errors import UsageProblem
from ..events import files as event_files
from ..lan import hearing, look, networks, places, rounds
from ..lan.hearing import Hearing
from ..lan.look import Missed, Seen
from ..lan.places import Place
from ..lan.rounds import Outcome, Target
from ..lan.udp import Udp
from ..lan.visit import Met, Visitor
from ..phone.wallet import Wallet
from ..site import devices
from ..site import site as sites
from .output import progress

SiteFolder = Annotated[Path, typer.Argument(metavar="SITE_DIR", help="The site's folder.")]
As = Annotated[
    Path,
    typer.Option(
        "--as", metavar="PHONE_DIR", help="Whose credential is shown: a phone of the site."
    ),
]
Nodes = Annotated[
    list[str] | None,
    typer.Option(
        "--node", metavar="HOST[:PORT]", help="Ask the node there; else all that are known."
    ),
]
Wait = Annotated[
    float,
    typer.Option(min=0.5, max=300, help="Give a node up that says nothing for so many seconds."),
]
Listen = Annotated[
    float,
    typer.Option(
        min=0, max=300, help="Without --node: look for others by multicast, for so many seconds."
    ),
]

WAIT = 22.0
LISTEN = hearing.SECONDS

_Value = TypeVar("_Value")


class Errand:
    """To nodes of the site in ``folder``, with the credential of the phone in ``phone``.

    ``targets`` are the places ``given``, or those that are known and those that are heard within
    ``listen`` seconds. Whom it meets it remembers in the site's folder.
    """

    def __init__(
        self,
        folder: Path,
        phone: Path,
        given: Sequence[str] | None,
        wait: float,
        listen: float = 0.0,
    ):
        self.home = sites.load(folder)
        self.devices = devices.load(folder)
        self.interfaces = networks.interfaces()
        self.hearing: Hearing | None = None
        self._visitor = Visitor.of(Wallet.open(phone), self.home.id, folder)
        self._wait_ms = int(wait * 1000)
        self._met: dict[str, places.Known] = {}
        self.targets = self._targets([places.parse(one) for one in given or ()], listen)

    def _targets(self, given: Sequence[Place], listen: float) -> list[Target]:
        names = {one.place: one.id for one in places.load(self.home.folder)}
        if given:
            return [Target(place, names.get(place, "")) for place in dict.fromkeys(given)]
        if listen:
            with progress("Listening for nodes"):
                sought = [name_tag(one.id) for one in self.devices]
                self.hearing = hearing.listen(self.interfaces, listen, sought=sought)
            heard = look.named(self.hearing.heard, self.devices)
            # Where somebody says to be whom we met elsewhere is one place more to look at.
            for one in self.hearing.heard:
                names.setdefault(one.place, heard.get(one.place, ""))
        if not names:
            raise UsageProblem(
                "no node of this site is known here, and none was heard",
                "name them once, they are remembered: --node HOST, such as 192.168.1.20",
            )
        return [Target(place, name) for place, name in names.items()]

    def go(
        self,
        what: str,
        visit: Callable[[Met, Place], _Value],
        targets: Sequence[Target] | None = None,
    ) -> list[Outcome[_Value]]:
        """``visit`` each node that is met, or those at some ``targets``, and what came of it;
        ``what`` says it for a person.
        """
        targets = self.targets if targets is None else targets
        count = len(targets)
        with self._links() as udp, progress(f"{what}: {count} to go") as tell:

            def one(target: Target) -> _Value:
                with udp.link(target.place) as link:
                    met = self._visitor.meet(link, target.name)
                    now = int(time.time())
                    self._met[met.name] = places.Known(met.name, target.place, now)
                    return visit(met, target.place)

            done = rounds.go(
                targets, one, lambda over: tell(f"{what}: {count - over} of {count} to go")
            )
        # From now on each is expected to be who it was.
        names = {one.place: one.id for one in self._met.values()}
        self.targets = [Target(one.place, names.get(one.place, one.name)) for one in self.targets]
        return done

    def look(self) -> tuple[list[Seen], list[Missed]]:
        """What all of them say of themselves, and who was not met."""
        checked = event_files.known(self.home)
        expected = {one.place: one.name for one in self.targets}
        done = self.go("Asking", lambda met, place: look.at(met, place, checked))
        missed = [
            look.missed(expected[one.target.place], one.target.place, one.problem)
            for one in done
            if one.problem is not None
        ]
        return [one.value for one in done if one.value is not None], missed

    @contextlib.contextmanager
    def _links(self) -> Iterator[Udp]:
        try:
            with Udp(self._wait_ms) as udp:
                yield udp
        finally:
            places.remember(self.home.folder, list(self._met.values()))


def failed(outcomes: Sequence[Outcome]) -> list[dict[str, object]]:
    """Those that came to nothing, for a machine."""
    return [
        {
            "node": one.target.name or None,
            "place": str(one.target.place),
            "cause": one.problem.cause,
            "next_step": one.problem.next_step,
        }
        for one in outcomes
        if one.problem is not None
    ]


def require_all(outcomes: Sequence[Outcome], done: str) -> None:
    """Raise what came of those that failed, named, with how many were ``done``."""
    problems = [(one.target, one.problem) for one in outcomes if one.problem is not None]
    if problems:
        count = len(outcomes) - len(problems)
        causes = "; ".join(f"{target.text}: {problem.cause}" for target, problem in problems)
        raise UsageProblem(
            f"{done} {count} of {len(outcomes)}: {causes}", problems[0][1].next_step
        )
