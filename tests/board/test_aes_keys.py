"""The board's AES (boards/cryptolib) has one key expanded at a time, whoever's it is."""

import os
import random
import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from board.qemu_board import ROOT, Board, missing

_AES = ROOT / "boards" / "cryptolib" / "aes.c"

# Steps are (which cipher, whether it encrypts, a block). One that decrypts is another object.
_IN_TURN = """
from cryptolib import aes
keys, steps = %r
ciphers = [(aes(key, mode, bytes(16)), aes(key, mode, bytes(16))) for key, mode in keys]
for which, encrypts, block in steps:
    forth, back = ciphers[which]
    print((forth.encrypt(block) if encrypts else back.decrypt(block)).hex())
"""

_COUNT_CHANGES = """
from cryptolib import aes
from qemu_rv32 import instructions
out = bytearray(16)
before = aes(bytes(range(32)), 1)
for key in %r:
    cipher = aes(key, 1)
    before.encrypt(out, out)
    print(instructions(cipher.encrypt, bytes(16), out))
"""

# What lies in the memory of the expanded key after some blocks, in hexadecimal.
_WHAT_IS_KEPT = """
#include <stdio.h>
#include "%s"
int main(void) {
    unsigned char key[32], block[16] = { 0 };
    for (int bits = 256; bits >= 128; bits -= 128) {
        mbedtls_aes_context aes;
        mbedtls_aes_init(&aes);
        memset(key, bits / 8, sizeof(key));
        mbedtls_aes_setkey_enc(&aes, key, bits);
        mbedtls_aes_crypt_ecb(&aes, MBEDTLS_AES_ENCRYPT, block, block);
        for (size_t i = 0; i < sizeof(expanded); i++) {
            printf("%%02x", ((unsigned char *)&expanded)[i]);
        }
        printf("\\n");
    }
    return 0;
}
"""


@pytest.fixture
def board(tmp_path):
    if missing():
        pytest.skip(missing())
    with Board(tmp_path) as board:
        yield board


def test_ciphers_in_turn_have_each_its_own_key(board):
    """One key in all of its memory is where a cipher could work with that of another: with one
    that begins alike, one that is the longer, the same in another mode."""
    generator = random.Random(5)
    long = generator.randbytes(32)
    alike = long[:31] + bytes([long[31] ^ 1])
    of_all = (long, long[:16], alike, bytes(16), bytes(32))
    keys = [(key, mode) for key in of_all for mode in (1, 2)]
    steps = [
        (generator.randrange(len(keys)), generator.random() < 0.6, generator.randbytes(16))
        for _ in range(200)
    ]
    hosts = []
    for key, mode in keys:
        cipher = Cipher(algorithms.AES(key), modes.CBC(bytes(16)) if mode == 2 else modes.ECB())
        hosts.append((cipher.encryptor(), cipher.decryptor()))
    expected = [hosts[which][not encrypts].update(block).hex() for which, encrypts, block in steps]
    assert board.run(_IN_TURN % ((keys, steps),)).splitlines() == expected


def test_a_change_of_keys_takes_as_long_for_every_key(board):
    """As many instructions: none depends on the key, nor on where it differs from that before."""
    generator = random.Random(6)
    keys = [generator.randbytes(16) for _ in range(10)]
    keys += [bytes(16), b"\xff" * 16, bytes(range(16)), bytes(range(15)) + b"\xff"]
    counts = board.run(_COUNT_CHANGES % (keys,)).split()
    assert len(counts) == len(keys)
    assert len(set(counts)) == 1, counts


def test_nothing_of_a_key_stays_beside_the_next(tmp_path):
    """A key of 128 bits has four rounds less than one of 256: theirs must not outlive it."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if not compiler:
        pytest.skip("no C compiler")
    (tmp_path / "kept.c").write_text(_WHAT_IS_KEPT % _AES)
    program = tmp_path / "kept"
    include = f"-I{_AES.parent}"
    subprocess.run([compiler, include, "-o", program, tmp_path / "kept.c"], check=True)
    kept = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    longer, shorter = (bytes.fromhex(line) for line in kept.split())
    assert longer.count(bytes([32]) * 32) == shorter.count(bytes([16]) * 16) == 1
    held = len(shorter.rstrip(b"\0"))
    assert held == len(longer.rstrip(b"\0")) - 4 * 16
