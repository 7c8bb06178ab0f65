"""lan.json: what nodes say to each other over UDP, and what a node says of itself there."""

import cbor
import coap
import small_site as site
from coap import datagram
from doc_vectors import show, wire
from doc_vectors.keys import signed
from holdfast.access import advert, carry, status
from holdfast.access.events import acknowledgement
from holdfast.access.events import batch as batches
from holdfast.access.events import record as records
from holdfast.access.policy.news import News
from holdfast.access.tag import name_tag
from holdfast.node.copies import Copies
from holdfast.sync import hint, uplink
from memory_phone import Phone
from untrusted import InvalidInput

_CF_CBOR_SEQUENCE = 63
_INSTANCE = bytes(range(0x50, 0x58))
_COLLECTOR = "ctl"
_MESSAGE_ID = 0x1234
_GRANT = [[2, "later", b"\x01"]]


async def make():
    """A node with a short history, and what it says of it."""
    reader, _ = wire.start(two_keys=False)
    await wire.cold(reader, Phone())
    chain = [site.changeset()]
    for number in (2, 3):
        chain.append(site.changeset(_GRANT, number, site.hash_of(chain[-1])))
        reader.apply(chain[-1])
    return {
        "comment": "What nodes say on UDP 62435; but for hints all of it is inside OSCORE.",
        "hints": _hints(reader.stores.rules),
        "broken_hints": _broken_hints(reader.stores.rules),
        "news": _news(reader, chain),
        "uplink": _uplink(reader),
        "carry": _carry(),
        "status": _status(reader.stores.rules),
    }


def _hints(rules):
    made = []
    sought = name_tag("controller")
    for name, number, head, to_all, asks in (
        ("to-all", rules.number, rules.head, True, None),
        ("to-one", rules.number, rules.head, False, None),
        ("before-any-policy", 0, bytes(32), True, None),
        ("where-is-the-controller", rules.number, rules.head, True, sought),
    ):
        said = hint.message(number, head, name_tag(site.NODE), to_all, asks)
        if hint.parse(said.payload) != (number, head[:8], name_tag(site.NODE), to_all, asks):
            raise ValueError("no hint")
        entry = {"name": name, "message": show.message(said), "message_id": _MESSAGE_ID}
        entry["datagram"] = datagram.encode(said, datagram.NON, _MESSAGE_ID)
        entry.update({"node": site.NODE, "node_tag": name_tag(site.NODE), "to_all": to_all})
        entry.update({"number": number, "head": head[:8]})
        if asks is not None:
            entry["sought_tag"] = asks
        made.append(show.hexed(entry))
    return made


def _broken_hints(rules):
    head, tag = rules.head[:8], name_tag(site.NODE)
    made = []
    for comment, items in (
        ("Another version.", [2, 3, head, tag, True]),
        ("A head of 9 bytes.", [1, 3, head + b"\0", tag, True]),
        ("A number above 2^32 - 1.", [1, 1 << 32, head, tag, True]),
        ("No word whether it went to all.", [1, 3, head, tag]),
        ("A number where that word is.", [1, 3, head, tag, 1]),
        ("A tag of 5 bytes that is sought.", [1, 3, head, tag, True, tag[:5]]),
    ):
        payload = cbor.encode(items)
        try:
            hint.parse(payload)
        except InvalidInput:
            made.append({"comment": comment, "payload": payload.hex()})
    if len(made) != 6:
        raise ValueError("one of them is a hint")
    return made


def _news(reader, chain):
    rules = reader.stores.rules
    found = reader.stores.policies().after(1, 8)
    if found != chain[1:]:
        raise ValueError("not what was signed")
    request = wire.request(coap.code.GET, "policy/news", query=b"after=1")
    payload = News(rules.number, rules.head, None, found).encode()
    return {
        "comment": "Who is at changeset 1 asks; there is no snapshot to be had.",
        "request": show.message(request),
        "payload": payload.hex(),
        "payload_diagnostic": show.said(payload),
        "number": rules.number,
        "head": rules.head.hex(),
        "changesets": [raw.hex() for raw in found],
    }


