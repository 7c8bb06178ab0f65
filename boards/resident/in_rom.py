"""Functions and attributes of classes of frozen modules that stay: in ROM, and not in the heap.

A manifest calls ``keep``; what MicroPython's tools made of its modules is changed before the
compiler sees it. Nothing of MicroPython is patched, and any port's build may do so.
"""

import atexit
import pathlib
import re
import sys

from .class_body import attributes
from .rom_dict import hash_bytes, rom_dict

_SEPARATOR = "/" * 80 + "\n"
_MODULE = re.compile(r"// frozen module (\w+)\n")
# What mpy-tool.py writes of a function; one without functions inside is its bytecode alone, where
# nothing is to be saved.
_FUNCTION = re.compile(
    r"(?P<small>#if MICROPY_PERSISTENT_CODE_SAVE\n)?"
    r"static const mp_raw_code_truncated_t proto_fun_(?P<name>\w+) = \{\n"
    r"(?P<fields>.*?)\n\};\n"
    r"(?(small)#else\n#define proto_fun_(?P=name) fun_data_(?P=name)\[0\]\n#endif\n)",
    re.DOTALL,
)
_BYTECODE = ".kind = MP_CODE_BYTECODE,"
_GENERATOR = ".is_generator = 1,"
_CHILDREN = re.compile(r"\.children = (.*),")
_CHILDREN_OF = r"children_{name}\[\] = \{{\n(.*?)\}};"
_CHILD = re.compile(r"&proto_fun_(\w+),")
_BODY = re.compile(r"static const byte fun_data_(\w+)\[\d+\] = \{\n(.*?)\n\};", re.DOTALL)
_LOADED = re.compile(r"// LOAD_(?:NAME|GLOBAL) '(\w+)'")
_STORED = re.compile(r"// (?:STORE|DELETE)_ATTR '(\w+)'")
_CONSTANTS = re.compile(r"const_obj_table_data_\w+\[\d+\] = \{\n(.*?)\n\};", re.DOTALL)

_BEFORE = """#include "resident.h"

mp_module_context_t resident_contexts[{modules}];
const char *const resident_names[{modules} + 1] = {{ {names}, NULL }};
const resident_function_t resident_functions[{functions}];
const size_t resident_functions_count = {functions};

"""
_AFTER = """
////////////////////////////////////////////////////////////////////////////////
// functions of modules that stay
const resident_function_t resident_functions[{functions}] = {{
{entries}
}};

// attributes of their classes
{classes}
const resident_class_t resident_classes[] = {{
{bodies}
    {{ NULL, NULL }},
}};
"""
_ENTRY = """    {{ // {name}
        .code = {{
{fields}
        }},
        .function = {object},
    }},"""
_OBJECT = """{{
            .base = {{ &{type} }},
            .context = &resident_contexts[{module}],
            .child_table = {children},
            .bytecode = fun_data_{name},
        }}"""

_DEFINED = re.compile(r"^\s*(?:async )?def ", re.MULTILINE)
# Functions of 16 bytes, for a context of as many that is there from the start on.
_ENOUGH = 8
_MOST = 64  # modules, as in resident.c


class NotAsExpected(Exception):
    """What MicroPython's tools wrote is not what this knows; the text says where."""


