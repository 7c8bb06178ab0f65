"""What the body of a class leaves behind, where that can be told without running it."""

import dataclasses
import re

_NAME = re.compile(r"'([A-Za-z_][A-Za-z0-9_]*)'")
_CONSTANT = {
    "LOAD_CONST_NONE": "MP_ROM_NONE",
    "LOAD_CONST_FALSE": "MP_ROM_FALSE",
    "LOAD_CONST_TRUE": "MP_ROM_TRUE",
}
_WRAPPERS = ("property", "staticmethod")


@dataclasses.dataclass
class Function:
    """That with this ``number``, with ``defaults``, expressions in C."""

    number: int
    defaults: tuple[str, ...] = ()


@dataclasses.dataclass
class Wrapped:
    """A ``function`` that is a "property" or a "staticmethod"."""

    how: str
    function: Function


class _Unknown(Exception):
    """That a class does something here which is not known."""


def attributes(body: str, module: str, constants: list[str], children: list):
    """Name to a Function, a Wrapped or an expression in C, of the class of ``module`` with this
    ``body``.

    That is as mpy-tool.py writes it, an instruction a line with its meaning behind it.
    ``constants`` are the module's, ``children`` the numbers of the functions inside, None for one
    that has none. None if it is the body of no class, or it cannot be told.
    """
    if "STORE_NAME '__qualname__'" not in body:
        return None
    machine = _Machine(module, constants, children)
    try:
        for line in body.splitlines():
            code, _, meaning = line.partition(" // ")
            if not meaning.startswith(("prelude", "names:", "code info")):
                machine.step(*meaning.partition(" ")[::2])
    except (_Unknown, IndexError):
        return None
    held = machine.held
    # A function of that name is made another thing when the class is.
    return held if machine.is_over and "__new__" not in held else None


class _Machine:
    """Runs the few instructions of which most bodies are made."""

    def __init__(self, module, constants, children):
        self._module = module
        self._constants = constants
        self._children = children
        self._stack = []
        self.held = {}
        self.is_over = False

    def step(self, name, argument):
        if self.is_over:
            raise _Unknown
        if name in _CONSTANT:
            self._stack.append(_CONSTANT[name])
        else:
            handler = getattr(self, "_" + name.lower(), None)
            if handler is None:
                raise _Unknown
            handler(argument)

    def _load_name(self, argument):
        name = _identifier(argument)
        if name == "__name__" and name not in self.held:
            self._stack.append(f"MP_ROM_QSTR(MP_QSTR_{self._module})")
        elif name in self.held:
            self._stack.append(self.held[name])
        elif name in _WRAPPERS:
            self._stack.append(("wrapper", name))
        else:
            raise _Unknown

    def _load_const_string(self, argument):
        self._stack.append(f"MP_ROM_QSTR(MP_QSTR_{_identifier(argument)})")

    def _load_const_small_int(self, argument):
        self._stack.append(f"MP_ROM_INT({int(argument)})")

    def _load_const_obj(self, argument):
        self._stack.append(self._constants[int(argument)])

    def _load_null(self, _):
        self._stack.append(None)

    def _build_tuple(self, argument):
        count = int(argument)
        items = tuple(self._stack[len(self._stack) - count :])
        if not all(isinstance(item, str) for item in items):
            raise _Unknown
        del self._stack[len(self._stack) - count :]
        self._stack.append(("tuple", *items))

    def _make_function(self, argument):
        self._stack.append(Function(self._child(argument)))

    def _make_function_defargs(self, argument):
        by_keyword, defaults = self._stack.pop(), self._stack.pop()
        if by_keyword is not None or not isinstance(defaults, tuple) or defaults[0] != "tuple":
            raise _Unknown
        self._stack.append(Function(self._child(argument), defaults[1:]))

    def _call_function(self, argument):
        given, called = self._stack.pop(), self._stack.pop()
        is_known = isinstance(called, tuple) and called[0] == "wrapper"
        if argument != "1" or not is_known or not isinstance(given, Function):
            raise _Unknown
        self._stack.append(Wrapped(called[1], given))

    def _store_name(self, argument):
        value = self._stack.pop()
        if value is None or isinstance(value, tuple):
            raise _Unknown
        self.held[_identifier(argument)] = value

    def _return_value(self, _):
        if self._stack != ["MP_ROM_NONE"]:
            raise _Unknown
        self.is_over = True

    def _child(self, argument):
        number = self._children[int(argument)]
        if number is None:
            raise _Unknown
        return number


def _identifier(argument):
    match = _NAME.fullmatch(argument)
    if match is None:
        raise _Unknown
    return match[1]
