"""``holdfast events replay``: what was decided is decided again; or events are sent elsewhere."""

import collections
import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from holdfast.access import reason as reasons

from ..errors import UsageProblem
from ..events import words
from ..events.replay import Again, Replay
from ..policy import drafts
from ..policy.past import DRAFT, Past
from ..site.site import Site
from .events import broken_events
from .events_chosen import Chosen, Paths, chosen
from .events_walk import Pace, each, said, say_checked, walks
from .output import AsJson, progress, say, say_json, say_rows
from .passphrase import PassphraseFile

DIFFERENT = 3  # the exit code
_MOST_SHOWN = 200
_LATEST = "today"
_DRAFT = "draft"


def replay(
    paths: Paths = None,
    site: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The site that the readers are of.")
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER|today|draft", help="By another policy than that of the moment."
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Send the events there: see below."),
    ] = None,
    as_lines: Annotated[
        bool, typer.Option("--jsonl", help="A line of JSON for each that differs.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Decide again what was decided, by the code that doors run, and show what would differ.

    Without --policy by the policy of each event's own moment: nothing may differ then. With it by
    that of a changeset, of today, or by the draft (`holdfast policy ... --draft`): what would have
    been. An event that does not tell what the answer hangs on cannot be decided again, which is
    counted. With the passphrase of the site the chain of the events is verified on the way.

    With --to nothing is decided: the events go to a file of JSON lines (out.jsonl), a table of
    PostgreSQL (postgresql+psycopg://USER@HOST/NAME), a webhook (https://...) or a broker of MQTT
    (mqtts://HOST), each once. Run again it goes on where it ended.

    Example: holdfast events replay --site acme --policy draft
    """
    if site is None:
        raise UsageProblem("the site is missing", "give --site DIR")
    those = chosen(site, paths)
    home = those.home
    assert home is not None
    if to is not None:
        if policy is not None:
            raise UsageProblem("--to sends, and --policy decides", "give one of the two")
        _send(those, home, to, passphrase_file, as_json)
        return
    past, number, by = _policy(home, policy)
    done = _Replayed(those, Replay(past, number), as_lines)
    found = walks(home, those.paths, passphrase_file)
    with progress("Deciding again") as show:
        pace = Pace(show, "Deciding again")
        for walk, shown in each(found, pace):
            done.take(walk.log.node, shown)
    if as_json:
        verified = None if any(walk.intact is None for walk in found) else True
        broken = [dataclasses.asdict(one) for walk in found for one in walk.findings]
        if any(walk.intact is False for walk in found):
            verified = False
        facts = {"verified": verified, "findings": broken, "policy": by}
        speed = {"events": pace.count, "events_a_second": pace.rate}
        say_json({**facts, **speed, **done.facts()})
    elif not as_lines:
        done.say(by)
        say(f"{pace.text}")
        say_checked(found)
    if any(walk.intact is False for walk in found):
        raise broken_events([walk.log.node for walk in found if walk.intact is False])
    if done.different:
        raise typer.Exit(DIFFERENT)


def _policy(home: Site, policy: str | None) -> tuple[Past, int | None, str]:
    history = home.policy()
    if policy is None:
        return Past(history), None, "that of the moment"
    if policy == _DRAFT:
        past = Past(history, drafts.load(home.folder, history.number))
        if not past.has_draft:
            raise UsageProblem(
                "there is no draft of a policy",
                "make one: give --draft to holdfast policy group, schedule, lockdown and others",
            )
        return past, DRAFT, "the draft"
    past = Past(history)
    if policy == _LATEST:
        return past, past.number, f"that of today, changeset {past.number}"
    if not policy.isascii() or not policy.isdigit() or not 0 < int(policy) <= past.number:
        raise UsageProblem(
            f"{policy!r} is no policy of this site, which has 1 to {past.number}",
            "give a number, today or draft",
        )
    return past, int(policy), f"changeset {int(policy)}"


class _Replayed:
    """What came of it, so far."""

    def __init__(self, those: Chosen, replay: Replay, as_lines: bool):
        self._those = those
        self._replay = replay
        self._as_lines = as_lines
        self._rows: list[dict] = []
        self._lacks: collections.Counter[str] = collections.Counter()
        self.different = self.same = self.other = 0

    def take(self, node: str, shown) -> None:
        """Decide one event again."""
        again = self._replay.again(shown.event)
        if again is None:
            self.other += 1
        elif again.now is None:
            self._lacks[again.lacks] += 1
        elif not again.differs:
            self.same += 1
        else:
            self.different += 1
            if self._as_lines or len(self._rows) < _MOST_SHOWN:
                self._tell({**self._told(again, said(shown)), "node": node})

    def _tell(self, one: dict) -> None:
        if self._as_lines:
            say_json(one)
        else:
            self._rows.append(one)

    def _told(self, again: Again, one: dict) -> dict:
        assert again.now is not None
        named = self._those.names.named(one)
        now = {"granted": again.now.granted, "reason": reasons.name(again.now.code)}
        return {**named, "would_be": {**now, "by_grace": again.now.by_grace}}

    def facts(self) -> dict[str, object]:
        """For a machine."""
        return {
            "same": self.same,
            "different": self.different,
            "cannot": dict(self._lacks.most_common()),
            "no_decisions": self.other,
            "differences": self._rows,
        }

    def say(self, by: str) -> None:
        """For a person."""
        if self._rows:
            rows = []
            for one in self._rows:
                told = one["would_be"]
                would = str(told["reason"]).replace("_", " ")
                grace = ", by grace" if told["by_grace"] else ""
                who, door = words.who(one), str(one.get("door", ""))
                when = words.when(one, self._those.dates)
                rows.append([str(one["number"]), when, door, who, words.what(one), would + grace])
            heads = ["event", "time", "door", "who or which", "was", "would be"]
            say_rows(heads, rows, whole=heads[:2])
        if self.different > len(self._rows):
            say(f"and {self.different - len(self._rows):,} more: --jsonl has all of them")
        if self._lacks:
            rows = [[f"{count:,}", why] for why, count in self._lacks.most_common()]
            say_rows(["events", "cannot be decided again: the event lacks"], rows)
        differ = "none differs" if not self.different else f"{self.different:,} differ"
        style = "green" if not self.different else "yellow"
        count = self.same + self.different
        say(f"{count:,} decisions taken again by the policy: {by}; {differ}", style)


def _send(
    those: Chosen, home: Site, to: str, passphrase_file: Path | None, as_json: bool
) -> None:
    from ..events.sending import kinds, marks, send, target

    found = walks(home, those.paths, passphrase_file)

    def tell(walk, shown) -> dict:
        named = those.names.named(said(shown))
        proven = shown.proven if walk.root_key is not None else None
        return {"site": home.id, "node": walk.log.node, "proven": proven, **named}

    where = target.shown(to)
    opened = kinds.opened(to, home.id)
    try:
        with progress(f"Sending to {where}") as show:
            pace = Pace(show, f"Sending to {where}")

            def sent(count: int) -> None:
                pace.count = count
                show(f"Sending to {where}: {pace.text}")

            count = send.send(found, tell, opened, marks.Marks(home.folder, where), sent)
    finally:
        opened.close()
    pace.count = count
    if as_json:
        total = sum(walk.count for walk in found)
        say_json({"to": where, "sent": count, "events": total, "events_a_second": pace.rate})
    else:
        before = sum(walk.count for walk in found) - count
        say(f"{pace.text} sent to {where}; {before:,} had arrived before", "green")
