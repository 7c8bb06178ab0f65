"""What goes into a board's image, by MicroPython's own reading of its manifest.

A module missing from an image shows on a door, and one too many costs flash. micropython-lib is
not part of MicroPython's source, so packages of the same names stand in for it; aioble's are cut
up as the real ones are, which are read where ``AIOBLE_PATH`` lies in a checkout of them.
"""

import ast
import importlib.util
import os
import pathlib
import re
import shutil
import types

import pytest
from join import config
from join.join import Joined

from esp32_boards import BOARDS, ROOT, each_board, source

# Which files of aioble each of its packages brings.
AIOBLE = {
    "aioble-core": ("__init__.py", "core.py", "device.py"),
    "aioble-server": ("server.py",),
    "aioble-peripheral": ("peripheral.py",),
    "aioble-central": ("central.py",),
    "aioble-client": ("client.py",),
}
OURS = {"aioble/" + name for package in list(AIOBLE)[:3] for name in AIOBLE[package]}


def manifestfile(tree: pathlib.Path) -> types.ModuleType:
    found = importlib.util.spec_from_file_location("manifestfile", tree / "tools/manifestfile.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def library(folder: pathlib.Path, tree: pathlib.Path) -> pathlib.Path:
    """A micropython-lib with what the port's manifest asks for, and with aioble."""
    asked = (tree / "ports/esp32/boards/manifest.py").read_text()
    for name in re.findall(r'require\("([^"]+)"\)', asked):
        module = name.replace(".", "_").replace("-", "_")
        package(folder / "python-ecosys" / name, f'module("{module}.py")')
        (folder / "python-ecosys" / name / f"{module}.py").write_text("")
    bluetooth = folder / "micropython" / "bluetooth"
    (bluetooth / "aioble" / "aioble").mkdir(parents=True)
    for name, files in AIOBLE.items():
        lines = [] if name == "aioble-core" else ['require("aioble-core")']
        lines.append(f'package("aioble", files={files}, base_path="../aioble")')
        package(bluetooth / name, *lines)
        for file in files:
            (bluetooth / "aioble" / "aioble" / file).write_text("")
    return folder


def package(folder: pathlib.Path, *lines: str) -> None:
    folder.mkdir(parents=True)
    (folder / "manifest.py").write_text("\n".join(['metadata(version="0.1.0")', *lines]))


@pytest.fixture
def checkout(tmp_path) -> pathlib.Path:
    """A checkout in which everything was built: boards, sources, modules and machine code."""
    root = tmp_path / "holdfast"
    root.mkdir()
    shutil.copytree(ROOT / "boards", root / "boards")
    for name in ("lib", "firmware"):
        (root / name).symlink_to(ROOT / name)
    for architecture in ("rv32imc", "xtensawin"):
        machine_code = root / "build" / "native" / architecture / "crypto" / "native"
        machine_code.mkdir(parents=True)
        (machine_code / f"for_{architecture}.mpy").write_bytes(b"")
    modules = root / "build" / "joined" / "esp32" / "modules"
    (modules / "holdfast" / "roles").mkdir(parents=True)
    (modules / "hf.py").write_text("")
    return root


def frozen(checkout, board, manifest: str, lib: pathlib.Path) -> dict:
    """Files of the image by their names on the board."""
    tree = source()
    tool = manifestfile(tree)
    places = {"MPY_DIR": tree, "PORT_DIR": tree / "ports/esp32", "MPY_LIB_DIR": lib}
    places["BOARD_DIR"] = checkout / "boards" / board.name
    image = tool.ManifestFile(tool.MODE_FREEZE, {name: str(path) for name, path in places.items()})
    image.execute(str(places["BOARD_DIR"] / manifest))
    targets = [file.target_path for file in image.files()]
    assert len(set(targets)) == len(targets), "a name is frozen twice, and the second never seen"
    return {file.target_path: pathlib.Path(file.full_path) for file in image.files()}


def of_port_and_aioble(board, found: set) -> None:
    """What every image has, whatever the form of our part."""
    assert {"_boot.py", "flashbdev.py", "inisetup.py", "asyncio/core.py"} <= found
    assert {name for name in found if name.startswith("aioble/")} == OURS
    machine_code = {name for name in found if name.endswith(".mpy")}
    assert machine_code == {f"crypto/native/for_{board.architecture}.mpy"}
    assert "main.py" in found


@each_board
def test_joined_image(checkout, tmp_path, board):
    """The joined modules, and none of the sources they were made of."""
    found = frozen(checkout, board, "manifest.py", library(tmp_path / "lib", source()))
    of_port_and_aioble(board, set(found))
    assert "hf.py" in found
    assert found["main.py"].parent.name == "start"
    assert not {name for name in found if name.startswith(("holdfast/", "coap/", "cbor/"))}


@each_board
def test_plain_image(checkout, tmp_path, board):
    """All of lib and firmware as it lies in the sources, for this platform and no other."""
    found = frozen(checkout, board, "manifest_plain.py", library(tmp_path / "lib", source()))
    of_port_and_aioble(board, set(found))
    assert "hf.py" not in found
    assert found["main.py"].parent.name == "firmware"
    assert {"holdfast/roles/reader.py", "coap/message.py", "crypto/native/x25519.py"} <= set(found)
    elsewhere = ("holdfast/hal/unix/", "crypto/assembly/", "crypto/hosted.py")
    assert not {name for name in found if name.startswith(elsewhere)}


@pytest.mark.parametrize("missing", ["native/rv32imc", "joined/esp32"])
def test_what_was_not_built_is_said(checkout, tmp_path, missing):
    """An image without machine code would work, and take seconds for an unlock."""
    shutil.rmtree(checkout / "build" / missing)
    board = next(board for board in BOARDS if board.architecture == "rv32imc")
    with pytest.raises(SystemExit, match="run `make (native|esp32-joined)`"):
        frozen(checkout, board, "manifest.py", library(tmp_path / "lib", source()))


def test_aioble_is_cut_up_as_it_is_here(tmp_path):
    """The stand-in's packages bring the files that the real ones bring."""
    checkout = pathlib.Path(os.environ.get("AIOBLE_PATH", "/nowhere")).parent
    if not (checkout / "aioble-core" / "manifest.py").exists():
        pytest.skip("AIOBLE_PATH is not in a checkout of micropython-lib")
    tool = manifestfile(source())
    for name, files in AIOBLE.items():
        image = tool.ManifestFile(tool.MODE_FREEZE, {"MPY_LIB_DIR": str(checkout.parent.parent)})
        image.execute(f'require("{name}")')
        expected = {"aioble/" + file for file in (*AIOBLE["aioble-core"], *files)}
        assert {file.target_path for file in image.files()} == expected, name


def test_what_starts_a_joined_image_is_in_it():
    """Joined, only a root answers to its name: another import would fail at a door. The rest is
    for the cable (host_tools/holdfast_host/boards/cabled.py).
    """
    roots = set(config.read(ROOT / "boards" / "esp32" / "joined.toml").roots)
    roots.remove("holdfast.roles.proof")
    main = ast.parse((ROOT / "boards" / "esp32" / "start" / "main.py").read_text())
    imported = {
        f"{node.module}.{name.name}"
        for node in ast.walk(main)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    assert imported == roots


def test_the_joiner_takes_the_role(tmp_path):
    """The role joins into one module a moment of loading, without another platform's hal."""
    described = config.read(ROOT / "boards" / "esp32" / "joined.toml")
    role = described.roots[0].replace(".", "/") + ".py"
    if not (ROOT / "firmware" / role).exists():
        pytest.skip(f"no {role}")
    if not described.compiled[0].is_dir():
        pytest.skip("no machine code: make native")
    joined = Joined(described)
    joined.write(tmp_path)
    assert (tmp_path / "modules" / "hf.py").exists()
    assert "holdfast.hal.unix" not in (tmp_path / "map.json").read_text()
