"""Fills a heap until so much of it is free as on a board. MicroPython only."""

import gc

_PIECES = 16000

kept: list = [None] * _PIECES


def leave(left: int) -> int:
    """Have ``left`` bytes free, or a little less; gives how many are. What the heap is filled with
    fills the holes first, so that what is left lies together, as the free memory of a board does
    after its start.
    """
    gc.collect()
    count = max(0, min(_PIECES // 2, (gc.mem_free() - left) // 192))
    for number in range(count):
        kept[number] = bytearray(128)
    gc.collect()
    number = count
    while gc.mem_free() > left and number < _PIECES:
        kept[number] = bytearray(64)
        number += 1
    return gc.mem_free()
