"""An ESP32's inputs and clock: what a switch says, how often, and what a power cut leaves."""

INTERPRETERS = ("micropython",)

import simulated_esp32

simulated_esp32.install()

from holdfast.hal.esp32.clock import EARLIEST, Clock, Ticks
from holdfast.hal.esp32.inputs import Input

_CONTACT, _REX = 3, 4


def test_a_wire_that_is_cut_is_an_alarm_and_presses_no_button():
    """Who cuts the contact's wire must not silence it; who cuts the button's must not get in."""
    chip = simulated_esp32.power_on()
    contact = Input(simulated_esp32.Pin(_CONTACT), 1)
    rex = Input(simulated_esp32.Pin(_REX), 0)
    assert contact.read() is True and rex.read() is False  # nothing pulls them down
    chip.drive(_CONTACT, 0)
    chip.drive(_REX, 0)
    assert contact.read() is False and rex.read() is True


def test_each_change_is_told_once_to_who_watches():
    """A press must release the door when it comes, and not when somebody looks."""
    chip = simulated_esp32.power_on()
    contact = Input(simulated_esp32.Pin(_CONTACT), 1)
    rex = Input(simulated_esp32.Pin(_REX), 0)
    told = []
    for which in (contact, rex):
        which.watch(lambda which=which: told.append((which, which.read())))
    for number, level in ((_CONTACT, 0), (_REX, 0), (_REX, 1), (_CONTACT, 1)):
        chip.drive(number, level)
        chip.run(1)
    assert told == [(contact, False), (rex, True), (rex, False), (contact, True)]
    contact.watch(None)
    chip.drive(_CONTACT, 0)
    chip.run(1)
    assert len(told) == 4


def test_what_no_callback_told_is_read_all_the_same():
    """A contact that chatters fills the queue of eight: the last change may be told to nobody."""
    chip = simulated_esp32.power_on()
    contact = Input(simulated_esp32.Pin(_CONTACT), 1)
    told = []
    contact.watch(lambda: told.append(contact.read()))
    for turn in range(21):
        chip.drive(_CONTACT, turn % 2)
    chip.block(50)
    chip.run(1)
    assert len(told) == simulated_esp32.QUEUE and chip.lost == 13
    assert set(told) == {False} and contact.read() is False


def test_a_change_before_anybody_watches_harms_nothing():
    """The callback may come when it is no longer wanted."""
    chip = simulated_esp32.power_on()
    contact = Input(simulated_esp32.Pin(_CONTACT), 1)
    contact.watch(lambda: None)
    chip.drive(_CONTACT, 0)
    contact.watch(None)
    chip.run(1)


def test_a_clock_that_began_anew_tells_no_time():
    """After a power cut it is 2000: a time from before this was written is none."""
    chip = simulated_esp32.power_on()
    assert Clock().seconds() is None
    chip.since_2000 = EARLIEST - 946684800 - 1
    assert Clock().seconds() is None
    chip.run(1000)
    assert Clock().seconds() == EARLIEST


def test_ticks_wrap():
    """After twelve days the port's milliseconds begin again, in the middle of a pulse."""
    chip = simulated_esp32.power_on()
    chip.now = ((1 << 30) - 100) * 1000
    ticks = Ticks()
    due = ticks.add(300)
    chip.run(200)
    assert ticks.until(due) == 100
    chip.run(200)
    assert ticks.until(due) == -100
