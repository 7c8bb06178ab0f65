"""The drivers of ``lib/crypto/native``, on this CPython, over machine code in the simulator.

They are loaded under another package's name, so that nothing else in this process takes them for
the backend. What the drivers import beside themselves is as on a board: the machine code, each
function in a simulator of its own, and the constants that the build writes.
"""

import functools
import importlib
import sys
import types

import crypto
from crypto import native
from crypto.assembly import build
from xtensa.machines import machine
from xtensa.simulator import Machine

PARENT = "crypto_on_xtensa"
# Name of the module on a board: the generator, and what its function is called.
MACHINE_CODE = {
    "field25519": ("field25519", "run"),
    "field256": ("field256", "run"),
    "modular": ("modular", "run"),
    "sha512_block": ("sha512", "block"),
}


class Meter:
    """Adds up what the functions of all modules take: ``instructions``, ``cycles``; ``longest`` is
    the most instructions between two calls of `mark`, ``trace`` a digest of their traces."""

    def __init__(self) -> None:
        self._machines: dict[str, Machine] = {}
        self.reset()

    def reset(self) -> None:
        self.instructions = self.cycles = self.trace = self.longest = self._marked = 0

    def mark(self) -> None:
        self.longest = max(self.longest, self.instructions - self._marked)
        self._marked = self.instructions

    def metered(self, generator: str):
        """A function that calls the machine code of that generator."""

        def function(*arguments):
            if generator not in self._machines:
                self._machines[generator] = machine(generator)
            code = self._machines[generator]
            result = code.call(*arguments)
            self.instructions += code.instructions
            self.cycles += code.cycles
            self.trace = hash((self.trace, code.trace))
            return result

        return function


METER = Meter()


@functools.cache
def _package() -> str:
    """Makes a package that is ``crypto`` without what its own __init__ does; returns its name."""
    for name, path in ((PARENT, crypto.__path__), (f"{PARENT}.native", native.__path__)):
        _install(name).__path__ = list(path)
    for name, text in build.constants().items():
        module = _install(f"{PARENT}.native.{name}")
        exec(compile(text, name, "exec"), module.__dict__)
    for name, (generator, function) in MACHINE_CODE.items():
        module = _install(f"{PARENT}.native.{name}")
        setattr(module, function, METER.metered(generator))
    return f"{PARENT}.native"


def _install(name: str) -> types.ModuleType:
    sys.modules[name] = module = types.ModuleType(name)
    return module


def driver(name: str) -> types.ModuleType:
    """The module ``name`` of ``lib/crypto/native``."""
    return importlib.import_module(f"{_package()}.{name}")


def finish(steps):
    """What a generator of steps returns, with `METER` set to what it took."""
    METER.reset()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            METER.mark()
            return end.value
        METER.mark()
