"""Two nodes of a site: each asks the other, proven both ways, whatever is lost between them."""

INTERPRETERS = ("micropython", "cpython")

import cbor
import coap
import oscore
import small_site as site
from coap import Message, code, datagram
from harness import new_folder
from holdfast.link.introduction import NotIntroduced
from holdfast.link.origin import Origin
from holdfast.link.partner import NoAnswer
from memory_phone import Phone, make_reader
from neighbours import OTHER, OTHER_CTI, other_node, partner_of


async def _fails(expected, running):
    try:
        await running
    except expected as error:
        return error
    raise AssertionError("nothing was raised")


class _Wire:
    """From one node to another; every message becomes a datagram and is read again."""

    def __init__(self, to):
        self.to = to
        self.requests = []
        self.origin = Origin(1, False, True)
        self.change = None  # change(number of the request, response), or None for what is lost

    async def send(self, request):
        request.token = b"\1\2\3\4"
        request = _copied(request)
        self.requests.append(request)
        response = await self.to.exchanger.respond(request, self.origin)
        self.to.exchanger.answered()
        response = _copied(response)
        if self.change is not None:
            response = self.change(len(self.requests), response)
        if response is None:
            raise NoAnswer("nothing came")
        return response


def _copied(message):
    return datagram.decode(datagram.encode(message, datagram.CON, 1))[0]


def _get(*path):
    return Message(code.GET, coap.path_options(*path))


async def test_the_first_request_introduces_both_and_the_next_take_one_message():
    """The handshake's last message and the first request are one; both know each other after it,
    so that the other asks back without any.
    """
    first, second = make_reader(), other_node()
    wire = _Wire(second)
    partner = partner_of(first, wire.send)
    answer = await partner.ask(_get("policy"))
    assert answer.code == code.CONTENT and cbor.decode(answer.payload) == [site.changeset()]
    assert len(wire.requests) == 2
    assert (await partner.ask(_get("policy"))).code == code.CONTENT
    assert len(wire.requests) == 3
    back = _Wire(first)
    answer = await partner_of(second, back.send, site.NODE).ask(_get("policy"))
    assert answer.code == code.CONTENT and len(back.requests) == 1


async def test_both_have_forgotten_nothing_after_a_restart():
    """The one that was asked wants a request that is certainly new, which costs one message more;
    the one that asks goes on with numbers that it has not used.
    """
    folders = new_folder(), new_folder()
    first, second = make_reader(directory=folders[0]), other_node(directory=folders[1])
    await partner_of(first, _Wire(second).send).ask(_get("policy"))
    first = make_reader(directory=folders[0], policy=False)
    second = other_node(directory=folders[1], policy=False)
    wire = _Wire(second)
    partner = partner_of(first, wire.send)
    for expected in (2, 3):
        assert (await partner.ask(_get("policy"))).code == code.CONTENT
        assert len(wire.requests) == expected
    assert not [request for request in wire.requests if not request.option(coap.option.OSCORE)]


async def test_who_was_forgotten_introduces_itself_again():
    """The other has lost its memory, and says so in the clear, as anybody could."""
    first = make_reader()
    await partner_of(first, _Wire(other_node()).send).ask(_get("policy"))
    wire = _Wire(other_node())
    assert (await partner_of(first, wire.send).ask(_get("policy"))).code == code.CONTENT
    assert len(wire.requests) == 3


async def test_a_word_in_the_clear_is_no_answer():
    """Whoever hears a token can answer faster: it ends this request and nothing else."""
    first, second = make_reader(), other_node()
    wire = _Wire(second)
    partner = partner_of(first, wire.send)
    await partner.ask(_get("policy"))
    known = list(first.contexts.order)
    for number in (code.CONTENT, code.BAD_REQUEST, code.UNAUTHORIZED):
        wire.change = lambda _, response, number=number: Message(number, (), b"[]")
        await _fails((NoAnswer, NotIntroduced), partner.ask(_get("policy")))
        assert list(first.contexts.order) == known
    wire.change = None
    wire.requests.clear()
    assert (await partner.ask(_get("policy"))).code == code.CONTENT
    assert len(wire.requests) == 1


