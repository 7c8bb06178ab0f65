"""The resource ``/policy/snapshot``: the signed snapshot that a node keeps, part by part.

For who is too far behind for changesets. Loaded where one is asked for.
"""

from coap import CoAPError, Message, code, option
from micropython import const

from ..access.request import ADMINISTER
from . import exchange

_CF_OCTET_STREAM = const(42)  # application/octet-stream
_DIGITS = const(4)


class SnapshotResource:
    """For readers and controllers of this site, and for holders who may read the policy.

    ``store()`` gives the PolicyStore or raises OSError; ``may(credential, action)`` gives the
    exact reason code of a refusal, 0 for yes.
    """

    content_formats = (_CF_OCTET_STREAM,)

    def __init__(self, store, may):
        self._store = store
        self._may = may

    async def get(self, request, peer):
        """2.05 with part k of it, at most 1,024 bytes, 0 for its head; 4.04: there is none."""
        place = _part(request)
        credential = peer.credential
        if not credential.decides:
            refusal = self._may(credential, ADMINISTER)
            if refusal:
                return exchange.forbidden(refusal)
        try:
            store = self._store()
            number = store.rules.number
            raw = None if store.parts is None else store.parts.part(place, number)
        except OSError:
            return exchange.unavailable()
        if raw is None:
            return Message(code.NOT_FOUND)
        content_format = [(option.CONTENT_FORMAT, option.encode_uint(_CF_OCTET_STREAM))]
        return Message(code.CONTENT, content_format, raw)


def _part(request) -> int:
    """The number in the query ``part=k``, which must be there. Raises CoAPError, 4.00."""
    found = request.options_of(option.URI_QUERY)
    digits = found[0][5:] if len(found) == 1 else b""
    is_number = all([0x30 <= digit <= 0x39 for digit in digits])
    if not 0 < len(digits) <= _DIGITS or found[0][:5] != b"part=" or not is_number:
        raise CoAPError("not a part", code.BAD_REQUEST)
    return int(digits.decode())
