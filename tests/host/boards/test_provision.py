"""``holdfast board provision`` by the real mpremote over a pseudo-terminal: from bare to proven,
cut anywhere and brought to its end by the same command; and what a board lacks is told before it
is sent anything.
"""

import json

import pytest
from join import config
from join.join import Joined

from conftest import ROOT
from crashing import TORTURE
from holdfast_host.boards import cable, fit
from holdfast_host.site import devices
from holdfast_host.site import site as sites
from virtual_board import IN_IMAGE, VirtualBoard

KEY = "a secret of the building"


@pytest.fixture
def firmware(tmp_path):
    """As `make firmware` lays it out, small: the image has the rest."""
    folder = tmp_path / "mpy"
    (folder / "lib" / "door").mkdir(parents=True)
    (folder / "main.py").write_bytes((IN_IMAGE[0] / "main.py").read_bytes())
    for name in ("a.py", "b.py"):
        (folder / "lib" / "door" / name).write_text(f"NAME = {name!r}\n" * 100)
    (folder / "form.json").write_text(json.dumps({"mcu": "esp32s3", "heap": 325632}))
    return folder


@pytest.fixture
def lan(tmp_path):
    path = tmp_path / "lan.json"
    path.write_text(json.dumps({"ssid": "doors", "key": KEY}))
    return path


@pytest.fixture
def provision(holdfast, site_folder, firmware):
    """``provision(board, ...)``: the command for the door ``side``, in JSON."""

    def run(board, *more, site=site_folder):
        words = ["--site", site, "--door", "side", "--firmware", firmware]
        ran = holdfast("board", "provision", board.device, *words, "--json", *more)
        assert KEY not in ran.out + ran.err
        return ran

    return run


def _files(board):
    with cable.Cable(board.device) as wire:
        wire.enter()
        return wire.hashes(["/main.py", "/lan.json", "/settings.sealed", "/settings.cbor"])


def test_from_bare_to_proven_and_once_more(
    tmp_path, holdfast, provision, site_folder, firmware, lan
):
    """The second time nothing is sent and nothing is signed: it is only proven again."""
    with VirtualBoard(tmp_path, image=IN_IMAGE) as board:
        first = provision(board, "--network", lan)
        assert first.code == 0, first.err
        number = sites.load(site_folder).policy().number
        again = provision(board)
        assert again.code == 0, again.err
        proven = holdfast("board", "verify", board.device, "--site", site_folder, "--json")
        (firmware / "lib" / "door" / "a.py").write_text("NAME = 'another'")
        words = ["--site", site_folder, "--firmware", firmware, "--json"]
        differs = holdfast("board", "verify", board.device, *words)
        files = _files(board)
    assert proven.code == 0 and proven.json["fingerprint"] == first.json["fingerprint"]
    assert differs.code == 1 and "/lib/door/a.py" in differs.json["error"]
    assert (first.json["sent"], first.json["enrolled_before"]) == (4, False)
    assert (again.json["sent"], again.json["enrolled_before"]) == (0, True)
    assert first.json["fingerprint"] == again.json["fingerprint"]
    assert sites.load(site_folder).policy().number == number == again.json["policy"][0]
    assert files["/lan.json"] and files["/settings.sealed"] and files["/settings.cbor"] is None
    found = devices.require(devices.load(site_folder), "side")
    assert found.doors == ("side",) and len(found.ctis) == 2


