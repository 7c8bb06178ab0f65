"""The reader on the unix port: its hardware is played by the console and a socket."""

import asyncio
import gc

import crypto
from untrusted import InvalidInput

from ..hal.unix.clock import Clock, Ticks
from ..hal.unix.console import Console
from ..hal.unix.outputs import Buzzer, Led, Output
from ..hal.unix.radio import MIN_CHUNK, Radio
from ..hal.unix.rng import random_bytes
from ..storage import settings as stored_settings
from ..storage.key_store import KeyStore
from .reader import Reader, describe

EXIT_USAGE = 2
EXIT_UNPROVISIONED = 3
EXIT_SETTINGS = 4
EXIT_PORT = 5

_USAGE = "usage: main.py STATE_DIR --port 1..65535 [--chunk 20..1024]"
_DEFAULT_CHUNK = 244
_MAX_CHUNK = 1024
# Bytes allocated between collections. Arithmetic on large integers leaves megabytes of litter:
# swept up late, it scatters what lives over the whole heap and leaves no gap of any size.
_COLLECT_EVERY = 32768


class Hardware:
    """What hal gives a reader on this platform."""

    def __init__(self):
        self.console = Console()
        self.strike = Output(self.console, "strike")
        self.led = Led(self.console)
        self.buzzer = Buzzer(self.console)
        self.clock = Clock()
        self.ticks = Ticks()
        self.random_bytes = random_bytes


def main(arguments) -> int:
    """Run a reader whose state lies in a directory; returns the process's exit code."""
    gc.threshold(_COLLECT_EVERY)
    hardware = Hardware()
    console = hardware.console
    options = _options(arguments)
    if options is None:
        console.line({"event": "usage", "reason": _USAGE})
        return EXIT_USAGE
    directory, port, chunk = options
    try:
        private_key = KeyStore(directory, random_bytes).private_key()
        settings = stored_settings.load(directory)
        if settings is None:
            console.line(
                {
                    "event": "unprovisioned",
                    "public_key": crypto.x25519_public_key(private_key).hex(),
                    "next": "put settings.cbor with a certificate for this key beside device.key",
                }
            )
            return EXIT_UNPROVISIONED
        reader = Reader(settings, private_key, hardware)
    except (InvalidInput, OSError) as error:
        console.line({"event": "settings_refused", "reason": str(error)})
        return EXIT_SETTINGS
    # Made now: an interrupt in the middle of a collection leaves no memory to be had.
    stopped = console.prepare({"event": "stopped"})
    try:
        return asyncio.run(_serve(reader, Radio(port, chunk), describe(settings), console, port))
    except KeyboardInterrupt:
        console.write(stopped)
    finally:
        reader.door.close()
    return 0


async def _serve(reader, radio, description, console, port) -> int:
    try:
        await radio.start(reader.connected)
    except OSError as error:
        console.line({"event": "port_refused", "port": port, "reason": str(error)})
        return EXIT_PORT
    description["port"] = port
    console.line(description)
    await reader.run()
    return 0


def _options(arguments):
    """(directory, port, chunk size), or None if the command line is not understood."""
    if len(arguments) not in (3, 5) or arguments[1] != "--port":
        return None
    try:
        port = int(arguments[2])
        chunk = int(arguments[4]) if len(arguments) == 5 else _DEFAULT_CHUNK
    except ValueError:
        return None
    if len(arguments) == 5 and arguments[3] != "--chunk":
        return None
    if not 0 < port < 65536 or not MIN_CHUNK <= chunk <= _MAX_CHUNK:
        return None
    return arguments[0], port, chunk
