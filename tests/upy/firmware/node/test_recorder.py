"""What is kept of what happens at a door: all that holders do, a bounded part of what strangers
do, and nothing is said to be kept that is not.
"""

INTERPRETERS = ("micropython", "cpython")

import small_log
from access_rules import holder, policy, rtc
from folders import Folder
from harness import raises
from holdfast.access import Decision, Request, reason
from holdfast.access.events import event
from holdfast.access.events.event import AccessEvent
from holdfast.node.recorder import Recorder
from small_log import open_log

VIEW = policy()


class _World:
    """Console, timekeeper and log of a Recorder; ``failing`` is what the log raises."""

    def __init__(self):
        self.lines = []
        self.kept = []
        self.settled = 0  # of these
        self.failing = None
        self.now = 0
        self.chronicle = Recorder(self._log, self, self)

    def _log(self):
        if isinstance(self.failing, OSError):
            raise self.failing
        return self

    def append(self, kind, fields):
        if self.failing:
            raise self.failing
        self.kept.append((kind, dict(fields)))
        return len(self.kept) - 1

    @property
    def head(self):
        return len(self.kept) - 1, bytes(16)

    def flush(self):
        self.settled = len(self.kept)

    def line(self, fields):
        self.lines.append(fields)

    def uptime(self):
        return self.now

    def read(self):
        return rtc(1000 + self.now)


def _refused(credential=None, code=reason.UNKNOWN_CARD, claimed=None):
    request = credential and Request(credential, VIEW.door, None, False)
    return AccessEvent(Decision.refuse(code), request, VIEW, rtc(), claimed)


def _granted(credential=None, clock=None):
    request = credential and Request(credential, VIEW.door, 1, True)
    return AccessEvent(Decision.grant(3000), request, VIEW, clock or rtc())


def _kept(world, kind):
    return [fields for one, fields in world.kept if one == kind]


def test_a_decision_settles_only_when_told_to_and_all_else_at_once():
    """What settling writes must not come before the strike; nor must it be forgotten."""
    world = _World()
    world.chronicle.keep(_granted())
    assert (len(world.kept), world.settled) == (1, 0)
    world.chronicle.tell(_granted(), {})
    assert world.settled == 0
    world.chronicle.flush()
    assert world.settled == 1
    world.chronicle.note(event.STARTED, {})
    assert world.settled == 2
    world.chronicle.owe(event.CLOCK_SET, {})
    world.chronicle.pay()
    assert world.settled == 3
    world.failing = OSError(5)
    world.chronicle.flush()  # there is no log, and whoever asked has long got his answer


def test_a_thousand_strangers_write_a_few_dozen_events():
    """Otherwise anybody wears the flash out, and pushes out the evening of a burglary."""
    world = _World()
    for second in range(3600):
        world.now = second
        world.chronicle.keep(_refused())
    assert 32 <= len(world.kept) <= 32 + 3600 // 300
    # The next event says how many there were.
    world.chronicle.keep(_granted())
    counted = sum([fields.get("count", 0) for _, fields in world.kept])
    assert counted + len(world.kept) - 1 == 3600
    world.now += 86400
    before = len(world.kept)
    for _ in range(100):
        world.chronicle.keep(_refused())
    assert len(world.kept) - before == 32


def test_who_only_says_to_be_a_holder_is_a_stranger():
    """Tokens are sent in the clear of a relayed handshake: whoever has one could fill the log in
    its holder's name, or spend what is kept of others.
    """
    world = _World()
    for _ in range(500):
        world.chronicle.keep(_refused(None, reason.NOT_HOLDER, "alice"))
        world.chronicle.keep(_refused(None, reason.DECRYPTION_FAILED, "bob"))
    assert len(world.kept) == 2 * 32  # a handshake is one kind, noise another
    assert world.kept[0][1]["claimed"] == "alice" and world.kept[0][1]["holder"] is None
    world.chronicle.keep(_refused(holder(), reason.EXPIRED))
    assert len(world.kept) == 65 and world.kept[-1][1]["holder"] == "alice"
    assert world.kept[-1][1]["count"] == 1000 - 64


def _collect(world, connection, by, after, last, detail=None):
    """Events up to ``last`` are given to ``by``; the number of the event that says so, or None."""
    before = len(world.kept)
    world.chronicle.fetched(connection, by, after, last, detail)
    assert all([kind == event.FETCHED for kind, _ in world.kept[before:]])
    assert all([fields["by"] == by for _, fields in world.kept[before:]])
    return len(world.kept) - 1 if len(world.kept) > before else None


def _happen(world, count):
    """So many events; the number of the last one."""
    for _ in range(count):
        world.append(event.ACCESS, {})
    return len(world.kept) - 1