def _uplink(reader):
    copies = Copies(
        reader.stores.events, None, lambda: 0, _COLLECTOR, lambda: site.device_certificate()
    )
    posted = uplink.Uplink(copies, lambda count: bytes(count), 0).run(0)
    (batch,) = batches.decode(posted)
    last = batch.records[-1]
    number, code = records.number_of(last), records.split(last)[1]
    keys = records.auditor_keys(site.AUDIT_PRIVATE, batch.root[1], reader.keys.device(0).key.x)
    word = acknowledgement.encode(keys[1], batch.root[1], number, code)
    request = wire.request(coap.code.POST, "events", posted, _CF_CBOR_SEQUENCE)
    answers = []
    for name, one in (
        ("nothing-yet", uplink.answer(-1, b"")),
        ("copied", uplink.answer(number, code)),
        ("copied-with-a-word", uplink.answer(number, code, word)),
    ):
        answers.append({"name": name, "payload": one.hex(), "payload_diagnostic": show.said(one)})
    return {
        "comment": "The first batch after a start, with the certificate; and what it is answered.",
        "request": show.message(request),
        "records": len(batch.records),
        "last_number": number,
        "last_code": code.hex(),
        "answers": answers,
        "acknowledgement": signed(word, {"key": keys[1].hex()}, b"holdfast acknowledgement"),
    }


def _carry():
    link = bytes(range(20))
    said = []
    for number, (name, kind, rest) in enumerate(
        (
            ("look", carry.LOOK, ()),
            ("link", carry.LINK, (1, 0, 0, link)),
            ("link-to-be-had", carry.LINK, (1, 20, 0, b"")),
            ("gone", carry.GONE, (1,)),
            ("card", carry.CARD, (b"\x04\xa1\xb2\xc3",)),
            ("pin", carry.PIN, ("271828",)),
            ("tamper", carry.TAMPER, (True,)),
        )
    ):
        payload = carry.Said(kind, _INSTANCE, number + 1, rest).encode()
        carry.parse(payload)
        said.append(
            {"name": name, "payload": payload.hex(), "payload_diagnostic": show.said(payload)}
        )
    answers = []
    for name, answer in (
        ("ready", carry.Answer("ready", door=advert.door_tag(site.SITE, site.DOOR))),
        ("refused", carry.Answer("refused", 900)),
        ("granted", carry.Answer("granted", 3000)),
        ("link-more", carry.Answer("deciding", 0, (20, 0, b"", carry.MORE, 0))),
        ("link-answer", carry.Answer("granted", 3000, (20, 0, link, 0, 1))),
        ("link-closed", carry.Answer("refused", 1500, (20, 20, link, carry.CLOSED, 0))),
    ):
        payload = answer.encode()
        carry.parse_answer(payload)
        answers.append(
            {"name": name, "payload": payload.hex(), "payload_diagnostic": show.said(payload)}
        )
    return {
        "comment": "POST /carry: what a carrier says, and what it is answered.",
        "instance": _INSTANCE.hex(),
        "shown": list(carry.SHOWN),
        "said": said,
        "answers": answers,
    }


def _status(rules):
    keys = {}
    for name in dir(status):
        value = getattr(status, name)
        if name[0] != "_" and type(value) is int:
            keys[value] = name.lower()
    told = {
        status.DOOR: site.DOOR,
        status.FIRMWARE: "0.1.0",
        status.CRYPTO: "rv32",
        status.CRYPTO_REASON: "",
        status.CLOCK_SOURCE: "peer",
        status.CLOCK_ERROR: 3,
        status.POLICY: [rules.number, rules.head],
        status.REVOCATIONS_AGE: 60,
        status.UPTIME: 3600,
        status.CERTIFICATE_ENDS: 5000000,
        status.FAULTS: [["lan", "OSError", "udp.py:40", 2]],
        status.MICROPYTHON: "micropython 1.27.0",
        status.BOARD: "a board",
        status.RESET_CAUSE: "power",
        status.CRASHES: 0,
        status.ENDED_BY: "power",
        status.DOORWAY: [0, 0, 0],
        status.TIMED: "",
        status.WIRING: "decides",
        status.CONTROLLER: [_COLLECTOR, True],
        status.PEERS: 3,
        status.KNOWLEDGE_AGE: 40,
        status.NETWORK: "192.168.1.20/255.255.255.0",
    }
    if sorted(told) != sorted(keys):
        raise ValueError("a key of /status is not shown")
    payload = cbor.encode(told)
    return {
        "comment": "What the keys of GET /status are called, and one answer with all of them.",
        "keys": [[key, keys[key]] for key in sorted(keys)],
        "payload": payload.hex(),
        "payload_diagnostic": show.said(payload),
    }
