"""Two X25519 of one point, in constant time: less than two ladders, since doublings are shared.

A handshake's first message has one point, which meets two keys of who answers. Both are multiples
of Q, eight times that point, on the curve of Ed25519 (RFC 7748 section 4.1): a comb (Lim and Lee,
CRYPTO '94) whose teeth, 2^64, 2^128 and 2^192 times Q, are made once for both.

A clamped scalar is 8 k with 2^251 <= k < 2^252. As Q has the odd order L (or is neutral), and u is
the same for a point and its opposite, an even k is L - k, which is odd. An odd k is

    k = s_0 + 2 s_1 + ... + 2^255 s_255       s_i = -1 where bit i of g is 1, else 1

with g = (2^256 - 1 - k) / 2. Column c is s_c + 2^64 s_(64 + c) + 2^128 s_(128 + c) + 2^192 s_(192
+ c); the table has its multiples of Q for s_(192 + c) = 1, which is the sign of all. No digit is
0, and the formulas of :mod:`.edwards25519` hold for all points.

ROOT     Before: U below 2^255, all else zero. After: the masks SQUARE and MINUS_SQUARE. If none
         is set, u is of the curve's twist, of which there is no such table: nothing that follows
         may be run. That is public, as u is.
POINT    Q.
CHAIN    Three times: terms of the point and of its double are kept, then it is 2^64 times itself.
ENTRIES_0, ENTRIES_1, ENTRIES_2   One after the other: the eight entries.
SCALAR   Before each of two: the clamped scalar in SCALAR. It is lost.
COLUMNS  As often as word 0 of LOOP says, of COLUMN_COUNT in all.
STORE    After the columns of each: what its u is made of.
END      After: both, in FIRST and SECOND, canonical; 0 where RFC 7748 has all zeros.

All but CHAIN, COLUMNS and END have constants in TABLE.
"""

from .. import isa
from . import ed25519_verify
from . import edwards25519 as curve

MODULE = "programs_x25519_pair"

SPACING = 64  # of the teeth
TEETH = 4
ENTRIES = 1 << (TEETH - 1)
TERM = 4 * isa.CELL

at = curve.bank()
at.more(one=1, two_d=1, constant_zero=1, first=2, second=2)
at.more(signs=1, loop=1, choice=TEETH, digit=1, weights=TEETH - 1, sign=1)
at.more(scalar=1, teeth=4 * 2 * (TEETH - 1), table=4 * ENTRIES)

# Before the teeth are there.
_u, _v, _square, _minus_square = (at.teeth + isa.CELL * i for i in range(4))

