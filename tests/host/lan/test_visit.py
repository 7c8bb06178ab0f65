"""Visits on a network that loses, doubles and lies, in simulated time: the firmware answers."""

import pytest

import small_site as site
from coap import Message, code, datagram
from holdfast.access.request import ADMINISTER, CARRY_EVENTS, UNLOCK
from holdfast_host.errors import LinkClosed, UsageProblem
from holdfast_host.lan import asking, look, rounds
from holdfast_host.lan.link import LanLink, NobodyListens, NoCoap, Silent
from holdfast_host.lan.places import Place
from holdfast_host.lan.rounds import Target
from holdfast_host.lan.visit import Visitor
from holdfast_host.phone import carrier
from holdfast_host.phone.client import Impostor, Rejected
from holdfast_host.phone.contexts import ContextStore
from holdfast_host.phone.wallet import Identity
from memory_phone import make_reader
from neighbours import OTHER, other_node
from simulated_lan import Host, LanNode
from simulated_network import Network

PRIVATE = b"\x22" * 32
TOKEN = site.holder_token(
    PRIVATE, {9: site.scope((1, site.DOOR, UNLOCK | ADMINISTER | CARRY_EVENTS))}
)


def _identity(**changes):
    fields = {"site": site.SITE, "authority_key": site.authority_public()}
    return Identity(PRIVATE, TOKEN, **{**fields, **changes})


class _World:
    """A node that is known as reader-1, and who visits it."""

    def __init__(self, folder, seed=1, patience_ms=asking.PATIENCE_MS, **changes):
        self.network = Network(seed)
        self.node = LanNode(self.network, "there", make_reader(directory=str(folder / "node")))
        self.host = Host(self.network, patience_ms)
        self.store = ContextStore(folder / "contexts")
        self.changes = changes

    def visitor(self):
        now = site.NOW
        return Visitor([_identity(**self.changes)], self.store, lambda: now)

    def meet(self, name=site.NODE, address="there"):
        return self.visitor().meet(self.host.link(address), name)


@pytest.fixture
def world(tmp_path):
    (tmp_path / "node").mkdir()
    return lambda **more: _World(tmp_path, **more)


def test_a_node_is_met_by_a_handshake_once_and_by_the_kept_context_then(world):
    place = world()
    first = place.meet("")
    assert first.has_handshake and first.name == site.NODE and first.clock.time == site.NOW
    again = place.meet()
    assert not again.has_handshake and again.partner == first.partner
    # Both at the same time, and what the first began it can go on with.
    third = place.meet()
    assert third.carrier.status().number == first.carrier.status().number == 1
    # Whom one does not know one introduces oneself to; the other is no less known for it.
    assert place.meet("").has_handshake and not place.meet().has_handshake


def test_a_node_that_has_forgotten_is_introduced_to_again(world):
    """It lost what it knew; or it knows the context, and asks whether the request is new."""
    place = world()
    place.meet("")
    place.node.restarted(make_reader())
    assert place.meet().has_handshake and not place.meet().has_handshake


def test_no_sequence_number_is_used_twice(world, monkeypatch):
    """Whatever commands do at the same time, end early or crash: of one key no number repeats."""
    place, used = world(), []
    genuine = carrier.oscore.protect_request

    def protect(context, plain):
        used.append((bytes(context.sender_key), context.sender_sequence_number))
        return genuine(context, plain)

    monkeypatch.setattr(carrier.oscore, "protect_request", protect)
    visits = [place.meet("")] + [place.meet() for _ in range(4)]
    # Of 32 numbers each has a block; the replay window of the node has 32, too.
    for _ in range(40):
        visits[-1].carrier.time()
    for visit in visits:
        try:
            visit.carrier.time()
        except UsageProblem:
            pass  # too old for its window: the node says so, and nothing was repeated
    del visits
    assert not place.meet().has_handshake
    assert len(used) > 45 and len(set(used)) == len(used)


def test_who_was_superseded_says_so_and_takes_no_number_of_the_other(world):
    place = world()
    first = place.meet("")
    place.meet("")
    with pytest.raises(UsageProblem, match="meanwhile"):
        for _ in range(40):
            first.carrier.time()


@pytest.mark.parametrize("seed", range(1, 7))
def test_over_a_network_that_loses_and_doubles_each_visit_ends(world, seed):
    """Each question has its answer or a failure within the patience, in the network's time."""
    place = world(seed=seed)
    place.network.loss, place.network.duplication = 0.25, 0.2
    place.network.delay = (1, 300)
    met = 0
    for _ in range(6):
        try:
            assert place.meet().carrier.status().number == 1
            met += 1
        except LinkClosed:
            pass
    assert met >= 3
    assert place.host.longest_ms <= asking.PATIENCE_MS


