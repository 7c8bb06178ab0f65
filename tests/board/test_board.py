"""What the board in qemu promises: it is as small as a real one, and its flash outlives it."""

import json
import random
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from board.qemu_board import Board, BoardError, compiled, missing, new_board, rom_image

if missing():
    pytest.skip(missing(), allow_module_level=True)

COUNT_AES = """
from cryptolib import aes
from qemu_rv32 import instructions
out = bytearray(48)
for key, mode, data in %r:
    cipher = aes(key, mode, bytes(16))
    cipher.encrypt(data, out)
    print(instructions(cipher.encrypt, data, out))
"""


def aes_of_the_host(key, mode, iv, data):
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv) if mode == 2 else modes.ECB())
    encryptor = cipher.encryptor()
    return encryptor.update(data) + encryptor.finalize()


def test_it_is_as_small_as_an_esp32_c3():
    """Every figure measured here rests on it: an image with room to spare would prove nothing."""
    with new_board() as board:
        heap, integers, floats, version = json.loads(
            board.run(
                "import gc, json, sys\n"
                "gc.collect()\n"
                "print(json.dumps((gc.mem_free() + gc.mem_alloc(), sys.maxsize,"
                " 1 + 1e-9 == 1, sys.implementation._mpy & 0x3ff)))"
            )
        )
        assert 120_000 < heap <= 128 * 1024
        assert integers == 2**31 - 1
        assert floats
        assert version == 6 | 3 << 8  # .mpy 6.3, as an ESP32's MicroPython and the wheel's


def test_another_heap_is_chosen_at_the_start():
    with new_board(heap=32 * 1024) as board:
        assert int(board.run("import gc; print(gc.mem_free())")) < 32 * 1024
        with pytest.raises(BoardError, match="MemoryError"):
            board.run("bytearray(40000)")


def test_the_heap_grows_in_areas_out_of_what_the_system_has_and_leaves_it_none():
    """As an ESP32's does, to twice what it was, and once more by the largest piece there is. What
    a start takes from the system it must take before that: a C3 was seen to have nothing left.
    """
    size = "import gc, qemu_rv32\ngc.collect()\nprint(gc.mem_alloc(), qemu_rv32.largest())"
    fill = "held = []\ntry:\n    while True:\n        held.append(bytearray(1024))\n"
    fill += "except MemoryError:\n    for _ in range(8):\n        held.pop()"
    with new_board(heap=64 * 1024, system=96 * 1024) as board:
        live, system = map(int, board.run(size).split())
        assert live < 8192 and 95 * 1024 < system < 96 * 1024
        board.run("qemu_rv32.take(8192)")
        board.run(fill)
        grown, left = map(int, board.run(size).split())
        assert 120 * 1024 < grown < 64 * 1024 + system - 8192 and left < 8192
        with pytest.raises(BoardError, match="OSError: 257"):  # 0x101, as Wi-Fi says it
            board.run("qemu_rv32.take(8192)")
        # Garbage collected: an area in which nothing lies goes back.
        board.run("held = None\ngc.collect()\ngc.collect()")
        assert int(board.run(size).split()[1]) > 16 * 1024
        board.soft_reset()
        assert list(map(int, board.run(size).split())) == [live, system]


def test_without_memory_of_the_system_the_heap_is_what_it_is():
    """So that one figure is all that a program has, and machine code lies in it as well."""
    with new_board(heap=64 * 1024) as board:
        assert board.run("import qemu_rv32; print(qemu_rv32.largest())") == "0\n"
        with pytest.raises(BoardError, match="MemoryError"):
            board.run("held = [bytearray(1024) for _ in range(64)]")


def test_recursion_ends_where_an_esp32_s_stack_does():
    """With an exception, and before the memory of somebody else. More stack than a real one would
    hide what is nested too deep."""
    with new_board() as board:
        board.run("import micropython\ndepths = []")
        with pytest.raises(BoardError, match="maximum recursion depth"):
            board.run(
                "def down():\n    depths.append(micropython.stack_use())\n    down()\ndown()"
            )
        assert 12_000 < int(board.run("print(depths[-1])")) < 16 * 1024


