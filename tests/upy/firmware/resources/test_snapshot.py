"""The resource /policy/snapshot: part by part, for nodes and for who may read the policy."""

INTERPRETERS = ("micropython", "cpython")

import coap
import policy_site as board
from coap import CoAPError, code, option
from harness import new_folder
from holdfast.access import reason
from holdfast.access.request import ADMINISTER
from holdfast.resources.snapshot import SnapshotResource
from holdfast.storage.policy.parts import Parts


class _Peer:
    def __init__(self, role):
        self.credential = self
        self.role, self.decides = role, role in (1, 2)


def _store(keeps=True):
    folder = new_folder()
    store = board.Board(folder, 300).start()
    if keeps:
        store.keep_parts(Parts(folder + "/policy"))
    return store


async def _ask(resource, peer, *queries):
    request = coap.Message(code.GET, [(option.URI_QUERY, query) for query in queries])
    try:
        return await resource.get(request, peer)
    except CoAPError as error:
        return coap.Message(error.code)


async def test_each_part_and_no_more():
    store, parts = _store(), board.taken(45)
    resource = SnapshotResource(lambda: store, lambda credential, action: 0)
    assert (await _ask(resource, _Peer(1), b"part=0")).code == code.NOT_FOUND
    board.take(store, parts)
    for peer in (_Peer(1), _Peer(2), _Peer(0)):
        for place, part in enumerate(parts):
            answer = await _ask(resource, peer, b"part=%d" % place)
            assert (answer.code, answer.payload) == (code.CONTENT, part)
        answer = await _ask(resource, peer, b"part=%d" % len(parts))
        assert answer.code == code.NOT_FOUND
    bare = SnapshotResource(_store, lambda credential, action: 0)
    assert (await _ask(bare, _Peer(1), b"part=9999")).code == code.NOT_FOUND
    none = SnapshotResource(lambda: _store(False), lambda credential, action: 0)
    assert (await _ask(none, _Peer(1), b"part=0")).code == code.NOT_FOUND


async def test_only_nodes_with_a_policy_and_who_may_read_it():
    """It names doors and hours; a carrier on the outer wall has no use for it."""
    store = _store()
    board.take(store, board.taken(45))
    asked = []

    def may(credential, action):
        asked.append((credential.role, action))
        return reason.ACTION_NOT_ALLOWED

    resource = SnapshotResource(lambda: store, may)
    for role in (0, 3):
        assert (await _ask(resource, _Peer(role), b"part=0")).code == code.FORBIDDEN
    assert asked == [(0, ADMINISTER), (3, ADMINISTER)]


async def test_a_query_that_names_no_part():
    resource = SnapshotResource(_store, lambda credential, action: 0)
    for bad in ((), (b"part=",), (b"part=00000",), (b"part=1a",), (b"after=1",), (b"part=-1",)):
        assert (await _ask(resource, _Peer(1), *bad)).code == code.BAD_REQUEST, bad
    assert (await _ask(resource, _Peer(1), b"part=1", b"part=2")).code == code.BAD_REQUEST


async def test_flash_that_fails_is_said():
    def fails():
        raise OSError(5)

    resource = SnapshotResource(fails, lambda credential, action: 0)
    assert (await _ask(resource, _Peer(1), b"part=0")).code == code.SERVICE_UNAVAILABLE
