"""No private-key operation takes longer for one key than for another, on the board.

A door can be timed by whoever stands before it, as often as they like, so not one instruction may
depend on a key: counted from the call of the facade to its answer, with machine code, drivers and
checks. HOLDFAST_TORTURE=1: 1,000 keys.

But one: MicroPython gives each new bytes object a hash of 16 bits and adds 1 to a hash of 0, which
means that there is none (py/qstr.c). So one object in 65,536 takes an instruction more: one in 500
to 5,000 operations has one. It says nothing that could be used, and cannot be helped from Python.
"""

import os
import pathlib
import secrets

import pytest

from backends import machines
from backends.made import corner_keys
from board.qemu_board import compile_tree, missing, new_board, rom_image
from conftest import ROOT

if missing():
    pytest.skip(missing(), allow_module_level=True)

RANDOM = 1000 if os.environ.get("HOLDFAST_TORTURE") == "1" else 20
# No collection may fall into an operation: it would find in it what looks like a pointer or not.
_HEAP = 256 * 1024

POINT = (
    "bytes.fromhex('60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299')"
)
BASE = "bytes([9] + 31 * [0])"
OPERATIONS = {
    "x25519_public_key": (),
    "x25519": (BASE,),
    "x25519_pair": (BASE,),
    "ed25519_public_key": (),
    "ed25519_sign": ("bytes(150)",),
    "p256_public_key": (),
    "p256_ecdh": (POINT,),
    "p256_ecdh of x alone": (POINT + "[:32]",),
    "es256_sign": ("bytes(150)",),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> pathlib.Path:
    """What a ROM is made of."""
    folder = tmp_path_factory.mktemp("rom")
    compile_tree(folder, [ROOT / "tests" / "backends" / "constant_on_board.py"])
    return folder


def counts(folder, keys, operation, backend="rv32", before="import crypto"):
    """The count of one operation for each of ``keys``, on a board that does nothing else."""
    (folder / "keys").write_bytes(b"".join(keys))
    call = ", ".join(["'/rom/keys'", repr(operation.split()[0]), *OPERATIONS[operation]])
    with new_board(rom_image(folder), _HEAP) as board:
        said = board.run(f"{before}\nimport constant_on_board as c\nc.main({call})").split()
    assert said[:2] == ["COUNTS", backend] and len(said) == 2 + len(keys)
    return [int(count) for count in said[2:]]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_all_keys_take_the_same(folder, operation):
    """Against one key as often. How long it takes to find free memory depends on what was done
    before, in a short circle: both boards go through that in step, and can be held against each
    other one by one."""
    keys = [secrets.token_bytes(32) for _ in range(RANDOM)]
    if "256" in operation:
        keys = [key if key[0] < 255 else b"\0" + key[1:] for key in keys]
    keys += corner_keys(operation)
    assert differences(folder, keys, operation) == []


def differences(folder, keys, *machine):
    """How many instructions those keys took more or less that did not take what all others did."""
    same = counts(folder, keys[:1] * len(keys), *machine)
    more = [a - b for a, b in zip(counts(folder, keys, *machine), same, strict=True)]
    usual = max(set(more), key=more.count)
    found = [count - usual for count in more if count != usual]
    hashed = [count for count in found if abs(count) == 1]
    return [] if found == hashed and len(hashed) <= 2 + len(keys) // 100 else found


def test_a_difference_is_seen(folder):
    """The portable backend is not constant time, so it must not pass."""
    keys = [bytes(31) + b"\1", b"\x55" * 32, bytes(31) + b"\1"]
    machine = ("x25519", "portable", machines.PORTABLE)
    assert differences(folder, keys, *machine)
