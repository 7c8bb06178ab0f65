"""Runs on MicroPython's unix port: a whole reader whose phones come over GATT, on the real aioble.

gatt_reader.py STATE_DIR FIRST_MS: what `holdfast reader enroll` made of that folder, as for the
reader that listens on a socket, and how long a phone has until it has shown who it is. It prints
what it shows and decides, a JSON object a line.
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


def main(directory, first_ms):
    """Serve until the process is ended."""
    gc.threshold(_COLLECT_EVERY)
    hardware = unix_reader.Hardware(0, (), 0)
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
        Limits(connections=Ble.CONNECTIONS - 1, first_ms=first_ms),
        p256_private_key=p256_private_key,
    )
    reader.start()
    start.follow_policy(reader, directory + "/policy.cbor")
    asyncio.run(_serve(reader, hardware.console))


main(sys.argv[1], int(sys.argv[2]))
