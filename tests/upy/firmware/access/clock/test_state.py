"""What a reader holds for the time: a floor, a clock that drifts, and grace that is paid ahead."""

INTERPRETERS = ("micropython", "cpython")

import access_rules as rules
import small_site as site
from harness import raises
from holdfast.access import reason
from holdfast.access.clock.board import LEAST_PPM, MOST_PPM
from holdfast.access.clock.reading import SKEW_S, UNCHARGED
from holdfast.access.clock.state import FLOOR_STEP_S, GRACE_QUANTUM_S, ClockState
from untrusted import InvalidInput

T = site.NOW
DAY = site.DAY
ANCHORS = (site.authority_public(),)
_PPM = 5  # where it is in what is saved


def _saved(state, uptime=0, rtc=None):
    """The state after a restart, with what ``to_save`` said and nothing else."""
    state.needs_saving(uptime, rtc)
    return ClockState.restored(state.to_save())


def _told(time=T, error=1, uptime=10, rtc=None, source="authority"):
    state = ClockState(T - DAY)
    assert state.synced(source, time, error, uptime, rtc)
    return state


def test_a_board_that_nobody_told_anything_knows_nothing():
    """No certificate with a date, no message: the clock of a board can show any year."""
    for rtc in (None, 0, T):
        reading = ClockState().reading(5, rtc)
        assert reading.now is None and rules.ask(rules.holder(), clock=reading).reason == (
            reason.CLOCK_UNKNOWN
        )
    assert not ClockState().needs_saving(5, None)


def test_the_boards_clock_is_believed_from_the_floor_on():
    """Whoever enrolled the board set its clock. One that woke up in 2000 is not it."""
    state = ClockState(T - DAY)
    reading = state.reading(5, T)
    assert reading.source == "rtc" and reading.now == T and reading.is_trusted(900)
    assert SKEW_S < reading.uncertainty < SKEW_S + 30
    for rtc in (946684800, T - DAY - 1000, None):
        reading = ClockState(T - DAY).reading(5, rtc)
        assert reading.source == "floor" and not reading.is_trusted(900)
        assert T - DAY - SKEW_S <= reading.now <= T - DAY - SKEW_S + 5


def test_uncertainty_grows_until_the_clock_is_not_trusted():
    """A door that nobody has told the time for a year must not pretend to have it."""
    state = _told(rtc=T)
    before = 0
    for days in (0, 1, 10, 50, 100):
        reading = state.reading(10 + days * DAY, T + days * DAY)
        assert reading.source in ("authority", "rtc") and reading.now == T + days * DAY
        assert reading.uncertainty > before
        before = reading.uncertainty
    reading = state.reading(10 + 200 * DAY, T + 200 * DAY)
    assert reading.source == "floor" and reading.now > T + 199 * DAY
    # What of it is certain stays known: the time that has passed since at the least.
    assert reading.now <= T + 200 * DAY


def test_a_clock_put_back_between_short_starts_is_noticed():
    """An hour of uptime saves what was seen of the board's clock. A door whose power goes each
    half hour never has one, and must not forget for that what its clock has shown.
    """
    state = ClockState(T - DAY)
    assert state.needs_saving(0, T)
    saved = state.to_save()
    state.was_saved(saved)
    for number in range(1, 6):
        now = T + number * 5 * 3600
        state = ClockState.restored(saved, T - DAY)
        assert state.reading(1, now).source == "rtc"
        if state.needs_saving(1, now):
            saved = state.to_save()
            state.was_saved(saved)
            assert not state.needs_saving(1, now), "saving does not help"
        assert not state.needs_saving(1800, now + 1800), "nothing has happened that is worth it"
    put_back = T + 5 * 5 * 3600 + 1800 - 2 * 3600
    assert ClockState.restored(saved, T - DAY).reading(1, put_back).source == "floor"


