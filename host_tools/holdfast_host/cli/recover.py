"""``holdfast site recover``: an old copy of a site hears what the doors follow, and goes on."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from .. import sequences
from ..errors import UsageProblem
from ..lan.places import Place
from ..lan.visit import Met
from ..phone import taking
from ..policy.chain import History
from ..register import place
from ..site import devices, recovery, register
from ..site import site as sites
from ..site.keys import Keys
from ..site.names import require_known
from ..site.recovery import Heard, Plan
from ..site.site import Site
from . import errands, signing
from .output import AsJson, say, say_json
from .passphrase import PassphraseFile

_REGISTER = "the register"
_MOST_SHOWN = 20


def recover(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The site's folder.")],
    phone: Annotated[
        Path | None,
        typer.Option(
            "--as", metavar="PHONE_DIR", help="Hear the nodes on the LAN, as a phone of the site."
        ),
    ] = None,
    nodes: errands.Nodes = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--heard",
            metavar="DOOR=FILE",
            help="What `holdfast phone carry --take-policy FILE` took from that door; repeatable.",
        ),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="DOOR", help="Go on without having heard this one; repeatable."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")
    ] = False,
    wait: errands.Wait = errands.WAIT,
    listen: errands.Listen = errands.LISTEN,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Go on after a backup was restored, or two copies of the site signed apart.

    Hears what each door follows: over the LAN with --as, from a file with --heard. Takes what this
    copy lacks. Where copies went different ways it signs what they come to, under a number above
    all of theirs: whatever one of them revoked, suspended, took back or locked down stays so. A
    door that cannot be heard is left out by --without.

    Example: holdfast site recover acme --as admin --without "back door"
    """
    site = sites.load(folder)
    at = signing.now(site)
    let_go = _let_go(site, without or [])
    heard = [*_from_files(site, given or []), *_from_register(site)]
    if phone is not None:
        heard += _from_lan(errands.Errand(folder, phone, nodes, wait, listen), as_json)
    plan = recovery.plan(site, heard, let_go, at)
    _require_all(plan)
    if dry_run:
        _say(plan, None, [], as_json)
        return
    keys = signing.opened_by(site, passphrase_file)
    history = recovery.carry_out(site, plan, keys, at)
    _tell_register(site, history)
    _say(plan, history, _nameless(sites.load(folder), keys, history), as_json)


def _let_go(site: Site, names: Sequence[str]) -> list[str]:
    known = devices.load(site.folder)
    doors = {
        *site.policy().state.doors.values(),
        *(one.id for one in known),
        *(door for one in known for door in one.doors),
    }
    for name in names:
        # What a newer copy has named since is not known here: it is of no harm.
        if name not in doors:
            with contextlib.suppress(UsageProblem):
                require_known(name, doors, "door", f"site {site.id}", "check the name")
    return list(names)


def _from_files(site: Site, given: Sequence[str]) -> list[Heard]:
    found = []
    for one in given:
        door, is_there, name = one.partition("=")
        if not is_there or not door or not name:
            raise UsageProblem(f"{one!r} is no DOOR=FILE", "write --heard front=front.policy")
        pieces = sequences.policy(Path(name))
        node = next(
            (
                known.id
                for known in devices.load(site.folder)
                if door in known.doors and known.role != devices.CARRIER and not known.revoked
            ),
            door,
        )
        found.append(Heard(node, (door,), None, lambda pieces=pieces: pieces))
    return found


def _from_lan(errand: errands.Errand, as_json: bool) -> list[Heard]:
    history = errand.home.policy()

    def ask(met: Met, where: Place) -> Heard:
        said = met.carrier.status()
        head = (said.number, said.head)
        pieces: list[bytes] = []
        if said.number and history.head_at(said.number) != said.head:
            pieces, *_ = taking.policy(met.carrier)
        return Heard(met.name, met.partner.doors, head, lambda: pieces)

    done = errand.go("Hearing what they follow", ask)
    for one in done:
        if one.problem is not None and not as_json:
            say(f"{one.target.text} was not heard: {one.problem.cause}", "yellow")
    return [one.value for one in done if one.value is not None]


@contextlib.contextmanager
def _register(site: Site) -> Iterator:
    """The site's register, if it has one that holds changesets."""
    if not place.exists(site.folder):
        yield None
        return
    from ..register import opening

    with opening.changing(site) as found:
        yield found


