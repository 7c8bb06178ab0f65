"""A reader's events come home from the controller that has copies of them: proven, each once,
whether they are pulled from there, from the reader, or from both.
"""

import time

import pytest

from crashing import TORTURE
from holdfast.access import place
from holdfast.access.credential import ROLE_CONTROLLER
from holdfast.access.request import ADMINISTER, CARRY_EVENTS
from holdfast_host.boards import enrol
from holdfast_host.boards.process import ReaderProcess
from holdfast_host.boards.settings import Placement
from holdfast_host.credentials import issuing
from holdfast_host.phone.wallet import Wallet
from holdfast_host.site import devices
from holdfast_host.site import site as sites
from holdfast_host.site.keys import Keys
from host.lan.conftest import HOST, free_port

BOUND = 3000  # seconds after which nothing will come any more


@pytest.mark.skipif(not TORTURE, reason="two nodes' acknowledgements take minutes: make torture")
def test_copies_come_home_once_and_the_word_goes_back_through_who_had_them(
    holdfast, site_folder, tmp_path, authority, secret, grant
):
    """First through the controller alone; then from both, and nothing twice."""
    opened, port = Keys(authority, secret), free_port()
    places = [
        Placement("shed", (), 200, "shed", controller="ctl"),
        Placement("hall", (), 200, "ctl", role=ROLE_CONTROLLER),
    ]
    for one in places:
        home = sites.load(site_folder)
        enrol.enroll(tmp_path / one.node, home, opened, one, now=int(time.time()))
    home = sites.load(site_folder)
    keys = {one.id: one.key.hex() for one in devices.load(site_folder)}
    own = f"{keys['shed'][:16]}-*.events"
    phone = _carrying(tmp_path / "carla", authority, grant)
    reader = ReaderProcess(tmp_path / "shed", lan=(port, "127.0.0.2"))
    controller = ReaderProcess(tmp_path / "ctl", lan=(port, HOST))
    try:
        controller.start()
        reader.start()
        reader.put(card="04a1b2c3")
        assert reader.wait(_is("access"), timeout=BOUND)
        pull = ("events", "pull", site_folder, "--as", phone, "--json", "--node", f"{HOST}:{port}")
        ends = time.monotonic() + BOUND
        done = holdfast(*pull)
        while "access" not in _home(holdfast, site_folder, own):
            # Until the controller knows the reader's door, has its certificate, and its events.
            assert time.monotonic() < ends
            done = holdfast(*pull)
        assert done.code == 0, done.err
        through = [one for one in done.json["nodes"] if one["node"] == "shed"]
        assert [one["through"] for one in through] == ["ctl"]
        assert through[0]["acknowledged"] == [through[0]["last_event"]]

        # Another card: the same one within two seconds would be the same visit, and no event.
        before = len(reader.events)
        reader.put(card="04d4e5f6")
        assert reader.wait(_is("access"), since=before, timeout=BOUND)
        said = reader.wait(_is("acknowledged"), timeout=BOUND)
        assert said is not None and said["by"] == "ctl"

        both = holdfast(*pull, "--node", f"127.0.0.2:{port}")
        assert both.code == 0, both.err
        mine = [one for one in both.json["nodes"] if one["node"] == "shed"]
        assert [one["through"] for one in mine] == [None]
        text = holdfast(*[one for one in pull if one != "--json"])
        assert text.code == 0 and "ctl: " in text.out
        assert _home(holdfast, site_folder, own).count("access") == 2

        # Somebody without a network stands at the controller's door: the same by hand.
        at = ("phone", "carry", phone, "--door", "hall", "--reader", f"{HOST}:{controller.port}")
        log, rules = tmp_path / "log", tmp_path / "rules"
        verified = None
        while verified is None or verified.code:
            # Until the controller has what the reader itself has given since.
            assert time.monotonic() < ends
            log.unlink(missing_ok=True)
            taken = holdfast(*at, "--events", log, "--of", "shed", "--site", site_folder, "--json")
            assert taken.code == 0 and "copied" not in taken.json, taken.err
            verified = holdfast("events", "verify", log, "--site", site_folder, "--json")
        assert verified.json["readers"][0]["node"] == "shed"
        taken = holdfast(*at, "--take-policy", rules, "--json")
        assert taken.code == 0 and taken.json["policy_taken"][1] == home.policy().number
        at = ("phone", "carry", phone, "--door", "shed", "--reader", f"{HOST}:{reader.port}")
        brought = holdfast(*at, "--policy", rules, "--json")
        assert brought.code == 0 and brought.json["policy"] == home.policy().number

        # Of a reader that nobody can ask what the controller has is home all the same.
        reader.kill()
        gone = holdfast(*pull, "--node", f"127.0.0.2:{port}", "--wait", "4")
        gone.fails("shed", "nobody listens")
        for one in (controller, reader):
            assert not [said for said in one.events if said.get("event") in ("fault", "text")]
    finally:
        controller.stop()
        reader.stop()


def _is(kind):
    return lambda said: said.get("event") == kind


def _home(holdfast, site_folder, own):
    """What happened at the reader, as far as it is home: each of its events once."""
    files = sorted((site_folder / "recorded").glob(own))
    if not files:
        return []
    shown = holdfast("events", "show", *files, "--json").json["events"]
    assert [one["number"] for one in shown] == list(range(len(shown)))
    return [one["kind"] for one in shown]


def _carrying(folder, authority, grant):
    """A phone that may carry the events of both doors, and their policy."""
    wallet = Wallet.create(folder)
    doors = [(place.DOOR, name) for name in ("shed", "hall")]
    may = CARRY_EVENTS | ADMINISTER
    given = grant(wallet.public_key, places=doors, permissions=may, holder="carla")
    token = issuing.holder_credential(authority.signing_key, given)
    wallet.enrol(token, authority.public_key, int(time.time()))
    return folder
