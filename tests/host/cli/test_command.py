"""The command itself: its help, its misuse, its end."""

import json
import subprocess
import sys

import pytest

from conftest import environment
from holdfast_host import cli
from holdfast_host.cli import commands
from holdfast_host.site import site

COMMANDS = [
    [],
    ["site"],
    ["site", "init"],
    ["site", "show"],
    ["site", "add-zone"],
    ["policy"],
    ["policy", "show"],
    ["policy", "init"],
    ["policy", "schedule"],
    ["policy", "holidays"],
    ["policy", "time-zone"],
    ["policy", "zone"],
    ["policy", "limits"],
    ["policy", "group"],
    ["policy", "card"],
    ["policy", "pin"],
    ["policy", "revoke"],
    ["policy", "watermark"],
    ["policy", "lockdown"],
    ["policy", "draft"],
    ["policy", "export"],
    ["policy", "snapshot"],
    ["people"],
    ["people", "import"],
    ["people", "export"],
    ["people", "list"],
    ["people", "show"],
    ["people", "groups"],
    ["people", "name-group"],
    ["people", "card"],
    ["people", "suspend"],
    ["people", "resume"],
    ["people", "remove"],
    ["people", "phone-lost"],
    ["people", "sign"],
    ["credential"],
    ["credential", "issue"],
    ["credential", "show"],
    ["phone"],
    ["phone", "enroll"],
    ["phone", "unlock"],
    ["phone", "status"],
    ["phone", "scan"],
    ["phone", "watch"],
    ["reader"],
    ["reader", "enroll"],
    ["reader", "reset"],
    ["reader", "run"],
    ["events"],
    ["events", "verify"],
    ["events", "show"],
    ["events", "export"],
    ["events", "report"],
    ["events", "replay"],
    ["demo"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_says_what_it_will_do(holdfast, command):
    """Before it does anything."""
    shown = holdfast(*command, "--help")
    assert shown.code == 0 and shown.err == ""
    assert " ".join(["Usage: holdfast", *command]) in shown.out
    assert len(shown.out) > 300


@pytest.mark.parametrize("command", [one for one in COMMANDS if len(one) > 1] + [["demo"]])
def test_every_command_says_how_it_ends(holdfast, command):
    """Scripts go by it; and an unlock has an end of its own."""
    shown = " ".join(holdfast(*command, "--help").out.split())
    assert "Exit codes: 0" in shown and "2 misused" in shown
    assert ("3 refused" in shown) == (command == ["phone", "unlock"])


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["bogus"], "bogus"),
        (["site", "bogus"], "bogus"),
        (["site", "init"], "DIR"),
        (["site", "init", "x"], "--name"),
        (["site", "show", "x", "--bogus"], "--bogus"),
        (["phone", "unlock", "x", "--reader", "h:1", "--door", "d", "--chunk", "19"], "--chunk"),
        (["phone", "unlock", "x", "--reader", "h:1", "--door", "d", "--chunk", "x"], "--chunk"),
        (["phone", "unlock", "x"], "--door"),
        (["phone", "unlock", "x", "--door", "d", "--seconds", "0"], "--seconds"),
        (["phone", "scan", "--seconds", "301"], "--seconds"),
        (["reader", "run", "x", "--port", "0"], "--port"),
        (["reader", "run", "x", "--port", "65536"], "--port"),
        (["reader", "enroll", "x", "--site", "y", "--door", "d", "--strike-ms", "1"], "strike"),
        (["credential", "issue", "x", "--days", "0"], "--days"),
        (["policy", "group", "x", "65536"], "NUMBER"),
        (["policy", "group", "x", "seven"], "NUMBER"),
        (["policy", "card", "x", "04", "--group", "-1"], "--group"),
        (["policy", "export", "x"], "--out"),
        (["policy", "export", "x", "-o", "y", "--after", "-1"], "--after"),
        (["policy", "limits", "x", "--retention-hours", "721"], "retention"),
    ],
)
def test_misuse_is_one_line_and_where_to_look(holdfast, command, words):
    """Not a box of eight lines around a word."""
    refused = holdfast(*command).fails(words, "--help")
    assert refused.code == 2


def test_without_a_command_the_help_is_shown(holdfast):
    """And it is not counted as done."""
    for command in ([], ["site"], ["policy"], ["people"], ["credential"], ["phone"], ["reader"]):
        shown = holdfast(*command)
        assert shown.code == 2 and "Usage" in shown.out and shown.err == ""


