"""RFC 6206 as it is written, and the one bound that it has not: nobody is silenced for longer than
one Imax, however often others say what he would.
"""

INTERPRETERS = ("micropython", "cpython")

from holdfast.sync.trickle import Trickle
from simulated_network import Chance

IMIN, DOUBLINGS, K = 100, 4, 2
IMAX = 1600


def _timer(seed=1, now=0):
    return Trickle(IMIN, DOUBLINGS, K, Chance(seed).bytes, now)


def _passes(timer, until, heard=lambda timer, at: None):
    """Let time pass to ``until``, millisecond by millisecond where something is due; the
    (moment, I) of each transmission.
    """
    said = []
    at = 0
    while timer.due <= until:
        at = max(at, timer.due)
        heard(timer, at)
        before = timer.I
        if timer.run(at):
            said.append((at, before))
    return said


def test_an_interval_doubles_up_to_imax_and_says_it_once_in_its_second_half():
    """Rules 2, 4 and 5: t is in [I/2, I), and the next interval is twice as long, up to Imax: in
    the first half others could not have said it yet.
    """
    for seed in range(20):
        said = _passes(_timer(seed), 10 * IMAX)
        start, expected = 0, IMIN
        for at, interval in said:
            assert interval == expected, (at, interval)
            assert start + interval // 2 <= at < start + interval
            start += interval
            expected = min(2 * expected, IMAX)
        assert len(said) >= 12


def test_moments_differ_from_node_to_node():
    """All at once nobody would suppress anybody."""
    first = [_passes(_timer(seed), 3 * IMAX)[-1][0] for seed in range(20)]
    assert len(set(first)) > 15


def test_who_hears_k_of_them_is_silent_in_that_interval_and_no_longer():
    """Rules 3 and 4, with c counted anew in each interval."""
    timer = _timer()
    timer.consistent()
    assert timer.run(timer.due)  # one is fewer than k
    timer.run(timer.due)
    assert timer.I == 2 * IMIN and timer.c == 0
    timer.consistent()
    timer.consistent()
    assert not timer.run(timer.due)
    assert not timer.run(timer.due)
    assert timer.run(timer.due)


def test_a_difference_starts_over_and_not_within_imin():
    """Rule 6: one that comes in an interval of Imin does nothing, or a stranger who sends one
    every millisecond would put off t for ever.
    """
    timer = _timer()
    _passes(timer, 8 * IMAX)
    at = timer.due - 1
    assert timer.I == IMAX and timer.inconsistent(at)
    assert timer.I == IMIN and at + IMIN // 2 <= timer.due < at + IMIN
    due = timer.due
    for moment in range(at, due):
        assert not timer.inconsistent(moment)
    assert timer.due == due and timer.run(due)


def test_differences_without_end_cause_one_reset_an_imin_and_silence_nobody():
    resets = []

    def differs(timer, at):
        if timer.inconsistent(at):
            resets.append(at)

    said = _passes(_timer(), 20 * IMAX, differs)
    assert all([after - before >= IMIN for before, after in zip(resets, resets[1:])])
    gaps = [after - before for (before, _), (after, _) in zip(said, said[1:])]
    assert len(said) > 100 and max(gaps) <= 4 * IMIN


def test_whoever_repeats_all_silences_a_node_for_one_imax():
    """The RFC lets them do so for ever: there what is heard is believed."""
    timer = _timer()

    def agrees(timer, at):
        timer.consistent()
        timer.consistent()

    assert _passes(timer, IMAX // 2, agrees) == []
    first = timer.silenced_at - IMAX
    assert IMIN // 2 <= first < IMIN
    assert not timer.is_silenced(timer.silenced_at - 1)
    assert timer.is_silenced(timer.silenced_at)
    timer.spoke()
    assert timer.silenced_at is None and not timer.is_silenced(99 * IMAX)


def test_a_node_that_hung_neither_catches_up_nor_says_it_twice():
    """After an hour of work for a snapshot there is one hint to send, not three hundred."""
    timer = _timer()
    late = 1000 * IMAX
    assert timer.run(late)
    assert not timer.run(late) and timer.due >= late + IMIN
    timer = _timer()
    assert not timer.run(0) and not timer.run(1)  # too early does nothing
    assert timer.due >= IMIN // 2
