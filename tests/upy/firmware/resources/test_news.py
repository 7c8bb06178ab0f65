"""The resource /policy/news: for nodes that ask each other, and for nobody else."""

INTERPRETERS = ("micropython", "cpython")

import coap
import crypto
from coap import code, option
from harness import raises
from holdfast.access.policy import news as formats
from holdfast.access.tag import name_tag
from holdfast.resources.news import NewsResource
from policy_site import chain, steps


class _Store:
    """A PolicyStore that keeps all changesets but the first two."""

    def __init__(self, raws, kept_from=0):
        self.raws = raws
        self.kept_from = kept_from
        self.fails = False
        self.number, self.head = len(raws), crypto.sha256(raws[-1])

    def __call__(self):
        if self.fails:
            raise OSError(5)
        return self

    @property
    def rules(self):
        return self

    def after(self, number, limit):
        if number < self.kept_from:
            return []
        return self.raws[number : number + limit]


class _Peer:
    """As a Credential is: one of holder and device is a name."""

    def __init__(self, role, name="reader-2"):
        self.credential = self
        self.decides = role in (1, 2)
        self.holder, self.device = (None, name) if role else (name, None)


async def _ask(resource, peer, *queries):
    request = coap.Message(code.GET, [(option.URI_QUERY, query) for query in queries])
    return await resource.get(request, peer)


async def test_what_comes_after_n_and_where_it_is():
    """One answer tells whether there is no more or it is not kept any more."""
    raws = chain(*steps(5))
    store, asked = _Store(raws), []
    resource = NewsResource(store, lambda *who: asked.append(who), lambda: 3)
    for role in (1, 2):
        for after in (0, 4, 5, 9):
            answer = await _ask(resource, _Peer(role), b"after=%d" % after)
            assert answer.code == code.CONTENT
            found = formats.parse(answer.payload)
            assert (found.number, found.head, found.snapshot) == (5, store.head, 3)
            assert found.changesets == raws[after:][: len(found.changesets)]
            assert (len(found.changesets) > 0) == (after < 5)
    assert asked[:2] == [(name_tag("reader-2"), 0), (name_tag("reader-2"), 4)]
    store.kept_from = 4
    found = formats.parse((await _ask(resource, _Peer(1))).payload)
    assert found.number == 5 and found.changesets == []


async def test_only_nodes_with_a_policy_are_told():
    """Which changes there are says who comes and goes. A carrier on the outer wall has no use."""
    asked = []
    resource = NewsResource(_Store(chain(*steps(2))), asked.append, lambda: None)
    for peer in (_Peer(0), _Peer(3)):
        assert (await _ask(resource, peer)).code == code.FORBIDDEN
    nobody = _Peer(1)
    nobody.credential = None
    assert (await _ask(resource, nobody)).code == code.FORBIDDEN
    assert asked == []


async def test_what_is_no_question_and_flash_that_fails():
    store = _Store(chain(*steps(2)))
    resource = NewsResource(store, lambda *who: None, lambda: None)
    for query in (b"after=", b"after=x", b"part=1", b"after=12345678901"):
        coroutine = _ask(resource, _Peer(1), query)
        raises(coap.CoAPError, coroutine.send, None)
    store.fails = True
    assert (await _ask(resource, _Peer(1))).code == code.SERVICE_UNAVAILABLE