def test_who_is_not_there_is_given_up_in_time(world):
    place = world(patience_ms=5000)
    with pytest.raises(Silent) as silent:
        place.meet("", "nowhere")
    assert place.network.now == 5000 and "nowhere" in silent.value.cause
    assert look.missed("x", Place("nowhere"), silent.value).kind == look.SILENT


def test_what_lies_in_the_clear_is_passed_over_or_costs_a_handshake(world):
    """Who sees what passes can answer in the node's place; nothing is believed that is not
    protected.
    """
    place = world()
    place.meet("")

    def said(response_code):
        def tap(data):
            message, kind, mid = datagram.decode(data)
            lie = Message(response_code, (), b"\xa1\x01\x00", message.token)
            return [datagram.encode(lie, datagram.NON, mid ^ 0x8000), data]

        return tap

    place.host.tap = said(code.CONTENT)
    assert not place.meet().has_handshake  # a success in the clear: the right one follows
    place.host.tap = said(code.NOT_FOUND)
    with pytest.raises(Rejected):
        place.meet()
    place.host.tap = lambda data: [data]
    assert place.meet().carrier.status().number == 1


def test_bytes_that_are_damaged_on_the_way_end_in_a_problem_with_a_next_step(world):
    place = world(patience_ms=3000)
    for position in range(0, 60, 3):

        def tap(data, position=position):
            damaged = bytearray(data)
            damaged[position % len(data)] ^= 0x55
            return [bytes(damaged)]

        place.host.tap = tap
        try:
            place.meet("")
        except UsageProblem as problem:
            assert problem.cause and problem.next_step
    place.host.tap = lambda data: [data]
    place.host.patience_ms = asking.PATIENCE_MS
    assert place.meet("").name == site.NODE


def test_what_is_no_node_and_where_nobody_listens(world):
    place = world()

    def reset(data):
        _, _, mid = datagram.decode(data)
        return [datagram.encode(Message(code.EMPTY), datagram.RST, mid)]

    place.host.tap = reset
    with pytest.raises(NoCoap):
        place.meet("")
    network, failures = place.network, []
    question = asking.Asking("x", lambda *sent: None, network)
    begin = Message(code.GET)
    question.ask(begin, lambda response, failure: failures.append(failure))
    question.refused()
    assert not failures  # once may be of a node that is just starting
    question.refused()
    assert failures == [asking.REFUSED]
    with pytest.raises(NobodyListens):
        LanLink("x", lambda message: (None, asking.REFUSED)).request(begin)


def test_a_revoked_or_foreign_node_is_met_by_nobody(world):
    cti = b"\x10\x11\x12\x13\x14\x15\x16\x17"
    with pytest.raises(Impostor, match="revoked"):
        world(revoked=frozenset([cti])).meet("")
    other = site.authority(b"\x09" * 32)
    other.d = None
    with pytest.raises(Impostor, match="not of site"):
        world(authority_key=other).meet("")


def test_a_kept_context_with_a_node_that_was_revoked_is_used_no_more(world):
    place = world()
    place.meet("")
    place.changes["revoked"] = frozenset([b"\x10\x11\x12\x13\x14\x15\x16\x17"])
    with pytest.raises(Impostor):
        place.meet()


def test_another_node_in_its_place_is_met_as_who_it_is(world):
    """DHCP gave the address to another: what was remembered leads to a handshake, no further."""
    place = world()
    place.meet("")
    place.node.restarted(other_node())
    met = place.meet()
    assert met.has_handshake and met.name == OTHER
    assert not place.meet(OTHER).has_handshake


def test_one_that_fails_keeps_no_other_up():
    targets = [Target(Place(f"192.0.2.{number}")) for number in range(20)]

    def visit(target):
        if target.place.host.endswith("7"):
            raise UsageProblem("no", "yes")
        return target.place.host

    counts = []
    done = rounds.go(targets, visit, counts.append)
    assert [one.target for one in done] == targets and counts == list(range(1, 21))
    assert [one.target.place.host for one in done if one.problem] == ["192.0.2.7", "192.0.2.17"]
    assert all(one.value == one.target.place.host for one in done if one.problem is None)
    assert rounds.go([], visit) == []
    with pytest.raises(ZeroDivisionError):
        rounds.go(targets, lambda target: 1 // 0)
