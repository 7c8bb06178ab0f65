"""clock.json: the authority's word for what time it is, and how it comes to a node."""

import cbor
import coap
import crypto
import small_site as site
from carrier import StillHardware
from coap import option
from doc_vectors import wire
from doc_vectors.keys import signed
from doc_vectors.tap import Tap
from holdfast.access.clock import word
from memory_phone import Phone

_BEHIND = 3600  # seconds: what the reader's clock is wrong by


async def make():
    """A reader whose clock is an hour behind is asked, told and told again."""
    reader, _ = wire.start(two_keys=False, hardware=StillHardware(site.NOW - _BEHIND))
    phone = Phone()
    time = wire.request(coap.code.GET, "time")
    await wire.cold(reader, phone, time)
    with Tap() as tap:
        talk = wire.Conversation(reader, phone, tap)
        await talk.ask(time)
        talk.say("A question for the authority: a nonce, number and head of the policy, the node.")
        asked = await talk.ask(wire.request(coap.code.POST, "time"))
        said = cbor.decode(asked.payload)
        raw = word.make(site.authority(), site.SITE, said[7], said[4], said[6], site.NOW)
        forged = raw[:-1] + bytes((raw[-1] ^ 1,))
        for comment, one in (
            ("One bit of the signature is another.", forged),
            ("The authority's word.", raw),
            ("The same once more: its nonce is gone.", raw),
        ):
            talk.say(comment)
            await talk.ask(wire.request(coap.code.PUT, "time", one, option.CF_COSE_SIGN1))
        talk.say("And now it knows.")
        await talk.ask(time)
        await talk.hang_up()
    codes = [step["inner"]["code"] for step in talk.steps if step["from"] == "reader"]
    if codes != ["2.05", "2.04", "4.00", "2.04", "4.00", "2.05"]:
        raise ValueError("not as it was meant: " + str(codes))
    anchors = [site.authority_public()]
    entries = {
        "head": said[6].hex(),
        "node": said[7],
        "nonce": said[4].hex(),
        "number": said[5],
        "time": word.verify(raw, anchors, site.SITE, site.NODE, said[4], said[6]),
    }
    if said[6] != crypto.sha256(site.changeset()):
        raise ValueError("another policy")
    return {
        "comment": "The authority's word for what time it is, to one node that asked, once.",
        "conversation": {
            "comment": "The reader's clock is an hour behind.",
            "context": wire.context_of(phone),
            "steps": talk.steps,
        },
        "word": signed(raw, entries, b"holdfast time"),
    }
