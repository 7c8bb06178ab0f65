"""SHA-512's block on the ESP32's processor, right, in constant time and without a trace.

Promised: the digest of every length, from any alignment, always the same instructions, and nothing
of the message in the schedule, on the stack or in registers: what is hashed may be a private key.
It could break in a carry, which this processor has no instruction for.
"""

import hashlib
import random
import struct

import pytest

from crypto import finish
from crypto.portable.sha512 import _INITIAL, _compress_steps
from xtensa.machines import machine
from xtensa.native_modules import driver
from xtensa.operands import TORTURE
from xtensa.simulator import Misaligned

_ROUND = driver("sha512")._ROUND
BLOCKS = 10_000 if TORTURE else 200
# Not held by anybody else's budget: RV32's 15,000 and what the missing carries cost.
INSTRUCTIONS = 16_000


def states_and_blocks():
    """Words that make carries run far, and random ones."""
    rng = random.Random(512)
    corners = (bytes(192), b"\xff" * 192, (b"\xff" * 4 + bytes(4)) * 24, (b"\x80" + bytes(7)) * 24)
    for data in (*corners, *(rng.randbytes(192) for _ in range(BLOCKS))):
        yield data[:64], data[64:]


def work_for(message):
    return bytearray(772) + len(message).to_bytes(4, "little")


def worked_in(state, block):
    words = list(struct.unpack(">8Q", state))
    finish(_compress_steps(words, block))
    return struct.pack(">8Q", *words)


def test_a_block_is_as_portable_computes_it_and_costs_always_the_same():
    code, counts = machine("sha512"), set()
    for state, block in states_and_blocks():
        changed = bytearray(state)
        code.call(changed, block, _ROUND, work_for(block))
        assert changed == worked_in(state, block)
        counts.add(code.instructions)
    assert len(counts) == 1
    assert counts.pop() <= INSTRUCTIONS


@pytest.mark.parametrize("low", range(4))
def test_state_block_and_constants_may_lie_anywhere(low):
    code, block = machine("sha512"), bytes(range(128))
    state = bytearray(_INITIAL)
    arguments = [Misaligned(data, low) for data in (state, block, _ROUND)]
    code.call(*arguments, work_for(block))
    assert state == worked_in(_INITIAL, block)


def test_nothing_is_left_of_what_was_hashed():
    """No word of the block, of the state before or after, or of the last rounds' letters."""
    code, rng = machine("sha512"), random.Random(9)
    state, block = bytearray(rng.randbytes(64)), rng.randbytes(128)
    before, work = struct.unpack(">16I", state), work_for(block)
    work[:640] = b"\xff" * 640
    code.call(state, block, _ROUND, work)
    after = struct.unpack(">16I", state)
    letters = []  # a to h as they were in the end, which is before the state was added
    for high, low, high_before, low_before in zip(*[iter(after)] * 2, *[iter(before)] * 2):
        letter = (high << 32 | low) - (high_before << 32 | low_before)
        letters += [letter & 0xFFFFFFFF, letter >> 32 & 0xFFFFFFFF]
    held = code.stack + b"".join(word.to_bytes(4, "little") for word in code.registers)
    for word in (*before, *after, *letters, *struct.unpack(">32I", block)):
        assert word.to_bytes(4, "little") not in held, hex(word)
    assert not any(work[:640])


def test_digests_of_every_length():
    sha512 = driver("sha512").sha512
    data = random.Random(300).randbytes(301)
    for length in range(0, 301, 1 if TORTURE else 7):
        assert sha512(data[:length]) == hashlib.sha512(data[:length]).digest()
