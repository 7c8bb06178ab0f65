"""How the board comes into a network: by Ethernet (LAN8720 and its like, W5500) or Wi-Fi."""

import asyncio

import network
from machine import SPI, Pin

from micropython import const
from untrusted import InvalidInput

from .. import json_object
from ..question import is_ipv4

_LOOK_S = const(2)
_AGAIN = const(15)  # looks without a network, after which it is asked for anew
_SPI_HZ = const(20000000)
MAX_FILE = const(512)  # bytes

# Chips beside the ESP32's own MAC, and one that brings its own.
_PHYS = ("LAN8710", "LAN8720", "RTL8201", "IP101", "DP83848", "KSZ8081")
_W5500 = "W5500"


class Lan:
    """One interface, kept up. ``run()`` is to be run for ever; a network that is not there, or
    goes away, disturbs nothing else and is told once, to ``tell(is_up)``.
    """

    def __init__(self, nic, join, tell):
        self._nic = nic
        self._join = join
        self._tell = tell
        self.is_up = False
        self.ntp = None  # the IPv4 address of a server that may be asked for the time, text

    @property
    def address(self):
        """The IPv4 address, text; None while there is none."""
        return self._nic.ifconfig()[0] if self.is_up else None

    @property
    def network(self):
        """Address and mask, such as ``192.168.1.20/255.255.255.0``; None while there are none."""
        return "%s/%s" % self._nic.ifconfig()[:2] if self.is_up else None

    def start(self):
        """Ask for the network; for a start, while there is memory for it. Raises OSError."""
        self._nic.active(True)
        self._join()

    async def run(self):
        """Look after it. Raises nothing that the interface raises."""
        looks = 0
        while True:
            try:
                is_up = self._nic.isconnected()
                looks = 0 if is_up else looks + 1
                if looks >= _AGAIN:
                    looks = 0
                    self.start()
            except OSError:
                is_up = False
            if is_up != self.is_up:
                self.is_up = is_up
                self._tell(is_up)
            await asyncio.sleep(_LOOK_S)


def from_json(raw: bytes, tell) -> Lan:
    """The Lan that the file ``raw``, of at most MAX_FILE bytes, names: ``{"ssid": ..., "key":
    ...}``, or ``{"phy": ..., "pins": {...}}``, perhaps with a ``phy_address``; either perhaps with
    ``ntp``, an IPv4 address. Raises InvalidInput and OSError.
    """
    said = json_object.parse(raw, MAX_FILE)
    if said is None:
        raise InvalidInput("lan.json: no JSON object of at most %d bytes" % MAX_FILE)
    server = said.pop("ntp", None)
    if server is not None and not is_ipv4(server):
        raise InvalidInput("lan.json: ntp is no IPv4 address, such as 192.168.1.1")
    made = _interface(said, tell)
    made.ntp = server
    return made


def _interface(said, tell):
    if set(said) == {"ssid", "key"} and _are(said.values(), str):
        return wifi(said["ssid"], said["key"], tell)
    phy_address = said.pop("phy_address", 0)
    pins = said.get("pins")
    if set(said) != {"phy", "pins"} or not isinstance(pins, dict):
        raise InvalidInput("lan.json: neither ssid and key nor phy and pins")
    if not _are([said["phy"]], str) or not _are(list(pins.values()) + [phy_address], int):
        raise InvalidInput("lan.json: a value of another type")
    return ethernet(said["phy"], pins, tell, phy_address)


def _are(values, kind):
    return all([type(value) is kind for value in values])


def wifi(ssid: str, key: str, tell) -> Lan:
    """Wi-Fi, WPA2 or WPA3: ``ssid`` of 1 to 32 bytes, ``key`` of 8 to 63. Raises InvalidInput."""
    if not 1 <= len(ssid.encode()) <= 32 or not 8 <= len(key.encode()) <= 63:
        raise InvalidInput("Wi-Fi: a name of 1 to 32 bytes and a key of 8 to 63")
    nic = network.WLAN(network.WLAN.IF_STA)

    def join():
        if not nic.isconnected():
            nic.disconnect()
            nic.connect(ssid, key)

    return Lan(nic, join, tell)


def ethernet(phy: str, pins: dict, tell, phy_address: int = 0) -> Lan:
    """Ethernet by the chip ``phy``, such as LAN8720, at ``pins``: GPIO numbers by name.

    ``MDC`` and ``MDIO``, ``CLK``, or ``CLK_OUT`` where the ESP32 gives the clock, and perhaps
    ``POWER``; of a W5500 ``SCK``, ``MOSI``, ``MISO``, ``CS`` and ``INT``. Raises InvalidInput for
    a chip that is unknown, to this image too, or lacks a pin; OSError.
    """
    try:
        if phy == _W5500:
            named = _by_spi(pins)
        elif phy in _PHYS:
            named = _by_rmii(pins)
        else:
            raise InvalidInput("Ethernet: %s is unknown" % phy[:16])
    except KeyError as error:
        raise InvalidInput("Ethernet: %s lacks a pin: %s" % (phy, error.args[0]))
    kind = getattr(network, "PHY_" + phy, None)
    if kind is None:
        raise InvalidInput("Ethernet: this image has no %s" % phy)
    # Which form of it the port has, its stubs do not say: ports/esp32/network_lan.c does.
    named.update(phy_type=kind, phy_addr=phy_address)
    return Lan(network.LAN(**named), _nothing, tell)


def _by_rmii(pins):
    named: dict = {"mdc": Pin(pins["MDC"]), "mdio": Pin(pins["MDIO"])}
    if "CLK_OUT" in pins:
        named["ref_clk"], named["ref_clk_mode"] = Pin(pins["CLK_OUT"]), Pin.OUT
    else:
        named["ref_clk"], named["ref_clk_mode"] = Pin(pins["CLK"]), Pin.IN
    if "POWER" in pins:
        named["power"] = Pin(pins["POWER"])
    return named


def _by_spi(pins):
    sck, mosi, miso = [Pin(pins[name]) for name in ("SCK", "MOSI", "MISO")]
    spi = SPI(1, baudrate=_SPI_HZ, sck=sck, mosi=mosi, miso=miso)
    return {"spi": spi, "cs": Pin(pins["CS"]), "int": Pin(pins["INT"])}


def _nothing():
    pass  # a cable that is there needs no wish
