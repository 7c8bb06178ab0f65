"""The same exchange over datagrams, which are lost, repeated and come in any order (RFC 8613)."""

INTERPRETERS = ("micropython", "cpython")

import cbor
import coap
import crypto
import oscore
from coap import Message, code, datagram
from harness import raises
from holdfast.link.origin import Origin
from memory_phone import Hardware, Phone, make_reader

_WINDOW = 32
_EDHOC = [(coap.option.URI_PATH, b".well-known"), (coap.option.URI_PATH, b"edhoc")]


class _Draw:
    """Numbers that are the same in every run."""

    def __init__(self, seed):
        self._seed = seed
        self._count = 0

    def below(self, limit):
        self._count += 1
        drawn = crypto.sha256(b"%d %d" % (self._seed, self._count))
        return int.from_bytes(drawn[:4], "big") % limit


class _Air:
    """A network between one phone and the reader's exchanger; every message is one packet."""

    def __init__(self, number=1):
        self.hardware = Hardware()
        self.reader = make_reader(self.hardware)
        self.origin = Origin(number, False)

    async def deliver(self, packet, origin=None):
        """What the reader answers to one packet, None for silence."""
        request, _, mid = datagram.decode(packet)
        response = await self.reader.exchanger.respond(request, origin or self.origin)
        self.reader.exchanger.answered()
        if response is None:
            return None
        return datagram.decode(datagram.encode(response, datagram.ACK, mid))[0]

    async def introduce(self, phone):
        """A cold unlock; what came of it."""
        waiting, message_1 = phone.message_1()
        response = await self.deliver(packet(Message(code.POST, _EDHOC, b"\xf5" + message_1)))
        message_3 = phone.finish(waiting, response.payload)
        exchange, protected = phone.wish()
        response = await self.deliver(packet(oscore.combine(message_3, protected)))
        return phone.answer(response, exchange)


def packet(message, mid=1):
    return datagram.encode(message, datagram.CON, mid)


async def test_an_unlock_over_datagrams_is_the_same_unlock():
    air, phone = _Air(), Phone()
    assert (await air.introduce(phone))[1][1] is True
    exchange, protected = phone.wish()
    response = await air.deliver(packet(protected))
    assert phone.answer(response, exchange)[1][1] is True and air.hardware.opened == 2


async def test_each_request_is_taken_once_whatever_the_network_does():
    """Lost, repeated, overtaken: what is newer than the window's end is taken the first time that
    it comes, and nothing is taken twice (RFC 8613 section 7.4).
    """
    for seed in range(4):
        draw = _Draw(seed)
        air, phone = _Air(), Phone(number=seed)
        await air.introduce(phone)
        sent = [phone.wish() for _ in range(90)]
        flying = []
        highest, seen = -1, set()
        opened = air.hardware.opened
        for number in range(len(sent)):
            if draw.below(8):
                flying.append(number)
            if not draw.below(3):
                flying.append(number)  # once more
            while len(flying) > draw.below(60):
                at = flying.pop(draw.below(len(flying)))
                exchange, protected = sent[at]
                response = await air.deliver(packet(protected))
                is_new = at > highest or at > highest - _WINDOW and at not in seen
                if is_new:
                    seen.add(at)
                    highest = max(highest, at)
                    assert phone.answer(response, exchange)[1][1] is True
                else:
                    assert response.option(coap.option.OSCORE) is None
                    assert response.code == code.UNAUTHORIZED
        assert air.hardware.opened - opened == len(seen) > 40


async def test_message_3_counts_only_from_where_message_1_came():
    """C_R is heard by everybody: somebody else's message_3 under it ends nobody's handshake."""
    air, phone = _Air(), Phone()
    waiting, message_1 = phone.message_1()
    response = await air.deliver(packet(Message(code.POST, _EDHOC, b"\xf5" + message_1)))
    message_3 = phone.finish(waiting, response.payload)
    exchange, protected = phone.wish()
    combined = packet(oscore.combine(message_3, protected))
    assert (await air.deliver(combined, Origin(2, False))).code == code.BAD_REQUEST
    assert not air.hardware.opened
    assert phone.answer(await air.deliver(combined), exchange)[1][1] is True
    # And the same packet again is none.
    assert (await air.deliver(combined)).code == code.BAD_REQUEST and air.hardware.opened == 1


async def test_what_is_no_request_gets_no_answer():
    air = _Air()
    for number in (code.EMPTY, code.CONTENT, code.CHANGED, code.BAD_REQUEST):
        assert await air.reader.exchanger.respond(Message(number), air.origin) is None
    assert not air.hardware.reasons()


async def test_many_addresses_that_begin_take_nothing_from_who_goes_on():
    """Eight handshakes wait at most; what a ninth puts out is the oldest, and no identifier goes
    with it.
    """
    air = _Air()
    for number in range(70):
        _, message_1 = Phone(number=10 * number).message_1()
        begun = packet(Message(code.POST, _EDHOC, b"\xf5" + message_1))
        assert (await air.deliver(begun, Origin(number, False))).code == code.CHANGED
    assert (await air.introduce(Phone(number=5000)))[1][1] is True


async def test_a_node_asks_the_same_way():
    """Who was made known asks as it answers, under one context (RFC 8613 section 3.1)."""
    air, phone = _Air(), Phone()
    await air.introduce(phone)
    exchanger = air.reader.exchanger
    kid = phone.context.sender_id
    asked = Message(code.GET, coap.path_options("status"))
    protected, exchange = exchanger.ask(kid, asked)
    plain, theirs = oscore.unprotect_request(phone.context, protected)
    assert plain.code == code.GET and plain.uri_path() == ("status",)
    answer = Message(code.CONTENT, (), cbor.encode({1: "lobby"}))
    response = oscore.protect_response(phone.context, answer, theirs)
    assert cbor.decode(exchanger.answer(kid, response, exchange).payload) == {1: "lobby"}
    assert raises(KeyError, lambda: exchanger.ask(b"\x2f", asked))


async def test_a_path_that_is_no_text_is_refused_and_no_fault():
    """Anybody can send it, so it must not count as something that failed here."""
    air = _Air()
    for path in (b"\xff", b"\xed\xa0\x80"):
        request = Message(code.POST, [(coap.option.URI_PATH, path)], b"\xf5")
        response = await air.deliver(packet(request))
        assert response.code == code.BAD_OPTION
