"""Ed25519's programs and drivers are right, without any machine code, and keep no secret.

What runs on a board is programs for the field VM, and Python around them. Over the model of the VM
both run here, where thousands of cases take seconds, and where the model refuses what machine code
would do silently: a wrong offset, a digit that no table has, a loop over its end.
"""

import hashlib
import itertools
import os
import random
from types import SimpleNamespace

import pytest

from backends import machines, made, published
from backends.modelled import Modelled
from crypto import finish, x25519
from crypto.assembly.programs import edwards25519 as curve
from crypto.curves import L_25519, P_25519
from crypto.portable import ed25519 as portable
from finished import Finished

RANDOM = 1000 if os.environ.get("HOLDFAST_TORTURE") == "1" else 20


@pytest.fixture(scope="module")
def modelled() -> Modelled:
    return Modelled()


@pytest.fixture(scope="module")
def ed25519(modelled):
    return Finished(modelled.ed25519)


def private_keys():
    """Clamping, the digits of the scalar and the hash see all kinds of bytes."""
    source = random.Random(25519)
    edges = [bytes(32), b"\xff" * 32, b"\x01" + bytes(31), bytes(31) + b"\x80", bytes(range(32))]
    return edges + [source.randbytes(32) for _ in range(RANDOM)]


def test_published_and_corner_cases(modelled):
    """Behind the facade, as everywhere: also all that makes libraries disagree."""
    backend = SimpleNamespace(NAME="model", sha512=modelled.sha512.sha512)
    for name in ("public_key", "sign", "verify"):
        name = f"ed25519_{name}_steps"
        setattr(backend, name, getattr(modelled.ed25519, name))
    every = 1 if RANDOM > 100 else 64
    cases = [*published.all_published(every), *made.ed25519_edges()]
    cases = [line for line in cases if line.startswith("ed25519")]
    assert len(cases) > 250
    machines.here(cases, backend)


def test_what_strict_would_refuse_is_answered_as_the_portable_backend_does(ed25519):
    """Not canonical, not on the curve, -0: should a check in front be lost, the boards of one
    building still agree."""
    private, message = bytes(32), b"m"
    public = portable_("public_key", private)
    signature = portable_("sign", private, message)
    encodings = [bytes(32), b"\xff" * 32, b"\xff" * 31 + b"\x7f"]
    for y in (0, 1, 2, 3, P_25519 - 2, P_25519 - 1, P_25519, P_25519 + 1, P_25519 + 3):
        encodings += [(y | sign << 255).to_bytes(32, "little") for sign in (0, 1)]
    answers = set()
    # A neutral A leaves R = S B; with the sign that x = 0 has not, it is no point.
    for sign, s in itertools.product((0, 1), (5, 6)):
        a = (1 | sign << 255).to_bytes(32, "little")
        signature_5 = encoded(curve.multiple(5, curve.BASE)) + s.to_bytes(32, "little")
        expected = portable_("verify", a, message, signature_5)
        assert expected is (sign == 0 and s == 5)
        assert ed25519.ed25519_verify(a, message, signature_5) is expected
    for a, r in itertools.product([public, *encodings], [signature[:32], *encodings[::7]]):
        for s in (signature[32:], bytes(32)):
            expected = portable_("verify", a, message, r + s)
            assert ed25519.ed25519_verify(a, message, r + s) is expected, (a.hex(), r.hex())
            answers.add(expected)
    assert answers == {True, False}


def portable_(name, *arguments):
    return getattr(Finished(portable), f"ed25519_{name}")(*arguments)


def test_every_border_of_the_scalars(modelled, ed25519, monkeypatch):
    """k and S from 0 to L - 1: their digits end at bit 253, or far below, or there is none."""
    a = 0x1234567 << 200
    point = curve.multiple(a, curve.BASE)
    public = encoded(point)
    borders = (0, 1, 15, 16, 64, 1 << 252, (1 << 252) - 1, L_25519 - 1)
    for k, s in itertools.product(borders, borders):
        r = encoded(curve.multiple((s - k * a) % L_25519, curve.BASE))
        digest = k.to_bytes(64, "little")
        monkeypatch.setattr(modelled.ed25519, "digest_steps", steps_that_give(digest))
        good = r + s.to_bytes(32, "little")
        assert ed25519.ed25519_verify(public, b"", good), (k, s)
        other = r + ((s + 1) % L_25519).to_bytes(32, "little")
        assert not ed25519.ed25519_verify(public, b"", other), (k, s)


