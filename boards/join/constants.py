"""Which names stand for a constant, that can be written where the name is."""

import ast

from .config import Config
from .program import DEF, EXTERNAL, Meaning, Program
from .resolve import Resolver, Survey

NOT_CONSTANT = object()
_PLAIN = (int, bytes, str, float, type(None), bool)


class Constants:
    """The values of names that are bound once, by a plain assignment.

    ``surveys``: module name to its Survey. What is set elsewhere, too, is none, and neither is
    what somebody asks the identity of: two equal texts at two places may be two objects.
    """

    def __init__(self, program: Program, surveys: dict[str, Survey]):
        self._program = program
        self._config: Config = program.config
        self._resolvers = surveys
        self._values: dict[Meaning, object] = {}
        self._uses: dict[Meaning, int] = {}
        self._left = set().union(*(s.stored for s in surveys.values()))
        self._compared = set().union(*(s.compared for s in surveys.values()))
        for survey in surveys.values():
            for meaning, count in survey.used.items():
                self._uses[meaning] = self._uses.get(meaning, 0) + count

    def value(self, meaning: Meaning) -> object:
        """The value of what a DEF means, or NOT_CONSTANT."""
        if meaning.kind != DEF:
            return NOT_CONSTANT
        if meaning not in self._values:
            self._values[meaning] = NOT_CONSTANT  # for what is made of itself
            node = self._made(meaning)
            if node is not None:
                self._values[meaning] = self._of(self._resolvers[meaning.module], node)
        return self._values[meaning]

    def is_inlined(self, meaning: Meaning) -> bool:
        """Whether the value is to stand where the name does."""
        value = self.value(meaning)
        if value is NOT_CONSTANT:
            return False
        if meaning in self._compared and not isinstance(value, bool | int | type(None)):
            return False
        if isinstance(value, bytes | str):
            return len(value) <= self._config.inline_bytes or self._uses.get(meaning) == 1
        if isinstance(value, tuple):
            return len(value) <= self._config.inline_items or self._uses.get(meaning) == 1
        return True

    def names(self, module: str) -> list[tuple[str, object]]:
        """(name, value) of all constants of a module, in the order of its file."""
        found = []
        for name in self._program.modules[module].bound:
            value = self.value(Meaning(DEF, module, name))
            if value is not NOT_CONSTANT:
                found.append((name, value))
        return found

    def _made(self, meaning):
        bindings = self._program.modules[meaning.module].bound.get(meaning.name, ())
        if len(bindings) != 1 or bindings[0].in_function or meaning in self._left:
            return None
        match bindings[0].top:
            case ast.Assign(targets=[ast.Name() as target], value=value):
                return value if target is bindings[0].node else None
        return None

    def _of(self, resolver: Resolver, node: ast.AST) -> object:
        match node:
            case ast.Constant(value=value) if isinstance(value, _PLAIN):
                return value
            case ast.Tuple(elts=elements):
                items = tuple(self._of(resolver, item) for item in elements)
                return NOT_CONSTANT if NOT_CONSTANT in items else items
            case ast.Name() | ast.Attribute():
                meaning = resolver.meaning(node)
                return self.value(meaning) if meaning else NOT_CONSTANT
            case ast.Call(func=ast.Name() as called, args=[value], keywords=[]):
                if is_const(resolver, called):
                    return self._of(resolver, value)
                if called.id == "bytes" and resolver.found(called) is None:
                    count = self._of(resolver, value)
                    if isinstance(count, int) and count <= self._config.inline_bytes:
                        return bytes(count)
            case ast.UnaryOp(op=op, operand=operand):
                return self._computed(resolver, [operand], lambda one: ast.UnaryOp(op, one))
            case ast.BinOp(left=left, op=op, right=right):
                return self._computed(resolver, [left, right], lambda a, b: ast.BinOp(a, op, b))
        return NOT_CONSTANT

    def _computed(self, resolver, parts, made):
        values = [self._of(resolver, part) for part in parts]
        if not all(isinstance(value, int | bytes | str) for value in values):
            return NOT_CONSTANT
        try:
            return eval(ast.unparse(made(*map(literal, values))), {"__builtins__": {}})
        except (ArithmeticError, TypeError, ValueError):
            return NOT_CONSTANT  # it raises where it stands


def is_const(resolver: Resolver, called: ast.AST) -> bool:
    """Whether a call of ``called`` is MicroPython's const(...)."""
    return resolver.meaning(called) == (EXTERNAL, "micropython", "const")


def literal(value: object) -> ast.expr:
    """The expression for a constant."""
    if isinstance(value, tuple):
        return ast.Tuple([literal(item) for item in value], ast.Load())
    if isinstance(value, int | float) and value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))  # or -1 ** 2 would be another number
    return ast.Constant(value)  # type: ignore[arg-type]
