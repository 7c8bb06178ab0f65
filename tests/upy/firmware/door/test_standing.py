"""A door that stands unlocked by schedule: never unseen, never longer than its hours, and never
because something was lost.
"""

INTERPRETERS = ("micropython", "cpython")

import small_site as site
from holdfast.access.policy import operations as ops
from holdfast.storage.events.log import EventLog
from standing_door import FROM_FIRST, MODE, Door, office

UNLOCKED = ["unlocked_by_schedule", "released"]
# It is 08:00, minute 480 of the day.
UNTIL_TEN_PAST = office([420, 490])


def _locked(why):
    return ["secured", "locked_by_schedule: " + why]


def test_its_event_is_kept_before_the_strike_is_released():
    """Nobody enters unseen: who comes in while it stands open is known by its event alone."""
    door = Door(office(), MODE)
    assert door.happened() == []  # nothing moves before somebody looks
    door.look()
    assert door.happened() == UNLOCKED and door.kept() == [("unlocked_by_schedule", None)]
    assert door.hardware.released and door.hardware.light == "green steady"
    door.look(120)
    assert door.happened() == []  # one event, and the output never switches
    assert door.hardware.released


def test_it_is_held_by_pulses_that_are_short_and_prolonged_in_time():
    """A dead interpreter leaves it secured within 10 s, and a strike that is driven anew does not
    click.
    """
    door = Door(office(), MODE)
    door.look(60)
    pulses = [ms for ms in door.hardware.strikes if ms]
    assert max(pulses) == 10000 and 10 <= len(pulses) <= 14, pulses
    door.happened()
    door.sleep(10)
    assert door.happened() == ["secured"] and not door.hardware.released


def test_what_was_secured_by_itself_is_told_and_begins_with_an_event():
    """While the interpreter was blocked nobody renewed it; to go on as if nothing were would be
    a release without an event.
    """
    door = Door(office(), MODE)
    door.look(1)
    door.happened()
    door.sleep(30)
    door.look(9)
    assert door.happened() == _locked("not renewed in time")
    door.look(2)
    assert door.happened() == UNLOCKED


def test_it_ends_with_its_hours_and_no_pulse_is_longer():
    """Not a second after, whatever happens to the one who looks."""
    for blocked in (False, True):
        door = Door(UNTIL_TEN_PAST, MODE)
        door.pass_hours(9)
        door.sleep(45)
        door.hardware.wait(300)  # seconds that do not begin when a look does
        door.look(7)
        assert door.happened() == UNLOCKED
        if blocked:
            door.sleep(8)
            assert door.happened() == ["secured"]
            door.look()
            assert door.happened() == ["locked_by_schedule: end of hours"]
        else:
            door.look(8)
            assert door.happened() == _locked("end of hours")
        door.look(60)
        assert door.happened() == [] and door.hardware.light == "white steady"
        for ms, at in door.hardware.asked:
            assert at + ms <= 600000, (at, ms)


def test_of_two_windows_that_touch_nobody_notices_where_one_ends():
    """08:10 is no moment for a door whose hours go on."""
    door = Door(office([420, 490], [490, 600]), MODE)
    door.pass_hours(9)
    door.look(120)
    assert door.happened() == UNLOCKED


def test_from_the_first_grant_on_and_no_earlier():
    """Not for who is refused, and not for its hours alone."""
    door = Door(office(), FROM_FIRST)
    door.look(5)
    door.show()
    door.look(5)
    assert door.happened() == ["unknown_card"] and not door.kept()
    door.enter()
    assert door.happened() == ["released", "granted"] + UNLOCKED[:1]
    assert door.unit.doorway.unlocked_ms > 0
    door.look(60)  # far longer than who was let in has
    assert door.happened() == [] and door.hardware.released


def test_a_grant_is_for_the_window_that_it_was_in():
    """The window after it waits for its own, also if it begins where the other one ends."""
    for hours in (([420, 490], [490, 600]), ([420, 490], [492, 600])):
        door = Door(office(*hours), FROM_FIRST)
        door.pass_hours(8)
        door.look()
        door.enter()
        door.happened()
        door.look(180)
        assert door.happened() == _locked("end of hours"), hours
        door.look(60)
        assert door.happened() == [] and not door.hardware.released
        door.enter()
        door.look()
        assert door.happened() == ["released", "granted"] + UNLOCKED[:1]


def test_a_grant_outside_of_its_hours_opens_for_who_was_let_in_alone():
    """Who came at night is no reason to stand open in the morning."""
    door = Door(office([490, 600]), FROM_FIRST)
    door.look()
    door.enter()
    door.look(30)
    assert door.happened() == ["released", "granted", "secured"]
    door.pass_hours(12)
    door.look(5)
    assert door.happened() == [] and not door.kept()


