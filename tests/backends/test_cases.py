"""Every backend gives the published answers, and OpenSSL's for what is drawn here.

A backend that is wrong in one product of a million opens a door to nobody, or to somebody: so
there are the published vectors, the corners of every operand, and random cases, many of them made
of long runs of ones and zeros. HOLDFAST_TORTURE=1: 10,000 of each function.
"""

import os
import random
import secrets

import pytest

from backends import machines, made, published
from backends.cases import asked
from board.qemu_board import missing
from crypto import hosted, portable
from xtensa import native_modules

# How many random cases of each function, and for what is slow one in how many of all.
EACH, EVERY = (10_000, 1) if os.environ.get("HOLDFAST_TORTURE") == "1" else (50, 10)


@pytest.fixture(scope="module")
def known() -> list[str]:
    """Published and corner cases; a thousand signatures of one kind only if there is time."""
    return published.all_published(1 if EACH > 50 else 16) + made.all_edges()


@pytest.fixture(scope="module")
def drawn() -> list[str]:
    """Random cases, other ones each time; what fails prints itself."""
    return made.random_cases(EACH, random.Random(secrets.randbits(64)))


@pytest.fixture(scope="module")
def board(tmp_path_factory) -> machines.CaseBoard:
    if missing():
        pytest.skip(missing())
    return machines.CaseBoard(tmp_path_factory.mktemp("rom"))


def test_a_wrong_answer_is_seen(board):
    """On each machine, or all tests below prove nothing."""
    good = asked("x25519_public_key", bytes(32))
    wrong = good[:-1] + ("1" if good[-1] == "0" else "0")
    for cases in ([good, wrong], [wrong.replace(wrong.split()[-1], "refused"), good]):
        with pytest.raises(AssertionError, match="said"):
            machines.here(cases, portable)
        with pytest.raises(AssertionError, match="WRONG"):
            machines.on_micropython(cases)
        with pytest.raises(AssertionError, match="WRONG"):
            board.run(cases, "portable", machines.PORTABLE)


def test_the_published_answers_are_openssl_s():
    """The oracle of all that is drawn here is itself behind our facade and its checks."""
    machines.here(published.all_published(), hosted)


def test_portable_on_cpython(known, drawn):
    machines.here(known + drawn, portable)


def test_portable_on_micropython(known, drawn):
    machines.on_micropython(known + drawn)


def test_native_on_a_board(board, known, drawn):
    """The machine code of RV32IMC, and the drivers on 31-bit integers."""
    board.run(known + drawn, "rv32")


def test_native_on_xtensa(known, drawn):
    """The machine code of ESP32 and ESP32-S3 in the simulator, under the same drivers.

    Of the known cases one in so many, but of each function some: they are in order."""
    start = secrets.randbelow(EVERY)
    machines.here(sorted(known)[start::EVERY] + drawn[::EVERY], native_modules.driver("backend"))
