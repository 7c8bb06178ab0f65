"""One central's stream: nothing is lost, doubled or mixed up, and every error ends as OSError."""

INTERPRETERS = ("micropython",)

import asyncio
import errno

from gatt_bench import Bench, echo
from holdfast.link.connection import serve
from holdfast.link.limits import Limits


class Heard:
    """Takes the links that come and leaves them to the test."""

    def __init__(self):
        self.links = []
        self._go = asyncio.Event()

    async def connected(self, link):
        self.links.append(link)
        await self._go.wait()
        return False

    def let_go(self):
        self._go.set()


class Session:
    """Has one answer, and is over."""

    closing = False
    close_reason = None

    def __init__(self, answer):
        self._answer = answer

    async def receive(self, chunk):
        self.closing = True
        return self._answer

    def answered(self):
        pass

    def close(self):
        pass


class Endless:
    """A deadline that never strikes."""

    is_over = is_ended = False

    def stop(self):
        pass

    first_byte = go_on = stop

    async def watch(self, task):
        pass


async def _one(mtu=None, first=b"!"):
    bench, heard = Bench(), Heard()
    await bench.run(heard.connected)
    central = await bench.central(1, mtu)
    central.write(first)
    await asyncio.sleep_ms(10)
    (link,) = heard.links
    assert await link.read() == first
    return bench, central, link, heard


async def _refused(awaitable):
    try:
        await awaitable
    except OSError as error:
        return error
    raise AssertionError("not refused")


async def test_a_read_that_is_cancelled_loses_nothing():
    """A time limit may strike at any moment, also between a write and its being read."""
    bench, central, link, _ = await _one()
    read = b""
    for number in range(200):
        reading = asyncio.create_task(link.read())
        if number % 3:
            await asyncio.sleep_ms(0)
        central.write(b"%03d," % number)
        if number % 2:
            await asyncio.sleep_ms(0)
        reading.cancel()
        try:
            read += await reading
        except asyncio.CancelledError:
            pass
    central.write(b"end")
    while not read.endswith(b"end"):
        read += await link.read()
    assert read == b"".join([b"%03d," % number for number in range(200)]) + b"end"
    await bench.end()


async def test_more_than_ten_writes_at_once_are_kept():
    """aioble's own queue holds ten, of all centrals together; a phone at MTU 23 sends 58 for one
    message of 1,152 bytes.
    """
    bench, central, link, _ = await _one()
    message = bytes([number % 251 for number in range(1152)])
    central.send(message)
    read = b""
    while len(read) < len(message):
        piece = await link.read()
        assert 0 < len(piece) <= 512
        read += piece
    assert read == message
    await bench.end()


async def test_a_write_of_512_bytes_is_not_cut():
    """A characteristic holds 20 unless it is told otherwise, and cuts without a word."""
    bench, central, link, _ = await _one(mtu=517)
    central.write(bytes(range(256)) * 2)
    assert await link.read() == bytes(range(256)) * 2
    await bench.end()


async def test_chunks_follow_the_mtu_of_that_moment():
    """20 bytes before any exchange; never more than the other side takes, whatever it says."""
    bench, central, link, _ = await _one()
    assert link.chunk_size == 20
    for mtu, chunk in ((23, 20), (10, 20), (185, 182), (247, 244), (517, 512), (65535, 512)):
        central.exchange_mtu(mtu)
        assert link.chunk_size == chunk and chunk <= central.mtu - 3
    await bench.end()


async def test_an_answer_over_an_mtu_exchange_is_whole():
    """The MTU grows while an answer is written: no byte twice, none left out."""
    for after in range(6):
        bench, central, link, heard = await _one()
        answer = bytes(range(200))
        central.write(b"?")
        serving = asyncio.create_task(serve(link, Session(answer), Endless()))
        bench.ble.fails["gatts_notify"] = [None] * after + [OSError(errno.ENOMEM)]
        while len(central.chunks) < after:
            await asyncio.sleep_ms(0)
        central.exchange_mtu(100)
        await serving
        await asyncio.sleep_ms(100)
        assert central.received == answer, after
        heard.let_go()
        await bench.end()


async def test_a_notification_that_is_refused_is_sent_again_whole():
    """Full buffers are no end of a link: each error the stack has, and each of them once."""
    bench, central, link, _ = await _one()
    for number in (errno.ENOMEM, errno.EAGAIN, errno.EALREADY, errno.EIO, errno.EINVAL, 16):
        bench.ble.fails["gatts_notify"] = [OSError(number), None, OSError(number)]
        before = len(central.chunks)
        await link.write(b"first")
        await link.write(b"second")
        assert central.chunks[before:] == [b"first", b"second"]
    await bench.end()


