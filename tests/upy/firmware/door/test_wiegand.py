"""Frames of a Wiegand reader: a card's number comes out right, or not at all.

Two bare lines on the wall outside carry it: noise, a loose screw and whoever has a wire can add,
take and turn pulses. One wrong number that is somebody's opens a door.
"""

INTERPRETERS = ("micropython", "cpython")

import recorded_wiegand
from harness import raises
from holdfast.access import card_text
from holdfast.door.wiegand import KEY_CLEAR, KEY_ENTER, Decoder, Format, WiegandError

# Cards as people read them and as the policy has them.
KNOWN = (
    ("26", "facility", "1,1", "010001"),
    ("26", "facility", "12,34567", "0c8707"),
    ("34", "hex", "04:a1:b2:c3", "04a1b2c3"),
    ("34", "decimal10", "0077705923", "04a1b2c3"),
    ("35", "corporate-1000", "10,1", "00a00001"),
    ("37", "h10304", "21,5", "0000a80005"),
    ("37", "h10302", "11010053", "0000a80005"),
)
FORMATS = ("26", "34", "35", "37")
# Numbers of so many bits that each bit is 0 and 1, alone and beside others.
PATTERNS = (0, 0x7FFFFFFFF, 0x555555555, 0x2AAAAAAAA, 0x123456789, 0x4F0E1D2C3, 1, 0x400000001)
_BITS = {"26": 24, "34": 32, "35": 32, "37": 35}


def _diff(later, earlier):
    return later - earlier


def frames(form, pulses, are_exact=True):
    """The frames of (line, microsecond) pulses, looked at every 20 ms."""
    decoder = Decoder(Format(form), _diff, are_exact)
    found = []
    now = 0
    for line, at in pulses:
        while now + 20000 < at:
            now += 20000
            found.append(decoder.look(now))
        found.append(decoder.pulse(line, at))
    for _ in range(20):
        now += 20000
        found.append(decoder.look(now))
    return [frame for frame in found if frame is not None]


def timed(bits, every=1000, begin=1000000):
    """Pulses of ``bits``, one ``every`` so many microseconds."""
    return [(bit, begin + every * at) for at, bit in enumerate(bits)]


def sent(form, number):
    """The bits of this number, in hexadecimal or as a value."""
    if isinstance(number, int):
        number = (number & ((1 << _BITS[form]) - 1)).to_bytes(5, "big")
    return list(Format(form).frame(number))


def the_one(form, pulses, are_exact=True):
    (frame,) = frames(form, pulses, are_exact)
    return frame


