"""Tables and digits for the VM on RV32, the same in every field: a field takes what it needs."""

from .. import isa
from .core import BANK, PC, SPILL, TABLE_SLOT, WORDS, A, B, D, Vm


def pick_ops(vm: Vm) -> None:
    """PICK and PICKT: the digit is public, so this branches on it."""
    digit, start, size, zero, negative, sign = "t0", "a5", "t1", "t2", "t3", "t4"
    vm.label("pick_nothing")
    vm.add(PC, PC, zero)
    vm.dispatch()
    for number in (isa.PICK, isa.PICKT):
        with vm.op(number, goes_on=False):
            _digit(vm, digit, start)
            _more(vm, start, (size, zero, negative))
            vm.beq(digit, "zero", "pick_nothing")
            vm.srai(sign, digit, 31)
            vm.and_(negative, negative, sign)
            vm.add(PC, PC, negative)
            vm.xor(digit, digit, sign)  # |digit| - 1 if it was negative: as it is odd, one half
            vm.srli(digit, digit, 1)
            vm.mul(digit, digit, size)
            vm.add(A, start, digit)
            vm.srli(B, size, 5)
            if number == isa.PICK:
                vm.add(A, A, BANK)
                vm.jal("zero", "copy_cells")
            else:
                vm.lw("a3", "sp", TABLE_SLOT)
                vm.add(A, A, "a3")
                vm.jal("zero", "load_cells")


def _digit(vm, digit, cursor):
    """The digit that A and the position of loop B name, and the loop's cursor."""
    vm.lw(digit, B, 4)
    vm.lw(cursor, B, 8)
    vm.add(A, A, digit)
    vm.lb(digit, A, 0)


def _more(vm, start, others):
    """The four halfwords after the instruction: start, to which the cursor comes, and others."""
    vm.lhu("a3", PC, 0)
    vm.add(start, start, "a3")
    for i, register in enumerate(others):
        vm.lhu(register, PC, 2 * i + 2)
    vm.addi(PC, PC, 8)


def select_ops(vm: Vm) -> None:
    """SELECT and SELECTT: cell by cell of the entry, all entries are read and one is kept."""
    words = ("s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9")
    digit, keep, size, entries, entry = "t0", "t1", "t2", "t3", "t4"
    mask, word, i, cells, start = "a3", "a4", "a5", "t5", "a5"
    shift, back, above, scratch = "t6", "a6", "a7", "ra"

    def prepare(base):
        """D, the table's first entry in A, the digit; the sign is stored."""
        sign = "t5"
        _digit(vm, digit, start)
        _more(vm, start, (size, entries, sign))
        vm.add(A, start, base)
        vm.srai(keep, digit, 31)
        vm.add(sign, sign, BANK)
        vm.sw(keep, sign, 0)
        vm.xor(digit, digit, keep)
        vm.sub(digit, digit, keep)
        vm.sltiu(keep, digit, 1)
        vm.sub(keep, "zero", keep)
        vm.srli(cells, size, 5)

    def cell(name, read):
        """One cell of the entry: what stays of D, and of each entry what is wanted of it."""
        vm.label(name)
        for k, kept in enumerate(words):
            vm.lw(kept, D, 4 * k)
            vm.and_(kept, kept, keep)
        vm.mv(entry, A)
        vm.li(i, 0)
        vm.label(f"{name}_entry")
        vm.addi(i, i, 1)
        vm.xor(mask, i, digit)
        vm.sltiu(mask, mask, 1)
        vm.sub(mask, "zero", mask)
        read()
        vm.add(entry, entry, size)
        vm.bne(i, entries, f"{name}_entry")
        vm.store_cell(words, D)
        vm.addi(D, D, isa.CELL)
        vm.addi(A, A, isa.CELL)
        vm.addi(cells, cells, -1)
        vm.bne(cells, "zero", name)

    def aligned():
        for k, kept in enumerate(words):
            vm.lw(word, entry, 4 * k)
            vm.and_(word, word, mask)
            vm.or_(kept, kept, word)

    def unaligned():
        # ``entry`` is rounded down: of two words each, the upper and the lower bytes.
        low, high = word, above
        vm.lw(low, entry, 0)
        for k, kept in enumerate(words):
            vm.lw(high, entry, 4 * k + 4)
            vm.srl(low, low, shift)
            vm.slli(scratch, high, 1)
            vm.sll(scratch, scratch, back)
            vm.or_(low, low, scratch)
            vm.and_(low, low, mask)
            vm.or_(kept, kept, low)
            low, high = high, low

    with vm.op(isa.SELECT):
        prepare(BANK)
        cell("select", aligned)
    with vm.op(isa.SELECTT):
        vm.lw("a4", "sp", TABLE_SLOT)
        prepare("a4")
        vm.andi(shift, A, 3)
        vm.beq(shift, "zero", "select")
        vm.sub(A, A, shift)
        vm.slli(shift, shift, 3)
        vm.xori(back, shift, -1)  # 31 - shift, in the five bits that count
        cell("selectt", unaligned)


