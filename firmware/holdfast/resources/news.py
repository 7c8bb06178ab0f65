"""The resource ``/policy/news``: what one node tells another of the policy.

Loaded where there is a LAN: no phone asks for it.
"""

from coap import Message, code, option

from ..access import reason
from ..access.policy.news import MAX_CHANGESETS, News
from ..access.tag import name_tag
from . import exchange


class NewsResource:
    """For readers and controllers of this site; who only carries bytes has no policy, and a phone
    has its own resource.

    ``store()`` gives the PolicyStore or raises OSError; ``asked(tag, number)`` is told who asks,
    and for what comes after which number; ``snapshot()`` gives the number that a snapshot stands
    at which can be had here, or None.
    """

    content_formats = (option.CF_CBOR,)

    def __init__(self, store, asked, snapshot):
        self._store = store
        self._asked = asked
        self._snapshot = snapshot

    async def get(self, request, peer):
        """Number and head in force, and the changesets after number n (access/policy/news.py)."""
        after = exchange.after(request, 0)
        credential = peer.credential
        if credential is None or not credential.decides:
            return exchange.forbidden(reason.ACTION_NOT_ALLOWED)
        self._asked(name_tag(credential.device), after)
        try:
            store = self._store()
            rules = store.rules
            found = store.after(after, MAX_CHANGESETS)
            news = News(rules.number, rules.head, self._snapshot(), found)
        except OSError:
            return exchange.unavailable()
        content_format = [(option.CONTENT_FORMAT, option.encode_uint(option.CF_CBOR))]
        return Message(code.CONTENT, content_format, news.encode())
