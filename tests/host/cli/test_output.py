"""Nothing that a command writes is obeyed by a terminal, nor hides from who reads it.

Names come from tokens, readers and files of strangers. One that turns the direction of writing
makes another name of itself; one with a control sequence rewrites the line above it, which says
"NOT verified"; one with a line end writes lines of its own.
"""

import ast
import json
import re
import subprocess
import sys
import time

import hypothesis
import hypothesis.strategies as st
import pytest
from hypothesis import given

import cbor
import coap
from conftest import ROOT, environment
from holdfast.access import place
from holdfast.access.events import batch as event_batch
from holdfast.access.events import record as event_record
from holdfast.access.policy import operations
from holdfast_host.cli import demo_show, output, phone
from holdfast_host.credentials import issuing
from holdfast_host.demo.result import Promise, Result
from holdfast_host.site import site as sites
from host.cli.test_command import COMMANDS

BIDI = [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C]
ENDS = [0x0A, 0x0D, 0x85, 0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x2028, 0x2029]
UNSEEN = [0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD, 0x034F, 0x180E, 0x3164, 0xFE0F, 0xE0100]
TAGS = range(0xE0000, 0xE0080)
CONTROLS = [*range(0x20), *range(0x7F, 0xA0)]
HARMFUL = frozenset(map(chr, [*BIDI, *ENDS, *UNSEEN, *TAGS, *CONTROLS, *range(0xD800, 0xE000)]))
# As one name: a control sequence of each kind, and one of each of the rest.
NASTY = (
    "x\x1b[2J\x9b31m\x07\x7f\r\nholdfast: fine"
    "\u202e\u2066\u200f\u061c\u2028\u2029\u200b\ufe0f\U000e0041y"
)


def harm(text, ends="\n"):
    """What of ``text`` is harmful but the line ends of the command itself."""
    return sorted(HARMFUL.intersection(text) - set(ends))


@pytest.fixture
def clean(holdfast, tmp_path, monkeypatch):
    """``clean("events", "show", ...)``: it ran, and what it wrote is harmless."""
    monkeypatch.chdir(tmp_path)  # some commands make what they are given

    def run(*arguments):
        ran = holdfast(*arguments)
        assert not harm(ran.out), ran.out
        assert not harm(ran.err), ran.err
        return ran

    return run


@given(st.text(st.characters(), max_size=60))
def test_every_text_is_one_line_of_what_is_seen(text):
    """And what does no harm stays as it is."""
    shown = output.printable(text)
    assert not harm(shown, "") and shown.isprintable()
    if text.isprintable() and not harm(text, ""):
        assert shown == text


@given(st.text(st.sampled_from(sorted(HARMFUL) + list("aä\U0001f512 \\\"/")), max_size=30))
def test_json_says_the_same_when_it_is_read(text):
    """Machines get the name as it is. Two halves of a character side by side are one to JSON."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    hypothesis.assume(whole == text)
    value = {text: [text, {"a": text}], "b": 1}
    for indent in (None, 2):
        said = _said(value, indent)
        assert not harm(said) and json.loads(said) == value
        assert said.count("\n") == 1 or indent


def _said(value, indent):
    class Out:
        encoding = "utf-8"
        text = ""

        def write(self, text):
            self.text += text

        def flush(self):
            pass

    before, sys.stdout = sys.stdout, Out()
    try:
        output.say_json(value, indent)
        return sys.stdout.text
    finally:
        sys.stdout = before


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_json_is_json_on_a_terminal_of_few_letters(monkeypatch, encoding):
    """A name in Greek neither ends the command nor spoils what it says."""

    class Out:
        text = ""

        def write(self, text):
            self.text += text

        def flush(self):
            pass

    out = Out()
    out.encoding = encoding
    monkeypatch.setattr("sys.stdout", out)
    output.say_json({"holder": "Ωμέγα", "note": "\u202e"})
    assert json.loads(out.text.encode(encoding)) == {"holder": "Ωμέγα", "note": "\u202e"}


def test_json_has_no_number_that_json_does_not_have():
    """A reader's word for one must not pass through."""
    with pytest.raises(ValueError):
        output.say_json({"a": float("nan")})


