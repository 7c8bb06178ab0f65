"""Which modules are loaded together, and in which order they run.

What the roots import at their top, and all that that imports, is the first unit. An import in a
function, a try or an if loads later, or never; what it loads then, and nothing else does, is a
unit of its own; what two such imports may load, whichever comes first, is another.
"""

import ast

from .program import Program
from .pure import has_effects
from .scopes import FUNCTIONS, IMPORTS
from .source import Module


class Units:
    """``order``: unit name to its modules, as they run; ``of``: module name to its unit.

    The first unit has the name that the configuration gives.
    """

    def __init__(self, program: Program):
        self._program = program
        self._first = program.config.unit
        self._finished: list[str] = []
        self._entered: list[str] = []
        for root in program.config.roots:
            for name in _with_packages(root):
                if program.find(name):
                    self._enter(name)
        self.early = set(self._finished)
        self._triggers: dict[str, set[tuple[str, ...]]] = {}
        self._sites: dict[tuple[str, ...], list[str]] = {}  # the modules that have such an import
        self._find_late()
        self.order: dict[str, list[str]] = {self._first: []}
        self.of: dict[str, str] = {}
        self._name()

    def is_loaded(self, module: str, seen_from: str) -> bool:
        """Whether ``module`` is loaded wherever code of the module ``seen_from`` runs."""
        if module in self.early or self.of.get(module) == self.of[seen_from]:
            return True
        if module not in self.of:
            return False  # a late part that no import statement asks for
        return seen_from not in self.early and self._triggers[module] >= self._triggers[seen_from]

    # The order in which modules run

    def _enter(self, name):
        """Depth first, as imports run."""
        if name in self._entered:
            return
        self._entered.append(name)
        for package in _with_packages(name)[:-1]:
            if self._program.find(package):
                self._enter(package)
        module = self._program.modules[name]
        ran = None
        for node in module.tree.body:
            for loaded in self._program.loads(module, node):
                if ran is not None and loaded not in self._entered:
                    raise module.problem(
                        ran, f"this runs before {loaded} is imported", "put it after the imports"
                    )
                self._enter(loaded)
            if _runs(node):
                ran = node
        for loaded in self._loads_while_it_loads(module):
            self._enter(loaded)
        self._finished.append(name)

    def _loads(self, module: Module) -> list[str]:
        return [name for node in module.imports() for name in self._program.loads(module, node)]

    def _closure(self, names):
        """All that is loaded with these modules."""
        found, left = [], list(names)
        while left:
            name = left.pop()
            if name not in found:
                found.append(name)
                left += [p for p in _with_packages(name) if self._program.find(p)]
                left += self._loads(self._program.modules[name])
        return found

    def _loads_while_it_loads(self, module: Module) -> list[str]:
        """What functions may import that the module's own top level calls.

        That is late, and it is there before the module is: what *it* needs of the first unit must
        come first. Only where it needs nothing of what is not there yet.
        """
        functions = {n.name: n for n in module.tree.body if isinstance(n, FUNCTIONS)}
        left: list[ast.AST] = [n for n in module.tree.body if not isinstance(n, FUNCTIONS)]
        seen, found = set(), []
        while left:
            for node in ast.walk(left.pop()):
                if isinstance(node, ast.Name) and node.id in functions and node.id not in seen:
                    seen.add(node.id)
                    left.append(functions[node.id])
                elif isinstance(node, IMPORTS) and node not in module.tree.body:
                    found += self._program.loads(module, node)
        running = set(self._entered) - set(self._finished)
        needed = []
        for name in self._closure(found):
            hard = set(self._hard(name))
            if name in found or hard & running or name in needed:
                continue
            needed.append(name)
        # Only what the first unit has in any case; else it would no longer be late.
        early = self._will_be_early()
        return [name for name in needed if name in early]

    def _hard(self, name):
        """What a module's own import statements lead to, itself too."""
        found, left = [], [name]
        while left:
            name = left.pop()
            if name not in found:
                found.append(name)
                left += self._loads_by_name(self._program.modules[name])
        return found

    def _loads_by_name(self, module):
        # The package around a module is loaded before it, but nothing of it is asked for.
        found = []
        for node in module.imports():
            names = self._program.loads(module, node)
            packages = {name for name in names if any(o.startswith(name + ".") for o in names)}
            asked = {imported.meaning.module for imported in self._program.imported(module, node)}
            found += [name for name in names if name not in packages or name in asked]
        return found

    def _will_be_early(self):
        if not hasattr(self, "_early"):
            roots = [name for root in self._program.config.roots for name in _with_packages(root)]
            self._early = set(self._closure(name for name in roots if self._program.find(name)))
        return self._early

    # What is late

    def _find_late(self):
        left, seen = sorted(self.early), set()
        while left:
            name = left.pop(0)
            if name in seen:
                continue
            seen.add(name)
            module = self._program.modules[name]
            for node in module.late_imports():
                loaded = [n for n in self._program.loads(module, node) if n not in self.early]
                if not loaded:
                    continue
                trigger = tuple(sorted(loaded))
                self._sites.setdefault(trigger, []).append(name)
                for one in loaded:
                    self._enter(one)
                for one in self._closure(loaded):
                    if one not in self.early:
                        self._triggers.setdefault(one, set()).add(trigger)
                        left.append(one)

    def _name(self):
        together: dict[frozenset, list[str]] = {}
        for name in self._finished:
            if name in self.early:
                self.order[self._first].append(name)
                self.of[name] = self._first
            else:
                together.setdefault(self._first_triggers(name), []).append(name)
        for names in together.values():
            unit = f"{self._first}_{names[-1].replace('.', '_')}"
            self.order[unit] = names
            self.of.update(dict.fromkeys(names, unit))


    def _first_triggers(self, name):
        """The imports that may be the first to load a module: not those in what comes with it."""
        without = set(self.early)  # what may be loaded while this module is not
        left = [t for t in self._sites if t not in self._triggers[name]]
        while True:
            fired = [t for t in left if not without.isdisjoint(self._sites[t])]
            if not fired:
                break
            left = [t for t in left if t not in fired]
            without |= {m for m, triggers in self._triggers.items() if triggers & set(fired)}
        return frozenset(t for t in self._triggers[name] if without & set(self._sites[t]))


def _runs(node):
    """Whether a statement does more than define, or import where that is possible."""
    if isinstance(node, ast.Try | ast.If):
        every = [n for n in ast.walk(node) if isinstance(n, ast.stmt)]
        return not all(isinstance(n, (*IMPORTS, ast.Try, ast.If, ast.Pass)) for n in every)
    return has_effects(node) and not isinstance(node, IMPORTS)


def _with_packages(name):
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
