"""Holds every import against the picture of the house.

Arrows only go down: roles -> node -> {resources, link, lan, sync, door, storage} -> access -> lib.
Only roles builds hal, only hal knows the hardware, and the host tools know nothing of the firmware
but its decision.
"""

import ast
import graphlib
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Each library package, and the other library packages it may import.
LIBRARIES = {
    "untrusted": set(),
    "cbor": {"untrusted"},
    "crypto": {"untrusted"},
    "coap": {"untrusted"},
    "cose": {"cbor", "crypto", "untrusted"},
    "oscore": {"cbor", "coap", "crypto", "untrusted"},
    "edhoc": {"cbor", "cose", "crypto", "untrusted"},
    "flashlog": set(),
}

# Each room of the firmware, and the other rooms it may import. All but main.py may import lib.
ROOMS = {
    "access": set(),
    "hal": set(),
    "storage": {"access"},
    "link": {"access"},
    "lan": {"access"},
    "sync": {"access"},
    "door": {"access"},
    "resources": {"access", "version"},
    "node": {"access", "storage", "link", "lan", "sync", "door", "resources"},
    "roles": {"access", "hal", "storage", "link", "lan", "sync", "door", "resources", "node"},
    "version.py": set(),
    "main.py": {"roles", "hal"},
    "boot.py": set(),
    "manifest.py": set(),
}

# What MicroPython brings on every port, and which room may have it; a library gets _PLAIN.
_PLAIN = {"array", "binascii", "cryptolib", "hashlib", "micropython", "struct", "sys", "time"}
_SERVING = _PLAIN | {"asyncio", "gc"}
_STORING = _PLAIN | {"errno", "io", "json", "os"}
STANDARD = {
    "access": {"micropython"},
    "hal": _SERVING | _STORING | {"_thread", "random", "select", "socket", "vfs"},
    "storage": _STORING,
    "link": _SERVING,
    "lan": _SERVING | {"errno", "socket"},
    "resources": _PLAIN,
    "node": _SERVING | {"errno"},
    "version.py": set(),
    "sync": _SERVING | {"errno", "socket"},
    "door": _SERVING,
    "roles": _SERVING,
    "main.py": _SERVING,
    "boot.py": {"gc", "sys"},
    "manifest.py": set(),
}

# Rooms of the host, and those above them, which they never import.
HOST_ABOVE = {
    "policy": {"cli", "people", "register"},
    "site": {"cli", "people", "register"},
    "credentials": {"cli", "people", "register"},
    "register": {"cli", "people"},
    "people": {"cli"},
}

# Only hal may have these.
HARDWARE = {"bluetooth", "esp", "esp32", "espnow", "machine", "neopixel", "network", "onewire"}

# Single modules that may import more than their room.
EXCEPTIONS = {
    "firmware/holdfast/node/traceback.py": {"io"},
    "lib/coap/server.py": {"asyncio"},
    "lib/flashlog/folder.py": {"errno", "os"},
    "lib/flashlog/log.py": {"errno"},
    "lib/crypto/hosted.py": {"cryptography"},  # CPython's fast backend
    "firmware/manifest.py": {"pathlib"},  # runs in the firmware's build
}

# Over the air by aioble, and nowhere else.
GATT = "firmware/holdfast/link/gatt/"

# Writes machine code on a computer: the one folder of lib that never reaches a board.
ASSEMBLY = "lib/crypto/assembly/"

MAX_LINES = 400
MAX_LINES_AT_START = 40


def imports(path, source):
    """Every (line, absolute dotted name) a module imports, wherever in it the import stands."""
    package = path.split("/")[1:-1]  # lib, firmware and host_tools are roots
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            below = node.module.split(".") if node.module else []
            for alias in node.names:
                yield node.lineno, ".".join([*above, *below, alias.name])
        elif isinstance(node, ast.Name) and node.id == "__import__":
            yield node.lineno, "__import__"


def refusals(path, source):
    """Sentences on what is wrong with the imports of the module at ``path``, if anything."""
    root, *inner = path.split("/")
    judge = {"lib": _library, "firmware": _firmware, "host_tools": _host}[root]
    found = []
    for line, name in imports(path, source):
        top = name.partition(".")[0]
        if top == "boards":
            reason = "boards/ is never imported"
        elif top in EXCEPTIONS.get(path, ()) or _is_for_the_host(path, top):
            reason = None
        elif top == "aioble" and path.startswith(GATT):
            reason = None
        else:
            reason = judge(inner, name, top)
        if reason:
            found.append(f"{path}:{line}: {name}: {reason}")
    return found


