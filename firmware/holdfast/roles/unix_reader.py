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
from .reader import Reader, describe

EXIT_USAGE = 2
EXIT_UNPROVISIONED = 3
EXIT_SETTINGS = 4
EXIT_PORT = 5
EXIT_STORAGE = 6
_EXITS = {
    "unprovisioned": EXIT_UNPROVISIONED,
    "settings_refused": EXIT_SETTINGS,
    "storage_refused": EXIT_STORAGE,
}

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


def main(arguments) -> int:
    """Run a reader whose state lies in a directory; returns the process's exit code."""
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
        return EXIT_USAGE
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
        try:
            reader = Reader(
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
        return _EXITS[error.fields["event"]]
    (image,) = images
    last_run = LastRun(directory + LastRun.FILE)
    hardware.life = last_run.told()
    last_run.begin()
    try:
        play = played.play if played is not None and formats[0] is not None else None
        bench = Bench(console, image, None, hardware.inputs, play)
        radio = Radio(port, options["chunk"])
        return _run(reader, last_run, directory, radio, bench, port, wiegand)
    except Exception as error:
        from ..node.traceback import place

        # What ends a run is what somebody asks first who finds the board started again.
        reader.fault("run", error)
        last_run.crash(type(error).__name__, place(error))
        raise


def _run(reader, last_run, directory, radio, bench, port, wiegand) -> int:
    console = reader.hardware.console
    reader.start()
    if wiegand is not None:
        wiegand.add(reader, reader.doors[reader.settings.doors[0][0]])
    start.follow_policy(reader, directory + "/policy.cbor")
    # Made now: an interrupt in the middle of a collection leaves no memory to be had.
    stopped = console.prepare({"event": "stopped"})
    try:
        return asyncio.run(_serve(reader, radio, bench, describe(reader.settings), console, port))
    except KeyboardInterrupt:
        console.write(stopped)
        last_run.end("stopped")
    finally:
        reader.door.close()
    return 0


async def _serve(reader, radio, bench, description, console, port) -> int:
    try:
        radio.open()
    except OSError as error:
        console.line({"event": "port_refused", "port": port, "reason": str(error)})
        return EXIT_PORT
    description["port"] = port
    start.add_state(reader, description)
    console.line(description)
    card_reader = reader.card_reader
    reader.supervisor.add("radio", lambda: radio.run(reader.connected))
    reader.supervisor.add("cards", lambda: bench.run(card_reader.card, card_reader.pin))
    await reader.run()
    return 0
