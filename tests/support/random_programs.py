"""Small programs drawn at random, whose modules bind few names in every way there is."""

import random

# Each module binds all of NAMES at its top; who reads one that is unbound then says so.
NAMES = ("a", "b", "c", "len", "value")
# Functions of modules call each other's: without a bound on how deep, some programs never end.
_TOOLS = '''
def const(value):
    return value

_depth = 0

def tell(where, get):
    global _depth
    if _depth == 4:
        return
    _depth += 1
    try:
        _tell(where, get)
    finally:
        _depth -= 1

def _tell(where, get):
    try:
        got = get()
    except (NameError, AttributeError):
        got = "unbound"
    except Exception as error:
        got = type(error).__name__
    if isinstance(got, (list, tuple)):
        got = [one if isinstance(one, (int, str)) else type(one).__name__ for one in got]
    print(where, got if isinstance(got, (int, str, list)) else type(got).__name__)
'''


class Writer:
    """Writes the module ``number``, which may import those before it, those of ``late`` in
    functions only, or at its top if it is one of them. ``tops`` are the modules that each of those
    before it has by their own name, and this one's are added.
    """

    def __init__(
        self, generator: random.Random, number: int, late: set[str], tops: dict[str, list[str]]
    ):
        self._random = generator
        self._name = f"m{number}"
        before = {f"m{i}" for i in range(number)}
        self._late = sorted(before & late)
        self._is_late = self._name in late
        self._at_top = sorted(before if self._is_late else before - late)
        self._tops = tops
        self._lines: list[str] = ["from tools import const, tell"]
        self._modules: list[str] = []

    def text(self) -> str:
        for _ in range(self._random.randint(self._is_late, 2)):
            self._import("", self._modules, is_top=True)
        self._tops[self._name] = list(self._modules)
        for name in NAMES:
            self._line("", f"{name} = {self._random.randrange(100)}")
            self._line("", f"{name.upper()} = {self._constant() if name != 'a' else 1}")
        for name in NAMES:
            if self._random.random() < 0.7:
                self._bind("", name, depth=0)
        for number in range(2):
            self._function("", f"run{number}", depth=0, is_top=True)
        self._class("", "Thing", depth=0)
        for name in NAMES:
            self._read("", name, f"{self._name}")
        self._line("", f"tell('{self._name} Thing', lambda: Thing().method())")
        return "\n".join(self._lines) + "\n"

    def _line(self, indent, text):
        self._lines.append(indent + text)

    def _import(self, indent, known, is_top=False):
        others = self._at_top if is_top else self._late
        if not others:
            return
        other = self._random.choice(others)
        pick = self._random.randrange(3)
        if pick == 0:
            self._line(indent, f"import {other}")
            known.append(other)
            if not is_top:
                self._of(indent, other)
        elif pick == 1:
            own = other if is_top else self._random.choice(("a", "value", other))
            self._line(indent, f"import {other} as {own}")
            if own == other:
                known.append(other)
        else:
            number = self._random.randrange(2)
            own = f"{other}_run" if is_top else self._random.choice((*NAMES, f"{other}_run"))
            self._line(indent, f"from {other} import run{number} as {own}, A as CONSTANT")
            if not is_top:
                self._line(indent, f"tell('imported', lambda: ({own}(), CONSTANT))")

    def _of(self, indent, module):
        """Something of ``module`` is read, and perhaps set, or of one that it has: ``m2.m1.a``."""
        path = module
        while self._tops.get(module) and self._random.random() < 0.6:
            module = self._random.choice(self._tops[module])
            path += f".{module}"
        attribute = self._random.choice((*NAMES, "run0", "run1", "B", "LEN"))
        self._line(indent, f"tell('of {path}', lambda: {path}.{attribute})")
        if self._random.random() < 0.3 and attribute in NAMES:
            self._line(indent, f"{path}.{attribute} = {self._random.randrange(100)}")

    def _read(self, indent, name, where):
        self._line(indent, f"tell({where + ' ' + name!r}, lambda: {name})")

    def _constant(self):
        simple = ("5", "'text'", "b'bytes'", "const(3)", "(1, -2)", "bytes(2)", "~7 << 2", "None")
        return self._random.choice((*simple, *(f"{n.upper()}" for n in NAMES[:1])))

    def _simple(self):
        return self._random.choice((str(self._random.randrange(100)), *(f"[{n}]" for n in NAMES)))

    def _bind(self, indent, name, depth):
        """One of the ways to bind a name; each works whatever is bound already."""
        number = self._random.randrange(100)
        pick = self._random.randrange(12)
        if name == "len" and not depth:
            pick = self._random.choice((1, 2, 4, 5, 7, 9))  # a builtin's name is bound for good
        if pick == 0:
            self._line(indent, f"for {name} in range({number % 5 + 1}): pass")
        elif pick == 1:
            self._line(indent, f"{name}, spare = {number}, 0")
        elif pick == 2:
            self._line(indent, f"{name} = [{name} for {name} in ({number}, 2)]")
        elif pick == 3:
            self._line(indent, "try: 1 // 0")
            self._line(indent, f"except ArithmeticError as {name}: pass")
            if self._random.random() < 0.7:
                self._line(indent, f"{name} = {number}")
        elif pick == 4 and depth < 2:
            self._function(indent, name, depth)
        elif pick == 5 and depth < 2:
            self._class(indent, name, depth)
        elif pick == 6:
            default = self._random.choice(NAMES)
            self._line(indent, f"tell('default', lambda: {default})")
            self._line(indent, f"{name} = lambda {name}={number}: {name}")
        elif pick == 7:
            self._line(indent, f"{name} = {number}")
            self._line(indent, f"{name} += 1")
        elif pick == 8:
            self._line(indent, f"if {number} % 2: {name} = {number}")
            self._line(indent, f"else: {name} = 'no'")
        elif pick == 9:
            self._line(indent, f"({name}, *rest) = ({number}, 1, 2)")
        elif pick == 10:
            self._line(indent, f"{name} = 1")
            self._line(indent, f"del {name}")
        else:
            self._line(indent, f"{name} = {number}")

    def _function(self, indent, name, depth, is_top=False):
        parameter = "" if is_top else f"{self._random.choice(NAMES)}={self._random.randrange(9)}"
        self._line(indent, f"def {name}({parameter}):")
        inner = indent + "    "
        free = [one for one in NAMES if not parameter.startswith(one + "=")]
        declared = self._random.choice(free)
        pick = self._random.randrange(4)
        if pick == 0 and declared not in (name, "len"):
            self._line(inner, f"global {declared}")
        known = list(self._modules)
        for _ in range(self._random.randint(1, 3)):
            self._statement(inner, free, depth + 1, known)
        for one in (*NAMES, "A", "VALUE"):
            if self._random.random() < 0.5:
                self._read(inner, one, f"{self._name}.{name}")
        self._line(inner, f"return {self._random.randrange(100)}")
        self._line(indent, f"tell('call', lambda: {name}())")

    def _statement(self, indent, names, depth, known):
        pick = self._random.randrange(8)
        name = self._random.choice(names)
        if pick < 4:
            self._bind(indent, name, depth)
        elif pick == 4:
            self._import(indent, known)
        elif pick == 5 and known:
            self._of(indent, self._random.choice(known))
        elif pick == 6:
            inner = self._random.choice(NAMES)
            self._line(indent, f"tell('list', lambda: [{inner} for {name} in (1, 2)])")
        else:
            self._line(indent, f"tell('set', lambda: {self._simple()})")

    def _class(self, indent, name, depth):
        self._line(indent, f"class {name}:")
        inner = indent + "    "
        for one in self._random.sample(NAMES, 2):
            if self._random.random() < 0.5:
                self._line(inner, f"try: {one}_seen = {one}")
                self._line(inner, f"except NameError: {one}_seen = 'unbound'")
            self._line(inner, f"{one} = {self._random.randrange(100)}")
            self._line(inner, f"{one}_later = {one}")
        self._line(inner, f"every = [i for i in ({self._random.randrange(9)}, 1)]")
        self._line(inner, "def method(self):")
        read = ", ".join(self._random.sample(NAMES, 2))
        self._line(inner, f"    tell('method', lambda: ({read}))")
        self._line(inner, "    every = sorted((n, getattr(self, n)) for n in dir(self))")
        self._line(inner, "    return [v for n, v in every if n[:2] != '__' and type(v) is int]")
        self._line(indent, f"tell('class', lambda: {name}().method())")


def program(seed: int) -> dict[str, str]:
    """File name to source, with the root main.py; the same for the same seed."""
    generator = random.Random(seed)
    count = generator.randint(2, 4)
    files = {"tools.py": _TOOLS}
    late = {f"m{number}" for number in range(count) if generator.random() < 0.5}
    tops: dict[str, list[str]] = {}
    for number in range(count):
        files[f"m{number}.py"] = Writer(generator, number, late, tops).text()
    files["main.py"] = Writer(generator, count, late, tops).text()
    return files
