"""A door whose strike hangs on a controller inside, and a carrier on the wall outside it.

MicroPython and CPython. What lies between the two loses, doubles and delays as it is told.
"""

import asyncio

import cbor
import crypto
import small_site as site
from cose import CRV_X25519  # noqa: F401
from harness import new_folder
from holdfast.access import credential as labels
from holdfast.access.request import CARD, PIN
from holdfast.access.tag import card_key
from holdfast.link.limits import Limits
from holdfast.link.origin import Origin
from holdfast.link.partner import NoAnswer
from holdfast.node.carriers import Carriers
from holdfast.resources.carry import CarryResource
from holdfast.roles.carrier import Carrier
from holdfast.storage import settings
from memory_phone import Hardware, make_reader
from coap import datagram

CARRIER = "wall-1"
CARRIER_CTI = b"\x30\x31\x32\x33\x34\x35\x36\x37"
CARRIER_PRIVATE = b"\x44" * 32
CARD_NUMBER = b"\x04\xa1\xb2\xc3"
THE_PIN = "271828"
WAY_IN = 1

OTHER_DOOR = "vault"


def policy(*more):
    """The first changeset: the door, a card, a PIN, and the carrier of its outer side."""
    return site.changeset(
        [[1, 0, None]]
        + site.HERE
        + site.zone_key_operations()
        + [
            [12, 1, OTHER_DOOR],
            [5, 1, [[[1, site.DOOR], 1, None]]],
            [6, card_key(site.LOOKUP_KEY, CARD, CARD_NUMBER), 1, None],
            [6, card_key(site.LOOKUP_KEY, PIN, THE_PIN.encode()), 1, None],
            [17, CARRIER, 0, WAY_IN],
        ]
        + list(more)
    )


def make_controller(directory=None, raw=None, hardware=None):
    """The node inside, with its Carriers."""
    node = make_reader(hardware or LitHardware(), directory=directory, policy=False)
    node.carriers = Carriers(node, Limits())
    node.server.add(("carry",), CarryResource(node.carriers, node.may))
    if raw is not None:
        node.apply(raw)
    return node


class LitHardware(Hardware):
    """Hardware that remembers its light."""

    def __init__(self):
        super().__init__()
        self.lights = []
        self.beeps = 0

    def show(self, colour, effect):
        self.lights.append((colour, effect))

    def beep(self, count):
        self.beeps += count


class Wire:
    """From the carrier to the controller; each message becomes a datagram and is read again.

    ``change(number, request)`` says what becomes of a request: how often it arrives, and whether
    its answer does.
    """

    def __init__(self, to):
        self.to = to
        self.count = 0
        self.change = None
        self.is_cut = False
        self.origin = Origin(1, False, True)
        self.held = []

    async def send(self, request):
        request.token = b"\1\2\3\4"
        if self.is_cut:
            await asyncio.sleep(0)
            raise NoAnswer("nothing came")
        self.count += 1
        copies, is_answered = 1, True
        if self.change is not None:
            copies, is_answered = self.change(self.count)
        response = None
        for _ in range(copies):
            # A datagram that comes twice is dropped by the endpoint; here each comes whole, so that
            # what lies above must do without that.
            response = await self.deliver(_copied(request))
        if response is None or not is_answered:
            raise NoAnswer("nothing came")
        return response

    async def deliver(self, request):
        response = await self.to.exchanger.respond(request, self.origin)
        self.to.exchanger.answered()
        return _copied(response)


def _copied(message):
    return datagram.decode(datagram.encode(message, datagram.CON, 1))[0]


def carrier_settings(changes=None):
    """Those of the carrier."""
    scope = {2: CARRIER, 7: CARRIER_CTI, labels.ROLE: labels.ROLE_CARRIER}
    configured = {
        3: CARRIER,
        6: site.device_certificate(CARRIER_PRIVATE, scope),
        10: None,
        13: crypto.x25519_public_key(CARRIER_PRIVATE),
        15: "carries",
        16: site.NODE,
    }
    configured.update(changes or {})
    return settings.decode(cbor.encode(site.settings_map(configured)))


def make_carrier(wire, directory=None, hardware=None, private=CARRIER_PRIVATE, changes=None):
    """The reader on the wall; it runs in tasks of its own once ``Wall.begin`` was called."""
    hardware = hardware or LitHardware()
    made = Carrier(
        carrier_settings(changes),
        private,
        hardware,
        directory or new_folder(),
        lambda: hardware.elapsed() // 1000,
        lambda exchanger: wire.send,
    )
    made.start()
    return made


class Wall:
    """A controller, a carrier and what lies between them."""

    def __init__(self, *more, directory=None):
        self.inside = make_controller(directory, policy(*more))
        self.wire = Wire(self.inside)
        self.folder = new_folder()
        self.carrier = make_carrier(self.wire, self.folder)

    @property
    def hardware(self):
        return self.inside.hardware

    async def say(self, kind, *rest, carrier=None):
        """What the controller answers the carrier."""
        return await (carrier or self.carrier).handover.say(kind, rest, 1)

    def events(self, kind):
        """The lines of this name on the controller's console."""
        return [line for line in self.hardware.lines if line["event"] == kind]
