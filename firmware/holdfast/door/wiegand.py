"""Wiegand: pulses on two lines to cards' numbers and keys, and a number to the bits of a frame.

A pulse on D0 is a 0, one on D1 a 1, each some 50 us long and 0.2 to 2 ms after the one before; a
frame ends where no more come. Whatever is not a whole frame of the one format that the reader at
this door speaks is refused: it must be presented again, and is never a number. A frame of another
length is never tried as another format: one that lost a pulse would be one.

Formats with parities, as readers' manuals have them (P even, Q odd, in the order they are sent):
26 bits (H10301) ``P`` over the first half, ``Q`` over the second; 34 bits and 37 bits (H10302,
H10304) likewise, where at 37 the bit in the middle counts for both; 35 bits (Corporate 1000) ``Q``
over all, ``P`` and a last ``Q`` each over two bits of three.
"""

from micropython import const
from untrusted import InvalidInput

from ..access.card_number import packed

KEY_CLEAR = 10  # *
KEY_ENTER = 11  # #

_WITH_PARITY = (26, 34, 35, 37)
_SHORTEST_RAW = const(16)
_LONGEST_RAW = const(128)
# Nearer than this no reader sends: noise, or a pulse that was counted twice.
_TOO_NEAR_US = const(120)
# Silence that ends a frame; half of it is as slow as a reader may be.
_END_US = const(50000)
# What follows a frame that was refused, as near as this, may be the rest of it.
_REST_US = const(250000)
_MOST_BITS = const(255)


class WiegandError(InvalidInput):
    """No format of a reader, or a number that does not fit into one."""


class Format:
    """What the reader at a door sends: cards of so many ``bits``, ``raw`` or with parities, and
    keys of ``keypad`` bits: 4, or 8 of which four are the complement; 0 without a keypad.

    ``text`` is ``26``, ``34``, ``35``, ``37``, or ``raw16`` to ``raw128``, and perhaps
    ``,keypad4`` or ``,keypad8`` after it. Raises WiegandError for any other.
    """

    def __init__(self, text: str):
        card, comma, keypad = text.partition(",")
        self.keypad = {"keypad4": 4, "keypad8": 8}.get(keypad, 0)
        self.raw = card.startswith("raw")
        digits = card[3:] if self.raw else card
        self.bits = int(digits) if digits in _numbers(self.raw) else 0
        if not self.bits or (comma and not self.keypad):
            shown = repr(text)[:24]
            raise WiegandError("%s is no format, such as 26 or raw32,keypad8" % shown)

    def number(self, bits: bytes) -> bytes:
        """The card's number in a frame's ``bits``, a byte of 0 or 1 each, as many as there have
        to be; None if a parity is wrong.
        """
        if self.raw:
            return packed(_value(bits), self.bits)
        if not _are_right(bits):
            return None  # pyright: ignore[reportReturnType]
        inner = bits[_first(self.bits) : self.bits - 1]
        return packed(_value(inner), len(inner))

    def frame(self, number: bytes) -> bytearray:
        """The bits of a card's ``number``, a byte of 0 or 1 each, in the order they are sent.

        Raises WiegandError if it has more bits than the format: cut, it would be another card's.
        """
        count = self.bits
        first, last = (0, count) if self.raw else (_first(count), count - 1)
        value = int.from_bytes(number, "big")
        if value >> (last - first):
            raise WiegandError("the number has more bits than a frame of %d" % count)
        bits = bytearray(count)
        for at in range(last - 1, first - 1, -1):
            bits[at] = value & 1
            value >>= 1
        if not self.raw:
            _put_parities(bits)
        return bits


class Frame:
    """What came between two silences: a card's ``number``, or a ``key`` (0 to 9, KEY_CLEAR,
    KEY_ENTER), or ``why`` it is refused. ``pulses``: how many came, 255 for more.
    """

    def __init__(self, pulses, number=None, key=None, why=None):
        self.pulses = pulses
        self.number = number
        self.key = key
        self.why = why


