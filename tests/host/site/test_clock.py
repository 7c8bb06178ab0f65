"""The host's clock before it signs: held against when the site signed before.

A laptop an hour, a time zone or a year off puts its date into what it signs, and nobody takes that
back. What it can know is when the site signed something before.
"""

import json
import time

import pytest

from holdfast_host.cli import commands as every
from holdfast_host.cli import signing
from holdfast_host.site import clock, site

DAY = 86400
HOUR = 3600


@pytest.fixture
def laptop(monkeypatch):
    """``laptop(-3600)``: this computer's clock is an hour behind from now on."""
    real = time.time

    def put(ahead):
        monkeypatch.setattr(time, "time", lambda: real() + ahead)

    return put


@pytest.fixture
def phone_key(holdfast, tmp_path):
    assert holdfast("phone", "enroll", tmp_path / "alice").code == 0
    return tmp_path / "alice" / "phone.pub"


@pytest.fixture
def commands(site_folder, tmp_path, phone_key):
    """Each kind of thing that a site signs, as a person asks for it."""

    def out(name):
        return ["--out", tmp_path / f"{name}.out"]

    enroll = ["reader", "enroll", tmp_path / "board", "--site", site_folder, "--door", "front"]
    issue = ["credential", "issue", site_folder, "--holder", "bob", "--key", phone_key]
    return {
        "changeset": ["policy", "door", site_folder, "side"],
        "refresh": ["policy", "refresh", site_folder],
        "snapshot": ["policy", "snapshot", site_folder, *out("snapshot")],
        "export": ["policy", "export", site_folder, "--snapshot", *out("export")],
        "card": ["policy", "card", site_folder, "04a1b2c3", "--group", 7],
        "credential": [*issue, "--door", "front", *out("credential")],
        "guest": [*issue, "--guest", "--zone", "lobby", *out("guest")],
        "enrolment": [*enroll, "--node", "second"],
        "certificate": ["reader", "renew", site_folder, "reader", *out("certificate")],
        "revocation": ["reader", "revoke", site_folder, "reader"],
        "zone": ["site", "add-zone", site_folder, "garage"],
        "zone key": ["site", "rotate-zone", site_folder, "lobby"],
        "authority": ["site", "rotate-authority", site_folder],
    }


def as_it_is(folder):
    """All files of a site."""
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (60 * DAY, ["60 days before", "used to pauses of up to 14 days"]),
        (-2 * HOUR, ["later than that", "one of the two is wrong"]),
        (-60 * DAY, ["this program was made"]),
    ],
)
def test_nothing_is_signed_on_a_clock_that_cannot_be_right(
    office, holdfast, laptop, site_folder, commands, tmp_path, ahead, words
):
    """Whatever it is that would carry the date. Nothing has changed, and no file is written."""
    before = as_it_is(site_folder)
    laptop(ahead)
    for what, command in commands.items():
        failed = holdfast(*command).fails("--clock-is-right", "set this computer's clock", *words)
        assert failed.code == 1, what
        assert as_it_is(site_folder) == before, what
    assert not list(tmp_path.glob("*.out")) and not (tmp_path / "board").exists()
    asked = holdfast("policy", "card", site_folder, "04a1b2c3")
    assert asked.code == 0, "a question signs nothing"


def test_whoever_knows_better_says_so(office, holdfast, laptop, site_folder, commands):
    """Everything is signed then, and dates may go back: what is after what, numbers say."""
    laptop(60 * DAY)
    for what, command in commands.items():
        done = holdfast(*command, "--clock-is-right")
        assert done.code == 0, (what, done.err)
    laptop(0)
    holdfast(*commands["refresh"]).fails("60 days later than that")
    assert holdfast(*commands["refresh"], "--clock-is-right").code == 0
    history = site.load(site_folder).policy()
    assert history.issued[-1] < history.issued[-2] - 59 * DAY
    assert holdfast(*commands["refresh"]).code == 0, "it was said once, and that is enough"


def test_an_hour_ahead_is_found_out_when_the_clock_is_right_again(
    office, holdfast, laptop, policy
):
    """Nobody can see that a clock is an hour ahead: a change may come an hour after the last."""
    laptop(HOUR)
    assert policy("door", "side").code == 0
    laptop(0)
    policy("door", "yard").fails("60 minutes later", "--clock-is-right")


def test_a_few_minutes_are_nobodys_fault(office, laptop, policy):
    """Two computers of an administrator, and a time service that sets them now and then."""
    laptop(250)
    assert policy("door", "side").code == 0
    laptop(0)
    assert policy("door", "yard").code == 0


