"""Rewrites the statements of a module for the unit that it goes to."""

import ast
import copy
from typing import NamedTuple

from .constants import is_const, literal
from .names import RESERVED, Names
from .program import DEF, EXTERNAL, MODULE, Imported, Meaning, Program
from .resolve import Resolver
from .scopes import CLASS, Scope
from .source import Module
from .units import Units

_OF_RUN_TIME = ("locals", "exec", "eval", "__import__", "globals")


class Need(NamedTuple):
    """An import at the top of a unit: ``name`` (None: the module itself) of ``module``."""

    module: str
    name: str | None
    local: str


class Statement:
    """What becomes of a statement of a module's top level.

    ``makes`` and ``uses`` are Meanings, ``at_once`` those it uses while the unit loads; ``loads``
    are the units that it imports when it runs, ``builtins`` names.
    """

    def __init__(self, module: Module, makes: set[Meaning]):
        self.nodes: list[ast.stmt] = []
        self.module = module
        self.makes = makes
        self.uses: set[Meaning] = set()
        self.needs: set[Need] = set()
        self.loads: set[str] = set()
        self.at_once: dict[Meaning, ast.AST] = {}
        self.builtins: set[str] = set()


class Rewriter(ast.NodeTransformer, Resolver):
    """``hidden``: Meanings that a local name would hide where they are used."""

    def __init__(self, program: Program, units: Units, names: Names, module: Module):
        # Scopes know the nodes of the tree as it was read: it is rewritten in a copy.
        self._origin: dict[ast.AST, ast.AST] = {}
        super().__init__(program, module)
        self._units = units
        self._names = names
        self._unit = units.of[module.name]
        self._depth = 0  # of functions
        self.hidden: dict[Meaning, ast.AST] = {}
        self.elsewhere: list[tuple[str, Meaning]] = []  # what other units must import as well

    def statements(self) -> list[Statement]:
        """What the unit gets of this module."""
        made = []
        for top in self.module.tree.body:
            places = self.module.bound.items()
            names = [name for name, many in places if any(one.top is top for one in many)]
            if self._is_inlined(top, names):
                continue
            self._now = Statement(self.module, {self._def(name) for name in names})
            self._now.nodes = self._as_list(self.visit(self._copied(top)))
            if self._now.nodes:
                made.append(self._now)
        return [*made, *self._exposed()]

    def _def(self, name):
        return Meaning(DEF, self.module.name, name)

    def _copied(self, top):
        copied = copy.deepcopy(top)
        for old, new in zip(ast.walk(top), ast.walk(copied), strict=True):
            self._origin[new] = old
        return copied

    def _as_list(self, made):
        return made if isinstance(made, list) else [made] if made is not None else []

    def _is_inlined(self, top, names):
        """Whether nobody asks for what this statement makes: it stands where it is used."""
        if self.module.name in self._names.exposed or not isinstance(top, ast.Assign):
            return False
        return bool(names) and all(
            self._names.constants.is_inlined(self._def(name)) for name in names
        )

    def _exposed(self):
        """What a module that is used as a value has from elsewhere, under the names it has there."""
        if self.module.name not in self._names.exposed:
            return []
        made = []
        for name in self._names.public(self.module.name):
            meaning = self.program.member(self.module.name, name)
            if meaning is None or meaning == self._def(name):
                continue
            if meaning.kind == DEF and not self._names.constants.is_inlined(meaning):
                if self._names.local(self._unit, meaning) == name:
                    continue
            self._now = Statement(self.module, {self._def(name)})
            top = self.module.bound[name][0].top
            value = self._reference(meaning, self.module.scopes.module, top)
            assign = ast.Assign([ast.Name(name, ast.Store())], value)
            self._now.nodes = [self._at(top, assign)]
            made.append(self._now)
        return made

    # Names

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
        while scope.parent is not None:
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

    def visit_Name(self, node):
        meaning = self.meaning(node)
        if meaning is None:
            if self.found(node) is None:
                if node.id not in RESERVED:
                    raise self.module.problem(node, f"nothing binds {node.id}", "bind or import it")
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

    def visit_Attribute(self, node):
        base = self.meaning(node.value)
        if base is None or base.kind != MODULE:
            return self.generic_visit(node)
        meaning = self.meaning(node)
        assert meaning is not None
        site = self._site(_first(node))
        is_store = not isinstance(node.ctx, ast.Load)
        if meaning.kind == DEF and self._names.constants.is_inlined(meaning):
            return self._at(node, literal(self._names.constants.value(meaning)))
        if meaning.kind == EXTERNAL or not (is_store or self._is_late(meaning)):
            return self._at(node, self._reference(meaning, site, node))
        # An attribute of a unit: of the late one that was imported here, or of one that is there.
        self._now.uses.add(meaning)
        if self._is_late(base) and self.is_alias(_first(node)):
            unit, value = self._units.of[base.module], ast.Name(_first(node).id, ast.Load())
        elif self._is_late(meaning):
            raise self.module.problem(
                node, f"{meaning.module} is not loaded here", "import it in this function"
            )
        else:
            unit = self._units.of[meaning.module]
            value = self._reference(Meaning(EXTERNAL, unit), site, node)
        if meaning.kind == MODULE:
            raise self.module.problem(node, "a late module of a module as a value", "import it")
        if self._units.of[meaning.module] != unit:
            self.elsewhere.append((unit, meaning))
        name = self._names.local(unit, meaning)
        return self._at(node, ast.Attribute(value, name, node.ctx))

    def visit_Global(self, node):
        scope = self._site(node)
        made = []
        for name in node.names:
            if name in self.module.bound:
                meaning = self.meaning_in(self.module.scopes.module, name)
                if meaning == self._def(name) and not self._names.constants.is_inlined(meaning):
                    made.append(self._name(meaning, scope, node))
        node.names = made
        return node if made else self._at(node, ast.Pass())

    def visit_Call(self, node):
        called = node.func
        if isinstance(called, ast.Name):
            if is_const(self, called) and len(node.args) == 1:
                return self.visit(node.args[0])
            if self.found(called) is None:
                has_none = not node.args and called.id in ("vars", "dir")
                if has_none or called.id in _OF_RUN_TIME:
                    raise self.module.problem(
                        node, f"{called.id}() sees names as they are", "use a table of one's own"
                    )
        match called:
            case ast.Attribute(value=ast.Call(func=ast.Name(id="globals")), attr="items"):
                if self.program.constant_globals(self.module.name):
                    return literal(tuple(self._names.constants.names(self.module.name)))
        return self.generic_visit(node)

    def visit_MatchValue(self, node):
        node.value = self.visit(node.value)
        if isinstance(node.value, ast.Name):
            raise self.module.problem(node, "a case that would become a name", "use an if")
        return node

    # What binds a name of the module

    def _bound(self, node, name):
        """The name that ``name`` becomes, bound by ``node``."""
        origin = self._origin[node]
        scope = self.module.scopes.site.get(origin)
        places = self.module.bound.get(name, ())
        if scope is None or not any(place.node is origin for place in places):
            return name
        return self._name(self._def(name), scope, node)

    def _function(self, node):
        # What stands in the head is wanted at once.
        arguments = node.args
        arguments.defaults = [self.visit(value) for value in arguments.defaults]
        arguments.kw_defaults = [value and self.visit(value) for value in arguments.kw_defaults]
        self._depth += 1
        if isinstance(node, ast.Lambda):
            node.body = self.visit(node.body)
        else:
            node.body = [new for old in node.body for new in self._as_list(self.visit(old))]
        self._depth -= 1
        return node

    visit_Lambda = _function

    def visit_FunctionDef(self, node):
        node.name = self._bound(node, node.name)
        node.decorator_list = [self.visit(one) for one in node.decorator_list]
        return self._function(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node):
        plain, name = node.name, self._bound(node, node.name)
        self.generic_visit(node)
        meaning = self._def(plain)
        if name == plain or meaning not in self._names.aliased:
            node.name = name
            return node
        alias = ast.Assign([ast.Name(name, ast.Store())], ast.Name(plain, ast.Load()))
        made = [node, self._at(node, alias)]
        if meaning in self._names.dropped:
            made.append(self._at(node, ast.Delete([ast.Name(plain, ast.Del())])))
        return made

    def visit_ExceptHandler(self, node):
        if node.name:
            node.name = self._bound(node, node.name)
        return self.generic_visit(node)

    def visit_MatchAs(self, node):
        if node.name:
            node.name = self._bound(node, node.name)
        return self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node):
        if node.rest:
            node.rest = self._bound(node, node.rest)
        return self.generic_visit(node)

    # Imports

    def visit_Import(self, node):
        scope = self._site(node)
        made = []
        for imported in self.program.imported(self.module, self._origin[node]):
            meaning = self.program.follow(imported.meaning)
            is_static = self.program.static(self.module, scope, imported.local) is not None
            if is_static and scope is self.module.scopes.module:
                continue
            made += self._import(imported, meaning, is_static, scope, node)
        made = [self._at(node, one) for one in made]
        if not made and not self._is_top(node):
            return self._at(node, ast.Pass())
        return made

    visit_ImportFrom = visit_Import

    def _is_top(self, node):
        return self._origin[node] in self.module.tree.body

    def _import(self, imported: Imported, meaning, is_static, scope, node):
        local = self._bound_alias(imported, scope, node)
        if meaning.kind == EXTERNAL:
            if meaning.name is None and imported.alias.name.startswith(meaning.module + "."):
                return [ast.Import([ast.alias(imported.alias.name)])]
            return [import_statement(meaning.module, meaning.name, local)]
        is_late = self._is_late(meaning)
        if is_static and not is_late:
            return []
        unit = self._units.of[meaning.module]
        if meaning.kind == MODULE:
            if not is_static:
                self._now.uses.update(self._attributes(meaning.module))
            self._now.loads.add(unit)
            return [import_statement(unit, None, local)]
        if self._names.constants.is_inlined(meaning):
            if is_static:
                return []
            value = literal(self._names.constants.value(meaning))
            return [ast.Assign([ast.Name(local, ast.Store())], value)]
        self._now.uses.add(meaning)
        if not is_late:
            value = self._reference(meaning, scope, node)
            return [ast.Assign([ast.Name(local, ast.Store())], value)]
        self._now.loads.add(unit)
        return [import_statement(unit, self._names.own(meaning), local)]

    def _bound_alias(self, imported, scope, node):
        for place in self.module.bound.get(imported.local, ()):
            if place.node is imported.alias:
                return self._name(self._def(imported.local), scope, node)
        return imported.local


def _first(node):
    """The Name that a chain of Attributes begins with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def import_statement(module: str, name: str | None, local: str) -> ast.stmt:
    """``from module import name as local``, or ``import module as local`` if ``name`` is None."""
    if name is None and "." in module:
        module, _, name = module.rpartition(".")
    if name is None:
        return ast.Import([ast.alias(module, local if local != module else None)])
    return ast.ImportFrom(module, [ast.alias(name, local if local != name else None)], 0)
