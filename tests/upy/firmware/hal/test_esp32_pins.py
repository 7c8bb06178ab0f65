"""Which pin does what: by the image's own names and pins.json, checked against the chip."""

INTERPRETERS = ("micropython",)

import os

import simulated_esp32
from harness import raises

simulated_esp32.install()

from holdfast.hal.esp32 import pins

_OWN = {"STRIKE": 5, "CONTACT": 3, "REX": 4, "TAMPER": 6, "FIRE": 7, "RING": 10, "SAFE": 9}
_FILE = "pins_test.json"


def _load(text, chip="ESP32C3", own=_OWN):
    simulated_esp32.power_on(chip, names=own)
    with open(_FILE, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    try:
        return pins.load(_FILE)[0]
    finally:
        os.remove(_FILE)


def _numbers(places):
    return {name: place.number for name, place in places.items()}


def test_without_a_file_it_is_the_images_own_without_what_would_raise_alarms():
    """An input that nobody wired reads open, tampered and on fire."""
    simulated_esp32.power_on(names=_OWN)
    wired = {"STRIKE": 5, "REX": 4, "RING": 10, "SAFE": 9}
    assert _numbers(pins.load("no_such_pins.json")[0]) == wired
    assert _numbers(_load("{}")) == wired
    assert _numbers(pins.without_file()) == wired
    simulated_esp32.power_on(names={})
    assert pins.load("no_such_pins.json") == ({}, {})


def test_a_file_says_what_is_wired_and_where():
    """The image's own pin, another, another level, none, and how many LEDs."""
    places = _load(
        '{"CONTACT": true, "REX": 1, "STRIKE": {"pin": 0, "active": 0}, "TAMPER": {"active": 0},'
        ' "FIRE": null, "SAFE": false, "RING": {"count": 24}}'
    )
    assert _numbers(places) == {"STRIKE": 0, "CONTACT": 3, "REX": 1, "TAMPER": 6, "RING": 10}
    levels = {name: place.active for name, place in places.items()}
    assert levels == {"STRIKE": 0, "CONTACT": 1, "REX": 0, "TAMPER": 0, "RING": 1}
    assert places["RING"].count == 24 and places["STRIKE"].count == 0
    assert places["STRIKE"].pin.number == 0
    places = _load('{"WIEGAND_D0": {"pin": 0, "format": "26"}, "WIEGAND_D1": 1}')
    assert places["WIEGAND_D0"].form == "26" and places["WIEGAND_D1"].form is None
    places = _load(
        '{"PANEL_D0": {"pin": 0, "format": "34"}, "PANEL_D1": 1, "CONTACT": {"held": 90}}'
    )
    assert places["PANEL_D0"].form == "34" and places["PANEL_D0"].held == 0
    assert places["CONTACT"].held == 90 and places["CONTACT"].number == 3


def test_several_doors_have_their_own():
    """A door's pins are what stands under its name, and none of the image's; the board's are its
    button and its clock.
    """
    doors = (
        '{"doors": {"hall": {"STRIKE": 0, "REX": {"pin": 1}}, "vault": {"STRIKE": true, "CONTACT":'
        ' true, "TAMPER": 10}}, "RING": false}'
    )
    simulated_esp32.power_on(names=_OWN)
    with open(_FILE, "w") as file:
        file.write(doors)
    try:
        places, found = pins.load(_FILE)
    finally:
        os.remove(_FILE)
    assert _numbers(places) == {"SAFE": 9}
    assert {door: _numbers(found[door]) for door in found} == {
        "hall": {"STRIKE": 0, "REX": 1},
        "vault": {"STRIKE": 5, "CONTACT": 3, "TAMPER": 10},
    }


def test_what_is_wrong_with_doors_is_named():
    """Which door, and which word: eight doors' pins are many words."""
    one = '"hall": {"STRIKE": 0}'
    nine = ", ".join(['"%d": {"STRIKE": %d}' % (number, number) for number in range(9)])
    for text, said in (
        ('{"doors": []}', "doors are no object of 1 to 8 doors"),
        ('{"doors": {}}', "doors are no object of 1 to 8"),
        ('{"doors": {%s}}' % nine, "doors are no object of 1 to 8"),
        ('{"doors": {"hall": 4}}', "door 'hall' has no STRIKE"),
        ('{"doors": {"hall": {"REX": 4}}}', "door 'hall' has no STRIKE"),
        ('{"doors": {"hall": {"STRIKE": false}}}', "door 'hall' has no STRIKE"),
        ('{"doors": {%s}, "STRIKE": 1}' % one, "STRIKE is a door's: put it under its name"),
        ('{"doors": {%s}, "TAMPER": true}' % one, "TAMPER is a door's"),
        ('{"doors": {"hall": {"STRIKE": 0, "SAFE": 1}}}', "SAFE is the board's"),
        ('{"doors": {"hall": {"STRIKE": 12}}}', "GPIO 12 is the chip's own, or is none (door"),
        ('{"doors": {%s, "vault": {"STRIKE": 0}}}' % one, "STRIKE of hall and STRIKE are both"),
        ('{"doors": {%s}, "SAFE": 0}' % one, "SAFE and STRIKE are both GPIO 0"),
        ('{"doors": {%s}, "RING": 0}' % one, "RING and STRIKE are both GPIO 0 (door 'hall')"),
        ('{"doors": {"hall": {"STRIKE": 0, "WIEGAND_D0": 1}}}', "WIEGAND_D0 WIEGAND_D1 go"),
        ('{"doors": {"hall": {"STRIKE": 0, "doors": {}}}}', "'doors' is none of"),
    ):
        error = raises(pins.PinsError, _load, text)
        assert said in str(error), (text, str(error))


def test_what_is_wrong_is_named():
    """Who stands on a ladder must know which word of the file it is."""
    for text, said in (
        ("", "not a JSON object"),
        ('{"status": 1', "not a JSON object"),
        ("[1]", "not a JSON object"),
        ('{"DOOR": 1}', "'DOOR' is none of"),
        ('{"STRIKE": 4.5}', "STRIKE: pin is not a number from 0 to 63"),
        ('{"STRIKE": "5"}', "STRIKE: pin is not a number"),
        ('{"STRIKE": -1}', "STRIKE: pin is not"),
        ('{"STRIKE": [5]}', "STRIKE: pin is not"),
        ('{"STRIKE": {"pin": {}}}', "STRIKE: pin is not"),
        ('{"STRIKE": {"gpio": 5}}', "STRIKE: 'gpio' is unknown"),
        ('{"STRIKE": {"active": true}}', "STRIKE: active is not a number from 0 to 1"),
        ('{"STRIKE": {"active": 2}}', "STRIKE: active is not"),
        ('{"STRIKE": {"count": 2}}', "STRIKE: count is of RING"),
        ('{"RING": {"count": 0}}', "RING: count is not a number from 1 to 64"),
        ('{"RING": {"count": 65}}', "RING: count is not"),
        ('{"BUZZER": true}', "BUZZER: this image has no pin of that name"),
        ('{"REX": 5}', "STRIKE and REX are both GPIO 5"),
        ('{"SDA": 0}', "SDA SCL go together"),
        ('{"STRIKE": {"format": "26"}}', "STRIKE: format is of WIEGAND_D0 PANEL_D0"),
        ('{"WIEGAND_D0": {"pin": 0, "format": 26}}', "WIEGAND_D0: format is not a text"),
        ('{"WIEGAND_D1": {"pin": 0, "format": "26"}}', "WIEGAND_D1: format is of WIEGAND_D0"),
        ('{"PANEL_D0": {"pin": 0, "format": "26"}}', "PANEL_D0 PANEL_D1 go together"),
        ('{"REX": {"held": 9}}', "REX: held is of CONTACT"),
        ('{"CONTACT": {"held": 0}}', "CONTACT: held is not a number from 1 to 3600"),
        ('{"CONTACT": {"held": 3601}}', "CONTACT: held is not a number from 1 to 3600"),
        ('{"WIEGAND_D1": 0}', "WIEGAND_D0 WIEGAND_D1 go together"),
        ('{"LED_R": 0, "LED_B": 1}', "LED_R LED_G LED_B go together"),
        ('{"STRIKE": 22}', "STRIKE: GPIO 22 is the chip's own, or is none"),
        ('{"STRIKE": 12}', "STRIKE: GPIO 12 is the chip's own"),
        ('{"STRIKE": 18}', "STRIKE: GPIO 18 is the chip's own"),
        ('{"STRIKE": 8}', "STRIKE: GPIO 8 says how the chip starts"),
        ('{"REX": 2}', "REX: GPIO 2 says how the chip starts"),
        (" " * 2049, "larger than 2048 bytes"),
        (b"\xff\xfe", "not a JSON object"),
        (b"[" * 1000, "not a JSON object"),
    ):
        error = raises(pins.PinsError, _load, text)
        assert said in str(error), (text, str(error))


def test_each_chip_has_its_own_pins():
    """A pin that is free on one is another's flash."""
    for chip, free, own, starts in (
        ("ESP32", (4, 13, 14, 18, 25, 27, 32, 33), (1, 3, 6, 11, 24, 40), (0, 2, 5, 12, 15)),
        ("ESP32S3", (1, 2, 4, 18, 21, 47, 48), (19, 20, 22, 26, 32, 44, 49), (0, 3, 45, 46)),
        ("ESP32C3", (0, 1, 3, 7, 10), (11 + 1, 17, 18, 21, 22), (2, 8, 9)),
        ("ESP32C6", (0, 3, 6, 7, 10, 18, 23), (12, 13, 16, 24, 30, 31), (4, 5, 8, 9, 15)),
    ):
        for number in free:
            assert _numbers(_load('{"STRIKE": %d}' % number, chip, {})) == {"STRIKE": number}
        for numbers, said in ((own, "the chip's own"), (starts, "how the chip starts")):
            for number in numbers:
                error = raises(pins.PinsError, _load, '{"STRIKE": %d}' % number, chip, {})
                assert said in str(error), (chip, number)
        assert _numbers(_load('{"SAFE": %d}' % starts[0], chip, {})) == {"SAFE": starts[0]}
    error = raises(pins.PinsError, _load, '{"STRIKE": 34}', "ESP32", {})
    assert "GPIO 34 is an input only" in str(error)
    assert _numbers(_load('{"CONTACT": 39}', "ESP32", {})) == {"CONTACT": 39}
    assert "nothing is known" in str(raises(pins.PinsError, _load, "{}", "ESP32P4", {}))


def test_what_ethernet_has_is_free_for_nothing_else():
    """A contact at the network's clock would take the network away, and seem to flap."""
    own = {"STRIKE": 32, "ETH_CLK": 17, "ETH_MDC": 23}
    assert _numbers(_load("{}", "ESP32", own)) == {"STRIKE": 32}
    error = raises(pins.PinsError, _load, '{"CONTACT": 17}', "ESP32", own)
    assert "ETH_CLK and CONTACT are both GPIO 17" in str(error)


def test_the_images_own_names_are_checked_too_and_what_is_right_of_them_can_be_secured():
    """Where the file cannot be gone by, the strike must be secured all the same."""
    own = {"STRIKE": 5, "REX": 8, "RING": 18}
    simulated_esp32.power_on(names=own)
    raises(pins.PinsError, pins.load, "no_such_pins.json")
    assert _numbers(pins.without_file()) == {"STRIKE": 5}
