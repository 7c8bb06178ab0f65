"""The simulator against a stranger: qemu's Xtensa, where a machine has it (Debian: qemu-user).

Promised: after the same random instructions on the same random registers and memory, every
register and every byte is the same. It could break by a wrong encoding, a sign, a shift by 32.
Nothing else needs qemu: test_simulator.py holds the same instructions against the manual.
"""

import os
import random
import shutil
import struct
import subprocess

import pytest

from xtensa.simulator import Machine

# A core of qemu's that has all the options that are compared here.
CORE = "dc233c"
# The data: sixteen registers, then memory to work on, then what the call needs.
MEMORY, MEMORY_BYTES, RETURN = 64, 64, 252
DATA_BYTES = 256
ROUNDS = 2000 if os.environ.get("HOLDFAST_TORTURE") == "1" else 40


def rrr(op2: int, op1: int, r: int, s: int, t: int) -> bytes:
    return (op2 << 20 | op1 << 16 | r << 12 | s << 8 | t << 4).to_bytes(3, "little")


def rri8(imm8: int, r: int, s: int, t: int, op0: int = 2) -> bytes:
    return (imm8 << 16 | r << 12 | s << 8 | t << 4 | op0).to_bytes(3, "little")


def narrow(op0: int, r: int, s: int, t: int) -> bytes:
    return (r << 12 | s << 8 | t << 4 | op0).to_bytes(2, "little")


def arithmetic(rng: random.Random, r: int, s: int, t: int) -> bytes:
    """One instruction on registers, of any kind that the simulator knows."""
    sixteen, bit = rng.randrange(16), rng.randrange(2)
    choices = [
        # and or xor, add addx* sub subx*, mull (no core of qemu has muluh and mulsh), min max minu
        # maxu, moveqz movnez movltz movgez
        rrr(rng.choice((1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15)), 0, r, s, t),
        rrr(8, 2, r, s, t),
        rrr(rng.choice((4, 5, 6, 7, 8, 9, 10, 11)), 3, r, s, t),
        rrr(6, 0, r, bit, t),  # neg, abs
        rrr(rng.choice((8, 12, 13)), 1, r, s, t),  # src, mul16u, mul16s
        rrr(4, 0, 2 * bit, s, 0),  # ssr, ssa8l
        # ssl and ssa8b, then sll and src. A shift by 32 is in the manual; qemu's srl and sra leave
        # the register as it was, so they come only behind an ssai.
        rrr(4, 0, 1 + 2 * bit, s, 0)
        + rrr(10, 1, r, s, 0)
        + rrr(8, 1, s, r, t)
        + rrr(4, 0, 4, sixteen, bit),
        rrr(4, 0, 14 + bit, s, r),  # nsa, nsau
        rrr(9 + 2 * bit, 1, r, 0, t),  # srl, sra
        rrr(10, 1, r, s, 0),  # sll
        rrr(bit, 1, r, s, max(sixteen, 1)),  # slli
        rrr(2 + bit, 1, r, sixteen, t),  # srai
        rrr(4, 1, r, sixteen, t),  # srli
        rrr(rng.randrange(16), 4 + bit, r, sixteen, t),  # extui
        rrr(2 + bit, 3, r, s, sixteen),  # sext, clamps
        rri8(rng.randrange(256), 12 + bit, s, t),  # addi, addmi
        rri8(rng.randrange(256), 10, sixteen, t),  # movi
        narrow(10, r, s, t),
        narrow(11, r, s, sixteen),
        narrow(12, sixteen, r, rng.randrange(8)),
        narrow(13, 0, s, r),
    ]
    return rng.choice(choices)


def memory(rng: random.Random, t: int) -> bytes:
    at = rng.randrange(MEMORY_BYTES)
    width, r = rng.choice(((0, 0), (0, 4), (1, 1), (1, 5), (1, 9), (2, 2), (2, 6)))
    return rri8((MEMORY + at) >> width, r, 1, t)


