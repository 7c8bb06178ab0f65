"""Hostile bytes at the reader's link: nothing raises past it, nothing opens, nothing stays
behind.
"""

INTERPRETERS = ("micropython", "cpython")

import coap
import oscore
from coap import stream
from harness import IS_THOROUGH, bit_flips, flipped, held, truncations
from memory_phone import Call, Hardware, Phone, cold, make_reader, warm

SLACK = 2048  # bytes: what the interpreter itself may keep, such as grown tables


def _noise(seed):
    """A small generator of bytes that is the same on both interpreters."""
    state = seed
    while True:
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        yield (state >> 16) & 0xFF


def _random_bytes(noise, length):
    return bytes([next(noise) for _ in range(length)])


async def _refuses(reader, hardware, data, before=b""):
    """One connection that sends ``before`` and then ``data`` must open nothing; the reasons
    logged.
    """
    opened = hardware.opened
    call = Call(reader)
    await call.send(before + data)
    await call.hang_up()
    assert hardware.opened == opened, data
    lines, hardware.lines = hardware.lines, []
    assert not [line for line in lines if line["event"] == "fault"], lines[-2:]
    return [line["reason"] for line in lines if line.get("reason")]


async def test_noise_at_every_stage_leaves_nothing_and_the_next_unlock_works():
    """Random bytes as stream, as payload, as options; memory comes back to where it was."""
    hardware = Hardware()
    reader = make_reader(hardware)
    phone = Phone()
    call, code, _ = await cold(reader, phone)
    await call.hang_up()
    noise = _noise(62435)
    hello = phone.hello()
    await _abuse(reader, hardware, phone, hello, noise, 4)
    base = held()
    await _abuse(reader, hardware, phone, hello, noise, 40)
    assert held() - base < SLACK
    _, code, answer = await warm(reader, phone)
    assert code == coap.code.CHANGED and answer[1] is True


async def _abuse(reader, hardware, phone, hello, noise, rounds):
    for _ in range(rounds):
        length = next(noise)
        await _refuses(reader, hardware, _random_bytes(noise, length))
        await _refuses(reader, hardware, _random_bytes(noise, length), hello)
        await _refuses(reader, hardware, phone.post(_random_bytes(noise, length)), hello)
        await _refuses(reader, hardware, phone.post(b"\xf5" + _random_bytes(noise, length)), hello)
        options = [
            (coap.option.OSCORE, _random_bytes(noise, next(noise) % 12)),
            (coap.option.EDHOC, b""),
        ]
        for used in (options, options[:1]):
            protected = coap.Message(coap.code.POST, used, _random_bytes(noise, length))
            await _refuses(reader, hardware, stream.encode(protected), hello)


async def test_every_truncation_of_an_unlock_is_without_effect():
    """The stream ends after each byte of a genuine cold and warm unlock: no strike before the
    last.
    """
    hardware = Hardware()
    reader = make_reader(hardware)
    known = Phone(number=5000)
    await cold(reader, known)
    opened = hardware.opened
    hello = known.hello()
    warm_frame = stream.encode(known.wish()[1])
    for cut in truncations(warm_frame):
        await _refuses(reader, hardware, cut, hello)
    phone = Phone()
    first = phone.hello() + phone.post(b"\xf5" + phone.message_1()[1])
    for cut in truncations(first):
        await _refuses(reader, hardware, cut)
    length, whole = 0, 1
    while length < whole:
        phone = Phone(number=10 + length)
        call = Call(reader)
        waiting, message_1 = phone.message_1()
        response = await call.ask(phone.hello() + phone.post(b"\xf5" + message_1))
        message_3 = phone.finish(waiting, response.payload)
        frame = stream.encode(oscore.combine(message_3, phone.wish()[1]))
        whole = len(frame)
        await call.send(frame[:length])
        await call.hang_up()
        length += 1
    assert hardware.opened == opened
    assert (await warm(reader, known))[1] == coap.code.CHANGED


async def test_every_bit_of_a_warm_unlock_counts():
    """Each bit of the protected frame flipped: refused or without effect, and the original then
    opens once.
    """
    hardware = Hardware()
    reader = make_reader(hardware)
    phone = Phone()
    await cold(reader, phone)
    opened = hardware.opened
    protected = phone.wish()[1]
    frame = stream.encode(protected)
    for bit, mutant in enumerate(bit_flips(frame)):
        reasons = await _refuses(reader, hardware, mutant, phone.hello())
        if bit // 8 >= len(frame) - len(protected.payload):
            assert reasons == ["decryption_failed", "decryption_failed"], bit
    call = Call(reader)
    await call.send(phone.hello() + frame)
    assert hardware.opened == opened + 1
    await call.send(frame)
    assert hardware.opened == opened + 1


async def test_every_bit_of_message_1_counts():
    """A changed message_1 is refused, or leads to a handshake that the genuine phone cannot
    finish.
    """
    hardware = Hardware()
    reader = make_reader(hardware)
    phone = Phone()
    waiting, message_1 = phone.message_1()
    frame = phone.post(b"\xf5" + message_1)
    for bit, mutant in enumerate(bit_flips(frame)):
        call = Call(reader)
        response = await call.ask(phone.hello() + mutant)
        if response is not None and response.code == coap.code.CHANGED:
            try:
                phone.finish(waiting, response.payload)
            except ValueError:
                pass
            else:
                # Only bits outside message_1 may change and still lead here.
                assert message_1 in mutant, bit
        await call.hang_up()
    assert not hardware.opened
    assert (await cold(reader, Phone(number=9000)))[1] == coap.code.CHANGED


async def test_every_bit_of_the_combined_request_counts():
    """message_3 and the first wish in one frame: each flipped bit is refused and opens nothing."""
    step = 1 if IS_THOROUGH else 9  # another one of each byte
    hardware = Hardware()
    reader = make_reader(hardware)
    bits, bit = 1, 0
    message_3 = b""
    while bit < bits:
        phone = Phone(number=bit)
        call = Call(reader)
        waiting, message_1 = phone.message_1()
        response = await call.ask(phone.hello() + phone.post(b"\xf5" + message_1))
        message_3 = phone.finish(waiting, response.payload)
        frame = stream.encode(oscore.combine(message_3, phone.wish()[1]))
        bits = 8 * len(frame)
        await call.send(flipped(frame, bit))
        await call.hang_up()
        assert not hardware.opened, bit
        bit += step
    assert bits > 8 * 200
    reasons = hardware.reasons()
    assert reasons.count("handshake_failed") > 8 * len(message_3) * 9 // 10 // step
    assert reasons.count("decryption_failed") > 8 * 20 // step
    assert not [line for line in hardware.lines if line["event"] == "fault"]
    assert (await cold(reader, Phone(number=90000)))[1] == coap.code.CHANGED