def encoded(point):
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def steps_that_give(digest):
    def steps(into, parts, work):
        into[:] = digest
        yield

    return steps


def test_what_was_in_the_memory_before_does_not_matter(modelled, ed25519):
    """A verification's memory is used again, as it was left; or as one given up left it."""
    private = bytes(32)
    public, signature = portable_("public_key", private), portable_("sign", private, b"m")
    kept = modelled.bank._kept
    for fill in (0xFF, 0x55):
        ed25519.ed25519_verify(public, b"m", signature)
        size = len(kept[0])
        kept[0][:] = bytes([fill]) * size
        assert ed25519.ed25519_verify(public, b"m", signature)
        assert not ed25519.ed25519_verify(public, b"n", signature)
        steps = modelled.ed25519.ed25519_verify_steps(public, b"m", signature)
        next(steps)
        assert not kept
        assert ed25519.ed25519_verify(public, b"m", signature)  # meanwhile, in memory of its own
        steps.close()
        assert len(kept) == 1


def test_a_shared_secret_leaves_nothing_in_the_memory_that_others_use(modelled, ed25519):
    """It borrows what a verification has left, whatever that is, and gives it back wiped."""
    public, signature = portable_("public_key", bytes(32)), portable_("sign", bytes(32), b"m")
    ed25519.ed25519_verify(public, b"m", signature)
    (memory,) = modelled.bank._kept
    size = modelled.x25519.programs.BANK
    for number in (1, 77):
        private, other = bytes([number] * 32), bytes([number + 1] * 32)
        for fill in (0, 0xFF):
            memory[:] = bytes([fill]) * len(memory)
            found = finish(modelled.x25519.x25519_steps(private, other))
            assert found == x25519(private, other)
            assert modelled.bank._kept == [memory]
            assert bytes(memory[:size]) == bytes(size)
            assert bytes(memory[size:]) == bytes([fill]) * (len(memory) - size)
        steps = modelled.x25519.x25519_steps(private, other)
        next(steps)
        assert not modelled.bank._kept and any(memory[:size])
        steps.close()
        assert not any(memory[:size])


def test_keys_of_all_kinds_sign_alike(modelled, ed25519):
    """Signatures are the portable backend's, and every key takes the same ops: how often an
    operation runs, or whether, would tell about the key."""
    for name, arguments in (("public_key", ()), ("sign", (b"message",))):
        seen = set()
        for private in private_keys():
            modelled.counts.clear()
            answer = getattr(ed25519, f"ed25519_{name}")(private, *arguments)
            assert answer == portable_(name, private, *arguments)
            seen.add(tuple(sorted(modelled.counts.items())))
        assert len(seen) == 1


def test_nothing_of_a_key_is_left_in_memory(modelled, monkeypatch):
    """After a signature, and after one that was given up in the middle."""
    pieces = []

    def noticed(*arguments):
        piece = bytearray(*arguments)
        pieces.append(piece)
        return piece

    module = modelled.ed25519_sign
    monkeypatch.setattr(module, "bytearray", noticed, raising=False)
    for steps_taken in (1, 2, 3, 100):
        pieces.clear()
        steps = module.sign_steps(b"\x07" * 32, b"message")
        for _ in itertools.islice(steps, steps_taken):
            pass
        assert any(pieces[0]) is (steps_taken < 100)  # there was something to wipe
        steps.close()
        assert not any(pieces[0])


def test_sha512_of_every_length(modelled):
    data = random.Random(512).randbytes(400)
    for length in range(301):
        for offset in (0, 1):
            part = memoryview(data)[offset : offset + length]
            assert modelled.sha512.sha512(part) == hashlib.sha512(part).digest()


