"""Banks of the field VM: memory in which the machine code works on secrets, and what wipes it.

Numbers are 32 bytes in cells, little-endian. A bank is a bytearray of its driver's; nothing copies
a secret out of it, and `wipe` belongs in a ``finally``.
"""

from micropython import const

_PIECE = const(128)  # bytes: of free memory there is more than in one piece

# The largest memory of an operation that is over, for the next one: after some hours of service a
# board's free memory is in small pieces, and none of them has the 3 KB that a verification takes,
# or the half of one for a shared secret.
_kept = []


def put(bank, offset, number):
    """32 bytes, little-endian, into a cell. Raises ValueError for any other length."""
    # No copy in between, which nobody would wipe. And not bank[offset : offset + 32] = number: for
    # that MicroPython moves all that comes after it in the bank, to where it is already.
    memoryview(bank)[offset : offset + 32][:] = number


def put_clamped(bank, offset, private):
    """A private key of X25519 as a scalar."""
    put(bank, offset, private)
    clamp(bank, offset)


def clamp(bank, offset):
    """Make a cell a multiple of 8 with bit 254 on top, RFC 7748 section 5, RFC 8032 5.1.5."""
    bank[offset] &= 248
    bank[offset + 31] = bank[offset + 31] & 127 | 64


def take(bank, offset):
    """The 32 bytes of a cell."""
    return bytes(memoryview(bank)[offset : offset + 32])


def run_loop(run, program, bank, table, loop, count, in_a_step):
    """Steps: ``program``, which ends when word 0 of its loop cell is 0, ``count`` times in all.

    ``in_a_step``, at most 255, is how many of them there are between two yields.
    """
    while count:
        bank[loop] = times = min(count, in_a_step)
        run(program, bank, table)
        count -= times
        yield


def borrow(size: int):
    """A memoryview of ``size`` bytes or more, whatever is in them, until ``give_back``."""
    if _kept and len(_kept[0]) >= size:
        return _kept.pop()
    return memoryview(bytearray(size))


def give_back(memory):
    """Keep ``memory``, in which is nothing secret any more, for who borrows next."""
    if not _kept:
        _kept.append(memory)
    elif len(_kept[0]) < len(memory):
        _kept[0] = memory


def wipe(bank):
    """Zeros over all of it; what the bank held is gone even where there is no memory left."""
    try:
        zeros = bytearray(_PIECE)  # bytes(n) costs twice as much
        view = memoryview(bank)
        for at in range(0, len(bank), _PIECE):
            piece = view[at : at + _PIECE]
            piece[:] = zeros if len(piece) == _PIECE else bytearray(len(piece))
    except MemoryError:
        for index in range(len(bank)):
            bank[index] = 0


def encoded_point(run, programs, bank, program):
    """The 32 bytes of the point of curve 25519 in ``bank``; ``program`` is room for one.

    ``run`` is field25519's.
    """
    program[: len(programs.ENCODE)] = programs.ENCODE
    run(program, bank, programs.TABLE)
    encoded = bytearray(bank[programs.Y : programs.Y + 32])
    encoded[31] |= (bank[programs.X] & 1) << 7
    return bytes(encoded)
