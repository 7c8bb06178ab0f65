"""The drawings of a report, as SVG in the page: sizes in per cent, so that they are as wide as
there is room, and no style of their own, so that the page's policy can refuse every other one.
"""

import html
from collections.abc import Iterable, Sequence

from .figures import Door, Node

_LEVELS = 6


def text(value: object) -> str:
    """``value`` within an element or an attribute."""
    return html.escape(_shown(str(value)), quote=True)


def name(value: object) -> str:
    """A name from outside: it stands alone, whichever way it is written."""
    return f"<bdi>{text(value)}</bdi>"


def _shown(value: str) -> str:
    # What turns the direction of writing, or shows nothing, is seen as an escape.
    if value.isprintable():
        return value
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in value)


def _percent(part: float) -> str:
    return f"{max(0.0, 100 * part):.3f}".rstrip("0").rstrip(".") + "%"


def timeline(bars: Sequence[tuple[str, int, int]], label: str) -> str:
    """Stacked bars, (when, granted, refused) each."""
    most = max((granted + refused for _, granted, refused in bars), default=0) or 1
    width = 1 / max(1, len(bars))
    drawn = []
    for place, (when, granted, refused) in enumerate(bars):
        if not granted + refused:
            continue
        left, wide = _percent((place + 0.08) * width), _percent(0.84 * width)
        green, red = granted / most, refused / most
        title = f"<title>{text(when)}: {granted:,} granted, {refused:,} refused</title>"
        rects = ""
        if granted:
            rects += _rect("yes", left, _percent(1 - green), wide, _percent(green))
        if refused:
            rects += _rect("no", left, _percent(1 - green - red), wide, _percent(red))
        drawn.append(f"<g>{title}{rects}</g>")
    lines = "".join(
        f'<line class="grid" x1="0" x2="100%" y1="{at}" y2="{at}"/>' for at in ("0%", "50%")
    )
    inner = lines + "".join(drawn)
    return f'<svg class="chart" role="img" aria-label="{text(label)}">{inner}</svg>'


def hours(door: Door, most: int) -> str:
    """A strip of 24 hours, the fuller the darker."""
    cells = []
    for hour, count in enumerate(door.hours):
        level = 0 if not count else 1 + int((_LEVELS - 2) * (count / (most or 1)) ** 0.5 + 0.5)
        title = f"<title>{hour:02}:00 to {(hour + 1) % 24:02}:00: {count:,} visits</title>"
        left, wide = _percent(hour / 24 + 0.0006), _percent(1 / 24 - 0.0012)
        kind = f"h{min(level, _LEVELS - 1)}"
        cells.append(f"<g>{title}{_rect(kind, left, '0', wide, '100%')}</g>")
    label = text(f"visits at {door.name} by hour of the day")
    return f'<svg class="strip" role="img" aria-label="{label}">{"".join(cells)}</svg>'


def bar(part: float, kind: str, label: str) -> str:
    """One bar from the left, this ``part`` of the room wide."""
    drawn = _rect("track", "0", "0", "100%", "100%", 3)
    if part > 0:
        drawn += _rect(kind, "0", "0", _percent(max(part, 0.004)), "100%", 3)
    return f'<svg class="bar" role="img" aria-label="{text(label)}">{drawn}</svg>'


def chain(node: Node) -> str:
    """The numbers of a log from left to right: what is there, and what is not."""
    first, last = node.first or 0, node.last or 0
    spans = [(one.first, one.last, one.breaks, one.text) for one in node.findings]
    first = min([first, *(one[0] for one in spans)])
    last = max([last, *(one[1] for one in spans)])
    length = last - first + 1
    base = "proven" if node.is_checked and node.proven else "unproven"
    drawn = [_rect(base, "0", "0", "100%", "100%", 3)]
    for begin, end, breaks, why in _widest(spans):
        kind = "broken" if breaks else "lost"
        left, wide = (begin - first) / length, max((end - begin + 1) / length, 0.006)
        rect = _rect(kind, _percent(min(left, 0.994)), "0", _percent(wide), "100%")
        drawn.append(f"<g><title>{text(why)}</title>{rect}</g>")
    label = text(f"the chain of {node.name}, {len(spans)} findings")
    return f'<svg class="bar" role="img" aria-label="{label}">{"".join(drawn)}</svg>'


def _widest(spans: Iterable[tuple]) -> list[tuple]:
    return sorted(spans, key=lambda one: one[0] - one[1])[:200]


def _rect(kind: str, x: str, y: str, width: str, height: str, radius: int = 0) -> str:
    rounded = f' rx="{radius}"' if radius else ""
    return (
        f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}"{rounded}/>'
    )
