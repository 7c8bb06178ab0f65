"""Who wants out gets out: at once, by an interrupt or without, held or not, and again and again
where the strike fails; and nothing that a door is told moves it but the strike's own end.
"""

INTERPRETERS = ("micropython", "cpython")

from holdfast.door.exit import Exit
from watched_door import Hardware, Pin

MS = 3000


def _exit():
    hardware = Hardware()
    button = Pin()
    made = Exit(button, hardware, hardware, MS)
    return made, button, hardware


def _pass_by(made, hardware, ms):
    for _ in range(ms // 50):
        hardware.wait(50)
        made.look(50)


def test_a_press_releases_before_anything_else_is_done():
    """The call is the interrupt's: no loop has to turn for it."""
    made, button, hardware = _exit()
    made.start()
    assert not hardware.released and made.count == 0
    button.set(True)
    assert hardware.released and made.count == 1
    button.set(False)
    hardware.wait(MS - 1)
    assert hardware.released
    hardware.wait(1)
    assert not hardware.released and made.left_ms == 0


def test_who_presses_while_the_reader_starts_gets_out():
    made, button, hardware = _exit()
    button.is_on = True
    made.start()
    assert hardware.released


def test_without_an_interrupt_the_next_look_releases():
    """A board whose queue of interrupts is full, or that has none for this pin."""
    made, button, hardware = _exit()

    def no_watch(_):
        raise OSError(12)

    button.watch = no_watch
    made.start()
    assert isinstance(made.error, OSError)
    button.set(True, missed=True)
    made.look(50)
    assert hardware.released and made.count == 1


def test_a_spike_on_the_wire_is_no_press():
    """It is over before the interrupt is served. A long wire along a lift picks up many."""
    made, button, hardware = _exit()
    made.start()
    button.set(True, missed=True)
    button.set(False)
    assert not hardware.released and made.count == 0


def test_a_button_that_is_held_releases_without_a_break_and_is_told():
    """Behind a button that sticks is somebody who cannot press it: shut, it would lock them in.
    Ten minutes later it is still a release without a gap, and not one pulse for each look.
    """
    made, button, hardware = _exit()
    made.start()
    button.set(True)
    for _ in range(10):
        _pass_by(made, hardware, 60000)
        assert hardware.released and made.is_stuck
    assert made.count == 1
    assert hardware.opened < 600000 * 2 // MS + 2
    button.set(False)
    _pass_by(made, hardware, MS + 100)
    assert not hardware.released and not made.is_stuck
    button.set(True)
    assert hardware.released and made.count == 2 and not made.is_stuck


def test_a_button_that_chatters_is_one_release():
    made, button, hardware = _exit()
    made.start()
    for _ in range(200):
        button.set(True)
        button.set(False)
    assert made.count == 1 and hardware.released
    _pass_by(made, hardware, MS + 100)
    assert not hardware.released


def test_a_strike_that_fails_is_tried_again_for_who_let_go_of_the_button():
    """No memory for the pulse, just then. Five seconds later nobody stands there any more."""
    for failure in (MemoryError(), OSError(5), RuntimeError("a bug")):
        made, button, hardware = _exit()
        genuine = hardware.pulse

        def fails(ms, failure=failure):
            raise failure

        made.start()
        hardware.pulse = fails
        button.set(True)
        button.set(False)
        _pass_by(made, hardware, 1000)
        assert made.error is failure and made.count == 0 and not hardware.released
        hardware.pulse = genuine
        made.look(50)
        assert hardware.released and made.count == 1 and made.error is None
        hardware.end()
        hardware.pulse = fails
        hardware.wait(MS)
        button.set(True)
        button.set(False)
        _pass_by(made, hardware, 5000)
        hardware.pulse = genuine
        _pass_by(made, hardware, 1000)
        assert not hardware.released


def test_a_button_that_cannot_be_read_stops_nothing():
    made, button, hardware = _exit()
    made.start()
    button.failure = OSError(19)
    made.changed()
    _pass_by(made, hardware, 1000)
    assert made.error is button.failure and not hardware.released
    button.failure = None
    button.set(True)
    assert hardware.released and made.error is None


def test_what_is_left_is_given_again_after_somebody_secured_the_strike():
    made, button, hardware = _exit()
    made.start()
    made.again()
    assert not hardware.released
    button.set(True)
    button.set(False)
    _pass_by(made, hardware, 1000)
    hardware.end()
    made.again()
    assert hardware.asked[-1][0] == MS - 1000
    hardware.wait(MS - 1001)
    assert hardware.released
    hardware.wait(1)
    assert not hardware.released
