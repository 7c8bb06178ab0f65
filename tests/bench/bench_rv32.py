"""What a 32-bit board pays, counted on the one in qemu (boards/qemu_rv32). Prints JSON."""

INTERPRETERS = ("cpython",)

import json
import sys

from board import bench_lan, bench_rv32, bench_unlock
from board.qemu_board import missing

if missing():
    print(missing())
    sys.exit(77)
print(json.dumps({**bench_rv32.measure(), **bench_unlock.measure(), **bench_lan.measure()}))
