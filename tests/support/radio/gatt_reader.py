"""Runs on MicroPython's unix port: a whole reader whose phones come over GATT, on the real aioble.

gatt_reader.py STATE_DIR: what `holdfast reader enroll` made of that folder, as for the reader that
listens on a socket. It prints what it shows and decides, a JSON object a line.
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
from holdfast.roles import unix_reader
from holdfast.roles.reader import Reader, describe
from holdfast.storage import settings as stored_settings
from holdfast.storage.keys import KeyStore
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


def main(directory):
    """Serve until the process is ended."""
    gc.threshold(_COLLECT_EVERY)
    hardware = unix_reader.Hardware(0)
    keys = KeyStore(directory, random_bytes)
    flash.mount(directory + "/flash.img", hardware.console)
    reader = Reader(
        stored_settings.load(directory),
        keys.private_key(),
        hardware,
        flash.MOUNT_POINT,
        Limits(connections=Ble.CONNECTIONS - 1),
        p256_private_key=keys.p256_private_key(),
    )
    reader.start()
    unix_reader._follow_policy(reader, directory + "/policy.cbor", hardware.console)
    asyncio.run(_serve(reader, hardware.console))


main(sys.argv[1])