_A = 486662
_OF_U = pow(-(_A + 2), (curve.P + 3) // 8, curve.P)  # or that by a root of -1: x = _OF_U u / v
if (_OF_U * _OF_U + _A + 2) % curve.P:
    _OF_U = _OF_U * curve.ROOT_OF_MINUS_1 % curve.P
_HALF = pow(2, -1, curve.P)

# What is loaded, each where it is wanted.
_NUMBERS = {
    "one": 1,
    "two_d": 2 * curve.D,
    "a": _A,
    "root_of_minus_1": curve.ROOT_OF_MINUS_1,
    "of_u": _OF_U,
    "eighth": pow(8, -1, curve.P),
    "order": curve.L,
    "half": _HALF,
    "all_ones": 2**255 - _HALF,  # modulo p, (2^256 - 1) / 2
    "weight_0": 1,
    "weight_1": 2,
    "weight_2": 4,
}


def constants() -> dict[str, bytes | int]:
    """What :mod:`crypto.native.x25519_pair` needs.

    Raises ValueError if that has no room where a verification's has.
    """
    programs = {
        "ROOT": _root(),
        "POINT": _point(),
        "CHAIN": _chain(),
        "ENTRIES_0": _entries(range(2)),
        "ENTRIES_1": _entries(range(2, 5)),
        "ENTRIES_2": _entries(range(5, ENTRIES)),
        "SCALAR": _scalar(),
        "COLUMNS": _columns(),
        "STORE": _store(),
        "END": _end(),
    }
    longest = max(map(len, programs.values()))
    if at.size + longest > ed25519_verify.at.size + ed25519_verify.longest():
        raise ValueError(f"{at.size} bytes and {longest} are more than a verification takes")
    return {
        "TABLE": curve.cells(*_NUMBERS.values()),
        "BANK": at.size,
        "U": _u,
        "SQUARE": _square,
        "MINUS_SQUARE": _minus_square,
        "SCALAR_AT": at.scalar,
        "LOOP": at.loop,
        "CHAINS": TEETH - 1,
        "COLUMN_COUNT": SPACING,
        "FIRST": at.first,
        "SECOND": at.second,
        **programs,
    }


def _load(program, cell, name):
    program.load(cell, isa.CELL * list(_NUMBERS).index(name))


def _root() -> bytes:
    """v of u, where v^2 = w = u (u^2 + A u + 1).

    The candidate is w w^((p - 5) / 8), as in RFC 8032 section 5.1.3 with another w.
    """
    program = isa.Program()
    _load(program, at.one, "one")
    _load(program, at.two_d, "two_d")
    for i in range(TEETH - 1):
        _load(program, at.weights + isa.CELL * i, f"weight_{i}")
    w, t = at.h, at.e
    _load(program, t, "a")
    program.add(w, _u, t)
    program.mul(w, w, _u)
    program.add(w, w, at.one)
    program.mul(w, w, _u)
    curve.root_power(program, _v, w, [at.plus, at.minus, at.t2d])
    program.mul(_v, _v, w)
    program.sqr(_square, _v)
    program.sub(t, _square, w)
    program.add(_square, _square, w)
    program.freeze(t, t)
    program.freeze(_square, _square)
    program.eq(_minus_square, _square, at.constant_zero)
    program.eq(_square, t, at.constant_zero)
    _load(program, t, "root_of_minus_1")
    program.mul(t, _v, t)
    program.cmov(_v, t, _minus_square)
    program.end()
    return program.code()


def _point() -> bytes:
    program = isa.Program()
    # x = c u / v and y = (u - 1) / (u + 1), over v (u + 1)
    program.sumdif(at.h, _u, at.one)
    _load(program, at.x, "of_u")
    program.mul(at.x, at.x, _u)
    program.mul(at.x, at.x, at.h)
    program.mul(at.y, at.e, _v)
    program.mul(at.z, at.h, _v)
    for _ in range(3):
        curve.double(program, at)
    program.end()
    return program.code()


def _tooth(number, is_twice):
    """Where CHAIN leaves the term of tooth ``number``, or of its double."""
    return at.teeth + TERM * (2 * number + is_twice)


def _chain() -> bytes:
    program = isa.Program()
    last = TEETH - 2
    program.copy(at.teeth, _tooth(1, False), 2 * last * TERM // isa.CELL)
    curve.as_term(program, at, _tooth(last, False), at.two_d)
    curve.double(program, at)
    curve.as_term(program, at, _tooth(last, True), at.two_d)
    program.setw(at.loop, SPACING - 1)
    with program.repeat(at.loop):
        curve.double(program, at)
    program.end()
    return program.code()


def _entries(numbers) -> bytes:
    """Bit i of an entry's number says that tooth i is taken off; each differs in one bit from the
    one before, and is made of it.
    """
    program = isa.Program()
    for number in numbers:
        entry = number ^ number >> 1
        if number == 0:
            for tooth in range(TEETH - 1):
                curve.add(program, at, _tooth(tooth, False))
        else:
            changed = (entry ^ (number - 1) ^ (number - 1) >> 1).bit_length() - 1
            taken_off = bool(entry >> changed & 1)
            curve.add(program, at, _tooth(changed, True), negative=taken_off)
        curve.as_term(program, at, at.table + TERM * entry, at.two_d)
    program.end()
    return program.code()


def _scalar() -> bytes:
    """g, and the neutral point. As numbers: k / 8 and L - k / 8 are below p, as g is."""
    program = isa.Program()
    k, even = at.scalar, at.choice
    _load(program, at.t, "eighth")
    program.mul(k, k, at.t)
    program.freeze(k, k)
    program.copy(at.loop, at.constant_zero)
    program.setw(even + 4, 1)
    program.bit(even, k, at.loop)
    _load(program, at.t, "order")
    program.sub(at.t, at.t, k)
    program.freeze(at.t, at.t)
    program.cmov(k, at.t, even)
    _load(program, at.t, "half")
    program.mul(k, k, at.t)
    _load(program, at.t, "all_ones")
    program.sub(at.signs, at.t, k)
    program.freeze(at.signs, at.signs)
    program.copy(at.x, at.constant_zero)
    program.copy(at.y, at.one)
    program.copy(at.z, at.one)
    program.setw(at.loop + 4, SPACING - 1)
    program.end()
    return program.code()


def _columns() -> bytes:
    program = isa.Program()
    teeth = [at.signs + SPACING // 8 * tooth for tooth in range(TEETH)]
    masks = [at.choice + isa.CELL * tooth for tooth in range(TEETH)]
    with program.repeat(at.loop):
        curve.double(program, at)
        program.copy(at.digit, at.one)
        for tooth in range(TEETH - 1):
            # Whether it differs from the tooth that is the sign.
            program.bit(masks[tooth], teeth[-1], at.loop)
            program.bit(masks[tooth], teeth[tooth], at.loop)
            program.copy(at.t, at.constant_zero)
            program.cmov(at.t, at.weights + isa.CELL * tooth, masks[tooth])
            program.add(at.digit, at.digit, at.t)
        program.select(
            at.plus, at.digit, at.constant_zero, at.table, TERM, ENTRIES, at.sign
        )  # at position 0
        program.setw(masks[-1] + 4, 0)
        program.bit(masks[-1], teeth[-1], at.loop)
        program.cswap(at.plus, at.minus, masks[-1])
        program.sub(at.t, at.constant_zero, at.t2d)
        program.cmov(at.t2d, at.t, masks[-1])
        curve.add(program, at, at.plus)
    program.end()
    return program.code()


def _store() -> bytes:
    """u is Z + Y over Z - Y. The first one's moves to its place when the second's is stored."""
    program = isa.Program()
    program.copy(at.first, at.second, 2)
    program.sumdif(at.second, at.z, at.y)
    program.end()
    return program.code()


def _end() -> bytes:
    """Both quotients with one inversion: if one of them is of the neutral point, both are."""
    program = isa.Program()
    first, second = at.first + isa.CELL, at.second + isa.CELL
    program.mul(at.x, first, second)
    curve.invert(program, at.z, at.x, [at.h, at.e, at.t])
    program.mul(at.first, at.first, second)
    program.mul(at.first, at.first, at.z)
    program.freeze(at.first, at.first)
    program.mul(at.second, at.second, first)
    program.mul(at.second, at.second, at.z)
    program.freeze(at.second, at.second)
    program.end()
    return program.code()