WRONG = {
    "another chip": (
        {"machine": "Generic ESP32C3 module with ESP32C3"},
        "is a esp32c3",
        "make fi",
    ),
    "no ESP32": (
        {"platform": "rp2", "machine": "Pico with RP2040"},
        "is no ESP32",
        "take a board",
    ),
    "an old one": ({"version": (1, 19, 1, "")}, "has MicroPython 1.19.1", "flash a newer"),
    "little heap": ({"heap": 100000}, "opens in 325,632", "PSRAM"),
    "read-only": ({"readonly": True}, "read-only", "boot.py"),
    "a full disk": ({"blocks": 4}, "is full", "erase it"),
    "unplugged": ({"unplug_after": 6000}, "was it unplugged", "run the same command again"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_told_in_a_line(tmp_path, provision, site_folder, what):
    """With what to do; and nothing is signed for a board that does not become one."""
    asked, cause, step = WRONG[what]
    before = devices.load(site_folder)
    with VirtualBoard(tmp_path, image=IN_IMAGE, **asked) as board:
        ran = provision(board)
    assert ran.code == 1
    assert cause in ran.json["error"] and step in ran.json["next"]
    assert devices.load(site_folder) == before


class Killed(BaseException):
    """As SIGKILL is to what cleans up: nothing of it runs at the board any more."""


def _killing(monkeypatch, at, after):
    """Let the ``at``-th thing that is written to or started at the board be the last; before it
    is done, or ``after``.
    """
    count, is_dead = [0], [False]
    for name in ("write", "restart", "remove"):
        real = getattr(cable.Cable, name)

        def act(self, *given, real=real, **named):
            if is_dead[0]:
                raise Killed
            count[0] += 1
            if count[0] != at:
                return real(self, *given, **named)
            if after:
                real(self, *given, **named)
            is_dead[0] = True
            raise Killed

        monkeypatch.setattr(cable.Cable, name, act)
    enter = cable.Cable.enter

    def enter_alive(self):
        if is_dead[0]:
            raise Killed
        enter(self)

    monkeypatch.setattr(cable.Cable, "enter", enter_alive)


STEPS = 9  # 3 files, policy and settings; a start for its keys, for its settings, for its proof


@pytest.mark.parametrize("at", range(1, STEPS) if TORTURE else (2, 6))
def test_killed_at_each_transfer_and_start_it_goes_on(
    tmp_path, provision, site_folder, monkeypatch, at
):
    """Before and after each; one board, one entry in the register, one key."""
    is_after = at % 2 == 0
    with VirtualBoard(tmp_path, image=IN_IMAGE) as board:
        with monkeypatch.context() as patch:
            _killing(patch, at, is_after)
            with pytest.raises(Killed):
                provision(board)
        again = provision(board)
        assert again.code == 0, again.err + again.out
        files = _files(board)
    assert files["/settings.sealed"] and files["/settings.cbor"] is None
    found = devices.require(devices.load(site_folder), "side")
    assert found.doors == ("side",) and not found.revoked


def test_a_board_of_another_site(tmp_path, provision, site_folder):
    """It stays what it is, unless it is taken over: it has other keys then."""
    with VirtualBoard(tmp_path, image=IN_IMAGE) as board:
        first = provision(board)
        assert first.code == 0, first.err
        before = _files(board)
        devices.save(site_folder, [])  # the site that it is of is not this one
        refused = provision(board)
        assert refused.code == 1 and "another site's" in refused.json["error"]
        assert "--take-over" in refused.json["next"] and _files(board) == before
        taken = provision(board, "--take-over")
        assert taken.code == 0, taken.err
    assert taken.json["fingerprint"] != first.json["fingerprint"]


def test_a_joined_image_proves_the_same(tmp_path, holdfast, provision, site_folder, firmware):
    """As boards have it: in it only a few modules answer to their names."""
    described = ROOT / "boards" / "esp32" / "joined.toml"
    wanted = config.read(described)
    if not wanted.compiled[0].is_dir():
        pytest.skip("no machine code: make native")
    Joined(wanted).write(tmp_path / "joined")
    start = described.parent / "start" / "main.py"
    (firmware / "main.py").write_bytes(start.read_bytes())
    with VirtualBoard(tmp_path, image=[tmp_path / "joined" / "modules"]) as board:
        first = provision(board)
        assert first.code == 0, first.err + first.out
        proven = holdfast("board", "verify", board.device, "--site", site_folder, "--json")
    assert proven.code == 0 and proven.json["fingerprint"] == first.json["fingerprint"]


def test_firmware_that_is_none_is_refused_before_a_port_is_opened(tmp_path):
    """A slip in the folder's name."""
    with pytest.raises(fit.UsageProblem, match="no firmware to copy"):
        fit.firmware(tmp_path)
