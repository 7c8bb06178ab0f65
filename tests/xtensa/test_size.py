"""How much room the machine code for the ESP32 takes: instruction memory and heap are short there.

Promised: at most 24 KB of .mpy for all fields and the hash, and a frame of the stack that any task
has. It could break slowly, by one more unrolled loop after the other.
"""

import importlib
import pathlib
import pkgutil

from crypto.assembly import isa, xtensa
from xtensa.machines import machine, mpy, program

MAX_BYTES = 24 * 1024
MAX_STACK = 256


def generated() -> list[str]:
    """The modules that generate machine code."""
    names = [found.name for found in pkgutil.iter_modules(xtensa.__path__)]
    loaded = {name: importlib.import_module(f"crypto.assembly.xtensa.{name}") for name in names}
    return [name for name, module in loaded.items() if hasattr(module, "source")]


def test_all_machine_code_fits(record_property):
    sizes = {name: len(mpy(name)) for name in generated()}
    for name, size in sizes.items():
        record_property(f"xtensawin.{name}.bytes", size)
    print(sizes, sum(sizes.values()))
    assert {"field25519", "field256", "modular"} <= sizes.keys()
    assert sum(sizes.values()) <= MAX_BYTES


def test_the_stack_that_a_call_takes_is_small():
    code = machine("field25519")
    code.call(program((isa.MUL, 0, 32, 64), (isa.WNAF, 96, 0, 4)), bytearray(32 * 12), b"")
    assert 0 < code.stack_used <= MAX_STACK


def test_no_module_but_the_fields_and_the_hash_makes_code():
    """A file that is forgotten here would be in no test and on every board."""
    folder = pathlib.Path(xtensa.__file__).parent
    assert set(generated()) <= {"field25519", "field256", "modular", "sha512"}
    assert len(list(folder.glob("*.py"))) > len(generated())
