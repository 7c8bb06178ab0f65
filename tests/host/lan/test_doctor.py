"""The doctor's checks, each with its fault planted, and with none: pure, without a network."""

import dataclasses
import ipaddress
import json
import re
import time

import pytest

import crypto
from holdfast.access.policy import operations
from holdfast_host.errors import UsageProblem
from holdfast_host.lan import look
from holdfast_host.lan.doctor import checks
from holdfast_host.lan.doctor.finding import FAULT, NOTE, WARNING, Gathered
from holdfast_host.lan.hearing import Heard, Hearing
from holdfast_host.lan.look import Missed, Seen, Waiting
from holdfast_host.lan.networks import Interface
from holdfast_host.lan.places import Place
from holdfast_host.phone.clock import Shown
from holdfast_host.phone.status import Fault, Status
from holdfast_host.policy.changes import set_limits
from holdfast_host.site import site as sites
from holdfast_host.site.devices import Device

DAY = 86400
ETHERNET = Interface("eth0", ipaddress.IPv4Interface("192.0.2.5/24"))
HERE = Place("192.0.2.20")


@pytest.fixture(scope="module")
def site(tmp_path_factory, authority, secret):
    """A site that has no reader, and the authority that changes its limit `knowledge`."""
    folder = tmp_path_factory.mktemp("site") / "acme"
    made = sites.create(folder, "acme", [], authority, "x" * 12, secret=secret, kdf_rounds=4)

    def limited(seconds):
        changes = {operations.KNOWLEDGE_S: seconds}
        made.change_policy(authority, lambda state: set_limits(state, changes), int(time.time()))
        return made.policy()

    return limited


@pytest.fixture(scope="module")
def history(site):
    """A policy in which nothing is to be found."""
    return site(7 * DAY)


@pytest.fixture
def sound(history):
    """``sound(**changes)``: what is gathered of a site with one node, with nothing wrong."""
    now = history.issued_at + 3600
    said = Status({"revocations_age_s": 3600, "peers": 3}, history.number, history.head, ())
    node = Seen(
        "reader",
        HERE,
        ("front",),
        now + 400 * DAY,
        Shown(now, 2, "rtc"),
        now + 0.4,
        0.1,
        said,
        Waiting(2, 90),
    )
    device = Device("reader", bytes(32), ("front",), 1, (bytes(8),), now, now + 400 * DAY)
    hearing = Hearing((Heard(HERE, bytes(6), 3),))

    def make(seen=None, **changes):
        fields = {
            "now": now,
            "history": history,
            "devices": [device],
            "seen": [node] if seen is None else seen(node),
            "missed": [],
            "interfaces": [ETHERNET],
            "hearing": hearing,
        }
        return Gathered(**{**fields, **changes})

    return make


def _with(**changes):
    return lambda node: [dataclasses.replace(node, **changes)]


def _also(**changes):
    return lambda node: [node, dataclasses.replace(node, **changes)]


def _one(gathered):
    """The one thing that is found; it says what to do."""
    (found,) = checks.run(gathered)
    assert found.text and len(found.todo) > 10 and "\n" not in found.text + found.todo
    return found.check, found.severity, found.about


def test_nothing_is_found_where_nothing_is_wrong(sound):
    assert checks.run(sound()) == []


def test_who_does_not_answer_and_who_was_never_met(sound):
    problem = UsageProblem("nothing answers at 192.0.2.20:62435", "check that it has power")
    missed = [Missed("reader", HERE, look.SILENT, problem)]
    assert _one(sound(seen=lambda node: [], missed=missed)) == ("port", FAULT, "reader")
    assert _one(sound(seen=lambda node: [])) == ("port", WARNING, "reader")


