"""Machine code is taken out of .mpy files, and assembler functions become viper functions in them.

Promised: every function is found among all else that such a file may hold, nothing but its kind is
changed, and a file that is cut or no .mpy at all is refused. It could break by an object of a type
that our own modules do not have.
"""

import random
import subprocess

import pytest

from crypto.assembly import mpy_file
from xtensa.machines import mpy_cross
from xtensa.simulator import Machine


def compile_mpy(source: str) -> bytes:
    command = [mpy_cross(), "-march=xtensawin", "-s", "made.py", "-o", "-", "-"]
    return subprocess.run(command, input=source.encode(), stdout=-1, check=True).stdout


SOURCE = '''
from micropython import const
TEXT = ("text", b"bytes", 1.5, 12345678901234567890, None, True)
def plain(x):
    return [y + 1 for y in x]
@micropython.asm_xtensa
def first(a2, a3):
    muls(a2)
    movi(a4, 0x12345678)
    add_n(a2, a2, a4)
@micropython.viper
def between(x: int) -> int:
    return x * 3
@micropython.asm_xtensa
def second(a2):
    label(AGAIN)
    addi(a2, a2, -1)
    bnez(a2, AGAIN)
    movi_n(a2, 7)
'''.replace("    muls(a2)\n", "    data(3, 0x%06X)\n" % (0xA20000 | 2 << 12 | 2 << 8 | 3 << 4))


def test_functions_are_found_in_a_file_that_mpy_cross_made():
    """Assembly among bytecode, constants of all types, and viper; raw data; a literal; a loop."""
    data = compile_mpy(SOURCE)
    found = mpy_file.read(data)
    assert found.architecture == "xtensawin"
    assert [function.assembly for function in found.functions] == [True, False, True]
    rng = random.Random(1)
    first, second = Machine.from_mpy(data, 0), Machine.from_mpy(data, 2)
    for _ in range(100):
        a, b = rng.getrandbits(32), rng.getrandbits(32)
        assert first.call(a, b) == ((a * b >> 32) + 0x12345678) & 0xFFFFFFFF
    assert second.call(50) == 7


def test_assembly_becomes_viper_and_all_else_stays():
    data = compile_mpy(SOURCE)
    before, after = mpy_file.read(data), mpy_file.read(mpy_file.for_stock_images(data))
    assert [function.assembly for function in after.functions] == [False] * 3
    assert [f.code for f in after.functions] == [f.code for f in before.functions]
    assert len(mpy_file.for_stock_images(data)) == len(data) - 2 * len(b"\x02\x00")
    plain = compile_mpy("def f():\n    return 1\n")
    assert mpy_file.for_stock_images(plain) == plain


def test_a_file_that_is_cut_or_no_mpy_is_refused():
    whole = compile_mpy(SOURCE)
    for data in [whole[:n] for n in range(len(whole))] + [whole + b"\0", b"N" + whole[1:]]:
        with pytest.raises((ValueError, IndexError)):
            mpy_file.read(data)
