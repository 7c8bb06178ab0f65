"""How an ESP32 starts, in simulated time: what moves first, what is refused, and who gets out."""

INTERPRETERS = ("micropython",)
HEAP = "2M"  # which an ESP32's role collects often: each time, all of it

import asyncio
import json
import os
import sys

import simulated_esp32

simulated_esp32.install()

import crypto
import small_site as site
from folders import Folder
from holdfast.access import status
from holdfast.hal.esp32 import flash
from holdfast.hal.esp32.console import Console
from holdfast.hal.esp32.outputs import Output
from holdfast.roles import esp32_reader, safe_mode
from holdfast.storage import files
from holdfast.storage.last_run import LastRun

_STRIKE, _REX, _SAFE = 5, 4, 9
_NAMES = {"STRIKE": _STRIKE, "REX": _REX, "SAFE": _SAFE, "BUZZER": 6, "RING": 10}
_PRIVATE = bytes(range(1, 33))
_AGAIN_S = 120  # in the place of half an hour
_PULSE = (5, 6)  # seconds of a request to exit, in whole ones


class _Radio:
    """In the place of link/gatt's: ``acts`` is what happens once the reader serves."""

    fails = None
    acts = staticmethod(lambda: None)

    def __init__(self, ble, ticks, limits, advertisement, console):
        if self.fails is not None:
            raise self.fails
        assert ble.is_active and len(advertisement()) == 7 and limits.connections == 3

    async def run(self, connected):
        for _ in range(20):
            await asyncio.sleep(0)  # the other jobs begin
        self.acts()
        raise KeyboardInterrupt


class _GattRadio:
    Radio = _Radio


sys.modules["holdfast.link.gatt.radio"] = _GattRadio