def wnaf_op(vm: Vm) -> None:
    """WNAF: bit by bit, and a whole digit where one begins. The number is public."""
    i, carry, full, half, mask, limit = "a3", "a4", "a5", "t0", "t1", "t2"
    digit, scratch, other = "t3", "t4", "t5"
    with vm.op(isa.WNAF, goes_on=False):
        vm.number(B)
        _scalar(vm, "a3")
        vm.mv(scratch, D)
        vm.li(i, 18)  # times 16 bytes
        vm.label("wnaf_clear")
        for k in range(4):
            vm.sw("zero", scratch, 4 * k)
        vm.addi(scratch, scratch, 16)
        vm.addi(i, i, -1)
        vm.bne(i, "zero", "wnaf_clear")
        _powers(vm, full, half, mask)
        vm.li(limit, 257)
        vm.li(carry, 0)
        vm.li(i, -1)
        vm.label("wnaf_zero")
        vm.addi(i, i, 1)
        vm.label("wnaf_digit")
        vm.bge(i, limit, "fetch")
        _bits(vm, digit, i, scratch, other)
        vm.andi(scratch, digit, 1)
        vm.beq(scratch, carry, "wnaf_zero")
        vm.and_(digit, digit, mask)
        vm.add(digit, digit, carry)
        vm.sltu(carry, digit, half)
        vm.xori(carry, carry, 1)
        vm.sub(scratch, "zero", carry)
        vm.and_(scratch, scratch, full)
        vm.sub(digit, digit, scratch)
        vm.add(scratch, D, i)
        vm.sb(digit, scratch, 0)
        vm.add(i, i, B)
        vm.jal("zero", "wnaf_digit")


def recode_op(vm: Vm) -> None:
    """RECODE: the same instructions for every number, and nothing of it stays on the stack."""
    i, carry, full, half, mask, limit = "a3", "a4", "a5", "t0", "t1", "t2"
    digit, scratch, other = "t3", "t4", "t5"
    with vm.op(isa.RECODE):
        vm.number(B)
        _scalar(vm, "a3")
        _powers(vm, full, half, mask)
        vm.li(limit, 256)
        vm.li(carry, 0)
        vm.li(i, 0)
        vm.label("recode_digit")
        _bits(vm, digit, i, scratch, other)
        vm.and_(digit, digit, mask)
        vm.add(digit, digit, carry)
        vm.add(carry, digit, half)
        vm.srl(carry, carry, B)
        vm.sll(scratch, carry, B)
        vm.sub(digit, digit, scratch)
        vm.sb(digit, D, 0)
        vm.addi(D, D, 1)
        vm.add(i, i, B)
        vm.bge(limit, i, "recode_digit")
        for k in WORDS:
            vm.sw("zero", "sp", SPILL + 4 * k)


def _scalar(vm, scratch):
    """The number in A to the stack, with two words of nothing above it."""
    for k in WORDS:
        vm.lw(scratch, A, 4 * k)
        vm.sw(scratch, "sp", SPILL + 4 * k)
    vm.sw("zero", "sp", SPILL + 32)
    vm.sw("zero", "sp", SPILL + 36)


def _bits(vm, to, i, scratch, other):
    """32 bits of that number, from bit i on."""
    vm.srli(scratch, i, 5)
    vm.slli(scratch, scratch, 2)
    vm.add(scratch, scratch, "sp")
    vm.lw(to, scratch, SPILL)
    vm.lw(other, scratch, SPILL + 4)
    vm.srl(to, to, i)
    vm.slli(other, other, 1)
    vm.xori(scratch, i, -1)
    vm.sll(other, other, scratch)  # by 31 - i, modulo 32
    vm.or_(to, to, other)


def _powers(vm, full, half, mask):
    """2^B, half of that, and one less than it."""
    vm.li(full, 1)
    vm.sll(full, full, B)
    vm.srli(half, full, 1)
    vm.addi(mask, full, -1)
