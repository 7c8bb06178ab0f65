"""A believed holder who means harm, at the resources that carry policy, events and time: nothing
raises past them, nothing is changed or learnt, and memory comes back.
"""

INTERPRETERS = ("micropython", "cpython")

import cbor
import coap
import small_log
import small_site as site
from carrier import ADMINISTER, CARRY_EVENTS, UNLOCK, carriers
from harness import bit_flips, held, truncations

PATHS = ("policy", "events", "time", "status")
METHODS = (
    coap.code.GET,
    coap.code.POST,
    coap.code.PUT,
    coap.code.DELETE,
    coap.code.FETCH,
    coap.code.PATCH,
    coap.code.IPATCH,
)
SLACK = 4096  # bytes: what the interpreter itself may keep, such as grown tables

# One of each type of CBOR, each in the places of a key and of a value.
VALUES = (
    0,
    -1,
    1 << 64,
    -(1 << 500),
    b"",
    b"\x00" * 40,
    "",
    "x" * 200,
    [],
    [[]],
    {},
    {1: {2: 3}},
    None,
    True,
    False,
    1.5,
    float("inf"),
    float("nan"),
    cbor.UNDEFINED,
    cbor.Simple(99),
    cbor.Tag(1, 0),
    cbor.Tag(24, b"\xa0"),
)


def _noise(seed):
    """A small generator of bytes that is the same on both interpreters."""
    state = seed
    while True:
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        yield (state >> 16) & 0xFF


def _state(reader):
    log = reader.stores.events()
    return reader.stores.rules.number, log.kept, log.acked, reader.timekeeper.read().source


async def _every(one, reader, hardware, method, path, payloads):
    """Each of these is answered, and changes nothing."""
    before = _state(reader)
    for payload in payloads:
        response = await one.ask(method, path, payload)
        assert response is not None, payload
        assert not coap.code.is_success(response.code), (path, payload)
        assert len(response.payload) <= 1024
        hardware.lines = [line for line in hardware.lines if line["event"] == "fault"]
        assert not hardware.lines, (path, payload, hardware.lines)
    assert _state(reader) == before


async def test_cbor_of_every_type_in_every_place():
    """As the whole payload, as a key beside the right ones, as a value in their place."""
    reader, hardware, one = await carriers(UNLOCK | CARRY_EVENTS | ADMINISTER)
    payloads = [cbor.encode(value) for value in VALUES]
    for value in VALUES:
        payloads.append(cbor.encode({1: value, 2: b"x" * 16}))
        payloads.append(cbor.encode({1: site.NOW, 2: value, 3: value}))
        payloads.append(b"\xa2" + cbor.encode(value) + b"\x01\x02\x00")
        payloads.append(b"\xa3\x01\x00\x02\x40" + cbor.encode(value) + b"\x00")
    for method, path in (
        (coap.code.POST, "policy"),
        (coap.code.POST, "events"),
    ):
        await _every(one, reader, hardware, method, path, payloads)
    # A map of two numbers would be a time: those above have none that is believed.
    await _every(one, reader, hardware, coap.code.PUT, "time", payloads)


async def test_every_cut_and_every_flipped_bit_of_what_would_count():
    """A changeset, a copy, an acknowledgement: whatever is not exactly that is nothing."""
    reader, hardware, one = await carriers(CARRY_EVENTS | ADMINISTER, policy=False)
    raw = site.changeset()
    flips = [bytes(bad) for index, bad in enumerate(bit_flips(bytearray(raw))) if not index % 9]
    cuts = [raw[:length] for length in range(0, len(raw), 5)]
    await _every(one, reader, hardware, coap.code.POST, "policy", cuts + flips)
    assert (await one.post("policy", raw)).code == coap.code.CHANGED
    log = reader.stores.events()
    number, code = log.head
    good = cbor.encode({1: number, 2: code})
    bad = list(truncations(good)) + [bytes(flip) for flip in bit_flips(bytearray(good))]
    bad = [payload for payload in bad if _number_and_code(payload) != (number, code)]
    await _every(one, reader, hardware, coap.code.POST, "events", bad)
    assert (await one.post("events", good)).code == coap.code.CHANGED
    good = small_log.word(log.root[1], number, code)
    bad = list(truncations(good)) + [bytes(flip) for flip in bit_flips(bytearray(good))]
    await _every(one, reader, hardware, coap.code.POST, "events", bad[::7])
    assert (await one.post("events", good)).code == coap.code.CHANGED and log.kept == number + 1


def _number_and_code(payload):
    try:
        fields = cbor.decode(payload)
        return fields[1], fields[2]
    except (cbor.DecodeError, KeyError, TypeError, IndexError):
        return None


async def test_methods_options_and_queries_that_mean_nothing_here():
    """Each is answered with a code of its own class, and none of them with a fault of ours."""
    reader, hardware, one = await carriers(UNLOCK)
    before = _state(reader)
    noise = _noise(7)
    for path in PATHS + ("", "policy/1", "events/", "time/time", ".well-known/core"):
        for method in METHODS:
            query = bytes([next(noise) for _ in range(next(noise) % 40)])
            for options in (
                (),
                ((coap.option.IF_MATCH, b"\x01"),),
                ((coap.option.ACCEPT, b"\x00"),),
                ((coap.option.ACCEPT, b"\xff\xff"),),
                ((coap.option.BLOCK1, b"\x0e"),),
                ((coap.option.OBSERVE, b""),),
                ((65001, b"critical"),),
            ):
                response = await one.ask(method, path, b"", (query,), options)
                assert response is not None
                # Everybody may ask for the time, and for a question to the authority.
                is_time = path == "time" and method in (coap.code.GET, coap.code.POST)
                assert is_time or not coap.code.is_success(response.code), (path, method)
    assert _state(reader) == before
    assert not [line for line in hardware.lines if line["event"] == "fault"]


async def test_noise_leaves_nothing_behind_and_what_counts_still_counts():
    """Hundreds of random payloads by somebody with every right: memory returns, the reader
    serves.
    """
    reader, hardware, one = await carriers(UNLOCK | CARRY_EVENTS | ADMINISTER, policy=False)
    noise = _noise(62435)

    async def rounds(count):
        for _ in range(count):
            for path, method in (
                ("policy", coap.code.POST),
                ("events", coap.code.POST),
                ("time", coap.code.PUT),
            ):
                payload = bytes([next(noise) for _ in range(next(noise))])
                await _every(one, reader, hardware, method, path, [payload])

    await rounds(20)
    base = held()
    await rounds(60)
    assert held() - base < SLACK, held() - base
    assert (await one.post("policy", site.changeset())).code == coap.code.CHANGED
    log = reader.stores.events()
    acknowledgement = small_log.word(log.root[1], *log.head)
    assert (await one.post("events", acknowledgement)).code == coap.code.CHANGED


async def test_refused_changesets_wear_out_no_flash():
    """A holder who sends a thousand of them leaves a few dozen events, and all are counted."""
    reader, hardware, one = await carriers(UNLOCK)
    log = reader.stores.events()
    before = log.head[0]
    for _ in range(300):
        assert (await one.post("policy", b"no changeset")).code == coap.code.BAD_REQUEST
        hardware.lines = []
    assert log.head[0] - before <= 32
