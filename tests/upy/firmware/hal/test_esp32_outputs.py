"""A strike on an ESP32's pin, in simulated time: never moved unasked, and secured in time."""

INTERPRETERS = ("micropython",)

import micropython
import simulated_esp32
from harness import raises

simulated_esp32.install()

from holdfast.hal.esp32.outputs import Output

_STRIKE = 5
_CHIPS = (("ESP32", 8), ("ESP32S3", 4), ("ESP32C3", 2), ("ESP32C6", 2))


def _output(name="ESP32C3", channels=2, active=1):
    chip = simulated_esp32.power_on(name, channels)
    return chip, Output(simulated_esp32.Pin(_STRIKE), active)


def _pulses(chip, active=1):
    """How long it was released each time, in ms, rounded."""
    return [(to - since + 500) // 1000 for since, to in chip.active(_STRIKE, active)]


def test_nothing_moves_at_a_start_or_a_reset():
    """A channel of the RMT begins at level 0, which releases a strike that is released by 0; one
    that is given back leaves its pin to nobody; and a reset comes when it likes.
    """
    for name, channels in _CHIPS:
        for active in (0, 1):
            chip, output = _output(name, channels, active)
            output.end()
            chip.run(1000)
            assert _pulses(chip, active) == [] and not output.is_timed
            assert chip.pad(_STRIKE).level == 1 - active
            # The first level that it drives, ever, is the secured one.
            assert chip.pad(_STRIKE).trace[1][1] == 1 - active
            for _ in range(3):
                chip.reset(3)
                chip.run(10)
                Output(simulated_esp32.Pin(_STRIKE), active).end()
                chip.run(10)
            assert _pulses(chip, active) == []


def test_a_reset_ends_a_pulse_and_begins_none():
    """Crash, watchdog, power: what was released is an input again, which a resistor secures."""
    for active in (0, 1):
        chip, output = _output(active=active)
        output.pulse(5000)
        chip.run(700)
        chip.reset(3)
        chip.run(10)
        Output(simulated_esp32.Pin(_STRIKE), active)
        chip.run(60000)
        assert _pulses(chip, active) == [700]


def test_each_pulse_has_the_length_that_was_asked():
    """Free or blocked, the interpreter has no part in it."""
    for name, channels in _CHIPS:
        for active in (0, 1):
            for pass_time in ("run", "block"):
                asked = (1, 30, 250, 500, 3000, 5000, 8999, 9000)
                chip, output = _output(name, channels, active)
                for ms in asked:
                    output.pulse(ms)
                    getattr(chip, pass_time)(ms + 100)
                    chip.run(200)
                assert _pulses(chip, active) == list(asked), (name, active, pass_time)
                assert chip.due == []  # no timer goes on


def test_a_long_pulse_goes_on_in_parts_without_a_break_to_be_seen():
    """A door stands unlocked for hours by pulses of minutes: the strike must not click."""
    chip, output = _output()
    output.pulse(60000)
    chip.run(61000)
    found = chip.active(_STRIKE, 1)
    gaps = [after[0] - before[1] for before, after in zip(found, found[1:])]
    assert len(found) == 7 and max(gaps) < 1000, gaps  # µs, of a relay that needs milliseconds
    assert 60000 <= (found[-1][1] - found[0][0]) // 1000 <= 60020


def test_a_long_pulse_ends_early_while_the_interpreter_is_blocked_and_never_late():
    """What cannot be asked for is not done, and what is over stays over."""
    for blocked_ms in (3000, 30000):
        chip, output = _output()
        output.pulse(12000)
        chip.run(7000)
        chip.block(blocked_ms)
        chip.run(20000)
        found = chip.active(_STRIKE, 1)
        assert _pulses(chip)[0] == 9000
        assert found[-1][1] - found[0][0] <= 12020 * 1000
        assert len(found) == (2 if blocked_ms < 5000 else 1)


def test_the_longest_that_was_asked_counts():
    """The second person through has the whole time; a shorter one takes nothing from the first."""
    for later, expected in ((20, 1000), (700, 1000), (1500, 1700), (5000, 5200)):
        chip, output = _output()
        output.pulse(1000)
        chip.run(200)
        output.pulse(later)
        chip.run(20000)
        found = chip.active(_STRIKE, 1)
        length = (found[-1][1] - found[0][0]) // 1000
        assert expected <= length <= expected + 20, (later, length)


def test_it_is_secured_at_once():
    """A lockdown does not wait for the end of a pulse. Nor does it stop the RMT: to do that is a
    panic on the first ESP32.
    """
    for name, channels in _CHIPS:
        for active in (0, 1):
            chip, output = _output(name, channels, active)
            output.pulse(5000)
            chip.run(100)
            output.end()
            output.end()
            assert chip.pad(_STRIKE).level == 1 - active
            chip.run(20000)
            assert _pulses(chip, active) == [100]


class _Still:
    """A pin, and a channel that plays for ever, which take no memory as the port's take none."""

    def __init__(self):
        self.level = 1

    def init(self, mode=None, pull=-1, *, value=None, hold=None):
        self.level = value

    def wait_done(self):
        return False


def test_it_is_secured_without_any_memory():
    """The program may be ended in the middle of a collection: the door must still be shut."""
    chip, output = _output()
    output.pulse(5000)
    output._pin = output._rmt = _Still()
    micropython.heap_lock()
    try:
        output.end()
    finally:
        micropython.heap_unlock()
    assert output._pin.level == 0


def test_after_an_early_end_the_next_pulse_is_as_good_as_any():
    """A door that stood unlocked is locked, and who was let in meanwhile has the rest of their
    time: one after the other, the first channel still playing.
    """
    for name, channels in _CHIPS:
        chip, output = _output(name, channels)
        output.pulse(8000)
        chip.run(500)
        output.end()
        output.pulse(300)
        assert not output.is_timed
        chip.block(1000)
        chip.run(100)
        assert _pulses(chip) == [500, 300], name
        # And again, for as long as there are channels; after that a timer has to do.
        output.pulse(5000)
        output.end()
        output.pulse(200)
        chip.run(1000)
        assert _pulses(chip)[-1] == 200
        chip.run(20000)
        output.pulse(400)
        assert not output.is_timed or channels == 2
        chip.block(1000)
        chip.run(10)
        for _ in range(3):
            output.pulse(5000)
            chip.run(100)
            output.end()
            chip.run(6000)
        output.pulse(250)
        assert not output.is_timed
        chip.block(500)
        assert _pulses(chip)[-1] == 250


def test_who_finds_no_channel_says_so_and_ends_by_a_timer():
    """A third strike on a C3: it works, and it is told that its end waits for the interpreter."""
    chip = simulated_esp32.power_on("ESP32C3", 2)
    first, second, third = [Output(simulated_esp32.Pin(number)) for number in (3, 4, _STRIKE)]
    assert (first.is_timed, second.is_timed, third.is_timed) == (False, False, True)
    for ms in (100, 500, 5000, 20000):
        third.pulse(ms)
        chip.run(ms + 100)
    assert _pulses(chip) == [100, 500, 5000, 20000]
    third.pulse(500)
    chip.block(900)
    chip.run(10)
    assert _pulses(chip)[-1] == 900


def test_a_callback_that_is_lost_ends_nothing_for_good():
    """Eight callbacks wait while the interpreter is blocked, and the ninth is lost: a timer that
    fires once would leave the door open.
    """
    chip = simulated_esp32.power_on("ESP32C3", 0)
    output = Output(simulated_esp32.Pin(_STRIKE))
    output.pulse(500)
    chip.run(300)
    for _ in range(8):
        chip.schedule(lambda argument: None, None)
    chip.block(300)
    assert chip.lost
    chip.run(300)
    (length,) = _pulses(chip)
    assert 600 <= length <= 860


def test_a_pulse_that_cannot_be_begun_is_over():
    """Who hears that it failed must find the door shut."""
    chip, output = _output()

    def fails(duration, data):
        raise MemoryError

    output._rmt.write_pulses = fails
    raises(MemoryError, output.pulse, 500)
    chip.run(5000)
    assert _pulses(chip) == [] and chip.pad(_STRIKE).level == 0
