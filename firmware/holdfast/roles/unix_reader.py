"""The reader on the unix port: its hardware is played by the console and a socket."""

import asyncio
import gc

import crypto
from untrusted import InvalidInput

from ..hal.unix import flash
from ..hal.unix.bench import Bench
from ..hal.unix.clock import Clock, LostClock, Ticks
from ..hal.unix.console import Console
from ..hal.unix.outputs import Buzzer, Led, Output
from ..hal.unix.radio import MIN_CHUNK, Radio
from ..hal.unix.rng import random_bytes
from ..node import device_keys
from ..node.stores import Stores
from ..storage import let_go
from ..storage.keys import KeyStore
from ..storage.last_run import LastRun
from ..storage.policy import file as policy_file
from ..storage.settings import SettingsStore
from .reader import Reader, describe

EXIT_USAGE = 2
EXIT_UNPROVISIONED = 3
EXIT_SETTINGS = 4
EXIT_PORT = 5
EXIT_STORAGE = 6

_USAGE = "usage: main.py STATE_DIR --port 1..65535 [--chunk 20..1024] [--clock lost|SECONDS]"
_DEFAULT_CHUNK = 244
_MAX_CHUNK = 1024
# Bytes allocated between collections. Arithmetic on large integers leaves megabytes of litter:
# swept up late, it scatters what lives over the whole heap and leaves no gap of any size.
_COLLECT_EVERY = 32768


class Hardware:
    """What hal gives a reader on this platform; its clock is ``ahead``, None for one lost."""

    life: dict  # what is known of board and start, for /status

    def __init__(self, ahead):
        self.console = Console()
        self.strike = Output(self.console, "strike")
        self.led = Led(self.console)
        self.buzzer = Buzzer(self.console)
        self.clock = LostClock() if ahead is None else Clock(ahead)
        self.ticks = Ticks()
        self.random_bytes = random_bytes


def main(arguments) -> int:
    """Run a reader whose state lies in a directory; returns the process's exit code."""
    gc.threshold(_COLLECT_EVERY)
    options = _options(arguments)
    if options is None:
        Console().line({"event": "usage", "reason": _USAGE})
        return EXIT_USAGE
    directory, port, chunk, ahead = options
    hardware = Hardware(ahead)
    console = hardware.console
    try:
        _reset(directory, console)
    except OSError as error:
        console.line({"event": "storage_refused", "reason": str(error)})
        return EXIT_STORAGE

    def check(settings):
        device_keys.check(settings, private_key, _p256_key(keys, settings))

    def anchors(held):
        stores = Stores(flash.MOUNT_POINT, held, private_key, random_bytes, _ignore)
        return stores.rules.anchors

    try:
        keys = KeyStore(directory, random_bytes)
        private_key = keys.private_key()
        store = SettingsStore(directory, private_key, random_bytes)
        settings = store.load() or store.take(check=check)
        if settings is None:
            console.line(
                {
                    "event": "unprovisioned",
                    "public_key": crypto.x25519_public_key(private_key).hex(),
                    "p256_public_key": crypto.p256_public_key(keys.p256_private_key()).hex(),
                    "time": hardware.clock.seconds(),
                    "next": "put settings.cbor with a certificate for each key beside device.key",
                }
            )
            return EXIT_UNPROVISIONED
    except (InvalidInput, OSError) as error:
        console.line({"event": "settings_refused", "reason": str(error)})
        return EXIT_SETTINGS
    try:
        image = flash.mount(directory + "/flash.img", console)
    except OSError as error:
        console.line({"event": "storage_refused", "reason": str(error)})
        return EXIT_STORAGE
    try:
        settings = store.take(settings, anchors, check) or settings
        if settings.refused:
            told = {"event": "settings_refused", "reason": settings.refused}
            told["in_force"] = settings.number
            console.line(told)
        reader = Reader(
            settings,
            private_key,
            hardware,
            flash.MOUNT_POINT,
            p256_private_key=_p256_key(keys, settings),
        )
    except (InvalidInput, OSError) as error:
        console.line({"event": "settings_refused", "reason": str(error)})
        return EXIT_SETTINGS
    last_run = LastRun(directory + LastRun.FILE)
    hardware.life = last_run.told()
    last_run.begin()
    try:
        return _run(reader, last_run, directory, Radio(port, chunk), Bench(console, image), port)
    except Exception as error:
        from ..node.traceback import place

        # What ends a run is what somebody asks first who finds the board started again.
        reader.fault("run", error)
        last_run.crash(type(error).__name__, place(error))
        raise


def _run(reader, last_run, directory, radio, bench, port) -> int:
    console = reader.hardware.console
    reader.start()
    _follow_policy(reader, directory + "/policy.cbor", console)
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


def _reset(directory, console):
    """Back to the factory, if somebody asked for it."""
    from ..storage import factory_reset

    try:
        if factory_reset.standing(directory) != factory_reset.NONE:
            flash.mount(directory + "/flash.img", console)
            try:
                done, events = factory_reset.carry_out(directory, flash.MOUNT_POINT)
            finally:
                flash.unmount()
            if done:
                console.line({"event": "reset", "events_given_up": events})
            else:
                told = {"event": "reset_refused", "events": events}
                told["reason"] = "%d events are not acknowledged" % events
                console.line(told)
    finally:
        let_go(factory_reset)


def _p256_key(keys, settings):
    return None if settings.p256_certificate is None else keys.p256_private_key()


def _ignore(piece, error):
    pass  # whoever is to hear of it opens the same again


def _follow_policy(reader, path, console):
    # A file that is no good changes nothing: the reader goes on with the policy that it has.
    try:
        policy_file.apply(path, reader.stores.policies(), reader.apply)
    except (InvalidInput, OSError) as error:
        console.line({"event": "policy_file_refused", "reason": str(error)})
    reader.keep_up()  # a snapshot goes past follow


async def _serve(reader, radio, bench, description, console, port) -> int:
    try:
        radio.open()
    except OSError as error:
        console.line({"event": "port_refused", "port": port, "reason": str(error)})
        return EXIT_PORT
    description["port"] = port
    rules = reader.stores.rules
    description["policy"] = [rules.number, rules.head.hex()]
    clock = reader.timekeeper.read()
    description["time"], description["clock"] = clock.now, clock.source
    console.line(description)
    card_reader = reader.card_reader
    reader.supervisor.add("radio", lambda: radio.run(reader.connected))
    reader.supervisor.add("cards", lambda: bench.run(card_reader.card, card_reader.pin))
    await reader.run()
    return 0


def _options(arguments):
    """(directory, port, chunk size, clock ahead or None), or None if they are not understood."""
    if len(arguments) < 3 or len(arguments) % 2 == 0:
        return None
    given = {}
    for place in range(1, len(arguments), 2):
        name = arguments[place]
        if name not in ("--port", "--chunk", "--clock") or name in given:
            return None
        given[name] = arguments[place + 1]
    try:
        port = int(given.get("--port", ""))
        chunk = int(given.get("--chunk", _DEFAULT_CHUNK))
        clock = given.get("--clock", "0")
        ahead = None if clock == "lost" else int(clock)
    except ValueError:
        return None
    if not 0 < port < 65536 or not MIN_CHUNK <= chunk <= _MAX_CHUNK:
        return None
    return arguments[0], port, chunk, ahead
