"""How an ESP32 starts, in simulated time: what moves first, what is refused, and who gets out."""

INTERPRETERS = ("micropython",)
HEAP = "2M"  # which an ESP32's role collects often: each time, all of it

import json
import os
import sys

import crypto
import esp32_starts
import simulated_esp32
import small_site as site
from esp32_starts import (
    AGAIN_S,
    NAMES,
    REX,
    STRIKE,
    Start,
    interrupt,
    press,
    pressed_at,
    stopped_at,
)
from folders import Folder
from holdfast.access import status
from holdfast.hal.esp32.outputs import Output
from holdfast.roles import esp32_doors, esp32_start
from holdfast.storage import files
from holdfast.storage.last_run import LastRun

_PULSE = (5, 6)  # seconds of a request to exit, in whole ones


def test_the_strike_comes_first_then_the_radio_then_machine_code():
    """A pin that nobody drives moves a lock, and after Python's heap has grown there is no memory
    for the others.
    """
    order = []
    load, active = crypto.load, simulated_esp32.sys.modules["bluetooth"].BLE.active
    chip = simulated_esp32.power_on(names=NAMES)

    def loads(p256=False):
        if "code" not in order:
            assert chip.is_radio_on and "holdfast.roles.reader" not in sys.modules
        order.append("code")
        load(p256)

    def activates(self, *on):
        if on:
            order.append("radio")
            assert chip.pad(STRIKE).is_output and chip.pad(STRIKE).level == 0
        return active(self, *on)

    crypto.load, simulated_esp32.sys.modules["bluetooth"].BLE.active = loads, activates
    sys.modules.pop("holdfast.roles.reader", None)
    try:
        with Folder() as folder:
            esp32_starts.enrolled(folder)
            start = Start(folder, chip=chip)
    finally:
        crypto.load, simulated_esp32.sys.modules["bluetooth"].BLE.active = load, active
    assert order[:2] == ["radio", "code"]
    assert start.events[-2:] == ["ready", "stopped"] and start.reset is None
    assert start.released() == []


def test_a_reader_serves_and_says_so_in_one_line():
    """As on every platform, with why it started; who wants out gets out, and afterwards too."""
    chip = simulated_esp32.power_on(names=NAMES)
    with Folder() as folder:
        esp32_starts.enrolled(folder)
        start = Start(folder, 3, chip, lambda: press(chip, 100))
        (ready,) = [line for line in start.lines if line["event"] == "ready"]
        assert (ready["node"], ready["doors"]) == (site.NODE, [site.DOOR])
        assert ready["reset"] == "watchdog"
        assert ready["policy"][0] == 0 and ready["clock"] == "floor"
        assert LastRun(folder + "/last_run").told()[status.ENDED_BY] == "stopped"
        assert "state" in os.listdir(folder)
    # Somebody is at the console now, for an hour.
    assert 3599 <= ((chip.fed_until or 0) - chip.now) // 1000000 <= 3600
    chip.run(10000)
    press(chip, 100)
    chip.run(10000)
    assert chip.active(STRIKE, 1)[0][1] - chip.active(STRIKE, 1)[0][0] < 200000  # it was stopped
    assert [seconds in _PULSE for seconds in start.released()[1:]] == [True]


def test_a_strike_without_a_channel_is_named_in_the_status():
    """Who looks after the door must know that its end waits for the interpreter."""
    boards = []
    board = esp32_start.Board
    esp32_start.Board = lambda path: boards.append(board(path)) or boards[-1]
    try:
        with Folder() as folder:
            esp32_starts.enrolled(folder)
            for channels, timed in ((0, "strike"), (2, None)):
                start = Start(folder, 1, simulated_esp32.power_on("ESP32C3", channels, NAMES))
                assert "ready" in start.events
                assert boards[-1].life.get(status.TIMED) == timed
                assert boards[-1].life[status.RESET_CAUSE] == "power"
    finally:
        esp32_start.Board = board


def test_who_is_not_enrolled_says_what_to_do_and_lets_out():
    """The keys on the console are what the host enrols; the radio is on, or they were weak ones.
    Nothing opens but for who is inside.
    """
    with Folder() as folder:
        chip = simulated_esp32.power_on(names=NAMES)
        pressed_at(chip, 20000)
        stopped_at(chip, 330000)
        start = Start(folder, chip=chip)
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
        chip = simulated_esp32.power_on(names=NAMES)
        pressed_at(chip, 20000)
        stopped_at(chip, 60000)
        pulse, failing = Output.pulse, [OSError(5)] * 20

        def fails(output, ms):
            if failing:
                raise failing.pop()
            pulse(output, ms)

        Output.pulse = fails
        try:
            start = Start(folder, chip=chip)
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
            esp32_starts.enrolled(folder)
            files.write(folder + "/" + name, b"?")
            chip = simulated_esp32.power_on(names=NAMES)
            pressed_at(chip, 60000)
            start = Start(folder, chip=chip)
            (said,) = [line for line in start.lines if line["event"] == "safe_mode"][:1]
            assert said["why"] == why and said["reason"] and said["next"]
            assert [seconds in _PULSE for seconds in start.released()] == [True]
            assert start.reset == "machine.reset"
            assert AGAIN_S <= chip.now // 1000000 <= AGAIN_S + 10
    with Folder() as folder:
        esp32_starts.enrolled(folder)
        chip = simulated_esp32.power_on(names={"REX": REX})
        start = Start(folder, chip=chip)
        (said,) = [line for line in start.lines if line["event"] == "safe_mode"][:1]
        assert said["reason"] == "pins: no pin is STRIKE: copy a pins.json that says"
        assert said["why"] == "pins_refused" and said["exit"] is False