def test_an_hour_that_the_wall_shows_twice_needs_two_grants():
    """The window that ends at 02:30 is over when it was 02:30, and begins anew after 03:00, which
    is 02:00 again.
    """
    # 08:00 in UTC is 01:10 there, and at 03:00 of this Friday clocks go back by an hour.
    zone = [1, -470, [60, [1, 1, 0, 0], [1, 3, 4, 180]]]
    door = Door(zone, office([60, 150]), FROM_FIRST)
    door.look()
    door.enter()
    assert door.happened() == ["released", "granted"] + UNLOCKED[:1]
    local = door.reader.stores.rules.timezone.local
    assert local(site.NOW)[1] == 70 and local(site.NOW + 115 * 60)[1] == 125
    door.stay(79)
    assert door.happened() == []
    door.stay(2)
    assert door.happened() == _locked("end of hours")
    door.stay(34)
    assert local(door.hardware.now)[1] == 125
    assert door.happened() == [] and not door.hardware.released
    door.enter()
    door.stay(20)
    assert door.happened() == ["released", "granted"] + UNLOCKED[:1] and door.hardware.released


def test_what_secures_it_at_once():
    """The lockdown, a policy that is damaged, a clock that nobody trusts, a mode or hours that
    were changed, a door that is found faulty: all before their event.
    """

    def damaged(door):
        rules = door.reader.stores.rules.changed(fault=61)
        door.reader.stores.moment = lambda: (rules, None)

    for why, act in (
        ("lockdown", lambda door: door.follow([ops.LOCKDOWN, True, None])),
        ("lockdown", lambda door: door.follow([ops.LOCKDOWN, True, [[1, site.DOOR]]])),
        ("policy changed", lambda door: door.follow([ops.DOOR_MODE, 0, False])),
        ("policy changed", lambda door: door.follow(FROM_FIRST)),
        ("policy changed", lambda door: door.follow(office([600, 660]))),
        ("policy changed", lambda door: door.follow([ops.SCHEDULE, "office", False])),
        ("policy changed", lambda door: door.follow([ops.HOLIDAYS, [[site.NOW // 86400, 1]]])),
        ("policy changed", lambda door: door.follow([12, 0, False])),
        ("policy damaged", damaged),
        ("clock lost", Door.lose_clock),
        ("fault of the door", lambda door: door.unit.set_faulty(True)),
    ):
        door = Door(office(), MODE)
        door.look(5)
        door.happened()
        act(door)
        door.look()
        assert door.happened() == _locked(why), why
        door.look(60)
        assert door.happened() == [] and not door.hardware.released, why
        if why != "policy damaged":
            assert door.kept() == [("unlocked_by_schedule", None), ("locked_by_schedule", why)]


def test_a_policy_that_is_followed_is_gone_by_at_once():
    """Whoever brings a lockdown need not wait for anybody to look."""
    door = Door(office(), MODE)
    door.reader._stands = True
    door.look()
    door.happened()
    door.follow([ops.LOCKDOWN, True, None])
    assert door.happened() == _locked("lockdown")


def test_after_the_lockdown_its_hours_go_on_with_an_event_and_a_first_grant_is_asked_for_again():
    """Who was let in before the alarm is no reason to stand open after it."""
    for mode in (MODE, FROM_FIRST):
        door = Door(office(), mode)
        door.look()
        door.enter()
        door.look(5)
        door.follow([ops.LOCKDOWN, True, None])
        door.look(20)
        door.happened()
        door.follow([ops.LOCKDOWN, False, None])
        door.look(20)
        assert door.happened() == (UNLOCKED if mode is MODE else [])
        assert door.hardware.released == (mode is MODE)


def test_who_was_let_in_has_their_time_whatever_ends_it():
    """As at any door: neither the end of hours nor a lockdown shuts it in front of them."""
    door = Door(UNTIL_TEN_PAST, MODE)
    door.pass_hours(9)
    door.sleep(50)
    door.look(7)
    door.enter()
    door.look(1)
    door.happened()
    door.look(1)
    assert door.happened() == ["locked_by_schedule: end of hours"]
    assert door.hardware.released and door.hardware.light == "green steady"
    door.look(1)
    assert door.happened() == ["secured"]

    door = Door(office(), MODE)
    door.look(5)
    door.enter()
    door.look(1)
    door.happened()
    door.follow([ops.LOCKDOWN, True, None])
    door.look()
    # A strike that is held for longer is secured, and released for the rest of their time.
    assert door.happened() == ["secured", "released", "locked_by_schedule: lockdown"]
    door.look(3)
    assert door.happened() == ["secured"]


def test_who_is_refused_there_is_told_so_and_the_strike_stays():
    """The light and the event are as at any door."""
    door = Door(office(), MODE)
    door.look(5)
    door.happened()
    door.show()
    assert door.hardware.light == "red blink" and door.hardware.released
    door.look(2)
    assert door.happened() == ["unknown_card"]
    door.enter()
    door.look(10)
    assert door.happened() == ["granted"] and door.hardware.released


def test_an_event_that_cannot_be_kept_keeps_it_secured():
    """And one that can be later unlocks it then."""
    door = Door(office(), MODE)
    genuine = EventLog.append

    def fails(*_):
        raise OSError(28)

    EventLog.append = fails
    try:
        door.look(30)
        assert door.happened() == [] and not door.hardware.released
    finally:
        EventLog.append = genuine
    door.look(11)
    assert door.happened() == UNLOCKED


def test_its_end_is_owed_if_flash_does_not_take_it():
    """Secured all the same, and told once it does."""
    door = Door(UNTIL_TEN_PAST, MODE)
    door.look(1)
    genuine = EventLog.append

    def fails(*_):
        raise OSError(28)

    EventLog.append = fails
    try:
        door.follow([ops.LOCKDOWN, True, None])
        door.look()
        assert not door.hardware.released
    finally:
        EventLog.append = genuine
    door.reader.recorder.pay()
    assert door.kept()[-1] == ("locked_by_schedule", "lockdown")


def test_no_memory_anywhere_in_a_look_releases_nothing_without_an_event():
    """It is asked again; each release has its event, and the strike ends by itself if nobody
    comes to renew it.
    """
    for name in ("require", "note"):
        door = Door(UNTIL_TEN_PAST, MODE)
        genuine = getattr(door.reader.recorder, name)

        def fails(*_):
            raise MemoryError

        setattr(door.reader.recorder, name, fails)
        if name == "require":
            door.look()
            assert not door.hardware.released
            setattr(door.reader.recorder, name, genuine)
            door.look()
            assert door.happened() == UNLOCKED
        else:
            door.look(1)
            door.happened()
            door.lose_clock()
            door.look()
            assert not door.hardware.released
            setattr(door.reader.recorder, name, genuine)
            door.look(1)
            assert door.happened() == _locked("clock lost")


def test_a_bug_in_looking_is_told_once_and_the_strike_ends_by_itself():
    """It must not end what phones are served by, nor leave a door in the open."""
    door = Door(office(), MODE)
    door.look(1)
    door.happened()
    genuine = door.reader.timekeeper.read

    def fails():
        raise ValueError("bug")

    door.reader.timekeeper.read = fails
    door.hardware.lines = []
    door.look(20)
    faults = [line for line in door.hardware.lines if line["event"] == "fault"]
    assert [fault["piece"] for fault in faults] == [site.DOOR + " standing"]
    assert door.happened() == ["secured"] and not door.hardware.released
    door.reader.timekeeper.read = genuine
    door.look(11)
    assert door.happened() == ["locked_by_schedule: not renewed in time"] + UNLOCKED


def test_a_strike_that_cannot_be_released_is_tried_again_seldom():
    """Two events each time: a broken relay must not push out all the others."""
    door = Door(office(), MODE)
    door.hardware.is_stuck = True
    door.look(200)
    told = ["unlocked_by_schedule", "locked_by_schedule: fault of the door"]
    assert door.happened() == told and not door.hardware.released
    door.hardware.is_stuck = False
    door.look(110)
    assert door.happened() == UNLOCKED


def test_a_strike_that_fails_when_it_ends_is_secured_and_its_end_is_told():
    """Who was let in loses the rest of their time, and nobody gains any."""
    door = Door(office(), MODE)
    door.look(5)
    door.enter()
    door.happened()
    door.hardware.is_stuck = True
    door.follow([ops.LOCKDOWN, True, None])
    door.look(1)
    assert not door.hardware.released
    assert door.happened() == _locked("lockdown")


def test_a_start_in_the_middle():
    """At once begins anew, with an event; from the first grant on waits for the next one."""
    for mode in (MODE, FROM_FIRST):
        door = Door(office(), mode)
        door.look()
        door.enter()
        door.look(5)
        assert door.hardware.released
        door.hardware.end()  # the power is gone
        door.happened()
        door.start()
        assert not door.hardware.released
        door.look(5)
        assert door.happened() == (UNLOCKED if mode is MODE else [])
        door.enter()
        door.look(5)
        assert door.hardware.released


def test_a_door_without_a_mode_loads_nothing_of_it():
    """Rules of other doors cost this one no memory, and its unlocks next to nothing."""
    door = Door(office(), [12, 1, "cellar"], [ops.DOOR_MODE, 1, "office", 0])
    door.look(2)
    door.enter()
    assert door.unit.access_point.standing is None
    assert door.happened() == ["released", "granted"]
