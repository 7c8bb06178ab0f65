"""What plays an ESP32's port in tests is held against the port's own stubs, of `make lint`.

A stand-in that knows a method, or an argument, that no board has would let code pass that fails at
a door. What hal/esp32 itself calls, `make lint` checks against the same stubs.
"""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
TYPINGS = ROOT / "typings"
STAND_INS = [ROOT / "tests" / "support" / f"simulated_{name}.py" for name in ("esp32", "port")]
PLAYED = {
    "Pin": "machine",
    "Timer": "machine",
    "RMT": "esp32",
    "WDT": "machine",
    "PWM": "machine",
    "I2C": "machine",
    "NeoPixel": "neopixel",
    "Partition": "esp32",
    "BLE": "bluetooth",
}
# The stubs have them for other ports only, and ports/esp32/machine_pin.c has them.
BEYOND = {("Pin", "init", "hold"), ("Pin", "__init__", "number"), ("Pin", "__init__", "mode")}


def _classes(path):
    """Class -> method -> [arguments of each of its forms, None for one that takes anything]."""
    found = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef):
            methods = found.setdefault(node.name, {})
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    methods.setdefault(inner.name, []).append(_arguments(inner.args))
    return found


def _arguments(args):
    if args.kwarg is not None and args.kwarg.annotation is None:
        return None
    return {argument.arg for argument in args.kwonlyargs}


def _all_names(path, name):
    """Every argument that some form of each method of a class in stubs has, by method."""
    found = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    args = inner.args
                    every = [*args.posonlyargs, *args.args, *args.kwonlyargs]
                    found.setdefault(inner.name, set()).update(one.arg for one in every)
    return found


@pytest.mark.parametrize("name", sorted(PLAYED))
def test_a_stand_in_has_no_more_than_the_port(name):
    """Each public method, and each argument that is given by its name."""
    stubs = TYPINGS / f"{PLAYED[name]}.pyi"
    if not stubs.exists():
        pytest.skip("no typings/: run `make lint`, which sets the ESP32's stubs up")
    port = _all_names(stubs, name)
    methods = {}
    for path in STAND_INS:
        methods.update(_classes(path).get(name, {}))
    assert len(methods) >= 2
    for method, forms in methods.items():
        if method.startswith("_") and method != "__init__":
            continue
        assert method in port, f"{name}.{method}"
        for form in forms:
            for argument in form or ():
                if (name, method, argument) not in BEYOND:
                    assert argument in port[method], f"{name}.{method}({argument}=)"
