"""The text of a unit, which line of it came from where, and how full its table of names is."""

import ast
import builtins

from .names import RESERVED
from .problem import Problem
from .scopes import Scopes
from .statement import Need, Statement, import_statement

_HEAD = "# Joined by boards/join from many files; map.json leads a line back. Not to be edited.\n"

# What each MicroPython with its extra features has; of others nobody knows.
_BUILTINS = frozenset(
    """ArithmeticError AssertionError AttributeError BaseException EOFError Exception GeneratorExit
    ImportError IndexError KeyError KeyboardInterrupt MemoryError NameError NotImplementedError
    OSError OverflowError RuntimeError StopIteration SyntaxError TypeError ValueError
    ZeroDivisionError abs all any bool bytearray bytes callable chr dict dir divmod enumerate float
    getattr hasattr hash id int isinstance issubclass iter len list map max memoryview min next
    object oct ord pow print property range repr reversed round set setattr sorted staticmethod str
    sum super tuple type zip""".split()
)

# py/map.c: the sizes that a table grows through; beyond them half as much again.
_SIZES = (0, 1, 2, 4, 6, 8, 10, 12, 17, 23, 29, 37, 47, 59, 73, 97, 127, 167, 223, 293, 389, 521)
_SIZES += (691, 919, 1223, 1627, 2161, 3229, 4831, 7243, 10861, 16273, 24407, 36607)
_OF_EVERY_MODULE = 2  # __name__ and __file__


class Text:
    """One unit, written. ``lines``: for each line of ``text`` (path, line) or None.

    ``names`` is how many its table holds, of ``places``.
    """

    def __init__(self, unit: str, statements: list[Statement], needs: set[Need], least: int):
        self.unit = unit
        self._written = [_HEAD]
        self.lines: list[tuple[str, int] | None] = [None] * _HEAD.count("\n")
        for need in sorted(needs, key=lambda one: (one.module, one.name or "", one.local)):
            self._add(import_statement(*need), None)
        bound = {need.local for need in needs}
        users: dict[str, int] = {}
        for statement in statements:
            tree = ast.Module([*statement.nodes], [])
            bound.update(Scopes(tree).module.bindings)
            for name in statement.builtins & _BUILTINS:
                users[name] = users.get(name, 0) + 1
        # An exception that one class or function names is looked for when there is one.
        used = {name for name, count in users.items() if count > 1 or not _is_error(name)}
        if len(bound) + _OF_EVERY_MODULE >= least:
            for name in sorted(used - bound):
                made = ast.Assign([ast.Name(name, ast.Store())], ast.Name(name, ast.Load()))
                self._add(made, None)
            bound |= used
        for statement in statements:
            for node in statement.nodes:
                self._add(node, str(statement.module.path))
        self.text = "".join(self._written)
        self.names = len(bound) + _OF_EVERY_MODULE
        self.places = places(self.names)

    def _add(self, node, path):
        ast.fix_missing_locations(node)
        text = ast.unparse(node) + "\n"
        lines: list[tuple[str, int] | None] = [None] * text.count("\n")
        if path is not None:
            (again,) = ast.parse(text).body
            _pair(again, node, path, lines)
            for i in range(1, len(lines)):
                lines[i] = lines[i] or lines[i - 1]
        self._written.append(text)
        self.lines += lines


def _is_error(name):
    return issubclass(getattr(builtins, name), BaseException) if name[0].isupper() else False


def _pair(made, origin, path, lines):
    """Both trees have one shape; only the lines differ."""
    line = getattr(made, "lineno", None)
    if line is not None and isinstance(made, ast.stmt | ast.ExceptHandler | ast.expr):
        if lines[line - 1] is None:
            lines[line - 1] = (path, origin.lineno)
    inner = zip(ast.iter_child_nodes(made), ast.iter_child_nodes(origin), strict=False)
    for one, other in inner:
        if type(one) is type(other):
            _pair(one, other, path, lines)


def places(names: int) -> int:
    """How large MicroPython makes the table of so many names."""
    for size in _SIZES:
        if size >= names:
            return size
    return (names + names // 2) | 1


def fill(text: Text) -> str:
    """One line on the table of names of a unit."""
    percent = 100 * text.names // text.places
    return f"{text.unit}: {text.names} names in a table of {text.places} ({percent} %)"


def check_order(unit: str, statements: list[Statement]) -> None:
    """Raise Problem for what is wanted at once, while the unit loads, and made further down."""
    made: set = set()
    every = {meaning for statement in statements for meaning in statement.makes}
    for statement in statements:
        for name, node in statement.at_once.items():
            # In one module the order is what it was; but there a builtin would have been found.
            is_own = name.module == statement.module.name and name.name not in RESERVED
            if name in every and name not in made | statement.makes and not is_own:
                raise Problem(
                    statement.module.path,
                    getattr(node, "lineno", 1),
                    f"{name.module}.{name.name} is wanted while {unit} loads, and made later",
                    "have no modules import each other in a circle",
                )
        made |= statement.makes