def _is_for_the_host(path, top):
    return path.startswith(ASSEMBLY) and top in sys.stdlib_module_names


def _library(inner, name, top):
    package = inner[0]
    if package not in LIBRARIES:
        return f"{package} is not in LIBRARIES"
    if top == package or top in LIBRARIES[package] or top in _PLAIN:
        return None
    if top in LIBRARIES:
        return f"{package} may import these libraries: {sorted(LIBRARIES[package])}"
    return _elsewhere(top) or f"a library may import of MicroPython: {sorted(_PLAIN)}"


def _firmware(inner, name, top):
    room = inner[1] if len(inner) > 2 else inner[-1]
    if room not in ROOMS:
        return f"{room} is not in ROOMS"
    if top == "holdfast":
        other = name.split(".")[1] if "." in name else ""
        if other == room or other in ROOMS[room]:
            return None
        return f"{room} may import these rooms: {sorted(ROOMS[room])}"
    if top in STANDARD[room] or (top in LIBRARIES and not room.endswith(".py")):
        return None
    if room == "hal" and top in HARDWARE:
        return None
    return _elsewhere(top) or f"{room} may import of MicroPython: {sorted(STANDARD[room])}"


def _elsewhere(top):
    if top in HARDWARE:
        return "only hal imports hardware"
    if top == "aioble":
        return "only link/gatt imports aioble"
    return None


def _host(inner, name, top):
    if top == "holdfast" and not f"{name}.".startswith("holdfast.access."):
        return "of the firmware the host imports holdfast.access only"
    room = inner[1] if len(inner) > 2 else ""
    above = HOST_ABOVE.get(room, ())
    if top == inner[0] and name.count(".") and name.split(".")[1] in above:
        return f"{room} imports none of these rooms: {sorted(above)}"
    return None