def test_a_collection_is_an_event_once():
    """Who read the log is part of it; each further question on a connection is the same
    collection, and so is going on after what was given last.
    """
    world = _World()
    last = _happen(world, 30)
    own = _collect(world, 1, "carla", -1, 9)
    assert own == last + 1
    for after, given in ((9, 19), (19, last), (last, own), (own, None), (-1, 9), (25, own)):
        assert _collect(world, 1, "carla", after, given) is None
    # Who calls for each question is one collection as well, and it ends.
    own = _collect(world, 2, "carla", -1, 9)
    for connection, after, given in ((3, 9, 19), (4, 19, own - 1), (5, own - 1, own)):
        assert _collect(world, connection, "carla", after, given) is None
    assert _collect(world, 6, "carla", own, None) is None
    # Another one, who goes on where carla stood, is not she.
    assert _collect(world, 9, "carl", 9, 19)
    assert _collect(world, 7, "carla", own, _happen(world, 3))  # the next day


def test_nobody_reads_on_for_ever_on_the_word_of_one_event():
    """Who never asks once more than there is has not come to the end of the collection: still
    what happened after its first request is another one.
    """
    world = _World()
    last = _happen(world, 3)
    told = 0
    for day in range(30):
        after, last = last, _happen(world, 5)
        told += _collect(world, day, "carla", after, last) is not None
    assert told == 30


def test_one_collector_among_many_is_told_apart():
    """With eight others in between, and when many came once and are gone: nobody is left out for
    it, and who is at it is not the one that is forgotten.
    """
    world = _World()
    last = _happen(world, 30)
    for number in range(20):
        assert _collect(world, number, "collector %d" % number, -1, 9)
    assert _collect(world, 30, "carla", -1, 9) and _collect(world, 31, "carl", -1, 9)
    for step in range(9, last):
        assert _collect(world, 40 + step, "carla", step, step + 1) is None
        assert _collect(world, 90 + step, "carl", step, step + 1) is None
    for number in range(20):
        assert _collect(world, 200 + number, "collector %d" % number, -1, 9)
    assert _collect(world, 300, "carla", last, last + 1)
    assert len(world.chronicle._collections) <= 8


def test_the_log_of_the_place_that_was_left_is_another():
    """Its numbers are others, so that going on in one is not going on in the other."""
    world = _World()
    _happen(world, 30)
    assert _collect(world, 1, "carla", -1, 9)
    assert _collect(world, 1, "carla", -1, 9, "left")
    assert world.kept[-1][1]["detail"] == "left" and world.kept[-2][1]["detail"] is None
    assert _collect(world, 2, "carla", 9, 99, "left") is None
    assert _collect(world, 2, "carla", 99, 200) is not None


def test_what_cannot_be_told_of_is_not_given():
    """Flash that takes no event is not the hour in which anybody reads unseen: nor does what was
    refused count as begun.
    """
    world = _World()
    last = _happen(world, 3)
    world.failing = OSError(28)
    for _ in range(3):
        raises(OSError, world.chronicle.fetched, 1, "carla", -1, last)
    world.failing = None
    world.chronicle.pay()
    assert not _kept(world, event.FETCHED)
    assert _collect(world, 1, "carla", -1, last)


def test_who_gets_nothing_has_collected_nothing():
    """Whoever looks every minute whether there is news must not be the news."""
    world = _World()
    for connection in range(50):
        world.chronicle.fetched(connection, "carla", 7, None)
    assert not world.kept


def test_what_must_be_told_first_is_shown_when_it_is_kept():
    """And settled: whatever it allows comes after it."""
    world = _World()
    assert world.chronicle.require(event.COPIED, {"by": "carla", "last": 17}) == 0
    (told,) = _kept(world, event.COPIED)
    assert told["by"] == "carla" and told["last"] == 17 and told["time"] is not None
    assert world.settled == 1 and world.lines == [{"event": "copied", "by": "carla", "last": 17}]
    world.failing = ValueError("no event has that")
    raises(OSError, world.chronicle.require, event.COPIED, {"last": -1})
    assert len(world.lines) == 1


def test_the_console_shows_identifiers_in_hexadecimal():
    """A line of it is JSON, which has no bytes."""
    world = _World()
    world.chronicle.tell(_granted(holder()), {"connection": 3})
    line = world.lines[-1]
    assert line["cti"] == "0001020304050607" and line["door"] == VIEW.door
    assert not [value for value in line.values() if isinstance(value, bytes)]


def test_strangers_keep_nobody_else_from_being_recorded():
    """A crowd at the keypad must not be a way to come in unseen."""
    world = _World()
    for _ in range(100):
        world.chronicle.keep(_refused())
    before = len(world.kept)
    for _ in range(50):
        world.chronicle.keep(_granted())
        world.chronicle.keep(_refused(holder(), reason.EXPIRED))
    assert len(world.kept) - before == 100


def test_what_anybody_can_bring_about_counts_as_a_strangers():
    """A changeset that is none can be sent by any holder as fast as the radio carries it."""
    world = _World()
    for _ in range(500):
        world.chronicle.note(event.POLICY_REFUSED, {"detail": "no"}, anybody=True)
        world.chronicle.keep(_refused())
    assert len(world.kept) == 2 * 32
    assert len(world.lines) == 500  # the console wears nothing out
    world.chronicle.note(event.STARTED, {})
    assert len(world.kept) == 65


