"""The carrier on the unix port, played by the console and a socket as the reader is:
``micropython -m holdfast.roles.unix_carrier DIR --port N --lan PORT[,ADDRESS]``.
"""

import asyncio
import gc
import sys

import crypto
from untrusted import InvalidInput

from ..hal.unix import flash
from ..hal.unix.bench import Bench
from ..hal.unix.clock import Clock, Ticks
from ..hal.unix.console import Console
from ..hal.unix.inputs import Input
from ..hal.unix.outputs import Buzzer, Led
from ..hal.unix.radio import Radio
from ..hal.unix.rng import random_bytes
from ..link.partner import NoAnswer
from ..node.uptime import Uptime
from ..node.whereabouts import Whereabouts
from ..storage.last_run import LastRun
from . import identity, unix_options
from .carrier import Carrier

_COLLECT_EVERY = 131072  # bytes allocated between collections, as a reader's
_TAMPER = "tamper"
_PLACE = 16  # hexadecimal digits


class Hardware:
    """What hal gives a carrier on this platform."""

    def __init__(self, ahead, inputs):
        self.inputs = {name: Input() for name in inputs}
        self.console = Console()
        self.led = Led(self.console)
        self.buzzer = Buzzer(self.console)
        self.clock = Clock(ahead or 0)
        self.ticks = Ticks()
        self.random_bytes = random_bytes


def main(arguments) -> int:
    """Run a carrier whose state lies in a directory; returns the process's exit code."""
    gc.threshold(_COLLECT_EVERY)
    try:
        directory, options = unix_options.parse(arguments)
        if [name for name in options["inputs"] if name != _TAMPER]:
            raise InvalidInput("a carrier has no input but tamper")
        if options["wiegand"] is not None or options["panel"] is not None:
            raise InvalidInput("a carrier has no Wiegand")
    except InvalidInput as error:
        Console().line({"event": "usage", "reason": str(error)})
        return unix_options.EXIT_USAGE
    hardware = Hardware(options["clock"], options["inputs"])
    images, ways = [], []
    try:
        settings, private_key, _ = identity.load(
            directory,
            random_bytes,
            hardware,
            lambda: images.append(flash.mount(directory + "/flash.img", hardware.console)),
            _anchors,
            _suits,
        )
        radio = Radio(options["port"], options["chunk"])
        refusal = {"event": "port_refused", "port": options["port"]}
        try:
            radio.open()
            socket = None
            if options["lan"] is not None:
                port, address = options["lan"]
                refusal = {"event": "lan_refused", "port": port, "address": address}
                socket = _socket(port, address)
        except OSError as error:
            refusal["reason"] = str(error)
            hardware.console.line(refusal)
            return unix_options.EXIT_PORT
        uptime = Uptime(hardware.ticks)

        def make_way(exchanger):
            if socket is None:
                return _NoLan()
            way = Whereabouts(socket, hardware, settings, exchanger, uptime.ms)
            ways.append((way, socket.receivers))
            return way

        try:
            # Named as any node's place, so that a factory reset finds it.
            place = flash.MOUNT_POINT + "/" + crypto.sha256(settings.place).hex()[:_PLACE]
            carrier = Carrier(settings, private_key, hardware, place, uptime.seconds, make_way)
        except InvalidInput as error:
            raise identity.refused(error)
    except identity.NotReady as error:
        hardware.console.line(error.fields)
        return unix_options.EXITS[error.fields["event"]]
    last_run = LastRun(directory + LastRun.FILE)
    last_run.begin()
    for way, receivers in ways:
        _join(carrier, way.lan, receivers)
    try:
        bench = Bench(hardware.console, images[0], None, hardware.inputs)
        return _run(carrier, radio, bench, options, socket, last_run)
    except Exception as error:
        from ..node.traceback import place

        carrier.fault("run", error)
        last_run.crash(type(error).__name__, place(error))
        raise


def _run(carrier, radio, bench, options, socket, last_run) -> int:
    console, settings = carrier.hardware.console, carrier.settings
    carrier.start()
    carrier.supervisor.add("radio", lambda: radio.run(carrier.connected))
    carrier.supervisor.add("cards", lambda: bench.run(carrier.card, carrier.pin))
    if _TAMPER in carrier.hardware.inputs:
        _watch(carrier, carrier.hardware.inputs[_TAMPER])
    stopped = console.prepare({"event": "stopped"})
    ready = {
        "event": "ready",
        "site": settings.site,
        "node": settings.node,
        "settings": settings.number,
        "doors": [],
        "carries_to": settings.controller,
        "port": options["port"],
        "time": carrier.hardware.clock.seconds(),
    }
    if socket is not None:
        port, address = options["lan"]
        multicast = socket.to_all is not None
        ready["lan"] = {"port": port, "address": address, "multicast": multicast}
    console.line(ready)
    try:
        asyncio.run(carrier.run())
    except KeyboardInterrupt:
        console.write(stopped)
        last_run.end("stopped")
    return 0


def _watch(carrier, contact):
    """``contact`` is what somebody who opens the carrier's case breaks."""

    def changed():
        carrier.tamper(contact.read())

    contact.watch(changed)
    changed()


class _NoLan:
    """The way to a controller for a carrier that is on no LAN: it says so to whoever comes."""

    async def send(self, request):
        raise NoAnswer("there is no LAN")

    def ping(self, answered):
        pass

    def heard(self):
        pass

    def not_heard(self):
        pass


def _join(carrier, lan, receivers):
    lan.failed = carrier.fault
    for receiver in receivers:
        carrier.supervisor.add("lan", lambda receiver=receiver: lan.run(receiver))
    carrier.supervisor.add("lan time", lan.keep_time)


def _socket(port, address):
    from ..hal.unix.udp import Udp
    from ..lan.endpoint import GROUP

    return Udp(address, port, GROUP)


def _anchors(held, private_key):
    # It has no policy that could name others: they come with settings.
    return held.authority_keys


def _suits(settings):
    if not settings.carries:
        raise InvalidInput("settings: of a device that decides, and this one carries")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
