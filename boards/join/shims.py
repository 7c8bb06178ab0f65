"""The modules that still answer to their names: the roots, and those that the tests ask for."""

import ast
import fnmatch

from .constants import Constants
from .names import Names
from .program import DEF, MODULE, Meaning, Program
from .scopes import ALWAYS
from .statement import import_statement
from .units import Units

_HEAD = "def __getattr__(name):\n"


class Shims:
    """Writes them for a program that has names."""

    def __init__(self, program: Program, units: Units, names: Names, constants: Constants):
        self._program = program
        self._units = units
        self._names = names
        self._constants = constants

    def is_named(self, name: str) -> bool:
        """Whether the configuration asks for the module ``name``."""
        return any(fnmatch.fnmatchcase(name, one) for one in self._program.config.named)

    def names(self, name: str) -> list[str]:
        """What may be asked of the module ``name``: of one that is named, private names, too."""
        public = self._names.public(name)
        if not self.is_named(name):
            return public
        return [*public, *(one for one in self._program.modules[name].bound if one not in public)]

    def text(self, name: str, written) -> str:
        """The source of the module that ``name`` still is for who imports it; ``written`` are the
        units of which something is left.
        """
        module = self._program.modules[name]
        lines = [*self._modules(name)]
        changing = {}
        for one in self.names(name):
            meaning = self._program.member(name, one)
            if meaning is None or meaning.kind != DEF:
                continue
            if self._constants.is_inlined(meaning):
                lines.append(f"{one} = {self._constants.value(meaning)!r}\n")
            elif self.is_named(name) and self._changes(meaning):
                changing[one] = meaning
            else:
                line = self._import(meaning, one)
                if not self._is_always_bound(meaning):
                    line = f"try:\n    {line}\nexcept ImportError:\n    pass"
                lines.append(line + "\n")
        if changing:
            lines.append(self._asked(changing, module.getattr, name))
        elif module.getattr:
            lines.append(ast.unparse(module.getattr) + "\n")
        # A package in which there is nothing may have been a unit of its own.
        unit = self._units.of[name]
        return "".join(lines) or (f"import {unit}\n" if unit in written else "")

    def _modules(self, name):
        """Imports of what the module has that are modules: it imports them, or they lie in it."""
        found = {}
        for one in self._program.modules[name].bound:
            meaning = self._program.member(name, one)
            if meaning is not None and meaning.kind == MODULE and self.is_named(meaning.module):
                found[one] = meaning.module
        if self.is_named(name):
            for other in self._units.of:
                package, _, one = other.rpartition(".")
                if package == name and self._units.is_loaded(other, name):
                    found.setdefault(one, other)
        for one, other in found.items():
            yield ast.unparse(import_statement(other, "", one)) + "\n"

    def _changes(self, meaning):
        return meaning in self._names.rebound or not self._is_always_bound(meaning)

    def _is_always_bound(self, meaning):
        places = self._program.modules[meaning.module].bound[meaning.name]
        return any(isinstance(place.top, ALWAYS) for place in places)

    def _import(self, meaning, local):
        own = self._names.own(meaning)
        return ast.unparse(import_statement(self._units.of[meaning.module], own, local))

    def _asked(self, changing: dict[str, Meaning], further, package: str) -> str:
        """A ``__getattr__`` for names that are set again: what they are when somebody asks. As it
        is asked before a module of ``package`` is looked for, those that come late are, too.
        """
        text = ""
        if further:
            text = ast.unparse(further).replace("def __getattr__(", "def _getattr(", 1) + "\n"
        text += _HEAD
        for name, meaning in changing.items():
            text += f"    if name == {name!r}:\n        {self._import(meaning, 'value')}\n"
            text += "        return value\n"
        for other in self._units.of:
            above, _, one = other.rpartition(".")
            if above == package and not self._units.is_loaded(other, package):
                text += f"    if name == {one!r}:\n        import sys\n        import {other}\n"
                text += f"        return sys.modules[{other!r}]\n"
        last = "return _getattr" if further else "raise AttributeError"
        return text + f"    {last}(name)\n"
