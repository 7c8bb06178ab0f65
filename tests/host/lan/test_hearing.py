"""Hints by multicast: told, heard, and nobody believed for one."""

import ipaddress
import socket
import struct
import threading

import pytest

from coap import Message, code, datagram
from holdfast.access.tag import name_tag
from holdfast.sync import hint
from holdfast_host.lan import hearing, look
from holdfast_host.lan.networks import Interface, interfaces
from holdfast_host.lan.places import Place
from holdfast_host.site import devices
from host.lan.conftest import HOST, free_port

LOOPBACK = Interface("lo", ipaddress.IPv4Interface("127.0.0.1/8"))
BOUND = 60.0  # seconds; a hang must end the run


def _encoded(message, mid=1):
    return datagram.encode(message, datagram.NON, mid)


def test_it_reads_and_tells_what_nodes_read_and_tell():
    told = hint.message(7, bytes(range(32)), name_tag("lobby"), True)
    assert hearing.parse(_encoded(told)) == (name_tag("lobby"), 7)
    message, kind, _ = datagram.decode(hearing._hint())
    assert kind == datagram.NON and message.uri_path() == (hint.PATH,)
    assert message.options == hint.message(0, bytes(8), bytes(6), True).options
    # Of before any policy, so that whoever hears it has something to say to it.
    assert hint.parse(message.payload) == (0, bytes(8), bytes(6), True, None)
    asks, _, _ = datagram.decode(hearing._hint(name_tag("lobby")))
    assert hint.parse(asks.payload) == (0, bytes(8), bytes(6), True, name_tag("lobby"))
    other = hint.message(7, bytes(range(32)), name_tag("side"), True, name_tag("lobby"))
    assert hearing.parse(_encoded(other)) == (name_tag("side"), 7)


@pytest.mark.parametrize("damage", range(24))
def test_anything_else_is_no_hint(damage):
    data = bytearray(_encoded(hint.message(7, bytes(32), name_tag("lobby"), True)))
    data[damage] ^= 0x41
    found = hearing.parse(bytes(data))
    assert found is None or len(found[0]) == 6
    assert hearing.parse(bytes(data[:damage])) is None
    assert hearing.parse(_encoded(Message(code.POST, [], b"\x85"))) is None


def test_who_answers_a_hint_is_found_where_it_is():
    """Over real multicast on loopback: somebody who hears the hint answers it, as nodes do."""
    group = (hearing.GROUP, free_port())
    node = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    node.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        node.bind(group)
        member = struct.pack("4s4s", *map(socket.inet_aton, (group[0], "127.0.0.1")))
        node.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    except OSError as error:
        node.close()
        pytest.skip(f"this machine has no multicast on loopback: {error}")
    answering = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    answering.bind(("127.0.0.1", 0))
    answering.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))

    def answer():
        while True:
            data, _ = node.recvfrom(2048)
            found = hearing.parse(data)
            if found is None:
                return
            if found[0] == bytes(6):
                answering.sendto(b"no hint at all", group)
                told = hint.message(3, bytes(32), name_tag("reader"), True)
                answering.sendto(_encoded(told, 2), group)
                return

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        found = hearing.listen([LOOPBACK], BOUND, group, lambda heard: True)
    finally:
        thread.join(BOUND)
        place = Place(*answering.getsockname())
        node.close()
        answering.close()
    assert found.problem == "" and found.heard == (hearing.Heard(place, name_tag("reader"), 3),)


def test_a_hint_names_whom_the_register_has(site_folder):
    registered = devices.load(site_folder)
    place = Place("192.0.2.7")
    known = hearing.Heard(place, name_tag(registered[0].id), 3)
    other = hearing.Heard(Place("192.0.2.8"), name_tag("nobody"), 3)
    assert look.named([known, other], registered) == {place: registered[0].id}


def test_the_computer_knows_its_own_networks():
    found = interfaces()
    if not found:
        pytest.skip("this system does not tell its masks")
    assert any(one.address.is_loopback and one.network.prefixlen < 32 for one in found)


def test_a_real_node_hears_and_says_where_it_is(node):
    """Hints are minutes apart where nothing changes: it answers one of before any policy."""
    ready = next(event for event in node.events if event.get("event") == "ready")
    if not ready["lan"]["multicast"]:
        pytest.skip("this machine has no multicast on loopback")
    port = node.lan[0]
    found = hearing.listen([LOOPBACK], BOUND, (hearing.GROUP, port), lambda heard: True)
    (one,) = found.heard
    assert one.place == Place(HOST, port) and one.tag == name_tag("reader") and one.number > 0


def test_a_real_node_that_leaves_hints_to_others_is_asked_where_it_is(node, monkeypatch):
    """Among many nodes nearly all do. No other hint is told here, so what comes is the answer."""
    ready = next(event for event in node.events if event.get("event") == "ready")
    if not ready["lan"]["multicast"]:
        pytest.skip("this machine has no multicast on loopback")
    only = hearing._hint
    monkeypatch.setattr(hearing, "_hint", lambda *sought: only(*sought) if sought else b"-")
    group, tag = (hearing.GROUP, node.lan[0]), name_tag("reader")
    tags = [name_tag(f"away {number}") for number in range(40)]
    found = hearing.listen([LOOPBACK], BOUND, group, lambda heard: True, [*tags, tag])
    assert [(one.place.port, one.tag) for one in found.heard] == [(node.lan[0], tag)]
