"""Rules at their bounds, with eight doors' views of them: a controller has room for them once."""

INTERPRETERS = ("micropython", "cpython")

import sys

import full_rules
from access_rules import seen
from harness import MICROPYTHON, held
from holdfast.access.policy.rules import RULES

# On a board; a pointer of twice the size makes what is around the packed bytes twice as large.
_CEILING = 8192 if sys.maxsize < 1 << 32 else 9728
_PACKED = 6592


def _sizes(rules):
    found = {}
    for name in RULES:
        value = getattr(rules, name)
        value = getattr(value, "packed", value)
        if isinstance(value, bytes):
            found[name] = len(value)
    return found


def test_all_of_it_is_as_large_as_it_can_get():
    """Or the ceiling below would hold for something smaller."""
    rules = full_rules.rules()
    assert _sizes(rules) == {
        "head": 32,
        "doors": 1024,
        "zones": 32 * 41,
        "schedules": 32 * 19 + 192 * 3,
        "holidays": 288,
        "revocations": 2048,
        "locked_doors": 32,
        "modes": 256,
        "carriers": 256,
    }
    assert sum(_sizes(rules).values()) <= _PACKED and len(rules.anchors) == 2
    views = full_rules.views(rules, [full_rules.name(number) for number in (0, 255)])
    assert all(view.is_locked_down and len(view.zone_tags()) == 32 for view in views)


def test_a_node_with_eight_doors_has_room_for_them():
    """And a view of a door costs next to nothing, whatever the rules are."""
    names = [full_rules.name(31 * number) for number in range(8)]
    # The first round loads what stays loaded. Nothing is let go in between: what the stack still
    # pointed at by chance would make the next round look smaller.
    kept = []
    alone = together = 0
    for _ in range(2):
        before = held()
        kept.append(full_rules.rules())
        alone = held() - before
        kept.append(full_rules.views(kept[-1], names))
        together = held() - before
    print("%d bytes, with views %d" % (alone, together))
    assert together <= _CEILING
    assert not MICROPYTHON or alone > _PACKED // 2  # or nothing was measured
    assert together - alone <= 8 * 160
    assert seen(kept[-1][7].rules) == seen(kept[-2])