def test_a_table_says_no_more_than_one_line_a_pair(capsys):
    """Also where a name is the stranger's."""
    output.say_table({NASTY: NASTY, "b": 1})
    output.say_rows(("a", "b"), [(NASTY, 1)])
    output.say_problem(NASTY, NASTY)
    output.say_parts((NASTY, "bold"), (NASTY, ""))
    said = capsys.readouterr()
    assert not harm(said.out + said.err)
    assert said.err.count("\n") == 2


def test_a_table_fits_its_screen_and_folds_no_time(capsys):
    """A time over two lines is read wrong; the widest other column gives way, and only as far as
    it must.
    """
    row = ("1", "2026-11-29 16:37:09+01:00", "lobby", "outside schedule", "Zoë " * 12, "late")
    heads = ("event", "time", "door", "what", "who or which", "")
    output.say_rows(heads, [row] * 3, whole=("event", "time"))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(row[1] in line for line in lines) == 3
    assert all("outside schedule" in line for line in lines if row[1] in line)


def test_rows_are_shown_as_they_come(capsys):
    """A hundred thousand events are not kept: a row goes with the thousand that it came with."""
    most = 0

    def rows():
        nonlocal most
        for number in range(3500):
            most = max(most, number - capsys_lines())
            yield (number, "x" * 200 if number == 3000 else "x")

    seen = 0

    def capsys_lines():
        nonlocal seen
        seen += capsys.readouterr().out.count("\n")
        return seen

    output.say_rows(("number", "what"), rows())
    assert most <= 1001
    assert "number" not in capsys.readouterr().out, "heads stand once"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_what_was_typed_is_told_harmlessly(clean, command):
    """A path that was pasted, or comes from a script: in every message that repeats it."""
    for nasty in (NASTY, "\udc9b2J", "\u202egpj.exe"):
        clean(*command, nasty)
        clean(*command, f"--{nasty}")
        clean(*command, "--json", nasty, "--site", nasty, "--door", nasty)


def test_a_forged_file_of_events(clean, tmp_path):
    """Whoever sends one by mail writes on the screen of who looks at it."""
    path = tmp_path / "forged.events"
    said = {"time": 1, "clock": "rtc", "uptime": 1, "holder": NASTY[:40]}
    raw = event_record.encode(0, 1, said) + bytes(16)
    made = event_batch.Batch((0, bytes(32)), None, (0, bytes(16)), (0, 1), [raw])
    path.write_bytes(made.encode())
    shown = clean("events", "show", path)
    assert shown.code == 0 and "\\x1b[2J\\x9b31m" in shown.out
    assert clean("events", "show", path, "--json").json["events"][0]["holder"] == NASTY[:40]


def test_a_strangers_credential(clean, tmp_path, site_folder, secret, grant):
    """A guest token says of itself who its holder is, and a phone cannot check it."""
    assert clean("phone", "enroll", tmp_path / "phone").code == 0
    key = cbor.decode((tmp_path / "phone" / "phone.pub").read_bytes())[-2]
    holder = "bob\u202eecila\u2069\u200b\U000e0041"
    made = grant(key, holder=holder, expires=int(time.time()) + 3600)
    zone_key = sites.load(site_folder).zone_key(secret, "lobby")
    path = tmp_path / "guest.cwt"
    path.write_bytes(issuing.guest_token(zone_key, "lobby", made))
    shown = clean("credential", "show", path)
    assert "bob\\u202eecila\\u2069\\u200b\\U000e0041" in shown.out
    assert clean("credential", "show", path, "--json").json["holder"] == holder
    taken = ["--credential", path, "--authority", site_folder / "authority.pub"]
    assert clean("phone", "enroll", tmp_path / "phone", *taken).code == 0
    assert clean("phone", "enroll", tmp_path / "phone", *taken, "--json").json["holder"] == holder


def test_a_policy_that_another_tool_signed(clean, site_folder, authority):
    """Boards have no tables of Unicode, so what is signed may say anything."""
    here = sites.load(site_folder)
    name = "gate\u202e\u2069"
    right = [[[place.DOOR, name], 1, None]]
    said = [[operations.DOOR, 9, name], [operations.GROUP, 3, right]]
    here.change_policy(authority, lambda state: said, int(time.time()))
    assert "gate\\u202e\\u2069" in clean("policy", "show", site_folder).out
    assert name in clean("policy", "show", site_folder, "--json").json["doors"]
    clean("policy", "group", site_folder, "4", "--door", "gat")


