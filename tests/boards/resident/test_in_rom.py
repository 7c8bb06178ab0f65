"""What of a frozen module is told to be constant, and what is not: read as mpy-tool.py writes it.

That the image with it does what the sources do is shown where it runs, on the board in qemu.
"""

import pytest
from resident.class_body import Function, Wrapped, attributes
from resident.in_rom import NotAsExpected, resident, staying
from resident.rom_dict import name_hash, rom_dict

_HEAD = """    0x08,0x4a, // prelude
    0x77, // names: Door
    0xfb, // code info
    0x11, // LOAD_NAME '__name__'
    0x16, // STORE_NAME '__module__'
    0x10, // LOAD_CONST_STRING 'Door'
    0x16, // STORE_NAME '__qualname__'
"""
_TAIL = """    0x51, // LOAD_CONST_NONE
    0x63, // RETURN_VALUE"""


def body(*instructions: str) -> str:
    return _HEAD + "".join(f"    0x00, // {one}\n" for one in instructions) + _TAIL


def told(*instructions: str):
    found = attributes(body(*instructions), "m", ["MP_ROM_PTR(&pair)"], [10, 11, None])
    return found and {name: value for name, value in found.items() if name[:2] != "__"}


def test_functions_and_constants_of_a_class_are_told():
    held = attributes(body("MAKE_FUNCTION 0", "STORE_NAME 'open'"), "m", [], [10]) or {}
    assert held["__module__"] == "MP_ROM_QSTR(MP_QSTR_m)"
    assert held["__qualname__"] == "MP_ROM_QSTR(MP_QSTR_Door)"
    assert held["open"] == Function(10)
    constants = ["LOAD_CONST_SMALL_INT -3", "STORE_NAME 'a'", "LOAD_CONST_OBJ 0", "STORE_NAME 'b'"]
    constants += ["LOAD_CONST_NONE", "STORE_NAME 'c'", "LOAD_NAME 'a'", "STORE_NAME 'd'"]
    number = "MP_ROM_INT(-3)"
    expected = {"a": number, "b": "MP_ROM_PTR(&pair)", "c": "MP_ROM_NONE", "d": number}
    assert told(*constants) == expected


def test_values_of_arguments_properties_and_static_methods_are_told():
    defaults = ["LOAD_CONST_TRUE", "LOAD_CONST_SMALL_INT 4", "BUILD_TUPLE 2", "LOAD_NULL"]
    with_defaults = [*defaults, "MAKE_FUNCTION_DEFARGS 1", "STORE_NAME 'f'"]
    assert told(*with_defaults) == {"f": Function(11, ("MP_ROM_TRUE", "MP_ROM_INT(4)"))}
    for how in ("property", "staticmethod"):
        wrapped = [f"LOAD_NAME '{how}'", "MAKE_FUNCTION 0", "CALL_FUNCTION 1", "STORE_NAME 'p'"]
        assert told(*wrapped) == {"p": Wrapped(how, Function(10))}


@pytest.mark.parametrize(
    "instructions",
    [
        ["LOAD_NAME 'classmethod'", "MAKE_FUNCTION 0", "CALL_FUNCTION 1", "STORE_NAME 'p'"],
        ["LOAD_FAST 0", "MAKE_CLOSURE 0", "STORE_NAME 'f'"],
        ["LOAD_NAME 'f'", "LOAD_ATTR 'setter'", "MAKE_FUNCTION 0", "CALL_FUNCTION 1"],
        ["MAKE_FUNCTION 2", "STORE_NAME 'native'"],
        ["LOAD_GLOBAL 'len'", "LOAD_CONST_OBJ 0", "CALL_FUNCTION 1", "STORE_NAME 'n'"],
        ["LOAD_CONST_STRING 'two words'", "STORE_NAME 'text'"],
        ["LOAD_CONST_SMALL_INT 1", "BUILD_TUPLE 1", "STORE_NAME 'made_each_time'"],
        ["MAKE_FUNCTION 0", "STORE_NAME '__new__'"],
        ["LOAD_CONST_NONE", "RETURN_VALUE", "LOAD_CONST_NONE", "STORE_NAME 'late'"],
        ["LOAD_CONST_SMALL_INT 1"],
        ["STORE_NAME 'of nothing'"],
    ],
)
def test_what_is_not_known_for_certain_is_left_as_it_was(instructions):
    assert told(*instructions) is None


def test_a_function_that_is_no_class_is_none():
    assert attributes(_TAIL, "m", [], []) is None


@pytest.mark.parametrize("hash_bytes", [0, 1, 2])
def test_every_name_is_found_in_the_table_from_where_its_hash_says(hash_bytes):
    """As py/map.c looks for it: from there on, and around, up to an empty place."""
    names = [f"name_{number}" for number in range(40)]
    held = dict.fromkeys(names, "MP_ROM_NONE")
    lines = [line for line in rom_dict(0, held, [], hash_bytes).splitlines() if "    { MP" in line]
    table = [line.partition("MP_QSTR_")[2].partition(")")[0] for line in lines]
    assert sorted(filter(None, table)) == sorted(names) and "" in table
    for name in names:
        place = name_hash(name, hash_bytes) % len(table)
        while table[place] != name:
            assert table[place]
            place = (place + 1) % len(table)


def test_what_mpy_tool_does_not_write_so_is_refused():
    with pytest.raises(NotAsExpected, match="m"):
        resident("nothing is frozen", ["m"])
    with pytest.raises(NotAsExpected, match="room"):
        resident("", [str(number) for number in range(65)])


def test_only_modules_that_stay_and_are_large_enough_are_kept(tmp_path):
    large = "\n".join(f"    def f{number}(self): pass" for number in range(8))
    for name in ("hf", "hf_late__rare"):
        (tmp_path / f"{name}.py").write_text("class A:\n" + large)
    (tmp_path / "hf_small.py").write_text("def f(): pass")
    assert staying(tmp_path) == ["hf"]
