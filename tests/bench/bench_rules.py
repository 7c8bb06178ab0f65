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
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def sizes(names):
    """Bytes of the rules alone, and with views of the doors of these names."""
    before = in_use()
    rules = full_rules.rules()
    alone = in_use()
    views = full_rules.views(rules, names)
    return alone - before, in_use() - before, views


def main():
    names = [full_rules.name(31 * number) for number in range(8)]
    # The first round loads what stays loaded; and what of one is still found on the stack when
    # the next begins would make that look smaller than it is.
    rounds = [sizes(names)[:2] for _ in range(4)][1:]
    figure("ram_without_views_bytes", max([alone for alone, _ in rounds]))
    figure("ram_bytes", max([together for _, together in rounds]))


main()
