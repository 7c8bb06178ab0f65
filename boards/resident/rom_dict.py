"""A class's attributes as a dictionary in ROM, in C: hashed as MicroPython looks for names."""

import re

from .class_body import Function, Wrapped

_HASHES = re.compile(r"mp_qstr_frozen_const_hashes\[\] = \{\n(.*?)\};", re.DOTALL)
_DICT = """{values}static const mp_rom_map_elem_t resident_table_{number}[{places}] = {{
{entries}
}};
static const mp_obj_dict_t resident_class_{number} = {{
    .base = {{ &mp_type_dict }},
    .map = {{
        .all_keys_are_qstrs = 1,
        .is_fixed = 1,
        .is_ordered = 0,
        .used = {used},
        .alloc = {places},
        .table = (mp_map_elem_t *)(mp_rom_map_elem_t *)resident_table_{number},
    }},
}};
"""
_DEFAULTS = """static const struct {{
    resident_object_t object;
    mp_rom_obj_t defaults[{count}];
}} {name} = {{
    {object}, {{ {defaults} }}
}};
"""
_WRAPPER = {
    "property": """static const resident_property_t {name} = {{
    {{ &mp_type_property }}, {{ {function}, MP_ROM_NONE, MP_ROM_NONE }}
}};
""",
    "staticmethod": """static const mp_rom_obj_static_class_method_t {name} = {{
    {{ &mp_type_staticmethod }}, {function}
}};
""",
}


def hash_bytes(source: str) -> int:
    """How many bytes of a name's hash this frozen_content.c has; 0 if none are kept."""
    found = _HASHES.search(source)
    if found is None:
        return 0
    return 1 if max(int(one) for one in found[1].split(",") if one.strip()) < 256 else 2


def rom_dict(number: int, held: dict, objects: list[str], hash_bytes: int) -> str:
    """The dictionary ``resident_class_NUMBER`` of what ``class_body.attributes`` has found;
    ``objects`` are the functions that there are, in C.
    """
    values: list[str] = []
    words = {}
    for place, (name, value) in enumerate(held.items()):
        words[name] = _word(f"resident_{number}_{place}", value, objects, values)
    table = _hashed(list(held), hash_bytes)
    entries = [
        "    { MP_OBJ_NULL, MP_OBJ_NULL },"
        if name is None
        else f"    {{ MP_ROM_QSTR(MP_QSTR_{name}), {words[name]} }},"
        for name in table
    ]
    return _DICT.format(
        values="".join(values),
        number=number,
        places=len(table),
        used=len(held),
        entries="\n".join(entries),
    )


def _word(name, value: str | Wrapped | Function, objects, values):
    """An expression for ``value``; what has to be defined for it goes to ``values``."""
    if isinstance(value, str):
        return value
    if isinstance(value, Wrapped):
        function = _word(name + "_function", value.function, objects, values)
        values.append(_WRAPPER[value.how].format(name=name, function=function))
        return f"MP_ROM_PTR(&{name})"
    if not value.defaults:
        return f"MP_ROM_PTR(&resident_functions[{value.number}].function)"
    told = {"count": len(value.defaults), "defaults": ", ".join(value.defaults)}
    values.append(_DEFAULTS.format(name=name, object=objects[value.number], **told))
    return f"MP_ROM_PTR(&{name})"


def _hashed(names, hash_bytes):
    """``names`` in the places of a table in which they are found, and others missed, soon."""
    sizes = range(len(names) + 1, 2 * len(names) + 2)
    tables = [_placed(names, hash_bytes, size) for size in sizes]
    return min(tables, key=lambda table: (_steps(table, hash_bytes), len(table)))


def _placed(names, hash_bytes, places):
    table = [None] * places
    for name in names:
        place = name_hash(name, hash_bytes) % places
        while table[place] is not None:
            place = (place + 1) % places
        table[place] = name
    return table


def _steps(table, hash_bytes):
    places = len(table)
    found = sum(
        (place - name_hash(name, hash_bytes)) % places for place, name in enumerate(table) if name
    )
    missed = 0
    for begin in range(places):
        while table[begin % places] is not None:
            missed += 1
            begin += 1
    return found + missed / places


def name_hash(name: str, hash_bytes: int) -> int:
    """As of qstrutil.py and qstr.c."""
    found = 5381
    for byte in name.encode():
        found = (found * 33) ^ byte
    return (found & ((1 << (8 * (hash_bytes or 2))) - 1)) or 1
