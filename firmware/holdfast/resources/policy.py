"""The resource ``/policy``: signed policy in from any carrier, changesets out to who may ask."""

from coap import Message, code, option
from micropython import const
from untrusted import InvalidInput

from ..access.request import ADMINISTER, CARRY_EVENTS
from . import exchange

_AT_ONCE = const(8)
_HEAD = const(3)  # bytes of CBOR before a changeset, at most


class PolicyResource:
    """Changesets are believed for their signature, not for who brings them.

    ``store()`` gives the PolicyStore or raises OSError; ``may(credential, action)`` gives the
    exact reason code of a refusal, 0 for yes; ``apply(raw)`` is awaited, takes a changeset or a
    piece of a snapshot, gives False if that was known already, or raises InvalidInput or OSError.
    """

    content_formats = (option.CF_CBOR,)

    def __init__(self, store, may, apply):
        self._store = store
        self._may = may
        self._apply = apply

    async def get(self, request, peer):
        """The changesets after number n as an array of byte strings, as many as fit; 4.03 to who
        may not administer, and is no reader or controller of the site.
        """
        after = exchange.after(request, 0)
        # Who may bring home its events goes by this policy itself.
        is_node = peer.credential.role
        refusal = self._may(peer.credential, CARRY_EVENTS if is_node else ADMINISTER)
        if refusal:
            return exchange.forbidden(refusal)
        found = []
        room = exchange.PAYLOAD_LIMIT
        try:
            for raw in self._store().after(after, _AT_ONCE):
                room -= len(raw) + _HEAD
                if found and room < 0:
                    break
                found.append(raw)
        except OSError:
            return exchange.unavailable()
        return exchange.answer(code.CONTENT, found)

    async def post(self, request, peer):
        """Take a changeset, a snapshot's head or its next part: 2.04 with number and hash of what
        is in force, 2.31 with the number of the part that is wanted, 4.00 with the reason.

        5.03 when flash fails: the same may come again, of a snapshot from its head on.
        """
        try:
            is_news = await self._apply(request.payload)
            store = self._store()
            progress = store.snapshot_progress if is_news else None
            rules = store.rules
        except InvalidInput as error:
            return Message(code.BAD_REQUEST, (), str(error).encode())
        except OSError:
            return exchange.unavailable()
        if progress is not None:
            return exchange.answer(code.CONTINUE, [progress[1] + 1])
        return exchange.answer(code.CHANGED, [rules.number, rules.head])