class _Start:
    """One start of a board with this ``folder`` as its flash: how it ended, what it said."""

    def __init__(self, folder, cause=1, chip=None, acts=None, fails=None, held=False):
        self.chip = chip or simulated_esp32.power_on(names=_NAMES)
        self.chip.cause = cause
        self.lines = []
        flash.HOME, flash.STATE = folder, folder + "/state"
        Console.write = lambda _, text: self.lines.append(json.loads(text))
        Console.line = lambda _, fields: self.lines.append(json.loads(json.dumps(fields)))
        safe_mode.AGAIN_S = _AGAIN_S
        _Radio.acts = staticmethod(acts or (lambda: None))
        _Radio.fails = fails
        if held:
            self.chip.drive(_SAFE, 0)
        self.reset = None
        try:
            esp32_reader.main()
        except simulated_esp32.Reset as reset:
            self.reset = str(reset)

    @property
    def events(self):
        return [line["event"] for line in self.lines]

    def released(self):
        """Seconds of each time that the strike was, in which no relay saw a break."""
        found = []
        for since, to in self.chip.active(_STRIKE, 1):
            if found and since - found[-1][1] < 1000:
                since = found.pop()[0]
            found.append((since, to))
        return [(to - since) // 1000000 for since, to in found]


def _enrolled(folder):
    files.write(folder + "/device.key", _PRIVATE)
    files.write(folder + "/settings.cbor", site.settings_file(private=_PRIVATE))


def _interrupt():
    raise KeyboardInterrupt


def _press(chip, ms):
    chip.drive(_REX, 0)
    chip.run(ms)
    chip.drive(_REX, 1)
    chip.run(10)


def _pressed_at(chip, ms):
    """Somebody presses after ``ms``, and lets go after 100."""
    chip.at(chip.now + ms * 1000, lambda: chip.drive(_REX, 0))
    chip.at(chip.now + (ms + 100) * 1000, lambda: chip.drive(_REX, 1))


def _stopped_at(chip, ms):
    chip.at(chip.now + ms * 1000, _interrupt)


def test_the_strike_comes_first_then_the_radio_then_machine_code():
    """A pin that nobody drives moves a lock, and after Python's heap has grown there is no memory
    for the others.
    """
    order = []
    load, active = crypto.load, simulated_esp32.sys.modules["bluetooth"].BLE.active
    chip = simulated_esp32.power_on(names=_NAMES)

    def loads(p256=False):
        if "code" not in order:
            assert chip.is_radio_on and "holdfast.roles.reader" not in sys.modules
        order.append("code")
        load(p256)

    def activates(self, *on):
        if on:
            order.append("radio")
            assert chip.pad(_STRIKE).is_output and chip.pad(_STRIKE).level == 0
        return active(self, *on)

    crypto.load, simulated_esp32.sys.modules["bluetooth"].BLE.active = loads, activates
    sys.modules.pop("holdfast.roles.reader", None)
    try:
        with Folder() as folder:
            _enrolled(folder)
            start = _Start(folder, chip=chip)
    finally:
        crypto.load, simulated_esp32.sys.modules["bluetooth"].BLE.active = load, active
    assert order[:2] == ["radio", "code"]
    assert start.events[-2:] == ["ready", "stopped"] and start.reset is None
    assert start.released() == []


def test_a_reader_serves_and_says_so_in_one_line():
    """As on every platform, with why it started; who wants out gets out, and afterwards too."""
    chip = simulated_esp32.power_on(names=_NAMES)
    with Folder() as folder:
        _enrolled(folder)
        start = _Start(folder, 3, chip, lambda: _press(chip, 100))
        (ready,) = [line for line in start.lines if line["event"] == "ready"]
        assert (ready["node"], ready["doors"]) == (site.NODE, [site.DOOR])
        assert ready["reset"] == "watchdog"
        assert ready["policy"][0] == 0 and ready["clock"] == "floor"
        assert LastRun(folder + "/last_run").told()[status.ENDED_BY] == "stopped"
        assert "state" in os.listdir(folder)
    # Somebody is at the console now, for an hour.
    assert 3599 <= ((chip.fed_until or 0) - chip.now) // 1000000 <= 3600
    chip.run(10000)
    _press(chip, 100)
    chip.run(10000)
    assert chip.active(_STRIKE, 1)[0][1] - chip.active(_STRIKE, 1)[0][0] < 200000  # it was stopped
    assert [seconds in _PULSE for seconds in start.released()[1:]] == [True]


def test_a_strike_without_a_channel_is_named_in_the_status():
    """Who looks after the door must know that its end waits for the interpreter."""
    boards = []
    board = esp32_reader.Board
    esp32_reader.Board = lambda path: boards.append(board(path)) or boards[-1]
    try:
        with Folder() as folder:
            _enrolled(folder)
            for channels, timed in ((0, "strike"), (2, None)):
                start = _Start(folder, 1, simulated_esp32.power_on("ESP32C3", channels, _NAMES))
                assert "ready" in start.events
                assert boards[-1].life.get(status.TIMED) == timed
                assert boards[-1].life[status.RESET_CAUSE] == "power"
    finally:
        esp32_reader.Board = board


def test_who_is_not_enrolled_says_what_to_do_and_lets_out():
    """The keys on the console are what the host enrols; the radio is on, or they were weak ones.
    Nothing opens but for who is inside.
    """
    with Folder() as folder:
        chip = simulated_esp32.power_on(names=_NAMES)
        _pressed_at(chip, 20000)
        _stopped_at(chip, 330000)
        start = _Start(folder, chip=chip)
        assert start.lines[0]["event"] == "unprovisioned" and chip.is_radio_on
        assert len(start.lines[0]["public_key"]) == 64
        assert start.lines[0]["public_key"] == crypto.x25519_public_key(
            files.read(folder + "/device.key", 32)
        ).hex()
        said = start.lines[1]
        assert said["event"] == "safe_mode" and said["why"] == "unprovisioned" and said["exit"]
        assert said["next"] == "put settings.cbor beside device.key, then reset"
        # Said each minute: somebody may have plugged the cable in just now.
        assert start.events.count("safe_mode") == 6
        assert start.events[-1] == "stopped" and start.reset is None
        assert [seconds in _PULSE for seconds in start.released()] == [True]


def test_who_pressed_gets_out_of_safe_mode_though_the_strike_failed_meanwhile():
    """Memory that ran out for as long as the button was held: who has let go of it waits at a door
    that nobody else opens.
    """
    with Folder() as folder:
        chip = simulated_esp32.power_on(names=_NAMES)
        _pressed_at(chip, 20000)
        _stopped_at(chip, 60000)
        pulse, failing = Output.pulse, [OSError(5)] * 20

        def fails(output, ms):
            if failing:
                raise failing.pop()
            pulse(output, ms)

        Output.pulse = fails
        try:
            start = _Start(folder, chip=chip)
        finally:
            Output.pulse = pulse
        assert not failing
        assert [seconds in _PULSE for seconds in start.released()] == [True]


def test_what_cannot_be_gone_by_is_named_and_tried_again():
    """Settings or pins that somebody spoilt: safe mode, in which the door lets out, and after half
    an hour another attempt, since flash may have failed only now.
    """
    for name, why in (("settings.cbor", "settings_refused"), ("pins.json", "pins_refused")):
        with Folder() as folder:
            _enrolled(folder)
            files.write(folder + "/" + name, b"?")
            chip = simulated_esp32.power_on(names=_NAMES)
            _pressed_at(chip, 60000)
            start = _Start(folder, chip=chip)
            (said,) = [line for line in start.lines if line["event"] == "safe_mode"][:1]
            assert said["why"] == why and said["reason"] and said["next"]
            assert [seconds in _PULSE for seconds in start.released()] == [True]
            assert start.reset == "machine.reset"
            assert _AGAIN_S <= chip.now // 1000000 <= _AGAIN_S + 10
    with Folder() as folder:
        chip = simulated_esp32.power_on(names={"REX": _REX})
        start = _Start(folder, chip=chip)
        assert start.lines[0]["reason"] == "no pin is STRIKE: copy a pins.json that says"
        assert start.lines[0]["exit"] is False


def test_a_wiegand_reader_is_listened_to_where_pins_json_says_what_it_sends():
    """And nothing of it is loaded elsewhere; a format that is none is named."""
    modules = ("holdfast.door.wiegand_in", "holdfast.hal.esp32.wiegand_in")
    lines = '{"WIEGAND_D0": {"pin": 0%s}, "WIEGAND_D1": 1}'
    for form, event in (("", "ready"), (', "format": "26"', "ready"), (', "format": "27"', "")):
        for name in modules:
            sys.modules.pop(name, None)
        with Folder() as folder:
            _enrolled(folder)
            files.write(folder + "/pins.json", (lines % form).encode())
            chip = simulated_esp32.power_on(names=_NAMES)
            start = _Start(folder, chip=chip, acts=_interrupt)
            if event:
                assert event in start.events, start.lines
                assert all([(name in sys.modules) == (form != "") for name in modules])
            else:
                (said,) = [one for one in start.lines if one["event"] == "safe_mode"][:1]
                assert said["why"] == "pins_refused" and "'27' is no format" in said["reason"]


def test_a_panel_and_how_long_the_door_may_be_open_are_what_pins_json_says():
    """The panel's lines are high before they are outputs, and move for nobody who was not let in;
    a door to a loading bay stands open for longer than one to an office.
    """
    pins = (
        '{"WIEGAND_D0": {"pin": 0, "format": "26"}, "WIEGAND_D1": 1, "CONTACT": {"pin": 3,'
        ' "held": 90}, "PANEL_D0": {"pin": 7, "format": "34"}, "PANEL_D1": 10, "RING": false}'
    )
    boards, board = [], esp32_reader.Board
    esp32_reader.Board = lambda path: boards.append(board(path)) or boards[-1]
    try:
        with Folder() as folder:
            _enrolled(folder)
            files.write(folder + "/pins.json", pins.encode())
            found = []

            def acts():
                names = [job.name for job in reader.supervisor._jobs]
                found.append([name for name in names if name.startswith("wiegand")])
                unit = reader.doors[site.DOOR]
                found.append(unit.watched._monitor._held_ms)
                assert unit.card_reader._panel is not None

            made, reader = esp32_reader._reader, None

            def makes(*arguments):
                nonlocal reader
                reader = made(*arguments)
                return reader

            esp32_reader._reader = makes
            try:
                chip = simulated_esp32.power_on(names=_NAMES)
                start = _Start(folder, chip=chip, acts=acts)
            finally:
                esp32_reader._reader = made
        assert "ready" in start.events, start.lines
        assert found == [["wiegand", "wiegand out"], 90000]
        for number in (7, 10):
            assert [level for _, level in chip.pad(number).trace if level is not None] == [1]
    finally:
        esp32_reader.Board = board


def test_a_board_that_crashes_again_and_again_stops_trying_for_half_an_hour():
    """Four starts that do not last are enough: a lock must not chatter, nor flash wear out. What
    ended them is said, without what the error said. Then one attempt each half hour.
    """
    with Folder() as folder:
        _enrolled(folder)
        for crashes in (1, 2, 3, 4):
            start = _Start(folder, 1 if crashes == 1 else 2, fails=ValueError("a secret"))
            assert start.reset == "machine.reset" and start.released() == []
            assert start.events == ["fault"] and start.lines[0]["error"] == "ValueError"
            assert LastRun(folder + "/last_run").told()[status.CRASHES] == crashes
        for _ in range(2):
            chip = simulated_esp32.power_on(names=_NAMES)
            _pressed_at(chip, 100)
            start = _Start(folder, 2, chip)
            assert start.lines[0]["why"] == "crashes" and start.reset == "machine.reset"
            assert start.lines[0]["reason"].startswith("no start lasted; the last: ValueError at ")
            assert "secret" not in json.dumps(start.lines)
            assert [seconds in _PULSE for seconds in start.released()] == [True]


def test_a_power_cut_begins_the_count_anew():
    """Who has switched it off and on wants another attempt now, and not in half an hour."""
    with Folder() as folder:
        _enrolled(folder)
        for _ in range(4):
            _Start(folder, 2, fails=ValueError())
        assert "ready" in _Start(folder, 1).events


def test_the_button_holds_it_in_safe_mode_until_somebody_resets_it():
    """Whoever holds it has the case open: neither a policy nor a crash is in their way."""
    with Folder() as folder:
        _enrolled(folder)
        chip = simulated_esp32.power_on(names=_NAMES)
        _stopped_at(chip, 4 * _AGAIN_S * 1000)
        start = _Start(folder, chip=chip, held=True)
        assert start.lines[0]["why"] == "button" and not chip.is_radio_on
        assert start.released() == [] and start.reset is None


def test_a_start_that_hangs_is_ended_by_the_watchdog():
    """Nobody feeds it but the supervisor."""
    with Folder() as folder:
        _enrolled(folder)
        chip = simulated_esp32.power_on(names=_NAMES)
        start = _Start(folder, 1, chip, lambda: chip.run(1000000))
        assert start.reset == "watchdog" and chip.cause == 3
        assert chip.now // 1000000 in (59, 60, 61, 300, 301)
        assert start.released() == []


def test_an_image_that_runs_for_a_while_is_kept():
    """With two slots the bootloader goes back to the one before, unless it is told not to."""
    lasts, esp32_reader.LASTS_S = esp32_reader.LASTS_S, 0
    try:
        with Folder() as folder:
            _enrolled(folder)
            kept = []
            chip = simulated_esp32.power_on(names=_NAMES)
            start = _Start(folder, 2, chip, lambda: kept.append(chip.is_image_kept))
            assert "ready" in start.events and kept == [True]
    finally:
        esp32_reader.LASTS_S = lasts