def test_addresses_and_masks_of_this_computer(sound):
    auto = Interface("wlan0", ipaddress.IPv4Interface("169.254.9.9/16"))
    assert _one(sound(interfaces=[ETHERNET, auto])) == ("address", WARNING, "wlan0")
    other = Interface("wlan0", ipaddress.IPv4Interface("192.0.2.200/25"))
    assert _one(sound(interfaces=[ETHERNET, other], hearing=None)) == ("mask", WARNING, "wlan0")
    alone = Interface("eth0", ipaddress.IPv4Interface("192.0.2.5/32"))
    found = checks.run(sound(interfaces=[alone]))
    assert ("mask", "eth0") in [(one.check, one.about) for one in found]
    loopback = Interface("lo", ipaddress.IPv4Interface("127.0.0.1/8"))
    assert checks.run(sound(interfaces=[loopback, loopback, ETHERNET])) == []


def test_addresses_of_nodes(sound):
    auto = sound(seen=_with(place=Place("169.254.1.2")), interfaces=[])
    assert _one(auto) == ("address", WARNING, "reader")
    twice = sound(seen=_also(place=Place("192.0.2.21")))
    assert _one(twice) == ("address", NOTE, "reader")


def test_nodes_of_one_door_in_different_networks(sound):
    """By the mask that this computer knows, by the usual one elsewhere."""
    other = {"name": "other", "place": Place("198.51.100.7")}
    found = sound(seen=_also(**other), hearing=None)
    assert _one(found) == ("prefix", WARNING, "front")
    assert "192.0.2.0/24" in checks.run(found)[0].text
    assert checks.run(sound(seen=_also(**other, doors=("back",)), hearing=None)) == []
    near = {"name": "other", "place": Place("192.0.2.130")}
    assert checks.run(sound(seen=_also(**near))) == []
    narrow = [Interface("eth0", ipaddress.IPv4Interface("192.0.2.5/25"))]
    assert _one(sound(seen=_also(**near), interfaces=narrow, hearing=None))[0] == "prefix"


def _having(node, network, **changes):
    said = dataclasses.replace(node.status, said={**node.status.said, "network": network})
    return dataclasses.replace(node, status=said, **changes)


def _two(network, other, **changes):
    """Two nodes that say so of themselves."""
    second = {"name": "other", "place": Place("192.0.2.21"), "doors": ("back",), **changes}
    return lambda node: [_having(node, network), _having(node, other, **second)]


def test_what_nodes_have_themselves_is_held_against_each_other(sound):
    """Where all is as it should be nothing is found, with a mask, without one, and of a node whose
    firmware does not tell.
    """
    for own in ("192.0.2.20/255.255.255.0", "192.0.2.20/24", "192.0.2.20"):
        assert checks.run(sound(seen=lambda node, own=own: [_having(node, own)])) == []
    near = sound(seen=_two("192.0.2.20/24", "192.0.2.21/255.255.255.0"))
    assert checks.run(near) == []
    loopback = {"place": Place("127.0.0.1")}
    at_home = sound(seen=lambda node: [_having(node, "127.0.0.1", **loopback)], hearing=None)
    assert checks.run(at_home) == []
    ports = _two("127.0.0.1", "127.0.0.1", place=Place("127.0.0.1", 5))
    on_one = sound(seen=lambda node: ports(dataclasses.replace(node, **loopback)), hearing=None)
    assert checks.run(on_one) == []


def test_masks_of_nodes_that_differ(sound):
    """Against this computer's, against each other's, and one that is none at all."""
    wide = sound(seen=lambda node: [_having(node, "192.0.2.20/255.255.0.0")])
    assert _one(wide) == ("mask", WARNING, "reader")
    assert "255" not in checks.run(wide)[0].text and "192.0.2.20/16" in checks.run(wide)[0].text
    both = sound(seen=_two("192.0.2.20/24", "192.0.2.21/25"), interfaces=[], hearing=None)
    assert _one(both) == ("mask", WARNING, "other")
    for none in ("192.0.2.20/255.0.255.0", "192.0.2.20/", "what/ever"):
        found = checks.run(sound(seen=lambda node, none=none: [_having(node, none)]))
        assert ("mask", WARNING, "reader") in [(f.check, f.severity, f.about) for f in found]