def test_a_clock_that_stands_still_or_a_long_idle_time_changes_no_bound():
    """Uptime never goes back, but days may lie between two strangers."""
    world = _World()
    for now in (0, 0, 10**6, 10**6, 10**6 + 299, 10**9):
        world.now = now
        before = len(world.kept)
        for _ in range(40):
            world.chronicle.keep(_refused())
        assert len(world.kept) - before <= 32


def test_whatever_keeps_an_event_from_flash_is_an_oserror():
    """The desk knows one exception. A ValueError that passed it by would open nothing, and leave
    nobody at the desk.
    """
    for failing in (
        OSError(5),
        ValueError("no event has such a time"),
        MemoryError(),
        RuntimeError("bug"),
        KeyError(7),
        IndexError(),
        TypeError(),
    ):
        world = _World()
        world.failing = failing
        raises(OSError, world.chronicle.keep, _granted())
        world.failing = None
        world.chronicle.keep(_granted())
        assert len(world.kept) == 1


def test_values_that_no_event_can_have():
    """With the genuine log: a clock gone mad is a no, and the log goes on."""
    with Folder() as folder:
        log = open_log(folder)
        chronicle = Recorder(lambda: log, _World(), _World())
        before = log.head[0]
        for now in (1 << 70, -1, 1.5, "noon"):
            told = _granted(holder(), rtc(now))
            raises(OSError, chronicle.keep, told)
        assert log.head[0] == before
        chronicle.keep(_granted(holder(), rtc(1 << 63)))
        assert log.head[0] == before + 1
        assert len(small_log.audit(small_log.batch(log))) == before + 2


def test_a_holder_of_any_name_is_recorded():
    """Names are text that an authority chose: any length, any letters, line ends and quotes."""
    names = ("a", "ä" * 40, '"}\n{"event": "access"', "\x00\x1b[2J", "☃" * 30, "a" * 64)
    with Folder() as folder:
        log = open_log(folder)
        world = _World()
        chronicle = Recorder(lambda: log, world, world)
        for name in names:
            told = _granted(holder({2: name}))
            chronicle.keep(told)
            chronicle.tell(told, {})
        events = small_log.audit(small_log.batch(log))[-len(names) :]
        for name, one in zip(names, events):
            recorded = one.fields["holder"]
            assert name.startswith(recorded) and len(recorded.encode()) > 60 or name == recorded


def test_a_count_is_not_lost_with_the_event_that_carries_it():
    """The first event after the crowd fails: the next one still says how many there were."""
    world = _World()
    for _ in range(50):
        world.chronicle.keep(_refused())
    world.failing = OSError(5)
    raises(OSError, world.chronicle.keep, _granted())
    world.failing = None
    world.chronicle.keep(_granted())
    world.chronicle.keep(_granted())
    assert [fields.get("count") for _, fields in world.kept[-2:]] == [18, None]


def test_what_flash_would_not_take_is_kept_when_it_does():
    """In its order and with its time; and shown at once as not kept."""
    world = _World()
    world.failing = OSError(28)
    world.chronicle.note(event.STARTED, {"changeset": 3})
    world.chronicle.owe(event.STORAGE_FAULT, {"detail": "policy"})
    assert "28" in world.lines[-1]["not_kept"] and not world.kept
    world.now = 50
    world.chronicle.pay()
    assert not world.kept
    world.failing = None
    world.now = 100
    told = _refused()
    world.chronicle.tell(told, {"shown": "card"})
    assert world.lines[-1]["shown"] == "card" and world.lines[-1]["event"] == "access"
    assert [kind for kind, _ in world.kept] == [event.STARTED, event.STORAGE_FAULT]
    started, fault = [fields for _, fields in world.kept]
    assert started["changeset"] == 3 and started["uptime"] == 0 and started["time"] == 1000
    assert fault["detail"] == "policy" and fault["uptime"] == 100
    world.chronicle.pay()
    assert len(world.kept) == 2


def test_no_more_is_owed_than_a_board_has_room_for():
    """Flash that fails for a year must not fill the heap."""
    world = _World()
    world.failing = OSError(5)
    for number in range(1000):
        world.chronicle.note(event.CLOCK_SET, {"changeset": number})
    world.failing = None
    world.chronicle.pay()
    assert [fields["changeset"] for fields in _kept(world, event.CLOCK_SET)] == list(range(8))


def test_paying_stops_at_the_first_that_is_not_taken():
    """And what was taken is not written twice."""
    world = _World()
    world.failing = OSError(5)
    for number in range(4):
        world.chronicle.note(event.CLOCK_SET, {"changeset": number})
    world.failing = None
    genuine = world.append

    def fails_at_third(kind, fields):
        if fields["changeset"] == 2 and len(world.kept) == 2:
            world.kept.append(None)
            raise OSError(5)
        genuine(kind, fields)

    world.append = fails_at_third
    world.chronicle.pay()
    world.chronicle.pay()
    numbers = [one and one[1]["changeset"] for one in world.kept]
    assert numbers == [0, 1, None, 2, 3]
