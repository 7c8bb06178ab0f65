"""Readers on a LAN of loopback, and phones whose credentials say what they may do there."""

import contextlib
import pathlib
import shutil

import pytest

from conftest import ROOT
from holdfast_host.boards.process import ReaderProcess


@pytest.fixture
def on_lan(tmp_path_factory, monkeypatch):
    """Readers that are started from now on are on the LAN, at UDP port ``reader.port``."""
    root = tmp_path_factory.mktemp("firmware")
    (root / "firmware").mkdir()
    (root / "lib").symlink_to(ROOT / "lib")
    (root / "firmware" / "holdfast").symlink_to(ROOT / "firmware" / "holdfast")
    main = pathlib.Path(ROOT / "tests" / "support" / "lan_main.py")
    shutil.copy(main, root / "firmware" / "main.py")
    monkeypatch.setenv("HOLDFAST_FIRMWARE", str(root / "firmware"))


@pytest.fixture
def node(on_lan, reader_folder):
    """The reader of the site, running, on the LAN."""
    with ReaderProcess(reader_folder) as process:
        yield process


@pytest.fixture
def at():
    """``at(process)``: where it is, as a command takes it."""
    return lambda process: f"127.0.0.1:{process.port}"


@pytest.fixture
def processes():
    """Closes what a test starts."""
    with contextlib.ExitStack() as stack:
        yield stack