async def test_who_takes_nothing_is_dropped_in_four_seconds():
    bench, central, link, _ = await _one()
    central.is_deaf = True
    begun = bench.time.now
    error = None
    for _ in range(20):
        try:
            await link.write(b"x" * 20)
        except OSError as refused:
            error = refused
            break
    assert error is not None and 4000 <= bench.time.now - begun < 4200
    assert await link.read() == b"" and not central.is_connected
    await _refused(link.write(b"x"))
    await bench.end()


async def test_what_aioble_raises_ends_as_oserror():
    """Whatever a notification meets: a link's user knows one error."""
    bench, central, link, _ = await _one()
    bench.ble.fails["gatts_notify"] = [ValueError("Not supported")]
    await _refused(link.write(b"x"))
    bench.ble.fails["gatts_notify"] = [TypeError("can't convert to int")]
    await _refused(link.write(b"x"))
    central.leave()
    await _refused(link.write(b"x"))
    assert await link.read() == b""
    link.close()
    await bench.end()


async def test_a_central_that_leaves_is_read_to_its_end():
    bench, central, link, _ = await _one()
    central.write(b"bye")
    central.leave()
    assert await link.read() == b"bye" and await link.read() == b""
    await bench.end()


async def test_closing_ends_what_waits_and_raises_nothing():
    """Also where the stack refuses to let it go: the radio tries again until it has."""
    bench, central, link, heard = await _one()
    reading = asyncio.create_task(link.read())
    await asyncio.sleep_ms(1)
    bench.ble.fails["gap_disconnect"] = [OSError(errno.EIO), OSError(errno.EALREADY)]
    central.write(b"late")
    link.close()
    assert await reading == b"" and await link.read() == b""
    heard.let_go()
    await asyncio.sleep_ms(3000)
    assert not central.is_connected and not bench.ble.centrals
    await bench.end()


async def test_who_writes_more_than_may_wait_is_dropped_and_no_other():
    """A hole in a stream is worse than its end; what came before the hole is not read either."""
    bench, heard = Bench(), Heard()
    await bench.run(heard.connected)
    flood, other = await bench.central(1, 247), await bench.central(2, 247)
    flood.write(b"a")
    other.write(b"b")
    await asyncio.sleep_ms(10)
    for _ in range(5):
        flood.write(b"x" * 244)
    other.write(b"c" * 244)
    assert await heard.links[0].read() == b""
    assert await heard.links[1].read() == b"b" + b"c" * 244
    heard.let_go()
    await asyncio.sleep_ms(100)
    assert not flood.is_connected
    assert bench.reasons() == ["it writes faster than it is read"]
    await bench.end()


async def test_a_message_of_the_greatest_size_may_wait():
    """A phone that asks one thing at a time is never dropped for it: a greeting, and 1,152 bytes
    while the reader is busy with another phone.
    """
    limits = Limits(connections=3)
    bench, heard = Bench(limits), Heard()
    await bench.run(heard.connected)
    central = await bench.central(1, 517)
    central.send(b"\x00\xe1" + bytes(limits.message_size))
    await asyncio.sleep_ms(10)
    length = 0
    while length < 2 + limits.message_size:
        length += len(await heard.links[0].read())
    await bench.end()


async def test_without_memory_for_a_write_that_central_is_dropped():
    """MicroPython never again calls a handler that has raised: the radio would be deaf."""
    bench = Bench()
    await bench.run(echo)
    central, other = await bench.central(1), await bench.central(2)
    other.write(b"hello")
    bench.ble.fails["gatts_read"] = [None, MemoryError()]
    other.write(b" again")
    central.write(b"lost")
    await asyncio.sleep_ms(300)
    assert not central.is_connected and other.received == b"hello again"
    other.write(b"!")
    await asyncio.sleep_ms(100)
    assert other.received == b"hello again!"
    await bench.end()


async def test_no_stream_is_mixed_with_another():
    """Four centrals write in turns, each its own bytes, in pieces of all sizes."""
    bench = Bench()
    await bench.run(echo)
    centrals = []
    for number in range(4):
        centrals.append(await bench.central(number, 23 + 97 * number))
    sent = [b""] * 4
    for step in range(120):
        number = step * 5 % 4
        data = bytes([number]) * (1 + step * 7 % 20)
        centrals[number].write(data)
        sent[number] += data
        if step % 3 == 0:
            await asyncio.sleep_ms(20)
    await asyncio.sleep_ms(2000)
    assert [central.received for central in centrals] == sent
    await bench.end()
