"""Bodies of many messages (RFC 7959), both sides against each other, without a network."""

from coap import CoAPError, Message, code, option, path_options
from coap.blockwise import MAX_BODY, MAX_PLAINTEXT, Transfer, decode, encode
from coap.bodies import BODIES, Bodies, WholeServer
from coap.server import Server
from coap.transmission import MAX_TRANSMIT_WAIT
from harness import raises
from simulated_network import Chance, Network

INTERPRETERS = ("micropython", "cpython")


class Files:
    """A resource that keeps what is put and gives it back."""

    def __init__(self, szx=6, max_body=MAX_BODY):
        self.time = Network(1)
        self.bodies = Bodies(self.time, szx, max_body)
        self.content = b""
        self.puts = []

    def __call__(self, request, peer="phone"):
        try:
            whole, response = self.bodies.take(request, peer)
            if response is None:
                response = self.bodies.give(request, self.serve(whole), peer)
            return response
        except CoAPError as error:
            return Message(error.code, payload=str(error).encode())

    def serve(self, request):
        if request.code == code.PUT:
            self.content = request.payload
            self.puts.append(request.payload)
            return Message(code.CHANGED)
        if request.code == code.POST:
            return Message(code.CHANGED, payload=bytes(reversed(request.payload)))
        return Message(code.CONTENT, [(option.CONTENT_FORMAT, b"\x3c")], self.content)


def _request(method, payload=b""):
    return Message(method, path_options("policy"), payload)


def _body(length):
    return Chance(length).bytes(length)


def _run(transfer, files, peer="phone", messages=None):
    message = transfer.message
    while message is not None:
        assert len(option.encode(message.options, message.payload)) + 1 <= MAX_PLAINTEXT
        if messages is not None:
            messages.append(message)
        message = transfer.feed(files(message, peer))
    return transfer.response


LENGTHS = (0, 1, 15, 16, 17, 31, 32, 1023, 1024, 1025, 2048, 9000)


