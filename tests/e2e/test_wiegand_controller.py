"""Wiegand readers at a controller's doors (wiring c), as a process: one key of its settings says
so, its status shows it, and each reader's cards are for its own door.
"""

import time

import pytest

from holdfast.access import tag
from holdfast.access.credential import ROLE_CONTROLLER
from holdfast.access.place import DOOR
from holdfast.access.request import ADMINISTER, UNLOCK
from holdfast.door.wiegand import Format
from holdfast_host import files
from holdfast_host.boards import enrol
from holdfast_host.boards.process import ReaderProcess
from holdfast_host.boards.settings import Placement
from holdfast_host.credentials.authority import Authority
from holdfast_host.credentials.secret import Secret
from holdfast_host.demo.people import People
from holdfast_host.phone.carrier import Carrier
from holdfast_host.phone.link import TcpLink
from holdfast_host.site import site as sites
from holdfast_host.site.keys import Keys

WAIT = 300  # seconds of a machine that others use, too
CARD = bytes.fromhex("0c8707")  # facility 12, number 34567


def _now():
    return int(time.time())


@pytest.fixture(scope="module")
def inside(tmp_path_factory):
    """The folder of a controller of two doors, whose policy opens the first to the card, and who
    may administer it.
    """
    folder = tmp_path_factory.mktemp("site")
    opened = Keys(Authority.generate(), Secret.generate())
    authority, secret = opened.authority, opened.secret
    sites.create(folder / "acme", "acme", [], authority, "pass" * 5, secret=secret, kdf_rounds=4)
    placement = Placement(
        "hall", (), 200, "ctl", role=ROLE_CONTROLLER, other_doors=("vault",), wiring="wiegand"
    )
    state = folder / "ctl"
    enrol.enroll(state, sites.load(folder / "acme"), opened, placement, now=_now())
    site = sites.load(folder / "acme")
    number = tag.card_key(site.lookup_key(secret), tag.CARD, CARD)
    operations = [[5, 1, [[[DOOR, "hall"], UNLOCK, None]]], [6, number, 1, None]]
    site.change_policy(authority, lambda state: operations, _now())
    policy = sites.load(folder / "acme").policy().for_reader(authority)
    files.write(state / enrol.POLICY, policy, files.PRIVATE)
    people = People(authority, ("hall", "vault"), _now)
    return state, people.holder("caretaker", permissions=ADMINISTER)


def _shown(process, **what):
    """What a controller makes of the card at a reader."""
    begin = len(process.events)
    process.put(wiegand="".join(map(str, Format("26").frame(CARD))), **what)
    said = process.wait(lambda one: one.get("event") == "access", since=begin, timeout=WAIT)
    assert said is not None, process.events[begin:]
    return said["door"], said["granted"], said["reason"]


def test_each_reader_is_its_own_doors_and_status_says_so(inside):
    """The same card opens the one door and not the other, whichever reader's wires it comes by."""
    state, caretaker = inside
    with ReaderProcess(state, wiegand="26") as process:
        assert _shown(process) == ("hall", True, "granted")
        assert _shown(process, door="vault") == ("vault", False, "wrong_door")
        moved = {
            said["hal"] for said in process.events if said.get("hal", "").startswith("strike")
        }
        active = {said["hal"] for said in process.events if said.get("active") is True}
        assert moved == {"strike of hall", "strike of vault"} and active == {"strike of hall"}
        with TcpLink.connect("127.0.0.1", process.port) as link:
            carrier, _ = Carrier.introduced(link, [caretaker], "hall", _now())
            assert carrier.status().said["wiring"] == "wiegand"


def test_who_is_to_read_wiegand_and_is_told_no_format_says_so(inside):
    """It would look well, and read no card; its phones are let in all the same."""
    with ReaderProcess(inside[0]) as process:
        (told,) = [said for said in process.events if said.get("event") == "wiegand_unheard"]
        assert "--wiegand FORMAT" in told["reason"]
