"""Ed25519's verification under one key that is known before: a site's, for all phones' tokens.

:mod:`crypto.assembly.programs.ed25519_known`. The key's points take 768 bytes of heap.
"""

from micropython import const

from . import ed25519
from . import programs_ed25519_base as base
from . import programs_ed25519_known as programs
from . import programs_ed25519_verify as verify
from .bank import borrow, give_back, run_loop
from .field25519 import run

_ROWS = const(11)  # of 32, in a step: 310,000 instructions, 320,000 at most


def prepare_steps(public):
    """Know ``public``, 32 bytes, and no other key any more; one that is no point is not known."""
    known = ed25519.known
    if known and known[0] == public:
        return
    memory = borrow(verify.BANK + verify.LONGEST)
    try:
        bank = memory[: verify.BANK]
        program = memory[verify.BANK :]
        # DECODE makes digits of these, which nobody reads here.
        if not (yield from ed25519.decode_steps(bank, program, public)):
            return
        program[: len(programs.COLUMN)] = programs.COLUMN
        for _ in range(programs.COLUMNS):
            run(program, bank, b"")
            yield
        points = bytes(bank[programs.TABLE_A : programs.TABLE_A + programs.POINTS])
        known[:] = bytes(public), points, _combine_steps
    finally:
        give_back(memory)


def _combine_steps(bank, program, points):
    """S B - k A in ``bank``, for the key that ``points`` are of."""
    bank[programs.TABLE_A : programs.TABLE_A + programs.POINTS][:] = points
    program[: len(programs.BEGIN)] = programs.BEGIN
    run(program, bank, verify.TABLE)
    yield
    program[: len(programs.ROWS)] = programs.ROWS
    rows = programs.ROW_COUNT
    yield from run_loop(run, program, bank, base.TABLE, verify.LOOP, rows, _ROWS)
