"""Readers on a LAN, as processes on loopback: what one is given all get, also the one whose power
was cut meanwhile; and a reader without its controller says so, and goes on.
"""

import os
import socket
import time

import pytest

from holdfast_host import files
from holdfast_host.boards import enrol
from holdfast_host.boards.process import ReaderProcess
from holdfast_host.boards.settings import Placement
from holdfast_host.credentials.authority import Authority
from holdfast_host.credentials.secret import Secret
from holdfast_host.errors import UsageProblem
from holdfast_host.policy import changes
from holdfast_host.site import site as sites
from holdfast_host.site.keys import Keys

WITHIN = 300.0  # seconds, on a machine that others use, too
MORE = 2 if os.environ.get("HOLDFAST_TORTURE") == "1" else 0


class _Site:
    """Readers of one site, enrolled one after the other, on one UDP port of loopback."""

    def __init__(self, folder):
        self.folder = folder
        self.opened = Keys(Authority.generate(), Secret.generate())
        secret = self.opened.secret
        authority = self.opened.authority
        sites.create(
            folder / "acme", "acme", [], authority, "pass" * 5, secret=secret, kdf_rounds=4
        )
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.readers = []

    @property
    def site(self):
        return sites.load(self.folder / "acme")

    def enroll(self, name, **told):
        placement = Placement(f"door-{name}", (), 200, name, **told)
        state = self.folder / name
        enrol.enroll(state, self.site, self.opened, placement, now=int(time.time()))
        address = f"127.0.0.{len(self.readers) + 1}"
        reader = ReaderProcess(state, lan=(self.port, address))
        self.readers.append(reader)
        return reader

    def change(self):
        """One more changeset; its number."""
        history, _ = self.site.change_policy(
            self.opened.authority,
            lambda state: changes.add_door(state, f"new-{len(state.doors)}"),
            int(time.time()),
        )
        return history.number

    def give(self, reader, name):
        """Let a reader start with the policy as it is now, as from a USB stick."""
        raw = self.site.policy().for_reader(self.opened.authority)
        files.write(self.folder / name / enrol.POLICY, raw, files.PRIVATE)
        return reader.restart()


def _follows(number):
    return lambda said: said.get("event") == "policy_applied" and said["changeset"] == number


def _tells(is_present):
    return lambda said: said.get("event") == "controller" and said["present"] is is_present


def _is_red(said):
    return said.get("hal") == "led" and said["colour"] == "red"


def test_what_one_is_given_all_get_and_a_lost_controller_is_shown(tmp_path):
    """The first was enrolled before the others, so it lacks what they know from the start on; then
    the one that it brings its events to loses its power and comes back with news; then the first
    itself misses some.
    """
    site = _Site(tmp_path)
    first = site.enroll("a", controller="b")
    second = site.enroll("b")
    others = [site.enroll(name) for name in "cdef"[:MORE]]
    try:
        with socket.socket(type=socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", site.port))
            with pytest.raises(UsageProblem, match=f"UDP port {site.port}"):
                first.start()
        ready = [reader.start() for reader in (second, *others, first)]
        assert all(said["lan"]["port"] == site.port for said in ready)
        newest = max(said["policy"][0] for said in ready)
        assert ready[-1]["policy"][0] < newest
        for reader in (first, *others[:-1]):
            assert reader.wait(_follows(newest), timeout=WITHIN)

        second.kill()
        assert first.wait(_tells(False), timeout=WITHIN)
        assert first.wait(_is_red, timeout=WITHIN)
        number = site.change()
        assert site.give(second, "b")["policy"][0] == number
        assert first.wait(_tells(True), timeout=WITHIN)
        for reader in (first, *others):
            assert reader.wait(_follows(number), timeout=WITHIN)

        first.kill()
        number = site.change()
        assert site.give(second, "b")["policy"][0] == number
        assert first.start()["policy"][0] == number - 1
        assert first.wait(_follows(number), timeout=WITHIN)
        for reader in (first, second, *others):
            assert not [said for said in reader.events if said.get("event") in ("fault", "text")]
    finally:
        for reader in site.readers:
            reader.stop()