def test_bodies_of_any_length_go_both_ways_in_blocks_of_any_size():
    """The smaller size of the two sides is used, whoever has it."""
    for ours, theirs in ((6, 6), (2, 6), (6, 2), (0, 0)):
        for length in LENGTHS[: 9 if min(ours, theirs) == 0 else 12]:
            body = _body(length)
            files = Files(theirs)
            messages = []
            answer = _run(Transfer(_request(code.PUT, body), b"t", ours), files, "p", messages)
            assert answer.code == code.CHANGED and files.puts == [body], (ours, theirs, length)
            answer = _run(Transfer(_request(code.GET), b"t", ours), files, "p", messages)
            assert answer.payload == body and answer.option(option.BLOCK2) is None
            assert answer.uint_option(option.CONTENT_FORMAT) == 60
            answer = _run(Transfer(_request(code.POST, body), b"t", ours), files, "p", messages)
            assert answer.payload == bytes(reversed(body))
            assert files.bodies.is_idle
            if length > 1024 and ours <= theirs:
                assert len(messages) >= 3 * (length // (16 << ours))


def test_long_options_make_blocks_smaller():
    """What is inside OSCORE has 1,088 bytes at most, whatever the path."""
    request = Message(code.PUT, path_options("a" * 250, "b" * 250), _body(3000))
    files = Files()
    assert _run(Transfer(request, b"t"), files).code == code.CHANGED
    assert files.content == _body(3000)


def test_a_body_too_large_is_refused_before_it_comes():
    files = Files(max_body=4096)
    messages = []
    answer = _run(Transfer(_request(code.PUT, _body(4097)), b"t"), files, "p", messages)
    assert answer.code == code.REQUEST_ENTITY_TOO_LARGE and len(messages) == 1
    assert answer.uint_option(option.SIZE1) == 4096 and files.bodies.is_idle
    # Nor does what was not announced.
    first = True
    message = Transfer(_request(code.PUT, _body(8192)), b"t").message
    for number in range(8):
        options = [(n, v) for n, v in message.options if n not in (option.SIZE1, option.BLOCK1)]
        options.append((option.BLOCK1, encode(number, True, 6)))
        answer = files(Message(code.PUT, options, bytes(1024)))
        first = answer.code == code.CONTINUE
        if not first:
            assert number == 4
            break
    assert not first and answer.code == code.REQUEST_ENTITY_TOO_LARGE and files.bodies.is_idle


def test_a_body_too_large_to_receive_is_given_up():
    files = Files()
    files.content = _body(5000)
    raises(CoAPError, _run, Transfer(_request(code.GET), b"t", 6, 4096), files)


def test_two_bodies_are_never_mixed():
    """RFC 9175 section 3: blocks of one operation under another's Request-Tag, or another peer's,
    or after a gap, fit to nothing; and whoever starts anew has given up what it began.
    """
    files = Files()
    first, second = (Transfer(_request(code.PUT, bytes((n,)) * 3000), bytes((n,))) for n in (1, 2))
    one = first.feed(files(first.message))
    two = second.feed(files(second.message))
    assert files(one).code == code.REQUEST_ENTITY_INCOMPLETE  # its body made way for the other's
    assert files(two, "thief").code == code.REQUEST_ENTITY_INCOMPLETE
    three = second.feed(files(two))
    assert files(two).code == code.REQUEST_ENTITY_INCOMPLETE  # once more, under another message
    assert second.feed(files(three)) is None
    assert second.response.code == code.CHANGED and files.puts == [b"\2" * 3000]


def test_a_body_that_changes_while_it_is_fetched_is_fetched_anew():
    """Its ETag says so; what comes out is one or the other, never a mixture."""
    files = Files()
    files.content = b"a" * 5000
    transfer = Transfer(_request(code.GET), b"t")
    message = transfer.feed(files(transfer.message))
    message = transfer.feed(files(message))
    files.content = b"b" * 5000
    files.bodies = Bodies(files.time)  # forgotten, as after a restart
    answers = []
    while message is not None:
        answers.append(message)
        message = transfer.feed(files(message))
    assert transfer.response.payload == b"b" * 5000 and len(answers) == 1 + 5
    # Of one that changes each time it is given up.
    transfer = Transfer(_request(code.GET), b"t")
    message = transfer.message
    for number in range(100):
        files.content = bytes((number,)) * 5000
        files.bodies = Bodies(files.time)
        try:
            message = transfer.feed(files(message))
        except CoAPError:
            assert number == 7
            break
    assert transfer.response is None


def test_a_body_that_is_kept_is_the_same_to_its_end():
    """All blocks are of one moment, for whom there is room."""
    files = Files()
    files.content = b"a" * 5000
    transfer = Transfer(_request(code.GET), b"t")
    message = transfer.feed(files(transfer.message))
    files.content = b"b" * 5000
    while message is not None:
        message = transfer.feed(files(message))
    assert transfer.response.payload == b"a" * 5000


def test_room_is_bounded_and_given_back():
    files = Files()
    files.content = _body(9000)
    for number in range(2 * BODIES):
        answer = files(Transfer(_request(code.PUT, _body(9000)), b"t").message, number)
        is_first = number < 32768 // 9000
        assert answer.code == (code.CONTINUE if is_first else code.SERVICE_UNAVAILABLE), number
        # What is only given can be made anew.
        assert _run(Transfer(_request(code.GET), b"t"), files, number).payload == files.content
    assert not files.bodies.is_idle and files.bodies.poll(None) == MAX_TRANSMIT_WAIT
    files.time.run(MAX_TRANSMIT_WAIT)
    assert files.bodies.poll(None) is None and files.bodies.is_idle


class Echoing:
    """A resource as coap.Server serves them."""

    async def post(self, request, peer):
        return Message(code.CHANGED, payload=request.payload + peer[0].encode())


async def test_resources_of_a_server_see_whole_bodies():
    """WholeServer stands where a Server does; who is told apart by what ``name`` gives."""
    inner = Server()
    inner.add(("policy",), Echoing())
    server = WholeServer(inner, Bodies(Network(1)), lambda peer: peer[0])
    transfer = Transfer(_request(code.POST, _body(3000)), b"t")
    message = transfer.message
    number = 0
    while message is not None:
        number += 1  # a peer is another object each time
        message = transfer.feed(await server.respond(message, ("phone", number)))
    assert transfer.response.payload == _body(3000) + b"phone"
    twice = _request(code.POST)
    twice.options.extend([(option.BLOCK1, b""), (option.BLOCK1, b"")])
    try:
        await server.respond(twice, ("phone", 0))
    except CoAPError as error:
        assert error.code == code.BAD_OPTION
    else:
        raise AssertionError("two Block1 options were taken")


def test_what_is_no_block_is_refused():
    files = Files()
    for value, payload, refusal in (
        (b"\x0f", bytes(16), code.BAD_REQUEST),  # a reserved size
        (b"\0\0\0\x08", bytes(16), code.BAD_REQUEST),  # longer than it may be
        (b"\x08", bytes(15), code.BAD_REQUEST),
        (b"\x08", bytes(17), code.BAD_REQUEST),
        (b"\x18", bytes(16), code.REQUEST_ENTITY_INCOMPLETE),
    ):
        request = _request(code.PUT, payload)
        request.options.append((option.BLOCK1, value))
        assert files(request).code == refusal, value
    request = _request(code.POST)
    request.options.append((option.BLOCK2, b"\x10"))
    assert files(request).code == code.REQUEST_ENTITY_INCOMPLETE
    request = _request(code.GET)
    request.options.append((option.BLOCK2, b"\x10"))
    assert files(request).code == code.BAD_REQUEST
    assert files.bodies.is_idle and not files.puts
    assert decode(encode(0xFFFFF, True, 6)) == (0xFFFFF, True, 6)
    assert encode(0, False, 0) == b"" and encode(1, False, 0) == b"\x10"


def test_a_server_that_lies_about_blocks_is_not_believed():
    """Each kind of lie ends the transfer with an error, and nothing grows."""
    for change in ("number", "short", "long", "reserved", "repeat", "continue", "other"):
        files = Files()
        files.content = _body(5000)
        reading = Transfer(_request(code.GET), b"t")
        answer = files(reading.feed(files(reading.message)))
        writing = Transfer(_request(code.PUT, _body(3000)), b"t")
        number, more, szx = decode(answer.option(option.BLOCK2) or b"")
        options = [(n, v) for n, v in answer.options if n != option.BLOCK2]
        if change == "number":
            value = encode(number + 1, more, szx)
        elif change == "reserved":
            value = b"\x1f"
        elif change == "repeat":
            value = encode(number - 1, more, szx)
        else:
            value = encode(number, more, szx)
        payload = answer.payload
        if change == "short":
            payload = payload[:-1]
        elif change == "long":
            payload += b"x"
        if change == "continue":
            raises(CoAPError, writing.feed, Message(code.CONTINUE))
        elif change == "other":
            wrong = Message(code.CONTINUE, [(option.BLOCK1, encode(1, True, 6))])
            raises(CoAPError, writing.feed, wrong)
        else:
            lie = Message(code.CONTENT, options + [(option.BLOCK2, value)], payload)
            raises(CoAPError, reading.feed, lie)