def test_a_wiegand_reader_is_listened_to_where_pins_json_says_what_it_sends():
    """And nothing of it is loaded elsewhere; a format that is none is named."""
    modules = ("holdfast.door.wiegand_in", "holdfast.hal.esp32.wiegand_in")
    lines = '{"WIEGAND_D0": {"pin": 0%s}, "WIEGAND_D1": 1}'
    for form, event in (("", "ready"), (', "format": "26"', "ready"), (', "format": "27"', "")):
        for name in modules:
            sys.modules.pop(name, None)
        with Folder() as folder:
            esp32_starts.enrolled(folder)
            files.write(folder + "/pins.json", (lines % form).encode())
            chip = simulated_esp32.power_on(names=NAMES)
            start = Start(folder, chip=chip, acts=interrupt)
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
    boards, board = [], esp32_start.Board
    esp32_start.Board = lambda path: boards.append(board(path)) or boards[-1]
    try:
        with Folder() as folder:
            esp32_starts.enrolled(folder)
            files.write(folder + "/pins.json", pins.encode())
            found = []

            def acts():
                names = [job.name for job in reader.supervisor._jobs]
                found.append([name for name in names if name.startswith("wiegand")])
                unit = reader.doors[site.DOOR]
                found.append(unit.watched._monitor._held_ms)
                assert unit.card_reader._panel is not None

            made, reader = esp32_doors._started, None

            def started(node, *arguments):
                nonlocal reader
                reader = node
                return made(node, *arguments)

            esp32_doors._started = started
            try:
                chip = simulated_esp32.power_on(names=NAMES)
                start = Start(folder, chip=chip, acts=acts)
            finally:
                esp32_doors._started = made
        assert "ready" in start.events, start.lines
        assert found == [["wiegand", "wiegand out"], 90000]
        for number in (7, 10):
            assert [level for _, level in chip.pad(number).trace if level is not None] == [1]
    finally:
        esp32_start.Board = board


def test_a_board_that_crashes_again_and_again_stops_trying_for_half_an_hour():
    """Four starts that do not last are enough: a lock must not chatter, nor flash wear out. What
    ended them is said, without what the error said. Then one attempt each half hour.
    """
    with Folder() as folder:
        esp32_starts.enrolled(folder)
        for crashes in (1, 2, 3, 4):
            start = Start(folder, 1 if crashes == 1 else 2, fails=ValueError("a secret"))
            assert start.reset == "machine.reset" and start.released() == []
            assert start.events == ["fault"] and start.lines[0]["error"] == "ValueError"
            assert LastRun(folder + "/last_run").told()[status.CRASHES] == crashes
        for _ in range(2):
            chip = simulated_esp32.power_on(names=NAMES)
            pressed_at(chip, 100)
            start = Start(folder, 2, chip)
            assert start.lines[0]["why"] == "crashes" and start.reset == "machine.reset"
            assert start.lines[0]["reason"].startswith("no start lasted; the last: ValueError at ")
            assert "secret" not in json.dumps(start.lines)
            assert [seconds in _PULSE for seconds in start.released()] == [True]


def test_a_power_cut_begins_the_count_anew():
    """Who has switched it off and on wants another attempt now, and not in half an hour."""
    with Folder() as folder:
        esp32_starts.enrolled(folder)
        for _ in range(4):
            Start(folder, 2, fails=ValueError())
        assert "ready" in Start(folder, 1).events


def test_the_button_holds_it_in_safe_mode_until_somebody_resets_it():
    """Whoever holds it has the case open: neither a policy nor a crash is in their way."""
    with Folder() as folder:
        esp32_starts.enrolled(folder)
        chip = simulated_esp32.power_on(names=NAMES)
        stopped_at(chip, 4 * AGAIN_S * 1000)
        start = Start(folder, chip=chip, held=True)
        assert start.lines[0]["why"] == "button" and not chip.is_radio_on
        assert start.released() == [] and start.reset is None


def test_a_start_that_hangs_is_ended_by_the_watchdog():
    """Nobody feeds it but the supervisor."""
    with Folder() as folder:
        esp32_starts.enrolled(folder)
        chip = simulated_esp32.power_on(names=NAMES)
        start = Start(folder, 1, chip, lambda: chip.run(1000000))
        assert start.reset == "watchdog" and chip.cause == 3
        assert chip.now // 1000000 in (59, 60, 61, 300, 301)
        assert start.released() == []


def test_its_watchdog_is_fed_while_it_runs():
    """One that nobody feeds starts the board again every five minutes, day and night."""
    with Folder() as folder:
        esp32_starts.enrolled(folder)
        chip = simulated_esp32.power_on(names=NAMES)
        left = []
        Start(folder, 1, chip, lambda: left.append((chip.fed_until or 0) - chip.now))
        assert 59000000 <= left[0] <= 60000000


def test_an_image_that_runs_for_a_while_is_kept():
    """With two slots the bootloader goes back to the one before, unless it is told not to."""
    lasts, esp32_start.LASTS_S = esp32_start.LASTS_S, 0
    try:
        with Folder() as folder:
            esp32_starts.enrolled(folder)
            kept = []
            chip = simulated_esp32.power_on(names=NAMES)
            start = Start(folder, 2, chip, lambda: kept.append(chip.is_image_kept))
            assert "ready" in start.events and kept == [True]
    finally:
        esp32_start.LASTS_S = lasts
