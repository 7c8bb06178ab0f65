"""The whole way, from a configuration to the files of the joined program."""

import json
import os
import pathlib
import shutil

from .config import Config
from .constants import Constants
from .emit import Text, check_order
from .names import Names
from .program import DEF, Meaning, Program
from .reach import reached
from .resolve import Survey
from .rewrite import Rewriter
from .shims import Shims
from .statement import Need, Statement
from .units import Units

_TRIES = 20


class Joined:
    """A program, joined. ``texts``: a Text a unit; ``shims``: name to the module that answers."""

    def __init__(self, config: Config):
        self.config = config
        self._program = Program(config)
        self._units = Units(self._program)
        modules = self._program.modules
        self._surveys = {name: Survey(self._program, modules[name]) for name in self._units.of}
        self._constants = Constants(self._program, self._surveys)
        self._names, units, elsewhere = self._rewritten()
        shims = Shims(self._program, self._units, self._names, self._constants)
        named = [name for name in self._units.of if shims.is_named(name)]
        named = [*config.roots, *(name for name in named if name not in config.roots)]
        roots = {
            meaning
            for root in named
            for name in shims.names(root)
            for meaning in [self._program.member(root, name)]
            if meaning is not None
        }
        units = reached(units, config.unit, roots, everything=not config.reach)
        self.texts = []
        for unit, statements in units.items():
            check_order(unit, statements)
            needs = {need for statement in statements for need in statement.needs}
            needs |= elsewhere.get(unit, set())
            self.texts.append(Text(unit, statements, needs, config.builtins_from))
        self.shims = {name: shims.text(name, units) for name in named}

    def _rewritten(self):
        """Names, and unit to its statements, without any that a local name hides."""
        hidden: set[Meaning] = set()
        for _ in range(_TRIES):
            names = Names(self._program, self._units, self._constants, self._surveys, hidden)
            self._check_copies(names)
            units: dict[str, list[Statement]] = {}
            elsewhere: dict[str, set[Need]] = {}
            found = {}
            for unit, modules in self._units.order.items():
                units[unit] = []
                for name in modules:
                    module = self._program.modules[name]
                    rewriter = Rewriter(self._program, self._units, names, module)
                    units[unit] += rewriter.statements()
                    for meaning, node in rewriter.hidden.items():
                        found.setdefault(meaning, (module, node))
                    for other, meaning in rewriter.elsewhere:
                        own, home = "", meaning.module
                        if meaning.kind == DEF:
                            own, home = names.own(meaning), self._units.of[meaning.module]
                        need = Need(home, own, names.local(other, meaning))
                        elsewhere.setdefault(other, set()).add(need)
            if not found:
                return names, units, elsewhere
            for meaning, (module, node) in found.items():
                if meaning in hidden or meaning.module in names.exposed:
                    what = f"a local name hides {meaning.module}.{meaning.name}"
                    raise module.problem(node, what, "give the local another name")
            hidden |= set(found)
        raise AssertionError("names do not settle")

    def _check_copies(self, names):
        for name, survey in self._surveys.items():
            for meaning, node in survey.copied.items():
                if meaning in names.rebound:
                    raise self._program.modules[name].problem(
                        node,
                        f"{meaning.module}.{meaning.name} is set again later, and this is a copy",
                        "import the module and ask it",
                    )

    def write(self, to: pathlib.Path) -> None:
        """``to``/modules, with all that is to be frozen, and ``to``/map.json, new."""
        shutil.rmtree(to, ignore_errors=True)
        modules = to / "modules"
        modules.mkdir(parents=True)
        for text in self.texts:
            (modules / f"{text.unit}.py").write_text(text.text)
        for root, shim in self.shims.items():
            self._write_module(modules, root, shim)
        for package in self._packages_of_compiled():
            self._write_module(modules, package, "", is_package=True)
        (to / "map.json").write_text(json.dumps(self.map()))

    def _write_module(self, folder, name, text, is_package=False):
        *packages, last = name.split(".")
        for package in packages:
            folder = folder / package
            folder.mkdir(exist_ok=True)
            init = folder / "__init__.py"
            if not init.exists():
                init.write_text("")
        if is_package or self._program.modules[name].is_package:
            (folder / last).mkdir(exist_ok=True)
            path = folder / last / "__init__.py"
            if text or not path.exists():
                path.write_text(text)
        else:
            (folder / f"{last}.py").write_text(text)

    def _packages_of_compiled(self):
        """Packages of the program with something compiled in them, which has its full name."""
        found = set()
        for folder in self.config.compiled:
            for path in [*folder.rglob("*.mpy"), *folder.rglob("*.py")]:
                parts = path.relative_to(folder).parts[:-1]
                for end in range(1, len(parts) + 1):
                    if self._program.find(".".join(parts[:end])):
                        found.add(".".join(parts[:end]))
        return sorted(found)

    def map(self) -> dict:
        """``files``, and under ``units`` for each line of a unit [index in files, line] or None.

        Under ``names`` what a unit calls otherwise, to what its file calls it.
        """
        files: list[str] = []
        units = {}
        for text in self.texts:
            lines: list[list[int] | None] = []
            for place in text.lines:
                if place is None:
                    lines.append(None)
                    continue
                path = os.path.relpath(place[0], self.config.path.parent)
                if path not in files:
                    files.append(path)
                lines.append([files.index(path), place[1]])
            units[text.unit] = lines
        names = {}
        for unit, modules in self._units.order.items():
            for module in modules:
                for name in self._names.made(module):
                    own = self._names.own(Meaning(DEF, module, name))
                    if own != name:
                        names.setdefault(unit, {})[own] = name
        return {"files": files, "units": units, "names": names}