def modules(*roots):
    """(path from the root of the project, source) of every module below ``roots``."""
    for root in roots:
        for path in sorted((ROOT / root).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text()


def library_graph(sources):
    """Library package -> library packages it imports, as the sources have it."""
    graph = {}
    for path, source in sources:
        package = path.split("/")[1]
        tops = {name.partition(".")[0] for _, name in imports(path, source)}
        graph.setdefault(package, set()).update(tops & set(LIBRARIES) - {package})
    return graph


def _module(path):
    """The dotted name of the module at ``path``."""
    name = ".".join(path.split("/")[1:])[: -len(".py")]
    return name[: -len(".__init__")] if name.endswith(".__init__") else name


def module_graph(sources):
    """Module -> modules it imports, wherever the import stands."""
    names = {_module(path) for path, _ in sources}
    graph = {}
    for path, source in sources:
        found = graph.setdefault(_module(path), set())
        for _, name in imports(path, source):
            while name and name not in names:
                name = name.rpartition(".")[0]
            if name and name != _module(path):
                found.add(name)
    return graph


def test_every_import_is_in_the_picture():
    """A shortcut between rooms is easily taken and hard to see; here it is named by its line."""
    sources = list(modules("lib", "firmware", "host_tools"))
    assert "lib/cbor/decoder.py" in dict(sources)
    assert [line for path, source in sources for line in refusals(path, source)] == []


def test_modules_do_not_go_in_circles():
    """Also not two files of one room: whoever reads one of them must read both."""
    graph = module_graph(list(modules("lib", "firmware", "host_tools")))
    graphlib.TopologicalSorter(graph).prepare()


# What a carrier's image must not have: whoever takes it off its wall would have it, too.
DECIDING = (
    "access.cards access.decide access.grant access.standing access.policy door.access_point"
    " door.card_reader door.doorway door.unit node.carriers node.node node.recorder node.stores"
    " resources storage.attempts storage.cache storage.events storage.policy sync.collector"
    " sync.dissemination sync.sources sync.time sync.trickle sync.uplink"
).split()
# Reads the changesets that name the authority's next key, when settings are brought.
INTAKE = "holdfast.storage.settings_intake"


def reachable(graph, start):
    """All modules that are loaded, now or later, once ``start`` is, packages included."""
    found, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        if name in found or name not in graph:
            continue
        found.add(name)
        waiting += [*graph[name], name.rpartition(".")[0]]
    return found


@pytest.mark.parametrize("role", ["carrier", "unix_carrier", "esp32_carrier"])
def test_a_carrier_has_nothing_that_decides(role):
    """Neither the decision nor a policy, a zone's key or the cards: by no import, also a late
    one.
    """
    graph = module_graph(list(modules("lib", "firmware")))
    assert "holdfast.access.decide" in reachable(graph, "holdfast.roles.reader")
    graph[INTAKE] = set()
    found = reachable(graph, f"holdfast.roles.{role}")
    assert {"holdfast.link.carrying", INTAKE, "edhoc.initiator"} <= found
    for module in sorted(found):
        for forbidden in DECIDING:
            assert not f"{module}.".startswith(f"holdfast.{forbidden}."), module


def test_libraries_do_not_go_in_circles():
    """Two packages that need each other are one; neither could be installed by itself."""
    graphlib.TopologicalSorter(LIBRARIES).prepare()
    graphlib.TopologicalSorter(library_graph(modules("lib"))).prepare()


def test_every_library_is_in_the_picture():
    """A package nobody entered would be held against nothing."""
    assert set(LIBRARIES) == {path.parent.name for path in ROOT.glob("lib/*/__init__.py")}


def test_rooms_are_small():
    """A file that passes about 300 lines is two rooms; 400 is where it stops."""
    sources = list(modules("lib", "firmware", "host_tools", "tests"))
    assert [p for p, source in sources if source.count("\n") > MAX_LINES] == []
    starts = [f"firmware/{name}.py" for name in ("boot", "main", "manifest")]
    sources = [(path, source) for path, source in sources if path in starts]
    assert [p for p, source in sources if source.count("\n") > MAX_LINES_AT_START] == []


@pytest.mark.parametrize(
    ("path", "source", "reason"),
    [
        ("lib/cbor/x.py", "import crypto", "cbor may import these libraries: ['untrusted']"),
        ("lib/cbor/x.py", "from coap.option import encode", "cbor may import"),
        ("lib/oscore/x.py", "from edhoc import Responder", "oscore may import"),
        ("lib/untrusted/__init__.py", "import cbor", "untrusted may import these libraries: []"),
        ("lib/cbor/x.py", "import asyncio", "a library may import of MicroPython"),
        ("lib/coap/stream.py", "import asyncio", "a library may import of MicroPython"),
        ("lib/cose/x.py", "import os", "a library may import of MicroPython"),
        ("lib/cose/x.py", "def f():\n    import socket", ":2: socket: a library may"),
        ("lib/cose/x.py", "from typing import Any", "a library may import of MicroPython"),
        ("lib/cose/x.py", "import dataclasses", "a library may import of MicroPython"),
        ("lib/crypto/assembly/x.py", "import cryptography", "a library may import of"),
        ("lib/crypto/assembly/x.py", "import cbor", "crypto may import these libraries"),
        ("lib/crypto/native/x.py", "import pathlib", "a library may import of MicroPython"),
        ("lib/crypto/portable/x.py", "import cryptography", "a library may import of MicroPython"),
        ("lib/cose/x.py", "m = __import__('os')", "__import__: a library may"),
        ("lib/cose/x.py", "import machine", "only hal imports hardware"),
        ("lib/cose/x.py", "from holdfast.access import reason", "a library may import"),
        ("lib/cose/x.py", "from boards import reader", "boards/ is never imported"),
        ("lib/new/__init__.py", "import cbor", "new is not in LIBRARIES"),
        ("firmware/holdfast/access/x.py", "import time", "access may import of MicroPython"),
        ("firmware/holdfast/access/x.py", "import asyncio", "access may import of MicroPython"),
        ("firmware/holdfast/access/x.py", "from ..hal import clock", "access may import these"),
        ("firmware/holdfast/access/x.py", "from .. import storage", "access may import these"),
        ("firmware/holdfast/access/x.py", "import holdfast", "access may import these rooms: []"),
        ("firmware/holdfast/storage/x.py", "import pathlib", "storage may import of MicroPython"),
        ("firmware/holdfast/door/x.py", "from ..link import session", "door may import these"),
        ("firmware/holdfast/link/x.py", "import holdfast.sync.peer", "link may import these"),
        ("firmware/holdfast/sync/x.py", "from ..storage import files", "sync may import these"),
        ("firmware/holdfast/storage/x.py", "from ..door import strike", "storage may import"),
        ("firmware/holdfast/resources/x.py", "from ..storage import files", "resources may"),
        ("firmware/holdfast/node/x.py", "from ..hal.unix import radio", "node may import these"),
        ("firmware/holdfast/door/x.py", "from ..node import stores", "door may import these"),
        ("firmware/holdfast/link/x.py", "from ..hal.unix import radio", "link may import these"),
        ("firmware/holdfast/link/x.py", "from ..roles import reader", "link may import these"),
        ("firmware/holdfast/link/session.py", "import aioble", "only link/gatt imports aioble"),
        ("firmware/holdfast/link/gatt/x.py", "import bluetooth", "only hal imports hardware"),
        ("firmware/holdfast/hal/esp32/x.py", "import aioble", "only link/gatt imports aioble"),
        ("firmware/holdfast/door/x.py", "from machine import Pin", "only hal imports hardware"),
        ("firmware/holdfast/roles/x.py", "import network", "only hal imports hardware"),
        ("firmware/holdfast/hal/x.py", "from ..access import reason", "hal may import these"),
        ("firmware/holdfast/stray.py", "import sys", "stray.py is not in ROOMS"),
        ("firmware/holdfast/attic/x.py", "import sys", "attic is not in ROOMS"),
        ("firmware/main.py", "from holdfast.access import decide", "main.py may import these"),
        ("firmware/main.py", "import cbor", "main.py may import of MicroPython"),
        ("firmware/boot.py", "import machine", "only hal imports hardware"),
        ("host_tools/holdfast_host/x.py", "from holdfast import link", "holdfast.access only"),
        ("host_tools/holdfast_host/x.py", "import holdfast.accessory", "holdfast.access only"),
        ("host_tools/holdfast_host/x.py", "import holdfast", "holdfast.access only"),
        ("host_tools/holdfast_host/x.py", "import boards.reader", "boards/ is never imported"),
    ],
)
def test_a_wrong_import_is_refused(path, source, reason):
    """A checker that cannot refuse would keep a picture nobody follows."""
    (refusal,) = refusals(path, source)
    assert refusal.startswith(f"{path}:") and reason in refusal


def test_right_imports_are_not_refused():
    """The other side: what the picture allows, in each form an import can take."""
    for path, source in [
        ("lib/cbor/x.py", "import struct, untrusted\nfrom . import x\nfrom .types import Tag"),
        ("lib/crypto/portable/x.py", "from .. import hkdf\nimport crypto.hkdf"),
        ("lib/crypto/hosted.py", "from cryptography.hazmat.primitives import hashes"),
        ("lib/coap/server.py", "import asyncio"),
        ("lib/crypto/assembly/x.py", "import pathlib"),
        ("firmware/holdfast/access/x.py", "from . import reason\nimport holdfast.access.rule"),
        ("firmware/holdfast/link/gatt/x.py", "import aioble\nfrom ...access import reason"),
        ("firmware/holdfast/hal/esp32/x.py", "from machine import Pin\nfrom .. import unix"),
        ("firmware/holdfast/roles/x.py", "import cbor\nfrom ..hal import x\nfrom .. import link"),
        ("firmware/main.py", "import sys\nfrom holdfast.roles import reader"),
        ("host_tools/holdfast_host/x.py", "import os, rich, cose\nfrom holdfast import access"),
    ]:
        assert refusals(path, source) == [], path


def test_a_circle_is_seen():
    """Also where one of the two imports is hidden in a function."""
    circle = [("lib/cbor/x.py", "import cose.key"), ("lib/cose/x.py", "def f():\n    import cbor")]
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter(library_graph(circle)).prepare()
    lazily = "def f():\n    import cbor.x"
    circle = [("lib/cbor/x.py", "from .y import z"), ("lib/cbor/y.py", lazily)]
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter(module_graph(circle)).prepare()
