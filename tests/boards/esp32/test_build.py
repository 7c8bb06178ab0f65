"""The port's own make, unchanged, with each of our folders as BOARD_DIR, until ESP-IDF begins.

No compiler for these chips is here, so no image is made. The port's Makefile and CMake read our
folder, and hand ESP-IDF a configuration. In its place stand an idf.py that starts CMake, and a
project.cmake that writes down what it was handed.
"""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from esp32_boards import BOARDS, FOLDER, ROOT, each_board, idf, source

SECURE = FOLDER / "esp32" / "sdkconfig.secure"
_IDF_PY = """#!/bin/sh
# The last argument is the goal; the rest is CMake's.
set -- "$@" end
while [ "$2" != end ]; do set -- "$@" "$1"; shift; done
shift 2
exec cmake -S . "$@"
"""
_PROJECT = """
function(idf_build_set_property)
endfunction()
macro(project)
    _project(standin NONE)
    file(WRITE ${CMAKE_BINARY_DIR}/handed "${IDF_TARGET}\\n${MICROPY_FROZEN_MANIFEST}\\n")
    include(${CMAKE_SOURCE_DIR}/../../py/usermod.cmake)
    get_target_property(wrapped usermod_resident INTERFACE_LINK_OPTIONS)
    file(WRITE ${CMAKE_BINARY_DIR}/wrapped "${wrapped}\\n${MICROPY_SOURCE_USERMOD}\\n")
endmacro()
"""


@pytest.fixture
def espressif(tmp_path, monkeypatch) -> pathlib.Path:
    """An ESP-IDF that only writes down, at IDF_PATH and in PATH."""
    if not shutil.which("cmake"):
        pytest.skip("no cmake")
    folder = tmp_path / "esp-idf"
    (folder / "tools" / "cmake").mkdir(parents=True)
    (folder / "tools" / "cmake" / "project.cmake").write_text(_PROJECT)
    (folder / "idf.py").write_text(_IDF_PY)
    (folder / "idf.py").chmod(0o755)
    monkeypatch.setenv("IDF_PATH", str(folder))
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    for name in ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "MPY_DIR"):
        monkeypatch.delenv(name, raising=False)
    return folder


def settings(text: str) -> dict:
    """What a sdkconfig says last of each key."""
    return dict(re.findall(r"^(CONFIG_\w+)=(.*)$", text, re.MULTILINE))


def handed(tree, board, out: pathlib.Path, *arguments: str) -> tuple:
    """(chip, manifest, settings) that ESP-IDF gets."""
    subprocess.run(
        ["make", "-C", tree / "ports/esp32", f"BOARD_DIR={board.folder}", f"BUILD={out}", "size"]
        + list(arguments),
        check=True,
        capture_output=True,
        text=True,
    )
    chip, manifest = (out / "handed").read_text().split()
    return chip, pathlib.Path(manifest), settings((out / "sdkconfig.combined").read_text())


@each_board
def test_port_takes_the_board(tmp_path, board, request):
    tree = source()
    request.getfixturevalue("espressif")
    chip, manifest, config = handed(tree, board, tmp_path / "build")
    assert chip == board.chip
    assert manifest == board.folder / "manifest.py"
    table = pathlib.Path(config["CONFIG_PARTITION_TABLE_CUSTOM_FILENAME"].strip('"'))
    assert config["CONFIG_PARTITION_TABLE_CUSTOM"] == "y"
    assert table.is_absolute() and table.resolve().parent == FOLDER / "esp32"
    assert config[f"CONFIG_ESPTOOLPY_FLASHSIZE_{board.flash >> 20}MB"] == "y"
    sizes = [key for key in config if "ESPTOOLPY_FLASHSIZE" in key and config[key] == "y"]
    assert len(sizes) == 1, "two sizes of flash"
    if board.flash == 4 << 20:
        assert config["CONFIG_COMPILER_OPTIMIZATION_SIZE"] == "y", "too large for its slot"
        assert config["CONFIG_COMPILER_OPTIMIZATION_PERF"] == "n"
    assert config["CONFIG_BT_NIMBLE_ENABLED"] == "y"
    assert config["CONFIG_BT_NIMBLE_SVC_GAP_DEVICE_NAME"] == '"Holdfast"'


@each_board
def test_plain_form_by_the_port_s_own_switch(tmp_path, board, request):
    tree = source()
    request.getfixturevalue("espressif")
    plain = board.folder / "manifest_plain.py"
    assert plain.exists()
    _, manifest, _ = handed(tree, board, tmp_path / "build", f"FROZEN_MANIFEST={plain}")
    assert manifest == plain


def test_a_file_of_ones_own_has_the_last_word(tmp_path, monkeypatch, request):
    """Secure boot is turned on for one build, by whoever means it, and for no other."""
    tree = source()
    request.getfixturevalue("espressif")
    monkeypatch.setenv("HOLDFAST_SDKCONFIG", str(SECURE))
    _, _, config = handed(tree, BOARDS[0], tmp_path / "build")
    assert config["CONFIG_SECURE_BOOT"] == "y"


def ours(*more: pathlib.Path) -> dict:
    """Keys that our own files set, and where."""
    files = [FOLDER / "esp32" / "sdkconfig.holdfast", *FOLDER.glob("*/sdkconfig.board"), *more]
    return {key: file for file in files for key in settings(file.read_text())}


def test_keys_are_the_port_s_or_espressif_s():
    """A key that is misspelt is passed over in silence, and the board is another one."""
    boards = source() / "ports" / "esp32" / "boards"
    known = set()
    for file in boards.rglob("sdkconfig*"):
        known |= set(settings(file.read_text()))
    unknown = {key: file for key, file in ours(SECURE).items() if key not in known}
    if not unknown:
        return
    known = set()
    for file in idf().rglob("Kconfig*"):
        known |= set(re.findall(r"^\s*(?:menu)?config (\w+)", file.read_text(), re.MULTILINE))
    assert not {key for key in unknown if key.removeprefix("CONFIG_") not in known}


@each_board
def test_what_lies_in_rom_is_looked_for_there(tmp_path, board, request):
    """By the port's own reading of user modules: the file, and what it stands before."""
    tree = source()
    request.getfixturevalue("espressif")
    handed(tree, board, tmp_path / "build")
    options, made_of = (tmp_path / "build" / "wrapped").read_text().split()
    makefile = (FOLDER / "resident" / "micropython.mk").read_text()
    assert sorted(options.split(";")) == sorted(re.findall(r"-Wl,--wrap=\w+", makefile))
    files = {pathlib.Path(file).resolve() for file in made_of.split(";")}
    assert files == set((FOLDER / "resident").glob("*.c"))


def test_no_key_turns_a_fuse():
    """Secure boot and flash encryption cannot be undone: never by a default."""
    assert not [key for key in ours() if "SECURE" in key or "ENCRYPT" in key]


def test_folders_of_boards_are_read_in_place():
    """What board.json names is there."""
    for file in FOLDER.glob("*/board.json"):
        for name in re.findall(r'"(\.\./[^"]+)"', file.read_text()):
            assert (file.parent / name).exists(), f"{file.relative_to(ROOT)}: {name}"
