"""The controller: doors of its own, each decided by its own view; and others' events."""

INTERPRETERS = ("micropython", "cpython")

import cbor
import small_controller as small
import small_site as site
from coap import code
from harness import new_folder
from holdfast.access.events import acknowledgement, event
from holdfast.access.events import record as event_record
from holdfast.access.policy import operations as ops
from holdfast.access.request import ADMINISTER, CARRY_EVENTS, UNLOCK
from holdfast.access.tag import name_tag
from holdfast.node.time_hint import TimeHint
from holdfast.sync import uplink
from policy_site import chain

EIGHT = tuple(["door-%d" % n for n in range(8)])
READER = "reader-2"


def _policy(doors=EIGHT):
    return chain([[ops.DOOR, 7 - n, name] for n, name in enumerate(doors)])


async def _unlock(node, peer, door):
    wish = cbor.encode({1: 1, 2: True})
    answer = await small.ask(node, peer, code.PUT, (b"doors", door.encode()), wish)
    return answer.code


def _kinds(node):
    found = []
    for raw in node.stores.events().after(-1, 1 << 20):
        happened = event_record.decode(event_record.split(raw)[0])
        found.append((happened.kind, happened.fields))
    return found


async def test_each_of_eight_doors_is_decided_by_its_own_view():
    """Whom one lets in the others do not; and a strike that is not asked for stays as it is."""
    node = small.controller(EIGHT, policy=_policy())
    for n, door in enumerate(EIGHT):
        peer = small.holder(UNLOCK, door)
        before = [node.hardware.of_doors[name].opened for name in EIGHT]
        for other in EIGHT:
            expected = code.CHANGED if other == door else code.FORBIDDEN
            assert await _unlock(node, peer, other) == expected, (door, other)
        after = [node.hardware.of_doors[name].opened for name in EIGHT]
        assert [b - a for a, b in zip(before, after)] == [int(k == n) for k in range(8)]
        assert node.hardware.of_doors[door].strikes[-1] == 3000 + 100 * n
    following = chain(
        [[ops.LOCKDOWN, True, [[1, EIGHT[3]]]]], number=1, previous=site.hash_of(_policy()[0])
    )
    node.apply(following[0])
    assert await _unlock(node, small.holder(UNLOCK, EIGHT[3]), EIGHT[3]) == code.FORBIDDEN
    assert await _unlock(node, small.holder(UNLOCK, EIGHT[4]), EIGHT[4]) == code.CHANGED


async def test_one_door_that_fails_is_secured_and_the_others_go_on():
    node = small.controller(EIGHT, policy=_policy())
    node._rest(node.doors[EIGHT[2]], True)
    assert await _unlock(node, small.holder(UNLOCK, EIGHT[2]), EIGHT[2]) == code.FORBIDDEN
    assert await _unlock(node, small.holder(UNLOCK, EIGHT[1]), EIGHT[1]) == code.CHANGED
    node.close()
    assert all([hal.strikes[-1] == 0 for hal in node.hardware.of_doors.values()])


async def test_without_a_door_it_is_a_node_all_the_same():
    """Who carries policy or events for it needs a right at the place that is called as it is."""
    node = small.controller((), policy=_policy())
    assert node.stores.rules.number == 1 and not node.doors
    assert await _unlock(node, small.holder(UNLOCK, EIGHT[0]), EIGHT[0]) == code.NOT_FOUND
    admin = small.holder(ADMINISTER | CARRY_EVENTS, small.NAME)
    for path in ((b"status",), (b"policy",), (b"events",)):
        answer = await small.ask(node, admin, code.GET, path)
        assert answer.code == code.CONTENT, path
        other = small.holder(ADMINISTER | CARRY_EVENTS, EIGHT[0])
        answer = await small.ask(node, other, code.GET, path)
        assert answer.code == code.FORBIDDEN, path
    _, peer = small.reader()
    assert (await small.ask(node, peer, code.GET, (b"policy",))).code == code.CONTENT


