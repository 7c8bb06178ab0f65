"""The resource ``/carry``: what a carrier hands on from its side of a door."""

import cbor
from coap import Message, code, option
from untrusted import InvalidInput

from ..access import carry, reason
from ..access.credential import ROLE_CARRIER
from ..access.names import is_name
from ..access.request import ADMINISTER
from . import exchange

# The CBOR map of who clears a tamper
NODE = 1  # the carrier's id


class CarryResource:
    """For carriers, of the one door that signed policy gives each, and for who looks after them.

    ``carriers`` is the node's Carriers; ``may(credential, action)`` gives the exact reason code of
    a refusal, 0 for yes.
    """

    content_formats = (option.CF_CBOR,)

    def __init__(self, carriers, may):
        self._carriers = carriers
        self._may = may

    async def post(self, request, peer):
        """2.04 with what came of it (access/carry.py); 4.09 for what is not of now: the carrier
        begins anew, as another instance. 4.03 to who carries for no door here.
        """
        credential = peer.credential
        if credential.role != ROLE_CARRIER:
            return exchange.forbidden(reason.ACTION_NOT_ALLOWED)
        why = self._carriers.side_of(credential)[2]
        if why:
            return exchange.forbidden(why)
        try:
            said = carry.parse(request.payload)
        except InvalidInput as error:
            # Not raised: that would be an event of each, and a stolen carrier can make thousands.
            return Message(code.BAD_REQUEST, (), str(error).encode())
        answer = await self._carriers.heard(credential, said, request.payload)
        if answer is None:
            return Message(code.CONFLICT)
        content_format = [(option.CONTENT_FORMAT, option.encode_uint(option.CF_CBOR))]
        return Message(code.CHANGED, content_format, answer.encode())

    async def put(self, request, peer):
        """The carrier in the request was looked after: its cards count again. 2.04, 4.04 if it
        says nothing of a tamper, 5.03 while flash fails.
        """
        refusal = self._may(peer.credential, ADMINISTER)
        if refusal or peer.credential.guest:
            return exchange.forbidden(refusal or reason.ACTION_NOT_ALLOWED)
        fields = cbor.decode(request.payload, max_depth=1, max_items=4)
        if not isinstance(fields, dict) or set(fields) != {NODE} or not is_name(fields[NODE]):
            raise InvalidInput("no carrier is named")
        try:
            if not self._carriers.clear(fields[NODE], peer.credential.name):
                return Message(code.NOT_FOUND)
        except OSError:
            return exchange.unavailable()
        return Message(code.CHANGED)
