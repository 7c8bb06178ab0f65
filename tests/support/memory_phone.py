"""A phone and a board without processes: the reader role, its hardware in memory, a link of lists.

Runs on both interpreters, so that every refusal can be tried where the firmware lives.
"""

import asyncio
import time

import cbor
import coap
import crypto
import oscore
import small_site as site
from coap import signalling, stream
from edhoc import Identity, Initiator, from_kcwt
from harness import new_folder
from holdfast.link.limits import Limits
from holdfast.roles.reader import Reader
from holdfast.storage import settings

WISH = {1: 1, 2: True}
_SLOWNESS = 100


class Hardware:
    """What hal would give; remembers what it was told."""

    def __init__(self, now=site.NOW):
        self.now = now
        self.lines = []
        self.strikes = []  # what the strike was told: milliseconds of a pulse, 0 for its end
        self._released_until = 0
        self.random_counter = 0
        self._passed_ms = 0
        self.console = self.strike = self.led = self.buzzer = self.clock = self.ticks = self

    def line(self, fields):
        self.lines.append(fields)

    def prepare(self, fields):
        return fields

    def write(self, prepared):
        self.lines.append(prepared)

    def pulse(self, ms):
        self.strikes.append(ms)
        self._released_until = max(self._released_until, self.elapsed() + ms)

    def end(self):
        self.strikes.append(0)
        self._released_until = 0

    def show(self, colour, effect):
        pass

    def beep(self, count):
        pass

    def seconds(self):
        return self.now

    def add(self, ms):
        return self.elapsed() + ms

    def until(self, tick):
        return tick - self.elapsed()

    def elapsed(self):
        # The phones are of this machine, too, and as slow as it is with all else that it does.
        return int(time.time() * 1000) // _SLOWNESS + self._passed_ms

    def pass_time(self, seconds):
        """Let the clock and the ticks go on; connections that are open time out."""
        self.now += seconds
        self._passed_ms += 1000 * seconds

    def random_bytes(self, length):
        """Different at every call, the same in every run: a failure can be repeated."""
        self.random_counter += 1
        return self.nth_random(self.random_counter)[:length]

    @staticmethod
    def nth_random(number):
        """What the call ``number`` for 32 random bytes gives, counted from 1."""
        return crypto.sha256(b"reader %d" % number)

    @property
    def opened(self):
        """How often the strike was asked to be released."""
        return len(self.strikes) - self.strikes.count(0)

    @property
    def released(self):
        """Whether the strike is released now, by the ticks."""
        return self.elapsed() < self._released_until

    def reasons(self):
        """The exact reasons of all decisions so far."""
        return [line["reason"] for line in self.lines if line["event"] == "access"]


class Link:
    """Two lists of bytes; what the phone puts in comes out in the pieces it was put in."""

    def __init__(self, chunk_size=20):
        self.chunk_size = chunk_size
        self.to_reader = []
        self.from_reader = bytearray()
        self.closed = False
        self.is_awaited = False
        self._arrived = asyncio.Event()

    async def read(self):
        while not self.to_reader and not self.closed:
            self._arrived.clear()
            self.is_awaited = True
            await self._arrived.wait()
        self.is_awaited = False
        return self.to_reader.pop(0) if self.to_reader else b""

    async def write(self, chunk):
        if len(chunk) > self.chunk_size:
            raise ValueError("a chunk larger than the link takes")
        self.from_reader.extend(chunk)

    def close(self):
        self.hang_up()

    def put(self, data):
        """The phone sends one piece."""
        self.to_reader.append(bytes(data))
        self._arrived.set()

    def hang_up(self):
        """The phone goes away."""
        self.closed = True
        self._arrived.set()


def make_reader(
    hardware=None, changes=None, limits=None, directory=None, policy=True, two_keys=False, **more
):
    """A provisioned reader on hardware in memory, with a memory in ``directory`` (a new one).

    It follows the site's first changeset if ``policy``, and has a P-256 key as well if
    ``two_keys``; ``more`` are the Reader's arguments.
    """
    if two_keys:
        changes = dict(changes or {})
        changes[11] = site.p256_certificate()
        more["p256_private_key"] = site.READER_P256_PRIVATE
    configured = settings.decode(cbor.encode(site.settings_map(changes)))
    reader = Reader(
        configured,
        site.READER_PRIVATE,
        hardware or Hardware(),
        directory or new_folder(),
        limits or Limits(),
        **more,
    )
    reader.start()
    if policy:
        reader.apply(site.changeset())
    return reader


def show_card(reader, number):
    """Hold a card to the reader that was away for long enough: another visit."""
    for visit in reader.card_reader._visits:
        visit[0] = None
    reader.card_reader.card(number)


