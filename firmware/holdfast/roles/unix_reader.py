"""The reader on the unix port: its hardware is played by the console and a socket."""

import asyncio
import gc

from untrusted import InvalidInput

from ..hal.unix import flash
from ..hal.unix.bench import Bench
from ..hal.unix.clock import Clock, LostClock, Ticks
from ..hal.unix.console import Console
from ..hal.unix.inputs import Input
from ..hal.unix.outputs import Buzzer, Led, Output
from ..hal.unix.radio import Radio
from ..hal.unix.rng import random_bytes
from ..storage.last_run import LastRun
from . import start, unix_options
from .doors import describe
from .reader import Reader

# Bytes allocated between collections. Arithmetic on large integers leaves megabytes of litter:
# swept up late, it scatters what lives over the whole heap and leaves no gap of any size. Each
# collection goes through the whole heap, so a larger one has fewer of them.
_COLLECT_EVERY = 131072
_COLLECTIONS = 16  # at least, until a heap is full


class Hardware:
    """What hal gives a reader on this platform; its clock is ``ahead``, None for one lost; it has
    the ``inputs`` of these names, and its door may be open for ``held_ms``, 0 for what is usual.
    """

    life: dict  # what is known of board and start, for /status

    def __init__(self, ahead, inputs, held_ms):
        self.held_ms = held_ms
        self.inputs = {name: Input() for name in inputs}
        self.console = Console()
        self.strike = Output(self.console, "strike")
        self.led = Led(self.console)
        self.buzzer = Buzzer(self.console)
        self.clock = LostClock() if ahead is None else Clock(ahead)
        self.ticks = Ticks()
        self.random_bytes = random_bytes


def main(arguments, must_be_controller: bool = False) -> int:
    """Run a reader whose state lies in a directory, or a controller where its certificate says
    that it is one; returns the process's exit code.
    """
    gc.threshold(min(_COLLECT_EVERY, (gc.mem_alloc() + gc.mem_free()) // _COLLECTIONS))
    wiegand = played = None
    try:
        directory, options = unix_options.parse(arguments)
        hardware = Hardware(options["clock"], options["inputs"], options["held"])
        console = hardware.console
        formats = options["wiegand"], options["panel"]
        if formats != (None, None):
            from ..hal.unix.wiegand import PlayedWiegand, ToldWiegand
            from .wiegand import Wiegand

            played = PlayedWiegand()
            wiegand = Wiegand(hardware, formats[0], played, formats[1], ToldWiegand(console))
    except InvalidInput as error:
        Console().line({"event": "usage", "reason": str(error)})
        return unix_options.EXIT_USAGE
    port = options["port"]
    images = []
    try:
        settings, private_key, p256_private_key = start.identity(
            directory,
            flash.MOUNT_POINT,
            random_bytes,
            hardware,
            lambda: images.append(flash.mount(directory + "/flash.img", console)),
        )
        make = Reader
        try:
            if start.is_controller(settings):
                from .unix_doors import controller as make
            elif must_be_controller:
                raise InvalidInput("its certificate is a reader's, and no controller's")
            reader = make(
                settings,
                private_key,
                hardware,
                flash.MOUNT_POINT,
                p256_private_key=p256_private_key,
                pause=wiegand and wiegand.pause,
            )
        except InvalidInput as error:
            raise start.refused(error)
    except start.NotReady as error:
        console.line(error.fields)
        return unix_options.EXITS[error.fields["event"]]
    (image,) = images
    if options["lan"] is not None:
        # Others can have the snapshot that it took, or was brought.
        from ..storage.policy.parts import ROOM

        reader.stores.snapshot_room = ROOM
        reader.stores.snapshot_brought = directory + "/policy.cbor"
    last_run = LastRun(directory + LastRun.FILE)
    hardware.life = last_run.told()
    last_run.begin()
    try:
        play = played.play if played is not None and formats[0] is not None else None
        bench = Bench(console, image, None, hardware.inputs, play)
        radio = Radio(port, options["chunk"])
        return _run(reader, last_run, directory, radio, bench, options, wiegand)
    except Exception as error:
        from ..node.traceback import place

        # What ends a run is what somebody asks first who finds the board started again.
        reader.fault("run", error)
        last_run.crash(type(error).__name__, place(error))
        raise


def _run(reader, last_run, directory, radio, bench, options, wiegand) -> int:
    console = reader.hardware.console
    reader.start()
    if wiegand is not None:
        wiegand.add(reader, reader.doors[reader.settings.doors[0][0]])
    start.follow_policy(reader, directory + "/policy.cbor")
    # Made now: an interrupt in the middle of a collection leaves no memory to be had.
    stopped = console.prepare({"event": "stopped"})
    try:
        description = describe(reader.settings)
        return asyncio.run(_serve(reader, radio, bench, description, console, options))
    except KeyboardInterrupt:
        console.write(stopped)
        last_run.end("stopped")
    finally:
        reader.close()
    return 0


async def _serve(reader, radio, bench, description, console, options) -> int:
    refusal = {"event": "port_refused", "port": options["port"]}
    try:
        radio.open()
        if options["lan"] is not None:
            port, address = options["lan"]
            refusal = {"event": "lan_refused", "port": port, "address": address}
            description["lan"] = _join(reader, port, address)
    except OSError as error:
        refusal["reason"] = str(error)
        console.line(refusal)
        return unix_options.EXIT_PORT
    description["port"] = options["port"]
    start.add_state(reader, description)
    console.line(description)
    reader.supervisor.add("radio", lambda: radio.run(reader.connected))
    reader.supervisor.add("cards", lambda: _cards(reader, bench))
    await reader.run()
    return 0


def _cards(reader, bench):
    """What plays the card readers; the first door's is where none is named."""

    def find(name):
        unit = reader.doors.get(name)
        return None if unit is None else (unit.card_reader.card, unit.card_reader.pin)

    first = reader.settings.doors[0][0] if reader.settings.doors else None
    card, pin = find(first) or (_no_card, _no_card)
    return bench.run(card, pin, find)


def _no_card(shown):
    pass  # there is no door


def _join(reader, port, address):
    """Be on the LAN at the ``address``; what is told of it. Raises OSError if that cannot be."""
    from ..hal.unix.udp import Udp
    from ..node.neighbours import GROUP, Neighbours

    udp = Udp(address, port, GROUP)
    neighbours = Neighbours(reader, udp)
    neighbours.snapshot = reader.stores.snapshot_number
    neighbours.start()
    return {"port": port, "address": address, "multicast": udp.to_all is not None}
