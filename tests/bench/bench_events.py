"""How many events fit in 1 MB, and what recording one costs the flash. Prints JSON lines.

Ordinary unlocks at an ordinary door: a name of 5 to 16 characters, a trusted clock, a month of
uptime, and all that a decision is come to again by. 256 blocks of 4096 bytes, all of them
littlefs's, its own included.
"""

import json

from lossy_flash import formatted, mount

import crypto
import small_log as small
import small_site as site
from holdfast.access.events import event
from holdfast.storage.events.log import DEFAULT_CAPACITY, EventLog
from micropython import const

_BLOCKS = const(256)
_HOLDERS = ("alice", "bob.miller", "cleaning-service", "u-20431", "mallory.w")


def figure(name, value):
    print(json.dumps({"events." + name: value}))


def fields(n):
    said = small.unlock(n, _HOLDERS[n % len(_HOLDERS)])
    said["time"] = site.NOW + 97 * n
    said["uptime"] = 97 * n
    said["uncertainty"] = 4
    said["reason_code"] = 0 if n % 9 else 30
    said["cti"] = crypto.sha256(b"%d" % n)[:8]
    return said


def main():
    small.remember_agreements()
    flash = formatted(4096, _BLOCKS)
    mount(flash, "/flash")
    log = EventLog("/flash/events", small.AUDIT_PUBLIC, site.READER_PRIVATE, small.Randomness())
    recorded = total = 0
    flash.count_from_here()
    number = 0
    while not log.oldest:
        number = log.append(event.ACCESS, fields(recorded))
        recorded += 1
        if recorded == 1000:
            figure("append.bytes_programmed", flash.bytes_programmed // recorded)
            figure("append.erases_per_1000", flash.erases)
    # The last one made the log give up its oldest segment, and say so in the event before it.
    figure("capacity_1mb.count", number - 1)
    raw = log.after(number - 1000, 1 << 20)
    for one in raw:
        total += len(one)
    figure("record.bytes", total // len(raw))
    figure("given_up_at_once.count", log.oldest)
    small.acknowledge(log, *log.head)
    reopened = EventLog(
        "/flash/events", small.AUDIT_PUBLIC, site.READER_PRIVATE, small.Randomness()
    )
    assert reopened.fault == 0 and DEFAULT_CAPACITY < _BLOCKS * 4096


main()