def _from_register(site: Site) -> list[Heard]:
    from ..register import versions

    with _register(site) as found:
        raws = [] if found is None else versions.changesets(found)
    return [Heard(_REGISTER, (), None, lambda: raws)] if raws else []


def _tell_register(site: Site, history: History) -> None:
    from ..register import mirror, versions

    with _register(site) as found:
        if found is not None:
            versions.replace(found, history)
            mirror.renew(found, history)


def _nameless(site: Site, keys: Keys, history: History) -> list[str]:
    """The keys of cards and PINs that open something, and that nobody here has a name or number
    for.
    """
    from ..register import owners

    entries = register.load(site.folder, keys.secret)
    known = set(register.by_key(entries, site.lookup_key(keys.secret)))
    with _register(site) as found:
        if found is not None:
            held = owners.of_cards(found.connection)
            known = {key for key, had in held.items() if owners.now(had) is not None}
    return [key.hex() for key in sorted(history.state.grants) if key not in known]


def _require_all(plan: Plan) -> None:
    if plan.hidden:
        node, (said, shown) = next(iter(sorted(plan.hidden.items())))
        raise UsageProblem(
            f"{node} says that it follows changeset {said}, and what it shows ends with {shown}:"
            " it keeps something back",
            f"ask it again; if it stays so, look at that board, and: --without {node}",
        )
    if plan.missing:
        names = ", ".join(plan.missing)
        raise UsageProblem(
            f"not every door was heard: {names}",
            "hear them: --as PHONE_DIR --node HOST, or --heard DOOR=FILE; or go on without:"
            f" --without {plan.missing[0]!r}",
        )


def _say(plan: Plan, history: History | None, nameless: list[str], as_json: bool) -> None:
    facts = _facts(plan)
    if as_json:
        number = plan.history.number if history is None else history.number
        done = {"dry_run": history is None, "number": number}
        say_json({"site": plan.history.site, **done, **facts, "without_name": nameless})
        return
    for line in _lines(plan):
        say(line)
    if history is None:
        say("nothing was changed")
        return
    say(f"the site goes on from changeset {history.number}", "green")
    if nameless:
        more = ", ..." if len(nameless) > _MOST_SHOWN else ""
        say(
            f"{len(nameless)} cards or PINs open doors and have no name here:"
            f" {', '.join(nameless[:_MOST_SHOWN])}{more}",
            "yellow",
        )
    folder = "SITE_DIR"
    if plan.others or plan.past:
        say(
            f"next: holdfast policy export {folder} --snapshot -o FILE, and carry it to every door"
        )
    say("look at who has access: holdfast people list, holdfast people sign --dry-run")


def _facts(plan: Plan) -> dict[str, object]:
    merged = plan.merged
    return {
        "heard": list(plan.heard),
        "taken": len(plan.newer),
        "from": plan.source,
        "branches": [
            {"nodes": list(one.who), "number": one.number, "unknown": one.unknown}
            for one in plan.others
        ],
        "lost": plan.lost,
        "cut_off": list(plan.cut_off),
        "not_given": [] if merged is None else [[key.hex(), at] for key, at in merged.gone],
        "contested": [] if merged is None else merged.contested,
    }


def _lines(plan: Plan) -> Iterator[str]:
    if not plan.is_needed:
        yield "this copy has all that the doors follow"
    if plan.newer:
        last = plan.history.number
        yield f"+ changesets {last - len(plan.newer) + 1} to {last}, from {plan.source}"
    for one in plan.others:
        yield f"~ another branch, to changeset {one.number}, at {', '.join(one.who)}"
        if one.unknown is not None:
            first, last = one.unknown
            yield (
                f"! nobody keeps changesets {first} to {last} of it: cards from before are"
                " suspended, and credentials from before open nothing"
            )
    if plan.lost is not None:
        first, last = plan.lost
        yield f"! changesets {first} to {last} were signed here, and nobody has them: say it again"
    for name in plan.cut_off:
        yield (
            f"! {name} follows a key of the authority that was replaced for good, and will hear of"
            " nothing: holdfast reader reset at that board, then enrol it anew"
        )
    if plan.merged is not None:
        for key, group in plan.merged.gone:
            yield f"- card {key.hex()} in group {group}: taken back in one of the copies"
        for name in plan.merged.contested:
            yield f"! both copies changed {name}: look at it"
