"""The resource /events: who may carry events gets them all, in order, and nobody else gets one."""

INTERPRETERS = ("micropython", "cpython")

import cbor
import coap
import crypto
import small_log
import small_site as site
from access_rules import holder, rtc
from carrier import ADMINISTER, CARRY_EVENTS, UNLOCK, Carrier, carriers
from folders import Folder
from harness import raises
from holdfast.access.events import batch as event_batch
from holdfast.access.events import event
from holdfast.access.events import record as event_record
from holdfast.link.exchanger import Peer
from holdfast.node.recorder import Recorder
from holdfast.resources.events import EventsResource
from untrusted import InvalidInput

CHANGED, CONTENT = coap.code.CHANGED, coap.code.CONTENT
BAD, FORBIDDEN, UNAVAILABLE = (
    coap.code.BAD_REQUEST,
    coap.code.FORBIDDEN,
    coap.code.SERVICE_UNAVAILABLE,
)


async def _all(carrier, after=None):
    """All batches after ``after``, each in a message of its own."""
    batches = []
    while True:
        queries = [] if after is None else [b"after=%d" % after]
        response = await carrier.get("events", *queries)
        assert response.code == CONTENT and carrier.bytes <= 1100
        assert response.uint_option(coap.option.CONTENT_FORMAT) == 63
        (batch,) = event_batch.decode(response.payload)
        if not batch.records:
            return batches, batch
        batches.append(batch)
        after = event_record.number_of(batch.records[-1])


async def test_a_collector_gets_every_event_once():
    """In as many messages as it takes, each proven from where the last one ended."""
    reader, hardware, carrier = await carriers(CARRY_EVENTS)
    for number in range(40):
        reader.card_reader.card(b"card %d" % number)
    batches, last = await _all(carrier)
    assert len(batches) >= 2
    numbers = []
    for batch in batches:
        end = batch.records[-1]
        batch.head = (event_record.number_of(end), event_record.split(end)[1])
        numbers += [one.number for one in small_log.audit(batch)]
    assert numbers == list(range(numbers[-1] + 1)) and last.head[0] == numbers[-1]
    again, _ = await _all(carrier, after=numbers[-3])
    assert [event_record.number_of(raw) for raw in again[0].records] == numbers[-2:]


async def test_nobody_else_gets_one_and_a_revoked_carrier_gets_none():
    """Who went where and when is nobody's business but the site's."""
    reader, _, unlocker, admin, carrier = await carriers(UNLOCK, ADMINISTER, CARRY_EVENTS)
    for one in (unlocker, admin):
        assert (await one.get("events")).code == FORBIDDEN
        head = reader.stores.events().head
        response = await one.post("events", cbor.encode({1: head[0], 2: head[1]}))
        assert response.code == FORBIDDEN and reader.stores.events().kept == 0
    elsewhere = await Carrier(reader, CARRY_EVENTS, place="cellar", number=7000).meet()
    assert (await elsewhere.get("events")).code == FORBIDDEN
    assert (await carrier.get("events")).code == CONTENT
    operations = [[7, b"carrier2", site.NOW + 40 * site.DAY, None]]
    reader.apply(site.changeset(operations, 2, crypto.sha256(site.changeset())))
    response = await carrier.get("events")
    assert response is None or response.code not in (CONTENT, CHANGED)
    again = await Carrier(reader, CARRY_EVENTS, {7: b"carrier2"}, number=8000).meet()
    # Who is void has a context for the length of a connection, and this was another.
    assert (await again.get("events")).code == coap.code.UNAUTHORIZED


async def test_a_lockdown_stops_no_carrier():
    """When a door is locked down its events matter most."""
    reader, _, carrier = await carriers(CARRY_EVENTS)
    reader.apply(site.changeset([[9, True, None]], 2, crypto.sha256(site.changeset())))
    assert (await carrier.get("events")).code == CONTENT


def _word(log, number, code, **changes):
    """The auditor's word on the events of a log."""
    return small_log.word(changes.get("root", log.root[1]), number, code)


def _marks(log):
    return log.acked, log._log.state.copied, log.kept


def _kinds(log):
    return [one.kind for one in small_log.audit(small_log.batch(log))]


async def test_who_copied_events_says_so_and_frees_none():
    """Whoever may carry events can say it; that they are safe it is not."""
    reader, _, carrier = await carriers(CARRY_EVENTS)
    log = reader.stores.events()
    number, code = log.head
    for wrong in (
        {1: number, 2: bytes(16)},
        {1: number, 2: code[:15]},
        {1: number, 2: code + b"\x00"},
        {1: number, 2: b""},
        {1: number + 1, 2: code},
        {1: 1 << 32, 2: code},
        {1: 1 << 64, 2: code},
        {1: (1 << 500) + 7, 2: code},
    ):
        response = await carrier.post("events", cbor.encode(wrong))
        assert response.code == BAD and _marks(log) == (0, 0, 0), wrong
    before = len(_kinds(log))
    for _ in range(3):  # the answer was lost: said again it does no harm, and is not told again
        response = await carrier.post("events", cbor.encode({1: number, 2: code}))
        assert response.code == CHANGED and _marks(log) == (0, number + 1, 0)
    assert _kinds(log)[before:] == [event.COPIED]
    told = small_log.audit(small_log.batch(log))[-1]
    assert told.fields["last"] == number and told.fields["by"] == "alice"