class Phone:
    """A holder's phone: makes the bytes of each step and understands the answers.

    Those whose ``number`` differs by thousands have different keys, unless they are given one.
    """

    def __init__(self, token=None, private=None, door=site.DOOR, number=0, suite=0):
        if private is None:
            other = token is None and number >= 1000
            private = crypto.sha256(b"phone %d" % (number // 1000)) if other else b"\x22" * 32
        changes = {8: site.confirmation(private, suite)}
        self.token = token or site.holder_token(changes=changes)
        self.suite = suite
        self.private = private
        self.door = door
        self.number = number
        self.context = self.shown = None  # the certificate that it was shown last
        self.ephemeral = self.master_secret = self.master_salt = None
        self._shown = from_kcwt(self.token, True)

    def hello(self):
        """The CSM that opens the stream."""
        return stream.encode(signalling.csm())

    def message_1(self, suites=None):
        """(next state, message_1), fresh each time; ``suites`` is SUITES_I."""
        self.number += 1
        self.ephemeral = crypto.sha256(self.token + b"ephemeral %d" % self.number)
        suite = self.suite
        initiator = Initiator(Identity(suite, self.private, self._shown), suites or (suite,))
        if suite == 0:
            public = crypto.x25519_public_key(self.ephemeral)
        else:
            public = crypto.p256_public_key(self.ephemeral)[:32]
        return initiator.prepare_message_1(self.ephemeral, public, b"\x37")

    def post(self, payload):
        """The framed EDHOC POST around ``payload``."""
        return stream.encode(
            coap.Message(
                coap.code.POST,
                [
                    (coap.option.URI_PATH, b".well-known"),
                    (coap.option.URI_PATH, b"edhoc"),
                    (
                        coap.option.CONTENT_FORMAT,
                        coap.option.encode_uint(coap.option.CF_CID_EDHOC),
                    ),
                ],
                payload,
            )
        )

    def finish(self, waiting, message_2):
        """message_3 for a message_2; keeps the OSCORE context."""
        received = waiting.parse_message_2(message_2)
        self.shown = received.id_cred_r.raw
        verified = received.verify(from_kcwt(received.id_cred_r.raw, True))
        completed, message_3 = verified.prepare_message_3()
        self.master_secret, self.master_salt = completed.oscore()[:2]
        self.context = oscore.SecurityContext(*completed.oscore())
        return message_3

    def wish(self, wish=None, path=None):
        """(exchange, protected request) for the wish to open the door."""
        segments = path or ("doors", self.door)
        options = [(coap.option.URI_PATH, segment.encode()) for segment in segments]
        options.append((coap.option.CONTENT_FORMAT, coap.option.encode_uint(coap.option.CF_CBOR)))
        payload = wish if isinstance(wish, bytes) else cbor.encode(WISH if wish is None else wish)
        request = coap.Message(coap.code.PUT, options, payload)
        protected, exchange = oscore.protect_request(self.context, request)
        return exchange, protected

    def answer(self, response, exchange):
        """(code, CBOR map) of a protected response."""
        plain = oscore.unprotect_response(self.context, response, exchange)
        return plain.code, cbor.decode(plain.payload)


class Call:
    """One connection between a phone in memory and a reader in memory."""

    def __init__(self, reader, chunk_size=20):
        self.link = Link(chunk_size)
        self._decoder = stream.Decoder(4096)
        self._answers = []
        self._task = asyncio.create_task(reader.connected(self.link))

    async def send(self, data, piece=None):
        """Send bytes, in pieces of ``piece`` bytes (default: all at once)."""
        step = piece or len(data) or 1
        for start in range(0, len(data), step):
            self.link.put(data[start : start + step])
        await self._settled()

    async def answers(self):
        """The messages that came back since the last look, without the CSM."""
        data = bytes(self.link.from_reader)
        self.link.from_reader = bytearray()
        return [message for message in self._decoder.feed(data) if message.code != coap.code.CSM]

    async def ask(self, data, piece=None):
        """Send and return the one answer, or None if the reader gave none."""
        await self.send(data, piece)
        answers = await self.answers()
        return answers[-1] if answers else None

    async def hang_up(self):
        """Leave, and wait until the reader has let go."""
        self.link.hang_up()
        await self._task

    @property
    def dropped(self):
        """Whether the reader ended the connection."""
        return self.link.closed

    async def _settled(self):
        # The reader waits for nothing but bytes: when it has taken them all and asks for more, it
        # has answered. What it says of a connection that it has ended takes a few turns more.
        while not self.link.closed and (self.link.to_reader or not self.link.is_awaited):
            await asyncio.sleep(0)
        for _ in range(12):
            await asyncio.sleep(0)


async def cold(reader, phone, wish=None, piece=None, path=None, call=None):
    """A whole cold unlock on a new connection unless given one: (call, code, answer map); answer
    None if refused before.
    """
    call = call or Call(reader)
    waiting, message_1 = phone.message_1()
    response = await call.ask(phone.hello() + phone.post(b"\xf5" + message_1), piece)
    if response is None or response.code != coap.code.CHANGED:
        return call, response and response.code, None
    message_3 = phone.finish(waiting, response.payload)
    exchange, protected = phone.wish(wish, path)
    combined = oscore.combine(message_3, protected)
    response = await call.ask(stream.encode(combined), piece)
    return (call,) + _read(phone, response, exchange)


async def warm(reader, phone, wish=None, call=None, piece=None):
    """One protected request under the context the phone kept, on a new connection unless given
    one.
    """
    if call is None:
        call = Call(reader)
        await call.send(phone.hello())
    exchange, protected = phone.wish(wish)
    response = await call.ask(stream.encode(protected), piece)
    return (call,) + _read(phone, response, exchange)


def _read(phone, response, exchange):
    if response is None:
        return None, None
    if response.option(coap.option.OSCORE) is None:
        return response.code, None
    return phone.answer(response, exchange)
