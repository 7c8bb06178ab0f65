"""A carrier on the wall and the controller whose strike it is, as processes on loopback: what
opens by it, what does not, and what it shows while its controller is away, or was copied itself.
"""

import contextlib
import os
import shutil
import socket
import time

from cose import Key
from holdfast.access import tag
from holdfast.access.credential import ROLE_CARRIER, ROLE_CONTROLLER
from holdfast.access.place import DOOR
from holdfast.access.request import ADMINISTER, UNLOCK
from holdfast_host import files
from holdfast_host.boards import enrol
from holdfast_host.boards.process import ReaderProcess
from holdfast_host.boards.settings import Placement
from holdfast_host.credentials import issuing
from holdfast_host.errors import LinkClosed
from holdfast_host.phone.carrier import Carrier
from holdfast_host.phone.client import Wish
from holdfast_host.phone.contexts import ContextStore
from holdfast_host.phone.link import TcpLink
from holdfast_host.phone.unlock import unlock
from holdfast_host.phone.wallet import Identity, new_key
from holdfast_host.site import devices
from holdfast_host.site import site as sites
from lan_site import new_site

WITHIN = 300  # seconds of a machine that others use, too
CARD = bytes.fromhex("04a1b2c3")


class _Phone:
    """A wallet with one credential, which opens both doors, and what it remembers of them."""

    def __init__(self, folder, authority):
        secret, now = new_key(0), int(time.time())
        grant = issuing.Grant(
            site="acme",
            holder="carla",
            holder_key=Key.from_map(secret.to_map()),
            places=[(DOOR, "hall"), (DOOR, "vault")],
            issued_at=now - 60,
            expires=now + 3600,
            cti=os.urandom(8),
            permissions=UNLOCK | ADMINISTER,
        )
        token = issuing.holder_credential(authority.signing_key, grant)
        self.identity = Identity(secret.d or b"", token, "acme", authority.public_key)
        self.contexts = ContextStore(folder)

    def identities(self):
        return [self.identity]

    def until(self, process, is_it, door="hall"):
        """Ask until ``is_it`` of what it came to: on a machine that is slow a carrier may find its
        controller too slow.
        """
        ends = time.monotonic() + WITHIN
        while True:
            report = None
            with contextlib.suppress(LinkClosed):
                report = self.unlock(process, door)
                if is_it(report):
                    return report
            assert time.monotonic() < ends, report

    def unlock(self, process, door="hall"):
        """What it came to."""

        def dial():
            return TcpLink.connect("127.0.0.1", process.port)

        return unlock(self, dial, door, Wish(), now=int(time.time()), handshakes=3)


class _Site:
    """A controller with two doors, and the carrier that hangs outside the first."""

    def __init__(self, folder):
        self.folder = folder
        self.opened = new_site(folder)
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        role = ROLE_CONTROLLER
        self._enroll(Placement("hall", (), 200, "ctl", role=role, other_doors=("vault",)))
        number = tag.card_key(self.site.lookup_key(self.opened.secret), tag.CARD, CARD)
        operations = [[5, 1, [[[DOOR, "hall"], UNLOCK, None]]], [6, number, 1, None]]
        self.site.change_policy(self.opened.authority, lambda state: operations, int(time.time()))
        peers = (("127.0.0.1", self.port),)
        self._enroll(
            Placement(
                "hall",
                node="wall",
                wiring="carries",
                controller="ctl",
                peers=peers,
                role=ROLE_CARRIER,
            )
        )
        # It was enrolled before there was a card and a carrier.
        policy = self.site.policy().for_reader(self.opened.authority)
        files.write(folder / "ctl" / enrol.POLICY, policy, files.PRIVATE)
        self.inside = ReaderProcess(folder / "ctl", lan=(self.port, "127.0.0.1"))
        self.wall = self.hang("wall", "127.0.0.2", inputs=["tamper"])
        self.phone = _Phone(folder / "contexts", self.opened.authority)

    @property
    def site(self):
        return sites.load(self.folder / "acme")

    def hang(self, name, address, **more):
        """The carrier in the folder ``name``, at an address of its own."""
        return ReaderProcess(self.folder / name, lan=(self.port, address), **more)

    def administer(self, work):
        """What ``work(carrier)`` gives, at the controller."""
        with TcpLink.connect("127.0.0.1", self.inside.port) as link:
            now = int(time.time())
            return work(Carrier.introduced(link, self.phone.identities(), "hall", now)[0])

    def grants(self):
        """How often a door was opened to somebody."""
        return len([said for said in self.inside.events if said.get("granted") is True])

    def _enroll(self, placement):
        state = self.folder / placement.name
        enrol.enroll(state, self.site, self.opened, placement, now=int(time.time()))