def test_parities_are_where_the_readers_put_them():
    """Worked out by hand from the makers' tables: an encoder and a decoder that agree on the wrong
    place would agree with no reader.
    """
    for form, facility, number, bits in (
        # P over 12, facility 1 = 00000001, number 1, Q over 12
        ("26", 1, 1, "1 00000001 0000000000000001 0"),
        ("26", 255, 65535, "0 11111111 1111111111111111 1"),
        ("26", 12, 34567, "1 00001100 1000011100000111 1"),
        ("34", 0, 0, "0 0000000000000000 0000000000000000 1"),
        ("34", 1, 3, "1 0000000000000001 0000000000000011 1"),
        # Q over all, P, company 1, number 1, Q: only the company's last bit (place 13) and the
        # number's (33) are 1. P is over 2 3, 5 6, ... 32 33, of which 33 is one; the last Q over
        # 1 2, 4 5, ... 31 32, of which P and 13 are.
        ("35", 1, 1, "1 1 000000000001 00000000000000000001 1"),
        ("35", 0, 0, "0 0 000000000000 00000000000000000000 1"),
        # The bit in the middle of 37, the second of the number, counts for both.
        ("37", 0, 1 << 17, "1 0000000000000000 0100000000000000000 0"),
        ("37", 1, 1, "1 0000000000000001 0000000000000000001 0"),
        ("37", 0, 0, "0 0000000000000000 0000000000000000000 1"),
    ):
        wide, narrow = {"26": (8, 16), "34": (16, 16), "35": (12, 20), "37": (16, 19)}[form]
        value = facility << narrow | number
        packed = value.to_bytes((wide + narrow + 7) // 8, "big")
        expected = [int(bit) for bit in bits if bit != " "]
        assert list(Format(form).frame(packed)) == expected, (form, facility, number)
        assert the_one(form, timed(expected)).number == packed


def test_what_a_reader_sends_is_what_people_read_from_the_card():
    """The number that `policy card` makes of it."""
    for form, written, text, number in KNOWN:
        assert card_text.read(text, written) == bytes.fromhex(number)
        assert the_one(form, timed(sent(form, bytes.fromhex(number)))).number.hex() == number


def test_one_wrong_bit_is_never_a_number():
    """Each bit of each format, parities too, in numbers of all kinds: 132 bits, eight numbers."""
    for form in FORMATS:
        for value in PATTERNS:
            bits = sent(form, value)
            assert the_one(form, timed(bits)).number is not None
            for place in range(len(bits)):
                wrong = list(bits)
                wrong[place] ^= 1
                frame = the_one(form, timed(wrong))
                assert (frame.number, frame.why) == (None, "a parity is wrong"), (form, place)


def test_a_pulse_too_few_or_too_many_is_never_a_number():
    """Lost at any place, or one more at any place, on either line: no other format is tried, or 35
    bits of which one is lost would be somebody's 34.
    """
    for form in FORMATS:
        for value in PATTERNS[:5]:
            bits = sent(form, value)
            for place in range(len(bits)):
                less = bits[:place] + bits[place + 1 :]
                assert the_one(form, timed(less)).number is None
                for line in (0, 1):
                    more = bits[:place] + [line] + bits[place:]
                    frame = the_one(form, timed(more))
                    assert frame.number is None and frame.pulses == len(bits) + 1


def test_other_formats_and_pieces_of_a_frame_are_never_a_number():
    """Every beginning of it, and a frame of each other format."""
    for form in FORMATS:
        bits = sent(form, 0x123456789)
        for length in range(1, len(bits)):
            assert the_one(form, timed(bits[:length])).number is None
        for other in FORMATS:
            frame = the_one(other, timed(bits))
            assert (frame.number is None) == (other != form)
        assert frames(form, []) == []


def test_without_parities_only_where_it_is_said_to_be_so():
    """All bits are the number then, and their count is all that is checked."""
    bits = [1, 0] * 16
    for form in FORMATS:
        assert the_one(form, timed(bits)).number is None
    assert the_one("raw32", timed(bits)).number == b"\xaa" * 4
    assert the_one("raw32", timed(bits[:31])).number is None
    assert the_one("raw26", timed(sent("26", 1))).number == bytes.fromhex("00000002")
    assert len(the_one("raw128", timed(bits * 4)).number) == 16
    assert Format("raw56").frame(bytes(6) + b"\x81")[-8:] == bytes((1, 0, 0, 0, 0, 0, 0, 1))


def test_what_is_no_format_is_refused():
    """A reader that is set up wrongly says so at its start, and guesses nothing."""
    for text in ("", "27", "raw", "raw15", "raw129", "26,", "26,keypad", "26,keypad6", "026"):
        raises(WiegandError, Format, text)
    for form, number in (("26", b"\x01\x00\x00\x00"), ("34", bytes(1) + b"\x01" + bytes(4))):
        raises(WiegandError, Format(form).frame, number)


def test_slow_fast_and_uneven_readers():
    """From 0.2 to 20 ms between pulses, as readers have it, and each by a fifth early or late."""
    for form in FORMATS:
        bits = sent(form, 0x123456789)
        for every in (200, 1000, 2000, 20000):
            uneven = [
                (bit, at + (every // 5) * ((place * 7) % 3 - 1))
                for place, (bit, at) in enumerate(timed(bits, every))
            ]
            for pulses in (timed(bits, every), uneven):
                assert the_one(form, pulses).number is not None, (form, every)


def test_a_frame_cut_in_two_is_two_refusals():
    """A pause in it, as of a contact that comes and goes: the second half is the rest of the
    first, and does not become a number, whatever it looks like.
    """
    whole = sent("26", 0x123456)
    for place in (1, 13, 25):
        first = timed(whole[:place])
        second = timed(whole[place:], begin=first[-1][1] + 60000)
        assert [frame.number for frame in frames("26", first + second)] == [None, None]
    # A whole one right after a piece may be a piece of something as well: presented again.
    piece = timed(whole[:9])
    near = timed(whole, begin=piece[-1][1] + 100000)
    later = timed(whole, begin=piece[-1][1] + 300000)
    assert [frame.number for frame in frames("26", piece + near)] == [None, None]
    assert [frame.number for frame in frames("26", piece + later)] == [None, b"\x12\x34\x56"]


def test_pulses_that_are_too_near_are_noise():
    """A spike beside a pulse, where times are those of the pulses; where they are late it is one
    pulse too many. A spike in the place of a lost pulse makes the length right, and not the rest.
    """
    whole = timed(sent("26", 0x123456))
    for place in range(26):
        for after in (3, 60, 110):
            spike = (1 - whole[place][0], whole[place][1] + after)
            noisy = whole[: place + 1] + [spike] + whole[place + 1 :]
            assert the_one("26", noisy).why == "pulses came too near to each other"
            assert the_one("26", noisy, are_exact=False).number is None
            swapped = whole[: place + 1] + [spike] + whole[place + 2 :]
            assert place == 25 or the_one("26", swapped).number is None


def test_both_lines_at_once_and_lost_pulses_spoil_what_is_under_way():
    """A short between the lines, or a board that knows it has missed some: before, in and after
    the pulses that were counted.
    """
    whole = timed(sent("26", 0x123456))
    for place in range(27):
        decoder = Decoder(Format("26"), _diff)
        for line, at in whole[:place]:
            assert decoder.pulse(line, at) is None
        assert decoder.spoil("both lines were low at once", whole[min(place, 25)][1] + 1) is None
        for line, at in whole[place:]:
            assert decoder.pulse(line, at) is None
        frame = decoder.look(whole[-1][1] + 60000)
        assert (frame.number, frame.why) == (None, "both lines were low at once")


def test_a_line_that_babbles_is_told_now_and_then():
    """And holds no memory, and is no number in between; the next card after it is read."""
    babble = timed([1, 0] * 500)
    found = frames("26", babble + timed(sent("26", 5), begin=babble[-1][1] + 300000))
    assert [frame.number for frame in found] == [None] * 4 + [b"\x00\x00\x05"]
    assert found[0].pulses == 255


def test_keys_of_four_and_of_eight_bits():
    """0 to 9, * and #; of eight bits the first four are the others' complement."""
    for key in range(16):
        low = [key >> place & 1 for place in (3, 2, 1, 0)]
        high = [1 - bit for bit in low]
        short, long = the_one("26,keypad4", timed(low)), the_one("34,keypad8", timed(high + low))
        assert short.key == long.key == (key if key <= KEY_ENTER else None)
        assert short.number is None and long.number is None
        for place in range(8):
            wrong = high + low
            wrong[place] ^= 1
            assert the_one("26,keypad8", timed(wrong)).key is None
        assert the_one("26", timed(low)).key is None
        assert the_one("26,keypad4", timed(high + low)).key is None
    assert (KEY_CLEAR, KEY_ENTER) == (10, 11)


def test_the_last_bits_of_a_card_are_no_key():
    """A frame cut four bits before its end would type a digit."""
    whole = sent("26", 0x123456)
    first = timed(whole[:22])
    rest = timed(whole[22:], begin=first[-1][1] + 60000)
    assert [frame.key for frame in frames("26,keypad4", first + rest)] == [None, None]


# Times made up in the way that readers are described to send: microseconds of each pulse of 26
# bits, 0 for the first, with the unevenness of a reader's own timer.
DESCRIBED = {
    "a reader at 2 ms": (
        (0, 2011, 4003, 6018, 7999, 10021, 12006, 14017, 16001),
        (18019, 20003, 22015, 24000, 26013, 28004, 30022, 31998, 34016),
        (36002, 38014, 40007, 42019, 44001, 46012, 48003, 50021),
    ),
    "a fast one with a timer of 64 us": (
        (0, 256, 576, 832, 1088, 1408, 1664, 1920, 2240),
        (2496, 2752, 3072, 3328, 3584, 3904, 4160, 4416, 4736),
        (4992, 5248, 5568, 5824, 6080, 6400, 6656, 6912),
    ),
    "one that stops for its own work in the middle": (
        (0, 1020, 2015, 3030, 4018, 5022, 6017, 7031, 8019),
        (9025, 10014, 11027, 12016, 31240, 32254, 33251, 34260, 35249),
        (36262, 37255, 38258, 39247, 40261, 41250, 42259, 43251),
    ),
}


def test_described_timings_are_read_and_their_noise_is_not():
    """Each table as it is; each pulse up to 32 us early or late; one more between any two of them;
    one less.
    """
    bits = sent("26", 0x0C8707)
    for name, table in DESCRIBED.items():
        times = [1000000 + at for row in table for at in row]
        pulses = list(zip(bits, times))
        assert len(pulses) == 26
        assert the_one("26", pulses).number == b"\x0c\x87\x07", name
        for turn in range(5):
            moved = [
                (bit, at + (place * 37 + turn * 53) % 64 - 32)
                for place, (bit, at) in enumerate(pulses)
            ]
            assert the_one("26", moved).number == b"\x0c\x87\x07", name
        for place in range(25):
            middle = (times[place] + times[place + 1]) // 2
            for line in (0, 1):
                more = pulses[: place + 1] + [(line, middle)] + pulses[place + 1 :]
                for are_exact in (True, False):
                    assert the_one("26", more, are_exact).number is None, name
            less = pulses[:place] + pulses[place + 1 :]
            assert the_one("26", less).number is None, name


def test_a_recorded_reader_is_read_and_its_noise_is_not():
    """A reader's own pulses, both frames of a card that was held to it, at their own times; each
    up to 150 us early or late; a spike after each one; one lost, or on the other line.
    """
    number = recorded_wiegand.NUMBER
    begun = [[(bit, 1000000 + at) for bit, at in frame] for frame in recorded_wiegand.frames()]
    found = frames(recorded_wiegand.FORMAT, begun[0] + begun[1])
    assert [frame.number for frame in found] == [number, number]
    for form in ("26", "35", "37", "raw36"):
        assert [frame.number for frame in frames(form, begun[0] + begun[1])] == [None, None]
    pulses = begun[0]
    for turn in range(8):
        moved = [
            (bit, at + (place * 137 + turn * 53) % 301 - 150)
            for place, (bit, at) in enumerate(pulses)
        ]
        assert the_one("34", moved).number == number
    for place in range(34):
        for after in (3, 60, 119, 400, 1200):
            for line in (0, 1):
                spike = [(line, pulses[place][1] + after)]
                for are_exact in (True, False):
                    more = pulses[: place + 1] + spike + pulses[place + 1 :]
                    assert the_one("34", more, are_exact).number is None, (place, after)
        less = pulses[:place] + pulses[place + 1 :]
        assert the_one("34", less).number is None
        # On the other line in its place: a bit is wrong.
        swapped = pulses[:place] + [(1 - pulses[place][0], pulses[place][1])] + pulses[place + 1 :]
        assert the_one("34", swapped).why == "a parity is wrong"
