"""events.json: a chain of events as a collector gets it, and the auditor's word on it."""

import cbor
import coap
import crypto
import small_site as site
from carrier import StillHardware
from coap import option
from doc_vectors import show, wire
from doc_vectors.keys import signed
from doc_vectors.tap import Tap
from holdfast.access.events import acknowledgement
from holdfast.access.events import batch as batches
from holdfast.access.events import event as kinds
from holdfast.access.events import record as records
from holdfast.access.request import CARRY_EVENTS
from memory_phone import Phone, show_card

_ADMIT = [[5, 7, [[[1, site.DOOR], 1, None]]]]
_UID = b"\x04\xa1\xb2\xc3\xd4\xe5\xf6"


async def make():
    """A reader's first day, collected, copied and acknowledged."""
    with Tap() as tap:
        reader, hardware = _with_a_history()
        ephemeral, _ = tap.of("x25519")[0][0]
    await _a_day(reader, hardware)
    collector = _collector()
    talk, first, word = await _collected(reader, collector)
    log = reader.stores.events()
    everything = batches.decode(log.batch(-1, 1 << 20))[0]
    return {
        "comment": "One chain: its keys, its events in order, and how a collector takes them.",
        "chain": _chain(ephemeral, everything),
        "events": _events(ephemeral, everything),
        "batch": _batch(first),
        "acknowledgement": word,
        "certificate": await _certificate(),
        "conversation": {
            "comment": "Fetch; say what was copied; a forged word, 4.00; the auditor's, 2.04;"
            " fetch what has happened since.",
            "context": wire.context_of(collector),
            "steps": talk.steps,
        },
    }


def _with_a_history():
    hardware = StillHardware()
    hardware.random_counter = 500
    return wire.start(two_keys=False, hardware=hardware)


async def _a_day(reader, hardware):
    await wire.cold(reader, Phone())
    hardware.pass_time(60)
    refused = Phone(site.holder_token(changes={2: "bob", 4: site.NOW}), b"\x22" * 32)
    await wire.cold(reader, refused)
    hardware.pass_time(60)
    show_card(reader, _UID)
    hardware.pass_time(60)
    rules = reader.stores.rules
    reader.apply(site.changeset(_ADMIT + [[9, True, None]], 2, rules.head))
    await wire.cold(reader, Phone(number=1))
    hardware.pass_time(60)


def _collector(suite=0):
    private = b"\x22" * 32
    changes = {2: "otto", 7: b"\x30\x31\x32\x33\x34\x35\x36\x37"}
    changes[8] = site.confirmation(private, suite)
    changes[9] = site.scope((1, site.DOOR, CARRY_EVENTS))
    return Phone(site.holder_token(changes=changes), private, number=2, suite=suite)


async def _certificate():
    """Who collects with a P-256 key has seen another certificate than the events rest on."""
    reader, _ = wire.start(two_keys=True)
    phone = _collector(suite=2)
    talk, answer = await wire.cold(reader, phone, wire.request(coap.code.GET, "certificate"))
    if answer.payload != site.device_certificate():
        raise ValueError("another certificate")
    return {
        "comment": "A collector with a P-256 key asks for the certificate of the X25519 key.",
        "context": wire.context_of(phone),
        "credential": phone.token.hex(),
        "phone_ephemerals": [phone.ephemeral.hex()],
        "steps": talk.steps,
    }


async def _collected(reader, phone):
    """(Conversation, the first batch, the auditor's word)."""
    get, post = coap.code.GET, coap.code.POST
    await wire.cold(reader, phone, wire.request(get, "time"))
    with Tap() as tap:
        talk = wire.Conversation(reader, phone, tap)
        first = (await talk.ask(wire.request(get, "events"))).payload
        (got,) = batches.decode(first)
        number, code = got.head
        copied = cbor.encode({1: number, 2: code})
        await talk.ask(wire.request(post, "events", copied, option.CF_CBOR))
        root = got.root[1]
        device = crypto.x25519_public_key(site.READER_PRIVATE)
        key = records.auditor_keys(site.AUDIT_PRIVATE, root, device)[1]
        word = acknowledgement.encode(key, root, number, code)
        forged = word[:-1] + bytes((word[-1] ^ 1,))
        for one in (forged, word):
            await talk.ask(wire.request(post, "events", one))
        query = b"after=%d" % number
        await talk.ask(wire.request(get, "events", query=query))
        await talk.hang_up()
    codes = [step["inner"]["code"] for step in talk.steps if step["from"] == "reader"]
    if codes != ["2.05", "2.04", "4.00", "2.04", "2.05"]:
        raise ValueError("not as it was meant: " + str(codes))
    said = signed(word, {"key": key.hex()}, b"holdfast acknowledgement")
    return talk, first, said


def _chain(ephemeral, got):
    """All that the first key is made of, on both sides."""
    with Tap() as tap:
        keys = records.auditor_keys(
            site.AUDIT_PRIVATE, got.root[1], crypto.x25519_public_key(site.READER_PRIVATE)
        )
        shared = [result for _, result in tap.of("x25519")]
        ((salt, _), prk) = tap.one("hkdf_extract")
        info = [arguments[1] for arguments, _ in tap.of("hkdf_expand")]
    return show.hexed(
        {
            "acknowledgement_info": info[1],
            "acknowledgement_key": keys[1],
            "audit_private": site.AUDIT_PRIVATE,
            "device_private": site.READER_PRIVATE,
            "ephemeral_private": ephemeral,
            "ephemeral_public": got.root[1],
            "first_info": info[0],
            "first_key": keys[0],
            "first_number": got.root[0],
            "prk": prk,
            "salt": salt,
            "shared_device_audit": shared[1],
            "shared_ephemeral_audit": shared[0],
        }
    )


def _events(ephemeral, got):
    """Every event that is there: record, key, code."""
    device = site.READER_PRIVATE
    key = records.board_keys(ephemeral, device, crypto.x25519_public_key(site.AUDIT_PRIVATE))[0]
    before, made = records.FIRST_CODE, []
    for raw in got.records:
        if not records.is_authentic(raw, key, before):
            raise ValueError("the chain does not hold")
        record, code = records.split(raw)
        happened = records.decode(record)
        made.append(
            {
                "code": code.hex(),
                "diagnostic": show.said(record),
                "key": key.hex(),
                "kind": kinds.kind_name(happened.kind),
                "number": happened.number,
                "record": record.hex(),
                "says": show.hexed(happened.fields),
            }
        )
        key, before = records.next_key(key), code
    return made


def _batch(encoded):
    """What a collector gets, and the file it makes of it."""
    (got,) = batches.decode(encoded)
    got.certificate = site.device_certificate()
    return {
        "bytes": encoded.hex(),
        "comment": "As it comes; as a file the collector puts the certificate in.",
        "file": got.encode().hex(),
        "map_diagnostic": show.diagnostic(_map_of(encoded)),
        "records": len(got.records),
    }


def _map_of(encoded):
    return cbor.decode_prefix(encoded, 0, max_depth=2, max_items=32)[0]
