"""P-256 on the board: right for every scalar, and always the same instructions, step by step.

Whoever times a door's answers must not learn its key. So what is counted has one value for all
keys, among them the corners of the algorithm (tests/assembly/p256_scalars.py).
"""

import os
import pathlib
import random

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from assembly.p256_scalars import edges
from board.qemu_board import compile_tree, missing, new_board, rom_image
from crypto.assembly.model256 import N

if missing():
    pytest.skip(missing(), allow_module_level=True)

MANY = os.environ.get("HOLDFAST_TORTURE") == "1"
RANDOM = 1000 if MANY else 50
STEP = 400_000  # instructions that others wait for at most

CURVE = ec.SECP256R1()
PEER = 0xC0FFEE << 200 | 1

# What the machine code takes is counted call by call. Around it are a few bytecodes that do not
# look at a secret but allocate memory, whose count depends on what else is in the heap.
ON_THE_BOARD = """
import array, gc
from qemu_rv32 import instructions
from crypto.native import es256, p256, p256_base

class Counted:
    def __init__(self, run):
        self.run = run
    def __call__(self, program, bank, table):
        global calls, same
        if recording:
            gc.collect()  # a call makes an object, and that takes longer in a fuller heap
            self.run(nothing, bank, table)  # MicroPython remembers where it found a name last
            count = instructions(self.run, program, bank, table)
            if not first[calls]:
                first[calls] = count
            same = same and first[calls] == count
            calls += 1
        else:
            self.run(program, bank, table)

nothing = bytearray(8)  # a program that is END
peer = bytes.fromhex(%r)
operations = {
    "public key": p256.p256_public_key_steps,
    "ecdh": lambda private: p256.p256_ecdh_steps(private, peer),
    "ecdh, x alone": lambda private: p256.p256_ecdh_steps(private, peer[:32]),
    "sign": lambda private: es256.es256_sign_steps(private, b"message"),
}
p256.run = p256_base.run = Counted(p256.run)
es256.run_modular = Counted(es256.run_modular)
first = array.array("i", bytes(4 * 32))
private = bytearray(32)

class Step:
    def __init__(self, steps):
        self.steps, self.more = steps, True
    def __call__(self):
        try:
            next(self.steps)
        except StopIteration as end:
            self.more, self.value = False, end.value

def main(operation):
    global calls, same, recording
    recording = False
    for _ in range(2):  # the first call imports what it needs
        longest, step = 0, Step(operation(peer[:32]))
        while step.more:
            gc.collect()
            longest = max(longest, instructions(step))
    recording = True
    with open("/rom/scalars") as file:
        for line in file:
            for i in range(32):
                private[i] = int(line[2 * i : 2 * i + 2], 16)
            calls, same, step = 0, True, Step(operation(private))
            while step.more:
                step()
            print(line[:64], step.value.hex(), "same" if same and not first[calls] else "other")
            del step
    print(sum(first), longest)
"""


def point(scalar: int) -> bytes:
    numbers = ec.derive_private_key(scalar, CURVE).public_key().public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def expected(name: str, private: str) -> str:
    """OpenSSL's result, in hexadecimal."""
    key = ec.derive_private_key(int(private, 16), CURVE)
    if name == "public key":
        return point(int(private, 16)).hex()
    if name == "sign":
        deterministic = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        r, s = decode_dss_signature(key.sign(b"message", deterministic))
        return f"{r:064x}{s:064x}"
    peer = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, b"\x04" + point(PEER))
    return key.exchange(ec.ECDH(), peer).hex()


@pytest.fixture(scope="module")
def rom(tmp_path_factory) -> bytes:
    generator = random.Random(256)
    folder: pathlib.Path = tmp_path_factory.mktemp("rom")
    scalars = edges()
    if not MANY:
        scalars = scalars[:8] + scalars[-8:] + generator.sample(scalars, 40)
    scalars += [generator.randrange(1, N) for _ in range(RANDOM)]
    (folder / "scalars").write_text("".join(f"{scalar:064x}\n" for scalar in scalars))
    compile_tree(folder)
    return rom_image(folder)


@pytest.mark.parametrize("name", ["public key", "ecdh", "ecdh, x alone", "sign"])
def test_every_scalar_takes_the_same_instructions(rom, name):
    with new_board(rom) as board:
        board.run(ON_THE_BOARD % point(PEER).hex())
        *lines, last = board.run(f"main(operations[{name!r}])").splitlines()
    total, longest = map(int, last.split())
    assert len(lines) > RANDOM and total > 900_000
    for private, result, same in map(str.split, lines):
        assert result == expected(name, private), private
        assert same == "same", private
    assert longest <= STEP
