"""What is joined, as a TOML file says it; README.md lists the keys."""

import dataclasses
import pathlib
import tomllib

from .problem import Problem

_BYTES = 64
_ITEMS = 10
_BUILTINS_FROM = 50


@dataclasses.dataclass(frozen=True)
class Config:
    """``sources`` and ``compiled`` are folders, in the order in which modules are looked for."""

    path: pathlib.Path
    unit: str  # the name of the first joined module, and the beginning of the others
    roots: tuple[str, ...]
    sources: tuple[pathlib.Path, ...]
    compiled: tuple[pathlib.Path, ...] = ()
    implementation: str | None = None  # sys.implementation.name where it will run
    constant_globals: tuple[str, ...] = ()
    named: tuple[str, ...] = ()  # patterns of modules that answer to their names, as roots do
    reach: bool = True
    inline_bytes: int = _BYTES  # of a constant; a longer one is inlined where it is used once
    inline_items: int = _ITEMS  # of a tuple
    # module to group to FUNCTION, CLASS or CLASS.METHOD (late.py)
    late: dict[str, dict[str, list[str]]] = dataclasses.field(default_factory=dict)
    builtins_from: int = _BUILTINS_FROM  # names in a unit, from which on builtins get one too


def read(path: pathlib.Path) -> Config:
    """The file ``path``. Raises Problem for what it does not know, and OSError."""
    try:
        given = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise Problem(path, 1, str(error), "write it as TOML") from error
    known = {field.name: field for field in dataclasses.fields(Config) if field.name != "path"}
    for name in given:
        if name not in known:
            raise Problem(path, 1, f"unknown key {name}", "there are: " + ", ".join(known))
    for name in ("unit", "roots", "sources"):
        if not given.get(name):
            raise Problem(path, 1, f"no {name}", "see boards/join/README.md")
    for name, value in given.items():
        if isinstance(value, list):
            given[name] = tuple(value)
    if "late" in given:
        given["late"] = _late(path.parent / given["late"])
    for name in ("sources", "compiled"):
        given[name] = tuple((path.parent / folder).resolve() for folder in given.get(name, ()))
    return Config(path, **given)


def _late(path):
    """Module to group to what of it, of a file that has it by group. Problem; OSError."""
    found: dict[str, dict[str, list[str]]] = {}
    try:
        for group, modules in tomllib.loads(path.read_text()).items():
            for module, words in modules.items():
                found.setdefault(module, {})[group] = words.split()
    except (tomllib.TOMLDecodeError, AttributeError) as error:
        raise Problem(path, 1, str(error), "see boards/join/README.md") from error
    return found
