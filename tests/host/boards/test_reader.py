"""``holdfast reader``: enrolled once, started as often as one likes, never left behind."""

import json
import os
import pathlib
import signal
import socket
import sys
import threading
import time

import cbor2
import pytest

import cbor
import crypto
import sealed_settings
from holdfast_host.boards import enrol as readers
from holdfast_host.boards.local import LocalBoard
from holdfast_host.boards.process import ReaderProcess, firmware_folder, micropython
from holdfast_host.phone.link import TcpLink
from holdfast_host.policy import history as policies
from holdfast_host.site import devices, site

WAIT = 60  # seconds; a hang must end the run


def is_ready(line):
    return json.loads(line).get("event") == "ready"


def is_gone(pid):
    """Whether a process has ended, if perhaps nobody has asked for its exit code yet."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = pathlib.Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z"


def wait_until_gone(pid):
    end = time.monotonic() + WAIT
    while not is_gone(pid):
        assert time.monotonic() < end, "a process was left behind"
        time.sleep(0.02)


def test_settings_are_sealed_and_as_agreed(reader_folder, site_master, authority, secret):
    """The format that docs and firmware know; the lookup key is in it, and no zone's."""
    assert not (reader_folder / "settings.cbor").exists()
    assert (reader_folder / "device.key").stat().st_mode & 0o777 == 0o600
    settings = sealed_settings.opened(reader_folder)
    (device,) = devices.load(site_master)
    certificate, p256_certificate = settings.pop(6), settings.pop(11)
    history = site.load(site_master).policy()
    assert settings == {
        1: 3,
        2: "acme",
        3: "reader",
        4: [["front", 200]],
        5: [{1: 1, -1: 6, -2: authority.public_key.x}],
        7: authority.public_key.x,
        8: [history.number, history.head],
        9: crypto.x25519_public_key(secret.audit_key()),
        10: [1, secret.lookup_key(1)],
        13: device.key,
        14: device.settings,
    }
    assert secret.zone_key("lobby", 1).k not in cbor2.dumps(settings)
    sealed = (reader_folder / "settings.sealed").read_bytes()
    assert secret.lookup_key(1) not in sealed and b"acme" not in sealed
    claims = cbor2.loads(cbor2.loads(certificate).value[2])
    assert claims[2] == "reader" and claims[-65537] == 1 and 3 not in claims
    assert cbor2.loads(claims[9]) == [[[1, "front"], 1]]
    assert len(certificate) <= 190
    second = cbor2.loads(cbor2.loads(p256_certificate).value[2])
    assert {**second, 7: 0, 8: 0} == {**claims, 7: 0, 8: 0} and second[7] != claims[7]
    # Whole: a stranger's library may not know how to find y from its sign.
    point = second[8][1]
    assert (point[1], point[-1], len(point[-2]), len(point[-3])) == (2, 1, 32, 32)
    assert len(p256_certificate) <= 225
    assert (reader_folder / "device_p256.key").stat().st_mode & 0o777 == 0o600


def test_a_reader_is_enrolled_once(holdfast, reader_folder, site_folder):
    """Unless told: then its key stays, and what it opens changes."""
    key = (reader_folder / "device.key").read_bytes()
    again = ["reader", "enroll", reader_folder, "--site", site_folder, "--door", "back"]
    holdfast(*again).fails("enrolled already", "--replace")
    replaced = holdfast(*again, "--replace", "--json")
    assert replaced.code == 0 and replaced.json["door"] == "back"
    assert (reader_folder / "device.key").read_bytes() == key
    with ReaderProcess(reader_folder) as reader:
        ready = reader.wait(lambda event: event.get("event") == "ready")
    assert ready and (ready["node"], ready["doors"]) == ("back", ["back"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--zone", "garage"], "no zone 'garage'"),
        (["--node", "a/b"], "device id"),
        (["--door", "a/b"], "door id"),
        (["--site", "/nowhere"], "there is no site"),
        (["--controller", "front"], "its own controller"),
        (["--peer", "10.0.0.1", "--peer", "10.0.0.1:62435"], "each once"),
        ([word for n in range(5) for word in ("--peer", f"10.0.0.{n}")], "at most 4 peers"),
        *[(["--peer", bad], "no address of a node") for bad in ("x", "10.0.0.1:0", "224.0.0.1")],
    ],
)
def test_a_reader_that_cannot_be_is_not_enrolled(holdfast, site_folder, tmp_path, options, words):
    """And no folder is left that looks like one."""
    command = ["reader", "enroll", tmp_path / "r", "--site", site_folder, "--door", "front"]
    holdfast(*command, *options).fails(words)
    assert not (tmp_path / "r").exists()


