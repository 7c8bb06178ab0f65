"""Nodes that meet: real readers with real handshakes on one wire that loses, in simulated time.

What one of them learns all of them learn; who is revoked is nobody; and a lost controller is shown
and disturbs no door.
"""

import asyncio

import small_site as site
from coap import code, datagram, option
from holdfast.access import status
from holdfast.access.tag import name_tag
from holdfast.node import controller as controllers
from holdfast.node import errands
from holdfast.sync import hint
from lan_nodes import Lan
from simulated_wire import Wire

INTERPRETERS = ("micropython",)

_GRANT = [[2, "later", b"\x01"]]


def _handshakes(log):
    """How many first messages of a handshake, with their Echo, there are in what was sent."""
    found = 0
    for _, _, data in log:
        message, _, _ = datagram.decode(data)
        is_first = message.payload[:1] == b"\xf5" and message.option(option.ECHO) is not None
        found += message.code == code.POST and is_first
    return found


async def test_nodes_find_each_other_and_a_change_reaches_all():
    """By hints to all, at a tenth of all datagrams lost; nobody was told of anybody."""
    lan = Lan(Wire(0.1))
    nodes = [lan.node("reader-%d" % number) for number in range(3)]
    names = [node.name for node in nodes]
    await lan.until(
        lambda: all([node.knows == [n for n in names if n != node.name] for node in nodes])
    )
    nodes[0].reader.apply(lan.sign(_GRANT))
    took = await lan.until(lambda: all([node.policy == 2 for node in nodes]))
    assert took < 60, took
    assert all([not [x for x in n.hardware.lines if x["event"] == "fault"] for n in nodes])
    await lan.close()


async def test_who_was_away_catches_up_and_needs_no_handshake():
    """The contexts lie in flash, and those of the others with them."""
    lan = Lan(Wire())
    first, second = lan.node("reader-1"), lan.node("reader-2")
    await lan.until(lambda: first.knows and second.knows)
    await second.stop()
    for _ in range(12):
        first.reader.apply(lan.sign(_GRANT))
    lan.wire.log = []
    second.start()
    assert second.policy == 1
    await lan.until(lambda: second.policy == 13)
    assert _handshakes(lan.wire.log) == 0
    await lan.close()


async def test_a_node_that_forgot_all_is_met_anew():
    """Its flash was erased: it answers in the clear that it knows nobody."""
    lan = Lan(Wire())
    first, second = lan.node("reader-1"), lan.node("reader-2")
    await lan.until(lambda: first.knows and second.knows)
    await second.stop()
    del lan.nodes["reader-2"]
    again = lan.node("reader-2")
    first.reader.apply(lan.sign(_GRANT))
    await lan.until(lambda: again.policy == 2)
    await lan.close()


async def test_configured_peers_are_met_without_multicast():
    """The one that is configured nowhere knows where the other is, who then knows it."""
    lan = Lan(Wire(0.1, no_group=True))
    first = lan.node("10.0.0.1:62435")
    second = lan.node("reader-2", {17: [["10.0.0.1", 62435]]}, 0)
    await lan.until(lambda: first.knows == ["reader-2"] and second.policy == 1)
    # Hints go to it, whoever else is there.
    assert second.neighbours.configured() == [name_tag(first.name)]
    assert first.neighbours.configured() == []
    await lan.close()


async def test_a_revoked_device_is_nobody():
    """Neither is it asked, nor answered, nor let in again with the certificate that it has."""
    lan = Lan(Wire())
    first, second = lan.node("reader-1"), lan.node("reader-2")
    await lan.until(lambda: first.knows and second.knows)
    raw = lan.sign([[7, second.cti, site.NOW + 3650 * site.DAY, site.NOW - site.DAY]])
    first.reader.apply(raw)
    assert first.knows == []
    first.reader.apply(lan.sign(_GRANT))
    await asyncio.sleep(900)
    assert first.knows == [] and second.policy == 1
    await lan.close()


async def test_forged_hints_cost_a_few_attempts_and_move_nothing():
    """A thousand addresses that do not exist: what is spent on them is bounded in all."""
    lan = Lan(Wire())
    node = lan.node("reader-1")
    forger = lan.wire.socket("forger")
    lan.wire.log = []
    for number in range(1000):
        message = hint.message(9, b"\xee" * 8, name_tag("node %d" % number), True)
        forger._address = "nowhere-%d" % number
        forger.send("reader-1", datagram.encode(message, datagram.NON, number))
        await asyncio.sleep(0.3)
    log = lan.wire.log or []
    sent = [to for source, to, _ in log if source == "reader-1" and to[:3] == "now"]
    places = set(sent)
    assert 0 < len(places) <= 6 * 6 and len(sent) <= 5 * len(places), (len(places), len(sent))
    assert node.policy == 1 and node.knows == []
    await lan.close()


def _sent(lan) -> list:
    """``(source, destination, data)`` of all that was sent."""
    return list(lan.wire.log or ())


