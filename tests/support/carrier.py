"""Somebody whom a reader believes, who asks it for what is no door. Runs on both interpreters."""

import coap
import crypto
import oscore
import small_site as site
from coap import stream
from memory_phone import Call, Hardware, Phone, cold, make_reader

UNLOCK, CARRY_EVENTS, ADMINISTER = 1, 8, 16


class StillHardware(Hardware):
    """Hardware whose ticks go on as little as its clock does, but by ``pass_time``.

    A clock that stands still while ticks go on is a broken one, and believed for two seconds: a
    test that takes longer would meet that.
    """

    def elapsed(self):
        return self._passed_ms


class Carrier:
    """A phone with a credential for ``bits`` at ``place``; ``changes`` are to its claims."""

    def __init__(self, reader, bits, changes=None, place=site.DOOR, number=0):
        private = crypto.sha256(b"carrier %d %d" % (bits, number))
        claims = {8: site.confirmation(private), 9: site.scope((1, place, bits))}
        claims.update(changes or {})
        self.reader = reader
        self.phone = Phone(site.holder_token(changes=claims), private, number=number)

    async def meet(self):
        """Make the handshake, which any believed holder can, whatever the door says then."""
        call, _, _ = await cold(self.reader, self.phone)
        await call.hang_up()
        return self

    async def ask(self, method, path, payload=b"", queries=(), options=()):
        """The plain response to a protected request; the one in the clear, or None, if there is
        no other.
        """
        asked = [(coap.option.URI_PATH, segment.encode()) for segment in path.split("/")]
        asked += [(coap.option.URI_QUERY, query) for query in queries] + list(options)
        # MicroPython's sort does not keep the order of those with one number.
        asked = [asked[at] for _, at in sorted([(one[0], at) for at, one in enumerate(asked)])]
        request = coap.Message(method, asked, payload)
        protected, exchange = oscore.protect_request(self.phone.context, request)
        call = Call(self.reader)
        response = await call.ask(self.phone.hello() + stream.encode(protected))
        await call.hang_up()
        if response is not None and response.option(coap.option.OSCORE) is not None:
            self.bytes = len(response.payload)
            response = oscore.unprotect_response(self.phone.context, response, exchange)
        return response

    async def get(self, path, *queries):
        return await self.ask(coap.code.GET, path, queries=queries)

    async def post(self, path, payload):
        return await self.ask(coap.code.POST, path, payload)

    async def put(self, path, payload):
        return await self.ask(coap.code.PUT, path, payload)


async def carriers(*bits, policy=True):
    """(reader, hardware, a Carrier for each of ``bits``), all of whom it knows."""
    hardware = StillHardware()
    reader = make_reader(hardware, policy=policy)
    met = []
    for index, one in enumerate(bits):
        changes = {7: b"carrier%d" % index}
        met.append(await Carrier(reader, one, changes, number=1000 * index).meet())
    return (reader, hardware) + tuple(met)
