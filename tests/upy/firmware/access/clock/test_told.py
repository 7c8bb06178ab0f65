"""What others say of the time: signed dates, peers, administrators, the authority's fresh word."""

INTERPRETERS = ("micropython", "cpython")

import access_rules as rules
import small_site as site
from holdfast.access.clock.reading import SKEW_S
from holdfast.access.clock.state import REACH_S, ClockState

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


def test_the_floor_rises_with_what_the_authority_signed_and_never_falls():
    """A token's date is a time that has been."""
    state = ClockState(T - 30 * DAY)
    assert state.heard_token(rules.holder({6: T - DAY}), ANCHORS, 1, None)
    assert state.floor == T - DAY and state.reading(1, None).source == "token"
    assert not state.heard_token(rules.holder({6: T - 2 * DAY}), ANCHORS, 2, None)
    assert state.heard_signed(T, 3, None) and state.floor == T
    assert not state.heard_token(rules.holder({6: None}), ANCHORS, 4, None)
    for odd in (True, 1.5, "T", None, -1, 0, 1 << 40):
        assert not state.heard_signed(odd, 5, None)
    assert T <= state.floor <= T + 5
    assert _saved(state).floor >= T


def test_what_a_zone_key_signed_never_moves_the_clock():
    """That key lies in each reader of the zone: one taken off its wall could make all other doors
    of the site believe that every credential has ended.
    """
    state = ClockState(T)
    floor = state.floor
    assert not state.heard_token(rules.guest({6: T + DAY}), ANCHORS, 0, None)
    assert not state.heard_token(rules.holder({6: T + DAY}), (), 0, None)
    stranger = site.authority(b"\x77" * 32)
    assert not state.heard_token(rules.holder({6: T + DAY}, stranger), ANCHORS, 0, None)
    assert state.floor == floor


def test_a_date_far_ahead_does_not_stop_the_door_for_ever():
    """One token from a computer that thinks it is 2060 would end every credential for good. So
    nothing is believed further than 400 days past the last word.
    """
    state = ClockState(T)
    assert not state.heard_signed(T + REACH_S + 1, 0, None)
    assert not state.synced("peer", T + REACH_S + DAY, 1, 0, None)
    assert state.floor < T
    assert state.heard_signed(T + REACH_S - SKEW_S, 0, None)
    # Peers cannot walk: their word does not extend their reach.
    state = ClockState(T)
    assert state.synced("peer", T + REACH_S - SKEW_S, 1, 0, None)
    state = _saved(state)
    assert not state.synced("peer", T + REACH_S + DAY, 1, 0, None)
    assert state.synced("authority", T + 11 * 365 * DAY, 1, 0, None)


def test_beside_a_trusted_clock_a_date_ahead_moves_nothing():
    """A laptop an hour ahead, for one change, must not shut a site: neither clock nor floor heed
    it, also after a restart without a clock.
    """
    for source in ("rtc", "peer", "authority"):
        for ahead in (SKEW_S + 60, 3600, 60 * DAY, 3650 * DAY):
            state = ClockState(T - DAY)
            state.reading(10, T)
            if source != "rtc":
                assert state.synced(source, T, 1, 10, T)
            before = state.reading(10, T)
            floor = state.floor
            hidden = before.uncertainty if source == "rtc" else 0
            for _ in range(3):
                assert not state.heard_signed(T + hidden + ahead, 10, T)
                assert state.dated_ahead == T + hidden + ahead
            after = state.reading(10, T)
            assert (after.now, after.uncertainty, after.source) == (
                before.now,
                before.uncertainty,
                source,
            )
            assert state.floor == floor
            lost = _saved(state, 10, T)
            assert not lost.heard_signed(T + hidden + ahead, 1, None)
            assert lost.reading(1, None).now <= T + 1
            assert not state.heard_signed(T - 60, 10, T) or state.floor <= T
            assert state.dated_ahead == 0
    # The computer that signs may be minutes fast.
    state = _told(error=1, rtc=T)
    state.heard_signed(T + SKEW_S, 10, T)
    assert state.dated_ahead == 0 and state.floor <= T


def test_told_times_move_a_clock_inside_its_outer_interval_only():
    """Who may tell the time could walk a trusted clock six hours in 16 seconds: a message, as far
    off as it was sure, became what the next one was held against.
    """
    for sign in (1, -1):
        state = ClockState(T - DAY)
        outer = state.reading(10, T)
        told = 0
        for step in range(1000):
            before = state.reading(10, T)
            away = before.uncertainty + 1 + step % 60
            told += state.synced("peer", before.now + sign * away, step % 31, 10, T)
            now = state.reading(10, T)
            low, high = now.now - now.uncertainty, now.now + now.uncertainty
            assert outer.now - outer.uncertainty - 1 <= low
            assert high <= outer.now + outer.uncertainty + 1
            assert state.floor <= T - DAY
        assert told > 50, told
        # And with one honest word all is as it was.
        assert state.synced("peer", T, 2, 10, T) and abs(state.reading(10, T).now - T) <= 3
        assert state.is_moved


