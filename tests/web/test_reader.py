"""The page's core at a reader: a MicroPython process on a site of its own, over a socket."""

import os
import time

import pytest

import cbor
from cose import Key
from holdfast_host.demo.stage import DOOR, SITE, Stage
from web import node
from web.phone import grants

WISH: dict[str, bool] = {"intent": True}


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A site and its running reader, the same for all: to make one takes longer than any test."""
    node.command()
    with Stage(tmp_path_factory.mktemp("stage"), lambda: int(time.time())) as running:
        yield running


class Phone:
    """A phone in Node with a credential of the stage's site."""

    def __init__(self, peer, stage, number, suite, **changes):
        self._peer, self._stage, self._number = peer, stage, number
        public = bytes.fromhex(self._call("make", suite=suite))
        holder_key = Key.decode(public)
        token = stage.holder("alice", holder_key=holder_key, suite=suite, **changes).token
        authority = cbor.encode(stage.authority.public_key.to_map())
        self._call("start", token=token, authority=authority, site=SITE, door=DOOR, now=_now())

    def visit(self, wish=WISH, port=None):
        """What the visit came to, at the reader if no other ``port`` is named."""
        return self._call("visit", port=port or self._stage.reader.port, now=_now(), wish=wish)

    def forget(self):
        """The context that it keeps is of nobody's from now on."""
        self._call("spoil")

    def _call(self, name, **arguments):
        (result,) = self._peer.call(name, [{"phone": self._number, **arguments}])
        return result.get("ok", result)


@pytest.fixture(scope="module")
def peer():
    with node.Peer() as started:
        yield started


def _now():
    return int(time.time())


@pytest.mark.parametrize("suite", [0, 2])
def test_it_opens_the_door_cold_warm_and_after_a_power_cut(peer, stage, suite):
    """Two round trips, one, and two with the Echo; and all of it is in the reader's log."""
    phone, granted = Phone(peer, stage, 10 + suite, suite), stage.grants()
    cold = phone.visit()
    assert (cold["granted"], cold["warm"], cold["roundTrips"]) == (True, False, 2)
    warm = phone.visit()
    assert (warm["granted"], warm["warm"], warm["roundTrips"]) == (True, True, 1)
    assert warm["bytesIn"] + warm["bytesOut"] == 65
    stage.restart()
    again = phone.visit({**WISH, "userVerified": True})
    assert (again["granted"], again["warm"], again["roundTrips"]) == (True, True, 2)
    assert grants(stage, granted + 3) == granted + 3


def test_a_context_that_the_reader_forgot_costs_a_handshake_and_no_new_connection(peer, stage):
    """4.01 in the clear, and then as if it was the first time."""
    phone = Phone(peer, stage, 21, 0)
    assert phone.visit()["granted"]
    phone.forget()
    again = phone.visit()
    assert (again["granted"], again["warm"], again["roundTrips"]) == (True, False, 3)


def test_refusals_are_told_as_they_are(peer, stage):
    """Inside, with their coarse reason; in the clear, as nobody's word."""
    without = Phone(peer, stage, 31, 0).visit({"intent": False})
    assert (without["granted"], without["reason"]) == (False, 3)
    ahead = Phone(peer, stage, 32, 0, not_before=_now() + 3600).visit()
    assert (ahead["granted"], ahead["reason"]) == (False, 2)


def test_a_port_where_nobody_is_is_told_as_that(peer, stage):
    """And nothing was asked."""
    assert Phone(peer, stage, 41, 0).visit(port=1) == {"refused": "link-closed"}


@pytest.mark.skipif(os.environ.get("HOLDFAST_TORTURE") != "1", reason="make torture")
def test_a_hundred_visits_in_turn(peer, stage):
    """Each is granted, and each Partial IV is used once: a reader refuses the second."""
    phone = Phone(peer, stage, 51, 2)
    assert all(phone.visit()["granted"] for _ in range(100))
