"""What the site's rules cost at their bounds: RAM, on the machine that runs this. Prints JSON.

256 doors, 32 zones of all of them, 32 schedules with 192 intervals, 96 holidays, 256 revocations,
32 doors unlocked by schedule, 32 carriers, everything locked down one by one; and eight doors'
views of them. Names of doors are the settings', and code is not counted.
"""

import gc
import json

import full_rules


def figure(name, value):
    print(json.dumps({"rules." + name: value}))


def in_use():
    _overwrite(24)  # what the stack still points at by chance counts as used
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def _overwrite(depth):
    return depth and _overwrite(depth - 1)


def main():
    names = [full_rules.name(31 * number) for number in range(8)]
    # The first round loads what stays loaded. Nothing is let go in between: what the stack still
    # pointed at by chance would make the next round look smaller.
    kept = []
    alone = together = 0
    for _ in range(2):
        before = in_use()
        kept.append(full_rules.rules())
        alone = in_use() - before
        kept.append(full_rules.views(kept[-1], names))
        together = in_use() - before
    figure("ram_without_views_bytes", alone)
    figure("ram_bytes", together)


main()
