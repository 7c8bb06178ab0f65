"""What every node that carries does at its start, whatever its platform."""

import crypto
from untrusted import InvalidInput

from ..link.partner import NoAnswer
from ..node.uptime import Uptime
from ..node.whereabouts import Whereabouts
from . import identity as identities
from .carrier import Carrier

_TAMPER = "tamper"
_PLACE = 16  # hexadecimal digits


def identity(home: str, random_bytes, hardware, mount) -> tuple:
    """``(Settings, X25519 key)`` as of ``roles.identity``, for who carries. Raises NotReady."""
    return identities.load(home, random_bytes, hardware, mount, _anchors, _suits)[:2]


def make(settings, private_key: bytes, hardware, state: str, socket, **more) -> Carrier:
    """The Carrier whom ``settings`` name, with its jobs on the LAN of ``socket`` (hal.*.udp.Udp),
    which is None without one; what it remembers lies in the directory ``state``. Raises NotReady.
    """
    uptime = Uptime(hardware.ticks)
    ways = []

    def make_way(exchanger):
        if socket is None:
            return NoLan()
        ways.append(Whereabouts(socket, hardware, settings, exchanger, uptime.ms))
        return ways[0]

    # Named as any node's place, so that a factory reset finds it.
    place = state + "/" + crypto.sha256(settings.place).hex()[:_PLACE]
    try:
        carrier = Carrier(
            settings, private_key, hardware, place, uptime.seconds, make_way, **more
        )
    except InvalidInput as error:
        raise identities.refused(error)
    if ways:
        lan = ways[0].lan
        lan.failed = carrier.fault
        for receiver in socket.receivers:
            carrier.supervisor.add("lan", lambda receiver=receiver: lan.run(receiver))
        carrier.supervisor.add("lan time", lan.keep_time)
    return carrier


def watch(carrier, inputs: dict):
    """Tell its controller when somebody opens the carrier's case, where ``inputs`` has a contact
    that this breaks.
    """
    contact = inputs.get(_TAMPER)
    if contact is None:
        return

    def changed():
        carrier.tamper(contact.read())

    contact.watch(changed)
    changed()


def describe(settings) -> dict:
    """What a carrier says of itself once it serves."""
    return {
        "event": "ready",
        "site": settings.site,
        "node": settings.node,
        "settings": settings.number,
        "doors": [],
        "carries_to": settings.controller,
    }


class NoLan:
    """The way to a controller for a carrier that is on no LAN: it says so to whoever comes."""

    async def send(self, request):
        """Nobody is there."""
        raise NoAnswer("there is no LAN")

    def ping(self, answered):
        """Nobody answers."""

    def heard(self):
        """Nobody was."""

    def not_heard(self):
        """As before."""


def _anchors(held, private_key):
    # It has no policy that could name others: they come with settings.
    return held.authority_keys


def _suits(settings):
    if not settings.carries:
        raise InvalidInput("settings: of a device that decides, and this one carries")
