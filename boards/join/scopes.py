"""Which scope each name of a file belongs to: the rules of CPython, which MicroPython shares.

A class body is the odd one: what it binds is seen by its own statements, from the moment it is
bound, and by no function in it.
"""

import ast
from typing import Any, NamedTuple

MODULE, CLASS, FUNCTION, COMPREHENSION = range(4)

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
IMPORTS = (ast.Import, ast.ImportFrom)
# Statements of a module's top that bind what they bind in any case
ALWAYS = (*FUNCTIONS, ast.ClassDef, ast.Assign, *IMPORTS, ast.With)
_COMPOUND = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.With, ast.AsyncWith, ast.Match)
_COMPOUND += (ast.TryStar,)


class Binding(NamedTuple):
    """One place that binds a name: the node, and the statement of the module's top it is in."""

    node: ast.AST
    top: ast.stmt
    in_function: bool  # by ``global``


class Scope:
    """``bindings``: name to its Bindings; ``outward``: name to ``global`` or ``nonlocal``."""

    def __init__(self, kind: int, parent: "Scope | None"):
        self.kind = kind
        self._parent = parent
        self.bindings: dict[str, list[Binding]] = {}
        self.outward: dict[str, str] = {}
        self.sure: set[str] = set()  # of a class: bound by now, whatever happened
        self.maybe: set[str] = set()  # bound by now, or perhaps

    @property
    def parent(self) -> "Scope":
        """The scope around; only of one that is in another."""
        assert self._parent is not None
        return self._parent

    def find(self, name: str) -> "Scope | None":
        """Where ``name`` is bound, seen from here; None if nowhere in the file: a builtin."""
        scope = self
        while scope.kind != MODULE:
            way = scope.outward.get(name)
            if way == "global":
                break
            is_seen = scope is self or scope.kind != CLASS
            if way is None and is_seen and name in scope.bindings:
                return scope
            scope = scope.parent
        module = self.module()
        return module if name in module.bindings else None

    def module(self) -> "Scope":
        scope = self
        while scope.kind != MODULE:
            scope = scope.parent
        return scope

    def outside(self, name: str) -> "Scope | None":
        """Where ``name``, which this class body binds, is looked for while it is not bound: in the
        module, over the heads of all functions between.
        """
        module = self.module()
        return module if name in module.bindings else None


class Scopes(ast.NodeVisitor):
    """All scopes of ``tree``, a module without annotations.

    ``site``: of each Name, import statement and definition, the scope that it stands in.
    ``unsure``: Names in class bodies that may be the class's or another's, as the program runs.
    ``early``: Names in class bodies that the class binds, but only later.
    """

    def __init__(self, tree: ast.Module):
        self.module = Scope(MODULE, None)
        self.site: dict[ast.AST, Scope] = {}
        self.unsure: set[ast.AST] = set()
        self.early: set[ast.AST] = set()
        self._scope: Scope = self.module
        self._compound = 0  # depth of compound statements, within a class body
        for statement in tree.body:
            self._top = statement
            self.visit(statement)

    # What binds

    def _bind(self, node: Any, name):
        scope = self._scope
        while scope.kind == COMPREHENSION and isinstance(node, ast.NamedExpr):
            scope = scope.parent
        way = scope.outward.get(name)
        if way == "nonlocal":
            return
        self.site.setdefault(node, scope)
        if way == "global":
            scope = self.module
        place = Binding(node, self._top, way == "global")
        scope.bindings.setdefault(name, []).append(place)
        if scope.kind == CLASS:
            scope.maybe.add(name)
            if not self._compound:
                scope.sure.add(name)

    def visit_Name(self, node: Any):
        self.site[node] = self._scope
        if isinstance(node.ctx, ast.Load):
            self._load(node, node.id)
        else:
            self._bind(node, node.id)
            if isinstance(node.ctx, ast.Del) and self._scope.kind == CLASS:
                self._scope.sure.discard(node.id)

    def _load(self, node: Any, name):
        scope = self._scope
        if scope.kind == CLASS and name not in scope.sure:
            (self.unsure if name in scope.maybe else self.early).add(node)

    def visit_Assign(self, node: Any):
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_AugAssign(self, node: Any):
        self.visit(node.value)
        if isinstance(node.target, ast.Name):
            self._load(node.target, node.target.id)
        self.visit(node.target)

    def visit_NamedExpr(self, node: Any):
        self.visit(node.value)
        self.site[node.target] = self._scope
        scope, self._scope = self._scope, self._outside_comprehensions()
        self._bind(node.target, node.target.id)
        self._scope = scope

    def _outside_comprehensions(self):
        scope = self._scope
        while scope.kind == COMPREHENSION:
            scope = scope.parent
        return scope

    def visit_ExceptHandler(self, node: Any):
        if node.type:
            self.visit(node.type)
        if node.name:
            self._bind(node, node.name)
        self._visit_all(node.body)

    def visit_Import(self, node: Any):
        self.site[node] = self._scope
        for alias in node.names:
            if alias.name != "*":
                self._bind(alias, alias.asname or alias.name.partition(".")[0])

    visit_ImportFrom = visit_Import

    def visit_Global(self, node: Any):
        self.site[node] = self._scope
        for name in node.names:
            if self._scope is not self.module:
                self._scope.outward[name] = "global"

    def visit_Nonlocal(self, node: Any):
        self._scope.outward.update(dict.fromkeys(node.names, "nonlocal"))

    def visit_MatchAs(self, node: Any):
        self.generic_visit(node)
        if node.name:
            self._bind(node, node.name)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: Any):
        self.generic_visit(node)
        if node.rest:
            self._bind(node, node.rest)

    # What opens a scope

    def _visit_all(self, nodes):
        for node in nodes:
            if node is not None:
                self.visit(node)

    def _within(self, kind, visit):
        compound, self._compound = self._compound, 0
        self._scope = Scope(kind, self._scope)
        visit()
        self._scope = self._scope.parent
        self._compound = compound

    def _function(self, node: Any):
        self._visit_all(getattr(node, "decorator_list", ()))
        arguments = node.args
        self._visit_all([*arguments.defaults, *arguments.kw_defaults])
        if not isinstance(node, ast.Lambda):
            self._bind(node, node.name)

        def inside():
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            for argument in [*every, arguments.vararg, arguments.kwarg]:
                if argument is not None:
                    self._bind(argument, argument.arg)
            self._visit_all(node.body if isinstance(node.body, list) else [node.body])

        self._within(FUNCTION, inside)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _function

    def visit_ClassDef(self, node: Any):
        self._visit_all([*node.decorator_list, *node.bases])
        self._visit_all([keyword.value for keyword in node.keywords])
        self._within(CLASS, lambda: self._visit_all(node.body))
        self._bind(node, node.name)

    def _comprehension(self, node: Any):
        first = node.generators[0]
        self.visit(first.iter)

        def inside():
            for generator in node.generators:
                if generator is not first:
                    self.visit(generator.iter)
                self.visit(generator.target)
                self._visit_all(generator.ifs)
            for field in ("elt", "key", "value"):
                if hasattr(node, field):
                    self.visit(getattr(node, field))

        self._within(COMPREHENSION, inside)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def visit(self, node: Any):
        if not isinstance(node, _COMPOUND) or self._scope.kind != CLASS:
            return super().visit(node)
        # It may run again, or not at all: what it binds may be there from its first line on.
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load):
                self._scope.maybe.add(inner.id)
            elif isinstance(inner, (*FUNCTIONS, ast.ClassDef)):
                self._scope.maybe.add(inner.name)
        self._compound += 1
        super().visit(node)
        self._compound -= 1
        return None
