"""A board on a cable becomes one of a site by the same steps as a process on this machine does."""

import time

import pytest

from holdfast_host.boards import enrol
from holdfast_host.boards.cable import Cable
from holdfast_host.boards.cabled import CabledBoard
from holdfast_host.credentials.authority import Authority
from holdfast_host.credentials.secret import Secret
from holdfast_host.errors import UsageProblem
from holdfast_host.site import devices
from holdfast_host.site import site as sites
from holdfast_host.site.keys import Keys
from virtual_board import IN_IMAGE, VirtualBoard

MAIN = (IN_IMAGE[0] / "main.py").read_bytes()


@pytest.fixture
def site(tmp_path):
    keys = Keys(Authority.generate(), Secret.generate())
    made = {"secret": keys.secret, "kdf_rounds": 1}
    sites.create(tmp_path / "site", "acme", ["guests"], keys.authority, "correct horse", **made)
    return sites.load(tmp_path / "site"), keys


def test_a_bare_board_becomes_one_of_the_site(tmp_path, site):
    """It makes its own keys with its radio on, takes the settings that are signed for them, and
    says itself, started anew, which changeset it follows. The settings' secret stays sealed.
    """
    made, keys = site
    placement = enrol.Placement("front", ["guests"])
    with VirtualBoard(tmp_path, image=IN_IMAGE) as board, Cable(board.device) as cable:
        cable.enter()
        cable.send({"/main.py": MAIN})
        wired = CabledBoard(cable)
        enrolled = enrol.take_in(wired, made, keys, placement, now=int(time.time()))
        (device,) = devices.load(made.folder)
        assert (device.id, device.doors) == ("front", ("front",))
        assert device.key == enrolled.keys[0].x and set(enrolled.keys) == {0, 2}
        assert enrolled.clock.standing == "right", "it was set"
        cable.enter()
        names = cable.run("import os\nprint(*os.listdir('/'))").split()
        assert {"settings.sealed", "device.key", "device_p256.key"} <= set(names)
        assert "settings.cbor" not in names
        assert keys.secret.lookup_key(1) not in cable.read("/settings.sealed")
        with pytest.raises(UsageProblem, match="enrolled already"):
            enrol.take_in(wired, made, keys, placement, now=int(time.time()))
        assert cable.read("/settings.sealed") is not None, "it stays what it was"


def test_a_board_without_firmware_says_so(tmp_path, site):
    """And nothing is signed for it."""
    made, keys = site
    with VirtualBoard(tmp_path) as board, Cable(board.device) as cable:
        cable.enter()
        cable.send({"/main.py": MAIN + b"raise SystemExit\n"})
        placement = enrol.Placement("front", ["guests"])
        with pytest.raises(UsageProblem, match="no module named 'holdfast'"):
            enrol.take_in(CabledBoard(cable), made, keys, placement, now=int(time.time()))
    assert devices.load(made.folder) == []