async def test_only_the_auditor_acknowledges():
    """Its word is believed for its MAC, whoever brings it; and only by the log that it is of."""
    reader, _, carrier = await carriers(CARRY_EVENTS)
    log = reader.stores.events()
    number, code = log.head
    root = log.root[1]
    mallory = small_log.word(root, number, code, b"\x35" * 32)
    other = small_log.word(root, number, code, device=small_log.AUDIT_PUBLIC)
    for wrong in (
        mallory,
        other,
        _word(log, number, code, root=small_log.AUDIT_PUBLIC),
        _word(log, number, bytes(16)),
        _word(log, number + 1, code),
        _word(log, 0xFFFFFFFF, code),
    ):
        response = await carrier.post("events", wrong)
        assert response.code == BAD and _marks(log) == (0, 0, 0), wrong
    refused = _kinds(log).count(event.ACKNOWLEDGEMENT_REFUSED)
    assert refused == 6
    for _ in range(3):
        response = await carrier.post("events", _word(log, number, code))
        assert response.code == CHANGED
        assert _marks(log) == (number + 1, number + 1, number + 1)
    kinds = _kinds(log)
    assert kinds.count(event.ACKNOWLEDGED) == 1
    # An old one changes nothing, and one that nobody made is none, however old.
    assert (await carrier.post("events", _word(log, 0, bytes(16)))).code == CHANGED
    assert (await carrier.post("events", mallory)).code == BAD
    assert log.acked == number + 1


async def test_what_is_said_of_events_in_any_form():
    """Keys and values of any type: 4.00, and the log as it was."""
    reader, hardware, carrier = await carriers(CARRY_EVENTS)
    log = reader.stores.events()
    number, code = log.head
    for payload in (
        b"",
        b"\xff",
        b"\xa1",
        cbor.encode([]),
        cbor.encode([number, code]),
        cbor.encode({}),
        cbor.encode({1: number}),
        cbor.encode({1: number, 2: code, 3: 0}),
        cbor.encode({1: number, 2: code, "x": 0}),
        cbor.encode({1: number, b"2": code}),
        cbor.encode({"1": number, "2": code}),
        cbor.encode({1: True, 2: code}),
        cbor.encode({1: None, 2: code}),
        cbor.encode({1: -1, 2: code}),
        cbor.encode({1: float(number), 2: code}),
        cbor.encode({1: code, 2: number}),
        cbor.encode({1: number, 2: code.hex()}),
        cbor.encode({1: [number], 2: code}),
        b"\xa2\x81\x01\x01\x02\x41\x00",  # a key that is an array
        b"\xa2\xf4\x01\x02\x41\x00",
        b"\xa2\x01\x01\x01\x02",
        b"\x9f" * 300,
        cbor.encode({1: number, 2: code}) + b"\x00",
    ):
        response = await carrier.post("events", payload)
        assert response.code == BAD and _marks(log) == (0, 0, 0), payload
    assert not [line for line in hardware.lines if line["event"] == "fault"]


async def test_what_is_refused_wears_out_no_flash():
    """A holder who sends a thousand of them leaves a few dozen events, all told or counted."""
    reader, hardware, carrier = await carriers(CARRY_EVENTS)
    log = reader.stores.events()
    before = log.head[0]
    for _ in range(100):
        assert (await carrier.post("events", b"nothing")).code == BAD
        hardware.lines = []
    assert log.head[0] - before <= 32


async def test_asking_beyond_the_end_gives_an_empty_batch():
    """A collector that mixed up two readers is told where this one stands."""
    reader, hardware, carrier = await carriers(CARRY_EVENTS)
    head = reader.stores.events().head
    for after in (head[0], head[0] + 1, 9999999999):
        response = await carrier.get("events", b"after=%d" % after)
        (batch,) = event_batch.decode(response.payload)
        assert response.code == CONTENT and not batch.records and batch.head == head
    for query in (b"after=", b"after=-1", b"x", b"after=99999999999"):
        assert (await carrier.get("events", query)).code == BAD
    assert not [line for line in hardware.lines if line["event"] == "fault"]


async def test_flash_that_fails_is_5_03():
    """Nothing is acknowledged that is not."""

    def no_log():
        raise OSError(5)

    class Request:
        payload = cbor.encode({1: 0, 2: bytes(16)})

        def options_of(self, number):
            return []

    class Peer:
        credential = None

    resource = EventsResource(no_log, lambda *_: 0, None, lambda: 7)
    assert (await resource.get(Request(), Peer)).code == UNAVAILABLE
    assert (await resource.post(Request(), Peer)).code == UNAVAILABLE


