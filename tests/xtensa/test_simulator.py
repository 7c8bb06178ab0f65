"""The Xtensa simulator against the manual: encodings assembled by hand, and what a chip forbids.

Every proof about the machine code for the ESP32 rests on this simulator. It could lie in two ways:
an instruction does something else than on the chip, or code passes here that a chip would stop. So
each instruction is held against bytes and results worked out from the Xtensa ISA reference manual
(the GNU assembler for the ESP8266 makes the same bytes of all that this older core has), and each
thing forbidden is done once on purpose.
"""

import pytest

from xtensa.simulator import Fault, Machine, Misaligned

ENTRY = "366100"  # entry a1, 48
LEAVE = "1df0"  # retw.n

# The text, its bytes, a3, a4, and what a2 then is. a2 is 0x11111111 before.
BEFORE = 0x11111111
MINUS = 0xFFFFFFFF
INSTRUCTIONS = [
    ("add a2, a3, a4", "402380", MINUS, 2, 1),
    ("add.n a2, a3, a4", "4a23", 5, 6, 11),
    ("addx2 a2, a3, a4", "402390", 5, 6, 16),
    ("addx4 a2, a3, a4", "4023a0", 5, 6, 26),
    ("addx8 a2, a3, a4", "4023b0", 5, 6, 46),
    ("sub a2, a3, a4", "4023c0", 5, 6, MINUS),
    ("subx2 a2, a3, a4", "4023d0", 5, 6, 4),
    ("subx4 a2, a3, a4", "4023e0", 5, 6, 14),
    ("subx8 a2, a3, a4", "4023f0", 5, 6, 34),
    ("and a2, a3, a4", "402310", 0xFF00FF00, 0x0FF00FF0, 0x0F000F00),
    ("or a2, a3, a4", "402320", 0xFF00FF00, 0x0FF00FF0, 0xFFF0FFF0),
    ("xor a2, a3, a4", "402330", 0xFF00FF00, 0x0FF00FF0, 0xF0F0F0F0),
    ("neg a2, a4", "402060", 0, 5, 0xFFFFFFFB),
    ("abs a2, a4", "402160", 0, 0xFFFFFFFB, 5),
    ("addi a2, a3, -1", "22c3ff", 0, 0, MINUS),
    ("addmi a2, a3, 256", "22d301", 1, 0, 257),
    ("addi.n a2, a3, 1", "1b23", 7, 0, 8),
    ("addi.n a2, a3, -1", "0b23", 7, 0, 6),
    ("movi a2, -2048", "22a800", 0, 0, 0xFFFFF800),
    ("movi.n a2, 95", "5cf2", 0, 0, 95),
    ("movi.n a2, -32", "6c02", 0, 0, 0xFFFFFFE0),
    ("mov.n a2, a3", "2d03", 77, 0, 77),
    ("mull a2, a3, a4", "402382", 0xFFFFFFFE, 3, 0xFFFFFFFA),
    ("muluh a2, a3, a4", "4023a2", MINUS, MINUS, 0xFFFFFFFE),
    ("mulsh a2, a3, a4", "4023b2", MINUS, 5, MINUS),
    ("mul16u a2, a3, a4", "4023c1", 0xABCDFFFF, 0xFFFF, 0xFFFE0001),
    ("mul16s a2, a3, a4", "4023d1", 0xFFFF, 2, 0xFFFFFFFE),
    ("quou a2, a3, a4", "4023c2", MINUS, 16, 0x0FFFFFFF),
    ("quos a2, a3, a4", "4023d2", 0xFFFFFFF9, 2, 0xFFFFFFFD),
    ("remu a2, a3, a4", "4023e2", 17, 5, 2),
    ("rems a2, a3, a4", "4023f2", 0xFFFFFFF9, 2, MINUS),
    ("slli a2, a3, 4", "c02311", 0x12345678, 0, 0x23456780),
    ("slli a2, a3, 31", "102301", 3, 0, 0x80000000),
    ("srli a2, a4, 4", "402441", 0, 0x81234567, 0x08123456),
    ("srai a2, a4, 20", "402431", 0, 0x81234567, 0xFFFFF812),
    ("extui a2, a4, 20, 8", "402475", 0, 0x81234567, 0x12),
    ("extui a2, a4, 0, 16", "4020f4", 0, 0x81234567, 0x4567),
    ("ssai 28; src a2, a3, a4", "104c40402381", 0xA, 0xB0000000, 0xAB),
    ("ssr a3; srl a2, a4", "000340402091", 4, 0x80000000, 0x08000000),
    ("ssr a3; sra a2, a4", "0003404020b1", 4, 0x80000000, 0xF8000000),
    ("ssl a3; sll a2, a4", "0013400024a1", 4, 0x81, 0x810),
    ("ssl a3; sll a2, a4", "0013400024a1", 0, 0x81, 0x81),
    ("ssa8l a3; srl a2, a4", "002340402091", 2, 0x12345678, 0x1234),
    ("ssa8b a3; sll a2, a4", "0033400024a1", 1, 0x12345678, 0x34567800),
    ("nsau a2, a3", "20f340", 0x00010000, 0, 15),
    ("nsau a2, a3", "20f340", 0, 0, 32),
    ("nsa a2, a3", "20e340", 0xFFFF0000, 0, 15),
    ("sext a2, a3, 15", "802323", 0x8000, 0, 0xFFFF8000),
    ("clamps a2, a3, 15", "802333", 0x12345, 0, 0x7FFF),
    ("min a2, a3, a4", "402343", MINUS, 1, MINUS),
    ("max a2, a3, a4", "402353", MINUS, 1, 1),
    ("minu a2, a3, a4", "402363", MINUS, 1, 1),
    ("maxu a2, a3, a4", "402373", MINUS, 1, MINUS),
    ("moveqz a2, a3, a4", "402383", 9, 0, 9),
    ("moveqz a2, a3, a4", "402383", 9, 1, BEFORE),
    ("movnez a2, a3, a4", "402393", 9, 0, BEFORE),
    ("movnez a2, a3, a4", "402393", 9, 1, 9),
    ("movltz a2, a3, a4", "4023a3", 9, MINUS, 9),
    ("movltz a2, a3, a4", "4023a3", 9, 0, BEFORE),
    ("movgez a2, a3, a4", "4023b3", 9, 0, 9),
    ("movgez a2, a3, a4", "4023b3", 9, MINUS, BEFORE),
    ("nop; nop.n; memw", "f020003df0c02000", 0, 0, BEFORE),
]