async def test_whatever_is_lost_in_a_handshake_leaves_nothing_behind():
    """And is no reason not to try again."""
    for lost in (1, 2):
        first, second = make_reader(), other_node()
        wire = _Wire(second)
        wire.change = lambda number, response, lost=lost: None if number == lost else response
        partner = partner_of(first, wire.send)
        await _fails(NoAnswer, partner.ask(_get("policy")))
        assert not first.contexts.order and not first.contexts._reserved
        wire.change = None
        assert (await partner.ask(_get("policy"))).code == code.CONTENT


async def test_any_byte_of_message_2_that_is_changed_ends_the_handshake():
    first, second = make_reader(), other_node()
    wire = _Wire(second)
    partner = partner_of(first, wire.send)
    for place in range(0, 300, 37):

        def change(number, response, place=place):
            payload = bytearray(response.payload)
            payload[place % len(payload)] ^= 0x10
            return Message(response.code, response.options, bytes(payload))

        wire.change = change
        await _fails(NotIntroduced, partner.ask(_get("policy")))
        assert not first.contexts.order and not first.contexts._reserved


async def test_another_device_a_revoked_one_and_one_of_another_authority_are_nobody():
    """Who answers must be the one that was asked for: a certificate alone is public."""
    first = make_reader()
    another = other_node("reader-3")
    error = await _fails(NotIntroduced, partner_of(first, _Wire(another).send).ask(_get("policy")))
    assert "another" in str(error)
    revoked = make_reader()
    revoking = site.changeset(
        [[7, OTHER_CTI, site.NOW + 3650 * site.DAY, None]], 2, site.hash_of(site.changeset())
    )
    revoked.apply(revoking)
    await _fails(NotIntroduced, partner_of(revoked, _Wire(other_node()).send).ask(_get("policy")))
    # Nor does it get in where it asks itself.
    wire = _Wire(revoked)
    answer = await partner_of(other_node(), wire.send, site.NODE).ask(_get("policy"))
    assert answer.code == code.FORBIDDEN
    # Nor is the asker told more than a no by who believes another authority.
    stranger = _Wire(other_node())
    stranger.to.trust.authority_keys = ()
    await _fails(NoAnswer, partner_of(first, stranger.send).ask(_get("policy")))
    first.trust.authority_keys = ()
    first.contexts.forget_credentials(lambda credential: True)
    await _fails(NotIntroduced, partner_of(first, _Wire(other_node()).send).ask(_get("policy")))


async def test_where_phones_come_no_device_is_anybody():
    """A device's certificate is no holder's credential; over the air it does not get an answer."""
    first, second = make_reader(), other_node()
    wire = _Wire(second)
    wire.origin = Origin(1, False)
    await _fails(NoAnswer, partner_of(first, wire.send).ask(_get("policy")))
    assert second.hardware.reasons()


async def test_no_device_opens_the_door_of_another():
    """Who moves the strike decides: there is no message that could be forged to do it."""
    first, second = make_reader(), other_node()
    wish = Message(
        code.PUT,
        coap.path_options("doors", site.DOOR)
        + [(coap.option.CONTENT_FORMAT, coap.option.encode_uint(coap.option.CF_CBOR))],
        cbor.encode({1: 1, 2: True}),
    )
    answer = await partner_of(first, _Wire(second).send).ask(wish)
    assert answer.code == code.FORBIDDEN and not second.hardware.opened


async def test_phones_and_nodes_have_one_table_and_keep_apart():
    """A phone that was introduced after it takes nothing from a node."""
    first, second = make_reader(), other_node()
    wire = _Wire(second)
    partner = partner_of(first, wire.send)
    await partner.ask(_get("policy"))
    phone = Phone()
    waiting, message_1 = phone.message_1()
    origin = Origin(2, False)
    edhoc = Message(code.POST, coap.path_options(".well-known", "edhoc"), b"\xf5" + message_1)
    response = await first.exchanger.respond(edhoc, origin)
    message_3 = phone.finish(waiting, response.payload)
    exchange, protected = phone.wish()
    response = await first.exchanger.respond(oscore.combine(message_3, protected), origin)
    assert phone.answer(response, exchange)[1][1] is True
    wire.requests.clear()
    assert (await partner.ask(_get("policy"))).code == code.CONTENT and len(wire.requests) == 1
    assert first.contexts.with_device(OTHER) and first.contexts.with_device("alice") is None
