"""The reader on the unix port: its hardware is played by the console and a socket."""

import asyncio
import gc

from untrusted import InvalidInput

from ..access import status
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
    try:
        directory, options = unix_options.parse(arguments)
        hardware = Hardware(options["clock"], options["inputs"], options["held"])
        console = hardware.console
        _check_formats(options)
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
        make, more = Reader, {"p256_private_key": p256_private_key}
        try:
            wiegands = _wiegands(hardware, settings, options)
            if wiegands:
                more["pause"] = wiegands[0][1].pause
            if start.is_controller(settings):
                from .unix_doors import controller as make

                if options["ntp"] is not None:
                    more["ask_time"] = _hint(hardware, options["ntp"])
            elif must_be_controller:
                raise InvalidInput("its certificate is a reader's, and no controller's")
            elif options["ntp"] is not None:
                raise InvalidInput("--ntp is a controller's, and its certificate is a reader's")
            reader = make(settings, private_key, hardware, flash.MOUNT_POINT, **more)
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
    if settings.wiring != "decides":
        hardware.life[status.WIRING] = settings.wiring
    last_run.begin()
    try:
        bench = Bench(console, image, None, hardware.inputs)
        radio = Radio(port, options["chunk"])
        return _run(reader, last_run, directory, radio, bench, options, wiegands)
    except Exception as error:
        from ..node.traceback import place

        # What ends a run is what somebody asks first who finds the board started again.
        reader.fault("run", error)
        last_run.crash(type(error).__name__, place(error))
        raise


def _check_formats(options):
    """Raises InvalidInput for what is no format of Wiegand."""
    formats = [options[name] for name in ("wiegand", "panel") if options[name] is not None]
    if formats:
        from ..door.wiegand import Format

        for form in formats:
            Format(form)


def _wiegands(hardware, settings, options) -> list:
    """(door, Wiegand, what plays its reader or None) of each door, all of them with the same kind
    of reader and panel; nothing of it is loaded without either.
    """
    form, panel = options["wiegand"], options["panel"]
    if settings.wiring == "wiegand" and form is None:
        why = "by its settings a Wiegand reader is there: say which, with --wiegand FORMAT"
        hardware.console.line({"event": "wiegand_unheard", "reason": why})
    found = []
    if (form, panel) == (None, None):
        return found
    from ..hal.unix.wiegand import PlayedWiegand, ToldWiegand
    from .wiegand import Wiegand

    for door, _ in settings.doors:
        played = PlayedWiegand()
        lines = ToldWiegand(hardware.console, "" if len(settings.doors) == 1 else door)
        first = found[0][1] if found else None
        made = Wiegand(hardware, form, played, panel, lines, first)
        found.append((door, made, None if form is None else played.play))
    return found


def _hint(hardware, server):
    from ..hal.question import Question
    from ..lan.sntp import Sntp

    return Sntp(Question(*server), hardware.ticks, hardware.random_bytes).ask


def _run(reader, last_run, directory, radio, bench, options, wiegands) -> int:
    console = reader.hardware.console
    reader.start()
    for door, wiegand, _ in wiegands:
        wiegand.add(reader, reader.doors[door], "" if len(reader.doors) == 1 else door)
    start.follow_policy(reader, directory + "/policy.cbor")
    # Made now: an interrupt in the middle of a collection leaves no memory to be had.
    stopped = console.prepare({"event": "stopped"})
    try:
        description = describe(reader.settings)
        plays = {door: play for door, _, play in wiegands}
        return asyncio.run(_serve(reader, radio, bench, description, console, options, plays))
    except KeyboardInterrupt:
        console.write(stopped)
        last_run.end("stopped")
    finally:
        reader.close()
    return 0


async def _serve(reader, radio, bench, description, console, options, plays) -> int:
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
    reader.supervisor.add("cards", lambda: _cards(reader, bench, plays))
    await reader.run()
    return 0


def _cards(reader, bench, plays):
    """What plays the card readers; the first door's is where none is named."""

    def find(name):
        unit = reader.doors.get(name)
        if unit is None:
            return None
        return unit.card_reader.card, unit.card_reader.pin, plays.get(name)

    first = reader.settings.doors[0][0] if reader.settings.doors else None
    return bench.run(*(find(first) or (_no_card, _no_card, None)), doors=find)


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
