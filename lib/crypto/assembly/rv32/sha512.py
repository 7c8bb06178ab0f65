"""SHA-512 on RV32IMC, FIPS 180-4 section 6.4.2: data are taken in, and worked in block by block.

``block(state, message, constants, work)``:

``state``      64 bytes, changed; H(0) to H(7) as a digest has them, so it is the digest in the end
``message``    bytes, as many as ``work`` says
``constants``  K, 80 words of 64 bits, little-endian, and 4 bytes of anything; may lie in flash
``work``       776 bytes, 4-aligned: 640 for W, which are zero afterwards; 128 for the part of a
               block that has come, clear them when all is done; a word, how many these are; a
               word, how many bytes ``message`` has, 0 afterwards

The first three may be of any alignment. A word of 64 bits is two registers, the low half first.
Constant time: no branch, no address depends on more than lengths. Nothing of message or state is
left in memory but the new state, and a part of a block.

A driver that cut the blocks out of its data itself would take 4,000 instructions a block for it;
copying the bytes takes 640.

The schedule is written whole before the rounds, so that neither needs an index modulo 16. Four
rounds are written out, in which the registers of a to h take turns; what is left to do after them
is exchanging a..d with e..h. All sixteen would save 500 of 14,000 instructions and take three
times the room.
"""

from .assembly import Assembly

MODULE = "sha512_block"

# a to h, low and high.
_STATE = (
    *(("s0", "s1"), ("s2", "s3"), ("s4", "s5"), ("s6", "s7")),
    *(("s8", "s9"), ("s10", "s11"), ("a4", "a5"), ("a6", "a7")),
)
_POINTER = "a1"  # of the message first, then where the schedule is complete
_CONSTANTS = "a2"
_WORD = "a3"  # goes through the schedule
_LEFT = "a0"
_SHIFT, _BACK = "ra", "a0"  # how to join two words of the constants to one that is not aligned
_X, _Y, _Z = ("t0", "t1"), ("t2", "t3"), ("t4", "t5")
_SCRATCH = "t6"

_SAVED = (*(f"s{i}" for i in range(12)), "ra")
_STATE_SLOT, _MESSAGE_SLOT, _CONSTANTS_SLOT, _WORK_SLOT = 52, 120, 124, 128
_COPY = 56  # of the state, as it was
_FRAME = 144
_W_BYTES = 8 * 80
_PENDING, _FILLED, _LENGTH = 640, 768, 772  # in ``work``
_BLOCK = 128


def source() -> str:
    """The module for a board."""
    code = Assembly("block", "state", "message", "constants", "work")
    code.addi("sp", "sp", -_FRAME)
    for i, register in enumerate(_SAVED):
        code.sw(register, "sp", 4 * i)
    slots = (_STATE_SLOT, _MESSAGE_SLOT, _CONSTANTS_SLOT, _WORK_SLOT)
    for register, slot in zip(("a0", "a1", "a2", "a3"), slots, strict=True):
        code.sw(register, "sp", slot)
    code.la("t0", "take")  # over what comes first because jumps only go back
    code.jalr("zero", "t0", 0)
    _leave(code)
    _take(code)
    _load_state(code)
    code.addi(_POINTER, _WORD, _PENDING)
    code.lw(_CONSTANTS, "sp", _CONSTANTS_SLOT)
    _words_from_bytes(code, "load_message", _POINTER, _WORD, 16)
    _expand(code)
    _rounds(code)
    _add_to_state(code)
    code.jal("zero", "take")
    return code.source()


def _leave(code):
    code.label("leave")
    for i, register in enumerate(_SAVED):
        code.lw(register, "sp", 4 * i)
    code.addi("sp", "sp", _FRAME)
    for register in ("a4", "a5", "a6", "a7", *_X, *_Y, *_Z, _SCRATCH):
        code.li(register, 0)
    code.back()


