"""Runs on the board: the reader role as it is, and its phones come over GATT, on the real aioble.

The radio is on the other side of the serial line (tests/support/radio/qemu), and so is the host,
that says ``figures`` and ``stop``, and what comes by a LAN as to reader_on_board. Lines to it that
begin with ``=`` are figures of the heap, ``!stopped`` is the last.
"""

import asyncio
import gc
import json
from binascii import unhexlify

import radio_pipe
import reader_on_board

from holdfast.access import advert
from holdfast.hal.esp32.ble import Ble
from holdfast.link.gatt.radio import Radio
from holdfast.link.limits import Limits


def serve(now, looks_at_heap=False, lan=None):
    """Serve phones until told to stop; with its address in a ``lan`` among the nodes there."""
    meter = reader_on_board.Meter(looks_at_heap)
    if looks_at_heap:
        from crypto import backend

        meter.watch(backend.chosen, ("aes_ccm_encrypt", "aes_ccm_decrypt"))
    limits = reader_on_board.unhurried(Limits(connections=Ble.CONNECTIONS - 1))
    reader = reader_on_board.make_reader(now, limits)
    datagrams = None
    if lan is not None:
        from lan_on_board import join

        datagrams = join(reader, lan)
    asyncio.run(_serve(reader, meter, datagrams))


async def _serve(reader, meter, datagrams):
    settings, hardware = reader.settings, reader.hardware
    said = advert.encode(settings.site, settings.node, [settings.doors[0][0]], False)
    radio = Radio(Ble("Holdfast"), hardware.ticks, reader.limits, lambda: said, hardware.console)
    stopped = asyncio.Event()

    def figures(_):
        gc.collect()
        nodes = 0 if datagrams is None else len(reader.neighbours.peers.by_tag)
        print("=" + json.dumps((gc.mem_alloc(), meter.live, nodes)))
        meter.reset()

    def came(rest):
        host, port, piece = rest.split()
        datagrams.put((host.decode(), int(port)), unhexlify(piece))

    radio_pipe.commands[b"figures"] = figures
    radio_pipe.commands[b"stop"] = lambda _: stopped.set()
    radio_pipe.commands[b"lan"] = lambda piece: datagrams.put(None, unhexlify(piece))
    radio_pipe.commands[b"from"] = came
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
