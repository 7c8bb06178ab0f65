"""X25519 by the field VM: right on the board, as long for every secret, and what it takes.

The private key of a reader goes through this code at each unlock, and a radio in earshot sees how
long it takes. So not only the results are held against RFC 7748 and OpenSSL, but the number of
instructions, for scalars of every extreme shape, has to be one number.
"""

import functools
import json
import os
import pathlib
import random
import tempfile

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from board.qemu_board import ROOT, compiled, missing, native_modules, new_board, rom_image
from crypto.assembly import model
from crypto.assembly.programs import x25519

TORTURE = os.environ.get("HOLDFAST_TORTURE")
P = 2**255 - 19

# Of the seven u of small order, and what stands for the same residue in 255 bits (RFC 7748, 7).
SMALL_ORDER = (
    *(0, 1, P - 1, P, P + 1),
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
)

# RFC 7748, section 5.2.
SCALAR = "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"
U = "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"
PRODUCT = "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"
SCALAR_2 = "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"
U_2 = "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"
PRODUCT_2 = "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"
ITERATED = {
    1: "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079",
    1000: "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51",
}

ON_THE_BOARD = """
import gc, json
gc.collect()
before = gc.mem_alloc()
from crypto.native.x25519 import x25519_steps
gc.collect()
loaded = gc.mem_alloc() - before
from binascii import unhexlify
from crypto.native import programs_x25519 as programs, x25519 as driver, x25519_base
from qemu_rv32 import instructions
total, run, nothing = 0, driver.run, bytearray(8)  # a program that is END
def counted_run(*arguments):
    global total
    run(nothing, bytearray(4), b"")  # MicroPython remembers where it found a name last
    total += instructions(run, *arguments)
def x25519(private, public):
    steps = x25519_steps(private, public)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
"""
PAIRS = """
driver.run = x25519_base.run = counted_run
counts = {True: set(), False: set()}
with open("/rom/pairs", "rb") as file:
    while True:
        private, public, result = file.read(32), file.read(32), file.read(32)
        if not result:
            break
        total = 0
        if x25519(private, public) != result:
            print("wrong for", private, public)
        counts[public == bytes([9]) + bytes(31)].add(total)
print([len(each) for each in counts.values()])
"""

if missing():
    pytest.skip(missing(), allow_module_level=True)


@functools.cache
def files() -> dict[str, bytes]:
    """What a board needs for this: path in its ROM to content."""
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        native_modules(place / "crypto" / "native")
        for name in ("bank", "x25519", "x25519_base"):
            source = ROOT / "lib" / "crypto" / "native" / f"{name}.py"
            compiled(source, name, place / "crypto" / "native" / f"{name}.mpy")
        return {
            path.relative_to(place).as_posix(): path.read_bytes()
            for path in place.rglob("*.mpy")
        }


def on_board(source: str, pairs: bytes = b"") -> str:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in {**files(), "pairs": pairs}.items():
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        rom = rom_image(pathlib.Path(folder))
    with new_board(rom) as board:
        return board.run(ON_THE_BOARD + source).strip()


def by_openssl(private: bytes, public: bytes) -> bytes:
    """The same by others; they refuse what gives zeros."""
    try:
        peer = X25519PublicKey.from_public_bytes(public)
        return X25519PrivateKey.from_private_bytes(private).exchange(peer)
    except ValueError:
        return bytes(32)


def le(number: int) -> bytes:
    return number.to_bytes(32, "little")


def test_published_results():
    """RFC 7748: the two products, and what comes of using each result as the next scalar."""
    result = on_board(
        f"for k, u in (({SCALAR!r}, {U!r}), ({SCALAR_2!r}, {U_2!r})):\n"
        "    print(x25519(unhexlify(k), unhexlify(u)).hex())\n"
        "k = u = bytes([9]) + bytes(31)\n"
        f"for i in range({1000 if TORTURE else 20}):\n"
        "    k, u = x25519(k, u), k\n"
        "    if not i:\n"
        "        print(k.hex())\n"
        "print(k.hex())\n"
    )
    *first, last = result.split()
    assert first == [PRODUCT, PRODUCT_2, ITERATED[1]]
    k = u = le(9)
    for _ in range(1000 if TORTURE else 20):
        k, u = by_openssl(k, u), k
    assert last == k.hex()
    if TORTURE:
        assert last == ITERATED[1000]


