"""``holdfast policy``: a facility manager's year, and the mistakes of its mornings."""

import io
import os
import time

import cbor2
import pytest

from holdfast.access import tag
from holdfast.access.policy import operations
from holdfast_host.credentials import issuing
from holdfast_host.errors import UsageProblem
from holdfast_host.policy import changes as policy_changes
from holdfast_host.policy.state import State
from holdfast_host.site import site

DAY = 86400


@pytest.fixture
def typed(monkeypatch):
    """``typed("2468")``: what standard input holds."""

    def put(text):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return put


@pytest.fixture
def state(site_folder):
    """``state()``: what the changesets come to now."""
    return lambda: site.load(site_folder).policy().state


def test_a_year_of_policy(policy, state, typed, secret, tmp_path):
    """Each change one signed changeset, and the whole readable at the end."""
    changes = [
        ("time-zone", "Europe/Berlin"),
        ("schedule", "office", "--weekly", "mon-thu 08:00-18:00", "--weekly", "fri 08:00-15:00"),
        ("holidays", "2026-12-26", "2026-12-25"),
        ("group", 7, "--door", "front", "--schedule", "office"),
        ("group", 7, "--zone", "lobby", "--add"),
        ("card", "04:A1:B2:C3", "--group", 7, "--until", "2099-01-01T00:00Z"),
        ("pin", "--group", 7),
        ("zone", "lobby", "--door", "front", "--door", "back"),
        ("revoke", "0011223344556677", "--expires", "2099-01-01T00:00Z"),
        ("watermark", "2026-01-01T00:00Z"),
        ("lockdown", "on", "--door", "front"),
        ("limits", "--grace-hours", 12),
    ]
    for number, change in enumerate(changes, 2):
        typed("2468\n")
        done = policy(*change, "--json")
        assert (done.code, done.err) == (0, ""), change
        assert done.json["changed"] is True and done.json["number"] == number, change
    lookup = secret.lookup_key(1)
    card = tag.card_key(lookup, tag.CARD, bytes.fromhex("04a1b2c3"))
    pin = tag.card_key(lookup, tag.PIN, b"2468")
    assert state().grants == {card: (7, 4070908800), pin: (7, None)}
    shown = policy("show", "--json").json
    assert shown["schedules"] == {
        "office": {"weekly": ["mon-thu 08:00-18:00", "fri 08:00-15:00"], "on_holidays": ""}
    }
    assert shown["holidays"] == ["2026-12-25", "2026-12-26"]
    assert shown["groups"]["7"]["rights"] == [
        {"place": "front", "permissions": 1, "schedule": "office"},
        {"place": "lobby", "permissions": 1, "schedule": None},
    ]
    assert (shown["cards_and_pins"], shown["groups"]["7"]["cards_and_pins"]) == (2, 2)
    assert shown["zones"] == {"lobby": ["back", "front"]}
    assert shown["revoked"] == {"0011223344556677": 4070908800}
    assert shown["watermark"] == 1767225600 and shown["lockdown"] == ["front"]
    assert shown["limits"] == {"grace_s": 43200, "retention_s": 129600, "max_uncertainty_s": 900}
    text = policy("show").out
    for words in (
        "UTC+01:00",
        "mon-thu 08:00-18:00",
        "2026-12-25",
        "cards and PINs: 2",
        "front (office)",
    ):
        assert words in text


def test_the_same_again_signs_nothing(office, typed):
    """A chain that grows for nothing is carried to every reader."""
    typed("2468\n2468\n")
    changes = [
        ("time-zone", "UTC"),
        ("schedule", "office", "--weekly", "mon,tue,wed-fri 8:00-12:00,12:00-18:00"),
        ("holidays", "--replace"),
        ("group", 7, "--door", "front", "--schedule", "office"),
        ("zone", "lobby"),
        ("lockdown", "off"),
        ("limits", "--grace-hours", 36),
    ]
    for change in changes:
        done = office(*change)
        assert done.code == 0 and "nothing to change" in done.out, change
        assert office(*change, "--json").json["changed"] is False
    for change in (
        ("card", "04a1", "--group", 7),
        ("pin", "--group", 7),
        ("revoke", "0011223344556677"),
        ("watermark", "2026-01-01"),
        ("lockdown", "on"),
        ("holidays", "2026-12-25"),
    ):
        assert office(*change, "--json").json["changed"] is True, change
        assert office(*change, "--json").json["changed"] is False, change