def test_addresses_that_nodes_have_themselves(sound):
    """One that two have, one that nobody can ask, and one that something between rewrites."""
    same = sound(seen=_two("192.0.2.20", "192.0.2.20", place=Place("node.example")))
    assert _one(same) == ("address", FAULT, "other, reader")
    alone = sound(seen=lambda node: [_having(node, "127.0.0.1/8")])
    assert _one(alone) == ("address", FAULT, "reader")
    behind = sound(seen=lambda node: [_having(node, "10.0.0.9")])
    assert _one(behind) == ("address", NOTE, "reader")


def test_nodes_of_one_door_are_compared_by_the_masks_that_they_have(sound):
    """The usual mask would take these for one network, or for two."""
    doors = {"doors": ("front",)}
    apart = sound(seen=_two("192.0.2.20/28", "192.0.2.130/28", **doors), interfaces=[])
    assert ("prefix", "front") in [(one.check, one.about) for one in checks.run(apart)]
    place = {"place": Place("10.0.9.9")}
    one = _two("10.0.2.20/16", "10.0.9.9/16", **doors, **place)
    found = checks.run(sound(seen=one, interfaces=[], hearing=None))
    assert "prefix" not in [each.check for each in found]


def test_events_of_the_place_that_a_board_has_left(sound):
    """They wait beside its own, of which all may be at home."""
    assert _one(sound(seen=_with(left=3))) == ("events", WARNING, "reader")
    assert checks.run(sound(seen=_with(left=0))) == []


def test_multicast_that_does_not_pass(sound):
    assert _one(sound(hearing=Hearing())) == ("multicast", WARNING, "192.0.2.0/24")
    other = Hearing((Heard(Place("198.51.100.7"), bytes(6), 3),))
    assert _one(sound(hearing=other)) == ("multicast", WARNING, "192.0.2.0/24")
    unable = Hearing(problem="no such device")
    assert _one(sound(hearing=unable)) == ("multicast", WARNING, "this computer")
    assert checks.run(sound(hearing=None)) == []
    far = sound(seen=_with(place=Place("198.51.100.7")))
    assert _one(far) == ("multicast", NOTE, "reader")


@pytest.mark.parametrize("skew", [-7200, -10, 10, 7200])
def test_clocks_that_are_off(sound, skew):
    now = sound().now
    assert _one(sound(seen=_with(clock=Shown(now + skew, 2, "rtc")))) == ("clock", FAULT, "reader")


@pytest.mark.parametrize("skew", [-3, 3])
def test_clocks_that_may_be_right(sound, skew):
    """What it says it may be off by, whole seconds, and the question's way are allowed for."""
    now = sound().now
    assert checks.run(sound(seen=_with(clock=Shown(now + skew, 2, "rtc")))) == []
    slow = {"asked_at": now + 30.0, "half_way_s": 30.0, "clock": Shown(now, 2, "rtc")}
    assert checks.run(sound(seen=_with(**slow))) == []
    large = {"clock": Shown(now + 280, 301, "rtc")}
    assert checks.run(sound(seen=_with(**large))) == []


def test_clocks_that_are_not_trusted(sound):
    now = sound().now
    for shown in (Shown(None, 0, "none"), Shown(now, 5, "floor"), Shown(now, 5, "token")):
        assert _one(sound(seen=_with(clock=shown))) == ("clock", WARNING, "reader")


def test_where_all_nodes_differ_alike_it_is_this_computer(sound):
    now = sound().now
    ahead = Shown(now + 3600, 2, "rtc")

    def both(node):
        return [
            dataclasses.replace(node, clock=ahead),
            dataclasses.replace(node, name="other", place=Place("192.0.2.21"), clock=ahead),
        ]

    assert _one(sound(seen=both)) == ("clock", FAULT, "this computer")
    assert "3,600 s behind" in checks.run(sound(seen=both))[0].text


@pytest.mark.parametrize("kind", ["behind", "forked", "ahead", "beginning"])
def test_policy_number_and_head(sound, kind):
    history = sound().history
    said = {
        "behind": (history.number - 1, _hash_of(history, history.number - 1), "1 behind"),
        "forked": (history.number, bytes(32), "another one"),
        "ahead": (history.number + 1, bytes(32), "backup"),
        "beginning": (0, bytes(32), f"{history.number} behind"),
    }
    number, head, word = said[kind]
    found = sound(seen=_with(status=Status({}, number, head, ())))
    assert _one(found) == ("policy", FAULT, "reader")
    assert word in checks.run(found)[0].text


