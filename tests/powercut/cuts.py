"""Cuts the power, or fails, at every write and erase of an operation, and checks what is left.

MicroPython only. A test gives three functions; ``root`` is where the flash is mounted:

``prepare(root)``            makes what is there before
``operation(root, acked)``   does the work and appends to ``acked`` what was acknowledged to it
``check(root, acked)``       opens what it finds, as a start does, and asserts that it is right

``acked.cuts`` says how many times the power went: at most so many things may be there that were
begun and not acknowledged. ``check`` may write as well, since its work is cut too; what it has
acknowledged it appends to ``acked``.

With HOLDFAST_TORTURE=1 every stride is 1 and each cut is followed by cuts at every point of the
recovery; without it, by one at a few of them.
"""

import gc
import os

from lossy_flash import formatted, mount, unmount

ROOT = "/flash"
TEARS = (0, 50, 99, 100)  # per cent of the last operation that are done
TORTURE = os.getenv("HOLDFAST_TORTURE") == "1"


class Acked(list):
    """What was acknowledged, and ``cuts``, how many times the power went."""

    def __init__(self, items=(), cuts=0):
        super().__init__(items)
        self.cuts = cuts


class _Bench:
    """A flash, prepared once, set back to an image before each run."""

    def __init__(self, prepare, block_size, blocks):
        self.flash = formatted(block_size, blocks)
        mount(self.flash, ROOT)
        try:
            prepare(ROOT)
        finally:
            unmount(ROOT)
        self.image = bytes(self.flash.content)

    def run(self, image, function, acked, failure=None):
        """Run ``function`` on ``image``, or on what is there if that is None.

        ``failure`` is a method of LossyFlash with its arguments; once it has struck, an OSError
        may end the run.
        """
        flash = self.flash
        if image is not None:
            flash.content[:] = image
        flash.restore()
        flash.count_from_here()
        if failure:
            getattr(flash, failure[0])(*failure[1:])
        try:
            mount(flash, ROOT)
        except OSError:
            if not flash.has_struck:
                raise
            return
        try:
            function(ROOT, acked)
        except OSError:
            if not flash.has_struck:
                raise
        finally:
            # Files left open are finalised at some later time; the device must be inert by then.
            struck = flash.has_struck
            flash.power_off()
            unmount(ROOT)
            gc.collect()
            flash.restore()
            flash.has_struck = struck


def every_cut(
    prepare,
    operation,
    check,
    tears=TEARS,
    stride=1,
    again=7,
    at_least=1,
    name="",
    block_size=4096,
    blocks=64,
):
    """Cut at every ``stride``-th operation, torn by each of ``tears``; return how many cuts.

    After every ``again``-th cut the recovery is cut as well, at one place, a different one each
    time; 0 for never. Fails if there were fewer than ``at_least`` cuts.
    """
    if TORTURE:
        stride, again = 1, again and 1
    bench = _Bench(prepare, block_size, blocks)
    acked = Acked()
    bench.run(bench.image, operation, acked)
    total = bench.flash.operations
    bench.run(None, check, acked)
    cuts = recoveries = 0
    for index, tear in enumerate(tears):
        # Each kind of tear begins elsewhere, so that together they meet more places.
        for at in range(1 + index % stride, total + 1, stride):
            acked = Acked()
            try:
                bench.run(bench.image, operation, acked, ("cut", at, tear))
                acked.cuts = int(bench.flash.has_struck)
                left = bytes(bench.flash.content)
                before = list(acked)
                bench.run(None, check, acked)
                writes = bench.flash.operations
                cuts += 1
                if again and cuts % again == 0 and writes:
                    points = range(1, writes + 1) if TORTURE else (1 + cuts // again % writes,)
                    for point in points:
                        acked = Acked(before, 1)
                        second = tears[(cuts + point) % len(tears)]
                        _recover(bench, left, check, acked, point, second)
                        recoveries += 1
            except Exception:
                print("%s: power cut in operation %d of %d, %d %% done" % (name, at, total, tear))
                raise
    print("%s: %d cuts in %d operations, %d in recovery" % (name, cuts, total, recoveries))
    if cuts + recoveries < at_least:
        raise AssertionError("only %d cuts" % (cuts + recoveries))
    return cuts + recoveries


def _recover(bench, left, check, acked, point, tear):
    try:
        bench.run(left, check, acked, ("cut", point, tear))
        acked.cuts = 1 + int(bench.flash.has_struck)
        bench.run(None, check, acked)
    except Exception:
        print("and again in operation %d of the recovery, %d %% done" % (point, tear))
        raise


def every_error(
    prepare,
    operation,
    check,
    stride=1,
    reads=False,
    at_least=1,
    name="",
    block_size=4096,
    blocks=64,
):
    """Let every ``stride``-th device operation fail, once and for ever; return how many times.

    ``operation`` may raise OSError. Then the fault ends, and ``check`` runs twice: on the file
    system as it is, and after a restart. ``acked.cuts`` is 1.

    ``reads``: reads fail too. Not every store can stand that: littlefs takes what a failed read
    left in its cache for what was read, until it reads another place, and may meanwhile find an
    older state of a directory or write to it.
    """
    stride = 1 if TORTURE else stride
    bench = _Bench(prepare, block_size, blocks)
    acked = Acked()
    bench.run(bench.image, operation, acked, ("fail", 0, False, reads))
    total = bench.flash.operations
    bench.run(None, check, acked)
    errors = 0

    def then_check(root, acked):
        try:
            operation(root, acked)
        except OSError:
            if not bench.flash.has_struck:
                raise
        bench.flash.restore()
        os.statvfs(root)  # reads other places, as every other user of the flash does
        check(root, acked)

    for for_ever in (False, True):
        # Once begins elsewhere than for ever, so that together they meet more places.
        for at in range(1 + for_ever * (stride // 2), total + 1, stride):
            acked = Acked((), 1)
            try:
                bench.run(bench.image, then_check, acked, ("fail", at, for_ever, reads))
                bench.run(None, check, acked)
            except Exception:
                kind = "for ever" if for_ever else "once"
                print("%s: error in operation %d of %d, %s" % (name, at, total, kind))
                raise
            errors += 1
    print("%s: %d errors in %d operations" % (name, errors, total))
    if errors < at_least:
        raise AssertionError("only %d errors" % errors)
    return errors