def test_one_liar_among_three_costs_nothing_that_stays():
    """Nobody can tell which of two is wrong. What the authority knew holds for all of them."""
    state = ClockState(T - DAY)
    for turn in range(30):
        now = T + turn * 60
        uptime = 10 + turn * 60
        assert state.synced("peer", now, 2, uptime, now)
        assert state.is_moved == (turn > 0)
        assert state.synced("peer", now + 1, 2, uptime, now) and not state.is_moved
        assert not state.synced("peer", now + 3600, 2, uptime, now)
        reading = state.reading(uptime, now)
        assert abs(reading.now - now) <= 3 and reading.is_trusted(900)
        assert state.synced("peer", now + 250, 2, uptime, now) and state.is_moved
    assert state.floor <= T
    # Without a clock of its own it is not the floor either that a liar raises.
    lost = _saved(state, 10 + 1800, None)
    assert lost.synced("peer", T + 100 * DAY, 2, 5, None)
    assert lost.floor <= T + 1800 and lost.reading(5, None).now == T + 100 * DAY
    # What it has heard it does not forget with the power, until it is told again.
    lost = _saved(lost, 5, None)
    assert T + 100 * DAY - 60 <= lost.reading(1, None).now <= T + 100 * DAY
    assert lost.synced("peer", T + DAY, 2, 5, None) and lost.reading(5, None).now == T + DAY


def test_a_time_before_the_floor_is_no_peers():
    """Who says so is wrong; a few minutes of skew are let through, and the floor holds all the
    same.
    """
    state = ClockState(T - DAY)
    assert state.heard_signed(T, 0, None)
    assert not state.synced("peer", T - SKEW_S - 10, 2, 0, None)
    for time, error in ((True, 1), (T, -1), (T, None), (0, 1), (-T, 1), (1 << 32, 1), ("", 1)):
        for source in ("peer", "authority"):
            assert not state.synced(source, time, error, 0, None)
    assert state.synced("peer", T - 60, 2, 0, None)
    reading = state.reading(0, None)
    assert reading.source == "peer" and reading.now == T == state.floor


def test_the_authoritys_fresh_word_corrects_anything():
    """The floor included, and nothing else lowers that; nor does what was wrong come back with the
    next start, from flash, from a certificate or from a policy that are still in force.
    """
    wrong = T + 300 * DAY
    for rtc in (None, wrong + 5000, 946684800, T):
        state = ClockState(wrong)
        state.heard_signed(wrong + 60 * DAY, 5, None)
        assert state.floor == wrong + 60 * DAY
        assert not state.synced("peer", T, 2, 10, rtc)
        assert state.corrected(T, T + 20, 10, rtc)
        assert state.is_moved
        reading = state.reading(10, rtc)
        assert reading.source == "authority" and reading.now == T + 10 and reading.is_trusted(900)
        assert state.floor <= T and state.needs_saving(10, rtc)
        for later, show in ((10, rtc), (20, None if rtc is None else rtc + 60)):
            state.needs_saving(later, show)
            again = ClockState.restored(state.to_save(), wrong)
            again.reading(0, None if rtc is None else rtc + 100)
            again.heard_signed(wrong + 60 * DAY, 1, None if rtc is None else rtc + 101)
            assert T <= again.floor + SKEW_S and again.floor <= T + 60, again.floor
            assert again.reading(5, None if rtc is None else rtc + 105).now <= T + 200
        # What is signed from then on counts.
        lost = ClockState.restored(state.to_save(), wrong)
        assert lost.heard_signed(T + 9000, 5, None) == (T + 9000 > wrong + 60 * DAY)
    # It says from when to when: nonsense is not heeded.
    for earliest, latest in ((-1, 5), (5, 4), (0, 0), (T, 1 << 32), (None, T), (T, True)):
        assert not ClockState(T).corrected(earliest, latest, 0, None)


def test_grace_is_refilled_by_trusted_time_only():
    """A time that may be off by a day is no clock, and who tells it must not fill the grace."""
    state = ClockState(T)
    state.reading(1, None)
    state.was_saved(state.to_save())
    used = state.reading(1000, None).grace_used
    for _ in range(5):
        assert state.synced("peer", T + 1000, 86399, 1000, None)
        reading = state.reading(1000, None)
        assert not reading.is_trusted(900) and reading.grace_used == used == 1000
    assert state.synced("peer", T + 1000, 30, 1000, None)
    assert state.reading(1000, None).is_trusted(900) and state.to_save()[2] == 0
