"""firmware/manifest.py is the one list of what is frozen into an image, run here as a build does.

A module missing from an image shows on a door, and one too many costs flash on every board.
"""

import pathlib
import types

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
MANIFEST = ROOT / "firmware" / "manifest.py"


class Options(types.SimpleNamespace):
    """What makemanifest gives a manifest: arguments of include(), over its defaults."""

    def defaults(self, **values):
        for name, value in values.items():
            if not hasattr(self, name):
                setattr(self, name, value)


def frozen(monkeypatch, **options) -> set:
    """Paths of all files that a build with these options freezes."""
    found = set()

    def package(name, files, base_path):
        for file in files:
            path = pathlib.Path(base_path) / name / file
            assert path.exists(), path
            found.add(path.relative_to(ROOT).as_posix())

    monkeypatch.chdir(MANIFEST.parent)
    code = compile(MANIFEST.read_text(), str(MANIFEST), "exec")
    exec(code, {"options": Options(**options), "package": package})
    return found


def sources(*folders) -> set:
    return {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
    }


@pytest.mark.parametrize("platform", ["", "unix", "esp32", "unix esp32"])
def test_an_image_has_everything_and_its_platform(monkeypatch, platform):
    """All of lib and firmware goes along, but for what needs CPython and the other platforms."""
    left_out = {"lib/crypto/hosted.py"} | sources("lib/crypto/assembly")
    for folder in (ROOT / "firmware/holdfast/hal").iterdir():
        if folder.is_dir() and folder.name not in [*platform.split(), "__pycache__"]:
            left_out |= sources(f"firmware/holdfast/hal/{folder.name}")
    assert frozen(monkeypatch, hal=platform) == sources("lib", "firmware/holdfast") - left_out


def test_a_board_that_names_no_platform_gets_none(monkeypatch):
    """Code that drives another platform's pins is worse than none."""
    assert not [name for name in frozen(monkeypatch) if name.count("/") > 3 and "/hal/" in name]
