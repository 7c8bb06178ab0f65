"""The resource server: every request gets exactly one response, with its token."""

import asyncio

from coap import CoAPError, Message, code, option, path_options
from coap.server import Server
from harness import raises
from untrusted import InvalidInput

INTERPRETERS = ("micropython", "cpython")


class Echo:
    """Answers with what it was asked, and by whom."""

    content_formats = (option.CF_CBOR,)

    def __init__(self, name="echo"):
        self.name = name

    async def get(self, request, peer):
        path = "/".join((self.name,) + request.uri_path())
        return Message(code.CONTENT, payload=path.encode())

    async def put(self, request, peer):
        return Message(code.CHANGED, payload=request.payload + peer)


class Failing:
    """Raises what it was made with."""

    understood = (option.IF_NONE_MATCH,)

    def __init__(self, error):
        self.error = error

    async def post(self, request, peer):
        raise self.error


def _server():
    server = Server()
    server.add(("doors", None), Echo("any"))
    server.add(("doors", "lobby"), Echo("lobby"))
    server.add((None, "lobby"), Echo("late"))
    server.add((), Echo("root"))
    server.add(("no",), Failing(CoAPError("not today", code.FORBIDDEN)))
    server.add(("bad",), Failing(InvalidInput("not a number")))
    server.add(("bug",), Failing(KeyError("bug")))
    return server


def _ask(method, path, options=(), payload=b""):
    request = Message(method, path_options(*path) + list(options), payload, b"tok")
    response = asyncio.run(_server().handle(request, b"/peer"))
    assert response.token == b"tok"
    return response


def test_the_most_literal_path_answers():
    """A wildcard added first must not take a door that has a resource of its own."""
    cases = (
        (("doors", "lobby"), b"lobby/doors/lobby"),
        (("doors", "yard"), b"any/doors/yard"),
        (("gates", "lobby"), b"late/gates/lobby"),
        ((), b"root"),
    )
    for path, payload in cases:
        assert _ask(code.GET, path).payload == payload
    for path in (("doors",), ("doors", "a", "b"), ("gates", "yard"), ("",)):
        assert _ask(code.GET, path).code == code.NOT_FOUND


def test_a_resource_sees_the_payload_and_the_peer():
    """Whoever unlocked is decided outside; the server only carries it in."""
    assert _ask(code.PUT, ("doors", "lobby"), payload=b"open").payload == b"open/peer"


def test_a_method_without_a_handler_is_405():
    """Also codes that no RFC defines, and attributes that are no methods."""
    for method in (code.POST, code.DELETE, code.FETCH, code.PATCH, code.IPATCH, 0x08, 0x1F):
        assert _ask(method, ("doors", "lobby")).code == code.METHOD_NOT_ALLOWED


def test_critical_options_must_be_understood_by_the_resource():
    """A condition that is skipped would make a conditional request unconditional."""
    condition = [(option.IF_NONE_MATCH, b"")]
    assert _ask(code.PUT, ("doors", "lobby"), condition).code == code.BAD_OPTION
    assert _ask(code.POST, ("no",), condition).code == code.FORBIDDEN
    for number in (option.OSCORE, option.EDHOC, option.BLOCK1, 65535):
        assert _ask(code.GET, (), [(number, b"")]).code == code.BAD_OPTION
    everyday = [
        (option.URI_HOST, b"h"),
        (option.URI_PORT, b"\x01"),
        (option.URI_QUERY, b"after=1"),
    ]
    assert _ask(code.GET, (), everyday + [(option.ECHO, b"e")]).code == code.CONTENT
    assert _ask(code.GET, ("\u00ff",)).code == code.NOT_FOUND


def test_a_proxy_request_is_505():
    """The path of such a request belongs to another host's door."""
    for number in (option.PROXY_URI, option.PROXY_SCHEME):
        response = _ask(code.GET, ("doors", "lobby"), [(number, b"coap")])
        assert response.code == code.PROXYING_NOT_SUPPORTED


def test_an_unacceptable_format_is_406():
    """RFC 7252 5.10.4: asked for JSON, a resource that has only CBOR must say so."""
    accept = [(option.ACCEPT, option.encode_uint(50))]
    assert _ask(code.GET, ("doors", "lobby"), accept).code == code.NOT_ACCEPTABLE
    accept = [(option.ACCEPT, option.encode_uint(option.CF_CBOR))]
    assert _ask(code.GET, ("doors", "lobby"), accept).code == code.CONTENT


def test_refusals_become_responses_and_bugs_do_not():
    """A stranger's mistake is the stranger's to read; ours must reach the supervisor."""
    assert _ask(code.POST, ("no",)).code == code.FORBIDDEN
    assert _ask(code.POST, ("no",)).payload == b"not today"
    assert _ask(code.POST, ("bad",)).code == code.BAD_REQUEST
    raises(KeyError, _ask, code.POST, ("bug",))


def test_a_late_resource_is_made_once_and_only_for_its_path():
    """A board loads what few ask for when they do. Asked for anew each time it would be slow, and
    one that is not there must stay a 4.04."""
    asked = []

    def late(path):
        asked.append(path)
        return Echo("late") if path == (b"late",) else None

    server = Server(late)
    server.add(("early",), Echo("early"))
    for path, expected in (("early", b"early/early"), ("late", b"late/late")):
        for _ in range(2):
            assert _get(server, path).payload == expected
    assert _get(server, "never").code == code.NOT_FOUND
    assert asked == [(b"late",), (b"never",)]


def _get(server, path):
    return asyncio.run(server.handle(Message(code.GET, path_options(path)), b""))