def test_a_card_is_not_given_twice_by_accident(office, state):
    """Somebody else may carry it; who means it says so."""
    assert office("card", "04a1b2c3", "--group", 7).code == 0
    assert office("group", 8, "--door", "back").code == 0
    office("card", "04a1b2c3", "--group", 8).fails("known already, in group 7", "--replace")
    office("card", "04a1b2c3", "--group", 7, "--until", "2099-01-01").fails("--replace")
    assert "group 7" in office("card", "04A1B2C3").out
    assert office("card", "04a1b2c3", "--group", 8, "--replace").code == 0
    assert [grant for grant in state().grants.values()] == [(8, None)]
    assert office("card", "04a1b2c3", "--remove").code == 0
    assert state().grants == {} and "is unknown" in office("card", "04a1b2c3").out


def test_a_box_of_cards_is_given_at_once(office, state, tmp_path):
    """One a line, in as few changesets as hold them; the same file again changes nothing."""
    cards = [f"{number:08x}" for number in range(200)]
    (tmp_path / "cards").write_text("\n".join(cards) + "\n\n")
    given = office("card", "--from", tmp_path / "cards", "--group", 7, "--json")
    assert given.json["count"] == 200 and len(state().grants) == 200
    assert 3 < given.json["number"] < 12
    again = office("card", "--from", tmp_path / "cards", "ffff", "--group", 7, "--json")
    assert again.json["number"] == given.json["number"] + 1 and len(state().grants) == 201
    (tmp_path / "cards").write_bytes(b"\xff\xfe")
    office("card", "--from", tmp_path / "cards", "--group", 7).fails("no text file")


@pytest.mark.parametrize("text", ["123", "", "12a4", "12345678901", "١٢٣٤", "12 34", "1234 "])
def test_what_is_no_pin_is_refused_and_not_shown(office, typed, state, text):
    """Three digits would be guessed by noon; and a mistyped PIN is close to the right one."""
    typed(text + "\n")
    refused = office("pin", "--group", 7).fails("no PIN", "4 to 10 digits")
    assert len(text) < 3 or text not in refused.err.replace("4 to 10", "")
    assert state().grants == {}


def test_a_pin_is_never_shown_nor_kept(office, typed, site_folder):
    """Not in what the command says, not in the policy, not in its arguments."""
    typed("86420975\n")
    given = office("pin", "--group", 7, "--json")
    assert given.code == 0 and "86420975" not in given.out + given.err
    for path in site_folder.rglob("*"):
        assert not path.is_file() or b"86420975" not in path.read_bytes()
    typed("86420975\n")
    assert "group 7" in office("pin").out
    typed("86420976\n")
    assert "is unknown" in office("pin").out
    typed("86420975\n")
    assert office("pin", "--remove").code == 0


def test_a_pin_is_typed_twice(office, monkeypatch, state):
    """One that nobody typed right opens for nobody, or for somebody else."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    answers = iter(["2468", "2469", "2468", "2468"])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(answers))
    office("pin", "--group", 7).fails("two PINs differ")
    assert state().grants == {}
    assert office("pin", "--group", 7).code == 0


def test_a_credential_file_is_revoked(office, state, tmp_path, authority, grant):
    """By its own id and until its own end; one that is not the site's is not touched."""
    now = int(time.time())
    token = tmp_path / "bob.cwt"
    made = grant(os.urandom(32), cti=b"revokeme", expires=now + 5 * DAY)
    token.write_bytes(issuing.holder_credential(authority.signing_key, made))
    assert office("revoke", token).code == 0
    assert state().revocations == {b"revokeme": now + 5 * DAY}
    office("revoke", token, "--expires", "2099-01-01").fails("leave out --expires")
    altered = bytearray(token.read_bytes())
    altered[-1] ^= 1
    token.write_bytes(altered)
    office("revoke", token).fails("altered")
    other = grant(os.urandom(32), site="globex")
    token.write_bytes(issuing.holder_credential(authority.signing_key, other))
    office("revoke", token).fails("site 'globex'")
    token.write_bytes(b"noise")
    office("revoke", token).fails("no credential")


def test_more_revocations_than_a_reader_keeps_are_refused(site_folder, authority):
    """Each reader would refuse the 257th: here it is said, with what helps."""
    now = int(time.time())
    here = site.load(site_folder)

    def many(state):
        made = []
        for number in range(256):
            end = now + (10 if number < 10 else DAY)
            made += policy_changes.revoke(state, number.to_bytes(8, "big"), end, now)
        return made

    here.change_policy(authority, many, now)
    with pytest.raises(UsageProblem, match="256") as refused:
        policy_changes.revoke(here.policy().state, b"one more", now + DAY, now)
    assert "watermark" in refused.value.next_step
    later = now + 11  # when ten of them have expired

    def one_more(state):
        return policy_changes.revoke(state, b"one more", later + DAY, later)

    history, added = here.change_policy(authority, one_more, later)
    assert added == 1 and len(history.state.revocations) == 247


