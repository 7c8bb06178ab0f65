"""One unlock with fixed keys, byte for byte: what docs/protocol.md shows, made again by the
firmware.

Runs on both interpreters. Everything random is fixed (tests/support/small_site.py), so the bytes
are too.
"""

import cbor
import oscore
import small_site as site
from coap import stream
from memory_phone import Call, Hardware, Phone, make_reader


def private_keys():
    """The private keys of the recording by name, 32 bytes each, for whoever wants to follow it."""
    phone = Phone()
    phone.message_1()
    return {
        "authority (Ed25519 seed)": site.AUTHORITY_SEED,
        "reader, static (X25519)": site.READER_PRIVATE,
        "reader, ephemeral (X25519)": Hardware.nth_random(2),
        "phone, static (X25519)": phone.private,
        "phone, ephemeral (X25519)": phone.ephemeral,
    }


async def record(suite=0):
    """(name, bytes) of every value the document shows, in order; for ``suite`` 2 it has the sizes.
    """
    hardware = Hardware()
    reader = make_reader(hardware, two_keys=suite == 2)
    hardware.random_counter = 1  # whatever its memory took meanwhile
    phone = Phone(suite=suite)
    call = Call(reader)
    steps = []

    def note(name, data):
        steps.append((name, bytes(data)))

    async def exchange(name, request):
        await call.send(request)
        note(name + " request", request)
        response = bytes(call.link.from_reader)
        note(name + " response", response)
        return (await call.answers())[-1]

    note("device certificate", site.p256_certificate() if suite else site.device_certificate())
    note("credential", phone.token)
    waiting, message_1 = phone.message_1()
    note("message_1", message_1)
    first = await exchange("first", phone.hello() + phone.post(b"\xf5" + message_1))
    message_2 = first.payload
    note("message_2", message_2)
    message_3 = phone.finish(waiting, message_2)
    note("message_3", message_3)
    context = phone.context
    note("OSCORE Master Secret", phone.master_secret)
    note("OSCORE Master Salt", phone.master_salt)
    note("phone's Sender ID (C_R)", context.sender_id)
    note("phone's Recipient ID (C_I)", context.recipient_id)
    note("phone's Sender Key", context.sender_key)
    note("phone's Recipient Key", context.recipient_key)
    note("Common IV", context.common_iv)
    for name in ("second", "warm"):
        asked, protected = phone.wish()
        request = oscore.combine(message_3, protected) if name == "second" else protected
        answered = await exchange(name, stream.encode(request))
        code, answer = phone.answer(answered, asked)
        note(name + " answer", cbor.encode(answer))
    return steps


def sizes(steps):
    """(bytes cold, bytes warm) both ways with framing; the warm one with the two CSMs of a new
    connection.
    """
    lengths = {name: len(data) for name, data in steps}
    cold = sum(
        lengths[name]
        for name in ("first request", "first response", "second request", "second response")
    )
    return cold, lengths["warm request"] + lengths["warm response"] + 4
