"""``holdfast phone unlock`` by radio, where the radio fails: the reader is the firmware itself.

A connection by radio ends when a person turns round. What must not happen: a wish sent again to a
door that may have opened, a stranger in the place of the reader who keeps the resident out, an end
that does not say what to do.
"""

import contextlib
import dataclasses
import shutil
import socket
import threading

import pytest
from bleak.exc import BleakDBusError, BleakDeviceNotFoundError, BleakError

import coap
from coap import signalling, stream
from failing_air import DEAF, DROP, FLOOD
from holdfast_host.boards.process import ReaderProcess
from holdfast_host.phone.radio import unlock as radio_unlock

HERE, THERE, ELSEWHERE = "F0:F1:F2:F3:F4:F5", "F0:F1:F2:F3:F4:F6", "F0:F1:F2:F3:F4:F7"
FIVE = ["a", "b", "c", "d", "front"]  # of so many doors a reader names none


@pytest.fixture
def unlock(holdfast, phone):
    """``unlock(...)``: the phone asks by radio."""

    def run(*options):
        door = [] if "--door" in options else ["--door", "front"]
        return holdfast("phone", "unlock", phone.folder, *door, *options)

    return run


@pytest.fixture(scope="module")
def reader(reader_master, tmp_path_factory):
    """An enrolled reader, running for all that is tried here."""
    folder = tmp_path_factory.mktemp("radio") / "reader"
    with ReaderProcess(shutil.copytree(reader_master, folder)) as process:
        yield process


@pytest.fixture(autouse=True)
def grants(reader, air):
    """``grants()``: how often the reader has granted in this test, once the phones have left."""
    begin = len(reader.events)

    def all_left(event=None):
        seen = [one.get("event") for one in reader.events[begin:]]
        return seen.count("disconnected") == air.opened[reader.port]

    def count():
        assert all_left() or reader.wait(all_left, since=begin)
        return sum(event.get("granted") is True for event in reader.events[begin:])

    yield count
    count()


@pytest.fixture
def liar():
    """The port of one that refuses everybody, in the clear."""
    answer = stream.encode(coap.Message(coap.code.FORBIDDEN, (), b"go away"))
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, contextlib.suppress(OSError):
                        connection.recv(1000)
                        connection.sendall(stream.encode(signalling.csm()) + answer)
                        while connection.recv(1000):
                            connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def _phases(ran):
    return [one["phase"] for one in ran.json["phases"]]


def test_the_same_unlock_by_radio(unlock, air, reader):
    """Cold, then warm: trips and bytes as over a socket, and the time of each phase."""
    air.has(HERE, reader.port, rssi=-61)
    cold, warm = unlock("--json"), unlock("--json")
    assert [ran.json["round_trips"] for ran in (cold, warm)] == [2, 1]
    assert [ran.json["warm"] for ran in (cold, warm)] == [False, True]
    assert warm.json["bytes_in"] + warm.json["bytes_out"] <= 90
    assert (cold.json["address"], cold.json["rssi"]) == (HERE, -61)
    assert _phases(cold) == ["found", "connected", "ready", "handshake", "decision"]
    assert _phases(warm) == ["found", "connected", "ready", "decision"]
    assert all(one["ms"] >= 0 for one in cold.json["phases"])
    shown = unlock("--cold")
    assert "granted" in shown.out and "2 round trips" in shown.out
    assert all(f"{phase} " in shown.out for phase in _phases(cold))