class Resident:
    """The functions and classes of ``modules``, gathered from what was written of each in
    ``source``.
    """

    def __init__(self, source: str, modules: list[str]):
        self.modules = modules
        self._hash_bytes = hash_bytes(source)
        # Names that a function asks for, and attributes that it sets: of a class perhaps.
        bodies = [body for _, body in _BODY.findall(source)]
        found = [(set(_LOADED.findall(body)), set(_STORED.findall(body))) for body in bodies]
        # Names that there are: a class says of which module it is.
        self._known = set(re.findall(r"^    MP_QSTR_(\w+)[, ]", source, re.MULTILINE))
        self._setting = [(loaded, stored) for loaded, stored in found if loaded and stored]
        self._numbers: dict[str, int] = {}
        self._entries: list[str] = []
        self._objects: list[str] = []
        self._classes: list[str] = []
        self._bodies: list[str] = []

    def take(self, part: str, module: int) -> str:
        """What is left of a module's ``part`` once its functions are gone from it."""

        def taken(match):
            fields, name = match["fields"], match["name"]
            if _BYTECODE not in fields:
                return match[0]
            children = _CHILDREN.search(fields)
            if children is None:
                raise NotAsExpected(f"{name} has no children")
            self._numbers[name] = len(self._entries)
            kind = "mp_type_gen_wrap" if _GENERATOR in fields else "mp_type_fun_bc"
            told = {"name": name, "type": kind, "module": module, "children": children[1]}
            self._objects.append(_OBJECT.format(**told))
            entry = {"name": name, "fields": fields, "object": self._objects[-1]}
            self._entries.append(_ENTRY.format(**entry))
            return f"#define proto_fun_{name} resident_functions[{self._numbers[name]}].code\n"

        left = _FUNCTION.sub(taken, part)
        if self.modules[module] in self._known:
            self._take_classes(part, self.modules[module])
        return left

    def _take_classes(self, part, module):
        found = _CONSTANTS.search(part)
        constants = [line.strip(" ,") for line in found[1].splitlines()] if found else []
        for name, body in _BODY.findall(part):
            if name not in self._numbers:
                continue
            children = re.search(_CHILDREN_OF.format(name=name), part, re.DOTALL)
            names = _CHILD.findall(children[1]) if children else []
            numbers = [self._numbers.get(child) for child in names]
            held = attributes(body, module, constants, numbers)
            if held is not None and not self._is_set(held):
                number = len(self._bodies)
                self._classes.append(rom_dict(number, held, self._objects, self._hash_bytes))
                body = f"&resident_functions[{self._numbers[name]}].function"
                self._bodies.append(f"    {{ {body}, &resident_class_{number} }}, // {name}")

    def _is_set(self, held):
        """Whether something may set what is ``held`` by a class, by its name or its object's."""
        name = held["__qualname__"].removeprefix("MP_ROM_QSTR(MP_QSTR_").removesuffix(")")
        names = {name, "type"}
        return any(loaded & names and stored & set(held) for loaded, stored in self._setting)

    def before(self) -> str:
        """What comes before the first module, as each names its functions."""
        names = ", ".join(f'"{name}"' for name in self.modules)
        return _BEFORE.format(modules=len(self.modules), functions=len(self._entries), names=names)

    def after(self) -> str:
        """What comes after the last, as it names what is theirs."""
        return _AFTER.format(
            functions=len(self._entries),
            entries="\n".join(self._entries),
            classes="\n".join(self._classes),
            bodies="\n".join(self._bodies),
        )


def resident(source: str, modules: list[str]) -> str:
    """frozen_content.c with what is constant of ``modules``, which are never let go, as constants.

    Raises NotAsExpected.
    """
    if len(modules) > _MOST:
        raise NotAsExpected(f"{len(modules)} modules, and there is room for {_MOST}")
    parts = source.split(_SEPARATOR)
    gathered = Resident(source, modules)
    found = []
    for place, part in enumerate(parts):
        module = _MODULE.match(part)
        if module and module[1] in modules:
            found.append(module[1])
            parts[place] = gathered.take(part, modules.index(module[1]))
    if sorted(found) != sorted(modules):
        raise NotAsExpected(f"frozen are {found}, and not all of {modules}")
    return _SEPARATOR.join([parts[0] + gathered.before(), *parts[1:]]) + gathered.after()


def keep(*modules: str) -> None:
    """Have what is constant of these frozen modules in ROM, in the build that reads the manifest
    from which this is called.
    """
    if pathlib.Path(sys.argv[0]).name == "makemanifest.py":  # and not who only reads manifests
        atexit.register(_rewrite, sys.argv[sys.argv.index("-o") + 1], list(modules))


def staying(folder: pathlib.Path) -> list[str]:
    """The modules in a joiner's ``folder`` that are worth it: of many functions, and none of a
    group that is late and let go again, which is what follows two underscores in their names.
    """
    return [
        file.stem
        for file in sorted(folder.glob("*.py"))
        if "__" not in file.stem and len(_DEFINED.findall(file.read_text())) >= _ENOUGH
    ]


def _rewrite(output, modules):
    with open(output) as file:
        source = file.read()
    # makemanifest.py leaves a file alone that is newer than all of its modules.
    if '#include "resident.h"' not in source:
        with open(output, "w") as file:
            file.write(resident(source, modules))
