"""SHA-512 on Xtensa, FIPS 180-4 section 6.4.2: data are taken in, and worked in block by block.

``block(state, message, constants, work)`` is that of :mod:`..rv32.sha512`: state and message are
big-endian bytes, K is little-endian, all at any alignment; ``work`` is 776 bytes, 4-aligned.
Constant time; nothing of message and state is left in memory but the new state, and a part of a
block.

A word of 64 bits is two registers, the low half first; SRC rotates one in two instructions. The
letters a to h lie in the frame: a round writes one word below them, the new a, and one over d, the
new e, so all others get their new names by moving the pointer to a. After eight rounds what is
then at the lower end of the frame is copied to the upper one.
"""

from .assembly import Assembly
from .core import FRAME

MODULE = "sha512_block"

_LETTERS = "a2"  # the new a; a to h follow
_WORD, _CONSTANTS, _END = "a3", "a4", "a5"  # W and K of the round, where W ends
_SUM = ("a6", "a7")
_E = ("a8", "a9")
_X, _Y = ("a10", "a11"), ("a12", "a13")
_SCRATCH, _COUNT = "a14", "a15"

_WINDOW = 64  # 8 words, and above them 8 words again
_STATE_SLOT, _MESSAGE_SLOT, _CONSTANTS_SLOT, _WORK_SLOT = 128, 132, 136, 140
_FRAME_BYTES = 176  # with the 32 that belong to the handlers of window overflow
_W_BYTES = 640
_PENDING, _FILLED, _LENGTH = 640, 768, 772  # in ``work``
_BLOCK = 128


def source() -> str:
    """The module for a board."""
    code = Assembly("block", "state", "message", "constants", "work")
    _enter(code)
    slots = (_STATE_SLOT, _MESSAGE_SLOT, _CONSTANTS_SLOT, _WORK_SLOT)
    for register, slot in zip(("a2", "a3", "a4", "a5"), slots, strict=True):
        code.s32i(register, FRAME, slot)
    _take(code)
    code.l32i("a2", FRAME, _STATE_SLOT)
    code.addi("a6", FRAME, _WINDOW)
    _words_from_bytes(code, "load_state", "a2", "a6", 8)
    code.movi("a3", _PENDING)
    code.add("a3", "a3", "a5")
    _words_from_bytes(code, "load_message", "a3", "a5", 16)
    code.l32i(_CONSTANTS, FRAME, _CONSTANTS_SLOT)
    _expand(code)
    _rounds(code)
    _add_to_state(code)
    code.j("take")
    code.label("leave")
    for number in range(2, 16):
        code.movi(f"a{number}", 0)
    code.retw()
    code.label("end")
    return code.source()


def _take(code):
    """Bytes of the message, until a block is full; or leave if there are no more."""
    message, work, filled, left, count = "a3", "a5", "a6", "a7", "a8"
    to, end, scratch = "a9", "a10", "a11"
    code.label("take")
    code.l32i(message, FRAME, _MESSAGE_SLOT)
    code.l32i(work, FRAME, _WORK_SLOT)
    code.l32i(filled, work, _FILLED)
    code.l32i(left, work, _LENGTH)
    code.beqz(left, "leave")
    code.movi(scratch, _PENDING)
    code.add(to, work, filled)
    code.add(to, to, scratch)
    code.movi(count, _BLOCK)
    code.sub(count, count, filled)
    code.minu(count, count, left)
    code.sub(left, left, count)
    code.add(filled, filled, count)
    code.s32i(left, work, _LENGTH)
    code.s32i(filled, work, _FILLED)
    code.add(end, to, count)
    code.label("take_byte")
    code.l8ui(scratch, message, 0)
    code.s8i(scratch, to, 0)
    code.addi(message, message, 1)
    code.addi(to, to, 1)
    code.bne(to, end, "take_byte")
    code.s32i(message, FRAME, _MESSAGE_SLOT)
    code.addi(filled, filled, -_BLOCK)
    code.beqz(filled, "full")
    code.j("take")
    code.label("full")
    code.s32i(filled, work, _FILLED)


