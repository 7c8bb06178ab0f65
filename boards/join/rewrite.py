"""Rewrites the statements of a module for the unit that it goes to."""

import ast
import copy
from typing import Any

from .constants import is_const, literal
from .program import DEF, EXTERNAL, MODULE, Imported
from .references import References
from .statement import Statement, import_statement

_OF_RUN_TIME = ("locals", "exec", "eval", "__import__", "globals")


class Rewriter(References):
    """A module's statements, with the names of its unit, and without what the unit knows."""

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
        """What a module that is a value has from elsewhere, under the names it has there."""
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

    def visit_Global(self, node: Any):
        scope = self._site(node)
        made = []
        for name in node.names:
            if name in self.module.bound:
                meaning = self._def(name)
                is_own = meaning == self.meaning_in(self.module.scopes.module, name)
                if is_own and not self._names.constants.is_inlined(meaning):
                    made.append(self._name(meaning, scope, node))
        node.names = made
        return node if made else self._at(node, ast.Pass())

    def visit_Call(self, node: Any):
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

    def visit_MatchValue(self, node: Any):
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

    def _function(self, node: Any):
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

    def visit_FunctionDef(self, node: Any):
        node.name = self._bound(node, node.name)
        node.decorator_list = [self.visit(one) for one in node.decorator_list]
        return self._function(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: Any):
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

    def visit_ExceptHandler(self, node: Any):
        if node.name:
            node.name = self._bound(node, node.name)
        return self.generic_visit(node)

    def visit_MatchAs(self, node: Any):
        if node.name:
            node.name = self._bound(node, node.name)
        return self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: Any):
        if node.rest:
            node.rest = self._bound(node, node.rest)
        return self.generic_visit(node)

    # Imports

    def visit_Import(self, node: Any):
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
            if not meaning.name and imported.alias.name.startswith(meaning.module + "."):
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
            return [import_statement(unit, "", local)]
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
