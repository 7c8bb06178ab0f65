"""All modules that the roots lead to, and what a name that a module binds means."""

import ast
import fnmatch
import pathlib
from typing import NamedTuple

from .config import Config
from .problem import Problem
from .scopes import CLASS, IMPORTS, Scope
from .source import Module

DEF, MODULE, EXTERNAL = "def", "module", "external"


class Meaning(NamedTuple):
    """A name bound in a module (DEF), a module of the program (MODULE), or what is not of the
    program (EXTERNAL): the name in a module, or that module if ``name`` is empty.
    """

    kind: str
    module: str
    name: str = ""


class Imported(NamedTuple):
    """What an import statement does for one local name: ``loads`` are modules of the program."""

    local: str
    meaning: Meaning
    alias: ast.alias


class Program:
    """The modules, found on demand in the folders of ``config``. Raises Problem."""

    def __init__(self, config: Config):
        self.config = config
        self.modules: dict[str, Module] = {}
        self._nowhere: set[str] = set()
        self._aliases: dict[str, dict[ast.alias, Meaning]] = {}
        self._static: dict[Scope, dict[str, Meaning | None]] = {}
        left = []
        for root in config.roots:
            if self.find(root) is None:
                raise Problem(config.path, 1, f"no module {root}", "look at roots and sources")
            left.append(root)
        seen = set()
        while left:  # all that is imported anywhere, or nothing could say what is late
            name = left.pop()
            if name not in seen:
                seen.add(name)
                module = self.modules[name]
                for node in ast.walk(module.tree):
                    if isinstance(node, IMPORTS):
                        left += self.loads(module, node)

    def find(self, name: str) -> Module | None:
        """The module ``name``; None if the program has none."""
        if name in self.modules or name in self._nowhere:
            return self.modules.get(name)
        place = pathlib.PurePath(*name.split("."))
        for folder in self.config.sources:
            for path in (folder / place / "__init__.py", folder / place.with_suffix(".py")):
                if path.exists():
                    late = self.config.late
                    module = Module(name, path, self.config.implementation, late)
                    self.modules[name] = module
                    self.modules.update({part.name: part for part in module.parts})
                    return module
        self._nowhere.add(name)
        return None

    def _is_compiled(self, name):
        place = pathlib.PurePath(*name.split("."))
        return any(
            (folder / place).with_suffix(suffix).exists()
            for folder in self.config.compiled
            for suffix in (".mpy", ".py")
        )

    # Import statements

    def base(self, module: Module, node: ast.ImportFrom) -> str:
        """The absolute name of the module that ``from ... import`` names."""
        if not node.level:
            return node.module or ""
        parts = module.package.split(".") if module.package else []
        if node.level - 1 >= len(parts):
            raise module.problem(node, "relative import beyond the package", "import it by name")
        parts = parts[: len(parts) - node.level + 1]
        return ".".join([*parts, node.module] if node.module else parts)

    def loads(self, module: Module, node: ast.AST) -> list[str]:
        """The modules of the program that an import statement loads, packages first."""
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = self.base(module, node)
            names = [base]
            for imported in self.imported(module, node):
                asked = imported.meaning
                is_part = asked.kind == DEF and asked.module != base
                if is_part or asked == (MODULE, f"{base}.{imported.alias.name}", ""):
                    names.append(asked.module)
        found = []
        for name in names:
            parts = name.split(".")
            for end in range(1, len(parts) + 1):
                step = ".".join(parts[:end])
                if step not in found and self.find(step):
                    found.append(step)
        return found

    def imported(self, module: Module, node: ast.AST) -> list[Imported]:
        """What each name means that an import statement binds."""
        found = []
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                self._check(module, node, alias.name)
                found.append(Imported(alias.asname or name, self._module(name), alias))
        elif isinstance(node, ast.ImportFrom):
            base = self.base(module, node)
            self._check(module, node, base)
            for alias in node.names:
                if alias.name == "*":
                    raise module.problem(node, "import *", "name what is wanted")
                meaning = self._member(module, node, base, alias.name)
                found.append(Imported(alias.asname or alias.name, meaning, alias))
        return found

    def _check(self, module, node, name):
        """A name in a package of ours that is no module: a slip, or compiled elsewhere."""
        top = self.find(name.partition(".")[0])
        if top and not self.find(name) and not self._is_compiled(name):
            raise module.problem(
                node, f"no module {name}", "mend the name, or add the folder that has it"
            )

    def _module(self, name):
        return Meaning(MODULE if self.find(name) else EXTERNAL, name)

    def _member(self, module, node, base, name):
        owner = self.find(base)
        inner = f"{base}.{name}"
        if owner is None:
            return Meaning(EXTERNAL, base, name)
        if name in owner.late:
            return Meaning(DEF, owner.late[name], name)
        if name in owner.bound and owner is not module:
            return Meaning(DEF, base, name)
        if self.find(inner):
            return Meaning(MODULE, inner)
        if self._is_compiled(inner):
            return Meaning(EXTERNAL, inner)
        if name in owner.bound:
            return Meaning(DEF, base, name)
        raise module.problem(node, f"{base} has no {name}", "import it from where it is made")

    # What names mean

    def static(self, module: Module, scope: Scope, name: str) -> Meaning | None:
        """What a name means that imports alone bind in ``scope``, all the same thing."""
        known = self._static.setdefault(scope, {})
        if name not in known:
            known[name] = None
            known[name] = self._imports_alone(module, scope, name)
        return known[name]

    def _imports_alone(self, module, scope, name):
        if scope.kind == CLASS or name in scope.outward:
            return None  # it is an attribute as well, or another scope's
        if module.name not in self._aliases:
            every = [n for n in ast.walk(module.tree) if isinstance(n, IMPORTS)]
            self._aliases[module.name] = {
                one.alias: one.meaning for node in every for one in self.imported(module, node)
            }
        meanings = set()
        for place in scope.bindings[name]:
            if not isinstance(place.node, ast.alias) or place.in_function:
                return None
            # In a file's top level only what always runs; in a function what is used was imported.
            if scope is module.scopes.module and place.node not in getattr(place.top, "names", ()):
                return None
            meanings.add(self._aliases[module.name][place.node])
        return meanings.pop() if len(meanings) == 1 else None

    def follow(self, meaning: Meaning) -> Meaning:
        """Where a name is made that others import from one another."""
        seen = set()
        while meaning.kind == DEF and meaning not in seen:
            seen.add(meaning)
            module = self.modules[meaning.module]
            if meaning.name not in module.bound:
                break
            further = self.static(module, module.scopes.module, meaning.name)
            if further is None:
                break
            meaning = further
        return meaning

    def member(self, name: str, attribute: str) -> Meaning | None:
        """What ``attribute`` of the module ``name`` means; None if it has none."""
        module = self.modules[name]
        if attribute in module.late:
            return Meaning(DEF, module.late[attribute], attribute)
        if attribute in module.bound:
            return self.follow(Meaning(DEF, name, attribute))
        inner = f"{name}.{attribute}"
        if self.find(inner):
            return Meaning(MODULE, inner)
        return Meaning(EXTERNAL, inner) if self._is_compiled(inner) else None

    def constant_globals(self, name: str) -> bool:
        """Whether the globals() of a module are asked for constants only."""
        return any(fnmatch.fnmatchcase(name, one) for one in self.config.constant_globals)
