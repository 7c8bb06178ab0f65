"""``holdfast phone scan`` and ``watch``, and a computer whose Bluetooth is not as it should be.

Anybody can advertise anything, from any number of addresses: what is shown stays small, and what
is known stays in front.
"""

import json
import os

import pytest
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakError,
)

from holdfast.access import advert
from holdfast_host.phone.radio.bluetooth import Heard
from holdfast_host.phone.radio.readers import GONE_SECONDS, MOST, Names, Readers

HERE, THERE = "F0:F1:F2:F3:F4:F5", "F0:F1:F2:F3:F4:F6"
REASON = BleakBluetoothNotAvailableReason
NAMES = Names("acme", ["front"])


@pytest.fixture
def commands(phone):
    """Every command that uses the radio."""
    at = [phone.folder, "--seconds", "0.5"]
    return [
        ["phone", "scan", *at],
        ["phone", "watch", *at],
        ["phone", "unlock", *at, "--door", "front"],
    ]


@pytest.fixture
def readers():
    """``readers.at(seconds)`` sets their clock; none is near yet."""

    class Clocked(Readers):
        def at(self, seconds):
            self.now = seconds
            return self

        def says(self, address, doors=("front",), rssi=-60, offline=False):
            data = None if doors is None else advert.encode("acme", "n", list(doors), offline)
            self.hear(Heard(address, rssi, data))

        def told(self):
            return [(news.what, news.reader.last.address) for news in self.news()]

    made = Clocked(NAMES, lambda: made.now)
    return made.at(0.0)


def test_scan_tells_doors_by_name(holdfast, phone, air):
    """Those of the phone's credentials, before any of them was met."""
    air.has(HERE, None, ["back", "front", "side"], -70, offline=True)
    air.has(THERE, None, ["back"], -40)
    air.has("a third", None, list("abcde"), -50)
    shown = holdfast("phone", "scan", phone.folder, "--seconds", "0.5")
    lines = {line.split()[0]: line for line in shown.out.splitlines()}
    assert "-70 dBm" in lines[HERE] and "front, 2 others" in lines[HERE]
    assert "offline" in lines[HERE] and "1 unknown" in lines[THERE] and "online" in lines[THERE]
    assert "names none" in lines["a"]
    found = holdfast("phone", "scan", phone.folder, "--seconds", "0.5", "--json").json
    assert [one["address"] for one in found["readers"]] == [HERE, THERE, "a third"]
    assert found["readers"][0] == {
        "address": HERE,
        "rssi": -70,
        "doors": ["front"],
        "other_doors": 2,
        "offline": True,
        "node": advert.node_tag("acme", HERE).hex(),
        "not_understood": None,
    }
    anybody = holdfast("phone", "scan", "--seconds", "0.5", "--json").json["readers"]
    assert [one["doors"] for one in anybody] == [[]] * 3


def test_doors_that_were_met_are_known_too(holdfast, phone, air, reader):
    """A credential may name a zone alone; whoever opened a door knows what it is called."""
    air.has(HERE, reader.port)
    assert holdfast("phone", "unlock", phone.folder, "--door", "front").code == 0
    assert phone.contexts.doors() == {"front"} and "front" in phone.doors()


@pytest.mark.parametrize("command", ["scan", "watch"])
def test_noise_is_bounded(holdfast, phone, air, command):
    """A thousand addresses with anything in their data, all of them louder than the reader."""
    for number in range(1000):
        air.say(f"noise {number}", os.urandom(number % 40), rssi=-20)
    air.say("no data", None, rssi=-20)
    air.say("what is not a number of dBm", bytes(5), rssi=-127)
    air.has(HERE, None, rssi=-90)
    ran = holdfast("phone", command, phone.folder, "--seconds", "0.6", "--json")
    if command == "scan":
        shown = ran.json["readers"]
        assert ran.json["overflowed"]
    else:
        shown = [json.loads(line) for line in ran.out.splitlines()]
    assert len(shown) <= MOST
    (here,) = [one for one in shown if one["address"] == HERE]
    assert here["doors"] == ["front"]
    assert all(one["not_understood"] or one["doors"] is not None for one in shown)


