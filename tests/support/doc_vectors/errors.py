"""errors.json: what a reader answers in the clear, to who is not known, or not known any more."""

import cbor
import coap
import crypto
import edhoc
import oscore
import small_site as site
from coap import option, stream
from cose import cwt
from doc_vectors import wire
from doc_vectors.tap import Tap
from memory_phone import Phone

_OTHER_SEED = b"\x77" * 32


async def make():
    """Each kind once."""
    vectors = []
    for one in _IN_THE_CLEAR:
        vectors.append(await _clear(*one))
    return {
        "comment": "Anybody between phone and reader can have written these answers: they prove"
        " nothing. `reason` is what the reader's log has (docs/reasons.md).",
        "vectors": vectors,
    }


async def _clear(name, comment, play):
    reader, hardware = wire.start(two_keys=False)
    phone = Phone()
    with Tap() as tap:
        talk = wire.Conversation(reader, phone, tap)
        await play(reader, phone, talk)
        is_over = talk.is_over
        await talk.hang_up()
    reasons = hardware.reasons()
    return {
        "comment": comment,
        "connection": "ends" if is_over else "stays",
        "name": name,
        "reason": reasons[-1] if reasons else None,
        "steps": talk.steps,
    }


async def _method(reader, phone, talk):
    message_1 = phone.message_1()[1]
    await talk.begin(b"\x00" + message_1[1:])


async def _suite(reader, phone, talk):
    await talk.begin(Phone(suite=2).message_1()[1])


async def _malformed(reader, phone, talk):
    await talk.begin(phone.message_1()[1][:-1])


async def _replayed(reader, phone, talk):
    message_1 = phone.message_1()[1]
    await talk.begin(message_1)
    await talk.begin(message_1)


async def _foreign(reader, phone, talk):
    claims = site.holder_claims()
    stranger = Phone(cwt.issue(claims, site.authority(_OTHER_SEED)), b"\x22" * 32)
    await _introduced(stranger, talk)


async def _not_holder(reader, phone, talk):
    await _introduced(Phone(site.holder_token(), b"\x23" * 32), talk)


async def _by_value_kccs(reader, phone, talk):
    cnf = {1: {1: 1, -1: 4, -2: crypto.x25519_public_key(phone.private)}}
    phone._shown = edhoc.from_kccs(cbor.encode({2: "alice", 8: cnf}), True)
    await _introduced(phone, talk)


async def _introduced(phone, talk):
    talk._phone = phone
    message_3 = await wire.handshake(talk, phone)
    await talk.ask(wire.wish(), message_3)


async def _phone_gives_up(reader, phone, talk):
    await wire.handshake(talk, phone)
    await talk.pass_on(phone.post(phone.context.sender_id + b"\x01\x63abc"))


async def _block_wise(reader, phone, talk):
    options = coap.path_options(".well-known", "edhoc") + [(option.BLOCK1, b"\x08")]
    payload = b"\xf5" + phone.message_1()[1]
    await talk.pass_on(stream.encode(coap.Message(coap.code.POST, options, payload)))


async def _met(reader, phone, talk):
    """A phone that the reader knows, on the connection ``talk``."""
    message_3 = await wire.handshake(talk, phone)
    await talk.ask(wire.wish(), message_3)


async def _oscore_malformed(reader, phone, talk):
    await _met(reader, phone, talk)
    protected, _ = oscore.protect_request(phone.context, wire.wish())
    reserved = [(option.OSCORE, b"\x29" + protected.option(option.OSCORE)[1:])]
    await talk.pass_on(stream.encode(coap.Message(protected.code, reserved, protected.payload)))


async def _partial_iv(reader, phone, talk):
    await _met(reader, phone, talk)
    protected, exchange = oscore.protect_request(phone.context, wire.wish())
    frame = stream.encode(protected)
    await talk.pass_on(frame, None, None, exchange)
    await talk.pass_on(frame)


async def _tampered(reader, phone, talk):
    await _met(reader, phone, talk)
    protected, _ = oscore.protect_request(phone.context, wire.wish())
    protected.payload = protected.payload[:-1] + bytes((protected.payload[-1] ^ 1,))
    await talk.pass_on(stream.encode(protected))


async def _forgotten(reader, phone, talk):
    await _met(reader, phone, talk)
    reader.contexts.forget(phone.context.sender_id)
    protected, _ = oscore.protect_request(phone.context, wire.wish())
    await talk.pass_on(stream.encode(protected))


async def _unprotected(reader, phone, talk):
    await talk.pass_on(stream.encode(wire.wish()))


async def _no_coap(reader, phone, talk):
    await talk.pass_on(b"\x09\x02")


_IN_THE_CLEAR = (
    ("method", "METHOD is 0: error 1.", _method),
    ("suite", "A reader without P-256 is asked on suite 2: error 2, SUITES_R is 0.", _suite),
    ("malformed", "message_1 lacks its last byte: error 1.", _malformed),
    ("message-1-again", "message_1 was heard before: error 1.", _replayed),
    ("foreign", "Another authority signed the credential: error 1 for message_3.", _foreign),
    ("not-holder", "The key is not that of the credential: the same words.", _not_holder),
    ("kccs", "The credential is a CCS: error 3.", _by_value_kccs),
    ("phone-error", "The phone gives up, C_R and an error: 2.04, empty.", _phone_gives_up),
    ("block-wise", "A critical option that means nothing there: 4.02.", _block_wise),
    ("oscore-malformed", "A reserved bit in the OSCORE option: 4.02.", _oscore_malformed),
    ("partial-iv-again", "A request was heard before: 4.01.", _partial_iv),
    ("tampered", "One bit of the tag is another: 4.00.", _tampered),
    ("forgotten", "The reader does not know the context any more: 4.01, start over.", _forgotten),
    ("unprotected", "A wish in the clear: 4.01.", _unprotected),
    ("no-coap", "A reserved token length: Abort.", _no_coap),
)