@pytest.mark.parametrize(
    ("properties", "largest", "options", "chunk", "response"),
    [
        (["write", "write-without-response"], 20, [], 20, False),
        (["write-without-response"], 100, [], 100, False),
        (["write"], 100, [], 100, True),
        (["write"], 100, ["--chunk", "33"], 33, True),
        # Before the MTU is known, or from a backend that is wrong: 20 goes over every link.
        (["write-without-response"], 0, [], 20, False),
    ],
)
def test_writes_are_as_the_link_has_them(
    unlock, air, reader, properties, largest, options, chunk, response
):
    """With a response only where the reader offers no other way; never more than fits."""
    air.properties, air.largest = properties, largest
    air.has(HERE, reader.port)
    assert unlock(*options).code == 0
    assert max(size for size, _ in air.writes) == chunk
    assert {how for _, how in air.writes} == {response}


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        *[
            ("connect", fault)
            for fault in (
                TimeoutError(),
                EOFError(),
                BleakError("failed to discover services, device disconnected"),
                BleakDeviceNotFoundError(HERE, "it was removed"),
                BleakDBusError("org.bluez.Error.Failed", ["le-connection-abort-by-local"]),
            )
        ],
        ("start_notify", BleakError("Not connected")),
        *[(step, DROP) for step in ("connect", "start_notify", "write", "notify")],
        ("write", BleakDBusError("org.bluez.Error.Failed", ["ATT error: 0x0e"])),
    ],
    ids=repr,
)
def test_what_ends_before_the_wish_is_done_again(unlock, air, reader, grants, step, fault):
    """With another ephemeral key: the reader would call the same message_1 a replay. Nobody at
    the door has to know.
    """
    air.has(HERE, reader.port)
    air.faults[step, 1] = fault
    assert unlock().code == 0 and grants() == 1
    assert air.done.count("connect") == air.done.count("disconnect") == 2


def test_after_the_wish_nothing_is_sent_again(unlock, air, reader, grants):
    """The door may be open: a person looks, and then decides."""
    air.has(HERE, reader.port)
    air.has(THERE, reader.port, rssi=-90)
    air.largest = 512
    air.faults["write", 2] = DEAF
    unlock().fails("the door was asked, and its answer is lost", "look at the door")
    assert air.done.count("connect") == 1 and grants() == 1


def test_a_known_door_is_asked_anew_if_it_says_nothing(unlock, air, reader, grants):
    """As over a socket: what was kept may be lost at the reader, so a handshake follows. It is
    another request, never the same again.
    """
    air.has(HERE, reader.port)
    assert unlock().code == 0
    air.largest = 512
    air.faults["write", air.done.count("write") + 1] = DEAF
    again = unlock("--json")
    assert again.code == 0 and not again.json["warm"] and grants() == 3
    assert not any(event.get("reason") == "replayed" for event in reader.events)


def test_a_reader_that_is_never_reached(unlock, air):
    """It is tried a few times, and the end says what to do."""
    air.has(HERE, None)
    ran = unlock().fails(f"the reader at {HERE} does not answer", "busy", "go nearer")
    assert 2 <= air.done.count("connect") <= 4
    assert "found" in ran.out and "lost" in ran.out


def test_no_reader_at_all(unlock, air):
    """Nothing was heard."""
    unlock("--seconds", "0.5").fails("no reader was heard within 0.5 s", "go nearer")
    assert air.done == ["start", "stop"]


def test_readers_of_other_doors_and_sites_are_not_asked(unlock, air):
    """They say what they are, and are named as the reason."""
    air.has(HERE, 1, ["back"])
    air.has(THERE, 1, site="other")
    unlock("--seconds", "0.5").fails("2 readers were heard, and none is of 'front'", "phone scan")
    assert "connect" not in air.done


def test_the_strongest_that_names_the_door_comes_first(unlock, air, reader):
    """There may be one on each side of it."""
    air.has(HERE, None, rssi=-80)
    air.has(THERE, reader.port, rssi=-40)
    air.has(ELSEWHERE, None, ["back"], rssi=-20)
    ran = unlock("--json")
    assert ran.json["address"] == THERE and air.done.count("connect") == 1


@pytest.mark.parametrize(
    "said", [FIVE, None, b"", b"\x20" + bytes(4), bytes(30)], ids=["five", "none", *"012"]
)
def test_one_that_names_no_door_is_tried_where_none_names_it(unlock, air, reader, said):
    """More doors than fit, a scan response that was lost, a later version, noise."""
    if said is FIVE:
        air.has(HERE, reader.port, said)
    else:
        air.readers[HERE] = reader.port
        air.say(HERE, said)
    assert unlock("--seconds", "0.5").code == 0


