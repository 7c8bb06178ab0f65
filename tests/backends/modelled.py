"""The drivers of the native backend over models instead of machine code, in this process."""

import importlib
import struct
import sys
from types import ModuleType

from crypto import finish
from crypto.assembly import build, model, model256
from crypto.assembly.programs.edwards25519 import L
from crypto.portable.sha512 import _ROUND, _compress_steps

_NAME = "crypto.native"


class Modelled:
    """``sha512``, ``ed25519`` and ``x25519`` are the drivers, ``ed25519_sign`` and
    ``ed25519_known`` what is imported late, ``bank`` the memory that they share.

    ``counts`` says how often each op was run.
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        made = {name: self._module(name, text) for name, text in build.constants().items()}
        made["field25519"] = self._machine("field25519", model.CURVE25519)
        made["modular"] = self._machine("modular", model256.Order(L))
        made["sha512_block"] = ModuleType("sha512_block")
        vars(made["sha512_block"])["block"] = _block
        others = {name for name in sys.modules if f"{name}.".startswith(f"{_NAME}.")}
        kept = {name: sys.modules.pop(name) for name in others}
        for name, module in made.items():
            sys.modules[f"{_NAME}.{name}"] = module
        try:
            self.bank = importlib.import_module(f"{_NAME}.bank")
            self.x25519 = importlib.import_module(f"{_NAME}.x25519")
            self.x25519_pair = importlib.import_module(f"{_NAME}.x25519_pair")
            self.sha512 = importlib.import_module(f"{_NAME}.sha512")
            self.ed25519 = importlib.import_module(f"{_NAME}.ed25519")
            sign = self.ed25519_sign = importlib.import_module(f"{_NAME}.ed25519_sign")
            self.ed25519_known = importlib.import_module(f"{_NAME}.ed25519_known")
        finally:  # nobody else shall find any of it
            for name in [name for name in sys.modules if f"{name}.".startswith(f"{_NAME}.")]:
                del sys.modules[name]
            sys.modules.update(kept)
        vars(self.ed25519).update(
            ed25519_sign_steps=sign.sign_steps, ed25519_public_key_steps=sign.public_key_steps
        )

    def _module(self, name, text):
        module = ModuleType(name)
        exec(text, vars(module))
        return module

    def _machine(self, name, field):
        module = ModuleType(name)

        def run(program, bank, table):
            machine = model.Machine(field, bank, table)
            machine.run(program)
            for op, count in machine.counts.items():
                self.counts[op] = self.counts.get(op, 0) + count

        vars(module)["run"] = run
        return module


def _block(state, message, constants, work):
    """What the machine code of SHA-512 does; the constants must be the standard's."""
    assert constants[:640] == b"".join(_ROUND[i : i + 8][::-1] for i in range(0, 640, 8))
    filled, length = struct.unpack("<2I", work[768:776])
    data = bytes(work[640 : 640 + filled]) + bytes(message[:length])
    assert len(data) == filled + length
    words = list(struct.unpack(">8Q", state))
    while len(data) >= 128:
        finish(_compress_steps(words, data[:128]))
        data = data[128:]
    state[:] = struct.pack(">8Q", *words)
    work[640 : 640 + len(data)] = data
    work[768:776] = struct.pack("<2I", len(data), 0)
