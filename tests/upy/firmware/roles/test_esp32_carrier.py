"""A carrier on an ESP32: what it starts with, does not load, and is refused for."""

INTERPRETERS = ("micropython",)
HEAP = "2M"

import sys

import esp32_starts
import simulated_esp32
import small_site as site
from esp32_starts import PRIVATE, Radio, Start, interrupt
from folders import Folder
from holdfast.access import advert
from holdfast.access import credential as labels
from holdfast.roles import esp32_carrier

_NAMES = {"SAFE": 9, "RING": 10}  # no strike, no exit button
_DECIDES = ("decide", "policy.view", "cards", "standing")


def _carrier():
    claims = {2: "wall", labels.ROLE: labels.ROLE_CARRIER}
    return {
        3: "wall",
        4: [],
        6: site.device_certificate(PRIVATE, claims),
        10: None,
        15: "carries",
        16: "ctl",
    }


def _start(folder, **more):
    chip = simulated_esp32.power_on(names=_NAMES)
    return Start(folder, chip=chip, **more)


def test_it_starts_as_what_its_settings_say_and_loads_nothing_that_decides():
    """Whoever takes it off its wall and reads its memory has no rule and no card of the site."""
    with Folder() as folder:
        esp32_starts.enrolled(folder, _carrier())
        start = _start(folder)
        ready = start.line("ready")
        assert (ready["node"], ready["carries_to"], ready["doors"]) == ("wall", "ctl", [])
        assert start.events[-1] == "stopped" and start.reset is None
        # It has no network: that is told, and a phone is told no.
        assert start.line("lan_refused")
        said = advert.decode(Radio.said)
        assert said.is_offline and said.doors == ()
        assert said.node == advert.node_tag("acme", "wall")
    loaded = ["holdfast.access." + name for name in _DECIDES] + ["holdfast.roles.doors"]
    assert not [name for name in loaded if name in sys.modules]
    assert "holdfast.link.carrying" in sys.modules


def test_once_its_controller_has_said_so_phones_hear_which_door_it_is_for():
    """Else a phone waits whether a reader that names the door will come, before it tries this."""
    with Folder() as folder:
        esp32_starts.enrolled(folder, _carrier())
        found = []
        made = esp32_carrier._started

        def started(carrier, wiegand):
            carrier.handover.door = advert.door_tag("acme", "front")
            return made(carrier, wiegand)

        esp32_carrier._started = started
        try:
            _start(folder, acts=lambda: found.append(advert.decode(Radio.now())))
        finally:
            esp32_carrier._started = made
        assert found[0].doors == (advert.door_tag("acme", "front"),)
        assert found[0].is_offline and found[0].node == advert.node_tag("acme", "wall")


def test_its_watchdog_is_fed_while_it_runs():
    """One that nobody feeds starts the board again every five minutes."""
    with Folder() as folder:
        esp32_starts.enrolled(folder, _carrier())
        chip = simulated_esp32.power_on(names=_NAMES)
        left = []
        Start(folder, chip=chip, acts=lambda: left.append((chip.fed_until or 0) - chip.now))
        assert 59000000 <= left[0] <= 60000000


def test_a_card_reader_and_a_tamper_contact_are_heard():
    """What is read goes to the controller, which is not there; the case is told of as it opens."""
    pins = '{"WIEGAND_D0": {"pin": 0, "format": "26"}, "WIEGAND_D1": 1, "TAMPER": 3}'
    with Folder() as folder:
        esp32_starts.enrolled(folder, _carrier(), pins)
        made, found = esp32_carrier._started, []

        def started(carrier, wiegand):
            told = made(carrier, wiegand)
            names = [job.name for job in carrier.supervisor._jobs]
            found.append(("wiegand" in names, carrier._is_tampered))
            return told

        esp32_carrier._started = started
        try:
            assert "ready" in _start(folder, acts=interrupt).events
        finally:
            esp32_carrier._started = made
        assert found == [(True, True)]  # the contact is a cut wire


def test_what_is_a_doors_is_refused():
    """A strike of several doors, or a panel, behind a reader that decides nothing."""
    for pins, said in (
        ('{"doors": {"hall": {"STRIKE": 4}}}', "doors are a controller's"),
        ('{"PANEL_D0": {"pin": 0, "format": "26"}, "PANEL_D1": 1}', "a panel is for who decides"),
        ('{"WIEGAND_D0": {"pin": 0, "format": "27"}, "WIEGAND_D1": 1}', "'27' is no format"),
    ):
        with Folder() as folder:
            esp32_starts.enrolled(folder, _carrier(), pins)
            told = _start(folder).line("safe_mode")
            assert told["why"] == "pins_refused" and said in told["reason"], told


def test_an_image_that_can_only_carry_is_nobody_else():
    """A reader's settings on it: it says so, and opens nothing."""
    with Folder() as folder:
        esp32_starts.enrolled(folder)
        told = _start(folder, main=esp32_carrier.main).line("safe_mode")
        assert told["why"] == "settings_refused" and "this one carries" in told["reason"]
