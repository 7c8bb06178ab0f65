"""How an ESP32 comes into a network, and that a network that goes away disturbs nothing."""

INTERPRETERS = ("micropython",)

import asyncio
import sys

import simulated_esp32
from harness import raises

simulated_esp32.install()


class _Nic:
    """network.WLAN and network.LAN: what was asked of it, and whether it is in a network."""

    IF_STA = 0
    made = None

    def __init__(self, *place, **named):
        self.named = named
        self.asked = []
        self.up = False
        _Nic.made = self

    def active(self, on):
        self.asked.append("active")

    def isconnected(self):
        if self.up is None:
            raise OSError(1)
        return self.up

    def connect(self, ssid, key):
        self.asked.append(("connect", ssid, key))

    def disconnect(self):
        self.asked.append("disconnect")

    def ifconfig(self):
        return ("10.0.0.7", "255.0.0.0", "10.0.0.1", "10.0.0.1")


class _Network:
    WLAN = LAN = _Nic
    PHY_LAN8720, PHY_W5500 = 1, 9


class _Spi:
    def __init__(self, number, *, baudrate, sck, mosi, miso):
        self.pins = (sck.number, mosi.number, miso.number)


sys.modules["network"] = _Network
sys.modules["machine"].SPI = _Spi

from holdfast.hal.esp32 import lan
from untrusted import InvalidInput

_WIFI = b'{"ssid": "house", "key": "12345678"}'
_RMII = {"MDC": 23, "MDIO": 18, "CLK_OUT": 17, "POWER": 12}


async def _looks(interface, states):
    """Let the job look once in each of ``states`` of the interface, in no time."""
    states = list(states)
    sleep = asyncio.sleep

    async def at_once(seconds):
        if not states:
            await asyncio.Event().wait()
        _Nic.made.up = states.pop(0)
        await sleep(0)

    lan.asyncio.sleep = at_once
    task = asyncio.create_task(interface.run())
    try:
        while states:
            await sleep(0)
        await sleep(0)
    finally:
        lan.asyncio.sleep = sleep
        task.cancel()


async def test_a_network_that_comes_and_goes_is_told_once_and_stops_nothing():
    """Also where the interface itself fails: the door decides without it."""
    told = []
    interface = lan.wifi("hall", "12345678", told.append)
    interface.start()
    assert _Nic.made.asked == ["active", "disconnect", ("connect", "hall", "12345678")]
    assert interface.address is None
    await _looks(interface, [True, True, None, None, False, True, True])
    assert told == [True, False, True]
    assert interface.address == "10.0.0.7"
    assert interface.network == "10.0.0.7/255.0.0.0"


async def test_one_that_stays_away_is_asked_for_again():
    """An access point that starts after the door, with another channel."""
    interface = lan.wifi("hall", "12345678", lambda is_up: None)
    interface.start()
    await _looks(interface, [False] * 46)
    assert _Nic.made.asked.count(("connect", "hall", "12345678")) == 1 + 3


def test_ethernet_has_its_pins():
    """Of a chip beside the ESP32's own MAC, with the clock in or out, and of one on SPI."""
    lan.ethernet("LAN8720", _RMII, None)
    named = _Nic.made.named
    assert (named["mdc"].number, named["mdio"].number, named["ref_clk"].number) == (23, 18, 17)
    assert named["ref_clk_mode"] == simulated_esp32.Pin.OUT and named["power"].number == 12
    assert (named["phy_type"], named["phy_addr"]) == (1, 0)
    lan.ethernet("LAN8720", {"MDC": 16, "MDIO": 17, "CLK": 0}, None, 1)
    named = _Nic.made.named
    assert named["ref_clk_mode"] == simulated_esp32.Pin.IN and "power" not in named
    lan.ethernet("W5500", {"SCK": 1, "MOSI": 2, "MISO": 3, "CS": 4, "INT": 5}, None)
    named = _Nic.made.named
    assert named["spi"].pins == (1, 2, 3) and (named["cs"].number, named["int"].number) == (4, 5)


def test_what_cannot_be_is_refused_by_name():
    """A word that is wrong in a file must not be a board that hangs."""
    for said, act in (
        ("lacks a pin: MDIO", lambda: lan.ethernet("LAN8720", {"MDC": 1}, None)),
        ("ENC28J60 is unknown", lambda: lan.ethernet("ENC28J60", {}, None)),
        ("this image has no RTL8201", lambda: lan.ethernet("RTL8201", _RMII, None)),
        ("a name of 1 to 32", lambda: lan.wifi("", "12345678", None)),
        ("a key of 8 to 63", lambda: lan.wifi("hall", "1234567", None)),
    ):
        assert said in str(raises(InvalidInput, act)), said


def test_a_file_may_name_who_is_asked_for_the_time():
    """By its address: to look a name up would hold up the doors."""
    made = lan.from_json(_WIFI[:-1] + b', "ntp": "10.0.0.1"}', None)
    made.start()
    assert made.ntp == "10.0.0.1" and _Nic.made.asked[-1] == ("connect", "house", "12345678")


def test_a_file_says_which_network():
    """Whatever else is in it is named, and no network is better than a wrong one."""
    made = lan.from_json(_WIFI, None)
    made.start()
    assert _Nic.made.asked[-1] == ("connect", "house", "12345678")
    pins = b'{"MDC": 23, "MDIO": 18, "CLK_OUT": 17}'
    assert made.ntp is None
    lan.from_json(b'{"phy": "LAN8720", "phy_address": 1, "pins": %s}' % pins, None)
    assert _Nic.made.named["phy_addr"] == 1
    for raw in (
        b"",
        b"[]",
        b"\xff",
        b'"ssid"',
        b"{}",
        _WIFI[:-1] + b', "ntp": "time.example"}',
        _WIFI[:-1] + b', "ntp": "10.0.0.256"}',
        _WIFI[:-1] + b', "ntp": "10.0.0"}',
        _WIFI[:-1] + b', "ntp": 1}',
        _WIFI[:-1],
        b'{"ssid": "house"}',
        b'{"ssid": "house", "key": 12345678}',
        b'{"ssid": "house", "key": "1"}',
        b'{"ssid": "house", "key": "12345678", "phy": "LAN8720"}',
        b'{"phy": "LAN8720"}',
        b'{"phy": "LAN8720", "pins": []}',
        b'{"phy": "LAN8720", "pins": {"MDC": "23"}}',
        b'{"phy": "LAN8720", "pins": %s, "phy_address": "1"}' % pins,
        b'{"phy": 1, "pins": %s}' % pins,
        _WIFI + b" " * 512,
    ):
        assert raises(InvalidInput, lan.from_json, raw, None)
