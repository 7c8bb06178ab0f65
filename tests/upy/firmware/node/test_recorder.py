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

    def settle(self):
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
    world.chronicle.settle()
    assert world.settled == 1
    world.chronicle.note(event.STARTED, {})
    assert world.settled == 2
    world.chronicle.owe(event.CLOCK_SET, {})
    world.chronicle.pay()
    assert world.settled == 3
    world.failing = OSError(5)
    world.chronicle.settle()  # there is no log, and whoever asked has long got his answer


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


def test_a_collection_is_an_event_once():
    """Who read the log is part of it; each further question on a connection is the same
    collection, and so is going on after what was given last.
    """
    world = _World()
    for last in (9, 19, None, 20, None):
        world.chronicle.fetched(1, "carla", last or 20, last)
    assert [fields["by"] for fields in _kept(world, event.FETCHED)] == ["carla"]
    world.chronicle.fetched(2, "carla", -1, 9)
    world.chronicle.fetched(3, "carla", 9, 19)
    world.chronicle.fetched(9, "carl", 9, 19)
    world.chronicle.fetched(4, "carla", 19, 20)
    world.chronicle.fetched(4, "carla", 20, None)
    assert [one["by"] for one in _kept(world, event.FETCHED)] == ["carla", "carla", "carl"]
    world.chronicle.fetched(5, "carla", 20, 25)  # the next day
    assert len(_kept(world, event.FETCHED)) == 4
    for number in range(200):
        world.chronicle.fetched(number, "collector %d" % number, -1, 3)
    assert len(world.chronicle._collections) <= 8


def test_who_gets_nothing_has_collected_nothing():
    """Whoever looks every minute whether there is news must not be the news."""
    world = _World()
    for connection in range(50):
        world.chronicle.fetched(connection, "carla", 7, None)
    assert not world.kept


def test_an_acknowledgement_is_an_event():
    """By whom, and up to where: from then on events may be given up untold."""
    world = _World()
    world.chronicle.acknowledged(17, "carla")
    (told,) = _kept(world, event.ACKNOWLEDGED)
    assert told["by"] == "carla" and told["last"] == 17 and told["time"] is not None


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