# A branch over `movi.n a2, 0` on a3 and a4: taken when a2 stays.
BRANCHES = [
    ("beq", "471301", 5, 5, 6, 5),
    ("bne", "479301", 6, 5, 5, 5),
    ("blt", "472301", MINUS, 0, 0, MINUS),
    ("bge", "47a301", 0, MINUS, MINUS, 0),
    ("bltu", "473301", 0, MINUS, MINUS, 0),
    ("bgeu", "47b301", MINUS, 0, 0, MINUS),
    ("bany", "478301", 6, 2, 6, 1),
    ("bnone", "470301", 6, 1, 6, 2),
    ("ball", "474301", 7, 3, 5, 3),
    ("bnall", "47c301", 5, 3, 7, 3),
    ("bbc", "475301", 0, 33, 2, 33),
    ("bbs", "47d301", 2, 33, 0, 33),
    ("bbci 17", "177301", 0, 0, 1 << 17, 0),
    ("bbsi 17", "17f301", 1 << 17, 0, 0, 0),
    ("beqz", "161300", 0, 0, 1, 0),
    ("bnez", "561300", 1, 0, 0, 0),
    ("bltz", "961300", MINUS, 0, 0, 0),
    ("bgez", "d61300", 0, 0, MINUS, 0),
    ("beqi 10", "269301", 10, 0, 9, 0),
    ("bnei -1", "660301", 1, 0, MINUS, 0),
    ("blti 256", "a6f301", 255, 0, 256, 0),
    ("bgei 256", "e6f301", 256, 0, MINUS, 0),
    ("bltui 65536", "b61301", 65535, 0, 65536, 0),
    ("bgeui 32768", "f60301", 32768, 0, 32767, 0),
    ("beqz.n", "8c03", 0, 0, 1, 0),
    ("bnez.n", "cc03", 1, 0, 0, 0),
]


