"""What stands in a unit for a name of one of its modules."""

import ast
from typing import Any

from .constants import literal
from .names import RESERVED, Names
from .program import DEF, EXTERNAL, MODULE, Meaning, Program
from .resolve import Resolver
from .scopes import CLASS, Scope
from .scopes import MODULE as TOP
from .source import Module
from .statement import Need, Statement
from .units import Units


class References(ast.NodeTransformer, Resolver):
    """``hidden``: Meanings that a local name would hide where they are used."""

    def __init__(self, program: Program, units: Units, names: Names, module: Module):
        # Scopes know the nodes of the tree as it was read: it is rewritten in a copy.
        self._origin: dict[Any, Any] = {}
        self._now = Statement(module, set())
        super().__init__(program, module)
        self._units = units
        self._names = names
        self._unit = units.of[module.name]
        self._depth = 0  # of functions
        self.hidden: dict[Meaning, ast.AST] = {}
        self.elsewhere: list[tuple[str, Meaning]] = []  # what other units must import as well

    def _def(self, name):
        return Meaning(DEF, self.module.name, name)

    def found(self, node: ast.Name) -> Scope | None:
        origin = self._origin.get(node, node)
        return super().found_from(self.module.scopes.site[origin], origin, node.id)

    def _site(self, node):
        return self.module.scopes.site[self._origin.get(node, node)]

    def _is_late(self, meaning):
        """Whether what a Meaning is of must be imported when it is wanted."""
        return meaning.kind != EXTERNAL and not self._units.is_loaded(
            meaning.module, self.module.name
        )

    def _hides(self, scope, name):
        """Whether ``name`` of the unit, written in ``scope``, would be another one."""
        first = True
        while scope.kind != TOP:
            if name in scope.bindings and name not in scope.outward:
                if (first or scope.kind != CLASS) and not self._vanishes(scope, name):
                    return True
            first, scope = False, scope.parent
        return False

    def _vanishes(self, scope, name):
        meaning = self.program.static(self.module, scope, name)
        if meaning is None:
            return False
        meaning = self.program.follow(meaning)
        return meaning.kind != EXTERNAL and not self._is_late(meaning)

    def _name(self, meaning, scope, node):
        name = self._names.local(self._unit, meaning)
        if self._hides(scope, name):
            self.hidden.setdefault(meaning, node)
        return name

    def _reference(self, meaning, scope, node):
        """An expression for what is there when the code runs."""
        names = self._names
        if meaning.kind == MODULE:
            self._now.uses.update(self._attributes(meaning.module))
            meaning = Meaning(EXTERNAL, self._units.of[meaning.module])
        if meaning.kind == DEF:
            if names.constants.is_inlined(meaning):
                return literal(names.constants.value(meaning))
            self._now.uses.add(meaning)
            if not self._depth:
                self._now.at_once.setdefault(meaning, node)
            if meaning in names.rebound and self._units.of[meaning.module] != self._unit:
                unit = self._reference(
                    Meaning(EXTERNAL, self._units.of[meaning.module]), scope, node
                )
                return ast.Attribute(unit, names.own(meaning), ast.Load())
        name = self._name(meaning, scope, node)
        self._need(self._now.needs, self._unit, meaning, name)
        return ast.Name(name, ast.Load())

    def _need(self, needs, unit, meaning, name):
        if meaning.kind == EXTERNAL:
            needs.add(Need(meaning.module, meaning.name, name))
        elif self._units.of[meaning.module] != unit:
            needs.add(Need(self._units.of[meaning.module], self._names.own(meaning), name))

    def _attributes(self, module):
        """The Meanings of all that a module has that is used as a value."""
        every = {Meaning(DEF, module, name) for name in self._names.public(module)}
        return every | {m for m in map(self.program.follow, every) if m.kind == DEF}

    def visit_Name(self, node: Any):
        meaning = self.meaning(node)
        if meaning is None:
            if self.found(node) is None:
                if node.id not in RESERVED:
                    what = f"nothing binds {node.id}"
                    raise self.module.problem(node, what, "bind or import it")
                self._now.builtins.add(node.id)
            return node
        if isinstance(node.ctx, ast.Load):
            if self.is_alias(node) and (meaning.kind == EXTERNAL or self._is_late(meaning)):
                if meaning.kind == MODULE:
                    self._now.uses.update(self._attributes(meaning.module))
                if meaning.kind == DEF and self._names.constants.is_inlined(meaning):
                    return self._at(node, self._reference(meaning, self._site(node), node))
                return node
            return self._at(node, self._reference(meaning, self._site(node), node))
        node.id = self._name(meaning, self._site(node), node)
        return node

    def _at(self, node, made):
        return ast.copy_location(made, node)

    def visit_Attribute(self, node: Any):
        base = self.meaning(node.value)
        if base is None or base.kind != MODULE:
            return self.generic_visit(node)
        meaning = self.meaning(node)
        assert meaning is not None
        site = self._site(first_name(node))
        is_store = not isinstance(node.ctx, ast.Load)
        if meaning.kind == DEF and self._names.constants.is_inlined(meaning):
            return self._at(node, literal(self._names.constants.value(meaning)))
        if meaning.kind == EXTERNAL or not (is_store or self._is_late(meaning)):
            return self._at(node, self._reference(meaning, site, node))
        # An attribute of a unit: of the late one that was imported here, or of one that is there.
        self._now.uses.add(meaning)
        first = first_name(node)
        alias = self.meaning(first) if self.is_alias(first) else None
        if alias is not None and self._is_late(alias) and self._brings(alias, meaning):
            unit, value = self._units.of[alias.module], ast.Name(first.id, ast.Load())
        elif self._is_late(meaning):
            raise self.module.problem(
                node, f"{meaning.module} is not loaded here", "import it in this function"
            )
        else:
            unit = self._units.of[meaning.module]
            value = self._reference(Meaning(EXTERNAL, unit), site, node)
        if meaning.kind == MODULE:
            raise self.module.problem(node, "a late module of a module as a value", "import it")
        home = self._units.of[meaning.module]
        self._now.loads.add(home)
        if home != unit and (is_store or meaning in self._names.rebound):
            # Not a copy of what is set again: the unit that has it, which that one knows.
            made = Meaning(EXTERNAL, home)
            self.elsewhere.append((unit, made))
            value = ast.Attribute(value, self._names.local(unit, made), ast.Load())
        elif home != unit:
            self.elsewhere.append((unit, meaning))
            home = unit
        return self._at(node, ast.Attribute(value, self._names.local(home, meaning), node.ctx))

    def _brings(self, alias, meaning):
        """Whether the module that an import in a function binds has loaded what is asked of it."""
        return alias.kind == MODULE and self._units.is_loaded(meaning.module, alias.module)


def first_name(node: Any) -> Any:
    """The Name that a chain of Attributes begins with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node