class _Node:
    """A log and what serves it, without the link; ``connect`` gives a collector's questions."""

    def __init__(self, folder):
        self.log = small_log.open_log(folder, segments=9)
        self.lines = []
        self.recorder = Recorder(lambda: self.log, self, self)
        self.resource = EventsResource(lambda: self.log, lambda *_: 0, self.recorder, self.uptime)

    def line(self, fields):
        self.lines.append(fields)

    def uptime(self):
        return 5

    def read(self):
        return rtc()

    async def get(self, connection, after=None):
        peer = Peer(holder({2: "carla"}), connection, False, 0)
        options = [] if after is None else [(coap.option.URI_QUERY, b"after=%d" % after)]
        response = await self.resource.get(coap.Message(coap.code.GET, options), peer)
        if response.code != CONTENT:
            return response.code
        (batch,) = event_batch.decode(response.payload)
        return batch

    async def post(self, payload):
        peer = Peer(holder({2: "carla"}), 1, False, 0)
        return await self.resource.post(coap.Message(coap.code.POST, (), payload), peer)

    def told(self, kind):
        """The fields of all events of a kind."""
        return [
            one.fields for one in small_log.audit(small_log.batch(self.log)) if one.kind == kind
        ]


async def test_a_collection_on_a_quiet_reader_ends_and_is_told_once():
    """On one connection, and on a new one for each question."""
    for step in (0, 1):
        with Folder() as folder:
            node = _Node(folder)
            small_log.record(node.log, 30)
            connection, after, rounds, numbers = 1, -1, 0, []
            while True:
                batch = await node.get(connection, after if rounds else None)
                if not batch.records:
                    break
                numbers += [event_record.number_of(raw) for raw in batch.records]
                after = numbers[-1]
                connection += step
                rounds += 1
                assert rounds < 20
            assert numbers == list(range(node.log.head[0] + 1))
            told = node.told(event.FETCHED)
            assert told[0]["by"] == "carla"
            assert len(told) == 1
            word = _word(node.log, *node.log.head)
            assert (await node.post(word)).code == CHANGED
            last = node.log.head[0] - 1
            assert node.told(event.ACKNOWLEDGED) == [{"by": "carla", "last": last}]
            # Said again it is the same acknowledgement, and no event of its own.
            assert (await node.post(word)).code == CHANGED
            assert len(node.told(event.ACKNOWLEDGED)) == 1


async def test_events_that_cannot_be_told_of_do_not_leave():
    """While flash takes nothing nobody reads unseen, and nobody says unseen to have a copy."""
    with Folder() as folder:
        node = _Node(folder)
        small_log.record(node.log, 5)
        number, code = node.log.head

        def fails(kind, fields):
            raise OSError(28)

        genuine, node.log.append = node.log.append, fails
        assert await node.get(1) == UNAVAILABLE
        said = cbor.encode({1: number, 2: code})
        assert (await node.post(said)).code == UNAVAILABLE
        assert _marks(node.log) == (0, 0, 0) and node.lines == []
        # The auditor has them: that they are safe does not hang on whether it can be noted.
        assert (await node.post(_word(node.log, number, code))).code == CHANGED
        assert node.log.acked == number + 1
        node.log.append = genuine
        small_log.record(node.log, 1)
        assert (await node.get(1, number)).records and node.told(event.FETCHED)
        node.recorder.pay()
        assert node.told(event.ACKNOWLEDGED) == [{"by": "carla", "last": number}]


async def test_an_acknowledgement_whose_room_could_not_be_given_back_is_told():
    """It is on flash, and 5.03 only says that it may be said again."""
    with Folder() as folder:
        node = _Node(folder)
        small_log.record(node.log, 40)
        word = _word(node.log, *node.log.head)

        def fails(number):
            raise OSError(5)

        genuine, node.log._log._log.release = node.log._log._log.release, fails
        assert (await node.post(word)).code == UNAVAILABLE
        node.log._log._log.release = genuine
        assert (await node.post(word)).code == CHANGED and node.log.oldest > 0
        assert len(node.told(event.ACKNOWLEDGED)) == 1


async def test_a_refused_collector_or_acknowledgement_leaves_no_event():
    """Whoever may not would else fill the log by asking."""
    with Folder() as folder:
        node = _Node(folder)
        forbidden = EventsResource(lambda: node.log, lambda *_: 31, node.recorder, node.uptime)
        peer = Peer(holder(), 1, False, 0)
        for _ in range(9):
            assert (await forbidden.get(coap.Message(coap.code.GET), peer)).code == FORBIDDEN
        raises(InvalidInput, lambda: node.log.acknowledge(bytes(100)))
        assert node.log.head[0] == 0