def test_a_fault_of_ours_is_one_line(holdfast, site_folder, monkeypatch):
    """A traceback helps nobody on a ladder; whoever wants it asks for it."""

    def fail(folder):
        raise KeyError("surprise")

    monkeypatch.setattr(site, "load", fail)
    holdfast("site", "show", site_folder).fails("KeyError", "HOLDFAST_TRACE")
    monkeypatch.setenv("HOLDFAST_TRACE", "1")
    with pytest.raises(KeyError):
        cli.main(["site", "show", str(site_folder)])


def test_a_fault_of_the_system_is_one_line(holdfast, site_folder, monkeypatch):
    """A full disk, for one."""

    def fail(folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(site, "load", fail)
    holdfast("site", "show", site_folder).fails("No space left")


def test_ctrl_c_is_one_line(holdfast, site_folder, monkeypatch):
    """Whoever stopped it knows why."""

    def stop(folder):
        raise KeyboardInterrupt

    monkeypatch.setattr(site, "load", stop)
    stopped = holdfast("site", "show", site_folder)
    assert (stopped.code, stopped.err) == (130, "holdfast: stopped\n")


def test_ctrl_c_at_the_passphrase(holdfast, tmp_path, monkeypatch):
    """The most likely place for it."""
    monkeypatch.delenv("HOLDFAST_PASSPHRASE")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

    def stop(prompt):
        raise KeyboardInterrupt

    monkeypatch.setattr("getpass.getpass", stop)
    stopped = holdfast("site", "init", tmp_path / "a", "--name", "acme")
    assert (stopped.code, stopped.err) == (130, "holdfast: stopped\n")
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("options", [[], ["--json"], ["--help"]])
def test_a_closed_output_is_one_line(process, site_folder, options):
    """``holdfast ... | head -0``: the reader of the output has gone."""
    ended = process("site", "show", site_folder, *options).ends_without_readers()
    assert ended.code == 141
    assert ended.err == "holdfast: the output was closed before the end\n"


def test_a_closed_output_ends_a_running_reader(process, reader_folder):
    """``holdfast reader run ... | head -1`` leaves no process behind."""
    ended = process("reader", "run", reader_folder, "--json").ends_without_readers()
    assert ended.code == 141
    assert ended.err == "holdfast: the output was closed before the end\n"


def test_output_for_machines_is_one_object(holdfast, site_folder):
    """Nothing else on standard output, whatever the terminal."""
    shown = holdfast("site", "show", site_folder, "--json")
    assert shown.out.count("\n") == 1 and isinstance(json.loads(shown.out), dict)


def test_it_runs_as_a_process(process, site_folder):
    """As installed: exit code, standard output, standard error."""
    done = process("site", "show", site_folder).ends()
    assert (done.code, done.err) == (0, "")
    assert "acme" in done.out


def test_the_help_costs_little_more_than_reading_the_command_line():
    """Small computers are asked for it, too: nothing is loaded for it that signs, speaks with a
    database or a radio, or colours.
    """
    code = """
import sys
from holdfast_host.cli import main
main(["--help"])
heavy = ("cryptography", "sqlalchemy", "alembic", "openpyxl", "bleak", "rich", "cbor2", "asyncio")
print("loaded:", *[name for name in heavy if name in sys.modules], len(sys.modules))
"""
    how = {"capture_output": True, "text": True, "check": True, "env": environment("cpython")}
    done = subprocess.run([sys.executable, "-c", code], **how)
    said = done.stdout.split("loaded:")[1].split()
    assert len(said) == 1, said
    alone = "import sys, typer; print(len(sys.modules))"
    plain = subprocess.run([sys.executable, "-c", alone], **how)
    assert int(said[0]) < 2 * int(plain.stdout), "twice what is loaded by the library alone"


def test_all_commands_that_the_help_lists_are_there(holdfast):
    """The list is written down, so that none of them is loaded for it."""
    shown = holdfast("--help").out
    for name in commands.COMMANDS:
        assert f"  {name} " in shown and holdfast(name, "--help").code == 0


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["site", "show", "nowhere"], 1),
        (["people", "list", "nowhere"], 1),
        (["site", "show"], 2),
        (["policy", "card", "x", "04", "--group", "-1"], 2),
    ],
)
def test_what_goes_wrong_is_said_to_machines_too(holdfast, command, code):
    """One object on standard output, the same two lines beside it."""
    refused = holdfast(*command, "--json").fails()
    assert refused.code == refused.json["code"] == code
    assert refused.json["error"] and refused.json["next"] in refused.err
    assert refused.out.count("\n") == 1
    assert holdfast(*command).fails().out == ""