def test_nobody_is_near(holdfast, phone, air):
    """That is no list."""
    holdfast("phone", "scan", "--seconds", "0.5").fails("no reader was heard", "--seconds")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BleakBluetoothNotAvailableError("x", REASON.NO_BLUETOOTH), "no Bluetooth adapter"),
        (BleakBluetoothNotAvailableError("x", REASON.NO_BLE_CENTRAL_ROLE), "it is no central"),
        (BleakBluetoothNotAvailableError("x", REASON.POWERED_OFF), "Bluetooth is off"),
        (BleakBluetoothNotAvailableError("x", REASON.DENIED_BY_USER), "does not let you"),
        (BleakBluetoothNotAvailableError("x", REASON.DENIED_BY_SYSTEM), "does not let you"),
        (BleakBluetoothNotAvailableError("as it were", REASON.UNKNOWN), "fails: as it were"),
        (BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", ["x"]), "BlueZ"),
        (BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", ["x"]), "does not let you"),
        (BleakDBusError("org.bluez.Error.NotReady", ["x"]), "Bluetooth is off"),
        (BleakDBusError("org.bluez.Error.InProgress", ["x"]), "InProgress"),
        (BleakError("Bleak requires BlueZ >= 5.55."), "5.55"),
        (FileNotFoundError(2, "No such file or directory"), "no Bluetooth service"),
        (ConnectionRefusedError(111, "Connection refused"), "no Bluetooth service"),
        (PermissionError(13, "Permission denied"), "does not let you"),
        (EOFError(), "EOFError"),
    ],
    ids=repr,
)
def test_a_computer_without_a_radio_that_works(holdfast, commands, air, error, words):
    """Each says what is wrong and what to do, a line each, and never goes on."""
    for number, command in enumerate(commands, 1):
        air.faults["start", number] = error
        assert holdfast(*command).fails(words).code == 1
    assert air.done == ["start"] * 3


def test_a_radio_that_goes_off_in_the_middle(holdfast, commands, air):
    """There is no other reader to try then, and no use in trying again."""
    air.has(HERE, None)
    air.has(THERE, None)
    air.faults["connect", 1] = BleakDBusError("org.bluez.Error.NotReady", ["Resource Not Ready"])
    holdfast(*commands[2]).fails("Bluetooth is off")
    assert air.done.count("connect") == 1
    for command in commands[:2]:
        air.faults["stop", air.done.count("stop") + 1] = BleakError("gone")
        holdfast(*command).fails("Bluetooth fails: gone")


def test_watch_ends_with_ctrl_c(holdfast, phone, air, interrupt):
    """As a running reader does; and the radio is left in order."""
    air.has(HERE, None, offline=True)
    air.faults["looked at", 1] = interrupt
    stopped = holdfast("phone", "watch", phone.folder)
    assert (stopped.code, stopped.err) == (130, "holdfast: stopped\n")
    assert "appeared" in stopped.out and "front" in stopped.out and "offline" in stopped.out
    assert air.done == ["start", "looked at", "stop"]


def test_addresses_that_nobody_sees_twice_do_not_fill_the_memory(holdfast, phone, air):
    """bleak remembers all that it has seen since a scan began: so it begins anew."""
    for number in range(1000):
        air.say(f"noise {number}", bytes(5))
    assert holdfast("phone", "watch", phone.folder, "--seconds", "0.5").code == 0
    assert air.done.count("start") == air.done.count("stop") >= 2


def test_readers_appear_change_and_are_gone(readers):
    """Each once; by what they say, not by how loud they are."""
    readers.says(HERE)
    assert readers.told() == [("appeared", HERE)]
    readers.says(HERE, rssi=-61)
    assert readers.told() == []
    for bit in (True, False, True):  # however often meanwhile
        readers.says(HERE, offline=bit)
    assert readers.told() == [("changed", HERE)]
    readers.says(HERE, None)  # takes nothing back
    assert readers.told() == []
    readers.at(GONE_SECONDS).says(THERE)
    assert readers.told() == [("appeared", THERE)]
    assert readers.at(GONE_SECONDS + 0.1).told() == [("gone", HERE)]
    assert [one.last.address for one in readers.near()] == [THERE]


def test_a_scan_response_is_waited_for(readers):
    """It has what the reader says, and comes a moment after the advertisement, or never."""
    readers.says(HERE, None)
    readers.says(THERE, None)
    assert readers.told() == []
    readers.at(0.3).says(HERE)
    assert readers.told() == [("appeared", HERE)]
    assert readers.at(1.0).told() == [("appeared", THERE)]


def test_of_too_many_the_known_and_the_strong_are_kept(readers):
    """Whoever was shown and has to go is told as gone."""
    for number in range(MOST):
        readers.says(f"other {number}", ["other"], rssi=-30 - number)
    assert len(readers.told()) == MOST and not readers.overflowed
    readers.says("weak", ["other"], rssi=-99)
    assert readers.told() == [] and readers.overflowed
    readers.says(HERE, rssi=-99)
    assert sorted(readers.told()) == [("appeared", HERE), ("gone", f"other {MOST - 1}")]
    assert readers.near()[0].last.address == HERE and len(readers.near()) == MOST


def test_two_doors_may_have_one_tag():
    """Of two bytes: the phone knows both names, and shows both."""
    by_tag, number = {}, 0
    while True:
        door = f"door {number}"
        tag = advert.door_tag("acme", door)
        if tag in by_tag:
            break
        by_tag[tag] = door
        number += 1
    names = Names("acme", [door, by_tag[tag], "front"])
    said = Readers(names, lambda: 0.0)
    said.hear(Heard(HERE, -60, advert.encode("acme", "n", [door], False)))
    (reader,) = said.near()
    assert sorted(names.of(reader.said)) == sorted([door, by_tag[tag]])
    assert names.unknown(reader.said) == 0
