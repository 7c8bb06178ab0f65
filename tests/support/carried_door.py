"""A door whose strike hangs on a controller inside, and a carrier on the wall outside it.

MicroPython and CPython. What lies between the two loses, doubles and delays as it is told.
"""

import asyncio

import cbor
import crypto
import small_site as site
from coap import datagram
from harness import new_folder
from holdfast.access import credential as labels
from holdfast.access.carry import CARD as CARRY_CARD
from holdfast.access.request import CARD, PIN
from holdfast.access.tag import card_key
from holdfast.link.origin import Origin
from holdfast.link.partner import NoAnswer
from holdfast.roles.carrier import Carrier
from holdfast.storage import settings
from memory_phone import Hardware, make_reader

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
    if raw is not None:
        node.apply(raw)
    return node


class LitHardware(Hardware):
    """Hardware that remembers its light."""

    count = 0

    def __init__(self, time=None):
        super().__init__()
        self.lights = []
        self.beeps = 0
        # Else two starts would draw the same.
        LitHardware.count += 1
        self.random_counter = 10000 * LitHardware.count
        if time is not None:
            self.ticks = time

    def elapsed(self):
        """By ``pass_time`` alone: how long anything computes is nothing here."""
        return self._passed_ms

    def show(self, colour, effect):
        self.lights.append((colour, effect))

    def beep(self, count):
        self.beeps += count


def _none(number):
    return 1, True


class Wire:
    """From the carrier to the controller; each message becomes a datagram and is read again.

    ``change(number)`` says what becomes of a request: how often it arrives, and whether
    its answer does.
    """

    def __init__(self, to):
        self.to = to
        self.count = 0
        self.change = _none
        self.is_cut = False
        self.origin = Origin(1, False, True)
        self.hardware = []  # of carriers, for which time goes on by each message

    async def send(self, request):
        request.token = b"\1\2\3\4"
        for hardware in self.hardware:
            hardware._passed_ms += 20
        if self.is_cut:
            await asyncio.sleep(0)
            raise NoAnswer("nothing came")
        self.count += 1
        copies, is_answered = self.change(self.count)
        response = None
        for _ in range(copies):
            answer = await self.deliver(_copied(request))
            response = response or answer
        if response is None or not is_answered:
            raise NoAnswer("nothing came")
        return response

    def ping(self, answered):
        """As of node.whereabouts.Whereabouts, of a place that is known."""
        answered(not self.is_cut)

    def heard(self):
        """The same."""

    def not_heard(self):
        """The same."""

    async def deliver(self, request):
        response = await self.to.exchanger.respond(request, self.origin)
        self.to.exchanger.answered()
        return _copied(response)


def _copied(message):
    return datagram.decode(datagram.encode(message, datagram.CON, 1))[0]


def carrier_map(private=CARRIER_PRIVATE):
    """What is other in a carrier's settings than in a reader's."""
    scope = {2: CARRIER, 7: CARRIER_CTI, labels.ROLE: labels.ROLE_CARRIER}
    return {
        3: CARRIER,
        6: site.device_certificate(private, scope),
        10: None,
        13: crypto.x25519_public_key(private),
        15: "carries",
        16: site.NODE,
    }


def carrier_settings(changes=None):
    """Those of the carrier."""
    configured = carrier_map()
    configured.update(changes or {})
    return settings.decode(cbor.encode(site.settings_map(configured)))


def make_carrier(wire, directory=None, time=None):
    """The reader on the wall; its jobs are not run, so that each message is one of a test's."""
    hardware = LitHardware(time)
    made = Carrier(
        carrier_settings(),
        CARRIER_PRIVATE,
        hardware,
        directory or new_folder(),
        lambda: 0,
        lambda exchanger: wire,
    )
    made.start()
    wire.hardware.append(hardware)
    return made


class Wall:
    """A controller, a carrier and what lies between them."""

    def __init__(self, *more, time=None):
        self.folder, self.inner_folder = new_folder(), new_folder()
        self.time = time
        self.inside = make_controller(self.inner_folder, policy(*more), LitHardware(time))
        self.wire = Wire(self.inside)
        self.carrier = make_carrier(self.wire, self.folder, time)

    def restart_inside(self):
        """The controller loses its power, and comes back."""
        self.inside = self.wire.to = make_controller(
            self.inner_folder, None, LitHardware(self.time)
        )

    def restart_carrier(self):
        """The carrier loses its power, and comes back."""
        self.carrier = self.copy()

    def copy(self):
        """Another board with all that the carrier's flash holds."""
        return make_carrier(self.wire, self.folder, self.time)

    def card(self, number=CARD_NUMBER, carrier=None):
        """Hold a card to the reader that was away for long enough, and what is shown."""
        for visit in self.inside.card_reader._visits:
            visit[0] = None
        return self.say(CARRY_CARD, number, carrier=carrier)

    @property
    def hardware(self):
        return self.inside.hardware

    async def say(self, kind, *rest, carrier=None):
        """What the controller answers the carrier."""
        return await (carrier or self.carrier).handover.say(kind, rest, 60000)

    def reasons(self):
        """Of all decisions, so far."""
        return self.hardware.reasons()

    def events(self, kind):
        """The lines of this name on the controller's console."""
        return [line for line in self.hardware.lines if line["event"] == kind]