def test_credentials_alone_keep_a_site_going(
    office, holdfast, laptop, site_folder, phone_key, tmp_path
):
    """Groups are made once, people come now and then: nobody is asked for months, though the last
    changeset is long ago. What is asked every time is answered without reading.
    """
    issue = ["credential", "issue", site_folder, "--holder", "bob", "--key", phone_key]
    issue += ["--door", "front", "--out", tmp_path / "out", "--force"]
    for week in range(1, 9):
        laptop(week * 13 * DAY)
        assert holdfast(*issue).code == 0, week
    laptop(300 * DAY)
    holdfast(*issue).fails("pauses of up to 14 days")
    assert holdfast(*issue, "--clock-is-right").code == 0
    assert holdfast(*issue).code == 0, "once is enough"
    laptop(0)
    holdfast(*issue).fails("300 days later")
    assert holdfast(*issue, "--clock-is-right").code == 0
    assert holdfast(*issue).code == 0


def test_a_credential_from_a_wrong_clock_is_found_out_by_the_next_change(
    office, holdfast, laptop, site_folder, phone_key, tmp_path
):
    """It is in no changeset, so its date is kept beside them."""
    issue = ["credential", "issue", site_folder, "--holder", "bob", "--key", phone_key]
    laptop(10 * DAY)
    done = holdfast(*issue, "--door", "front", "--out", tmp_path / "out")
    assert done.code == 0
    laptop(0)
    office("door", "side").fails("10 days later")


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"version": 1, "number": 1}'])
def test_a_damaged_note_is_named(office, site_folder, content):
    """With what to do about it; the policy is none the worse."""
    (site_folder / clock.FILE).write_bytes(content)
    office("door", "side").fails("clock.json is damaged", "remove")
    (site_folder / clock.FILE).unlink()
    assert office("door", "side").code == 0


def test_a_note_from_before_the_last_changeset_says_nothing(office, site_folder):
    """The changeset says more: it is signed."""
    number = site.load(site_folder).policy().number
    clock.signed(site_folder, number - 1, 4_000_000_000)
    assert office("door", "side").code == 0
    clock.signed(site_folder, number + 1, 4_000_000_000)
    office("door", "yard").fails("days later")


def test_a_site_begins_on_a_clock_that_is_not_older_than_this_program(holdfast, laptop, tmp_path):
    """With an empty battery a laptop begins in 1970, and so would every date of the site."""
    laptop(-time.time())
    begin = ["site", "init", tmp_path / "new", "--name", "new"]
    holdfast(*begin).fails("this program was made", "--clock-is-right")
    assert not (tmp_path / "new").exists()
    assert holdfast(*begin, "--clock-is-right").code == 0


@pytest.mark.parametrize(
    ("dates", "days"),
    [
        ([], 14),
        ([100], 14),
        ([100, 101, 103], 14),
        ([100, 110, 111], 30),
        ([100, 200, 201], 300),
        ([100, 900, 901], 365),
        ([100, 160, 101, 102], 14),  # one day signed something sixty days ahead
        ([100, 160, 161, 101, 102], 14),
        ([100, 60, 101], 123),  # the first of these was signed on a clock that was ahead
    ],
)
def test_how_long_a_site_may_pause(dates, days):
    """Three times as long as it ever did, fourteen days at least, a year at most."""
    assert clock.reach([day * DAY for day in dates]) == days * DAY


def test_every_command_that_signs_can_be_told(holdfast):
    """Those that open the site's keys, but for those that only look. A new one is among them by
    itself.
    """
    found = set()

    def walk(some, path):
        for command in some.registered_commands:
            name = command.name or command.callback.__name__.replace("_", "-")
            if "passphrase_file" in command.callback.__annotations__:
                can = "clock_is_right" in command.callback.__annotations__
                found.add((f"{path}{name}", can))
        for group in some.registered_groups:
            walk(group.typer_instance, f"{path}{group.name} ")

    for name in every.COMMANDS:
        walk(every.application(name), f"{name} ")
    reading = {name for name, can in found if not can}
    assert {"credential show", "events show", "events verify", "people show"} <= reading
    assert all(name.split()[-1] in signing._ONLY_READ for name in reading)
    assert ("people import", True) in found
    assert len(found) > 20
    assert signing.now() > clock.BUILT


def test_the_note_is_what_it_says_it_is(office, holdfast, laptop, site_folder, tmp_path):
    """Its format is for whoever keeps backups."""
    laptop(8 * DAY)
    assert holdfast("policy", "snapshot", site_folder, "--out", tmp_path / "out").code == 0
    content = json.loads((site_folder / clock.FILE).read_text())
    number = site.load(site_folder).policy().number
    assert set(content) == {"version", "number", "signed"}
    assert (content["version"], content["number"]) == (1, number)
    assert abs(content["signed"] - time.time()) < 60