async def test_events_of_a_reader_come_and_are_had_with_their_certificate():
    """Each once, however often it says them; over a restart of the controller, too."""
    folder = new_folder()
    node = small.controller(directory=folder)
    reader, peer = small.reader()
    whole = reader.stores.events().after(-1, 1 << 20)
    assert len(whole) >= 2
    for _ in range(3):
        answer = await small.push(node, peer, small.batch_of(reader, is_first=True))
        assert answer.code == code.CHANGED
        assert uplink.parse(answer.payload)[:2] == reader.stores.events().head
        node = small.controller(directory=folder, policy=())
    carrier = small.holder(CARRY_EVENTS)
    found, last = await small.collected(node, carrier, READER)
    assert found == whole and last.certificate == reader.keys.certificate(0)
    assert last.root == reader.stores.events().root
    answer = await small.ask(node, carrier, code.GET, (b"events", b"of"))
    assert cbor.decode(answer.payload) == [READER]
    answer = await small.ask(node, carrier, code.GET, (b"events", b"of"), queries=[b"after=1"])
    assert cbor.decode(answer.payload) == []
    # Who got them is an event of the controller's, once a collection.
    fetched = [said for kind, said in _kinds(node) if kind == event.FETCHED]
    assert [(said["by"], said["detail"]) for said in fetched] == [("carla", "of " + READER)]


async def test_who_may_not_carry_a_readers_events_gets_none_of_them():
    """The right counts where the reader's doors are, not where the controller's are."""
    node = small.controller(EIGHT, policy=_policy(EIGHT[:7] + (site.DOOR,)))
    reader, peer = small.reader()
    await small.push(node, peer, small.batch_of(reader))
    for asks in (
        small.holder(UNLOCK),
        small.holder(CARRY_EVENTS, EIGHT[0]),
        small.holder(CARRY_EVENTS, *EIGHT[:7]),
    ):
        answer, _ = await small.collected(node, asks, READER)
        assert answer.code == code.FORBIDDEN
        path = (b"events", b"of")
        word = await small.ask(node, asks, code.POST, path, b"", [b"node=" + READER.encode()])
        assert word.code == code.FORBIDDEN
    found, _ = await small.collected(node, small.holder(CARRY_EVENTS), READER)
    assert found


async def test_only_a_device_of_the_site_brings_events_and_only_its_own():
    node = small.controller()
    reader, peer = small.reader()
    batch = small.batch_of(reader)
    assert (await small.push(node, small.holder(CARRY_EVENTS), batch)).code == code.FORBIDDEN
    # What one says is kept as its own, whoever's it is: it stands in its own share alone.
    other, thief = small.reader("reader-3")
    assert (await small.push(node, thief, batch)).code == code.CHANGED
    found, _ = await small.collected(node, small.holder(CARRY_EVENTS), READER)
    assert found.code in (code.NOT_FOUND, code.FORBIDDEN)
    # Another's certificate is not taken, nor is what is no batch.
    stolen = small.batch_of(reader, is_first=True)
    assert (await small.push(node, thief, stolen)).code == code.BAD_REQUEST
    assert (await small.push(node, peer, b"\x80")).code == code.BAD_REQUEST
    assert (await small.push(node, peer, b"")).code == code.BAD_REQUEST
    node.apply(
        site.changeset(
            [[ops.REVOKE, peer.credential.cti, site.NOW + 30 * site.DAY, None]],
            number=2,
            previous=site.hash_of(site.changeset()),
        )
    )
    assert (await small.push(node, peer, batch)).code == code.FORBIDDEN


async def test_the_auditors_word_goes_the_same_way_back():
    """It is given with the next answer, until the reader has heeded it; one that is forged is
    refused by the reader and forgotten after three times.
    """
    node = small.controller()
    reader, peer = small.reader()
    log = reader.stores.events()
    await small.push(node, peer, small.batch_of(reader))
    number, head = log.head
    carrier = small.holder(CARRY_EVENTS)
    queries = [b"node=" + READER.encode()]
    root = log.root[1]
    forged = acknowledgement.encode(bytes(32), root, number, head)
    genuine = acknowledgement.encode(log._log.auditor_key(), root, number, head)
    strange = acknowledgement.encode(bytes(32), bytes(32), number, head)

    async def leave(word):
        path = (b"events", b"of")
        return (await small.ask(node, carrier, code.POST, path, word, queries)).code

    async def told():
        answer = await small.push(node, peer, small.batch_of(reader))
        return uplink.parse(answer.payload)[2]

    assert await leave(b"no word") == code.BAD_REQUEST
    assert await leave(strange) == code.BAD_REQUEST
    assert await told() is None
    assert await leave(forged) == code.CHANGED
    for expected in (forged, forged, forged, None):
        assert await told() == expected
    assert await leave(genuine) == code.CHANGED
    word = await told()
    assert word == genuine
    log.acknowledge(word)
    log.append(event.ACKNOWLEDGED, {"by": small.NAME, "last": number})
    after = uplink.parse((await small.push(node, peer, small.batch_of(reader, number))).payload)
    assert after[2] is None and await told() is None
    assert await leave(genuine) == code.CHANGED  # it has that: nothing is kept for it
    assert await told() is None