def test_what_a_reader_is_told_of_the_lan_is_in_its_settings(holdfast, site_folder, tmp_path):
    """It accepts them itself: a key that host and board write differently would stop it."""
    enroll = ["reader", "enroll", tmp_path / "r", "--site", site_folder, "--door", "front"]
    told = ["--controller", "floor-1", "--peer", "10.0.0.9", "--peer", "10.0.0.8:5000"]
    assert holdfast(*enroll, "--node", "r", "--wiring", "wiegand", *told).code == 0
    settings = sealed_settings.opened(tmp_path / "r")
    assert (settings[15], settings[16]) == ("wiegand", "floor-1")
    assert settings[17] == [["10.0.0.9", 62435], ["10.0.0.8", 5000]]


def test_an_unenrolled_or_damaged_reader_does_not_run(holdfast, reader_folder, tmp_path):
    """Each with its own cause, and nothing left running."""
    holdfast("reader", "run", tmp_path / "none").fails("there is no reader", "reader enroll")
    (tmp_path / "empty").mkdir()
    holdfast("reader", "run", tmp_path / "empty").fails("is not enrolled", "reader enroll")
    sealed = (reader_folder / "settings.sealed").read_bytes()
    (reader_folder / ".settings.sealed.tmp").write_bytes(sealed[:50])
    for damaged in (b"", sealed[:-1], sealed + b"\0", sealed[:99] + b"x" + sealed[100:]):
        (reader_folder / "settings.sealed").write_bytes(damaged)
        holdfast("reader", "run", reader_folder).fails("refuses its settings", "reader reset")
    (reader_folder / "settings.sealed").unlink()
    (reader_folder / "settings.cbor").write_bytes(cbor2.dumps({1: 2}))
    holdfast("reader", "run", reader_folder).fails("not signed", "--replace")


def test_a_taken_port_is_said(holdfast, reader_folder):
    """By somebody else, or by a reader that runs already."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        holdfast("reader", "run", reader_folder, "--port", port).fails(f"port {port}")


def test_a_port_that_was_taken_meanwhile_is_replaced(reader_folder):
    """Between finding a port free and listening on it, another process may take it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        reader = ReaderProcess(reader_folder)
        reader.port = taken.getsockname()[1]
        with reader:
            assert reader.running and reader.port != taken.getsockname()[1]


