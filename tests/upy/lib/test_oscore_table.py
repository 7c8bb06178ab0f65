"""Contexts by the identifier that an endpoint gave out: short, free, and never the peer's."""

import oscore
from coap import Message, code
from harness import memory_returns, raises
from oscore.table import MAX_ID, kid_of, number_of
from oscore_sides import SALT, SECRET, contexts

INTERPRETERS = ("micropython", "cpython")


def _taken(table, count, peer_id=b""):
    """So many identifiers, each with an entry."""
    kids = []
    for _ in range(count):
        kids.append(table.reserve(peer_id))
        table.put(kids[-1], bytearray(1))
    return kids


def test_the_shortest_free_identifier_comes_first():
    """48 are one byte wherever they stand (RFC 9528 3.3.2); then those that are one byte in OSCORE
    alone, then two. None twice, whatever was given back in between.
    """
    table = oscore.Table(first=7)
    kids = _taken(table, 300)
    assert len(set(kids)) == 300
    one_byte_item = set([bytes((n,)) for n in range(24)] + [bytes((n,)) for n in range(32, 56)])
    assert set(kids[:48]) == one_byte_item and kids[0] == b"\x08"
    assert [len(kid) for kid in kids[48:256]] == [1] * 208
    assert [len(kid) for kid in kids[256:]] == [2] * 44
    table.remove(kids[3])
    table.remove(kids[100])
    assert [table.reserve(b""), table.reserve(b"")] == [kids[3], kids[100]]


def test_three_bytes_come_when_all_shorter_ones_are_taken():
    """Nobody has so much memory; the way there must not be an endless loop all the same."""
    table = oscore.Table()
    for number in range(256):
        table.put(bytes((number,)), None)
    taken = {number_of(bytes((a, b))): None for a in range(256) for b in range(256)}
    table.entries.update(taken)
    table.order.extend(taken)
    kid = table.reserve(b"")
    assert len(kid) == MAX_ID and table.packed(kid) is None




def test_an_identifier_is_never_the_peers_own():
    """RFC 9528 appendix A.1: both sides would use one key and one nonce."""
    for first in range(60):
        table = oscore.Table(first)
        peer_id = oscore.Table(first).reserve(b"")
        assert table.reserve(peer_id) != peer_id
    table = oscore.Table()
    for number in range(256):
        table.put(bytes((number,)), None)
    assert table.reserve(b"\x00\x01") != b"\x00\x01"


def test_what_is_reserved_is_nobody_elses_until_it_is_given_back():
    """A handshake that came to nothing frees its identifier; one that was kept does not."""
    table = oscore.Table()
    kids = [table.reserve(b"") for _ in range(48)]
    assert len(set(kids)) == 48 and all([table.packed(kid) is None for kid in kids])
    assert len(table.reserve(b"")) == 1  # of the next kind
    table.release(kids[5])
    table.release(b"not reserved")
    assert table.reserve(b"") == kids[5]
    table.put(kids[5], bytearray(1))
    table.release(kids[5])
    table.release(kids[6])
    assert table.reserve(b"") == kids[6]


def test_whatever_kid_a_stranger_names_nobody_is_found():
    """Longer, shorter, or with zeros before it: not the identifier, so not the context."""
    table = oscore.Table()
    for kid in (b"\x05", b"\x00\x05", b"\x00\x00\x05"):
        table.put(kid, bytearray(kid))
    for kid in (b"\x05", b"\x00\x05", b"\x00\x00\x05"):
        assert table.packed(kid) == kid and kid_of(number_of(kid)) == kid
    for kid in (b"", b"\x00", b"\x05\x00", b"\x00\x00\x00\x05", bytes(7), b"\xff" * 8, bytes(250)):
        assert table.packed(kid) is None
        table.used(kid)
        table.remove(kid)
    assert len(table.entries) == len(table.order) == 3


def test_the_order_is_that_of_use():
    """Who came last goes last; to be named by somebody is no use."""
    table = oscore.Table()
    kids = _taken(table, 4)
    table.used(kids[1])
    table.packed(kids[0])
    assert [kid_of(number) for number in table.order] == [kids[0], kids[2], kids[3], kids[1]]
    table.put(kids[0], bytearray(2))
    assert [kid_of(number) for number in table.order] == [kids[2], kids[3], kids[1], kids[0]]


def test_looking_around_costs_no_memory():
    """Strangers name identifiers for ever."""
    table = oscore.Table()
    kids = _taken(table, 20)

    def live():
        for number in range(2000):
            table.packed(kids[number % 20])
            table.used(kids[number * 7 % 20])
            table.release(table.reserve(kids[0]))

    memory_returns(live)


def test_one_association_is_one_context_both_ways():
    """Two nodes that ask each other: each answers and asks under the same keys, and no nonce comes
    twice, as each side's own numbers go on from message to message.
    """
    ends = contexts()
    used = []
    for number in range(6):
        asking, answering = ends[number % 2], ends[1 - number % 2]
        request = Message(code.GET, [], b"%d" % number)
        protected, sent = oscore.protect_request(asking, request)
        plain, received = oscore.unprotect_request(answering, protected)
        assert plain == request
        used.append((asking.sender_id, sent.request_piv))
        new_piv = number > 2
        answer = oscore.protect_response(
            answering, Message(code.CONTENT), received, new_piv=new_piv
        )
        piv = oscore.option.decode(answer.option(9))[0]
        assert (piv is not None) == new_piv
        if piv is not None:
            used.append((answering.sender_id, piv))
        assert oscore.unprotect_response(asking, answer, sent).code == code.CONTENT
    assert len(set(used)) == len(used) == 9


def test_several_views_are_one_context():
    """Two connections of one phone: what one uses or accepts, the other knows of."""
    context = oscore.SecurityContext(SECRET, SALT, b"\x01", b"\x37")
    other = oscore.SecurityContext.over(context.packed)
    assert [context.next_piv(), other.next_piv(), context.next_piv()] == [b"\0", b"\1", b"\2"]
    other.accept(5)
    raises(oscore.REPLAYED, context.accept, 5)
    context.lose_window()
    assert other.is_window_lost
    context.challenge(9)
    raises(oscore.REPLAYED, other.challenge, 9)


def test_bytes_that_are_no_context_are_told():
    """What comes from a file is asked once, before anything is done with it."""
    good = oscore.SecurityContext(SECRET, SALT, b"\x01", b"\x37", b"id context").packed
    assert oscore.SecurityContext.over(good + b"the owner's").is_sound
    assert oscore.context.length(good) == len(good)
    for cut in range(len(good)):
        assert not oscore.SecurityContext.over(good[:cut]).is_sound, cut


def test_a_window_of_another_size_forgets_nothing():
    """From 32 to 1 and back: what was accepted stays so."""
    context = oscore.SecurityContext(SECRET, SALT, b"\x01", b"\x37")
    for piv in (3, 9, 5):
        context.accept(piv)
    context.resize_window(1)
    for piv in range(10):
        raises(oscore.REPLAYED, context.accept, piv)
    context.accept(12)
    context.resize_window(32)
    for piv in (3, 5, 9, 12):
        raises(oscore.REPLAYED, context.accept, piv)
    context.accept(11)
    for size in (0, 33, -1):
        raises(ValueError, context.resize_window, size)