def test_sha512_of_parts(modelled):
    """A signature hashes three things in a row; where one ends, a block may be half full."""
    sha512, source = modelled.sha512, random.Random(3)
    for _ in range(100):
        lengths = source.choices((0, 1, 32, 63, 64, 96, 127, 128, 129, 256, 300), k=3)
        parts = [source.randbytes(length) for length in lengths]
        digest, work = bytearray(64), bytearray(sha512.WORK)
        for _ in sha512.digest_steps(memoryview(digest), parts, memoryview(work)):
            pass
        assert digest == hashlib.sha512(b"".join(parts)).digest()
        assert not any(work[640:])  # the rest is never used by this model


def test_a_long_message_comes_in_steps(modelled):
    """16 blocks are 250,000 instructions; an event loop waits no longer."""
    sha512 = modelled.sha512
    work = memoryview(bytearray(sha512.WORK))
    steps = sha512.digest_steps(memoryview(bytearray(64)), (bytes(10_000),), work)
    assert len(list(steps)) == 10_000 // 2048
    assert sha512.sha512(bytes(10_000)) == hashlib.sha512(bytes(10_000)).digest()


def test_a_key_that_is_known_before_answers_alike(modelled, ed25519):
    """Every published and corner case of a verification, each key known before: half the doublings
    must not change one answer, of keys with torsion neither."""
    backend = SimpleNamespace(NAME="model", sha512=modelled.sha512.sha512)
    for name in ("public_key", "sign"):
        name = f"ed25519_{name}_steps"
        setattr(backend, name, getattr(modelled.ed25519, name))
    known = []

    def verify_steps(public, message, signature):
        yield from modelled.ed25519_known.prepare_steps(public)
        known.append(modelled.ed25519.known[:1] == [public])
        return (yield from modelled.ed25519.ed25519_verify_steps(public, message, signature))

    backend.ed25519_verify_steps = verify_steps
    every = 1 if RANDOM > 100 else 64
    cases = [*published.all_published(every), *made.ed25519_edges()]
    machines.here([line for line in cases if line.startswith("ed25519_verify")], backend)
    assert known.count(True) > 50
    modelled.ed25519.known.clear()


def test_borders_of_the_scalars_under_a_key_that_is_known(modelled, ed25519, monkeypatch):
    """Digits that begin or end a column, all columns of one kind, and none at all."""
    a = 0x1234567 << 200
    public = encoded(curve.multiple(a, curve.BASE))
    finish(modelled.ed25519_known.prepare_steps(public))
    ones = sum(1 << 32 * column for column in range(7))
    borders = (0, 1, 1 << 31, 1 << 32, (1 << 252) - 1, L_25519 - 1, ones, ones << 31, 7 * ones)
    for k, s in itertools.product(borders, borders):
        r = encoded(curve.multiple((s - k * a) % L_25519, curve.BASE))
        digest = k.to_bytes(64, "little")
        monkeypatch.setattr(modelled.ed25519, "digest_steps", steps_that_give(digest))
        before = modelled.counts["SQR"]
        assert ed25519.ed25519_verify(public, b"", r + s.to_bytes(32, "little")), (k, s)
        assert modelled.counts["SQR"] - before < 200  # the way without 256 doublings
        other = r + ((s + 1) % L_25519).to_bytes(32, "little")
        assert not ed25519.ed25519_verify(public, b"", other), (k, s)
    modelled.ed25519.known.clear()


def test_only_the_last_key_is_known_and_no_other_answers_for_it(modelled, ed25519):
    """A signature by the key before, and one by another, judged by the points of the wrong key,
    would be refused or, worse, believed."""
    keys = [portable_("public_key", bytes([i]) * 32) for i in (1, 2)]
    signatures = [portable_("sign", bytes([i]) * 32, b"m") for i in (1, 2)]
    for public in keys:
        finish(modelled.ed25519_known.prepare_steps(public))
        assert modelled.ed25519.known[0] == public
        for mine, signature in itertools.product(keys, signatures):
            expected = keys.index(mine) == signatures.index(signature)
            assert ed25519.ed25519_verify(mine, b"m", signature) is expected
    # No point of the curve: what was known stays.
    finish(modelled.ed25519_known.prepare_steps((2).to_bytes(32, "little")))
    assert modelled.ed25519.known[0] == keys[1]
    modelled.ed25519.known.clear()
