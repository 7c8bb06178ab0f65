"""Two nodes of a site: each asks the other, proven both ways, whatever is lost between them."""

INTERPRETERS = ("micropython", "cpython")

import cbor
import coap
import crypto
import oscore
import small_site as site
from coap import Message, code, datagram
from harness import new_folder
from holdfast.link.introduction import Introductions, NotIntroduced
from holdfast.link.origin import Origin
from holdfast.link.partner import NoAnswer, Partner
from holdfast.roles.reader import Reader
from holdfast.storage import settings
from memory_phone import Hardware, Phone, make_reader

OTHER_PRIVATE = b"\x77" * 32
OTHER = "reader-2"
_OTHER_CTI = b"\x20\x21\x22\x23\x24\x25\x26\x27"


def _other(changes=None, directory=None, claims=None, private=OTHER_PRIVATE, policy=True):
    """A second reader of the same door: on the other side of the wall."""
    named = {2: OTHER, 7: _OTHER_CTI}
    named.update(claims or {})
    certificate = site.device_certificate(private, named)
    configured = {3: named[2], 6: certificate, 13: crypto.x25519_public_key(private)}
    configured.update(changes or {})
    reader = Reader(
        settings.decode(cbor.encode(site.settings_map(configured))),
        private,
        Hardware(),
        directory or new_folder(),
    )
    reader.start()
    if policy:
        reader.apply(site.changeset())
    return reader


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


def _partner(node, wire, name=OTHER):
    introductions = Introductions(
        node.trust,
        node.ephemerals,
        node.contexts,
        node.engine,
        lambda: node.keys.entries[0][1:],
        node.may_be_remembered,
    )
    return Partner(name, wire.send, introductions, node.exchanger, node.contexts)


def _get(*path):
    return Message(code.GET, coap.path_options(*path))


async def test_the_first_request_introduces_both_and_the_next_take_one_message():
    """The handshake's last message and the first request are one; both know each other after it,
    so that the other asks back without any.
    """
    first, second = make_reader(), _other()
    wire = _Wire(second)
    partner = _partner(first, wire)
    answer = await partner.ask(_get("policy"))
    assert answer.code == code.CONTENT and cbor.decode(answer.payload) == [site.changeset()]
    assert len(wire.requests) == 2
    assert (await partner.ask(_get("policy"))).code == code.CONTENT
    assert len(wire.requests) == 3
    back = _Wire(first)
    answer = await _partner(second, back, site.NODE).ask(_get("policy"))
    assert answer.code == code.CONTENT and len(back.requests) == 1


async def test_both_have_forgotten_nothing_after_a_restart():
    """The one that was asked wants a request that is certainly new, which costs one message more;
    the one that asks goes on with numbers that it has not used.
    """
    folders = new_folder(), new_folder()
    first, second = make_reader(directory=folders[0]), _other(directory=folders[1])
    await _partner(first, _Wire(second)).ask(_get("policy"))
    first = make_reader(directory=folders[0], policy=False)
    second = _other(directory=folders[1], policy=False)
    wire = _Wire(second)
    partner = _partner(first, wire)
    for expected in (2, 3):
        assert (await partner.ask(_get("policy"))).code == code.CONTENT
        assert len(wire.requests) == expected
    assert not [request for request in wire.requests if not request.option(coap.option.OSCORE)]


async def test_who_was_forgotten_introduces_itself_again():
    """The other has lost its memory, and says so in the clear, as anybody could."""
    first = make_reader()
    await _partner(first, _Wire(_other())).ask(_get("policy"))
    wire = _Wire(_other())
    assert (await _partner(first, wire).ask(_get("policy"))).code == code.CONTENT
    assert len(wire.requests) == 3


async def test_a_word_in_the_clear_is_no_answer():
    """Whoever hears a token can answer faster: it ends this request and nothing else."""
    first, second = make_reader(), _other()
    wire = _Wire(second)
    partner = _partner(first, wire)
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
        first, second = make_reader(), _other()
        wire = _Wire(second)
        wire.change = lambda number, response, lost=lost: None if number == lost else response
        partner = _partner(first, wire)
        await _fails(NoAnswer, partner.ask(_get("policy")))
        assert not first.contexts.order and not first.contexts._reserved
        wire.change = None
        assert (await partner.ask(_get("policy"))).code == code.CONTENT


async def test_any_byte_of_message_2_that_is_changed_ends_the_handshake():
    first, second = make_reader(), _other()
    wire = _Wire(second)
    partner = _partner(first, wire)
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
    another = _other(claims={2: "reader-3"})
    error = await _fails(NotIntroduced, _partner(first, _Wire(another)).ask(_get("policy")))
    assert "another" in str(error)
    revoked = make_reader()
    revoking = site.changeset(
        [[7, _OTHER_CTI, site.NOW + 3650 * site.DAY, None]], 2, site.hash_of(site.changeset())
    )
    revoked.apply(revoking)
    await _fails(NotIntroduced, _partner(revoked, _Wire(_other())).ask(_get("policy")))
    # Nor does it get in where it asks itself.
    wire = _Wire(revoked)
    answer = await _partner(_other(), wire, site.NODE).ask(_get("policy"))
    assert answer.code == code.FORBIDDEN
    # Nor is the asker told more than a no by who believes another authority.
    stranger = _Wire(_other())
    stranger.to.trust.authority_keys = ()
    await _fails(NoAnswer, _partner(first, stranger).ask(_get("policy")))
    first.trust.authority_keys = ()
    first.contexts.forget_credentials(lambda credential: True)
    await _fails(NotIntroduced, _partner(first, _Wire(_other())).ask(_get("policy")))


async def test_where_phones_come_no_device_is_anybody():
    """A device's certificate is no holder's credential; over the air it does not get an answer."""
    first, second = make_reader(), _other()
    wire = _Wire(second)
    wire.origin = Origin(1, False)
    await _fails(NoAnswer, _partner(first, wire).ask(_get("policy")))
    assert second.hardware.reasons()


async def test_no_device_opens_the_door_of_another():
    """Who moves the strike decides: there is no message that could be forged to do it."""
    first, second = make_reader(), _other()
    wish = Message(
        code.PUT,
        coap.path_options("doors", site.DOOR)
        + [(coap.option.CONTENT_FORMAT, coap.option.encode_uint(coap.option.CF_CBOR))],
        cbor.encode({1: 1, 2: True}),
    )
    answer = await _partner(first, _Wire(second)).ask(wish)
    assert answer.code == code.FORBIDDEN and not second.hardware.opened


async def test_phones_and_nodes_have_one_table_and_keep_apart():
    """A phone that was introduced after it takes nothing from a node."""
    first, second = make_reader(), _other()
    wire = _Wire(second)
    partner = _partner(first, wire)
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