def test_what_was_written_outlives_a_power_failure(tmp_path):
    """The power fails while the board writes: what it said it wrote is there, whole and in
    order."""
    acknowledged = 0
    append = (
        "while True:\n"
        "    n += 1\n"
        "    with open('/log', 'a') as file:\n"
        "        file.write('%d\\n' % n)\n"
        "    print(n)\n"
    )
    read = "open('/log', 'a').close()\nprint(open('/log').read())"
    for _ in range(4):
        with Board(tmp_path) as board:
            lines = [int(line) for line in board.run(read).split()]
            assert lines == list(range(1, len(lines) + 1))
            assert len(lines) >= acknowledged
            board.start(f"n = {len(lines)}\n{append}")
            for _ in range(random.randrange(5, 40)):
                acknowledged = int(board.line())


def test_a_soft_reset_gives_the_heap_back_and_keeps_the_flash():
    with new_board() as board:
        free = "import gc; gc.collect(); print(gc.mem_free())"
        before = int(board.run(free))
        board.run("open('/kept', 'w').close()\nheld = bytearray(60000)")
        assert int(board.run(free)) < before - 60000
        board.soft_reset()
        assert abs(int(board.run(free)) - before) < 512
        assert "kept" in board.run("import os; print(os.listdir('/'))")


def test_a_reset_starts_the_board_again(tmp_path):
    """machine.reset() ends qemu in the port as it is; a board would come back by itself."""
    with Board(tmp_path) as board:
        board.run("with open('/main.py', 'w') as f:\n    f.write('started = 1')\nmine = 1")
        board.reset()
        assert board.run("print(started, 'mine' in globals())") == "1 False\n"


def test_a_module_in_rom_takes_less_heap_than_the_same_on_flash(tmp_path):
    """ROM is used where it lies. Were it copied, the budget for code in ROM could not be met."""
    source = "".join(f"def f{i}(a, b):\n    return [a, b, 'text {i}', {i}]\n" for i in range(50))
    (tmp_path / "source.py").write_text(source)
    compiled(tmp_path / "source.py", "source.py", tmp_path / "rom" / "inrom.mpy")
    rom = rom_image(tmp_path / "rom")
    cost = (
        "import gc\ngc.collect()\nbefore = gc.mem_alloc()\n"
        "import %s\ngc.collect()\nprint(gc.mem_alloc() - before)"
    )
    with Board(tmp_path, rom) as board:
        board.run(
            "with open('/rom/inrom.mpy', 'rb') as a, open('/onflash.mpy', 'wb') as b:\n"
            "    b.write(a.read())"
        )
        on_flash = int(board.run(cost % "onflash"))
        board.soft_reset()  # one must not find the other's strings
        in_rom = int(board.run(cost % "inrom"))
        assert in_rom < on_flash * 3 // 4, (in_rom, on_flash)


_COMPARED = """
from qemu_rv32 import largest
b"bytes" == "text"
"""


def test_bytes_that_are_compared_with_a_text_fail_the_test_that_has_them_compared():
    """An ESP32 prints a warning each time, and its serial line blocks while it is printed."""
    with new_board() as board:
        with pytest.raises(BoardError, match="Comparison between bytes and str"):
            board.run(_COMPARED)
        board.start("print('on')\n" + _COMPARED)
        assert board.line() == "on"
        with pytest.raises(BoardError, match="Comparison between bytes and str"):
            board.ended()


def test_ctrl_c_ends_running_code():
    """A technician's tool stops whatever runs; a board that cannot be stopped cannot be set up."""
    with new_board() as board:
        board.start("print('on')\nwhile True:\n    pass")
        assert board.line() == "on"
        assert board.interrupt() == "KeyboardInterrupt:"
        assert board.run("print('here')") == "here\n"


