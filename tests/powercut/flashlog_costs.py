"""What an append costs a flash: ``micropython tests/powercut/flashlog_costs.py``, lib on its path.

A log in segments as FlashLog writes it (open, write, close), the same with the file left open and
flushed, and one file for everything.
"""

from lossy_flash import formatted, mount, unmount

from flashlog import FlashLog, LogFull
from flashlog.segment import frame

COUNT = 2000
BLOCK = 4096


def _record(number):
    return b"%06d" % number + b"r" * (54 + number * 7 % 41)  # 60 to 100 bytes


def _print(name, flash, count):
    print(
        "%-42s %6.2f erases %7.0f bytes programmed %6.0f bytes read, an append; worst block %d"
        % (
            name,
            flash.erases / count,
            flash.bytes_programmed / count,
            flash.bytes_read / count,
            max(flash.wear),
        )
    )
    unmount("/flash")


def _fresh():
    flash = formatted(BLOCK, 256)
    mount(flash, "/flash")
    flash.count_from_here()
    flash.wear = [0] * flash.blocks
    return flash


def _with_segments(size, count):
    flash = _fresh()
    log = FlashLog("/flash/log", size, count)
    for number in range(COUNT):
        try:
            log.append(_record(number))
        except LogFull:
            log.drop_oldest()
            log.append(_record(number))
    _print("%d segments of %d, closed" % (count, size), flash, COUNT)


def _kept_open(size):
    flash = _fresh()
    file, offset = None, size
    for number in range(COUNT):
        data = frame(0, offset, number, _record(number))
        if offset + len(data) > size:
            if file:
                file.close()
            file, offset = open("/flash/%08x" % number, "wb"), 0
        file.write(data)
        file.flush()
        offset += len(data)
    file.close()
    _print("segments of %d, kept open and flushed" % size, flash, COUNT)


def _released():
    flash = _fresh()
    log = FlashLog("/flash/log", 32704, 4)
    for number in range(COUNT):
        log.append(_record(number))
        log.release(log.next)
    _print("each released at once", flash, COUNT)


def main():
    for size, count in ((1024, 64), (4088, 64), (8176, 32), (32704, 8), (BLOCK * 64 - 4096, 1)):
        _with_segments(size, count)
    for size in (4088, 32704):
        _kept_open(size)
    _released()


main()