def test_a_reader_without_enough_memory_says_so(holdfast, reader_folder, tmp_path, monkeypatch):
    """MicroPython writes a traceback to standard output; its last line is the cause."""
    script = tmp_path / "small"
    script.write_text(f'#!/bin/sh\nexec "{micropython()}" -X heapsize=64K "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("MICROPYTHON", str(script))
    holdfast("reader", "run", reader_folder).fails("does not run: MemoryError")


def _of_a_fork(history, authority):
    """A policy that the reader takes, and that is not the site's: a backup went on with it."""
    return cbor.encode_sequence(*history.changesets[:-1])


@pytest.mark.parametrize(
    ("target", "name", "bent", "words"),
    [
        (LocalBoard, "introduce", lambda self: 1 / 0, "fault of holdfast"),
        (readers, "encode_settings", lambda *_, **__: b"\xa0", "refuses its settings"),
        (policies.History, "for_reader", lambda *_: b"\x43abc", "refuses the site's policy"),
        (policies.History, "for_reader", _of_a_fork, "did not take them all"),
    ],
)
def test_a_replacement_that_fails_leaves_the_reader_as_it_was(
    holdfast, reader_folder, site_folder, monkeypatch, target, name, bent, words
):
    """At its old door, by its old policy: a failed visit must not leave a door that lets nobody
    in, nor one that looks replaced and follows something else.
    """
    kept = [reader_folder / one for one in ("settings.sealed", "policy.cbor", "device.key")]
    before = [path.read_bytes() for path in kept]
    again = ["reader", "enroll", reader_folder, "--site", site_folder, "--door", "back"]
    again += ["--node", "reader"]
    with monkeypatch.context() as patched:
        patched.setattr(target, name, bent)
        patched.setenv("HOLDFAST_PASSPHRASE", "correct horse battery")
        holdfast(*again, "--replace").fails(words)
    assert [path.read_bytes() for path in kept] == before
    assert not (reader_folder / "settings.cbor").exists()
    assert devices.require(devices.load(site_folder), "reader").doors == ("front",)
    with ReaderProcess(reader_folder) as reader:
        ready = reader.wait(lambda event: event.get("event") == "ready")
    assert ready and ready["doors"] == ["front"]


def test_what_a_kill_leaves_of_enrolment_is_no_reader(holdfast, reader_folder, site_folder):
    """Killed before the new settings are there: it says that it is not enrolled."""
    (reader_folder / "settings.sealed").unlink()
    again = ["reader", "enroll", reader_folder, "--site", site_folder, "--door", "back"]
    holdfast("reader", "run", reader_folder).fails("is not enrolled")
    assert holdfast(*again).code == 0


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("MICROPYTHON", "/nowhere/micropython", "cannot be run"),
        ("MICROPYTHON", os.devnull, "cannot be run"),
        ("MICROPYTHON", "/tmp", "cannot be run"),
        ("HOLDFAST_FIRMWARE", "/nowhere", "no firmware"),
    ],
)
def test_missing_tools_are_named(holdfast, reader_folder, monkeypatch, variable, value, words):
    """With the variable that names another."""
    monkeypatch.setenv(variable, value)
    holdfast("reader", "run", reader_folder).fails(words, variable)


def test_an_interpreter_that_is_none_is_said(holdfast, reader_folder, monkeypatch):
    """Something runs, but it is no reader."""
    monkeypatch.setenv("MICROPYTHON", "/bin/false")
    holdfast("reader", "run", reader_folder).fails("does not run", "MICROPYTHON")


def test_firmware_and_interpreter_are_found():
    """From a checkout and its environment, without any setting."""
    assert (firmware_folder() / "main.py").exists()
    assert os.access(micropython(), os.X_OK)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_reader_in_the_foreground_ends_cleanly(process, reader_folder, number):
    """Ctrl-C, a service manager, a closed terminal: one line, and no process left behind."""
    # Whoever started these tests may ignore hangups (nohup), and a child would inherit that.
    before = signal.getsignal(number)
    signal.signal(number, signal.SIG_DFL)
    try:
        running = process("reader", "run", reader_folder, "--json")
    finally:
        signal.signal(number, before)
    ready = json.loads(running.reads_until(is_ready)[-1])
    (child,) = running.children()
    assert ready["doors"] == ["front"]
    with TcpLink.connect("127.0.0.1", ready["port"]):
        ended = running.ends(number)
    assert (ended.code, ended.err) == (130, "holdfast: stopped\n")
    for line in ended.out.splitlines():
        assert isinstance(json.loads(line), dict)
    wait_until_gone(child)


