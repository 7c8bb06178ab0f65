"""A reader on a LAN of loopback."""

import socket

import pytest

from holdfast_host.boards import process as reader_process
from holdfast_host.boards.process import ReaderProcess
from host.bearers import bearers

HOST = "127.0.0.1"
# A user is told after half a minute that nothing starts; a machine that others use takes its time.
reader_process.START_SECONDS = 600.0


def free_port():
    """A UDP port of loopback that nobody had a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


@pytest.fixture
def node(reader_folder):
    """The reader of the site, running, on the LAN."""
    with ReaderProcess(reader_folder, lan=(free_port(), HOST)) as process:
        yield process


@pytest.fixture
def at():
    """``at(process)``: where it is, as a command takes it."""
    return lambda process: f"{HOST}:{process.lan[0]}"


@pytest.fixture
def bearer(holdfast, site_folder, tmp_path):
    """``bearer("carry-events")``: a phone of its own with these permissions."""
    return bearers(holdfast, site_folder, tmp_path)
