"""The bank in which machine code works on secrets (lib/crypto/native/bank.py)."""

INTERPRETERS = ("micropython", "cpython")

from crypto.native import bank
from harness import MICROPYTHON, raises


def test_a_number_goes_to_its_cell_and_nowhere_else():
    memory = bytearray(b"\xee" * 96)
    bank.put(memory, 32, bytes(range(32)))
    assert bytes(memory) == b"\xee" * 32 + bytes(range(32)) + b"\xee" * 32
    assert bank.take(memory, 32) == bytes(range(32))
    for length in (0, 31, 33):
        raises(ValueError, bank.put, memory, 32, bytes(length))
    assert len(memory) == 96


def test_what_a_bank_held_is_gone():
    for length in (0, 1, 480, 3400):
        memory = bytearray(b"\xff" * length)
        bank.wipe(memory)
        assert memory == bytes(length)
        view = memoryview(bytearray(b"\xff" * length))
        bank.wipe(view)
        assert bytes(view) == bytes(length)


def test_it_is_gone_even_when_memory_has_run_out():
    """The wipe is in a `finally`: where it raised, a secret would stay for whoever comes next."""
    memory = bytearray(b"\xff" * 2528)
    if MICROPYTHON:
        import micropython

        micropython.heap_lock()
        try:
            bank.wipe(memory)
        finally:
            micropython.heap_unlock()
    else:
        bank.wipe(memory)
    assert memory == bytes(2528)
