"""Runs on the board: the reader role as it is, its radio and its console the serial line.

What hal is on hardware is played here with what the board in qemu has: LittleFS in its flash,
ticks and ``os.urandom``; strike, indicator and clock have no pins. One line from the host is one
thing that happens: ``open``, ``data HEX`` with ``more HEX`` before it and ``close`` are a phone's,
``card HEX`` is a card that was away for long enough, ``figures`` asks what it has cost since it
was last asked, ``held`` how much of the heap is held and how many other nodes are known, ``stop``
ends it. Lines to the host begin with ``<`` (bytes for the phone), ``!`` (the reader has let go of
it), ``+`` (a card was answered), ``=`` (figures) or are the console's JSON.
With a LAN (lan_on_board.py) ``from HOST PORT HEX`` is a datagram, with ``lan HEX`` before it.
"""

import asyncio
import gc
import json
import os
import sys
import time
from binascii import unhexlify

from qemu_rv32 import instructions

from holdfast.link.limits import Limits
from holdfast.roles.reader import Reader
from micropython import const

_DIRECTORY = "/state"
_CHUNK = const(244)
_PIECE = const(64)  # bytes of a chunk in one piece of a line
_FAR_MS = const(3600000)


class Hardware:
    """All that hal gives a reader; it is ``now`` (seconds since 1970) at the start."""

    def __init__(self, now):
        self._start = now - time.time()
        self.console = self.strike = self.led = self.buzzer = self.clock = self.ticks = self

    def line(self, fields):
        json.dump(fields, sys.stdout)
        print()

    def prepare(self, fields):
        return json.dumps(fields)

    def write(self, prepared):
        print(prepared)

    def pulse(self, ms):
        print('{"hal": "strike", "active": true}')

    def end(self):
        print('{"hal": "strike", "active": false}')

    def show(self, colour, effect):
        pass

    def beep(self, count):
        pass

    def seconds(self):
        return self._start + time.time()

    def add(self, ms):
        return time.ticks_add(time.ticks_ms(), ms)

    def until(self, tick):
        return time.ticks_diff(tick, time.ticks_ms())

    def random_bytes(self, length):
        return os.urandom(length)


class Link:
    """A phone's byte stream, in lines of hexadecimal digits."""

    chunk_size = _CHUNK

    def __init__(self, meter):
        self._meter = meter
        self._arrived = asyncio.Event()
        self._pieces = []

    def put(self, piece):
        self._pieces.append(piece)
        self._arrived.set()

    async def read(self):
        while not self._pieces:
            self._arrived.clear()
            await self._arrived.wait()
        return self._pieces.pop(0)

    async def write(self, chunk):
        self._meter.answered()
        # In pieces: no line of it is to want half a kilobyte where a radio wants none.
        print("<", end="")
        for start in range(0, len(chunk), _PIECE):
            print(bytes(chunk[start : start + _PIECE]).hex(), end="")
        print()

    def close(self):
        pass


class Meter:
    """Counts what the reader does, and looks at its heap where it takes a breath."""

    def __init__(self, looks_at_heap):
        self._looks_at_heap = looks_at_heap
        self.reset()

    def reset(self):
        self.spent = self.until_answer = self.live = self.longest_step = 0

    def answered(self):
        self.until_answer = self.spent

    def look(self):
        if self._looks_at_heap:
            gc.collect()
            self.live = max(self.live, gc.mem_alloc())

    def counted(self, coroutine):
        """``coroutine`` as a coroutine, step by step the same, whose steps are counted.

        What others do while it waits is not: neither their work nor the waiting.
        """
        error = None
        while True:
            result = []

            def step(error=error, result=result):
                try:
                    coroutine.send(None) if error is None else coroutine.throw(error)
                except StopIteration as ended:
                    result.append(ended.value)

            spent = instructions(step)
            self.spent += spent
            self.longest_step = max(self.longest_step, spent)
            self.look()
            if result:
                return result[0]
            error = None
            try:
                yield
            except BaseException as thrown:
                error = thrown

    def watch(self, module, names):
        """Look at the heap before and after each call of these functions of ``module``."""
        for name in names:
            setattr(module, name, self._watched(getattr(module, name)))

    def _watched(self, function):
        def call(*arguments, **named):
            self.look()
            try:
                return function(*arguments, **named)
            finally:
                self.look()

        return call