def _enter(code):
    """A frame of our own: see :mod:`.core`. With four arguments, the call is at byte 25."""
    for number in range(2, 6):
        code.mov(f"a{number + 8}", f"a{number}")
    code.call8(1)
    code.j("end")
    code.align(4)
    code.entry(_FRAME_BYTES)


def _words_from_bytes(code, label, bytes_, words, count):
    """``count`` words of 64 bits; both pointers end behind the last one."""
    code.movi(_COUNT, count)
    code.label(label)
    _load_bytes(code, _X, bytes_)
    _store(code, _X, words, 0)
    code.addi(bytes_, bytes_, 8)
    code.addi(words, words, 8)
    code.addi(_COUNT, _COUNT, -1)
    code.bnez(_COUNT, label)


def _load_bytes(code, word, base):
    low, high = word
    for register, offset in ((high, 0), (low, 4)):
        code.l8ui(register, base, offset)
        for i in (1, 2, 3):
            code.slli(register, register, 8)
            code.l8ui(_SCRATCH, base, offset + i)
            code.or_(register, register, _SCRATCH)


def _load(code, word, base, offset):
    code.l32i(word[0], base, offset)
    code.l32i(word[1], base, offset + 4)


def _store(code, word, base, offset):
    code.s32i(word[0], base, offset)
    code.s32i(word[1], base, offset + 4)


def _add(code, to, x):
    """to += x. There was a carry if the low half of the sum is less than that of x."""
    code.add(to[0], to[0], x[0])
    code.minu(_SCRATCH, to[0], x[0])
    code.sub(_SCRATCH, _SCRATCH, x[0])
    code.add(to[1], to[1], x[1])
    code.addi(_COUNT, to[1], 1)
    code.movnez(to[1], _COUNT, _SCRATCH)


def _xor_of_rotations(code, to, x, rotations, shift=0):
    """``to`` = the exclusive or of x rotated right, and of x shifted right. ``to`` is not x."""
    first = True
    for rotation in rotations:
        low, high = x[::-1] if rotation >= 32 else x
        code.ssai(rotation % 32)
        if first:
            code.src(to[0], high, low)
            code.src(to[1], low, high)
        else:
            code.src(_SCRATCH, high, low)
            code.xor(to[0], to[0], _SCRATCH)
            code.src(_SCRATCH, low, high)
            code.xor(to[1], to[1], _SCRATCH)
        first = False
    if shift:
        code.ssai(shift)
        code.src(_SCRATCH, x[1], x[0])
        code.xor(to[0], to[0], _SCRATCH)
        code.srli(_SCRATCH, x[1], shift)
        code.xor(to[1], to[1], _SCRATCH)


def _again_unless(code, left, right, again, done):
    """Jump back to ``again``, which is far, unless two registers are the same."""
    code.sub(_SCRATCH, left, right)
    code.beqz(_SCRATCH, done)
    code.j(again)
    code.label(done)


def _expand(code):
    """W(16) to W(79); a5 stands behind the words there are. Offsets are from W(t - 16) on."""
    code.addi(_WORD, "a5", -128)
    code.movi(_SCRATCH, _W_BYTES - 256)
    code.add(_END, "a5", _SCRATCH)
    code.label("expand")
    _load(code, _SUM, _WORD, 0)
    _load(code, _Y, _WORD, 8)
    _xor_of_rotations(code, _X, _Y, (1, 8), 7)
    _add(code, _SUM, _X)
    _load(code, _Y, _WORD, 8 * 9)
    _add(code, _SUM, _Y)
    _load(code, _Y, _WORD, 8 * 14)
    _xor_of_rotations(code, _X, _Y, (19, 61), 6)
    _add(code, _SUM, _X)
    _store(code, _SUM, _WORD, 128)
    code.addi(_WORD, _WORD, 8)
    _again_unless(code, _WORD, _END, "expand", "expanded")
    code.movi(_SCRATCH, _W_BYTES - 128)
    code.sub(_WORD, _WORD, _SCRATCH)
    code.movi(_SCRATCH, 128)
    code.add(_END, _END, _SCRATCH)


