"""The drivers of crypto.native on this computer, over the model of the machine code."""

import contextlib
import importlib
import sys
from collections.abc import Iterator
from types import ModuleType

from crypto.assembly import build, model
from crypto.assembly.model256 import P256, N, Order

_NAME = "crypto.native"


class Modelled:
    """One module of machine code: the banks it worked in, and the operations of each run."""

    def __init__(self, field: model.Field):
        self.field = field
        self.banks: list[bytearray] = []
        self.counts: list[dict[str, int]] = []

    def run(self, program: bytearray, bank: bytearray, table: bytes) -> None:
        self.banks.append(bank)
        machine = model.Machine(self.field, bank, table)
        machine.run(program)
        self.counts.append(machine.counts)


@contextlib.contextmanager
def native(*names: str) -> Iterator[list]:
    """The drivers ``names``, imported anew, and after them the modules of machine code by name."""
    modelled = {"field256": Modelled(P256()), "modular": Modelled(Order(N))}
    made = {}
    for name, code in modelled.items():
        made[name] = ModuleType(f"{_NAME}.{name}")
        made[name].run = code.run
    for name, text in build.constants().items():
        made[name] = ModuleType(f"{_NAME}.{name}")
        exec(text, vars(made[name]))
    before = {name: module for name, module in sys.modules.items() if name.startswith(_NAME)}
    for name in before:
        del sys.modules[name]
    package = importlib.import_module(_NAME)
    for name, module in made.items():
        sys.modules[f"{_NAME}.{name}"] = module
        setattr(package, name, module)
    try:
        yield [*(importlib.import_module(f"{_NAME}.{name}") for name in names), modelled]
    finally:
        for name in [name for name in sys.modules if name.startswith(_NAME)]:
            del sys.modules[name]
        sys.modules.update(before)
