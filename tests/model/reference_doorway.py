"""What a door with a contact must tell, by its whole history, as plainly as decision 041 says it.

Nothing is counted down here: at each look it is asked of what was seen before.
"""

import dataclasses

GRACE_LOOKS = 20  # a second


@dataclasses.dataclass
class Look:
    """What there was at one look, every 50 ms. Released "since": now, or since the last one."""

    is_open: bool
    grants: int  # since the last one
    granted_ms: int  # that are left
    exits: int
    exit_ms: int
    unlocked: bool

    @property
    def granted(self):
        return bool(self.grants) or self.granted_ms > 0

    @property
    def has_leave(self):
        return self.granted or bool(self.exits) or self.exit_ms > 0 or self.unlocked


def told(looks, held_looks):
    """For each look the set of what must be told at it, and the state after it."""
    what = [set() for _ in looks]
    states = [_shut(look) for look in looks]
    for at, look in enumerate(looks):
        if look.grants and at and not looks[at - 1].is_open:
            for outcome, then in _outcome(looks, at):
                what[then].add(outcome)
    for begin, end in _spells(looks):
        _spell(looks, what, states, begin, end, held_looks)
    return what, states


def _shut(look):
    if look.granted_ms > 0 or look.exit_ms > 0:
        return "released"
    return "unlocked" if look.unlocked else "secured"


def _outcome(looks, at):
    """Whether who is granted at that look opens the door, and when that is known."""
    for then in range(at, len(looks)):
        if not any(look.granted for look in _second(looks, then)):
            return [("not_passed", then)]
        if then and looks[then].is_open and not looks[then - 1].is_open:
            return [("passed", then)]
    return []


def _spell(looks, what, states, begin, end, held_looks):
    """The door is open from the look ``begin`` to ``end``, at which it is shut."""
    is_told = is_forced = False
    if begin == 0:
        what[begin].add("open at the start")
        is_told = True
    elif "passed" not in what[begin]:
        if not any(look.has_leave for look in _second(looks, begin)):
            what[begin].add("forced")
            is_told = is_forced = True
    for at in range(begin, end):
        is_forced = is_forced and not looks[at].grants
        run = 0
        while at - run >= begin and not (looks[at - run].granted or looks[at - run].unlocked):
            run += 1
        if run == held_looks and not is_forced:
            what[at].add("held_open")
            is_told = True
        states[at] = "forced" if is_forced else "held" if run >= held_looks else "open"
    if end < len(looks) and is_told:
        what[end].add("shut")


def _second(looks, at):
    return looks[max(0, at - GRACE_LOOKS + 1) : at + 1]


def _spells(looks):
    begin = None
    for at, look in enumerate(looks):
        if look.is_open and begin is None:
            begin = at
        elif not look.is_open and begin is not None:
            yield begin, at
            begin = None
    if begin is not None:
        yield begin, len(looks)
