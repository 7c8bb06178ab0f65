"""The reader's main.py on a heap of which, once it serves, so many KB are free as on a board.

BALLAST_KB_FREE says how many.
"""

import os
import sys

import ballast
from holdfast.hal.unix import radio
from holdfast.roles import unix_reader

genuine = radio.Radio.run


async def run(self, connected):
    if ballast.kept[0] is None:
        # What is loaded when it is wanted is there: the measure is the heap, not the loader.
        for name in ("cards", "policy.draft", "policy.changeset", "events.batch"):
            __import__("holdfast.access." + name)
        for name in ("resources.find", "door.card_reader", "access.attempts", "node.traceback"):
            __import__("holdfast." + name)
        free = ballast.leave(int(os.getenv("BALLAST_KB_FREE") or "48") * 1024)
        print('{"event": "ballast", "free": %d}' % free)
    await genuine(self, connected)


radio.Radio.run = run
unix_reader._COLLECT_EVERY = 32768  # for the little that is free here
sys.exit(unix_reader.main(sys.argv[1:]))
