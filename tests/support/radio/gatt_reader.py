"""Runs on MicroPython's unix port: a whole reader whose phones come over GATT, on the real aioble.

gatt_reader.py STATE_DIR [SLOWNESS]: what `holdfast reader enroll` made of that folder, as for the
reader that listens on a socket, and how many times slower than this machine's its ticks pass. It
prints what it shows and decides, a JSON object a line.
"""

import asyncio
import gc
import sys

from holdfast.access import advert
from holdfast.hal.esp32.ble import Ble
from holdfast.hal.unix import flash
from holdfast.hal.unix.rng import random_bytes
from holdfast.link.gatt.radio import Radio
from holdfast.link.limits import Limits
from holdfast.roles import start, unix_reader
from holdfast.roles.doors import describe
from holdfast.roles.reader import Reader
from micropython import const
from slow_ticks import SlowTicks

_COLLECT_EVERY = const(32768)


async def _serve(reader, console):
    settings, hardware = reader.settings, reader.hardware
    doors = [door for door, _ in settings.doors]

    def advertisement():
        return advert.encode(settings.site, settings.node, doors, False)

    radio = Radio(Ble("Holdfast"), hardware.ticks, reader.limits, advertisement, console)
    reader.supervisor.add("radio", lambda: radio.run(reader.connected))
    console.line(describe(settings))
    await reader.run()


def main(directory, slowness):
    """Serve until the process is ended."""
    gc.threshold(_COLLECT_EVERY)
    hardware = unix_reader.Hardware(0, (), 0)
    hardware.ticks = SlowTicks(slowness)
    settings, private_key, p256_private_key = start.identity(
        directory,
        flash.MOUNT_POINT,
        random_bytes,
        hardware,
        lambda: flash.mount(directory + "/flash.img", hardware.console),
    )
    reader = Reader(
        settings,
        private_key,
        hardware,
        flash.MOUNT_POINT,
        Limits(connections=Ble.CONNECTIONS - 1),
        p256_private_key=p256_private_key,
    )
    reader.start()
    start.follow_policy(reader, directory + "/policy.cbor")
    asyncio.run(_serve(reader, hardware.console))


main(sys.argv[1], int(sys.argv[2]) if sys.argv[2:] else 1)
