"""What is promised of every command, held by walking all of them: a new one is held, too.

Help that fits a terminal beside the editor, with a line to paste and how it can end; JSON for
machines, of what goes wrong as well; nothing that is there written over; no unknown name believed.
"""

import shlex

import pytest

from host.cli.every_command import every, everything, options, parameters

NARROW = 60

# Parameters that are paths. A new one has to be put where it belongs.
READ = {
    "qr_reader",
    "folder", "site", "paths", "file", "passphrase_file", "uid_file", "listed", "policy",
    "certificate", "acknowledge", "credential", "authority", "devices", "phone", "list_file",
    "values", "vectors", "enrolment", "paid_until", "firmware", "network",
}  # fmt: skip
WRITTEN = {"out", "events", "take_policy", "pins_to", "into"}

# Names of doors, zones and the like that are new where they are given: what such a name is of
# comes to be by it. All others are checked.
NEW = {
    ("site", "init", "zone"), ("site", "add-zone", "zone"), ("policy", "door", "name"),
    ("policy", "schedule", "name"), ("reader", "enroll", "node"), ("board", "provision", "node"),
}  # fmt: skip


@pytest.mark.parametrize("path", everything(), ids=" ".join)
def test_its_help(holdfast, path, monkeypatch):
    """60 columns, an example, how it ends; by -h, too."""
    for columns in ("60", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        shown = holdfast(*path, "-h")
        assert (shown.code, shown.err) == (0, "")
        assert max(map(len, shown.out.splitlines())) <= NARROW
        commands = shown.out.partition("\nCommands:\n")[2].partition("\nExample")[0]
        assert "..." not in commands, "a sentence is cut"
    assert shown.out == holdfast(*path, "--help").out
    assert "\nExample" in shown.out and "\nExit codes:\n  0 " in shown.out
    for code in ("1", "2", "130"):
        assert f"\n  {code} " in shown.out


@pytest.mark.parametrize("path", everything(), ids=" ".join)
def test_its_example_is_a_command(holdfast, path):
    """One that names an option of last year helps nobody."""
    shown = holdfast(*path, "--help").out
    section = shown.split("\nExample", 1)[1].split("\nExit codes", 1)[0]
    lines = section.partition("\n")[2].replace("\\\n", " ").strip().splitlines()
    assert lines
    for line in lines:
        words = shlex.split(line)
        assert words[0] == "holdfast"
        named = max((one for one in every() if words[1 : 1 + len(one)] == list(one)), key=len)
        assert named[: len(path)] == path
        given = [word for word in words if word.startswith("-")]
        assert set(given) <= options(every()[named]), line


@pytest.mark.parametrize("path", every(), ids=" ".join)
def test_it_has_an_output_for_machines(path):
    """And its paths are known to be read, or to be written with care."""
    command = every()[path]
    assert "--json" in options(command)
    for one in command.params:
        if "path" in str(one.type_descriptor.annotation).lower():
            assert one.name in READ | WRITTEN, f"is {one.name} of {path} read or written?"


@pytest.mark.parametrize("path", every(), ids=" ".join)
def test_its_errors_are_for_machines_too(holdfast, path, tmp_path, monkeypatch):
    """What is wrong with the line itself, and what is wrong with what it names: one object."""
    monkeypatch.chdir(tmp_path)
    # Below a file there can be nothing, and nothing can be made there.
    (tmp_path / "file").write_text("")
    wanted = [one for one in every()[path].params if one.param_type_name == "argument"]
    nowhere = [tmp_path / "file" / "x" for one in wanted if one.required]
    for line in (["--no-such-option"], *([nowhere] if nowhere else [])):
        refused = holdfast(*path, *line, "--json")
        assert refused.json.keys() == {"error", "next", "code"}, refused.out
        assert refused.json["error"] and refused.json["next"]
        assert refused.json["code"] == refused.code != 0
    assert (tmp_path / "file").read_text() == ""


def test_what_cannot_be_had_again_has_no_force():
    """Events, drawn PINs, contexts and keys."""
    forced = {path for path, one in every().items() if "--force" in options(one)}
    assert {("policy", "export"), ("credential", "issue"), ("people", "export")} <= forced
    for path in (("phone", "carry"), ("phone", "coap-credentials"), ("people", "import")):
        assert path not in forced
    for path, one in every().items():
        assert path not in forced or {"out", "into"} & parameters(one)


@pytest.fixture
def site_with_phone(holdfast, site_folder, tmp_path):
    assert holdfast("phone", "enroll", tmp_path / "phone").code == 0
    made = holdfast("people", "import", site_folder, _list(tmp_path))
    assert made.code == 0, made.err
    return site_folder


def _list(folder):
    path = folder / "staff.csv"
    path.write_text("name,cards,pin\nZoe,04a1b2c3,yes\n")
    return path


def _writers(site, folder):
    """How each command that writes a file is called, but for the file."""
    key = ["--key", folder / "phone" / "phone.pub"]
    carry = ["phone", "carry", folder / "phone", "--reader", "127.0.0.1:9", "--door", "front"]
    return {
        ("policy", "export", "out"): ["policy", "export", site, "-o"],
        ("policy", "snapshot", "out"): ["policy", "snapshot", site, "-o"],
        ("people", "export", "out"): ["people", "export", site, "-o"],
        ("people", "import", "pins_to"): [
            "people", "import", site, folder / "staff.csv", "--pins-to"
        ],
        ("people", "phone-lost", "out"): ["people", "phone-lost", site, "Zoe", *key, "-o"],
        ("credential", "issue", "out"): [
            "credential", "issue", site, "--holder", "b", *key, "--door", "front", "--out"
        ],
        ("events", "export", "out"): ["events", "export", folder / "e", "--site", site, "-o"],
        ("events", "report", "out"): ["events", "report", folder / "e", "--site", site, "-o"],
        ("reader", "renew", "out"): ["reader", "renew", site, "reader", "-o"],
        ("phone", "carry", "events"): [*carry, "--events"],
        ("phone", "carry", "take_policy"): [*carry, "--take-policy"],
        ("phone", "coap-credentials", "out"): [
            "phone", "coap-credentials", folder / "phone", "--node", "127.0.0.1:9", "-o"
        ],
    }  # fmt: skip


# Folders of the caller's choice, in which the names are ours: into them only new files go
# (credentials/test_many.py, lan/test_commands.py).
FOLDERS = {
    ("events", "pull", "out"), ("credential", "issue", "into"), ("credential", "renew", "into"),
    ("phone", "page", "out"),
}  # fmt: skip


def test_nothing_is_written_over(holdfast, site_with_phone, tmp_path):
    """A slip of the keyboard is the authority's key, the register, the flash of a reader; and with
    --force it is so, too.
    """
    site = site_with_phone
    rows = _writers(site, tmp_path)
    flash = tmp_path / "board" / "flash.img"
    flash.parent.mkdir()
    flash.write_bytes(b"\xff" * 4096)
    changeset = next((site / "policy").iterdir())
    dear = [
        site / "authority.key", site / "site.secret", site / "site.json", site / "register.db",
        changeset, flash, tmp_path / "phone" / "phone.key", tmp_path / "staff.csv",
    ]  # fmt: skip
    for path, command in every().items():
        for name in sorted(WRITTEN & parameters(command)):
            if (*path, name) in FOLDERS:
                continue
            assert (*path, name) in rows, f"say here how {path} is called with {name}"
            for one in dear:
                named = one
                if path in {("people", "export"), ("events", "export")}:
                    named = one.with_suffix(".csv")
                    if not named.exists():
                        named.write_bytes(one.read_bytes())
                before = named.read_bytes()
                for force in [[], ["--force"]][: 2 if "--force" in options(command) else 1]:
                    refused = holdfast(*rows[(*path, name)], named, *force, "--json")
                    refused.fails("is there already")
                    assert refused.json["code"] == 1
                    assert named.read_bytes() == before


NAMED = {
    "door": "--door", "zone": "--zone", "schedule": "--schedule", "node": "--node",
}  # fmt: skip


def _checkers(site, folder):
    """How each command that takes a name of the policy is called, with a slip in the name."""
    key = ["--holder", "b", "--key", folder / "phone" / "phone.pub", "--out", folder / "b"]
    state = folder / "new"
    return {
        ("policy", "group", "door"): ["policy", "group", site, 8, "--door", "frent"],
        ("policy", "group", "zone"): ["policy", "group", site, 8, "--zone", "loby"],
        ("policy", "group", "schedule"): [
            "policy", "group", site, 8, "--door", "front", "--schedule", "ofice"
        ],
        ("policy", "door", "zone"): ["policy", "door", site, "new", "--zone", "loby"],
        ("policy", "zone", "name"): ["policy", "zone", site, "loby", "--door", "front"],
        ("policy", "zone", "door"): ["policy", "zone", site, "lobby", "--door", "frent"],
        ("policy", "unlocked", "door"): [
            "policy", "unlocked", site, "frent", "--schedule", "office"
        ],
        ("policy", "unlocked", "schedule"): [
            "policy", "unlocked", site, "front", "--schedule", "ofice"
        ],
        ("policy", "carrier", "door"): ["policy", "carrier", site, "wall", "--door", "frent"],
        ("policy", "lockdown", "door"): ["policy", "lockdown", site, "on", "--door", "frent"],
        ("policy", "lockdown", "zone"): ["policy", "lockdown", site, "on", "--zone", "loby"],
        ("site", "rotate-zone", "zone"): ["site", "rotate-zone", site, "loby"],
        ("credential", "issue", "door"): ["credential", "issue", site, *key, "--door", "frent"],
        ("credential", "issue", "zone"): ["credential", "issue", site, *key, "--zone", "loby"],
        ("credential", "issue", "schedule"): [
            "credential", "issue", site, *key, "--door", "front", "--schedule", "ofice"
        ],
        ("reader", "enroll", "door"): [
            "reader", "enroll", state, "--site", site, "--door", "frent"
        ],
        ("board", "provision", "door"): [
            "board", "provision", "/dev/null", "--site", site, "--door", "frent"
        ],
        ("board", "provision", "zone"): [
            "board", "provision", "/dev/null", "--site", site, "--door", "front", "--zone", "loby"
        ],
        ("reader", "enroll", "zone"): [
            "reader", "enroll", state, "--site", site, "--door", "front", "--zone", "loby"
        ],
        ("reader", "enroll", "other_door"): [
            "reader", "enroll", state, "--site", site, "--door", "front", "--role", "controller",
            "--other-door", "frant"
        ],
        ("reader", "renew", "node"): ["reader", "renew", site, "reeder", "-o", folder / "c"],
        ("reader", "revoke", "node"): ["reader", "revoke", site, "reeder"],
        ("events", "show", "door"): ["events", "show", folder / "e", "--site", site,
                                     "--door", "frent"],
        ("events", "export", "door"): ["events", "export", folder / "e", "--site", site,
                                       "--door", "frent", "-o", folder / "e.csv"],
        ("events", "report", "door"): ["events", "report", folder / "e", "--site", site,
                                       "--door", "frent", "-o", folder / "e.html"],
    }  # fmt: skip


# Names that a phone says, which has no register; and what the nodes of a LAN are asked by.
ELSEWHERE = {"phone", "nodes", "doctor", "clear-tamper"}


def test_no_unknown_name_is_believed(holdfast, site_with_phone, tmp_path, policy):
    """``lockdown on --door frent`` said that the lockdown was on, and the door stayed open."""
    assert policy("schedule", "office", "--weekly", "mon-fri 08:00-18:00").code == 0
    rows = _checkers(site_with_phone, tmp_path)
    before = sorted(one.name for one in (site_with_phone / "policy").iterdir())
    for path, command in every().items():
        for one in command.params:
            wanted = one.name in ("door", "zone", "schedule", "other_door") or (
                one.name == "node" and path[0] == "reader"
            )
            key = (*path, one.name)
            if not wanted or key in NEW or path[0] in ELSEWHERE:
                continue
            if one.name == "schedule" and path == ("policy", "schedule"):
                continue
            assert key in rows, f"say here how {path} refuses an unknown {one.name}"
    for key, row in rows.items():
        refused = holdfast(*row, "--json").fails("the nearest is")
        assert refused.json["code"] == 1, key
    assert sorted(one.name for one in (site_with_phone / "policy").iterdir()) == before


def test_a_door_to_come_is_said_to_be_one(holdfast, site_with_phone, state, policy):
    """--new, where the name is nearly one that there is."""
    policy("group", 8, "--door", "front2").fails("the nearest is 'front'")
    assert policy("group", 8, "--door", "front2", "--new").code == 0
    assert "front2" in state().doors.values()
    assert state().groups[8][0][0] == [1, "front2"]


def test_a_group_with_people_in_it_is_not_removed_unasked(policy):
    """Whoever is in it would stand outside."""
    assert policy("group", 7, "--door", "front").code == 0
    assert policy("card", "04ffeedd", "--group", 7).code == 0
    refused = policy("group", 7, "--remove").fails("1 card or PIN is in group 7", "--yes")
    assert refused.code == 1
    assert policy("group", 7, "--remove", "--yes").code == 0
    assert policy("group", 8, "--door", "front").code == 0
    assert policy("group", 8, "--remove").code == 0, "nobody is in it"


def test_a_pin_that_somebody_has_is_taken(policy, typed, state):
    """Two people with one PIN are one person in every event; and whose it is is not told."""
    assert policy("group", 7, "--door", "front").code == 0
    typed("135790\n")
    assert policy("pin", "--group", 7).code == 0
    number = state()
    typed("135790\n")
    refused = policy("pin", "--group", 7, "--json").fails("taken", "--draw")
    assert refused.json["code"] == 1 and state().grants == number.grants
    assert "135790" not in refused.out + refused.err
