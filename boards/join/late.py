"""Definitions of a module that the configuration has loaded later, in a module of their own.

The module M of which something goes to the group G becomes two: M, and M__G beside it, with what
goes. Functions and classes are then imported from there by whoever imports them from M. Methods
stay attributes of their class: it gets a ``__getattr__`` that loads M__G when one is asked for.
"""

import ast
import copy
from typing import Any

from .scopes import FUNCTIONS, IMPORTS

_DEFINITIONS = (*FUNCTIONS, ast.ClassDef)
_GETATTR = """
def __getattr__(self, name):
    raise AttributeError(name)
"""
_BRANCH = """
if name in ():
    from {module} import {owner}__{group} as of_{group}
    method = getattr(of_{group}, name)
    return lambda *given, **named: method(self, *given, **named)
"""


class Refused(Exception):
    """``node``, what is wrong with it, and what to do."""


def split(name: str, tree: ast.Module, listed: dict[str, list[str]]) -> dict[str, Any]:
    """Take out of ``tree``, of the module ``name``, what is ``listed``: group to ``FUNCTION``,
    ``CLASS`` or ``CLASS.METHOD``. Gives module name to ``(tree, names that went, methods)``, the
    methods as ``CLASS.METHOD``. Raises Refused.
    """
    made = {}
    hooks: dict[str, Any] = {}
    for group, wanted in listed.items():
        late = f"{name}__{group}"
        body: list[ast.stmt] = []
        gone, methods = set(), set()
        for owner, names in _by_owner(wanted).items():
            node = _definition(tree, owner, tree)
            if not names:
                tree.body.remove(node)
                body.append(node)
                gone.add(owner)
                continue
            moved: list[ast.stmt] = [_method(node, method) for method in names]
            held = ast.ClassDef(f"{owner}__{group}", [], [], moved, [])
            body.append(ast.copy_location(held, node))
            if owner not in hooks:
                hooks[owner] = _hook(node)
            branch: Any = ast.parse(_BRANCH.format(module=late, owner=owner, group=group)).body[0]
            branch.test.comparators = [ast.Tuple([ast.Constant(n) for n in names], ast.Load())]
            hooks[owner].body.insert(-1, branch)
            methods |= {f"{owner}.{method}" for method in names}
        made[late] = ast.Module(body, []), gone, methods
    for owner, hook in hooks.items():
        node = _definition(tree, owner, tree)
        for inner in ast.walk(hook):
            ast.copy_location(inner, node)
        node.body = [one for one in node.body if not isinstance(one, ast.Pass)]
        node.body.append(ast.fix_missing_locations(hook))
    return made


def imports(name: str, bound: Any, tree: ast.Module, of: ast.Module) -> list[ast.stmt]:
    """What the part ``tree`` needs of the module ``name``, which binds ``bound`` and is what is
    left as ``of``: what that imports is imported, and what it makes.
    """
    own = {node.name for node in tree.body if isinstance(node, _DEFINITIONS)}
    wanted = (_used(tree) & set(bound)) - own
    made: list[ast.stmt] = []
    for node in of.body:
        if isinstance(node, IMPORTS):
            for alias in node.names:
                local = alias.asname or alias.name
                if local in wanted:
                    one = copy.copy(node)
                    one.names = [alias]
                    made.append(copy.deepcopy(one))
                    wanted.discard(local)
    if wanted:
        made.append(ast.ImportFrom(name, [ast.alias(one) for one in sorted(wanted)], 0))
    return made


def trim(tree: ast.Module, package: str, parts: list[ast.Module], listed: set[str]):
    """Take out of ``tree``, of a module in ``package``, the imports of what is late itself
    (``listed``: MODULE.NAME) and only ``parts`` use: they would have it loaded at once. Others
    stay: what they load is early, and lives as long as the program does.
    """
    gone = set().union(*map(_used, parts)) - _used(tree)
    body = []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            around = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(around if node.level else ()), *filter(None, [node.module])])
            node.names = [
                one
                for one in node.names
                if (one.asname or one.name) not in gone or f"{base}.{one.name}" not in listed
            ]
            if not node.names:
                continue
        body.append(node)
    tree.body[:] = body


def _used(tree):
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _by_owner(wanted):
    found: dict[str, list[str]] = {}
    for one in wanted:
        owner, _, method = one.partition(".")
        found.setdefault(owner, []).extend([method] if method else [])
    return found


def _definition(tree, name, where) -> Any:
    for node in tree.body:
        if isinstance(node, _DEFINITIONS) and node.name == name:
            return node
    raise Refused(where, f"there is no {name} that could be late", "mend the configuration")


def _method(owner, name):
    node = _definition(owner, name, owner)
    inside = [inner for inner in ast.walk(node) if isinstance(inner, ast.Name | ast.Global)]
    if any(isinstance(one, ast.Global) or one.id in ("super", "__class__") for one in inside):
        raise Refused(node, f"{name} cannot be late: super or global", "leave it where it is")
    if not isinstance(node, FUNCTIONS) or node.decorator_list or name.startswith("__"):
        raise Refused(node, f"{name} is no plain method", "leave it where it is")
    owner.body.remove(node)
    return node


def _hook(owner):
    if owner.bases or owner.decorator_list:
        raise Refused(owner, f"late methods of {owner.name}, which has a base", "leave them")
    if any(getattr(node, "name", "") == "__getattr__" for node in owner.body):
        raise Refused(owner, f"{owner.name} has a __getattr__ of its own", "leave them")
    (hook,) = ast.parse(_GETATTR).body
    return copy.deepcopy(hook)