def unhurried(limits):
    """The ``limits``, by which nobody is too slow: phones are of a machine that does much else,
    and a board that waits for them waits in that machine's time.
    """
    limits.first_ms = limits.last_ms = limits.idle_ms = limits.lifetime_ms = _FAR_MS
    return limits


def make_reader(now, limits=None, pause=None):
    """The Reader of what lies on the board, started; it is ``now``, ``pause`` a Node's."""
    from holdfast.storage.keys import KeyStore  # as a role does: for its start alone
    from holdfast.storage.settings import SettingsStore

    hardware = Hardware(now)
    keys = KeyStore(_DIRECTORY, hardware.random_bytes)
    private_key = keys.private_key()
    store = SettingsStore(_DIRECTORY, private_key, hardware.random_bytes)
    settings = store.take(store.load())
    p256 = None if settings.p256_certificate is None else keys.p256_private_key()
    reader = Reader(
        settings, private_key, hardware, _DIRECTORY, limits, p256_private_key=p256, pause=pause
    )
    reader.start()
    return reader


def provision(now):
    """Take the policy that was put beside the settings, as a first start does."""
    from holdfast.storage.policy import file as policy_file

    reader = make_reader(now)
    policy_file.apply(_DIRECTORY + "/policy.cbor", reader.stores.policies(), reader.apply)
    reader.keep_up()
    os.remove(_DIRECTORY + "/policy.cbor")
    print(reader.stores.moment()[1].counts[0])


def serve(now, looks_at_heap=False, sender=None, contexts=None, lan=None):
    """Serve phones, and remember ``contexts`` of them, until told to stop; with the arguments of a
    ``sender`` also cards, at a Wiegand reader (wiegand_on_board.py); with its address in a
    ``lan`` among the nodes there (lan_on_board.py).
    """
    meter = Meter(looks_at_heap)
    if looks_at_heap:
        from crypto import backend

        # Public keys are worked on in steps, and there is a look between any two of them.
        meter.watch(backend.chosen, ("aes_ccm_encrypt", "aes_ccm_decrypt"))
    limits = unhurried(Limits(contexts=contexts) if contexts else Limits())
    if sender is None:
        reader = make_reader(now, limits)
    else:
        from wiegand_on_board import Lines

        lines = Lines(Hardware(now), *sender)
        reader = make_reader(now, limits, lines.pause)
        lines.add(reader)
    datagrams = None
    if lan is not None:
        from lan_on_board import join

        datagrams = join(reader, lan)
    asyncio.run(_serve(reader, meter, datagrams))


async def _serve(reader, meter, datagrams):
    running = asyncio.create_task(meter.counted(reader.run()))
    lines = asyncio.StreamReader(sys.stdin.buffer)
    link, pieces = None, []
    await asyncio.sleep_ms(0)  # a key is made ahead now
    gc.collect()
    gc.threshold(-1)
    print('{"event": "ready", "heap": %d}' % gc.mem_alloc())
    while True:
        line = await lines.readline()
        word = line[:4]
        if word == b"open":
            link = Link(meter)
            asyncio.create_task(_connection(reader, link, meter))
        elif word == b"data":
            pieces.append(unhexlify(memoryview(line)[5:-1]))
            link.put(b"".join(pieces))
            pieces.clear()
        elif word == b"more":
            pieces.append(unhexlify(memoryview(line)[5:-1]))
        elif word == b"lan ":
            datagrams.put(None, unhexlify(memoryview(line)[4:-1]))
        elif word == b"from":
            _, host, port, piece = line.split()
            datagrams.put((host.decode(), int(port)), unhexlify(piece))
        elif line.startswith(b"close"):
            link.put(b"")
        elif line.startswith(b"figures"):
            fields = meter.spent, meter.until_answer, meter.longest_step, meter.live
            print("=" + json.dumps(fields))
            meter.reset()
        elif word == b"held":
            nodes = 0 if reader.neighbours is None else len(reader.neighbours.peers.by_tag)
            gc.collect()
            print("=" + json.dumps((gc.mem_alloc(), nodes)))
        elif word == b"card":
            for visit in reader.card_reader._visits:
                visit[0] = None
            reader.card_reader.card(unhexlify(line[5:-1]))
            print("+")
        elif word == b"stop":
            running.cancel()
            return


async def _connection(reader, link, meter):
    await meter.counted(reader.connected(link))
    print("!")
