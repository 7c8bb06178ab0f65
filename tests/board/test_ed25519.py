"""Ed25519 and SHA-512 in machine code on the board: right, within budget, and alike for all keys.

The figures are instructions, which qemu counts exactly. What depends on a private key must take
the same whichever it is; the count says so for every branch and loop there is. That every key
gives the right signature is in tests/backends.
"""

import hashlib
import json
import os
import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from board.qemu_board import ROOT, compile_tree, missing, new_board, rom_image
from crypto.portable.sha512 import _INITIAL

if missing():
    pytest.skip(missing(), allow_module_level=True)

KEYS = 1000 if os.environ.get("HOLDFAST_TORTURE") == "1" else 50

BLOCK = 15_000
CALL = 15_500  # of a block, from bytecode, with what counting adds
VERIFY = 2_000_000  # with SHA-512 of 150 bytes and 64 more
VERIFY_KNOWN = 1_200_000  # under a key that was known before
STEP = 400_000


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("rom")
    compile_tree(folder, [ROOT / "tests" / "board" / "ed25519_on_board.py"])
    return folder


def run(tree, function, data, *arguments):
    """Call a function of ed25519_on_board with a file of ``data``; gives what it prints."""
    (tree / "data").write_bytes(data)
    call = ", ".join(["'/rom/data'", *(str(argument) for argument in arguments)])
    with new_board(rom_image(tree)) as board:
        return board.run(f"import ed25519_on_board\ned25519_on_board.{function}({call})")


def test_a_block_of_sha512(tree):
    """At any alignment of all that may lie anywhere, in the same time whatever is hashed."""
    data = bytes(128) + b"\xff" * 128 + random.Random(512).randbytes(128 * 62)
    end = b"\x80" + bytes(119) + (8 * len(data)).to_bytes(8, "big")
    counts, state, one_more = json.loads(run(tree, "blocks", _INITIAL + data + end))
    assert state == hashlib.sha512(data).hexdigest()
    assert len(counts) == 1
    assert counts[0] <= CALL
    assert one_more <= BLOCK


def test_sha512_of_every_length(tree):
    data = random.Random(300).randbytes(301)
    printed = run(tree, "digests", data).split()
    assert printed == [hashlib.sha512(data[1 : 1 + n]).hexdigest() for n in range(301)]


def signed(source):
    """Public key, signature and message of 150 bytes of somebody."""
    key = Ed25519PrivateKey.from_private_bytes(source.randbytes(32))
    message = source.randbytes(150)
    return key.public_key().public_bytes_raw() + key.sign(message) + message


@pytest.mark.parametrize(("are_known", "most"), [(False, VERIFY), (True, VERIFY_KNOWN)])
def test_a_verification_costs_no_more_than_it_may(tree, are_known, most):
    """How many digits of the scalars are not 0 is luck: each of twenty is held, and each step,
    those in which a key becomes known too."""
    source = random.Random(150)
    data = b"".join(signed(source) for _ in range(20))
    counts, longest = json.loads(run(tree, "verifications", data, are_known))
    print(f"{sum(counts) / len(counts):,.0f}, at most {max(counts):,}; a step {longest:,}")
    assert len(counts) == 20
    assert max(counts) <= most
    assert longest <= STEP


def test_every_key_takes_the_same_instructions(tree):
    """One branch on a bit of a scalar, one shorter multiplication, and the count would differ."""
    source = random.Random(KEYS)
    keys = [bytes(32), b"\xff" * 32, b"\x01" + bytes(31), bytes(31) + b"\x80", b"\xf8" + bytes(31)]
    keys += [source.randbytes(32) for _ in range(KEYS)]
    for length in (0, 150):
        counts, longest = json.loads(run(tree, "private_key_work", b"".join(keys), length))
        assert all(len(several) == 1 for several in counts.values()), counts
        assert counts["public_key"][0] > 500_000
        assert counts["sign"][0] > 2 * counts["public_key"][0]
        assert longest <= STEP
