"""What everything is called in its unit.

A name stays as it is where no other in the unit wants it; else it is called after its module, too.
A class always stays as it is, because programs show ``type(error).__name__``: where two have one
name, or where a local name hides it, it gets another name right after it was made.
"""

import ast
import builtins

from .constants import Constants
from .problem import Problem
from .program import DEF, Meaning, Program
from .resolve import Survey
from .scopes import ALWAYS
from .units import Units

RESERVED = frozenset(dir(builtins))


class Names:
    """Names for a program that is not rewritten yet; those of ``hidden`` may not stay as they are.

    ``exposed``: modules used as values, whose own names must all be there; Raises Problem where
    that cannot be.
    """

    def __init__(
        self,
        program: Program,
        units: Units,
        constants: Constants,
        surveys: dict[str, Survey],
        hidden: set[Meaning],
    ):
        self._program = program
        self._units = units
        self._hidden = hidden
        self.constants = constants
        self.exposed = {name for survey in surveys.values() for name in survey.exposed}
        self.rebound = {m for survey in surveys.values() for m in survey.stored}
        for module in program.modules.values():
            for name, places in module.bound.items():
                if any(place.in_function for place in places):
                    self.rebound.add(Meaning(DEF, module.name, name))
        self._own: dict[Meaning, str] = {}
        self._local: dict[tuple[str, Meaning], str] = {}
        self._taken: dict[str, set[str]] = {}
        self.aliased: dict[Meaning, str] = {}  # a class to its other name
        self.dropped: set[Meaning] = set()  # aliased ones whose plain name nobody else has
        for unit, modules in units.order.items():
            self._taken[unit] = set(RESERVED)
            self._name(unit, modules)

    def made(self, module: str) -> list[str]:
        """The names that a module makes itself, as far as they are still names when joined."""
        scope = self._program.modules[module].scopes.module
        return [
            name
            for name in scope.bindings
            if self._program.static(self._program.modules[module], scope, name) is None
            and (module in self.exposed or not self.constants.is_inlined(_def(module, name)))
        ]

    def public(self, module: str) -> list[str]:
        """The names of a module that others may ask for, as text."""
        source = self._program.modules[module]
        if source.public is not None:
            return source.public
        found = []
        for name in source.bound:
            meaning = self._program.member(module, name)
            if name.startswith("_") or meaning is None or meaning.kind != DEF:
                continue
            if all(map(_lasts, source.bound[name])):
                found.append(name)
        return found

    def _name(self, unit, modules):
        taken = self._taken[unit]
        wanted: dict[str, list[Meaning]] = {}
        classes: dict[str, list[Meaning]] = {}
        for module in modules:
            for name in self.made(module):
                meaning = _def(module, name)
                self._check_builtin(meaning)
                wanted.setdefault(name, []).append(meaning)
                if self._is_class(meaning):
                    classes.setdefault(name, []).append(meaning)
        owners = self._exposed_owners(unit, modules)
        for name, several in classes.items():
            owner = owners.get(name)
            if owner is None and several[-1] not in self._hidden and name not in RESERVED:
                owner = owners[name] = several[-1]
            for meaning in several:
                if meaning == owner:
                    continue
                self.aliased[meaning] = name
                if owner is None:
                    self.dropped.add(meaning)
                elif owner not in several or several.index(owner) < several.index(meaning):
                    self._two_classes(meaning, owner)
            taken.add(name)
        taken.update(owners)
        for name, meaning in owners.items():
            self._own[meaning] = name
        for name, several in wanted.items():
            for meaning in several:
                if meaning in self._own:
                    continue
                is_free = name not in taken and len(several) == 1 and meaning not in self._hidden
                self._own[meaning] = self._claim(unit, meaning, name if is_free else None)

    def _exposed_owners(self, unit, modules):
        """Name to the Meaning that must have it: attributes of modules that are values."""
        owners: dict[str, Meaning] = {}
        for module in modules:
            if module in self.exposed:
                for name in self.public(module):
                    meaning = self._program.member(module, name) or _def(module, name)
                    if meaning.kind != DEF or self._units.of[meaning.module] != unit:
                        meaning = _def(module, name)
                    if owners.get(name, meaning) != meaning:
                        source = self._program.modules[module]
                        raise Problem(
                            source.path,
                            1,
                            f"{module} and {owners[name].module} are both used as values,"
                            f" are loaded together, and both have {name}",
                            "ask for their names and not for the modules",
                        )
                    owners[name] = meaning
        return owners

    def _check_builtin(self, meaning):
        """Where a name is not bound, or no longer, a builtin of that name would be found."""
        source = self._program.modules[meaning.module]
        places = source.bound[meaning.name]
        if meaning.name in RESERVED and not (
            all(map(_lasts, places)) and any(isinstance(one.top, ALWAYS) for one in places)
        ):
            raise source.problem(
                places[0].node,
                f"{meaning.name}, a builtin's name, is not always bound",
                "give it another name",
            )

    def _two_classes(self, meaning, owner):
        source = self._program.modules[meaning.module]
        raise source.problem(
            source.bound[meaning.name][0].node,
            f"a class called as {owner.module}.{owner.name}, which is used as a value",
            "give one of them another name",
        )

    def _is_class(self, meaning):
        places = self._program.modules[meaning.module].bound[meaning.name]
        return any(isinstance(place.node, ast.ClassDef) for place in places)

    def _claim(self, unit, meaning, plain):
        taken = self._taken[unit]
        name = plain
        if name is None:
            parts = [meaning.module.replace(".", "_"), *([meaning.name] if meaning.name else [])]
            name = "__".join(parts)
        while name in taken:
            name += "_"
        taken.add(name)
        return name

    def own(self, meaning: Meaning) -> str:
        """What a DEF is called in its own unit."""
        return self._own[meaning]

    def local(self, unit: str, meaning: Meaning) -> str:
        """What anything is called in ``unit``, be it made there or imported at its top."""
        if meaning.kind == DEF and self._units.of[meaning.module] == unit:
            return self._own[meaning]
        key = unit, meaning
        if key not in self._local:
            plain = self._own[meaning] if meaning.kind == DEF else meaning.name or meaning.module
            is_free = (
                plain not in self._taken[unit] and meaning not in self._hidden and "." not in plain
            )
            self._local[key] = self._claim(unit, meaning, plain if is_free else None)
        return self._local[key]


def _lasts(place):
    """Whether what is bound there is bound when the module is loaded, and still is."""
    is_deleted = isinstance(getattr(place.node, "ctx", None), ast.Del)
    return not (is_deleted or place.in_function or isinstance(place.node, ast.ExceptHandler))


def _def(module, name):
    return Meaning(DEF, module, name)