def machine(*code: str) -> Machine:
    return Machine(bytes.fromhex("".join(code)))


@pytest.mark.parametrize(("text", "code", "a3", "a4", "result"), INSTRUCTIONS)
def test_an_instruction_does_what_the_manual_says(text, code, a3, a4, result):
    assert hex(machine(ENTRY, code, LEAVE).call(BEFORE, a3, a4)) == hex(result), text


@pytest.mark.parametrize(("text", "code", "a3", "a4", "other3", "other4"), BRANCHES)
def test_a_branch_is_taken_when_the_manual_says_so(text, code, a3, a4, other3, other4):
    # A branch of three bytes skips movi.n a2, 0; one of two skips movi a2, 0.
    skipped = "0c02" if len(code) == 6 else "22a000"
    code = code if len(code) == 6 else code[:2] + "1" + code[3:]
    tried = machine(ENTRY, code, skipped, LEAVE)
    assert tried.call(BEFORE, a3, a4) == BEFORE, text
    assert tried.instructions == 3
    assert tried.call(BEFORE, other3, other4) == 0, text
    assert tried.instructions == 4


def test_memory_is_little_endian_and_loads_extend():
    data = bytearray(bytes.fromhex("0102030485868788"))
    for code, result in (
        ("220207", 0x88),  # l8ui a2, a2, 7
        ("221203", 0x8887),  # l16ui a2, a2, 6
        ("229203", 0xFFFF8887),  # l16si a2, a2, 6
        ("222201", 0x88878685),  # l32i a2, a2, 4
        ("2812", 0x88878685),  # l32i.n a2, a2, 4
    ):
        assert machine(ENTRY, code, LEAVE).call(data) == result
    for code, stored in (
        ("324201", "01dd0304"),  # s8i a3, a2, 1
        ("325201", "0102ddcc"),  # s16i a3, a2, 2
        ("326200", "ddccbbaa"),  # s32i a3, a2, 0
        ("3902", "ddccbbaa"),  # s32i.n a3, a2, 0
    ):
        data[:4] = bytes.fromhex("01020304")
        machine(ENTRY, code, LEAVE).call(data, 0xAABBCCDD)
        assert data[:4].hex() == stored


def test_a_literal_is_read_at_the_word_that_the_manual_names():
    # j over the literal at 4, as the emitter lays it; entry at 8; l32r a2 at 11: 12 - 8.
    assert machine("060100", "00", "efbeadde", ENTRY, "21feff", LEAVE).call(0) == 0xDEADBEEF


def test_calls_shift_the_window_by_eight_and_keep_the_callers_registers():
    # main: a10 = a2; a4 = 5; call8 f; a2 = a10 + a4      f: a2 = a2 + 1, and it spoils its own a4
    # call8 at 8: its target is (8 & ~3) + 4 + (offset << 2).
    offset = (20 - 12) >> 2
    call8 = (offset << 6 | 2 << 4 | 5).to_bytes(3, "little").hex()
    main = ENTRY + "ad02" + "42a005" + call8 + "4a2a" + LEAVE
    code = (main + "3df0" * 4)[:40] + ENTRY + "1b22" + "42a063" + LEAVE
    tried = machine(code)
    assert tried.call(10) == 16
    assert tried.instructions == 10


