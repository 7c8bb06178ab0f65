"""A whole reader whose door has a contact, a tamper switch and a fire input: what it tells of
them, what it shows, and that nobody wears out its flash with them.
"""

INTERPRETERS = ("micropython", "cpython")

from holdfast.access.policy import operations as ops
from standing_door import MODE, office
from watched_door import Door, Hardware

MS = 3000  # of a release
HELD = 30000


def test_who_is_granted_and_goes_in_is_told_apart_from_who_does_not():
    """A guard who reads "granted" believes that somebody is in the house."""
    door = Door()
    door.pass_by(100)
    door.enter()
    door.pass_by(1000)
    door.open()
    door.shut()
    door.pass_by(MS)
    assert door.told() == ["released", "passed", "secured"]
    door.enter()
    door.pass_by(MS + 1100)
    assert door.told() == ["released", "secured", "not_passed"]
    assert door.recorded() == ["passed", "not_passed"]


def test_a_reader_without_a_contact_says_neither():
    door = Door()
    hardware = Hardware(("rex", "fire"))
    door.hardware = hardware
    door.start()
    door.enter()
    door.pass_by(10000)
    assert "passed" not in str(door.told()) and door.recorded() == []
    assert door.watched.status == [0, 0, 0]


def test_who_pulls_as_the_strike_falls_has_not_forced_the_door():
    door = Door()
    door.pass_by(100)
    door.enter()
    door.pass_by(MS + 500)
    door.open()
    assert door.told() == ["released", "secured", "passed"]
    assert door.watched.status[0] == 3


def test_a_door_that_is_forced_sounds_until_it_is_shut():
    door = Door()
    door.pass_by(100)
    door.open()
    assert door.told() == ["forced"] and door.watched.status == [5, 1, 1]
    assert door.hardware.light == "red fast"
    door.pass_by(10000)
    sounds = [at for count, at in door.hardware.beeps if count == 3]
    assert 5 <= len(sounds) <= 7 and sounds[-1] - sounds[-2] == 2000
    # Who is refused there sees that, and it goes on.
    door.show()
    assert door.hardware.light == "red blink"
    door.hardware.wait(1000)
    door.pass_by(3000)
    assert door.hardware.light == "red fast"
    door.shut()
    assert door.told() == ["contact off"] and door.hardware.light == "white steady"
    assert door.watched.status == [0, 0, 1]


def test_who_may_ends_a_forced_door_and_the_exit_button_does_not():
    """A burglar could press it."""
    door = Door()
    door.pass_by(100)
    door.open()
    door.press()
    assert door.watched.status[0] == 5
    door.enter()
    door.pass_by(100)
    assert door.watched.status[0] == 3
    door.shut()
    assert door.told() == ["forced", "released", "rex", "contact off"]


def test_a_door_that_is_held_open_is_told_once_and_shown():
    door = Door()
    door.pass_by(100)
    door.enter()
    door.pass_by(500)
    door.open(MS - 500)
    door.pass_by(HELD - 200)
    assert door.told() == ["released", "passed", "secured"] and door.watched.status[0] == 3
    door.pass_by(400)
    assert door.told() == ["held_open"] and door.hardware.light == "amber fast"
    door.pass_by(60000)
    assert door.told() == []
    door.shut()
    assert door.told() == ["contact off"]


def test_a_start_with_the_door_open_and_one_while_it_is_held():
    """Whether it was forced while there was no power nobody knows: that it is open is told."""
    door = Door()
    door.pass_by(100)
    for _ in range(2):
        door.put("contact", True)
        door.start()
        door.pass_by(HELD - 100)
        assert door.told() == ["contact on: open at the start"]
        assert door.watched.status[0] == 3
        door.pass_by(200)
        assert door.told() == ["held_open"]
    door.shut()
    assert door.told() == ["contact off"]


def test_a_door_that_stands_unlocked_is_neither_forced_nor_held_and_its_hours_end():
    door = Door(office([0, 481]), MODE)
    door.look()
    door.pass_by(100)
    door.told()
    door.open()
    for _ in range(5):
        door.look(9)
        door.pass_by(1000)
        assert door.watched.status == [3, 0, 0]
    door.sleep(20)
    door.look()
    assert door.told() == ["secured"]
    door.pass_by(HELD + 100)
    assert door.told() == ["held_open"]


def test_without_a_clock_it_is_all_the_same():
    door = Door()
    door.lose_clock()
    door.pass_by(100)
    door.open()
    door.shut()
    door.enter()
    door.pass_by(500)
    door.open()
    door.pass_by(MS)
    door.pass_by(HELD)
    assert door.told() == ["forced", "contact off", "released", "passed", "secured", "held_open"]


def test_a_contact_that_bounces_is_no_door_that_moves():
    door = Door()
    door.pass_by(100)
    for _ in range(100):
        door.put("contact", True)
        door.pass_by(50)
        door.put("contact", False)
        door.pass_by(50)
    assert door.told() == []


def test_a_contact_that_flaps_costs_little_flash_and_hides_no_other():
    """One event for each opening is half a million writes in a night, and the end of the log."""
    door = Door()
    door.pass_by(100)
    for _ in range(200):
        door.open(150)
        door.shut(150)
    assert len(door.told()) == 64
    door.put("tamper", True)
    door.pass_by(100)
    assert door.told() == ["tamper on"]
    door.hardware.wait(300000)
    door.watched.look()
    door.open()
    (line,) = [line for line in door.hardware.lines if line["event"] == "forced"]
    assert line["count"] == 200 - 32


def test_tamper_and_fire_are_told_and_move_nothing():
    door = Door()
    door.pass_by(100)
    for name, bit in (("tamper", 4), ("fire", 8)):
        door.put(name, True)
        door.pass_by(100)
        assert door.told() == [name + " on"] and door.watched.status[1] == bit
        door.put(name, False)
        door.pass_by(100)
        assert door.told() == [name + " off"] and door.watched.status[1] == 0
    assert door.watched.status == [0, 0, 12] and door.hardware.opened == 0
    door.put("tamper", True)
    door.pass_by(100)
    assert door.hardware.light == "red fast"
    door.enter()
    assert door.hardware.light == "green steady" and door.hardware.released


def test_a_button_that_sticks_is_told_shown_and_let_go():
    door = Door()
    door.pass_by(100)
    door.put("rex", True)
    door.pass_by(61000)
    assert door.told() == ["released", "rex", "rex on: held"] and door.hardware.released
    assert door.watched.status[:2] == [1, 16] and door.hardware.light == "amber fast"
    door.put("rex", False)
    door.pass_by(MS + 100)
    assert door.told() == ["rex off: let go", "secured"]
    assert door.watched.status == [0, 0, 16] and door.hardware.light == "white steady"


def test_a_lockdown_is_none_of_the_contacts():
    door = Door([ops.LOCKDOWN, True, None])
    door.pass_by(100)
    door.enter()
    door.open()
    assert door.told() == ["forced"]


def test_an_input_that_fails_is_a_fault_told_once():
    door = Door()
    door.hardware.inputs["contact"].failure = OSError(19)
    door.hardware.lines = []
    door.pass_by(1000)
    faults = [line for line in door.hardware.lines if line["event"] == "fault"]
    assert [line["piece"] for line in faults] == ["lobby contact"]
    door.hardware.inputs["contact"].failure = None
    door.pass_by(100)
    door.told()
    door.open()
    assert door.told() == ["forced"]
