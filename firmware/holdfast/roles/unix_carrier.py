"""The carrier on the unix port, played by the console and a socket as the reader is:
``micropython -m holdfast.roles.unix_carrier DIR --port N --lan PORT[,ADDRESS]``.
"""

import asyncio
import gc
import sys

from untrusted import InvalidInput

from ..hal.unix import flash
from ..hal.unix.bench import Bench
from ..hal.unix.clock import Clock, Ticks
from ..hal.unix.console import Console
from ..hal.unix.inputs import Input
from ..hal.unix.outputs import Buzzer, Led
from ..hal.unix.radio import Radio
from ..hal.unix.rng import random_bytes
from ..storage.last_run import LastRun
from . import carrier_start, unix_options
from .identity import NotReady

_COLLECT_EVERY = 131072  # bytes allocated between collections, as a reader's
_TAMPER = "tamper"


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
        if options["ntp"] is not None:
            raise InvalidInput("a carrier asks nobody for the time: a controller does")
    except InvalidInput as error:
        Console().line({"event": "usage", "reason": str(error)})
        return unix_options.EXIT_USAGE
    hardware = Hardware(options["clock"], options["inputs"])
    images = []
    try:
        settings, private_key = carrier_start.identity(
            directory,
            random_bytes,
            hardware,
            lambda: images.append(flash.mount(directory + "/flash.img", hardware.console)),
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
        carrier = carrier_start.make(settings, private_key, hardware, flash.MOUNT_POINT, socket)
    except NotReady as error:
        hardware.console.line(error.fields)
        return unix_options.EXITS[error.fields["event"]]
    last_run = LastRun(directory + LastRun.FILE)
    last_run.begin()
    try:
        bench = Bench(hardware.console, images[0], None, hardware.inputs)
        return _run(carrier, radio, bench, options, socket, last_run)
    except Exception as error:
        from ..node.traceback import place

        carrier.fault("run", error)
        last_run.crash(type(error).__name__, place(error))
        raise


def _run(carrier, radio, bench, options, socket, last_run) -> int:
    console = carrier.hardware.console
    carrier.start()
    carrier.supervisor.add("radio", lambda: radio.run(carrier.connected))
    carrier.supervisor.add("cards", lambda: bench.run(carrier.card, carrier.pin))
    carrier_start.watch(carrier, carrier.hardware.inputs)
    stopped = console.prepare({"event": "stopped"})
    ready = carrier_start.describe(carrier.settings)
    ready["port"] = options["port"]
    ready["time"] = carrier.hardware.clock.seconds()
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


def _socket(port, address):
    from ..hal.unix.udp import Udp
    from ..lan.endpoint import GROUP

    return Udp(address, port, GROUP)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