def _take(code):
    """Bytes of the message, until a block is full; or leave if there are no more."""
    work, message, filled, left, count = _WORD, "a1", "t0", "t1", "t2"
    to, end, scratch = "t3", "t4", "t5"
    code.label("take")
    code.lw(work, "sp", _WORK_SLOT)
    code.lw(message, "sp", _MESSAGE_SLOT)
    code.lw(filled, work, _FILLED)
    code.lw(left, work, _LENGTH)
    code.beq(left, "zero", "leave")
    code.add(to, work, filled)
    # count = the smaller one of what there is and what there is room for
    code.li(count, _BLOCK)
    code.sub(count, count, filled)
    code.sltu(scratch, left, count)
    code.sub(scratch, "zero", scratch)
    code.xor(end, left, count)
    code.and_(end, end, scratch)
    code.xor(count, count, end)
    code.sub(left, left, count)
    code.add(filled, filled, count)
    code.sw(left, work, _LENGTH)
    code.sw(filled, work, _FILLED)
    code.add(end, to, count)
    code.label("take_byte")
    code.lbu(scratch, message, 0)
    code.sb(scratch, to, _PENDING)
    code.addi(message, message, 1)
    code.addi(to, to, 1)
    code.bne(to, end, "take_byte")
    code.sw(message, "sp", _MESSAGE_SLOT)
    code.li(scratch, _BLOCK)
    code.bne(filled, scratch, "take")
    code.sw("zero", work, _FILLED)


def _load_state(code):
    """To the frame, where it stays, and from there to the registers."""
    code.lw(_Y[0], "sp", _STATE_SLOT)
    code.addi(_Y[1], "sp", _COPY)
    _words_from_bytes(code, "load_state", _Y[0], _Y[1], 8)
    for i, (low, high) in enumerate(_STATE):
        code.lw(low, "sp", _COPY + 8 * i)
        code.lw(high, "sp", _COPY + 8 * i + 4)


def _words_from_bytes(code, label, bytes_, words, count):
    """``count`` words of 64 bits; both pointers end behind the last one."""
    low, high = _X
    code.li(_LEFT, count)
    code.label(label)
    _load_bytes(code, (low, high), bytes_)
    code.sw(low, words, 0)
    code.sw(high, words, 4)
    code.addi(bytes_, bytes_, 8)
    code.addi(words, words, 8)
    code.addi(_LEFT, _LEFT, -1)
    code.bne(_LEFT, "zero", label)


def _load_bytes(code, word, base):
    low, high = word
    for register, offset in ((high, 0), (low, 4)):
        code.lbu(register, base, offset)
        for i in (1, 2, 3):
            code.slli(register, register, 8)
            code.lbu(_SCRATCH, base, offset + i)
            code.or_(register, register, _SCRATCH)


def _load_constant(code, word, scratch):
    """The next of K, of three aligned words; (x << 1) << 31 - shift is right for shift 0, too."""
    low, high = word
    _load(code, word, _CONSTANTS, 0)
    code.lw(_SCRATCH, _CONSTANTS, 8)
    code.srl(low, low, _SHIFT)
    code.slli(scratch, high, 1)
    code.sll(scratch, scratch, _BACK)
    code.or_(low, low, scratch)
    code.srl(high, high, _SHIFT)
    code.slli(_SCRATCH, _SCRATCH, 1)
    code.sll(_SCRATCH, _SCRATCH, _BACK)
    code.or_(high, high, _SCRATCH)
    code.addi(_CONSTANTS, _CONSTANTS, 8)


def _load(code, word, base, offset):
    code.lw(word[0], base, offset)
    code.lw(word[1], base, offset + 4)


def _store(code, word, base, offset):
    code.sw(word[0], base, offset)
    code.sw(word[1], base, offset + 4)


def _add(code, to, x):
    """to += x"""
    code.add(to[0], to[0], x[0])
    code.sltu(_SCRATCH, to[0], x[0])
    code.add(to[1], to[1], x[1])
    code.add(to[1], to[1], _SCRATCH)


def _xor_of_rotations(code, to, x, rotations, shift=0):
    """``to`` = the exclusive or of x rotated right, and of x shifted right. ``to`` is not x."""
    low, high = to
    first = True
    for rotation in rotations:
        half = x[::-1] if rotation >= 32 else x
        rotation %= 32
        for i, register in enumerate((low, high)):
            if first:
                code.srli(register, half[i], rotation)
            else:
                code.srli(_SCRATCH, half[i], rotation)
                code.xor(register, register, _SCRATCH)
            code.slli(_SCRATCH, half[1 - i], 32 - rotation)
            code.xor(register, register, _SCRATCH)
        first = False
    if shift:
        code.srli(_SCRATCH, x[0], shift)
        code.xor(low, low, _SCRATCH)
        code.slli(_SCRATCH, x[1], 32 - shift)
        code.xor(low, low, _SCRATCH)
        code.srli(_SCRATCH, x[1], shift)
        code.xor(high, high, _SCRATCH)