def test_a_hangup_that_is_ignored_stays_ignored(process, reader_folder):
    """``nohup holdfast reader run`` goes on when the terminal closes."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a child inherits it
    try:
        running = process("reader", "run", reader_folder, "--json")
    finally:
        signal.signal(signal.SIGHUP, before)
    ready = json.loads(running.reads_until(is_ready)[-1])
    os.kill(running.pid, signal.SIGHUP)
    with TcpLink.connect("127.0.0.1", ready["port"]):
        pass
    running.reads_until(lambda line: "disconnected" in line)
    assert running.ends(signal.SIGTERM).code == 130


def test_a_reader_never_outlives_its_keeper(process, reader_folder):
    """Killed outright, this process can do nothing any more; the system must."""
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux ends a child with its parent")
    running = process("reader", "run", reader_folder, "--json")
    running.reads_until(is_ready)
    (child,) = running.children()
    running.ends(signal.SIGKILL)
    wait_until_gone(child)


def test_events_are_readable(process, reader_folder, phone, holdfast):
    """Who, where, yes or no; on a screen that nobody has to decode."""
    running = process("reader", "run", reader_folder)
    line = running.reads_until(lambda line: "--reader" in line)[-1]
    address = line.rpartition("--reader ")[2].split()[0]
    command = ["phone", "unlock", phone.folder, "--reader", address, "--door", "front"]
    assert holdfast(*command).code == 0
    shown = "".join(running.reads_until(lambda line: "round trips" in line))
    assert "granted: bob at front" in shown and "strike: active=True" in shown
    assert "{" not in shown


def test_its_inputs_are_played_on_standard_input(process, reader_folder, holdfast):
    """A door that is forced and somebody who wants out, without a pin; one without a contact says
    that it does not know the word.
    """
    command = ["reader", "run", reader_folder, "--json", "--inputs"]
    running = process(*command, "contact,rex", feeds=True)
    running.reads_until(is_ready)
    running.feed('{"contact": true}\n')
    running.reads_until(lambda line: '"forced"' in line)
    running.feed('{"rex": true}\n{"tamper": true}\n')
    running.reads_until(lambda line: '"input_refused"' in line)
    running.reads_until(lambda line: '"event": "rex"' in line)
    assert running.ends(signal.SIGINT).code == 130
    holdfast(*command, "contact,door").fails("contact,door", "rex, tamper, fire")


def test_a_reader_that_dies_is_noticed(process, reader_folder):
    """Its keeper does not go on as if there were a door."""
    running = process("reader", "run", reader_folder, "--json")
    running.reads_until(is_ready)
    os.kill(running.children()[0], signal.SIGKILL)
    running.ends().fails("the reader does not run")


def test_a_reader_that_is_stopped_stops_in_order(reader_folder):
    """Also in the middle of its work after a start, when it makes keys. A signal that came in a
    collection of its heap left it without memory for ever: it was neither stopped nor of any use.
    """
    reader = ReaderProcess(reader_folder)
    for number in range(6):
        reader.start()
        if number % 2:
            reader.put_bytes(b'{"card": ')
        reader.stop()
        assert reader.events[-1] == {"event": "stopped"}, number


def test_stop_kill_and_restart(reader_folder):
    """As often as anybody likes, in any order; events of all lives are kept."""
    reader = ReaderProcess(reader_folder)
    reader.stop()
    reader.kill()
    first = reader.start()
    with pytest.raises(RuntimeError):
        reader.start()
    second = reader.restart()
    assert first["port"] == second["port"] == reader.port
    assert reader.running
    reader.stop()
    reader.stop()
    assert not reader.running and reader.exit_code is not None
    assert sum(event.get("event") == "ready" for event in reader.events) == 2
    assert reader.wait(lambda event: False) is None


def test_waiting_ends(reader):
    """With None, when nothing comes."""
    assert reader.wait(lambda event: event.get("event") == "never", timeout=0.05) is None
    threading.Timer(0.1, reader.kill).start()
    assert reader.wait(lambda event: event.get("event") == "never", timeout=WAIT) is None