def test_one_address_alone(unlock, air, reader):
    """Whatever anybody says."""
    air.has(HERE, reader.port, ["back"], rssi=-90)
    air.has(THERE, None)
    assert unlock("--at", HERE.lower(), "--json").json["address"] == HERE
    unlock("--at", ELSEWHERE, "--seconds", "0.5").fails(f"no reader at {ELSEWHERE}", "phone scan")
    unlock("--at", HERE, "--reader", "127.0.0.1:1").fails("twice", "leave out")


def test_a_stranger_in_its_place_keeps_nobody_out(unlock, air, reader, liar, monkeypatch):
    """He says what the door's reader says, and louder; and neither silence nor lies are an end."""
    quick = [dataclasses.replace(one, answer_seconds=0.2) for one in radio_unlock._TRIES[:1]]
    monkeypatch.setattr(radio_unlock, "_TRIES", (*quick, *radio_unlock._TRIES[1:]))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        air.has("silent", silent.getsockname()[1], rssi=-5)
        _tries_them_all(unlock, air, reader, liar)


def _tries_them_all(unlock, air, reader, liar):
    air.has(HERE, liar, rssi=-10)
    air.has(ELSEWHERE, None, rssi=-20)
    air.has(THERE, reader.port, rssi=-80)
    for _ in range(2):  # cold, then warm: then he gets a request that he cannot read
        ran = unlock("--json")
        assert ran.json["granted"] and ran.json["address"] == THERE


def test_a_carrier_goes_by_radio_too(holdfast, phone, air, reader, liar, site_folder, tmp_path):
    """To the door's own reader, past who says that he is it."""
    air.has(HERE, liar, rssi=-10)
    air.has(THERE, reader.port, rssi=-80)
    news = tmp_path / "news"
    assert holdfast("policy", "export", site_folder, "-o", news).code == 0
    carry = ["phone", "carry", phone.folder, "--door", "front", "--policy", news]
    assert holdfast(*carry, "--json").json["policy"] > 0
    air.faults["write", air.done.count("write") + 3] = DROP
    assert holdfast(*carry, "--at", THERE).code == 0
    holdfast(*carry, "--at", HERE).fails("refused to talk: go away")
    holdfast(*carry, "--at", HERE, "--reader", "127.0.0.1:1").fails("twice", "leave out")
    assert air.done.count("connect") == air.done.count("disconnect")


def test_a_refusal_in_the_clear_is_told_as_that(unlock, air, liar):
    """Where nobody else answers."""
    air.has(HERE, liar)
    refused = unlock()
    assert refused.code == 3 and "go away" in refused.out and "in the clear" in refused.out


def test_another_doors_reader_is_left(unlock, air, reader):
    """It says nothing before, and is found out in the handshake: nothing of ours was shown."""
    begin = len(reader.events)
    air.has(HERE, reader.port, FIVE)
    air.has(THERE, None, FIVE, rssi=-90)
    ran = unlock("--door", "c", "--seconds", "0.5")
    ran.fails("the one of door 'front', not of 'c'", "door's name")
    assert not any(event.get("event") == "access" for event in reader.events[begin:])


def test_what_is_no_reader_is_left(unlock, air, reader):
    """The service is advertised and not there."""
    air.has(HERE, reader.port)
    air.faults = {("services", number): DROP for number in range(1, 4)}
    unlock().fails("no reader: it lacks the service", "phone scan")


def test_a_reader_that_says_too_much_is_left(unlock, air, reader):
    """While nobody listens it is kept, up to a bound."""
    air.has(HERE, reader.port)
    air.faults = {("start_notify", number): FLOOD for number in range(1, 4)}
    unlock().fails("says more than it was asked for")


def test_ctrl_c_leaves_no_connection(unlock, air, reader, interrupt):
    """The reader has four."""

    air.has(HERE, reader.port)
    air.faults["write", 2] = interrupt
    stopped = unlock()
    assert (stopped.code, stopped.err) == (130, "holdfast: stopped\n")
    assert air.done[-1] == "disconnect"
