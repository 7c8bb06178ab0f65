"""``holdfast board list``: at which ports a board may be, and what keeps somebody from it."""

import pytest
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from holdfast_host.boards import cable


def _port(device, vid=None, description="n/a"):
    port = ListPortInfo(str(device))
    port.vid, port.description = vid, description
    return port


@pytest.fixture
def plugged(monkeypatch):
    """``plugged(port, ...)``: what the system says is there; no machine of ours has a board."""

    def plug(*found):
        monkeypatch.setattr(list_ports, "comports", lambda: list(found))

    return plug


def test_nothing_is_plugged_in(holdfast, plugged):
    """A port of the mainboard is no board."""
    plugged(_port("/dev/ttyS0"))
    shown = holdfast("board", "list")
    assert shown.code == 0 and "no board" in shown.out and "only charge" in shown.out
    assert holdfast("board", "list", "--json").json == {"ports": []}


def test_ports_by_name_with_what_is_there(holdfast, plugged, tmp_path):
    """Who makes the chip is said by USB, or what it calls itself."""
    first, second = tmp_path / "ttyACM0", tmp_path / "ttyUSB0"
    for one in (first, second):
        one.touch()
    plugged(_port(second, 0x1234, "A lamp"), _port(first, 0x303A))
    shown = holdfast("board", "list", "--json").json["ports"]
    assert shown == [
        {"port": str(first), "what": "Espressif", "yours": True},
        {"port": str(second), "what": "A lamp", "yours": True},
    ]
    assert "usermod" not in holdfast("board", "list").out


def test_what_to_do_where_one_may_not_open_a_port(holdfast, plugged, tmp_path, monkeypatch):
    """The commonest first hour of anybody on Linux."""
    port = tmp_path / "ttyACM0"
    port.touch()
    plugged(_port(port, 0x303A))
    monkeypatch.setattr(cable, "_may_open", lambda device: False)
    shown = holdfast("board", "list")
    assert shown.code == 0 and "you may not open it" in shown.out and "usermod -aG" in shown.out
