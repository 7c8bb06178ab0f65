"""Runs on the board: SHA-512's block and Ed25519 of the native backend, with exact counts."""

import gc
import json

from crypto.native.sha512_block import block
from qemu_rv32 import instructions

from crypto.native import ed25519, ed25519_known, ed25519_sign
from crypto.native import sha512 as sha512_module
from crypto.native.sha512 import _ROUND, sha512
from crypto.steps import finish


def blocks(path):
    """Each block of a file, worked into the state before it, at all alignments.

    Prints the counts there were, the state in the end, and what a block more in a call takes.
    """
    counts = set()
    state = bytearray(64 + 4)
    message = bytearray(128 + 4)
    constants = bytearray(644 + 4)
    work = bytearray(776)
    number = 0
    with open(path, "rb") as file:
        state[:64] = file.read(64)
        at = 0
        while True:
            data = file.read(128)
            if not data:
                break
            to = number & 3
            state[to : to + 64] = bytes(state[at : at + 64])
            at, by = to, number >> 2 & 3
            message[by : by + 128] = data
            constants[by : by + 644] = _ROUND
            arguments = (
                memoryview(state)[at : at + 64],
                memoryview(message)[by : by + 128],
                memoryview(constants)[by : by + 644],
                work,
            )
            work[772] = 128  # the length
            # Names are found faster the second time, unless others were looked for in between.
            block(bytearray(64), *arguments[1:])
            work[772] = 128
            counts.add(instructions(block, *arguments))
            assert not any(work[:640]) and not any(work[768:])
            number += 1
    result = state[at : at + 64].hex()
    work[773] = 1  # 256 bytes
    more = instructions(block, bytearray(64), bytes(256), _ROUND, work) - max(counts)
    print(json.dumps([sorted(counts), result, more]))


def digests(path):
    """Of the first 0 to 300 bytes of a file, at an odd address."""
    with open(path, "rb") as file:
        data = memoryview(file.read())
    for length in range(301):
        print(sha512(data[1 : 1 + length]).hex())


def verifications(path, are_known=False):
    """Counts of those in a file, each key known before or not, and of the longest step."""
    counts, longest = [], 0
    with open(path, "rb") as file:
        while True:
            public = file.read(32)
            if not public:
                break
            signature = file.read(64)
            message = file.read(150)
            if are_known:
                for count in _steps(ed25519_known.prepare_steps(public)):
                    longest = max(longest, count)
                assert ed25519.known[0] == public
            assert not finish(ed25519.ed25519_verify_steps(public, message[1:], signature))
            gc.collect()
            counts.append(instructions(_verified, public, message, signature))
            for count in _steps(ed25519.ed25519_verify_steps(public, message, signature)):
                longest = max(longest, count)
    print(json.dumps([counts, longest]))


def _verified(*arguments):
    assert finish(ed25519.ed25519_verify_steps(*arguments))


def _steps(steps):
    done = []

    def one():
        try:
            next(steps)
        except StopIteration:
            done.append(True)

    while not done:
        gc.collect()  # or it may happen in a step, and is none of its doing
        yield instructions(one)


def private_key_work(path, length):
    """What public keys, and signatures of ``length`` bytes, take for each key in a file.

    Prints the sets of counts, and the longest step. A count is the sum over all calls of machine
    code. (The Python around them is counted elsewhere, with all else in memory as it was: to look
    for free memory takes longer or shorter after what came before.)
    """
    total = [0]

    def counted(code):
        def call(*arguments):
            total[0] += instructions(code, *arguments)

        return call

    sha512_module.block = counted(block)
    ed25519.run = ed25519_sign.run = counted(ed25519.run)
    ed25519_sign.run_modular = counted(ed25519_sign.run_modular)
    for _ in range(2):  # names are found faster the second time
        for _ in _steps(ed25519.ed25519_sign_steps(bytes(32), bytes(length))):
            pass
        for _ in _steps(ed25519.ed25519_public_key_steps(bytes(32))):
            pass
    counts = {"public_key": set(), "sign": set()}
    longest = 0
    with open(path, "rb") as file:
        while True:
            private = file.read(32)
            if not private:
                break
            for name, steps, *arguments in (
                ("public_key", ed25519.ed25519_public_key_steps, private),
                ("sign", ed25519.ed25519_sign_steps, private, bytes(length)),
            ):
                # A count that is new has to come three times: MicroPython finds a name a little
                # faster or slower, but what the key does comes again.
                for _ in range(3):
                    total[0] = 0
                    for count in _steps(steps(*arguments)):
                        longest = max(longest, count)
                    if total[0] in counts[name]:
                        break
                counts[name].add(total[0])
    found = {name: sorted(several) for name, several in counts.items()}
    print(json.dumps([found, longest]))
