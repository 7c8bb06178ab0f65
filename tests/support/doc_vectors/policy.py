"""policy.json: changesets, a snapshot, keys sealed to nodes, and how they are carried."""

import cbor
import coap
import crypto
import small_site as site
from carrier import ADMINISTER
from doc_vectors import show, wire
from doc_vectors.keys import signed
from doc_vectors.tap import Tap
from holdfast.access.policy import changeset, sealing, snapshot
from holdfast.access.policy import operations as ops
from holdfast.access.tag import CARD, PIN, card_key, name_tag
from memory_phone import Phone

_BERLIN = [ops.TIMEZONE, 60, [60, [3, 5, 6, 120], [10, 5, 6, 180]]]
_WEEK = [[[480, 720], [780, 1080]]] * 5 + [[[1320, 1800]], []]
_UID = b"\x04\xa1\xb2\xc3\xd4\xe5\xf6"
_DIGITS = b"482915"


async def make():
    """A chain of four, a snapshot of what it comes to, and a carrier who brings both."""
    chain = _chain()
    return {
        "comment": "The policy of one site as signed bytes, and conversations that bring it.",
        "changesets": [_changeset(raw) for raw in chain],
        "snapshot": _snapshot(chain),
        "sealed_keys": [_sealed("zone key"), _sealed("lookup key")],
        "card_keys": [_card_key("card", CARD, _UID), _card_key("PIN", PIN, _DIGITS)],
        "conversations": [await _carried(chain), await _snapshot_carried(chain)],
    }


def _operations():
    """The operations of each changeset: the first is that of all vectors here."""
    card = card_key(site.LOOKUP_KEY, CARD, _UID)
    pin = card_key(site.LOOKUP_KEY, PIN, _DIGITS)
    yield [[ops.TIMEZONE, 0, None]] + site.HERE + site.zone_key_operations()
    yield [
        _BERLIN,
        [ops.SCHEDULE, "office", _WEEK, [[[600, 660]], []]],
        [ops.HOLIDAYS, [[20833, 1], [[12, 25], 2]]],
        [ops.GROUP, 7, [[[1, site.DOOR], 33, "office"], [[2, site.ZONE], 1, None]]],
        [ops.GRANT, card, 7, site.NOW + site.DAY, {1: 20833, 3: b"tag4"}],
        [ops.GRANT, pin, 7, None, {3: b"tag4"}],
        [ops.DOOR_MODE, 0, "office", 1],
    ]
    # Cards of many people: for a snapshot of two parts.
    yield [[ops.GRANT, b"card%04d" % number, 7, None] for number in range(60)]
    yield [
        [ops.REVOKE, site.holder_claims()[7], site.NOW + 30 * site.DAY, site.NOW - site.DAY],
        [ops.WATERMARK, site.NOW - 2 * site.DAY],
        [ops.LIMITS, {1: 7200, 3: 60}],
        [ops.LOCKDOWN, True, [[2, site.ZONE]]],
    ]


def _chain():
    previous, made = changeset.NOTHING_BEFORE, []
    for number, operations in enumerate(_operations(), 1):
        issued_at = site.NOW - site.DAY + 60 * (number - 1)
        made.append(
            changeset.make(site.authority(), site.SITE, number, previous, issued_at, operations)
        )
        previous = crypto.sha256(made[-1])
    return made


def _changeset(raw):
    read = changeset.parse(raw)
    read.verify([site.authority_public()])
    entries = {
        "hash": read.hash.hex(),
        "number": read.number,
        "previous": read.previous.hex(),
    }
    return signed(raw, entries, b"holdfast changeset")


def _snapshot_pieces(chain):
    """Head and parts of the state after the chain."""
    whole = []
    for raw in chain:
        whole += changeset.parse(raw).operations
    # In the order of docs/protocol.md. What was said twice counts as it was said last.
    order = (1, 11, 10, 12, 2, 13, 14, 15, 3, 4, 8, 18, 7, 9, 16, 17, 6, 5)
    ordered = [one for code in order for one in whole if one[0] == code]
    ordered = [one for one in ordered if one != [ops.TIMEZONE, 0, None]]
    last = changeset.parse(chain[-1])
    return snapshot.make(
        site.authority(), site.SITE, last.number, last.hash, last.issued_at, ordered
    )


