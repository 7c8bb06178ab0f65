"""The reader's main.py, for whose ticks a second is a hundred: a phone that a busy machine keeps
waiting is not too slow for it.
"""

import sys

from holdfast.hal.unix import clock
from slow_ticks import SlowTicks

_SLOWNESS = 100

clock.Ticks = lambda: SlowTicks(_SLOWNESS)

import main

sys.exit(main.main())