def test_a_call_through_a_register_comes_back_and_deep_calls_are_stopped():
    # callx8 a3 with a3 = its own entry: it calls itself for ever.
    endless = machine(ENTRY, "bd03", "e00300", LEAVE)
    with pytest.raises(Fault, match="too deep"):
        endless.call(0, 0x40080000)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("222201", "outside"),  # l32i a2, a2, 4 of four bytes
        ("220204", "outside"),
        ("226201", "outside"),
        ("22021022", "outside"),
        ("221200" + "22c201" + "221200", "unaligned"),  # l16ui at an odd address
        ("22c201" + "222200", "unaligned"),
        ("22c202" + "226200", "unaligned"),
        ("226100", ""),  # s32i a2, a1, 0: the frame is ours
        ("226104", "stack"),  # s32i a2, a1, 16: from here on the window handlers may write
        ("226107", "stack"),
        ("22610c", "stack"),  # the caller's frame
        ("22d1ff" + "222200", "stack"),  # below the stack pointer: an interrupt may write
        ("000000", "does not have"),  # ill
        ("402362", "does not have"),  # saltu: in newer cores only
    ],
)
def test_what_a_chip_would_not_do_is_a_fault(code, why):
    tried = machine(ENTRY, code, LEAVE)
    if why:
        with pytest.raises(Fault, match=why):
            tried.call(bytearray(4))


def test_code_is_read_in_words_only_and_never_written():
    inside = "%08x" % int.from_bytes((0x40080004).to_bytes(4, "little"), "big")
    load = "060100" + "00" + inside + ENTRY + "21feff"
    assert machine(load, "222200", LEAVE).call(0) == 0x40080004
    for code, why in (("220200", "narrow"), ("221200", "narrow"), ("226200", "only be read")):
        with pytest.raises(Fault, match=why):
            machine(load, code, LEAVE).call(0)


def test_a_constant_in_flash_may_begin_anywhere_and_is_not_written():
    first = machine(ENTRY, "220200", LEAVE)
    assert first.call(b"\x2a\x00\x00\x00") == 0x2A
    with pytest.raises(Fault, match="only be read"):
        machine(ENTRY, "224200", LEAVE).call(b"\x2a")
    with pytest.raises(Fault, match="unaligned"):
        machine(ENTRY, "222200", LEAVE).call(b"\x2a\x00\x00\x00")
    assert machine(ENTRY, "222200", LEAVE).call(Misaligned(b"\x2a\x00\x00\x00", 0)) == 0x2A
    # The word around it may be read, the word behind it may not.
    around = machine(ENTRY, "22c2ff" + "222200", LEAVE)  # addi a2, a2, -1; l32i a2, a2, 0
    assert around.call(b"\x2a\x2b") >> 8 & 0xFFFF == 0x2B2A
    with pytest.raises(Fault, match="outside"):
        machine(ENTRY, "222201", LEAVE).call(Misaligned(b"\x2a\x00\x00\x00", 0))


def test_code_that_does_not_end_or_leaves_is_stopped():
    with pytest.raises(Fault, match="no code"):
        machine(ENTRY).call(0)
    with pytest.raises(Fault, match="no code"):
        machine(ENTRY, "a00200").call(0)  # jx a2
    endless = machine(ENTRY, "06ffff")  # j to itself
    endless._machine.limit = 1000
    with pytest.raises(Fault, match="does not end"):
        endless.call(0)


def test_registers_and_stack_that_nobody_set_hold_noise():
    seen = {machine(ENTRY, "2d09", LEAVE).call(0)}  # mov.n a2, a9
    tried = machine(ENTRY, "2d09", LEAVE)
    seen |= {tried.call(0) for _ in range(3)}
    assert len(seen) > 2


def test_instructions_are_counted_exactly_and_cycles_roughly():
    # a2 = a2 + a2 + ... by a loop: movi.n a3, 0; add.n a3, a3, a2; addi.n a2, a2, -1; bnez a2; ...
    loop = machine(ENTRY, "0c03", "2a33", "0b22", "5682ff", "2d03", LEAVE)
    assert loop.call(100) == 5050
    assert loop.instructions == 2 + 3 * 100 + 2
    # Two for each of the 99 branches taken, and two for the return.
    assert loop.cycles == loop.instructions + 2 * 100
    # A product wanted at once waits a cycle, one wanted later does not.
    at_once = machine(ENTRY, "402382", "2a22", "3d03", LEAVE)
    later = machine(ENTRY, "402382", "3d03", "2a22", LEAVE)
    for tried in (at_once, later):
        tried.call(1, 2, 3)
    assert (at_once.cycles - later.cycles, at_once.instructions) == (1, later.instructions)