def test_what_ended_at_a_trusted_time_does_not_begin_again_when_the_clock_is_lost():
    """The floor goes by uptime, not by the board's clock: after a month of power cuts it is days
    behind. A door that knew the time by its clock must not forget that with the clock. But the
    clock may have been wrong: the next sync undoes it, which it could not with a floor.
    """
    state, saved = ClockState(T - DAY), None
    for day in range(30):
        now = T + day * DAY
        assert state.reading(0, now).source == "rtc"
        if state.needs_saving(0, now):
            saved = state.to_save()
            state.was_saved(saved)
        state = ClockState.restored(saved, T - DAY)
    assert state.floor < T
    state.needs_saving(5, None)
    lost = state.reading(5, None)
    assert not lost.is_trusted(900) and T + 29 * DAY - 900 < lost.now <= T + 29 * DAY
    assert state.reading(5 + DAY, None).now > lost.now + DAY - 60
    assert state.synced("peer", T + 7 * DAY, 1, 10 + DAY, None)
    assert state.reading(10 + DAY, None).now == T + 7 * DAY
    saved = state.to_save()
    assert ClockState.restored(saved, T - DAY).reading(0, None).now <= T + 7 * DAY


def test_drift_is_measured_from_one_sync_to_the_next():
    """A good clock is trusted for longer, a bad one shorter; never longer than a crystal can be,
    and a clock that was set is no measurement.
    """

    def ppm(shown, told, error=0):
        state = _told(T, 0, 10, T)
        assert state.synced("authority", T + told, error, 10 + told, T + shown)
        return state.to_save()[_PPM]

    assert ppm(10 * DAY, 10 * DAY) == LEAST_PPM
    assert ppm(10 * DAY, 10 * DAY + 17) == 2 * (20 * 1000000 // (10 * DAY) + 1)
    assert 200 < ppm(10 * DAY, 10 * DAY + 200) < 250
    assert ppm(10 * DAY, 10 * DAY, error=600) == 100
    assert ppm(300, 300) == 100
    assert 900 < ppm(10 * DAY, 10 * DAY + 850) <= MOST_PPM
    assert ppm(10 * DAY, 12 * DAY) == 100
    # Over a restart, too, where no uptime tells a clock that was set from one that is slow.
    after = _saved(_told(T, 0, 10, T), 10, T)
    assert after.synced("authority", T + 12 * DAY, 0, 5, T + 10 * DAY)
    assert after.to_save()[_PPM] == 100


def test_a_step_within_what_is_trusted_costs_no_trust():
    """Somebody sets the board's clock by seconds, or it was read badly: schedules go on. What may
    be wrong is the uptime as well: so the time is from the one to the other.
    """
    for step in (-600, -3, 3, 600):
        state = _told(rtc=T)
        before = state.reading(300, T + 290)
        after = state.reading(310, T + 300 + step)
        assert after.is_trusted(900), step
        low, high = after.now - after.uncertainty, after.now + after.uncertainty
        assert low <= max(T + 300 + min(0, step), state.floor) and high >= T + 300 + max(0, step)
        assert after.uncertainty <= before.uncertainty + abs(step) // 2 + 2
        assert state.needs_saving(310, T + 300 + step), "what it is off by is another now"
        # It goes on from there, over a restart too.
        again = _saved(state, 400, T + 390 + step).reading(1, T + 400 + step)
        assert again.is_trusted(900) and abs(again.now - T - 400) <= again.uncertainty + 1
    # A clock that does it again and again is none.
    state, steps = _told(rtc=T), 0
    while state.reading(10 + steps, T + steps + 30 * (steps % 2)).is_trusted(900):
        steps += 1
    assert 10 < steps < 100


def test_a_clock_that_jumps_is_believed_again_once_it_is_consistent():
    """Forward or back, beside the uptime, and by more than could be trusted: somebody set it, or
    its battery is gone. If it is back where it must be, nothing was lost.
    """
    for jump in (-3600, 3600, 30 * DAY):
        state = ClockState(T - DAY)
        assert state.reading(100, T).source == "rtc"
        assert state.reading(200, T + 100).source == "rtc"
        assert state.reading(300, T + 200 + jump).source == "floor", jump
        assert state.needs_saving(300, T + 200 + jump)
        # A restart meanwhile cannot know which of the two was right.
        after = _saved(state, 300, T + 200 + jump)
        assert after.reading(1, T + 500).source == "floor"
        assert after.synced("peer", T + 600, 2, 50, T + 600)
        assert after.reading(60, T + 610).source == "peer"
        again = _saved(after, 60, T + 610)
        assert again.reading(2, T + 700).source == "rtc"
        back = state.reading(400, T + 300)
        assert back.source == "rtc" and back.now == T + 300
        assert _saved(state, 400, T + 300).reading(1, T + 500).source == "rtc"
        # Told the time instead, it is that, with what the clock shows now: by whoever is right.
        for truth in (T + 300, T + 300 + jump):
            state = ClockState(T - DAY)
            state.reading(200, T + 100)
            state.reading(300, T + 200 + jump)
            assert state.synced("peer", truth, 2, 400, T + 300 + jump), (jump, truth)
            assert state.reading(410, T + 310 + jump).now == truth + 10


def test_a_clock_that_was_wrong_for_a_start_is_believed_when_it_is_right_again():
    """It came back from a power cut with the year 2000, and then it did not. It was behind by far
    more than it could have caught up with unseen.
    """
    state = _told(rtc=T + 20)
    for year in (946684800, T - 500 * DAY):
        lost = _saved(state, 10, T + 20)
        for uptime in (0, 60, 7200):
            assert lost.reading(uptime, year + uptime).source == "floor"
        # In the same start, and in the next.
        assert lost.reading(7300, T + DAY).source == "rtc"
        lost = _saved(state, 10, T + 20)
        lost.reading(7200, year)
        assert _saved(lost, 7200, year).reading(5, T + DAY).source == "rtc"
    # Back by an hour, an hour later it would look right: it is not believed until told.
    lost = _saved(state, 10, T + 20)
    assert lost.reading(5, T - 3600).source == "floor"
    assert lost.reading(5 + 4000, T - 3600 + 4000).source == "floor"
    assert _saved(lost, 4005, T + 400).reading(5, T + 8000).source == "floor"


def test_a_board_whose_clock_turns_up_learns_what_it_is_off_by():
    """The time was told while nobody could read it."""
    state = _told(rtc=None)
    assert state.reading(100, 946684800).source == "authority"
    assert state.needs_saving(100, 946684800)
    later = _saved(state, 100, 946684800).reading(1, 946684800 + 500)
    assert later.source == "rtc" and abs(later.now - (T + 90 + 500)) <= later.uncertainty


def test_a_clock_that_began_anew_with_a_restart_is_not_believed():
    """A board without a battery shows 2000 after each power cut; with the offset learnt before the
    cut that looks like the time of the sync, which is long ago by now.
    """
    for uptime in (0, 1, 2, 30, 5000):
        state = ClockState(T - DAY)
        assert state.synced("authority", T, 1, uptime, 946684800 + uptime)
        for later in (1, 3, 60, 6000, 30 * DAY):
            reading = _saved(state, uptime, 946684800 + uptime).reading(later, 946684800 + later)
            assert reading.source == "floor", (uptime, later)
        # A fast one, looked at late, seems to have begun before its start.
        state = _saved(state, uptime, 946684800 + uptime)
        month = 30 * DAY
        assert state.reading(month, 946684800 + month + month // 2000).source == "floor"
    # One with a battery is, also when it was seen just before a reset that took no second.
    state = _told(T, 1, 10, T + 20)
    assert state.reading(3600, T + 3610).source == "authority"
    assert _saved(state, 3600, T + 3610).reading(0, T + 3610).source == "rtc"
    assert _saved(state, 3600, T + 3610).reading(1, T + 3610).source == "rtc"
    state = _told(T, 1, 10, T - 5000)
    assert _saved(state, 10, T - 5000).reading(3, T - 5000 + DAY).now == T + DAY
    # And cannot be set back behind what was seen of it.
    state.reading(10 + 2 * DAY, T - 5000 + 2 * DAY)
    again = _saved(state, 10 + 2 * DAY, T - 5000 + 2 * DAY)
    assert again.reading(3, T - 5000 + DAY).source == "floor"
    # Nor behind what it showed after a time without power, which raised no floor.
    again = _saved(state, 10 + 2 * DAY, T - 5000 + 2 * DAY)
    assert again.reading(3, T - 5000 + 30 * DAY).source == "rtc"
    again = _saved(again, 3, T - 5000 + 30 * DAY)
    assert again.floor < T + 3 * DAY
    assert again.reading(3, T - 5000 + 20 * DAY).source == "floor"


def test_a_board_enrolled_anew_is_what_the_enrolment_found():
    """Its memory is of before. The same enrolment does not come again with each start."""
    old = _told(rtc=T - 7200)
    saved = _saved(old, 10, T - 7200).to_save()
    state = ClockState.restored(saved, T + DAY, 3600)
    reading = state.reading(5, T + DAY - 3600 + 60)
    assert reading.now == T + DAY + 60 and reading.source == "rtc"
    assert ClockState.restored(saved, T - DAY, 3600).reading(5, T - 7000).now == T + 200
    # One whose clock tells no time is told it.
    state = ClockState(T, None)
    assert state.reading(5, T + 60).source == "floor"
    assert state.synced("peer", T + 100, 2, 5, T + 60)
    assert state.reading(5, T + 60).now == T + 100


def test_grace_is_charged_on_flash_before_it_is_used():
    """Otherwise who holds the plug has a key that never ends."""
    state = ClockState(T)
    reading = state.reading(1, None)
    assert reading.grace_used == UNCHARGED
    assert rules.ask(rules.holder({5: None}), clock=reading).reason == reason.GRACE_OVER
    assert state.needs_saving(1, None)
    record = state.to_save()
    assert state.reading(1, None).grace_used == UNCHARGED
    state.was_saved(record)
    reading = state.reading(2, None)
    assert reading.grace_used == 2
    decision = rules.ask(rules.holder({5: None}), clock=reading)
    assert decision.granted and decision.by_grace
    assert not state.needs_saving(GRACE_QUANTUM_S - 120, None)
    assert state.needs_saving(GRACE_QUANTUM_S - 30, None)
    assert state.reading(GRACE_QUANTUM_S + 2, None).grace_used == UNCHARGED
    # The power goes: what was charged is used.
    after = ClockState.restored(record)
    assert after.reading(0, None).grace_used == UNCHARGED
    assert after.to_save()[2] == 2 * GRACE_QUANTUM_S + 1


def test_power_cuts_use_grace_up():
    """A start without a clock costs a quantum of grace at most, and at least one."""
    saved, starts = ClockState(T).to_save(), 0
    while True:
        state = ClockState.restored(saved)
        if state.needs_saving(0, None):
            saved = state.to_save()
            state.was_saved(saved)
        if state.reading(0, None).grace_used > 36 * 3600:
            break
        starts += 1
        assert starts < 1000, "the grace never ends"
    assert 71 <= starts <= 73
    assert not state.needs_saving(3600 * 50, None) or state.floor - saved[0] >= FLOOR_STEP_S
    # Told the time, the door has its grace back, and says so to flash at once.
    assert state.synced("peer", state.floor + DAY, 2, 3600 * 50, None)
    assert state.needs_saving(3600 * 50, None) and state.to_save()[2] == 0
    state.was_saved(state.to_save())
    assert not state.needs_saving(3600 * 50 + 60, None)


def test_a_clock_that_is_trusted_uses_no_grace():
    """Grace is for uptime without one."""
    state = _told(rtc=T)
    state.was_saved(state.to_save())
    state.reading(10 + 50 * DAY, T + 50 * DAY)
    assert state.to_save()[2] == 0
    assert state.reading(10 + 50 * DAY, T + 50 * DAY).grace_used == 0


def test_flash_is_written_seldom():
    """Flash wears out: with a peer each hour and 500 unlocks a day, one token in two fresh, it is
    one write an hour, whatever happens at the door.
    """
    state, writes = _told(rtc=T), 0
    holder = rules.holder()
    days = 3
    for second in range(0, days * DAY, 173):
        uptime, rtc = 10 + second, T + second
        if second % 3600 < 173:
            assert state.synced("peer", T + second, 2, uptime, rtc)
        holder.issued_at = T + second - (second % 2) * DAY
        state.heard_token(holder, ANCHORS, uptime, rtc)
        if state.needs_saving(uptime, rtc):
            state.was_saved(state.to_save())
            writes += 1
        state.reading(uptime, rtc)
    assert days * 20 <= writes <= days * 25, writes
    # Alone, with its own clock or without any, the same.
    for with_rtc in (True, False):
        state, writes = ClockState(T), 0
        for minute in range(days * 24 * 60):
            rtc = T + minute * 60 if with_rtc else None
            if state.needs_saving(minute * 60, rtc):
                state.was_saved(state.to_save())
                writes += 1
        charges = 0 if with_rtc else 74  # 36 hours of grace, a quantum each half hour
        assert days * 23 <= writes <= days * 25 + charges, (with_rtc, writes)


def test_a_damaged_memory_refuses_until_the_time_is_told():
    """With the floor gone, any credential that ever was could be valid again."""
    state = ClockState.damaged(T - DAY)
    for rtc in (None, T):
        assert rules.ask(rules.holder(), clock=state.reading(5, rtc)).reason == (
            reason.CLOCK_DAMAGED
        )
    assert not state.needs_saving(5, T)
    assert state.heard_token(rules.holder(), ANCHORS, 5, T)
    assert state.reading(6, T).fault == reason.CLOCK_DAMAGED
    assert state.synced("authority", T, 1, 7, T)
    assert rules.ask(rules.holder(), clock=state.reading(7, T)).granted
    assert state.needs_saving(7, T)


def test_what_is_no_saved_state_is_refused():
    """It comes from flash: a state that is half right would be a floor that is wrong."""
    good = _told(rtc=T).to_save()
    assert ClockState.restored(list(good)).to_save()[0] == good[0]
    for bad in (None, (), good[:-1], good + (0,), "x" * 13, 8):
        raises(InvalidInput, ClockState.restored, bad)
    for bad in (good[:7] + (None,) + good[8:], good[:10] + (5, 4, 3), good[:10] + (5, 1, None)):
        raises(InvalidInput, ClockState.restored, bad)
    for index, odds in (
        (0, (-1, 1 << 32, True, None, "1", 1.0)),
        (1, (-1, 1 << 32, True, None)),
        (2, (-1, None, True)),
        (3, (-1, None, "")),
        (4, (-1, None)),
        (5, (LEAST_PPM - 1, MOST_PPM + 1, None, True)),
        (6, (1 << 32, -(1 << 32), True, "")),
        (7, (-1, "")),
        (8, (1 << 32, None, 1.0)),
        (9, (1 << 32, None, True)),
        (12, (1 << 32, "", -(1 << 31))),
    ):
        for odd in odds:
            raises(InvalidInput, ClockState.restored, good[:index] + (odd,) + good[index + 1 :])
    # The certificate is a floor by itself, also under an old state.
    assert ClockState.restored(good, T + 9 * DAY).floor == T + 9 * DAY - SKEW_S