def test_every_secret_takes_the_same_instructions():
    """Scalars and points of every extreme: results as OpenSSL's, and one count for all of them.

    The base point has a program of its own, and so a count of its own.
    """
    generator = random.Random(7748)
    scalars = [0, 2**256 - 1, *(2**k for k in range(0, 256, 1 if TORTURE else 32))]
    scalars += [generator.getrandbits(256) for _ in range(1000 if TORTURE else 10)]
    points = [2, P - 9, P + 9, 2**255 - 1, 2**256 - 1, *SMALL_ORDER]
    points += [2**255 + u for u in SMALL_ORDER]
    pairs = [(k, generator.getrandbits(256)) for k in scalars]
    pairs += [(k, 9) for k in scalars]
    pairs += [(generator.getrandbits(256), u) for u in points]
    data = b"".join(le(k) + le(u) + by_openssl(le(k), le(u)) for k, u in pairs)
    assert on_board(PAIRS, data) == "[1, 1]"


def test_what_it_takes(capsys):
    """The budget: 1.7 million instructions, steps of 400,000, 8 KB of RAM beside the code."""
    result = on_board(
        "gc.collect()\n"
        f"private = unhexlify({SCALAR!r})\n"
        "def measured(public):\n"
        "    gc.collect()\n"
        "    whole = instructions(x25519, private, public)\n"
        "    steps, each = x25519_steps(private, public), []\n"
        "    def step():\n"
        "        return next(steps, None)\n"
        "    for _ in range(5):\n"
        "        each.append(instructions(step))\n"
        "    return whole, max(each)\n"
        f"other = measured(unhexlify({U!r}))\n"
        "base = measured(bytes([9]) + bytes(31))\n"
        "print(json.dumps((other, base, programs.BANK, loaded)))\n"
    )
    (whole, step), (base, base_step), bank, loaded = json.loads(result)
    code = len(files()["crypto/native/field25519.mpy"])
    with capsys.disabled():
        print(f"\nX25519: {whole} instructions, of the base point {base}; the longest steps")
        print(f"{step} and {base_step}; bank {bank} bytes, machine code {code} bytes,")
        print(f"{loaded} of heap with its driver")
    assert whole <= 1_700_000
    assert base <= 1_000_000
    assert max(step, base_step) <= 400_000
    assert bank <= 8192
    assert code <= 24 * 1024


def test_nothing_is_left_of_the_keys():
    """A bank of an abandoned computation is wiped too; who gets the memory next sees zeros."""
    result = on_board(
        "banks = []\n"
        "def watched(program, bank, table):\n"
        "    banks.append(bank)\n"
        "    return run(program, bank, table)\n"
        "driver.run = x25519_base.run = watched\n"
        f"for public in (unhexlify({U!r}), bytes([9]) + bytes(31)):\n"
        f"    private = unhexlify({SCALAR!r})\n"
        "    x25519(private, public)\n"
        "    steps = x25519_steps(private, public)\n"
        "    next(steps)\n"
        "    print(any(banks[-1]))\n"
        "    steps.close()\n"
        "    print(len(banks), any(any(bank) for bank in banks))\n"
    )
    assert result.split("\n") == ["True", "8 False", "True", "14 False"]


def test_the_program_on_the_model():
    """Without a board: the program as such is right, and does nothing that a program must not."""
    for scalar, u, product in ((SCALAR, U, PRODUCT), (SCALAR_2, U_2, PRODUCT_2)):
        at = x25519.bank
        machine = model.Machine(model.CURVE25519, bytearray(at.size))
        clamped = int.from_bytes(bytes.fromhex(scalar), "little") & ~7 & (2**255 - 1) | 2**254
        machine.set_cell(at.scalar, clamped)
        machine.set_cell(at.u, int.from_bytes(bytes.fromhex(u), "little") & (2**255 - 1))
        machine.run(x25519.begin())
        for bits in (100, 155):
            machine.set_word(at.loop, bits)
            machine.run(x25519.steps())
        machine.run(x25519.end())
        assert le(machine.cell(at.x2)).hex() == product