def _expand(code):
    """W(16) to W(79), _WORD standing behind the words there are."""
    code.addi(_POINTER, _WORD, _W_BYTES - 128)
    code.label("expand")
    _load(code, _X, _WORD, -8 * 16)
    _load(code, _Y, _WORD, -8 * 15)
    _xor_of_rotations(code, _Z, _Y, (1, 8), 7)
    _add(code, _X, _Z)
    _load(code, _Y, _WORD, -8 * 7)
    _add(code, _X, _Y)
    _load(code, _Y, _WORD, -8 * 2)
    _xor_of_rotations(code, _Z, _Y, (19, 61), 6)
    _add(code, _X, _Z)
    _store(code, _X, _WORD, 0)
    code.addi(_WORD, _WORD, 8)
    code.bne(_WORD, _POINTER, "expand")
    code.addi(_WORD, _WORD, -_W_BYTES)


def _rounds(code):
    code.andi(_SHIFT, _CONSTANTS, 3)
    code.sub(_CONSTANTS, _CONSTANTS, _SHIFT)
    code.slli(_SHIFT, _SHIFT, 3)
    code.xori(_BACK, _SHIFT, -1)  # 31 - shift, in the five bits that count
    for i in (0, 1):
        code.xor(_Y[i], _STATE[1][i], _STATE[2][i])
    code.label("rounds")
    letters = list(_STATE)
    b_xor_c, free = _Y, _Z
    for _ in range(4):
        _round(code, letters, b_xor_c, free)
        letters = [letters[7], *letters[:7]]
        b_xor_c, free = free, b_xor_c
    # What is now called a lies in e's registers, and so on: exchange them.
    for x, y in zip(_STATE[:4], _STATE[4:], strict=True):
        for i in (0, 1):
            code.mv(_SCRATCH, x[i])
            code.mv(x[i], y[i])
            code.mv(y[i], _SCRATCH)
    code.bne(_WORD, _POINTER, "rounds")


def _round(code, letters, b_xor_c, free):
    """h becomes the new a, d the new e, and ``free`` the new b ^ c. The word of W is cleared."""
    a, b, _, d, e, f, g, h = letters
    # h += K + W + Sigma1(e) + Ch(e, f, g): that is T1
    _load_constant(code, _X, free[0])
    _add(code, h, _X)
    _load(code, _X, _WORD, 0)
    _store(code, ("zero", "zero"), _WORD, 0)
    code.addi(_WORD, _WORD, 8)
    _add(code, h, _X)
    _xor_of_rotations(code, _X, e, (14, 18, 41))
    _add(code, h, _X)
    for i in (0, 1):
        code.xor(_X[i], f[i], g[i])
        code.and_(_X[i], _X[i], e[i])
        code.xor(_X[i], _X[i], g[i])
    _add(code, h, _X)
    _add(code, d, h)
    # h += Sigma0(a) + Maj(a, b, c): T1 + T2
    _xor_of_rotations(code, _X, a, (28, 34, 39))
    _add(code, h, _X)
    for i in (0, 1):
        code.xor(free[i], a[i], b[i])
        code.and_(b_xor_c[i], b_xor_c[i], free[i])
        code.xor(b_xor_c[i], b_xor_c[i], b[i])  # Maj = (b ^ c) & (a ^ b) ^ b
    _add(code, h, b_xor_c)


def _add_to_state(code):
    """The state as it was, plus a to h, to where it came from; no copy stays in the frame."""
    code.lw(_LEFT, "sp", _STATE_SLOT)
    for i, word in enumerate(_STATE):
        _load(code, _X, "sp", _COPY + 8 * i)
        _add(code, word, _X)
        _store(code, ("zero", "zero"), "sp", _COPY + 8 * i)
        for register, last in zip(word, (8 * i + 7, 8 * i + 3), strict=True):
            code.sb(register, _LEFT, last)
            for j in (1, 2, 3):
                code.srli(register, register, 8)
                code.sb(register, _LEFT, last - j)
