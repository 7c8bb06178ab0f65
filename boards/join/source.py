"""One source file, without what has no effect where it runs, and the names of its scopes."""

import ast
import pathlib
from typing import Any

from . import late
from .problem import Problem
from .scopes import FUNCTIONS, IMPORTS, Scopes


class Module:
    """The module ``name`` in the file ``path``.

    ``package`` is what its relative imports are relative to. ``tree`` has no docstrings, no
    annotations, no ``__all__`` (that is in ``public``), no ``__getattr__`` (in ``getattr``) and no
    branch for another interpreter. ``parts`` are the modules made of what is ``listed`` to be late
    (late.py), ``late`` is the name of such a part for each name that went there, ``late_methods``
    are CLASS.METHOD.
    """

    def __init__(
        self,
        name: str,
        path: pathlib.Path,
        implementation: str | None,
        listed: dict[str, dict[str, list[str]]] | None = None,
    ):
        self.name = name
        self.path = path
        self.is_package = path.stem == "__init__"
        self.package = name if self.is_package else name.rpartition(".")[0]
        self.late: dict[str, str] = {}
        self.late_methods: set[str] = set()
        self.parts: list[Module] = []
        try:
            tree = ast.parse(path.read_text(), str(path))
        except SyntaxError as error:
            line = error.lineno or 1
            raise Problem(path, line, str(error.msg), "write what compiles") from error
        bare = _Bare(name, implementation)
        self.tree = bare.visit(tree)
        self.public = bare.public
        self.getattr = bare.getattr
        try:
            self._split(listed or {})
        except late.Refused as refused:
            raise self.problem(*refused.args) from refused
        self._scoped()

    def _split(self, listed):
        """Make the late parts; ``listed`` is of all modules."""
        if self.name not in listed:
            return
        whole = Scopes(self.tree).module.bindings
        parts = late.split(self.name, self.tree, listed[self.name])
        for name, (body, gone, methods) in parts.items():
            self.late.update(dict.fromkeys(gone, name))
            self.late_methods |= methods
            body.body[:0] = late.imports(self.name, whole, body, self.tree)
            self.parts.append(self._part(name, ast.fix_missing_locations(body)))
        names = {
            f"{module}.{name}"
            for module, groups in listed.items()
            for words in groups.values()
            for name in words
        }
        late.trim(self.tree, self.package, [part.tree for part in self.parts], names)

    def _part(self, name, tree):
        """A late part, as a module beside this one."""
        made = Module.__new__(Module)
        made.name, made.path, made.tree = name, self.path, tree
        made.is_package, made.package = False, self.package
        made.late, made.late_methods, made.parts = {}, set(), []
        made.public = made.getattr = None
        made._scoped()
        return made

    def _scoped(self):
        self.scopes = Scopes(self.tree)
        self.bound = self.scopes.module.bindings

    def problem(self, node: ast.AST | None, what: str, remedy: str) -> Problem:
        """A Problem at ``node``."""
        return Problem(self.path, getattr(node, "lineno", 1), what, remedy)

    def imports(self) -> list:
        """The import statements that run whenever the module is loaded, in their order."""
        return [node for node in self.tree.body if isinstance(node, IMPORTS)]

    def late_imports(self) -> list:
        """All other import statements."""
        always = set(self.imports())
        return [n for n in ast.walk(self.tree) if isinstance(n, IMPORTS) and n not in always]


class _Bare(ast.NodeTransformer):
    """Takes away what MicroPython does not keep, and decides what is known of the interpreter."""

    def __init__(self, name, implementation):
        self._name = name
        self._implementation = implementation
        self._depth = 0
        self.public: list[str] | None = None
        self.getattr: ast.FunctionDef | None = None

    def _body(self, statements):
        made = []
        for statement in statements:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                continue  # a docstring, or as good as one
            new = self.visit(statement)
            made += new if isinstance(new, list) else [new] if new is not None else []
        return made

    def generic_visit(self, node: Any):
        for field, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                made = self._body(value)
                if not made and field == "body" and not isinstance(node, ast.Module):
                    made = [ast.copy_location(ast.Pass(), value[0])]
                setattr(node, field, made)
            elif isinstance(value, list):
                value[:] = [self.visit(v) if isinstance(v, ast.AST) else v for v in value]
            elif isinstance(value, ast.AST):
                setattr(node, field, self.visit(value))
        return node

    def visit_FunctionDef(self, node: Any):
        if not self._depth and node.name == "__getattr__":
            self.getattr = node
            return None
        node.returns = None
        _put_in_line(node.args)
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: Any):
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1
        return node

    def visit_arg(self, node: Any):
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: Any):
        if node.value is None:
            return None
        made = ast.Assign([node.target], node.value)
        return self.generic_visit(ast.copy_location(made, node))

    def visit_Assign(self, node: Any):
        target = node.targets[0]
        if not self._depth and isinstance(target, ast.Name) and target.id == "__all__":
            if isinstance(node.value, ast.Tuple | ast.List):
                self.public = list(ast.literal_eval(node.value))
                return None
        return self.generic_visit(node)

    def visit_Name(self, node: Any):
        if node.id == "__name__" and isinstance(node.ctx, ast.Load):
            return ast.copy_location(ast.Constant(self._name), node)
        return node

    def visit_If(self, node: Any):
        self.generic_visit(node)
        test = self._decided(node.test)
        if test is None:
            return node
        chosen = node.body if test else node.orelse
        return [n for n in chosen if not isinstance(n, ast.Pass)]

    def visit_IfExp(self, node: Any):
        self.generic_visit(node)
        test = self._decided(node.test)
        return node if test is None else node.body if test else node.orelse

    def _decided(self, test):
        """What a comparison of two texts that are known gives; None for any other."""
        match test:
            case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq() as sign], comparators=[right]):
                texts = self._text(left), self._text(right)
                if None not in texts:
                    return (texts[0] == texts[1]) == isinstance(sign, ast.Eq)
        return None

    def _text(self, node):
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.Attribute(
                value=ast.Attribute(value=ast.Name(id="sys"), attr="implementation"), attr="name"
            ):
                return self._implementation
        return None


def is_definition(node: ast.AST) -> bool:
    """Whether a statement defines a function or a class."""
    return isinstance(node, (*FUNCTIONS, ast.ClassDef))


def _put_in_line(arguments: ast.arguments):
    """Make what is given by keyword only the last of the others: such a function keeps a
    dictionary of its defaults, others a tuple. All calls of it stay right; wrong ones may not be
    noticed.
    """
    defaults = arguments.kw_defaults
    if arguments.vararg is None and all(defaults):
        arguments.args += arguments.kwonlyargs
        arguments.defaults += [default for default in defaults if default is not None]
        arguments.kwonlyargs, arguments.kw_defaults = [], []
