"""Counts what a 32-bit board pays: instructions of the crypto, and heap for what is loaded.

`python tests/board/bench_rv32.py` prints one flat JSON object. A figure that cannot be had on this
machine is absent. The counts are exact and the same in every run, so a change shows in any digit.
"""

import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from board.qemu_board import ROOT, Board, compile_tree, missing, new_board, rom_image

# Each is run once before, because what a board computes once, at the first call, is no part of a
# door's answer, and with the garbage of the one before collected.
COUNT = """
import gc
import crypto
from qemu_rv32 import instructions
%s
def call():
    return %s
call()
gc.collect()
print(instructions(call))
"""

MESSAGE = "message = bytes(150)\nprivate = bytes(range(32))\n"
SIGNED = (
    MESSAGE
    + "public = crypto.ed25519_public_key(private)\n"
    + "signature = crypto.ed25519_sign(private, message)\n"
)
# RFC 6979, A.2.5: P-256 and SHA-256, the message "sample".
ES256 = (
    "public = bytes.fromhex('60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299')\n"
    "signature = bytes.fromhex('efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8')\n"
)
CALLS = {
    "ed25519_verify": (SIGNED, "crypto.ed25519_verify(public, message, signature)"),
    "ed25519_sign": (MESSAGE, "crypto.ed25519_sign(private, message)"),
    "x25519": (MESSAGE + "public = bytes([9]) + bytes(31)\n", "crypto.x25519(private, public)"),
    "es256_verify": (ES256, "crypto.es256_verify(public, b'sample', signature)"),
    "aes_ccm_64": (
        "key, nonce, aad, text = bytes(16), bytes(13), bytes(16), bytes(64)\n",
        "crypto.aes_ccm_encrypt(key, nonce, text, aad, 8)",
    ),
    "sha256_64": ("text = bytes(64)\n", "crypto.sha256(text)"),
}
# One block more of the same message costs the difference.
SHA512 = ("one, two = bytes(100), bytes(228)\n", "crypto.sha512(%s)")

ROOMY = 1024 * 1024
LIBRARIES = sorted(path.parent.name for path in (ROOT / "lib").glob("*/__init__.py"))
LOADED = f"""
import gc
gc.collect()
before = gc.mem_alloc()
import {", ".join(LIBRARIES)}
import holdfast.roles.reader
gc.collect()
print(gc.mem_alloc() - before)
"""

# Copies what lies in ROM to flash, in the folder that code in .mpy files is loaded from.
INSTALL = """
import os
def install(source, target):
    os.mkdir(target)
    for name, kind, *_ in os.ilistdir(source):
        if kind & 0x4000:
            install(source + "/" + name, target + "/" + name)
        else:
            with open(source + "/" + name, "rb") as a, open(target + "/" + name, "wb") as b:
                b.write(a.read())
install("/rom/lib", "/lib")
"""


def count(rom: bytes, before: str, call: str) -> int:
    """Instructions of one call, after ``before``, on a board of its own."""
    with new_board(rom) as board:
        return int(board.run(COUNT % (before, call)))


def instructions(rom: bytes) -> dict:
    """Figure name to count."""
    found = {name: count(rom, *call) for name, call in CALLS.items()}
    before, call = SHA512
    found["sha512_block"] = count(rom, before, call % "two") - count(rom, before, call % "one")
    return {f"rv32.{name}.instructions": number for name, number in found.items()}


def heap(rom: bytes) -> dict:
    """Bytes that all libraries and the reader take once loaded, from ROM and from .mpy files.

    The heap is larger than an ESP32-C3's, so that what does not fit there has a figure too.
    """
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        flash = pathlib.Path(folder)
        with Board(flash, rom, ROOMY) as board:
            found["rv32.heap_rom.loaded_bytes"] = int(board.run(LOADED))
            board.run(INSTALL)
        with Board(flash, b"", ROOMY) as board:
            found["rv32.heap_mpy.loaded_bytes"] = int(board.run(LOADED))
    return found


def measure() -> dict:
    """All figures of this machine; none without a board."""
    if missing():
        print(missing(), file=sys.stderr)
        return {}
    with tempfile.TemporaryDirectory() as folder:
        compile_tree(pathlib.Path(folder))
        rom = rom_image(pathlib.Path(folder))
    return {**instructions(rom), **heap(rom)}


if __name__ == "__main__":
    print(json.dumps(measure(), indent=4))