class Decoder:
    """Pulses in, frames out, of the Format ``form``.

    ``diff(later, earlier)`` gives the microseconds between two times of the port. ``are_exact``
    says that times are those of the pulses, and not of when somebody got round to them: then
    pulses that are too near are refused by that; else such a one makes a frame too long.
    """

    def __init__(self, form, diff, are_exact: bool = True):
        self._form = form
        self._diff = diff
        self._are_exact = are_exact
        self._bits = bytearray(max(form.bits, form.keypad))
        self._count = 0
        self._is_open = False  # something came since the last frame ended
        self._why = None  # why this one is refused, whatever comes
        self._last = 0
        self._was_refused = False

    def pulse(self, line: int, at: int):
        """A pulse came on ``line`` (0 or 1) at this time; the Frame that ended before it, or
        None.
        """
        ended = self.look(at)
        if self._is_open:
            is_near = self._are_exact and self._diff(at, self._last) < _TOO_NEAR_US
            if is_near and self._why is None:
                self._why = "pulses came too near to each other"
        else:
            self._open()
        if self._count < len(self._bits):
            self._bits[self._count] = line
        self._count += 1
        self._last = at
        if self._count == _MOST_BITS:  # a line that babbles: told now and then, and never believed
            ended = self._end("it does not end")
        return ended

    def spoil(self, why: str, at: int):
        """What comes or came at this time is no frame; the Frame that ended before it, or None."""
        ended = self.look(at)
        if not self._is_open:
            self._open()
        self._last = at
        self._why = why
        return ended

    def look(self, now: int):
        """The Frame that has ended by now, or None; to be asked several times a second."""
        if self._is_open:
            if self._diff(now, self._last) >= _END_US:
                return self._end(self._why)
        elif self._was_refused and self._diff(now, self._last) >= _REST_US:
            self._was_refused = False
        return None

    def _open(self):
        self._is_open = True
        self._why = "it came too soon after one that was refused" if self._was_refused else None

    def _end(self, why):
        count, bits, form = self._count, self._bits, self._form
        number = key = None
        if why is not None:
            pass
        elif count == form.keypad:
            key = _key(bits, count)
            if key is None:
                why = "no key is sent so"
        elif count != form.bits:
            why = "%d pulses came, and a card has %d" % (count, form.bits)
        else:
            number = form.number(bits)
            if number is None:
                why = "a parity is wrong"
        for at in range(len(bits)):  # keys of a PIN
            bits[at] = 0
        self._count = 0
        self._is_open = False
        self._was_refused = why is not None
        return Frame(count, number, key, why)


def _numbers(raw):
    numbers = range(_SHORTEST_RAW, _LONGEST_RAW + 1) if raw else _WITH_PARITY
    return [str(bits) for bits in numbers]


def _first(count):
    return 2 if count == 35 else 1


def _value(bits):
    value = 0
    for bit in bits:
        value = value << 1 | bit
    return value


def _key(bits, count):
    value = _value(bits[count - 4 : count])
    if value > KEY_ENTER or (count == 8 and _value(bits[:4]) != value ^ 15):
        return None
    return value


def _are_right(bits) -> bool:
    count = len(bits)
    if count != 35:
        half = (count + 1) // 2
        return sum(bits[:half]) % 2 == 0 and sum(bits[-half:]) % 2 == 1
    even, odd = _thirds(bits)
    return even == 0 and odd == 1 and sum(bits) % 2 == 1


def _put_parities(bits):
    """The inner bits are there; those at both ends are to follow from them."""
    count = len(bits)
    if count != 35:
        half = (count + 1) // 2
        bits[0] = sum(bits[1:half]) % 2
        bits[-1] = 1 - sum(bits[-half:-1]) % 2
        return
    bits[1], _ = _thirds(bits)
    _, odd = _thirds(bits)
    bits[34] = 1 - odd
    bits[0] = 1 - sum(bits) % 2


def _thirds(bits):
    """Parities, each 0 or 1, of the two sets of bits by which 35 are checked besides all."""
    even = odd = 0
    for at in range(1, 35):
        if at % 3:
            odd ^= bits[at]
        if at == 1 or (at % 3 != 1 and at < 34):
            even ^= bits[at]
    return even, odd