async def test_a_reader_that_writes_without_end_is_slowed_and_costs_nobody_else():
    """Its share is its own, and flash is not worn out for it."""
    node = small.controller()
    reader, peer = small.reader()
    other, honest = small.reader("reader-3")
    collecting = node._collecting
    batch = small.batch_of(reader)
    collecting._written[name_tag(READER)] = (1023, node.timekeeper.uptime())
    assert (await small.push(node, peer, batch)).code == code.CHANGED
    assert (await small.push(node, peer, batch)).code == code.SERVICE_UNAVAILABLE
    assert (await small.push(node, honest, small.batch_of(other))).code == code.CHANGED
    node.hardware.pass_time(25)
    for expected in (code.CHANGED, code.CHANGED, code.SERVICE_UNAVAILABLE):
        assert (await small.push(node, peer, batch)).code == expected


async def test_copies_that_make_way_are_told_by_an_event_first():
    node = small.controller()
    node._collecting._collector._share = 2 * 4088
    reader, peer = small.reader()
    log = reader.stores.events()
    for n in range(100):
        log.append(event.ACCESS, {"detail": "number %d, and no more" % n, "holder": "h" * 60})
    while True:
        answer = await small.push(node, peer, small.batch_of(reader, _last(node)))
        if uplink.parse(answer.payload)[0] == log.head[0]:
            break
    found = (await small.collected(node, small.holder(CARRY_EVENTS), READER))[0]
    first = event_record.number_of(found[0])
    lost = [said for kind, said in _kinds(node) if kind == event.COPIES_LOST]
    assert first > 0 and sum([said["count"] for said in lost]) == first
    assert lost[-1]["last"] == first - 1 and lost[-1]["by"] == READER


def _last(node):
    shelf = node._collecting.shelves.named(READER)
    return -1 if shelf is None else shelf.last[0]


async def test_queries_that_are_none():
    node = small.controller()
    carrier = small.holder(CARRY_EVENTS)
    for queries in (
        [b"node="],
        [b"node=a", b"node=b"],
        [b"node=\xff"],
        [b"node=" + b"n" * 65],
        [b"node=a", b"before=1"],
    ):
        answer = await small.ask(node, carrier, code.GET, (b"events", b"of"), b"", queries)
        assert answer.code == code.BAD_REQUEST, queries
    answer, _ = await small.collected(node, carrier, "nobody")
    assert answer.code == code.NOT_FOUND


def test_a_liar_about_the_time_moves_nothing_outside_of_what_is_known():
    """NTP can prove nothing: within what is known it makes the clock surer, and no more."""
    node = small.controller()
    hint = TimeHint(node, None)
    clock = node.timekeeper.read()
    now, width = clock.now, clock.uncertainty
    assert clock.is_trusted(node.stores.rules.max_uncertainty_s)
    for lie in (0, -5, 1 << 40, now + 86400, now - 86400, now + width + 60, now - width - 60):
        assert hint.heard(lie, 5) is False
        after = node.timekeeper.read()
        assert (after.now, after.uncertainty) == (now, width), lie
    assert hint.heard(now, -1) is False
    for _ in range(50):
        assert hint.heard(now + width // 2, 1)
    after = node.timekeeper.read()
    assert abs(after.now - now) <= width and after.uncertainty <= width + 40
    refused = [said for kind, said in _kinds(node) if kind == event.CLOCK_REFUSED]
    assert refused and refused[0]["by"] == "hint"


def test_a_clock_that_is_not_trusted_takes_no_hint():
    hardware = small.Hardware()
    hardware.now = None
    node = small.controller(hardware=hardware)
    before = node.timekeeper.read()
    assert not before.is_trusted(node.stores.rules.max_uncertainty_s)
    assert TimeHint(node, None).heard(site.NOW, 1) is False
    after = node.timekeeper.read()
    assert (after.now, after.source) == (before.now, before.source)
