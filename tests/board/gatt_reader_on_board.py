"""Runs on the board: the reader role as it is, and its phones come over GATT, on the real aioble.

The radio is on the other side of the serial line (tests/support/radio/qemu), and so is the host,
that says ``figures`` and ``stop``. Lines to it that begin with ``=`` are figures of the heap,
``!stopped`` is the last.
"""

import asyncio
import gc
import json

import radio_pipe
import reader_on_board

from holdfast.access import advert
from holdfast.hal.esp32.ble import Ble
from holdfast.link.gatt.radio import Radio
from holdfast.link.limits import Limits


def serve(now, looks_at_heap=False):
    """Serve phones until told to stop."""
    meter = reader_on_board.Meter(looks_at_heap)
    if looks_at_heap:
        from crypto import backend

        meter.watch(backend.chosen, ("aes_ccm_encrypt", "aes_ccm_decrypt"))
    reader = reader_on_board.make_reader(now, Limits(connections=Ble.CONNECTIONS - 1))
    asyncio.run(_serve(reader, meter))


async def _serve(reader, meter):
    settings, hardware = reader.settings, reader.hardware
    said = advert.encode(settings.site, settings.node, [settings.doors[0][0]], False)
    radio = Radio(Ble("Holdfast"), hardware.ticks, reader.limits, lambda: said, hardware.console)
    stopped = asyncio.Event()

    def figures():
        gc.collect()
        print("=" + json.dumps((gc.mem_alloc(), meter.live)))
        meter.reset()

    radio_pipe.commands[b"figures"] = figures
    radio_pipe.commands[b"stop"] = stopped.set
    running = asyncio.create_task(reader.run())
    serving = asyncio.create_task(radio.run(lambda link: meter.counted(reader.connected(link))))
    await asyncio.sleep_ms(0)  # a key is made ahead now
    gc.collect()
    gc.threshold(-1)
    print('{"event": "ready", "heap": %d}' % gc.mem_alloc())
    await stopped.wait()
    serving.cancel()
    running.cancel()
    print("!stopped")
