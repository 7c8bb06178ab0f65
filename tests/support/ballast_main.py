"""The reader's main.py on a heap of which, once it serves, so many KB are free as on a board.

BALLAST_KB_FREE says how many. What it is filled with fills the holes first, so that what is left
lies together, as the free memory of a board does after its start.
"""

import gc
import os
import sys

from holdfast.hal.unix import radio
from holdfast.roles import unix_reader

_PIECES = 16000

kept: list = [None] * _PIECES
genuine = radio.Radio.run


def fill():
    left = int(os.getenv("BALLAST_KB_FREE") or "48") * 1024
    gc.collect()
    count = max(0, min(_PIECES // 2, (gc.mem_free() - left) // 192))
    for number in range(count):
        kept[number] = bytearray(128)
    gc.collect()
    number = count
    while gc.mem_free() > left and number < _PIECES:
        kept[number] = bytearray(64)
        number += 1
    print('{"event": "ballast", "free": %d}' % gc.mem_free())


async def run(self, connected):
    if kept[0] is None:
        # What is loaded when it is wanted is there: the measure is the heap, not the loader.
        for name in ("cards", "policy.draft", "policy.changeset", "events.batch"):
            __import__("holdfast.access." + name)
        for name in ("resources.find", "door.card_reader", "access.attempts", "node.traceback"):
            __import__("holdfast." + name)
        fill()
    await genuine(self, connected)


radio.Radio.run = run
unix_reader._COLLECT_EVERY = 32768  # for the little that is free here
sys.exit(unix_reader.main(sys.argv[1:]))
