"""The page of a report: one file of HTML that needs nothing else, runs nothing and loads nothing.

Its policy lets in one style sheet, by its hash, and no script, image, font, frame or form. Names
come from people, tokens and files: each is escaped, and stands alone in its direction.
"""

import base64
import dataclasses
import datetime
import hashlib
import importlib.resources
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from . import charts
from .charts import name, text
from .figures import HOUR_S, Door, Figures, Latest, Node

_MOST_DOORS = 24
_MOST_KNOWING = 12
_MOST_FINDINGS = 20


@dataclasses.dataclass(frozen=True)
class Frame:
    """What a page is about: the ``site``, when it was ``made``, its ``time_zone`` in words, what
    was ``asked`` for, and how times and events are put in words.
    """

    site: str
    made: str
    asked: Sequence[str]
    when: Callable[[Mapping], str]
    what: Callable[[Mapping], str]
    who: Callable[[Mapping], str]
    time: Callable[[int], str]
    newest: int  # the last changeset that is signed
    enrol: str  # the command that gives a card to somebody, but for its key


def made(figures: Figures, frame: Frame) -> str:
    """The whole page."""
    here = importlib.resources.files("holdfast_host.events.report")
    style = here.joinpath("style.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    body = [_header(figures, frame), _tiles(figures), _notice(figures)]
    if figures.count:
        body += [
            _timeline(figures),
            _hours(figures),
            _reasons(figures),
            _knowledge(figures, frame),
            _chains(figures),
            _cards(figures, frame),
            _listed("Alarms and faults", "The last of what is no visit.", figures.alarms, frame),
            _listed("Refused last", "The newest first.", figures.refusals, frame),
        ]
    else:
        body.append(
            '<section><h2>No events</h2><p class="soft">Nothing that was asked for was recorded.'
            "</p></section>"
        )
    title = f"Events of {frame.site}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{text(title)}</title>\n<style>{style}</style></head>\n<body><main>\n"
        + "\n".join(part for part in body if part)
        + f"\n<footer>Made {text(frame.made)} by holdfast events report."
        " It holds names: keep it as you keep them.</footer>\n</main></body></html>\n"
    )


def _header(figures: Figures, frame: Frame) -> str:
    period = "no event has a time"
    if figures.first is not None and figures.last is not None:
        period = f"{frame.time(figures.first)} to {frame.time(figures.last)}"
    asked = "".join(f" · {text(one)}" for one in frame.asked)
    return (
        f"<header><h1>Events of {name(frame.site)}</h1>"
        f'<p class="soft">{text(period)}{asked}</p></header>'
    )


def _tiles(figures: Figures) -> str:
    marks = figures.marks
    tiles = [
        ("Events", figures.count, ""),
        ("Let in", figures.granted, "good"),
        ("Refused", figures.refused, "bad" if figures.refused else ""),
        ("Doors", len(figures.doors), ""),
        ("People seen", len(figures.people), ""),
        ("Without a sure clock", marks["by_grace"], "warn" if marks["by_grace"] else ""),
    ]
    if marks["duress"]:
        tiles.insert(0, ("Calls for help", marks["duress"], "bad"))
    drawn = "".join(
        f'<div class="tile{" " + kind if kind else ""}"><b>{count:,}</b>'
        f'<span class="soft">{text(label)}</span></div>'
        for label, count, kind in tiles
    )
    return f'<div class="tiles">{drawn}</div>'


def _notice(figures: Figures) -> str:
    if not figures.nodes:
        return ""
    broken = [node for node in figures.nodes if any(one.breaks for one in node.findings)]
    if broken:
        names = ", ".join(name(node.name) for node in broken[:5])
        more = f" and {len(broken) - 5} more" if len(broken) > 5 else ""
        which = f"{names}{more}. See below."
        return f'<p class="notice bad"><b>Not as it was recorded:</b> {which}</p>'
    if not all(node.is_checked for node in figures.nodes):
        return (
            '<p class="notice"><b>Not verified.</b> With the passphrase of the site this page'
            " says whether the events are as they were recorded.</p>"
        )
    proven = sum(node.proven for node in figures.nodes)
    return (
        f'<p class="notice good"><b>Verified.</b> {proven:,} events of {len(figures.nodes):,}'
        " logs are as they were recorded.</p>"
    )


def _section(title: str, hint: str, inner: str) -> str:
    return f'<section><h2>{text(title)}</h2><p class="soft">{text(hint)}</p>{inner}</section>'