def _silent(node):
    """Its hints are never the ones that are sent, as those of most are among many."""
    node.neighbours.errands.dissemination._hint = lambda peer: None


async def test_a_controller_that_no_hint_names_is_found_by_asking():
    """A reader of 32 was without its controller for twenty minutes. Now all are asked where it is,
    and it says so, to nobody else.
    """
    lan = Lan(Wire(0.1))
    node = lan.node("reader-1", {16: "controller"})
    for one in (node, lan.node("controller"), lan.node("reader-2")):
        _silent(one)
    lan.wire.log = []
    took = await lan.until(lambda: node.neighbours.controller.is_present)
    assert took < 60, took
    log = _sent(lan)
    hints = [one for one in log if datagram.decode(one[2])[0].uri_path() == (hint.PATH,)]
    asked = [one for one in hints if one[:2] == ("reader-1", "all")]
    told = [one for one in hints if one[:2] == ("controller", "reader-1")]
    assert asked and told and len(asked) + len(told) == len(hints), hints
    assert max([len(one[2]) for one in told]) <= min([len(one[2]) for one in asked])
    await asyncio.sleep(3600)
    later = [one for one in log if one[:2] == ("reader-1", "all")]
    assert len(later) == len(asked)  # it is there, so nobody asks
    await lan.close()


async def test_who_asks_for_ever_is_told_a_few_times_a_second():
    """And a name that is not this node's is not answered at all."""
    lan = Lan(Wire())
    node = lan.node("reader-1")
    _silent(node)
    forger = lan.wire.socket("forger")
    told = []
    for number in range(1000):
        lan.wire.log = []  # so that nothing is kept of what it sends
        sought = name_tag(("reader-1", "reader-2")[number % 2])
        message = hint.message(0, bytes(8), bytes(6), True, sought)
        forger.send("reader-1", datagram.encode(message, datagram.NON, number))
        await asyncio.sleep(0.01)
        told += [data for source, to, data in _sent(lan) if (source, to) == ("reader-1", "forger")]
    assert 8 * 9 <= len(told) <= 8 * 12, len(told)
    assert hint.parse(datagram.decode(told[0])[0].payload)[:3] == (
        1,
        bytes(node.reader.stores.rules.head[:8]),
        name_tag("reader-1"),
    )
    await lan.close()


async def test_a_lost_controller_is_shown_within_ten_seconds_and_opens_nothing_less():
    """Red steady, and the offline bit; white again when it is back. /status says it."""
    lan = Lan(Wire())
    controller = lan.node("controller")
    node = lan.node("reader-1", {16: "controller"})
    shown = []
    node.hardware.show = lambda colour, effect: shown.append((colour, effect))
    reader = node.reader
    await lan.until(lambda: node.neighbours.controller.is_present)
    assert not reader.is_offline and shown == []
    await controller.stop()
    assert await lan.until(lambda: reader.is_offline) <= 11
    assert shown[-1] == ("red", "steady")
    told = node.neighbours.status()
    assert told[status.CONTROLLER] == ["controller", False] and told[status.PEERS] == 1
    assert told[status.WIRING] == "decides" and status.NETWORK not in told
    node.neighbours._socket.network = "10.0.0.7/255.0.0.0"
    assert node.neighbours.status()[status.NETWORK] == "10.0.0.7/255.0.0.0"
    unit = reader.doors[site.DOOR]
    unit.doorway.grant(3000)
    assert node.hardware.opened == 1 and shown[-1] == ("green", "steady")
    await asyncio.sleep(4)
    assert shown[-1] == ("red", "steady")
    controller.start()
    await lan.until(lambda: not reader.is_offline)
    assert shown[-1] == ("white", "steady")
    assert node.neighbours.status()[status.CONTROLLER] == ["controller", True]
    await lan.close()


async def test_memory_that_ends_where_a_question_is_made_ends_no_errand():
    """Asking takes memory before it is under way. What died there was waited for ever after: no
    hint was followed any more, and no event left the node.
    """
    lan = Lan(Wire())
    first = lan.node("reader-1")
    second = lan.node("reader-2", {16: "reader-1"})
    await lan.until(lambda: second.neighbours.controller.is_present)
    uplink = second.neighbours.controller._uplink
    whole = errands._get, controllers.path_options

    def no_memory(*arguments):
        raise MemoryError

    errands._get = controllers.path_options = no_memory
    try:
        for _ in range(4):
            first.reader.apply(lan.sign(_GRANT))
            await asyncio.sleep(20)
    finally:
        errands._get, controllers.path_options = whole
    assert second.policy == 1 and uplink.waiting
    await lan.until(lambda: uplink.due is not None, 60)
    first.reader.apply(lan.sign(_GRANT))
    await lan.until(lambda: second.policy == 6, 200)
    assert not second.neighbours.errands.dissemination._asks
    await lan.close()
