"""An acknowledgement at /events: each of its bytes counts, and it has one form."""

INTERPRETERS = ("micropython", "cpython")

import cbor
import coap
import small_log
import small_site as site
from carrier import CARRY_EVENTS, carriers
from cose import ALG_HMAC_256, ALG_HMAC_256_64, Key, mac0
from harness import bit_flips, truncations
from holdfast.access.events import record as event_record

CHANGED, BAD = coap.code.CHANGED, coap.code.BAD_REQUEST


def _word(log, number, code, **changes):
    """The auditor's word on the events of a log."""
    return small_log.word(changes.get("root", log.root[1]), number, code)


def _marks(log):
    return log.acked, log._log.state.copied, log.kept


async def test_every_byte_of_an_acknowledgement_counts():
    """Each bit flipped, each cut, each byte more: refused, at strangers' cost, and told."""
    reader, hardware, carrier = await carriers(CARRY_EVENTS)
    log = reader.stores.events()
    good = _word(log, *log.head)
    begin = log.head[0]
    tried = 0
    for bad in list(truncations(good)) + [bytes(bit) for bit in bit_flips(bytearray(good))]:
        hardware.lines = []
        response = await carrier.post("events", bad)
        assert response.code == BAD and _marks(log) == (0, 0, 0), bad
        assert not [line for line in hardware.lines if line["event"] == "fault"]
        tried += 1
    for more in (b"\x00", good, b"\xa0" * 100):
        assert (await carrier.post("events", good + more)).code == BAD
    assert tried > 8 * len(good) and log.head[0] - begin <= 32
    assert (await carrier.post("events", good)).code == CHANGED and log.acked == begin + 1


async def test_other_forms_of_the_same_word_are_none():
    """COSE has many ways to say it; one of them counts."""
    reader, _, carrier = await carriers(CARRY_EVENTS)
    log = reader.stores.events()
    number, code = log.head
    root = log.root[1]
    key = event_record.auditor_keys(site.AUDIT_PRIVATE, root, small_log.READER_PUBLIC)[1]
    purpose = b"holdfast acknowledgement"

    def made(items, aad=purpose, **headers):
        symmetric = Key.symmetric(key, headers.pop("alg", ALG_HMAC_256))
        return mac0.create(cbor.encode(items), symmetric, external_aad=aad, **headers)

    good = [root, number, code]
    assert made(good) == _word(log, number, code)
    for bad in (
        made(good, b""),
        made(good, b"holdfast changeset"),
        made(good, alg=ALG_HMAC_256_64),
        made(good, unprotected={4: b"kid"}),
        made(good, protected={1: ALG_HMAC_256, 4: b"kid"}),
        made(good)[1:],
        made(good + [0]),
        made([root, True, code]),
        made([root, -1, code]),
        made([root, 1 << 32, code]),
        made([root, number, code.hex()]),
        made([root, number, code[:15]]),
        made([root[:31], number, code]),
        made({1: root, 2: number, 3: code}),
        made([[root], number, code]),
    ):
        assert (await carrier.post("events", bad)).code == BAD, bad
        assert _marks(log) == (0, 0, 0)
    assert (await carrier.post("events", made(good))).code == CHANGED
