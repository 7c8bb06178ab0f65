"""A reader's events on their way to the controller: on a wire that loses, each once, in order.

The reader, its log, its uplink and the protected exchange are real; so is the collector, behind a
resource as small as can be.
"""

import asyncio

import small_site as site
from coap import Message, code, option
from harness import new_folder
from holdfast.access.events import record as event_record
from holdfast.access.events.event import ACCESS
from holdfast.access.tag import name_tag
from holdfast.node.copies import Copies
from holdfast.storage.events.log import EventLog
from holdfast.sync.collector import Collector
from lan_nodes import Lan
from simulated_wire import Wire
from small_log import access
from sync_events import Shelf

INTERPRETERS = ("micropython",)


class _Events:
    """POST /events of a controller."""

    def __init__(self):
        self.shelf = Shelf()
        self.urgent = []
        self.posts = 0
        tell_urgent = lambda *told: self.urgent.append(told)  # noqa: E731
        self.collector = Collector(
            lambda node: self.shelf, 1 << 20, lambda *_: None, tell_urgent
        )

    async def post(self, request, peer):
        self.posts += 1
        payload = self.collector.take(name_tag(peer.credential.device), request.payload)
        content_format = [(option.CONTENT_FORMAT, option.encode_uint(option.CF_CBOR))]
        return Message(code.CHANGED, content_format, payload)


def _site(loss, seed=1):
    lan = Lan(Wire(loss, seed))
    controller = lan.node("controller")
    events = _Events()
    controller.reader.server.add(("events",), events)
    return lan, controller, lan.node("reader-1", {16: "controller"}), events


async def test_events_arrive_once_and_in_order_at_a_quarter_lost():
    """Batches larger than a block among them, and a power cut in the middle."""
    lan, _, node, events = _site(0.25)
    for number in range(30):
        node.reader.stores.events().append(ACCESS, access(number))
    await lan.until(lambda: events.shelf.last[0] >= 5)
    await node.stop()
    node.start()
    for number in range(10):
        node.reader.recorder.note(ACCESS, access(number))
    # All but what says that they are copied, which by itself is worth no message.
    await lan.until(lambda: events.shelf.last[0] >= node.reader.stores.events().head[0] - 1, 1800)
    numbers = events.shelf.numbers()
    assert numbers == list(range(len(numbers))) and len(numbers) > 40
    await lan.close()


async def test_what_the_collector_has_is_marked_after_it_says_so():
    """Copied is an event and a write: seldom, and by the name of who has them."""
    lan, _, node, events = _site(0)
    log = node.reader.stores.events()
    await lan.until(lambda: events.shelf.last[0] == log.head[0])
    assert log.copied_up_to() == -1
    has = events.shelf.last[0]
    await lan.until(lambda: log.copied_up_to() >= has, 700)
    told = [line for line in node.hardware.lines if line["event"] == "copied"]
    assert [line["by"] for line in told] == ["controller"] and told[0]["last"] >= has
    await lan.close()


async def test_who_calls_for_help_is_told_at_once_though_the_collector_was_away():
    """It does not wait for the pause that the tries before it have come to."""
    lan, controller, node, events = _site(0)
    await lan.until(lambda: events.shelf.last[0] >= 0)
    controller.reader.server.add(("events",), None)
    for number in range(3):
        node.reader.recorder.note(ACCESS, access(number))
        await asyncio.sleep(400)
    controller.reader.server.add(("events",), events)
    node.reader.stores.events().calls_for_help = lambda fields: fields.get("mark")
    fields = access(9)
    fields["mark"] = True
    node.reader.recorder._append(ACCESS, fields)
    number = node.reader.stores.events().head[0]
    took = await lan.until(lambda: events.shelf.last[0] >= number or events.urgent)
    assert took < 10, took
    await lan.close()


async def test_a_collector_that_comes_back_has_the_events_within_seconds():
    """The pause of the tries in vain ends with its first sign."""
    lan, controller, node, events = _site(0)
    await lan.until(lambda: events.shelf.last[0] >= 0)
    await controller.stop()
    for number in range(3):
        node.reader.recorder.note(ACCESS, access(number))
        await asyncio.sleep(300)
    controller.start()
    controller.reader.server.add(("events",), events)
    await lan.until(lambda: not node.reader.is_offline, 120)
    head = node.reader.stores.events().head[0]
    assert await lan.until(lambda: events.shelf.last[0] >= head) < 10
    await lan.close()


class _Recorder:
    def __init__(self, log):
        self.log = log

    def require(self, kind, fields):
        fields.update(access())
        return self.log.append(kind, fields)


async def test_the_log_as_its_uplink_sees_it():
    """What it has, what it does not, and what cannot be known any more."""
    log = EventLog(new_folder(), b"\x33" * 32, site.READER_PRIVATE, lambda n: bytes(range(n)))
    for number in range(5):
        log.append(ACCESS, access(number))
    copies = Copies(lambda: log, _Recorder(log), lambda: 7, "controller", lambda: b"CWT")
    number, last = copies.head()
    assert number == 5 and copies.copied() == -1 and copies.has(number, last)
    middle = event_record.split(log.after(1, 512)[0])[1]
    assert copies.has(2, middle) and not copies.has(2, last) and not copies.has(number, middle)
    assert not copies.has(number + 1, last)
    assert copies.mark(2, middle) == 6 and copies.copied() == 2
    assert copies.mark(2, middle) == -1
    try:
        copies.mark(3, middle)
    except OSError:
        pass
    else:
        raise AssertionError("marked another event")

    def fails():
        raise OSError(5)

    broken = Copies(fails, _Recorder(log), lambda: 7, "controller", lambda: b"CWT")
    assert broken.head() == (-1, b"") and broken.copied() == -1 and broken.has(1, b"")
