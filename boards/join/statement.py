"""Statements of a unit, and what they need of others."""

import ast
from typing import NamedTuple

from .program import Meaning
from .source import Module


class Need(NamedTuple):
    """An import at the top of a unit: ``name`` (empty: the module itself) of ``module``."""

    module: str
    name: str
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


def import_statement(module: str, name: str, local: str) -> ast.stmt:
    """``from module import name as local``, or ``import module as local`` if ``name`` is empty."""
    if not name and "." in module:
        module, _, name = module.rpartition(".")
    if not name:
        return ast.Import([ast.alias(module, local if local != module else None)])
    return ast.ImportFrom(module, [ast.alias(name, local if local != name else None)], 0)