class Liar:
    """A reader that answers everything in the clear, with the same words."""

    round_trips = bytes_out = bytes_in = 0

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def request(self, message):
        return coap.Message(coap.code.FORBIDDEN, (), NASTY.encode())


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_reader_that_answers_in_control_sequences(clean, phone_folder, monkeypatch, options):
    """Whoever stands between phone and door can say so."""
    monkeypatch.setattr(phone.TcpLink, "connect", lambda *arguments, **named: Liar())
    to = ["--reader", "127.0.0.1:9", "--door", "front"]
    assert clean("phone", "unlock", phone_folder, *to, *options).code != 0


@pytest.fixture
def phone_folder(phone):
    return phone.folder


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_reader_that_logs_control_sequences(
    clean, reader_folder, tmp_path, monkeypatch, options
):
    """Its events, what else it prints, and why it ended."""
    script = tmp_path / "reader.py"
    lines = [
        json.dumps({"event": "ready", "doors": [NASTY], "site": NASTY, "port": 1, "policy": []}),
        json.dumps({"event": "access", "granted": False, "holder": NASTY, "reason": NASTY}),
        json.dumps({"event": "access", "granted": True, "holder": NASTY, "door": NASTY}),
        json.dumps({"hal": NASTY, NASTY: NASTY}),
        json.dumps({"event": NASTY, NASTY: {NASTY: [NASTY]}}),
        "no JSON \x1b[2J\x9b31m\u202e",
    ]
    script.write_text(
        f"#!{sys.executable}\nimport sys\nfor line in {lines!r}:\n"
        "    sys.stdout.buffer.write(line.encode() + b'\\n')\n"
    )
    script.chmod(0o755)
    monkeypatch.setenv("MICROPYTHON", str(script))
    ran = clean("reader", "run", reader_folder, *options)
    assert "does not run" in ran.err and "\\x9b31m" in ran.err
    if options:
        events = [json.loads(line) for line in ran.out.splitlines()]
        assert events[1]["holder"] == NASTY and events[4][NASTY] == {NASTY: [NASTY]}


def test_the_demo_shows_what_a_reader_told_harmlessly(capsys):
    """It speaks with attackers, and prints what it is told."""
    result = Result(Promise("a", True, NASTY), True, NASTY, NASTY, 1, 1, 1, (NASTY,))
    demo_show.line(result)
    demo_show.summary(1, 1, 1, 1, 1, [NASTY])
    assert not harm(capsys.readouterr().out)


def test_a_traceback_is_harmless(tmp_path, monkeypatch):
    """Whoever asks for it gets it, with the words of the stranger in it."""
    monkeypatch.setenv("HOLDFAST_TRACE", "1")
    program = (
        "import sys\nfrom holdfast_host import cli\nfrom holdfast_host.site import site\n"
        f"def fail(folder):\n    raise KeyError({NASTY!r})\n"
        "site.load = fail\nraise SystemExit(cli.main(['site', 'show', 'x']))\n"
    )
    path = tmp_path / "program.py"
    path.write_text(program)
    ran = subprocess.run(
        [sys.executable, path], capture_output=True, env=environment("cpython"), cwd=ROOT
    )
    said = ran.stderr.decode()
    assert ran.returncode == 1 and "Traceback" in said and "KeyError" in said
    assert not harm(said) and not ran.stdout


BY_THEMSELVES = ("sys.stdout.w", "sys.stderr.", "typer.echo", "typer.secho", "click.", "logging.")
WRITERS = re.compile(r"\b(print|Console|getpass|input)$")


def test_all_that_is_written_goes_one_way():
    """Else the next command writes by itself what it was told."""
    found = []
    for path in sorted((ROOT / "host_tools").rglob("*.py")):
        if path.name == "output.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                owner = ast.unparse(node.func)
                if WRITERS.search(name) or owner.startswith(BY_THEMSELVES):
                    found.append(f"{path.name}:{node.lineno}")
    assert found == []
