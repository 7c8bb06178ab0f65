"""A phone of strangers' code: aiocoap's client and OSCORE, the handshake of edhoc_peer.py."""

import os

import aiocoap
import cbor2
from aiocoap.optiontypes import OpaqueOption

import small_site as site
from interop.edhoc_suites import STAT_STAT, Suite0
from interop.test_stranger_phone import Credential, Initiator, Oscore

_EDHOC = 21  # the option, RFC 9668


async def unlocks(client, base: str, count: int, is_challenged: bool = False) -> list:
    """What the door at ``base`` says to so many wishes of ``client``, the first with a handshake;
    if it ``is_challenged``, message_1 is said again with the Echo that is asked for.
    """
    private = os.urandom(32)
    changes = {7: os.urandom(8), 8: {1: Suite0.cose_key(private, STAT_STAT)}}
    token = site.holder_token(changes=changes)
    phone = Initiator(private, Credential(token), (), os.urandom(32), b"\x0c")
    message_1 = b"\xf5" + phone.message_1()

    async def begin(**options):
        message = aiocoap.Message(
            code=aiocoap.POST, uri=base + "/.well-known/edhoc", payload=message_1, **options
        )
        return await client.request(message).response

    response = await begin()
    if is_challenged:
        assert response.code == aiocoap.UNAUTHORIZED
        response = await begin(echo=response.opt.echo)
    message_3 = phone.message_3(response.payload)
    context = Oscore(*phone.oscore())
    answers = []
    for number in range(count):
        wish = aiocoap.Message(
            code=aiocoap.PUT,
            uri_path=["doors", site.DOOR],
            content_format=60,
            payload=cbor2.dumps({1: 1, 2: True}),
        )
        protected, request_id = context.protect(wish)
        if number == 0:
            protected.opt.add_option(OpaqueOption(_EDHOC, b""))
            protected.payload = message_3 + protected.payload
        protected.unresolved_remote = base.removeprefix("coap://")
        protected.mtype = aiocoap.CON
        response = await client.request(protected).response
        plain, _ = context.unprotect(response, request_id)
        answers.append(cbor2.loads(plain.payload)[1])
    return answers