def _is(kind, **fields):
    return lambda said: (
        said.get("event") == kind and all(said.get(name) == fields[name] for name in fields)
    )


def _is_red(said):
    return said.get("hal") == "led" and said["colour"] == "red"


def _heard(process, matches, since):
    said = process.wait(matches, since=since, timeout=WITHIN)
    assert said is not None, process.events[since:]
    return said


def _does(process, on, matches, **what):
    """Do ``what`` to ``process``; the event of ``on`` that comes of it."""
    since = len(on.events)
    process.put(**what)
    return _heard(on, matches, since)


def test_a_door_opens_by_its_carrier_and_by_no_copy_of_it(tmp_path):
    """Phones cold and warm, a card, another door's wish, the controller's power, a tamper, and a
    thief who has all of the carrier's memory.
    """
    site = _Site(tmp_path)
    inside, wall, phone = site.inside, site.wall, site.phone
    thief = None
    assert not (tmp_path / "wall" / enrol.POLICY).exists()
    assert devices.require(devices.load(tmp_path / "acme"), "wall").doors == ()
    try:
        inside.start()
        assert wall.start()["carries_to"] == "ctl"
        _heard(wall, _is("controller", present=True), 0)
        for is_warm in (False, True):
            report = phone.until(wall, lambda one, warm=is_warm: one.granted and one.warm is warm)
            assert report.protected
        assert _does(wall, inside, _is("access"), card=CARD.hex())["granted"]
        assert [said for said in inside.events if said.get("active") is True]
        opened = site.grants()
        assert opened >= 3
        assert not phone.until(wall, lambda one: one.protected, "vault").granted
        assert site.grants() == opened

        since = len(wall.events)
        inside.kill()
        _heard(wall, _is("controller", present=False), since)
        _heard(wall, _is_red, since)
        report = phone.unlock(wall)
        assert not report.granted and not report.protected and "not answer" in report.reason
        since, opened = len(wall.events), site.grants()
        inside.start()
        _heard(wall, _is("controller", present=True), since)
        assert phone.until(wall, lambda one: one.granted) and site.grants() > opened

        _does(wall, inside, _is("carrier_tamper", on=True), tamper=True)
        refused = _does(wall, inside, _is("access"), card=CARD.hex())
        assert not refused["granted"] and refused["reason"] == "carrier_tampered"
        assert site.administer(lambda carrier: carrier.clear_tamper("wall"))
        assert not site.administer(lambda carrier: carrier.clear_tamper("wall"))

        # Opened once more, it says so once more.
        wall.put(tamper=False)
        _does(wall, inside, _is("carrier_tamper", on=True), tamper=True)
        assert site.administer(lambda carrier: carrier.clear_tamper("wall"))

        shutil.copytree(tmp_path / "wall", tmp_path / "thief")
        opened, since = site.grants(), len(inside.events)
        thief = site.hang("thief", "127.0.0.3")
        thief.start()
        _heard(thief, _is("controller", present=True), 0)
        wall.put(card="0badcafe")
        assert _heard(inside, _is("two_carriers", by="wall"), since)["door"] == "hall"
        begun = len(thief.events)
        thief.put(card="0badcafe")
        _heard(inside, _is("access", granted=False), since)
        _heard(thief, _is_red, begun)
        assert site.grants() == opened
        assert not [said for said in inside.events[since:] if said.get("active") is True]
        for process in (inside, wall, thief):
            assert not [said for said in process.events if said.get("event") in ("fault", "text")]
    finally:
        for process in (inside, wall, thief):
            if process is not None:
                process.stop()
