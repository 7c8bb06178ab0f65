"""Links by number and offset: whatever is lost, doubled or late, each byte comes once, in order.

The other side of the link is a stand-in that answers each byte; what lies between says things
again, late and in another order.
"""

INTERPRETERS = ("micropython", "cpython")

import asyncio

from holdfast.access import carry
from holdfast.access.carriers import NEW, REPEATED, STALE, TWO, Life
from holdfast.link.carried import CarriedLink
from simulated_network import Chance
from untrusted import InvalidInput


async def _mirror(link, got):
    """Answer each byte with two others."""
    while True:
        piece = await link.read()
        if not piece:
            return
        got.extend(piece)
        answer = bytes([value ^ other for value in piece for other in (0x55, 0xAA)])
        try:
            for start in range(0, len(answer), 100):
                await link.write(answer[start : start + 100])
        except OSError:
            return


async def _turns():
    for _ in range(6):
        await asyncio.sleep(0)


async def test_each_byte_comes_once_and_in_order_both_ways():
    """Random histories: pieces of any size, answers that are lost, old messages that come late."""
    for seed in range(40):
        chance = Chance(seed + 1)
        sent = chance.bytes(1 + chance.below(3000))
        link, got, back = CarriedLink(), bytearray(), bytearray()
        task = asyncio.create_task(_mirror(link, got))
        said, pending = [], None
        taken = 0
        for _ in range(4000):
            if taken == len(sent) and len(back) == 2 * len(sent):
                break
            if said and chance.happens(0.3):
                offset, fetched, piece = said[chance.below(len(said))]
                is_heard = False
            else:
                if pending is None:  # else it says the same until it is answered
                    piece = sent[taken : taken + chance.below(carry.MAX_PIECE)]
                    pending = taken, len(back), piece
                    said.append(pending)
                offset, fetched, piece = pending
                is_heard = not chance.happens(0.3)
                if chance.happens(0.2):
                    continue  # it never arrives, unless it is late
            link.fetched(fetched)
            link.put(offset, piece)
            await _turns()
            now, at, data, flags, _ = link.told(0)
            assert len(data) <= carry.MAX_PIECE and not flags & carry.CLOSED
            if is_heard:
                assert taken <= now <= taken + len(piece)
                taken, pending = now, None
                assert at == len(back)
                back.extend(data)
        assert bytes(got) == sent, seed
        assert bytes(back) == bytes([v ^ other for v in sent for other in (0x55, 0xAA)]), seed
        link.close()
        await task


async def test_a_gap_is_waited_for_and_a_hole_in_the_other_way_ends_it():
    link, got = CarriedLink(), bytearray()
    task = asyncio.create_task(_mirror(link, got))
    link.put(5, b"later")
    await _turns()
    assert link.told(0)[:3] == (0, 0, b"") and not got
    link.put(0, b"first")
    await _turns()
    link.put(5, b"later")
    await _turns()
    assert bytes(got) == b"firstlater"
    link.fetched(3)
    assert link.told(0)[1] == 3 and len(link.told(0)[2]) == 17
    link.fetched(1)
    assert link.told(0)[1] == 3
    link.fetched(21)
    assert link.is_over
    await task


async def test_what_nobody_fetches_stops_who_writes():
    """And what nobody reads is not taken: a link has its bound, whoever is slow."""
    link, got = CarriedLink(), bytearray()
    task = asyncio.create_task(_mirror(link, got))
    for _ in range(20):
        link.put(link.taken, bytes(carry.MAX_PIECE))
        await _turns()
    assert link.taken <= 3 * carry.MAX_PIECE and len(link._out) <= 2048
    assert link.is_settled and link.told(0)[3] == carry.MORE
    link.close()
    await task


def test_a_carrier_numbers_what_it_says_and_another_one_cannot():
    """Two with one memory say different things under one number, or one after the other began."""
    for seed in range(20):
        chance = Chance(seed + 1)
        life, number = Life(), 0
        instance = chance.bytes(8)
        said = {}
        for _ in range(200):
            if said and chance.happens(0.3):
                old = list(said)[chance.below(len(said))]
                heard = life.heard(instance, old, said[old])
                assert heard == (REPEATED if old == number else STALE)
                continue
            number += 1 + chance.below(3)
            said[number] = chance.bytes(4)
            assert life.heard(instance, number, said[number]) == NEW
        # A copy that goes on from here, beside the first.
        copy = number + 1
        assert life.heard(instance, copy, b"this") == NEW
        assert life.heard(instance, copy, b"that") == TWO
        # A copy that was started by itself, and the first again.
        assert life.heard(b"another!", 1, b"this") == NEW
        assert life.heard(instance, copy + 1, b"this") == TWO
        assert life.heard(b"another!", 2, b"this") == NEW


def test_nothing_but_what_a_carrier_says_is_understood():
    """Every byte of each message changed, cut off or put behind: refused, or another message that
    is as well-formed.
    """
    instance = bytes(range(8))
    rests = {
        carry.LOOK: (),
        carry.LINK: (1, 0, 0, b"abc"),
        carry.GONE: (7,),
        carry.CARD: (b"\1\2\3\4",),
        carry.PIN: ("1234",),
        carry.TAMPER: (True,),
    }
    refused = 0
    for kind, rest in rests.items():
        raw = carry.Said(kind, instance, 5, rest).encode()
        said = carry.parse(raw)
        assert (said.kind, said.instance, said.number, said.rest) == (kind, instance, 5, rest)
        assert said.encode() == raw
        for place in range(len(raw)):
            for value in (0, 1, 0x18, 0x40, 0x80, 0xF6, 0xFF, raw[place] ^ 1):
                other = raw[:place] + bytes((value,)) + raw[place + 1 :]
                refused += _is_refused(other)
            assert _is_refused(raw[:place])
        assert _is_refused(raw + b"\0")
    assert refused > 200, refused
    for junk in (b"", b"\x80", bytes(1200), b"\x83\x01\x48" + bytes(8) + b"\x00"):
        assert _is_refused(junk)
    for payload in (
        b"",
        b"\x82\x0a\x00",
        b"\x82\x00\x20",
        b"\xa0",
        b"\x83\x00\x00\x00",
        b"\x83\x00\x00\x41\x01",  # a door has two bytes
        b"\x83\x00\x00\x43\x01\x02\x03",
        b"\x84\x00\x00\x42\x01\x02\x00",
    ):
        try:
            carry.parse_answer(payload)
        except InvalidInput:
            continue
        raise AssertionError(payload)


def _is_refused(payload):
    try:
        said = carry.parse(payload)
    except InvalidInput:
        return True
    assert said.encode() == payload
    return False