def _rounds(code):
    code.label("eight_rounds")
    code.addi(_LETTERS, FRAME, _WINDOW)
    code.label("round")
    _round(code)
    _again_unless(code, _LETTERS, FRAME, "round", "eight_done")
    for offset in range(0, _WINDOW, 8):
        _load(code, _X, FRAME, offset)
        _store(code, _X, FRAME, _WINDOW + offset)
    _again_unless(code, _WORD, _END, "eight_rounds", "all_done")


def _round(code):
    """Offsets of the letters are from the new a on. The word of W is cleared."""
    code.addi(_LETTERS, _LETTERS, -8)
    a, b, c, d, e, f, g, h = range(8, 72, 8)
    # The sum is h + K + W + Sigma1(e) + Ch(e, f, g), T1.
    code.movi(_SCRATCH, -4)
    code.and_(_SCRATCH, _SCRATCH, _CONSTANTS)
    _load(code, _SUM, _SCRATCH, 0)
    code.l32i(_COUNT, _SCRATCH, 8)
    code.ssa8l(_CONSTANTS)
    code.src(_SUM[0], _SUM[1], _SUM[0])
    code.src(_SUM[1], _COUNT, _SUM[1])
    code.addi(_CONSTANTS, _CONSTANTS, 8)
    _load(code, _X, _WORD, 0)
    _add(code, _SUM, _X)
    code.movi(_SCRATCH, 0)
    _store(code, (_SCRATCH, _SCRATCH), _WORD, 0)
    code.addi(_WORD, _WORD, 8)
    _load(code, _X, _LETTERS, h)
    _add(code, _SUM, _X)
    _load(code, _E, _LETTERS, e)
    _xor_of_rotations(code, _X, _E, (14, 18, 41))
    _add(code, _SUM, _X)
    _load(code, _X, _LETTERS, f)
    _load(code, _Y, _LETTERS, g)
    for i in (0, 1):
        code.xor(_X[i], _X[i], _Y[i])
        code.and_(_X[i], _X[i], _E[i])
        code.xor(_X[i], _X[i], _Y[i])
    _add(code, _SUM, _X)
    _load(code, _X, _LETTERS, d)
    _add(code, _X, _SUM)
    _store(code, _X, _LETTERS, d)
    # And Sigma0(a) + Maj(a, b, c), T2.
    a_here = _E
    _load(code, a_here, _LETTERS, a)
    _xor_of_rotations(code, _X, a_here, (28, 34, 39))
    _add(code, _SUM, _X)
    _load(code, _X, _LETTERS, b)
    _load(code, _Y, _LETTERS, c)
    for i in (0, 1):
        code.and_(_SCRATCH, a_here[i], _X[i])
        code.xor(_X[i], _X[i], a_here[i])
        code.and_(_X[i], _X[i], _Y[i])
        code.xor(_X[i], _X[i], _SCRATCH)
    _add(code, _SUM, _X)
    _store(code, _SUM, _LETTERS, 0)


def _add_to_state(code):
    """The state as it was, plus a to h, to where it came from; the frame is cleared."""
    state, at, left, zero = "a6", "a7", "a12", "a13"
    code.l32i(state, FRAME, _STATE_SLOT)
    code.mov(at, FRAME)
    code.movi(left, 8)
    code.movi(zero, 0)
    code.label("add_letter")
    _load_bytes(code, _X, state)
    _load(code, _E, at, _WINDOW)
    _add(code, _E, _X)
    _store(code, (zero, zero), at, 0)
    _store(code, (zero, zero), at, _WINDOW)
    for register, last in zip(_E, (7, 3), strict=True):
        code.s8i(register, state, last)
        for i in (1, 2, 3):
            code.srli(register, register, 8)
            code.s8i(register, state, last - i)
    code.addi(state, state, 8)
    code.addi(at, at, 8)
    code.addi(left, left, -1)
    code.bnez(left, "add_letter")