def _timeline(figures: Figures) -> str:
    width, bars = figures.timeline()
    if not bars:
        return ""
    named = [(_hour(hour, width), granted, refused) for hour, granted, refused in bars]
    most = max(granted + refused for _, granted, refused in bars)
    # A quarter of the room is each one's, and the bar that begins there is what it names.
    ticks = [_tick(bars[len(bars) * at // 4][0], width) for at in range(min(4, len(bars)))]
    every = f"{width} h" if width < 24 else "day" if width == 24 else f"{width // 24} days"
    half = f"{most / 2:,.0f}" if most > 1 else ""
    axis = "".join(f"<span>{text(one)}</span>" for one in ticks)
    inner = (
        f'<div class="plot"><div class="scale"><span>{most:,}</span><span>{half}</span>'
        f"<span>0</span></div>{charts.timeline(named, 'visits over time')}"
        f'<div class="axis">{axis}</div></div>'
        '<div class="key"><span><i class="k-yes"></i>let in</span>'
        '<span><i class="k-no"></i>refused</span></div>'
    )
    late = figures.marks["late"]
    hint = f"Visits, one bar for each {every}, by the clocks of the site."
    if figures.timeless:
        hint += f" {figures.timeless:,} events have no time."
    if late == figures.count:
        late = 0  # collected long after: nothing of note
    if late:
        hint += f" {late:,} events came late."
    return _section("When", hint, inner)


def _hour(hour: int, width: int) -> str:
    at = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=min(hour, 1 << 26) * HOUR_S)
    return at.strftime("%Y-%m-%d") if width >= 24 else at.strftime("%m-%d %H:00")


def _tick(hour: int, width: int) -> str:
    whole = _hour(hour, width)
    return whole[5:] if width == 24 else whole[:7] if width > 24 else whole


def _hours(figures: Figures) -> str:
    doors = sorted(figures.doors.values(), key=lambda door: (-door.visits, door.name))
    if not doors:
        return ""
    most = max(max(door.hours) for door in doors)
    ticks = (
        '<div class="none"></div><div class="ticks wide"><span>0:00</span><span>6:00</span>'
        '<span>12:00</span><span>18:00</span></div><div class="none"></div>'
    )
    hint = "Visits by hour of the day, all days together. The fuller the hour, the stronger."

    def rows(some: Iterable[Door]) -> str:
        return "".join(
            f'<div class="label">{name(door.name)}</div><div class="wide">'
            f'{charts.hours(door, most)}</div><div class="end">{door.visits:,}</div>'
            for door in some
        )

    inner = f'<div class="rows">{ticks}{rows(doors[:_MOST_DOORS])}</div>'
    if len(doors) > _MOST_DOORS:
        inner += _more(len(doors) - _MOST_DOORS, "doors", rows(doors[_MOST_DOORS:]))
    return _section("Doors by hour", hint, inner)


def _more(count: int, what: str, rows: str) -> str:
    return (
        f"<details><summary>{count:,} more {what}</summary>"
        f'<div class="rows">{rows}</div></details>'
    )


def _reasons(figures: Figures) -> str:
    if not figures.reasons:
        return _section("Refusals by reason", "Nobody was refused.", "")
    most = figures.reasons.most_common(1)[0][1]
    rows = "".join(
        f'<div class="label">{text(reason.replace("_", " "))}</div><div class="wide">'
        f'{charts.bar(count / most, "no", f"{count} refusals")}</div><div class="end">{count:,}'
        "</div>"
        for reason, count in figures.reasons.most_common()
    )
    hint = f"{figures.refused:,} refusals. What each reason means: docs/reasons.md."
    return _section("Refusals by reason", hint, f'<div class="rows">{rows}</div>')


def _knowledge(figures: Figures, frame: Frame) -> str:
    doors = [door for door in figures.doors.values() if door.changeset is not None]
    if not doors:
        return ""
    doors.sort(key=lambda door: (-door.behind_s, -(door.age_s or 0), door.name))
    most = max(max(door.behind_s, door.age_s or 0) for door in doors) or 1

    def rows(some: Iterable[Door]) -> str:
        drawn = []
        for door in some:
            age = "" if door.age_s is None else f"{_span(door.age_s)} old"
            bars = charts.bar((door.age_s or 0) / most, "h3", f"knowledge {age}")
            behind = ""
            if door.behind_s:
                behind = f"{_span(door.behind_s)} behind"
                bars += charts.bar(door.behind_s / most, "behind", behind)
            drawn.append(
                f'<div class="label">{name(door.name)}<div class="soft">changeset'
                f' {door.changeset:,} of {frame.newest:,}</div></div><div class="wide two">'
                f'{bars}</div><div class="end">{age}<div class="soft">{behind}</div></div>'
            )
        return "".join(drawn)

    hint = (
        "How old the newest changeset was that each door knew at its last decision, and for how"
        " long at most it decided while a newer one was signed already."
    )
    inner = f'<div class="rows">{rows(doors[:_MOST_KNOWING])}</div>'
    if len(doors) > _MOST_KNOWING:
        inner += _more(len(doors) - _MOST_KNOWING, "doors", rows(doors[_MOST_KNOWING:]))
    inner += (
        '<div class="key"><span><i class="k-age"></i>age of what it knew</span>'
        '<span><i class="k-warn"></i>behind what was signed, at most</span></div>'
    )
    return _section("Age of knowledge", hint, inner)


def _chains(figures: Figures) -> str:
    nodes = sorted(figures.nodes, key=lambda node: (-len(node.findings), _natural(node.name)))
    if not nodes:
        return ""

    def rows(some: Iterable[Node]) -> str:
        return "".join(
            f'<div class="label">{name(node.name)}<div class="soft">{_range(node)}</div></div>'
            f'<div class="wide">{charts.chain(node)}</div><div class="end">{_state(node)}</div>'
            for node in some
        )

    inner = f'<div class="rows">{rows(nodes[:_MOST_KNOWING])}</div>'
    if len(nodes) > _MOST_KNOWING:
        inner += _more(len(nodes) - _MOST_KNOWING, "logs", rows(nodes[_MOST_KNOWING:]))
    found = [(node, one) for node in nodes for one in node.findings]
    if found:
        listed = "".join(
            f"<li>{name(node.name)}: {text(one.text)}</li>" for node, one in found[:_MOST_FINDINGS]
        )
        more = len(found) - _MOST_FINDINGS
        inner += f"<ul>{listed}</ul>"
        inner += f'<p class="soft">and {more:,} more</p>' if more > 0 else ""
    inner += (
        '<div class="key"><span><i class="k-yes"></i>proven</span>'
        '<span><i class="k-soft"></i>not verified</span>'
        '<span><i class="k-warn"></i>lost, as the reader says</span>'
        '<span><i class="k-no"></i>changed or missing</span></div>'
    )
    return _section("Gaps in the chain", "The log of each node, by event number.", inner)


def _natural(name: str) -> list:
    """For an order in which node-2 comes before node-10."""
    return [
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in re.split(r"([0-9]{1,9})", name)
    ]


def _range(node: Node) -> str:
    if node.first is None or node.last is None:
        return "no events"
    return f"events {node.first:,} to {node.last:,}"


def _state(node: Node) -> str:
    if any(one.breaks for one in node.findings):
        return "broken"
    if not node.is_checked:
        return "not verified"
    return "has gaps" if node.findings else "whole"


def _cards(figures: Figures, frame: Frame) -> str:
    if not figures.unknown:
        return ""
    rows = "".join(
        f"<tr><td>{text('#' + card[:6])}</td><td>{count:,} times</td>"
        f"<td><code>{text(frame.enrol)} {text(card)}</code></td></tr>"
        for card, count in figures.unknown.most_common(12)
    )
    hint = "Refused cards that nobody has. The command gives one to a person: put the name in."
    return _section("Unknown cards", hint, f"<table><tbody>{rows}</tbody></table>")


def _listed(title: str, hint: str, latest: Latest, frame: Frame) -> str:
    rows = "".join(
        f'<tr><td class="when">{text(frame.when(one))}</td><td>{name(one.get("door", ""))}</td>'
        f"<td>{text(frame.what(one))}</td><td>{name(frame.who(one))}</td></tr>"
        for one in latest.newest_first()
    )
    if not rows:
        return ""
    head = "<thead><tr><th>time</th><th>door</th><th>what</th><th>who or which</th></tr></thead>"
    return _section(title, hint, f"<table>{head}<tbody>{rows}</tbody></table>")


def _span(seconds: int) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f}".rstrip("0").rstrip(".") + f" {unit}"
    return f"{seconds} s"