def test_more_cards_than_a_reader_keeps_are_refused(monkeypatch):
    """Readers would stay behind for good at that changeset; cards that have ended make way."""
    monkeypatch.setattr(policy_changes, "MOST_GRANTS", 5)
    now = 1_800_000_000
    state = State(groups={7: []}, grants={bytes([n] * 8): (7, None) for n in range(3)})
    state.grants[b"over now"] = (7, now)
    some = {bytes([n] * 8): "a card" for n in (2, 8, 9)}
    made = policy_changes.grant(state, some, 7, now + 1, now=now, replace=True)
    assert made[0] == [operations.GRANT, b"over now", False] and len(made) == 4
    for operation in made:
        state.apply(operation)
    assert len(state.grants) == 5
    with pytest.raises(UsageProblem, match="no room for 1 more"):
        policy_changes.grant(state, {b"one more": "it"}, 7, None, now=now, replace=False)
    replaced = policy_changes.grant(state, some, 7, None, now=now, replace=True)
    assert len(replaced) == 3


def test_more_rights_than_a_reader_keeps_are_refused(monkeypatch):
    """A group without rights takes room too."""
    monkeypatch.setattr(policy_changes, "MOST_RIGHTS", 3)
    state = State(groups={1: [["a", 1, None]], 2: []})
    assert policy_changes.set_group(state, 3, [["a", 1, None]])
    assert policy_changes.set_group(state, 1, [["a", 1, None], ["b", 1, None]])
    with pytest.raises(UsageProblem, match="keeps 3"):
        policy_changes.set_group(state, 3, [["a", 1, None], ["b", 1, None]])


def test_lockdown_of_all_and_of_some(office, state):
    """What is off after on is what was asked, and no more."""
    office("lockdown", "on", "--door", "front", "--door", "back", "--zone", "lobby")
    office("lockdown", "off", "--door", "back")
    assert state().locked_down == {"front", "lobby"}
    office("lockdown", "on")
    assert state().locked_down is True and "ALL DOORS" in office("show").out
    assert office("show", "--json").json["lockdown"] is True
    office("lockdown", "off", "--door", "front").fails("whole site is locked down")
    office("lockdown", "off")
    assert state().locked_down == frozenset()


def test_a_group_that_is_removed_leaves_cards_without_rights(office, state):
    """Shown, so that nobody wonders."""
    office("card", "04a1", "--group", 7)
    assert office("group", 7, "--remove").code == 0
    assert state().groups == {} and len(state().grants) == 1
    assert "nothing; cards and PINs: 1" in office("show").out
    assert "opens nothing" in office("card", "04a1").out
    assert office("schedule", "office", "--remove").code == 0


def test_a_credential_may_be_bound_to_a_schedule(holdfast, office, site_folder, tmp_path):
    """One that the policy has: a reader refuses whoever is bound to another."""
    issue = ["credential", "issue", site_folder, "--holder", "bob", "--key", "09" + "00" * 31]
    issue += ["--door", "front", "--out", tmp_path / "bob.cwt"]
    holdfast(*issue, "--schedule", "night").fails("no schedule 'night'", "office")
    assert not (tmp_path / "bob.cwt").exists()
    issued = holdfast(*issue, "--schedule", "office", "--needs-clock", "--json")
    assert issued.code == 0
    claims = cbor2.loads(cbor2.loads((tmp_path / "bob.cwt").read_bytes()).value[2])
    assert (claims[-65538], claims[-65540]) == ("office", 1)
    assert holdfast(*issue).code == 0
    claims = cbor2.loads(cbor2.loads((tmp_path / "bob.cwt").read_bytes()).value[2])
    assert -65538 not in claims and -65540 not in claims


def test_a_wrong_passphrase_changes_nothing(office, site_folder, monkeypatch):
    """And what needs none goes on."""
    before = site.load(site_folder).policy().number
    monkeypatch.setenv("HOLDFAST_PASSPHRASE", "wrong horse battery")
    office("lockdown", "on").fails("passphrase does not open")
    office("card", "04a1", "--group", 7).fails("passphrase does not open")
    office("snapshot", "-o", "x").fails("passphrase does not open")
    monkeypatch.delenv("HOLDFAST_PASSPHRASE")
    office("lockdown", "on").fails("passphrase", "--passphrase-file")
    assert office("show").code == 0 and site.load(site_folder).policy().number == before