def skip(rng: random.Random, s: int, t: int) -> bytes:
    """A branch of any kind over one instruction, which adds to a register unless it is taken."""
    over = rri8(rng.randrange(256), 12, 3, 3)
    kind = rng.randrange(5)
    if kind == 0:
        return rri8(2, rng.randrange(16), s, t, 7) + over
    if kind == 1:
        return (2 << 12 | s << 8 | rng.randrange(4) << 6 | 0x16).to_bytes(3, "little") + over
    if kind == 2:
        return rri8(2, rng.randrange(16), s, rng.randrange(4) << 2 | 2, 6) + over
    if kind == 3:
        return rri8(2, rng.randrange(16), s, rng.choice((0b1011, 0b1111)), 6) + over
    return narrow(12, 1, s, rng.choice((8, 12))) + over


def program(rng: random.Random) -> bytes:
    """Registers from the data, 200 instructions, registers back. Only a1, the data's address, is
    neither read nor written: it differs."""
    code = b"".join(rri8(n, 2, 1, n) for n in range(16) if n != 1)
    for _ in range(200):
        r, s, t = (rng.choice((0, *range(2, 16))) for _ in range(3))
        kind = rng.random()
        if kind < 0.7:
            code += arithmetic(rng, r, s, t)
        elif kind < 0.85:
            code += memory(rng, r)
        else:
            code += skip(rng, s, t)
    # A narrow instruction may end the code at an odd place; neither side minds.
    return code + b"".join(rri8(n, 6, 1, n) for n in range(16))


def by_simulator(code: bytes, data: bytes) -> bytes:
    buffer = bytearray(data)
    entry, save, base = bytes.fromhex("366100"), rri8(RETURN >> 2, 6, 2, 0), narrow(13, 0, 2, 1)
    restore, leave = rri8(RETURN >> 2, 2, 1, 0), bytes.fromhex("1df0")
    Machine(entry + save + base + code + restore + leave).call(buffer)
    return bytes(buffer[: MEMORY + MEMORY_BYTES])


def by_qemu(code: bytes, data: bytes, folder) -> bytes:
    """The same in a Linux process: an ELF file of one segment; its code ends in write and exit."""
    start, data_at = 0x10000, 0x14000
    literal = struct.pack("<I", data_at)
    load = (0xFFFF << 8 | 1 << 4 | 1).to_bytes(3, "little")  # l32r a1: the word before
    end = b"".join(
        (
            narrow(13, 0, 1, 3),  # a3: address
            rri8(1, 10, 0, 6),  # a6: standard output
            rri8(MEMORY + MEMORY_BYTES, 10, 0, 4),
            rri8(13, 10, 0, 2),  # write
            bytes.fromhex("005000"),  # syscall
            rri8(118, 10, 0, 2),  # exit
            rri8(0, 10, 0, 6),
            bytes.fromhex("005000"),
        )
    )
    offset = 0x1000
    body = (literal + load + code + end).ljust(data_at - start, b"\0") + data
    header = struct.pack(
        "<4sBBBB8xHHIIIIIHHHHHH",
        *(b"\x7fELF", 1, 1, 1, 0, 2, 94, 1, start + 4, 52, 0, 0x300, 52, 32, 1, 0, 0, 0),
    )
    segment = struct.pack("<8I", 1, offset, start, start, len(body), len(body), 7, 0x1000)
    path = folder / "program"
    path.write_bytes((header + segment).ljust(offset, b"\0") + body)
    path.chmod(0o755)
    return subprocess.run(
        ["qemu-xtensa", "-cpu", CORE, path], stdout=subprocess.PIPE, check=True
    ).stdout


@pytest.mark.skipif(not shutil.which("qemu-xtensa"), reason="no qemu-xtensa (Debian: qemu-user)")
def test_random_instructions_do_the_same_in_qemu(tmp_path):
    edges = (0, 1, 2, 31, 32, 0x7FFF, 0x8000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
    for seed in range(ROUNDS):
        rng = random.Random(seed)
        code = program(rng)
        registers = [rng.choice((rng.choice(edges), rng.getrandbits(32))) for _ in range(16)]
        data = struct.pack("<16I", *registers) + rng.randbytes(DATA_BYTES - 64)
        ours, theirs = by_simulator(code, data), by_qemu(code, data, tmp_path)
        # a1, the address of the data, differs.
        assert (ours[:4], ours[8:]) == (theirs[:4], theirs[8:]), "seed %d: %s" % (seed, code.hex())
