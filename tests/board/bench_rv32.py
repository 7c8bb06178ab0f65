"""Counts what cryptography costs a 32-bit board: instructions, code, tables, memory to work in.

`python tests/board/bench_rv32.py` prints one flat JSON object. A figure that cannot be had on this
machine is absent. The counts are exact and the same in every run, so a change shows in any digit.
"""

import json
import pathlib
import re
import sys
import tempfile

_TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_TESTS), str(_TESTS / "support")]

from board.qemu_board import ROOT, compile_tree, missing, new_board, rom_image
from crypto.assembly import build

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
P256 = MESSAGE + "public = crypto.p256_public_key(bytes(range(1, 33)))\n"
# RFC 6979, A.2.5: P-256 and SHA-256, the message "sample".
ES256 = (
    "public = bytes.fromhex('60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299')\n"
    "signature = bytes.fromhex('efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8')\n"
)
CALLS = {
    "ed25519_public_key": (MESSAGE, "crypto.ed25519_public_key(private)"),
    "ed25519_verify": (SIGNED, "crypto.ed25519_verify(public, message, signature)"),
    "ed25519_sign": (MESSAGE, "crypto.ed25519_sign(private, message)"),
    "x25519": (
        MESSAGE + "public = crypto.x25519_public_key(bytes(range(1, 33)))\n",
        "crypto.x25519(private, public)",
    ),
    "x25519_public_key": (MESSAGE, "crypto.x25519_public_key(private)"),
    "p256_public_key": (MESSAGE, "crypto.p256_public_key(private)"),
    "p256_ecdh": (P256, "crypto.p256_ecdh(private, public)"),
    "p256_ecdh_from_x": (P256, "crypto.p256_ecdh(private, public[:32])"),
    "es256_sign": (MESSAGE, "crypto.es256_sign(private, message)"),
    "es256_verify": (ES256, "crypto.es256_verify(public, b'sample', signature)"),
    "aes_ccm_64": (
        "key, nonce, aad, text = bytes(16), bytes(13), bytes(16), bytes(64)\n",
        "crypto.aes_ccm_encrypt(key, nonce, text, aad, 8)",
    ),
    "sha256_64": ("text = bytes(64)\n", "crypto.sha256(text)"),
}
# One block more of the same message costs the difference.
SHA512 = ("one, two = bytes(100), bytes(228)\n", "crypto.sha512(%s)")

# The parts of a handshake (tests/board/edhoc_on_board.py) by who does them.
ROLES = {
    "initiator": ("parse_message_2", "verify_2", "prepare_message_3"),
    "responder": ("prepare_message_2", "parse_message_3", "verify_3"),
}
HANDSHAKE_TESTS = ("tests/board/edhoc_on_board.py", "tests/support/edhoc_sides.py")

ROOMY = 1024 * 1024


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


def handshakes(rom: bytes) -> dict:
    """Instructions of each role, suite and method, without the ephemeral key, and longest step."""
    with new_board(rom, 2 * ROOMY) as board:
        printed = board.run("import edhoc_on_board as on_board\non_board.main()")
    spent: dict[tuple, tuple[int, int]] = {}
    for line in printed.splitlines():
        if line.startswith("STEPS "):
            _, profile, part, _, longest, all_of_it = line.split()
            spent[profile, part] = int(longest), int(all_of_it)
    found = {}
    for profile in sorted({profile for profile, _ in spent}):
        for role, parts in ROLES.items():
            suite, method = profile.split("-")
            name = f"rv32.edhoc_{role}_suite{suite}_method{method}"
            found[name + ".instructions"] = sum(spent[profile, part][1] for part in parts)
            found[name + "_longest_step.instructions"] = max(
                spent[profile, part][0] for part in parts
            )
    return found


def sizes() -> dict:
    """Bytes of what `make native` built, by processor, and of the largest bank there is.

    The machine code is what all four modules take together; a board loads what it uses.
    """
    found = {}
    for architecture, processor in (("rv32imc", "rv32"), ("xtensawin", "xtensa")):
        modules = list((ROOT / "build" / "native" / architecture).glob("crypto/native/*.mpy"))
        tables = [path for path in modules if path.stem.startswith("programs_")]
        if modules:
            everything = sum(path.stat().st_size for path in modules)
            constants = sum(path.stat().st_size for path in tables)
            found[f"{processor}.code.bytes"] = everything - constants
            found[f"{processor}.programs_and_tables.bytes"] = constants
    banks = re.findall(r"^BANK = (\d+)$", "".join(build.constants().values()), re.MULTILINE)
    found["rv32.bank.bytes"] = max(map(int, banks))
    return found


def measure() -> dict:
    """All figures of this machine; none without a board."""
    if missing():
        print(missing(), file=sys.stderr)
        return {}
    with tempfile.TemporaryDirectory() as folder:
        compile_tree(pathlib.Path(folder), [ROOT / name for name in HANDSHAKE_TESTS])
        rom = rom_image(pathlib.Path(folder))
    return {**instructions(rom), **handshakes(rom), **sizes()}


if __name__ == "__main__":
    print(json.dumps(measure(), indent=4))
