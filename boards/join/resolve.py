"""What an expression at its place means, and what a survey of all expressions tells of names."""

import ast
from typing import Any

from .program import DEF, MODULE, Meaning, Program
from .scopes import CLASS, Scope
from .scopes import MODULE as TOP
from .source import Module


class Resolver:
    """Finds what Names and Attributes of one module mean."""

    def __init__(self, program: Program, module: Module):
        self.program = program
        self.module = module
        self._top = module.scopes.module

    def found(self, node: ast.Name) -> Scope | None:
        """The scope whose name this is; None for a builtin."""
        return self.found_from(self.module.scopes.site[node], node, node.id)

    def found_from(self, scope: Scope, node: ast.AST, name: str) -> Scope | None:
        """The scope of ``name``, that ``node`` in ``scope`` names."""
        scopes = self.module.scopes
        if scope.kind == CLASS and name in scope.bindings and name not in scope.outward:
            is_unsure = node in scopes.unsure and scope.outside(name) is not None
            if node in scopes.unsure | scopes.early:
                # CPython then asks the module, MicroPython the function around the class.
                around = scope.parent.find(name)
                is_unsure |= around is not None and around is not self._top
            if node in scopes.early and not is_unsure:
                return scope.outside(name)
            if is_unsure:
                raise self._unsure(node, name)
        found = scope.find(name)
        # Past a class that has it, too, MicroPython finds the module's, CPython the function's.
        if found is not None and found is not self._top:
            while scope is not found and scope.kind != TOP:
                scope = scope.parent
                if scope is not found and scope.kind == CLASS and name in scope.bindings:
                    raise self._unsure(node, name)
        return found

    def _unsure(self, node, name):
        what = f"{name} may be the class's or the one around it"
        return self.module.problem(node, what, "give one of them another name")

    def meaning(self, node: ast.AST) -> Meaning | None:
        """What a Name or an Attribute of a module means; None for a local, a builtin, a value."""
        if isinstance(node, ast.Name):
            return self.meaning_in(self.found(node), node.id)
        if isinstance(node, ast.Attribute):
            base = self.meaning(node.value)
            if base is not None and base.kind == MODULE:
                member = self.program.member(base.module, node.attr)
                if member is None:
                    what = f"{base.module} has no {node.attr}"
                    raise self.module.problem(node, what, "mend the name, or bind it there")
                return member
        return None

    def meaning_in(self, scope: Scope | None, name: str) -> Meaning | None:
        """What ``name`` of ``scope`` means, if it is not a local's."""
        if scope is None:
            return None
        imported = self.program.static(self.module, scope, name)
        if imported is not None:
            return self.program.follow(imported)
        return Meaning(DEF, self.module.name, name) if scope is self._top else None

    def is_alias(self, node: ast.AST) -> bool:
        """Whether a Name is a local one that imports in its function bind."""
        if not isinstance(node, ast.Name):
            return False
        scope = self.found(node)
        return scope is not None and scope is not self._top and bool(
            self.program.static(self.module, scope, node.id)
        )


class Survey(ast.NodeVisitor, Resolver):
    """Looks through a module.

    ``exposed``: module name to where it is used as a value; ``stored``: Meanings of names that are
    set from outside their module; ``compared``: those that ``is`` compares; ``copied``: those that
    an import statement takes; ``used``: Meaning to how often it is read; ``builtins``: names that
    nothing binds, to where they are used first.
    """

    def __init__(self, program: Program, module: Module):
        super().__init__(program, module)
        self.exposed: dict[str, ast.AST] = {}
        self.stored: set[Meaning] = set()
        self.compared: set[Meaning] = set()
        self.copied: dict[Meaning, ast.AST] = {}
        self.used: dict[Meaning, int] = {}
        self.builtins: dict[str, ast.AST] = {}
        self.visit(module.tree)

    def visit_Name(self, node: Any):
        meaning = self.meaning(node)
        if not isinstance(node.ctx, ast.Load):
            return
        if meaning is None:
            if self.found(node) is None:
                self.builtins.setdefault(node.id, node)
        elif meaning.kind == MODULE:
            self.exposed.setdefault(meaning.module, node)
        else:
            self.used[meaning] = self.used.get(meaning, 0) + 1

    def visit_Attribute(self, node: Any):
        base = self.meaning(node.value)
        if base is None or base.kind != MODULE:
            self._check_late(base, node)
            self.generic_visit(node)
            return
        meaning = self.meaning(node)
        assert meaning is not None
        if not isinstance(node.ctx, ast.Load):
            self.stored.add(meaning)
        elif meaning.kind == MODULE:
            self.exposed.setdefault(meaning.module, node)
        else:
            self.used[meaning] = self.used.get(meaning, 0) + 1

    def _check_late(self, base, node):
        """Through an instance alone a late method is found."""
        if base is not None and base.kind == DEF:
            methods = self.program.modules[base.module].late_methods
            if f"{base.name}.{node.attr}" in methods:
                what = f"{base.name}.{node.attr} is late, and asked of the class"
                raise self.module.problem(node, what, "leave it where it is")

    def visit_Import(self, node: Any):
        scope = self.module.scopes.site[node]
        for imported in self.program.imported(self.module, node):
            meaning = self.program.follow(imported.meaning)
            if self.program.static(self.module, scope, imported.local) is None:
                if meaning.kind == MODULE:
                    self.exposed.setdefault(meaning.module, node)
            if meaning.kind == DEF and imported.meaning.kind == DEF:
                self.copied.setdefault(meaning, node)

    visit_ImportFrom = visit_Import

    def visit_Compare(self, node: Any):
        self.generic_visit(node)
        if any(isinstance(sign, ast.Is | ast.IsNot) for sign in node.ops):
            for operand in (node.left, *node.comparators):
                meaning = self.meaning(operand)
                if meaning is not None:
                    self.compared.add(meaning)
