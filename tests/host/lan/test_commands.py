"""The commands for a LAN at a real node: the firmware on MicroPython, on UDP of loopback."""

import json
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys

import pytest

from conftest import ROOT
from holdfast_host.boards.process import ReaderProcess
from holdfast_host.register import heard, opening
from holdfast_host.site import site as sites
from host.lan.conftest import HOST, free_port

_QUIET = ("--listen", "0")
BOUND = 60  # seconds; a hang must end the run


@pytest.fixture
def taker():
    """A socket that takes everything and says nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind((HOST, 0))
        made.settimeout(BOUND)
        yield made


@pytest.fixture
def silent(taker):
    """Where it is."""
    return f"{HOST}:{taker.getsockname()[1]}"


def test_nodes_shows_what_a_node_is_and_has(holdfast, site_folder, node, bearer, at):
    """Its place is named once and remembered; what this credential is not told is not there."""
    phone = bearer("administer", "carry-events")
    holdfast("nodes", site_folder, "--as", phone, *_QUIET).fails("no node", "--node")
    shown = holdfast("nodes", site_folder, "--as", phone, "--node", at(node), "--json")
    assert shown.code == 0, shown.err
    site = holdfast("policy", "show", site_folder, "--json").json
    (one,) = shown.json["nodes"]
    assert one["node"] == "reader" and one["doors"] == ["front"] and one["role"] == "reader"
    assert one["place"] == at(node) and one["policy"] == "same"
    assert one["status"]["policy"] == site["number"] == shown.json["number"]
    assert one["status"]["policy_head"] == site["head"]
    assert one["status"]["revocations_age_s"] >= 0 and one["clock"]["source"] == "rtc"
    assert one["events_waiting"] == one["last_event"] + 1 > 0
    # The next command finds it; one event more is its own, the sixth of those that wait.
    text = holdfast("nodes", site_folder, "--as", bearer(), *_QUIET)
    assert text.code == 0 and "reader" in text.out and "front" in text.out
    plain = holdfast("nodes", site_folder, "--as", bearer(), *_QUIET, "--json").json["nodes"][0]
    assert plain["status"] is None and plain["events_waiting"] is None
    assert plain["policy"] == "unknown" and plain["clock"]["source"] == "rtc"
    # With a register of people what was heard is kept there, also when the next one hears less.
    assert holdfast("people", "sign", site_folder, "--yes").code == 0
    for who in (phone, bearer()):
        assert holdfast("nodes", site_folder, "--as", who, *_QUIET).code == 0
        with opening.reading(sites.load(site_folder)) as register:
            (heard_of,) = heard.load(register.connection)
        assert (heard_of.node, heard_of.doors) == ("reader", ("front",))
        assert (heard_of.number, heard_of.head.hex()) == (site["number"], site["head"])


def test_policy_is_published_and_who_does_not_answer_is_named(
    holdfast, site_folder, node, bearer, at, silent, policy
):
    """Any holder may bring it. One of three is there: the others are told apart, and it fails."""
    assert policy("group", "7", "--door", "front").code == 0
    assert policy("card", "04a1b2c3", "--group", "7").code == 0
    node.put(card="04a1b2c3")
    refused = node.wait(lambda event: event.get("event") == "access")
    assert refused["reason"] == "unknown_card"
    nobody = f"{HOST}:{free_port()}"
    options = ["--node", at(node), "--node", silent, "--node", nobody, "--wait", "4"]
    done = policy("publish", "--as", bearer(), *options, "--json")
    done.fails("published to 1 of 3", silent, nobody)
    number = policy("show", "--json").json["number"]
    assert [(one["node"], one["number"]) for one in done.json["published"]] == [("reader", number)]
    assert {one["place"] for one in done.json["failed"]} == {silent, nobody}
    causes = {one["place"]: one["cause"] for one in done.json["failed"]}
    assert "nothing answers" in causes[silent] and "nobody listens" in causes[nobody]
    since = len(node.events)
    node.put(card="04a1b2c3")
    assert node.wait(lambda event: event.get("event") == "access", since=since)["granted"]
    # Again, with and without the right to ask how it is: nothing to do, and it says so.
    for phone in (bearer(), bearer("administer")):
        again = policy("publish", "--as", phone, *_QUIET)
        assert again.code == 0 and f"changeset {number} is in force at reader" in again.out


def test_a_policy_that_has_forked_is_told_and_brought_together_by_a_snapshot(
    holdfast, site_folder, tmp_path, node, bearer, at, policy, monkeypatch
):
    """The next step that is printed works; until then nothing is signed, once it was heard."""
    phone = bearer("administer")
    where = ("--as", phone, "--node", at(node))
    shutil.copytree(site_folder, tmp_path / "backup")
    assert policy("group", "7", "--door", "front").code == 0
    assert policy("publish", *where).code == 0
    shutil.rmtree(site_folder)
    shutil.copytree(tmp_path / "backup", site_folder)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another computer"))
    number = policy("show", "--json").json["number"] + 1
    policy("publish", *where).fails("published to 0 of 1", f"knows changeset {number}", "backup")
    policy("group", "8", "--door", "front").fails("may be an old copy", "reader was heard")
    shutil.rmtree(tmp_path / "another computer")
    assert policy("group", "8", "--door", "front").code == 0
    refused = policy("publish", *where).fails(f"changeset {number} is another one")
    found = holdfast("doctor", site_folder, *where, "--json")
    assert found.code == 1
    (forked,) = [one for one in found.json["findings"] if one["check"] == "policy"]
    assert forked["severity"] == "fault" and "another one" in forked["text"]
    assert "holdfast site recover SITE" in refused.err
    policy("group", "9", "--door", "front").fails("may be an old copy", "reader was heard")
    recovered = holdfast("site", "recover", site_folder, *where, "--json")
    assert recovered.code == 0, recovered.err
    assert recovered.json["branches"] == [{"nodes": ["reader"], "number": number, "unknown": None}]
    brought = policy("publish", *where, "--snapshot", "--json")
    assert brought.code == 0, brought.err
    assert brought.json["published"][0]["number"] == number + 1
    assert policy("publish", *where).code == 0


def test_events_come_home_once_and_are_acknowledged(
    holdfast, site_folder, tmp_path, node, bearer, at
):
    """Each event is at home once, in order, whoever pulls how often; then the node need not keep
    them. Who may not carry them takes none.
    """
    where = ("--node", at(node))
    pull = ("events", "pull", site_folder, "--as")
    holdfast(*pull, bearer(), *where).fails("0 of 1", "reader", "not for this door")
    last, collector = -1, bearer("carry-events")
    for visit in range(2):
        done = holdfast(*pull, collector, *where, "--json", "--out", tmp_path / "raw")
        assert done.code == 0, done.err
        (one,) = done.json["nodes"]
        assert one["acknowledged"] == [one["last_event"]] and one["last_event"] > last
        last = one["last_event"]
        assert len(list((tmp_path / "raw").iterdir())) == visit + 1
    home = sorted((site_folder / "recorded").glob("*.events"))
    shown = holdfast("events", "show", *home, "--json").json["events"]
    assert [one["number"] for one in shown] == list(range(last + 1))
    text = holdfast(*pull, collector, *_QUIET)
    assert text.code == 0 and "need not keep" in text.out


def test_events_of_the_place_that_a_board_has_left_come_home_with_it(
    holdfast, site_folder, reader_folder, bearer, at
):
    """Nobody has to know that there are any. Once they are at home the board need not keep them,
    and the next pull finds none.
    """
    with ReaderProcess(reader_folder) as node:
        node.put(card="04a1b2c3")
        assert node.wait(lambda said: said.get("event") == "access", timeout=BOUND)
    again = ("reader", "enroll", reader_folder, "--site", site_folder, "--door", "front")
    moved = holdfast(*again, "--node", "moved", "--replace")
    assert moved.code == 0, moved.err
    with ReaderProcess(reader_folder, lan=(free_port(), HOST)) as node:
        where = ("--as", bearer("carry-events"), "--node", at(node))
        pull = ("events", "pull", site_folder, *where)
        found = holdfast("doctor", site_folder, *where, "--json").json["findings"]
        assert [one["text"] for one in found if "before are not at home" in one["text"]]
        done = holdfast(*pull, "--json")
        assert done.code == 0, done.err
        here, left = done.json["nodes"]
        assert (here["node"], here["left"]) == ("moved", False)
        assert (left["node"], left["left"]) == ("moved", True) and left["events"] > 1
        for one in (here, left):
            assert one["acknowledged"] == [one["last_event"]], one
        home = sorted((site_folder / "recorded").glob("*.events"))
        shown = holdfast("events", "show", *home, "--json").json["events"]
        assert "access" in [one["kind"] for one in shown]
        (here,) = holdfast(*pull, "--json").json["nodes"]
        assert not here["left"]
        found = holdfast("doctor", site_folder, *where, "--json").json["findings"]
        assert not [one["text"] for one in found if "before are not at home" in one["text"]]


def test_the_doctor_finds_what_is_wrong_and_nothing_else(
    holdfast, site_folder, tmp_path, reader_folder, bearer, at, silent, policy
):
    """A clock that is behind, a policy that is, events, the limit, and who is not there; after
    each was put right it finds nothing.
    """
    phone = bearer("administer", "carry-events")
    assert policy("group", "7", "--door", "front").code == 0
    # A clock that was wrong once is remembered, so each fault has a board of its own.
    wrong = shutil.copytree(reader_folder, tmp_path / "wrong")
    with ReaderProcess(wrong, clock_ahead=7200, lan=(free_port(), HOST)) as node:
        where = ("--as", phone, "--node", at(node))
        found = holdfast("doctor", site_folder, *where, "--node", silent, "--wait", "4", "--json")
        assert found.code == 1, found.err
        by = {one["check"]: one for one in found.json["findings"]}
        assert set(by) == {"port", "clock", "policy", "events", "knowledge"}
        assert by["port"]["about"] == silent and by["port"]["severity"] == "fault"
        ahead = re.search(r"([\d,]+) s ahead", by["clock"]["text"])[1].replace(",", "")
        assert abs(int(ahead) - 7200) <= 301, by["clock"]
        assert "1 behind" in by["policy"]["text"]
        assert all(one["todo"] for one in by.values())
        text = holdfast("doctor", site_folder, *where)
        assert text.code == 1 and "fault: reader:" in text.out and "next: " in text.out
        # Nothing that could be of a key, a token or a context.
        assert not re.search("[0-9a-f]{16}", text.out + text.err + found.out)
    with ReaderProcess(reader_folder, lan=(free_port(), HOST)) as node:
        where = ("--as", phone, "--node", at(node))
        assert policy("limits", "--knowledge", "7d").code == 0
        assert policy("publish", *where).code == 0
        assert holdfast("events", "pull", site_folder, *where).code == 0
        done = holdfast("doctor", site_folder, *where, "--json")
        assert done.code == 0 and done.json["findings"] == [], done.out


def test_a_node_that_lost_power_is_asked_all_the_same(holdfast, site_folder, node, bearer, at):
    phone = bearer("administer")
    for _ in range(2):
        shown = holdfast("nodes", site_folder, "--as", phone, "--node", at(node), "--json")
        assert shown.code == 0, shown.err
        node.restart()
    assert holdfast("nodes", site_folder, "--as", phone, *_QUIET).code == 0


def test_a_phone_of_another_site_is_told_so_before_anybody_is_asked(
    holdfast, site_folder, tmp_path, bearer
):
    other = tmp_path / "other"
    assert holdfast("site", "init", other, "--name", "other").code == 0
    holdfast("nodes", other, "--as", bearer(), "--node", "127.0.0.1:9").fails("'acme'", "--as")
    holdfast("doctor", site_folder, "--as", bearer(), "--node", "x:0").fails("no place")


def test_ctrl_c_ends_it_while_a_node_is_waited_for(process, site_folder, bearer, taker, silent):
    started = process("nodes", site_folder, "--as", bearer(), "--node", silent, "--wait", "300")
    taker.recv(2048)
    ended = started.ends(signal.SIGINT)
    assert ended.code == 130 and "stopped" in ended.err


def _aiocoap(*arguments):
    command = [sys.executable, "-m", "aiocoap.cli.client", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=BOUND, cwd=ROOT
    )


def test_aiocoap_reads_the_status_with_a_credentials_file(
    holdfast, site_folder, tmp_path, node, bearer, at
):
    """A stranger's command, as docs/protocol.md has it: no code of ours asks, and twice."""
    phone, out = bearer("administer"), tmp_path / "lobby.json"
    make = ("phone", "coap-credentials", phone, "--node", at(node), "--out", out)
    made = holdfast(*make, "--json")
    assert made.code == 0, made.err
    context = tmp_path / "lobby.json.context"
    for path in (out, *context.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(context.stat().st_mode) == 0o700
    secret = json.loads((context / "settings.json").read_text())["secret_hex"]
    assert secret not in made.out + made.err
    uri = f"coap://{at(node)}/status"
    assert made.json["example"] == f"aiocoap-client --credentials {out} {uri}"
    said = _aiocoap("--credentials", out, "--pretty-print", uri)
    assert said.returncode == 0, said.stderr
    assert '1:"front"' in said.stdout and "micropython" in said.stdout
    # Never over what is there; and what the phone has itself goes on beside it.
    before = out.read_bytes()
    holdfast(*make).fails("there already")
    assert out.read_bytes() == before
    shown = holdfast("nodes", site_folder, "--as", phone, "--node", at(node))
    assert shown.code == 0, shown.err
    assert _aiocoap("--credentials", out, uri).returncode == 0


def test_a_stranger_who_may_not_reads_nothing(holdfast, tmp_path, node, bearer, at):
    out = tmp_path / "plain.json"
    make = ("phone", "coap-credentials", bearer(), "--node", at(node), "--out", out)
    assert holdfast(*make).code == 0
    said = _aiocoap("--credentials", out, f"coap://{at(node)}/status")
    assert "4.03" in said.stdout + said.stderr and "micropython" not in said.stdout
    open_word = _aiocoap(f"coap://{at(node)}/status")
    assert "4.01" in open_word.stdout + open_word.stderr