def test_time_passes_and_asyncio_waits_for_it():
    with new_board() as board:
        waited = board.run(
            "import asyncio, time\n"
            "start = time.ticks_ms()\n"
            "time.sleep_ms(30)\n"
            "middle = time.ticks_ms()\n"
            "async def wait(ms):\n"
            "    await asyncio.sleep_ms(ms)\n"
            "async def both():\n"
            "    await asyncio.gather(wait(20), wait(40))\n"
            "asyncio.run(both())\n"
            "print(time.ticks_diff(middle, start), time.ticks_diff(time.ticks_ms(), middle))\n"
            "print(time.localtime()[0])"
        ).split()
        slept, gathered, year = map(int, waited)
        assert 30 <= slept < 60  # of the board's own time: instructions, not seconds
        assert 40 <= gathered < 60
        assert year == 2000


def test_randomness_is_the_hosts_and_different_each_time():
    """Keys come from it. A seed would make every board the same."""
    seen = set()
    for _ in range(3):
        with new_board() as board:
            seen.add(board.run("import os; print(os.urandom(16))\nprint(len(os.urandom(0)))"))
    assert len(seen) == 3


@pytest.mark.parametrize("key_size", [16, 32])
@pytest.mark.parametrize("mode", [1, 2])
def test_aes_is_aes(mode, key_size):
    """The board's AES is our own. Held against the host's, both ways, on random input."""
    generator = random.Random(mode * key_size)
    cases = [
        (generator.randbytes(key_size), generator.randbytes(16), generator.randbytes(16 * blocks))
        for blocks in (1, 2, 3, 5, 1, 1, 1, 1)
    ]
    with new_board() as board:
        results = board.run(
            f"from cryptolib import aes\n"
            f"for key, iv, data in {cases!r}:\n"
            f"    out = aes(key, {mode}, iv).encrypt(data)\n"
            f"    print(out.hex(), aes(key, {mode}, iv).decrypt(out) == data)"
        )
    expected = [f"{aes_of_the_host(key, mode, iv, data).hex()} True" for key, iv, data in cases]
    assert results.splitlines() == expected


def test_aes_takes_as_long_for_every_key_and_text():
    """Instructions are counted exactly, so one branch on a secret would show."""
    generator = random.Random(7)
    cases = [(generator.randbytes(16), 2, generator.randbytes(48)) for _ in range(12)]
    cases += [(bytes(16), 2, bytes(48)), (b"\xff" * 16, 2, b"\xff" * 48)]
    with new_board() as board:
        counts = board.run(COUNT_AES % (cases,)).split()
    assert len(counts) == len(cases)
    assert len(set(counts)) == 1, counts


def test_instructions_are_the_same_in_every_run():
    """A budget is held against them; a figure that moves by itself holds nothing."""
    counts = set()
    for _ in range(2):
        with new_board() as board:
            counts.add(
                board.run(
                    "from qemu_rv32 import instructions\n"
                    "def loop(n):\n"
                    "    for _ in range(n):\n"
                    "        pass\n"
                    "loop(1)\n"
                    "print(instructions(loop, 1000), instructions(loop, 2000))"
                )
            )
    assert len(counts) == 1, counts
    one, two = map(int, counts.pop().split())
    assert 10_000 < one < two < 2 * one


def test_mpremote_itself_takes_it_for_a_board(tmp_path):
    """Provisioning goes through mpremote; the board must be one to it, ROM included."""
    (tmp_path / "rom").mkdir()
    (tmp_path / "rom" / "told.py").write_text("answer = 42\n")
    (tmp_path / "hello.txt").write_text("hello")
    (tmp_path / "board").mkdir()

    def mpremote(board, *arguments):
        command = [sys.executable, "-m", "mpremote", "connect", board.device, *arguments]
        process = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
        assert process.returncode == 0, process.stdout + process.stderr
        return process.stdout

    with Board(tmp_path / "board") as board:
        mpremote(board, "fs", "cp", "hello.txt", ":hello.txt")
        assert mpremote(board, "fs", "cat", ":hello.txt") == "hello"
        mpremote(board, "romfs", "deploy", "rom")
        assert mpremote(board, "exec", "import told; print(told.answer)").strip() == "42"
    rom = (tmp_path / "board" / "romfs.img").read_bytes()
    with Board(tmp_path / "board", rom) as board:
        assert mpremote(board, "exec", "import told; print(told.answer)").strip() == "42"
