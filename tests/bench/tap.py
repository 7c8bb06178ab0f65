"""How long a tap takes, modelled from counted instructions: the tables of docs/hardware/tap.md.

Counts are (until the answer, in all) of each kind of unlock, as README.md's table has them.
"""

import math
import re

KINDS = ("cold", "warm")
CLOCKS = [(mhz, cycles) for mhz in (160, 240) for cycles in (1, 2)]  # MHz, cycles an instruction
INTERVALS = (15, 30, 50)  # ms between connection events
_MORE = {"warm": 0, "cold": 2}  # connection events besides those of the processor's time


def counts(readme: str) -> dict:
    """Kind to its counts, from the text of README.md."""
    until = (" until the answer", "")
    return {kind: tuple(_of(readme, f"{kind} unlock, joined{u}") for u in until) for kind in KINDS}


def _of(readme, what):
    row = re.search(rf"^\| reader's share of a {what} \|(.*)\|$", readme, re.MULTILINE)
    return int(row.group(1).split("|")[-1].split()[0].replace(",", ""))


def milliseconds(instructions: int, mhz: int, cycles: int) -> float:
    """What the processor takes for them."""
    return instructions * cycles / mhz / 1000


def waited(kind: str, computed: float, interval: int) -> float:
    """Milliseconds from the tap to the answer, where the processor takes ``computed`` of them."""
    return interval / 2 + (math.ceil(computed / interval) + _MORE[kind]) * interval


def tables(found: dict) -> dict:
    """Heading of a section to its rows of cells, from the ``counts``."""
    counted = [
        [said, *(f"{found[kind][which]:,}" for kind in KINDS)]
        for which, said in enumerate(("until the answer leaves", "in all"))
    ]
    processor, tap = [], []
    for mhz, cycles in CLOCKS:
        begin = [str(mhz), str(cycles)]
        parts = []
        for kind in KINDS:
            answered, in_all = found[kind]
            parts += [answered, in_all - answered]
        processor.append(begin + [f"{milliseconds(part, mhz, cycles):.1f}" for part in parts])
        times = [
            waited(kind, milliseconds(found[kind][0], mhz, cycles), interval)
            for kind in reversed(KINDS)
            for interval in INTERVALS
        ]
        tap.append(begin + [f"{time:g}" for time in times])
    return {
        "Instructions, counted": counted,
        "The processor's time, modelled": processor,
        "From the tap to the answer, modelled": tap,
    }


def rewritten(page: str, found: dict) -> str:
    """The ``page`` with rows from the ``counts`` in each of its tables that has some."""
    for heading, rows in tables(found).items():
        before, after = page.split(f"## {heading}\n")
        head, table = re.search(r"(^\|.*\n\|[-:|]+\n)((?:\|.*\n)+)", after, re.MULTILINE).groups()
        made = "".join("| " + " | ".join(row) + " |\n" for row in rows)
        page = before + f"## {heading}\n" + after.replace(head + table, head + made, 1)
    return page