def _snapshot(chain):
    head, *parts = _snapshot_pieces(chain)
    read = snapshot.parse(head)
    read.verify([site.authority_public()])
    entries = {
        "comment": "What the changesets come to.",
        "count": read.count,
        "first_part": read.first_part.hex(),
        "number": read.number,
        "parts": [
            {
                "bytes": part.hex(),
                "diagnostic": show.said(part),
                "hash": crypto.sha256(part).hex(),
            }
            for part in parts
        ],
    }
    return signed(head, entries, b"holdfast snapshot")


def _sealed(kind):
    e, secret = site.EPHEMERAL, site.ZONE_SECRET
    public = crypto.x25519_public_key(e)
    device = crypto.x25519_public_key(site.READER_PRIVATE)
    if kind == "zone key":
        purpose = sealing.zone_key(site.SITE, site.root(), site.ZONE, 1, site.NODE, public)
    else:
        purpose = sealing.lookup_key(site.SITE, site.root(), 1, site.NODE, public)
        secret = site.LOOKUP_KEY
    with Tap() as tap:
        sealed = sealing.seal(e, device, purpose, secret)
    if sealing.open(site.READER_PRIVATE, public, purpose, sealed) != secret:
        raise ValueError("a sealed key does not open")
    ((_, shared), (_, prk), ((_, info, _), key)) = (
        tap.of("x25519")[-1],
        tap.one("hkdf_extract"),
        tap.one("hkdf_expand"),
    )
    return show.hexed(
        {
            "device_private": site.READER_PRIVATE,
            "device_public": device,
            "ephemeral_private": e,
            "ephemeral_public": public,
            "info": info,
            "info_diagnostic": show.said(info),
            "key": key,
            "kind": kind,
            "node_tag": name_tag(site.NODE),
            "prk": prk,
            "sealed": sealed,
            "secret": secret,
            "shared_secret": shared,
        }
    )


def _card_key(kind, code, value):
    key = card_key(site.LOOKUP_KEY, code, value)
    return {"card_key": key.hex(), "kind": kind, "value": value.hex()}


def _post(payload):
    return wire.request(coap.code.POST, "policy", payload)


async def _talk(reader, phone, plains):
    """A carrier who unlocks nothing brings one after another, on a connection of its own."""
    await wire.cold(reader, phone, wire.request(coap.code.GET, "time"))
    talk, _ = await wire.warm(reader, phone, *plains)
    return talk


async def _carried(chain):
    reader, _ = wire.start(two_keys=False)
    phone = _administrator()
    gap = changeset.make(site.authority(), site.SITE, 9, bytes(32), site.NOW, [])
    plains = [_post(raw) for raw in [gap] + chain[1:] + chain[-1:]]
    plains.append(wire.request(coap.code.GET, "policy", query=b"after=3"))
    talk = await _talk(reader, phone, plains)
    return {
        "comment": "One that comes too early, 4.00; the others in order, the last once more: 2.04"
        " with number and head; then what is kept after number 3.",
        "context": wire.context_of(phone),
        "name": "changesets",
        "steps": talk.steps,
    }


async def _snapshot_carried(chain):
    reader, _ = wire.start(two_keys=False)
    phone = _administrator()
    talk = await _talk(reader, phone, [_post(raw) for raw in _snapshot_pieces(chain)])
    standing = cbor.encode([len(chain), crypto.sha256(chain[-1])]).hex()
    if talk.steps[-1]["inner"]["payload"] != standing:
        raise ValueError("the snapshot is not in force")
    return {
        "comment": "The head, 2.31 with the part that is wanted; the last part, 2.04.",
        "context": wire.context_of(phone),
        "name": "snapshot",
        "steps": talk.steps,
    }


def _administrator():
    changes = {2: "otto", 7: b"\x30\x31\x32\x33\x34\x35\x36\x37"}
    changes[9] = site.scope((1, site.DOOR, ADMINISTER))
    return Phone(site.holder_token(changes=changes), b"\x22" * 32)
