"""Each module costs a board memory that its door does not need: a reader has none of a
controller's.
"""

INTERPRETERS = ("micropython",)

import sys

import coap
import small_site as site
from coap import code, option
from memory_phone import make_reader

PARTS = ("collect", "controller", "time.hint", "policy.parts", "resources.snapshot")


class _Peer:
    connection = 1


def _loaded():
    """Names of modules, which joined are units such as hf_holdfast_resources_snapshot."""
    names = [
        (name[3:] if name.startswith("hf_holdfast") else name).replace("_", ".")
        for name in sys.modules
    ]
    return [
        name
        for name in names
        if name.startswith("holdfast") and any([part in name for part in PARTS])
    ]


async def test_a_reader_loads_nothing_of_a_controllers():
    reader = make_reader()
    peer = _Peer()
    peer.credential = reader.trust.authenticate(site.holder_token())
    for path in ((b"events",), (b"policy",), (b"time",), (b"nothing",), (b"events", b"of")):
        request = coap.Message(code.GET, [(option.URI_PATH, part) for part in path])
        try:
            await reader.server.respond(request, peer)
        except coap.CoAPError as error:
            assert error.code == code.NOT_FOUND
    assert _loaded() == []
    # Whoever asks for a snapshot where none is kept has that resource loaded, and no more.
    request = coap.Message(
        code.GET, [(option.URI_PATH, b"policy"), (option.URI_PATH, b"snapshot")]
    )
    try:
        await reader.server.respond(request, peer)
    except coap.CoAPError:
        pass
    assert _loaded() == ["holdfast.resources.snapshot"]


async def test_to_ask_for_copies_that_only_a_controller_has_is_no_fault():
    """Each pull of events asks so. It was an event of a refusal at every reader, each time."""
    reader = make_reader()
    peer = _Peer()
    peer.credential = reader.trust.authenticate(site.holder_token())
    path = [(option.URI_PATH, b"events"), (option.URI_PATH, b"of"), (option.URI_QUERY, b"after=0")]
    answer = await reader.server.respond(coap.Message(code.GET, path), peer)  # raises of a fault
    assert answer.code == code.NOT_FOUND and answer.payload == b""
