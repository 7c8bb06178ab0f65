"""Which statements and expressions do no more than make a value."""

import ast

from .scopes import FUNCTIONS

# Calls that make a value and do nothing else, whatever name stands before the dot.
_MAKERS = {"bytes", "bytearray", "tuple", "list", "dict", "set", "frozenset", "range", "object"}
_MAKERS |= {"len", "int", "str", "memoryview", "min", "max", "calcsize", "namedtuple"}
_MAKERS |= {"fromhex", "from_bytes", "to_bytes", "join", "encode"}
_OF_METHODS = {"property", "staticmethod", "classmethod", "setter"}
_PURE = (ast.Constant, ast.Name, ast.Attribute, ast.Tuple, ast.List, ast.Dict, ast.Set)
_PURE += (ast.UnaryOp, ast.BinOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Subscript, ast.Slice)
_PURE += (ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context, ast.keyword)
_PURE += (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.comprehension)
_PURE += (ast.Starred,)


def has_effects(node: ast.stmt) -> bool:
    """Whether a statement may do more than make what it binds."""
    if isinstance(node, FUNCTIONS):
        return not (_all_pure(node.decorator_list) and _are_defaults_pure(node.args))
    if isinstance(node, ast.ClassDef):
        if node.decorator_list or node.keywords or not _all_pure(node.bases):
            return True
        return any(_has_effects_in_class(inner) for inner in node.body)
    if isinstance(node, ast.Assign):
        return not all(isinstance(t, ast.Name) for t in node.targets) or not is_pure(node.value)
    return not isinstance(node, ast.Pass)


def _has_effects_in_class(node):
    if isinstance(node, FUNCTIONS):
        known = all(_last_word(one) in _OF_METHODS for one in node.decorator_list)
        return not (known and _are_defaults_pure(node.args))
    return has_effects(node)


def _last_word(node):
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _all_pure(nodes):
    return all(is_pure(node) for node in nodes if node is not None)


def _are_defaults_pure(arguments):
    return _all_pure([*arguments.defaults, *arguments.kw_defaults])


def is_pure(node: ast.AST) -> bool:
    """Whether an expression does nothing but give a value."""
    if isinstance(node, ast.Lambda):
        return _are_defaults_pure(node.args)
    if isinstance(node, ast.Call):
        if _last_word(node.func) not in _MAKERS:
            return False
        return _all_pure([*ast.iter_child_nodes(node)])
    return isinstance(node, _PURE) and all(map(is_pure, ast.iter_child_nodes(node)))
