"""Back to the factory: keys and rules go, and events do not vanish without a word.

A board is sold, moved to another house, or its site began anew. What it knew must not help who has
it next, and what happened at its door must be home before, or said to be given up.
"""

INTERPRETERS = ("micropython", "cpython")

import os

import small_log
import small_site as site
from folders import Folder
from holdfast.access import status
from holdfast.access.events import event
from holdfast.storage import factory_reset, files
from holdfast.storage.last_run import LastRun
from holdfast.storage.settings import SettingsStore

PLACE = "/0123456789abcdef"
TIMES = {"time": site.NOW, "clock": "rtc", "uncertainty": 2, "uptime": 3}


def provision(root, at_the_door=3):
    """A board with keys, settings, rules and a log with so many events of people; the log."""
    files.write(root + "/device.key", site.READER_PRIVATE)
    files.write(root + "/device_p256.key", b"\x66" * 32)
    files.write(root + "/settings.cbor", site.settings_file())
    SettingsStore(root, site.READER_PRIVATE, os.urandom).take()
    os.mkdir(root + PLACE)
    os.mkdir(root + PLACE + "/policy")
    files.write(root + PLACE + "/policy/state", b"rules")
    log = small_log.open_log(root + PLACE + "/events")
    for kind in (event.STARTED, event.FETCHED):
        log.append(kind, TIMES)
    small_log.record(log, at_the_door)
    return log


def ask(root, how=b""):
    files.write(root + factory_reset.REQUEST, how)


def is_whole(root):
    """All is there as it was before anybody asked."""
    held = SettingsStore(root, site.READER_PRIVATE, os.urandom).load()
    keys = files.read(root + "/device.key", 33), files.read(root + "/device_p256.key", 33)
    return (
        held is not None
        and keys == (site.READER_PRIVATE, b"\x66" * 32)
        and files.read(root + PLACE + "/policy/state", 9) == b"rules"
        and "log" in files.names(root + PLACE + "/events")
    )


def left(root):
    return sorted(files.names(root))


def test_nobody_asked():
    with Folder() as root:
        provision(root)
        assert factory_reset.standing(root) == factory_reset.NONE and is_whole(root)


def test_events_that_are_not_home_stay_and_so_does_all_else():
    """The request is over: it must not go off by itself when somebody has come to collect."""
    with Folder() as root:
        provision(root)
        ask(root)
        assert factory_reset.standing(root) == factory_reset.ASKED
        assert factory_reset.carry_out(root, root) == (False, 3)
        assert factory_reset.standing(root) == factory_reset.NONE and is_whole(root)


def test_they_go_where_that_was_said_and_are_told():
    """Nothing is left but what tells it: no key, no rule, no leftover of a write that was cut."""
    with Folder() as root:
        provision(root)
        files.write(root + "/device.key.new", site.READER_PRIVATE)
        files.write(root + "/policy.cbor", b"rules")
        ask(root, b"discard-events")
        assert factory_reset.carry_out(root, root) == (True, 3)
        assert left(root) == ["last_run"] and factory_reset.standing(root) == factory_reset.NONE
        told = LastRun(root + LastRun.FILE).told()
        ended_by = "factory reset, 3 events given up"
        assert told == {status.CRASHES: 0, status.ENDED_BY: ended_by}


def test_what_a_board_says_of_itself_keeps_nobody_waiting():
    """It says something at each start, and of each visit: there would never be none."""
    with Folder() as root:
        provision(root, 0)
        ask(root)
        assert factory_reset.carry_out(root, root) == (True, 0)
        assert left(root) == ["last_run"]


def test_acknowledged_ones_are_home():
    with Folder() as root:
        log = provision(root)
        number, code = log.head
        log.acknowledge(small_log.word(log.root[1], number, code))
        ask(root)
        assert factory_reset.carry_out(root, root) == (True, 0)


def test_what_another_key_acknowledged_does_not_count():
    """The state of the chain is this board's word; a damaged key lets nothing go for less."""
    with Folder() as root:
        log = provision(root)
        log.acknowledge(small_log.word(log.root[1], *log.head))
        small_log.record(log, 1)
        files.write(root + "/device.key", b"\x13" * 32)
        ask(root, b"discard-event")  # nearly
        done, events = factory_reset.carry_out(root, root)
        assert not done and events >= 1


def test_a_reset_that_was_begun_goes_on_whatever_else_is_there():
    """A cut in the middle, and somebody who puts another request, or a whole flash, on top."""
    with Folder() as root:
        provision(root)
        files.write(root + factory_reset.BEGUN, b"7")
        ask(root)
        assert factory_reset.standing(root) == factory_reset.ERASING
        assert factory_reset.carry_out(root, root) == (True, 7)
        assert left(root) == ["last_run"]