def _hash_of(history, number):
    return crypto.sha256(history.changesets[number - 1])


def test_who_tells_nothing_is_noted(sound):
    assert _one(sound(seen=_with(status=None))) == ("policy", NOTE, "reader")
    assert _one(sound(seen=_with(waiting=None))) == ("events", NOTE, "reader")


def test_certificates_near_their_end(sound):
    """As it is shown; one whose renewal lies about is told apart."""
    now, device = sound().now, sound().devices[0]

    def ending(days, registered):
        devices = [dataclasses.replace(device, expires=now + registered * DAY)]
        return sound(seen=_with(expires=now + days * DAY), devices=devices)

    assert _one(ending(59, 59)) == ("certificate", WARNING, "reader")
    assert checks.run(ending(61, 61)) == []
    assert _one(ending(-1, -1)) == ("certificate", FAULT, "reader")
    carried = checks.run(ending(59, 700))
    assert "has not come to it" in carried[0].text and "--certificate" in carried[0].todo
    # Also of who was not met; and of a revoked device nothing.
    devices = [device, dataclasses.replace(device, id="other", expires=now + 9 * DAY)]
    found = checks.run(sound(devices=devices))
    assert ("certificate", "other") in [(one.check, one.about) for one in found]
    revoked = [device, dataclasses.replace(device, id="other", expires=now, revoked=True)]
    assert checks.run(sound(devices=revoked)) == []


def test_events_that_nobody_brought_home(sound):
    assert checks.run(sound(seen=_with(waiting=Waiting(4, 90)))) == []
    assert _one(sound(seen=_with(waiting=Waiting(5, 90)))) == ("events", NOTE, "reader")
    assert _one(sound(seen=_with(waiting=Waiting(1000, 1090))))[1] == WARNING
    assert _one(sound(seen=_with(waiting=Waiting(None, 3, True))))[1] == WARNING


def test_the_limit_knowledge(sound, site):
    history = sound().history
    said = Status({"revocations_age_s": 8 * DAY}, history.number, history.head, ())
    assert _one(sound(seen=_with(status=said))) == ("knowledge", FAULT, "reader")
    unset = site(0)
    current = Status({}, unset.number, unset.head, ())
    found = sound(seen=_with(status=current), history=unset)
    assert _one(found) == ("knowledge", WARNING, "site")


def test_neighbours_and_faults(sound):
    history = sound().history

    def status(said=None, faults=(), controller=None):
        return Status(said or {}, history.number, history.head, faults, None, controller)

    assert checks.run(sound(seen=_with(status=status(controller=("inside", True))))) == []
    gone = sound(seen=_with(status=status(controller=("inside", False))))
    assert _one(gone) == ("neighbours", FAULT, "reader")
    alone = status({"peers": 0})
    assert checks.run(sound(seen=_with(status=alone))) == []
    lonely = _also(name="other", place=Place("192.0.2.21"), status=alone)
    assert _one(sound(seen=lonely)) == ("neighbours", WARNING, "other")
    failed = status(faults=(Fault("radio", "OSError", "hal/radio.py:9", 3),))
    assert _one(sound(seen=_with(status=failed))) == ("faults", WARNING, "reader")


def test_the_worst_comes_first_and_no_secret_is_told(sound):
    """Whatever is wrong: nothing in it is of a key, a token, or a context."""
    problem = UsageProblem("nothing answers", "check")
    found = checks.run(
        sound(
            seen=_with(status=None, waiting=None, clock=Shown(None, 0, "none"), expires=0),
            missed=[Missed("", Place("192.0.2.9"), look.SILENT, problem)],
            hearing=Hearing(),
        )
    )
    order = [(FAULT, WARNING, NOTE).index(one.severity) for one in found]
    assert len(found) >= 5 and order == sorted(order)
    text = json.dumps([dataclasses.asdict(one) for one in found])
    assert not re.search("[0-9a-f]{16}", text)
