"""refusals.json: doors that stay shut, for a phone that has proven who it is."""

import coap
import small_site as site
from doc_vectors import wire
from memory_phone import Phone


async def make():
    """Each kind once."""
    vectors = []
    for one in _decided():
        vectors.append(await _protected(*one))
    return {
        "comment": "Protected refusals: the outer code is 2.04, the inner one says no. `reason` is"
        " what the reader's log has (docs/reasons.md); the phone learns the coarse one.",
        "vectors": vectors,
    }


def _decided():
    """(name, comment, changes to the claims, operations of a changeset, plain request)."""
    wish = wire.wish()
    cti = site.holder_claims()[7]
    yield (
        "revoked",
        "A revocation of this token is in the policy.",
        {},
        [[7, cti, site.NOW + 30 * site.DAY, site.NOW - site.DAY]],
        wish,
    )
    yield "expired", "The credential has ended.", {4: site.NOW}, None, wish
    yield "not-yet-valid", "It begins tomorrow.", {5: site.NOW + site.DAY}, None, wish
    dates = {5: site.NOW - site.DAY, 6: site.NOW + 7200}
    yield (
        "dated-ahead",
        "It was issued in two hours, by a clock that is trusted.",
        dates,
        None,
        wish,
    )
    yield "wrong-door", "It is for another door.", {9: site.scope((1, "cellar", 1))}, None, wish
    yield (
        "no-intent",
        "No person made a gesture.",
        {},
        None,
        wire.wish(payload=b"\xa2\x01\x01\x02\xf4"),
    )
    yield "user-verification-needed", "The credential asks for it.", {-65539: True}, None, wish
    yield (
        "action-not-allowed",
        "Bit 2, hold open, is not in its scope.",
        {},
        None,
        wire.wish(payload=b"\xa2\x01\x02\x02\xf5"),
    )
    yield (
        "schedule-unknown",
        "The policy has no schedule of that name.",
        {-65538: "nights"},
        None,
        wish,
    )
    yield "locked-down", "All doors are locked down.", {}, [[9, True, None]], wish
    yield "malformed-request", "The wish is no map.", {}, None, wire.wish(payload=b"\x80")
    yield "no-such-door", "The wish is for a door that is not here.", {}, None, wire.wish("attic")
    yield (
        "no-such-path",
        "Nothing is there: a CoAP error, protected.",
        {},
        None,
        wire.request(coap.code.GET, "nothing"),
    )
    yield (
        "no-such-method",
        "Doors have no GET.",
        {},
        None,
        wire.request(coap.code.GET, "doors/" + site.DOOR),
    )
    yield (
        "guest-asks-more",
        "A guest is worth unlock and nothing else.",
        None,
        None,
        wire.request(coap.code.GET, "time"),
    )


async def _protected(name, comment, changes, operations, plain):
    reader, hardware = wire.start(two_keys=False)
    if operations is not None:
        first = reader.stores.rules
        reader.apply(site.changeset(operations, 2, first.head, site.NOW - site.DAY))
    token = site.guest_token() if changes is None else site.holder_token(changes=changes)
    phone = Phone(token, b"\x22" * 32)
    talk, _ = await wire.cold(reader, phone, plain)
    if hardware.opened:
        raise ValueError("the door opened: " + name)
    return {
        "comment": comment,
        "context": wire.context_of(phone),
        "credential": token.hex(),
        "name": name,
        "phone_ephemerals": [phone.ephemeral.hex()],
        "reason": (hardware.reasons() or [None])[-1],
        "steps": talk.steps,
    }
