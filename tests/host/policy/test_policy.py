"""``holdfast policy``: a facility manager's year, and the mistakes of its mornings."""

import os
import time

import cbor2
import pytest

from holdfast.access import tag
from holdfast.access.policy import changeset, operations
from holdfast_host.credentials import issuing
from holdfast_host.errors import UsageProblem
from holdfast_host.policy import changes as policy_changes
from holdfast_host.policy.revocations import Revocation
from holdfast_host.policy.state import Grant, State
from holdfast_host.site import site

DAY = 86400


def test_a_year_of_policy(policy, state, typed, secret, tmp_path):
    """Each change one signed changeset, and the whole readable at the end."""
    changes = [
        ("time-zone", "Europe/Berlin"),
        ("door", "back"),
        ("schedule", "office", "--weekly", "mon-thu 08:00-18:00", "--weekly", "fri 08:00-15:00"),
        ("holidays", "2098-12-26", "2098-12-25"),
        ("holidays", "12-24", "--kind", "2"),
        ("group", 7, "--door", "front", "--schedule", "office"),
        ("group", 7, "--zone", "lobby", "--add"),
        ("card", "04:A1:B2:C3", "--group", 7, "--until", "2099-01-01T00:00Z"),
        ("pin", "--group", 7),
        ("zone", "lobby", "--door", "front", "--door", "back"),
        ("revoke", "0011223344556677", "--expires", "2099-01-01T00:00Z"),
        ("watermark", "2026-01-01T00:00Z"),
        ("lockdown", "on", "--door", "front"),
        ("limits", "--grace-hours", 12, "--knowledge", "7d"),
        ("refresh",),
    ]
    begin = policy("show", "--json").json["number"]
    for number, change in enumerate(changes, begin + 1):
        typed("2468\n")
        done = policy(*change, "--json")
        assert (done.code, done.err) == (0, ""), change
        assert done.json["changed"] is True and done.json["number"] == number, change
    lookup = secret.lookup_key(1)
    card = tag.card_key(lookup, tag.CARD, bytes.fromhex("04a1b2c3"))
    pin = tag.card_key(lookup, tag.PIN, b"2468")
    assert state().grants == {card: {7: Grant(4070908800)}, pin: {7: Grant()}}
    shown = policy("show", "--json").json
    assert shown["schedules"] == {
        "office": {"weekly": ["mon-thu 08:00-18:00", "fri 08:00-15:00"], "on_holidays": []}
    }
    assert shown["holidays"] == ["2098-12-25", "2098-12-26", "12-24 (kind 2)"]
    assert shown["groups"]["7"]["rights"] == [
        {"door": "front", "permissions": 1, "schedule": "office"},
        {"zone": "lobby", "permissions": 1, "schedule": None},
    ]
    assert (shown["cards_and_pins"], shown["groups"]["7"]["cards_and_pins"]) == (2, 2)
    assert shown["doors"] == {"front": 0, "back": 1}
    assert shown["zones"] == {"lobby": ["back", "front"]}
    assert shown["revoked"] == {"0011223344556677": 4070908800}
    assert shown["watermark"] == 1767225600 and shown["lockdown"] == [{"door": "front"}]
    assert shown["limits"] == {
        "grace_s": 43200,
        "max_uncertainty_s": 900,
        "knowledge_s": 7 * DAY,
        "certificate_days": 730,
        "wrong_pins_a_day": 10,
    }
    text = policy("show").out
    for words in (
        "UTC+01:00",
        "mon-thu 08:00-18:00",
        "2098-12-25",
        "cards and PINs: 2",
        "front (office)",
    ):
        assert words in text


def test_holidays_that_are_over_cost_nothing(office, state):
    """Last year's list takes no room of this year's, and pasting all of a year is no mistake."""
    now = int(time.time())
    dates = [time.strftime("%Y-%m-%d", time.gmtime(now + DAY * off)) for off in range(-100, 97)]
    office("holidays", *dates, "12-25", "--json").fails("holidays, and a reader keeps 96")
    done = office("holidays", *dates[:-4], "--json").json
    assert done["over"] == dates[:98] and done["holidays"] == dates[98:-4]
    again = office("holidays", dates[5])
    assert "nothing to change" in again.out and f"left out: {dates[5]}" in again.out
    assert office("show", "--json").json["holidays"] == dates[98:-4]
    # A month later: what is over needs no changeset to be gone, and makes room.
    later = now + 30 * DAY
    held = state()
    assert policy_changes.set_holidays(held, dict(list(held.holidays.items())[28:]), later) == []
    more = {**held.holidays, **{now // DAY + 200 + day: 2 for day in range(20)}}
    ((_, listed),) = policy_changes.set_holidays(held, more, later)
    assert [day for day, _ in listed] == sorted(day for day in more if day >= later // DAY - 2)
    with pytest.raises(UsageProblem, match="115 holidays"):
        policy_changes.set_holidays(held, more, now)


def test_who_closes_at_23_59_gets_a_hint(office):
    """It is signed as it was written, and said."""
    late = ("--weekly", "fri 18:00-23:59", "--on-holidays", "20:00-23:59")
    done = office("schedule", "late", *late)
    assert done.code == 0 and "signed as changeset" in done.out
    assert "hint: 18:00-23:59 leaves out the minute before midnight" in done.out
    done = office("schedule", "late", "--weekly", "fri 18:00-23:59", "--json").json
    assert done["changed"] and done["hints"][0].endswith("until midnight is 18:00-24:00")
    assert office("schedule", "late", "--weekly", "fri 18:00-24:00", "--json").json["hints"] == []


def test_the_same_again_signs_nothing(office, typed):
    """A chain that grows for nothing is carried to every reader."""
    typed("2468\n2468\n")
    changes = [
        ("time-zone", "UTC"),
        ("schedule", "office", "--weekly", "mon,tue,wed-fri 8:00-12:00,12:00-18:00"),
        ("holidays", "--replace"),
        ("group", 7, "--door", "front", "--schedule", "office"),
        ("zone", "lobby", "--door", "front"),
        ("door", "front", "--zone", "lobby"),
        ("lockdown", "off"),
        ("limits", "--grace-hours", 36),
    ]
    for change in changes:
        done = office(*change)
        assert done.code == 0 and "nothing to change" in done.out, change
        assert office(*change, "--json").json["changed"] is False
    for change in (
        ("card", "04a1", "--group", 7),
        ("revoke", "0011223344556677"),
        ("watermark", "2026-01-01"),
        ("lockdown", "on"),
        ("holidays", "2098-12-25"),
    ):
        assert office(*change, "--json").json["changed"] is True, change
        assert office(*change, "--json").json["changed"] is False, change


def test_a_credential_file_is_revoked(office, state, tmp_path, authority, grant):
    """By its own id and until its own end; one that is not the site's is not touched."""
    now = int(time.time())
    token = tmp_path / "bob.cwt"
    made = grant(os.urandom(32), cti=b"revokeme", expires=now + 5 * DAY)
    token.write_bytes(issuing.holder_credential(authority.signing_key, made))
    assert office("revoke", token).code == 0
    assert state().revoked.entries == {b"revokeme": Revocation(now + 5 * DAY, made.issued_at)}
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
            end = now + (10 if number < 10 else 9 * DAY)
            made += policy_changes.revoke(state, number.to_bytes(8, "big"), end, now)
        return made

    here.change_policy(authority, many, now)
    with pytest.raises(UsageProblem, match="256") as refused:
        policy_changes.revoke(here.policy().state, b"one more", now + 9 * DAY, now)
    assert "watermark" in refused.value.next_step
    later = now + 2 * DAY  # when ten of them have expired

    def one_more(state):
        return policy_changes.revoke(state, b"one more", later + 9 * DAY, later)

    history, added = here.change_policy(authority, one_more, later)
    assert added == 1 and len(history.state.revoked.entries) == 247
    assert now < history.state.revoked.dropped <= later


def test_more_rights_than_a_reader_keeps_are_refused(monkeypatch):
    """A group without rights takes room too."""
    monkeypatch.setattr(policy_changes, "MOST_RIGHTS", 3)
    a, b = [[1, "a"], 1, None], [[1, "b"], 1, None]
    state = State(doors={0: "a", 1: "b"}, groups={1: [a], 2: []})
    assert policy_changes.set_group(state, 3, [a])
    assert policy_changes.set_group(state, 1, [a, b])
    with pytest.raises(UsageProblem, match="keeps 3"):
        policy_changes.set_group(state, 3, [a, b])


def test_doors_have_numbers_that_are_taken_again(office, state):
    """A door that is gone leaves nothing to the next that gets its number."""
    assert office("door", "side", "--zone", "lobby").code == 0
    assert state().doors == {0: "front", 1: "back", 2: "side"}
    assert office("lockdown", "on", "--door", "back").code == 0
    assert office("door", "back", "--remove").code == 0
    assert office("door", "attic").code == 0
    assert state().doors == {0: "front", 1: "attic", 2: "side"}
    assert not state().locked_places and state().doors_in("lobby") == ["front", "side"]
    assert office("zone", "lobby", "--door", "attic", "--add").code == 0
    assert state().zones == {"lobby": frozenset((0, 1, 2))}
    assert office("zone", "lobby", "--empty").code == 0 and state().zones == {"lobby": frozenset()}


def test_a_door_that_something_names_is_not_removed(office):
    """Said with what names it: a group's right at a door nobody knows would open nothing."""
    office("door", "front", "--remove").fails("group 7", "zone lobby")
    assert office("zone", "lobby", "--empty").code == 0
    office("door", "front", "--remove").fails("group 7")
    assert office("group", 7, "--remove").code == 0
    assert office("door", "front", "--remove").code == 0
    office("door", "front", "--remove").fails("no door 'front'")


def test_a_site_has_256_doors_and_no_more():
    """Their numbers are a byte."""
    state = State(doors={number: f"d{number}" for number in range(256) if number != 99})
    assert policy_changes.add_door(state, "last") == [[operations.DOOR, 99, "last"]]
    state.doors[99] = "last"
    assert policy_changes.add_door(state, "last") == []
    with pytest.raises(UsageProblem, match="256 doors"):
        policy_changes.add_door(state, "one more")


def test_a_door_and_a_zone_may_have_one_name(office, state):
    """A place says which of the two it is."""
    assert office("door", "lobby").code == 0
    assert office("group", 8, "--door", "lobby").code == 0
    assert office("group", 8, "--zone", "lobby", "--add", "--schedule", "office").code == 0
    assert state().groups[8] == [[[1, "lobby"], 1, None], [[2, "lobby"], 1, "office"]]
    assert office("lockdown", "on", "--zone", "lobby").code == 0
    assert state().locked_places == [(2, "lobby")]
    assert "lobby (always), zone lobby (office)" in office("show").out


@pytest.mark.parametrize(
    "command",
    [
        ("group", 8, "--door"),
        ("lockdown", "on", "--door"),
        ("lockdown", "off", "--door"),
        ("zone", "lobby", "--door"),
    ],
)
@pytest.mark.parametrize("name", ["frnt", "FRONT", "front2", "lobby"])
def test_a_door_that_nobody_knows_is_refused(office, state, command, name):
    """A lockdown of a door with a slip in its name would be a door that stays open."""
    office(*command, name).fails(f"no door {name!r}", *([] if name == "lobby" else ["'front'"]))


def test_whoever_has_no_bound_on_what_is_old_is_told(policy):
    """Else a card that was taken back opens a door that is cut off for ever, and nobody knew."""
    assert "goes on opening a door that is cut off, without bound" in policy("show").out
    assert policy("limits", "--knowledge", "36h").code == 0
    shown = policy("show").out
    assert "without bound" not in shown and "for 36 h after" in shown
    assert policy("limits", "--knowledge", "none").code == 0
    assert "without bound" in policy("show").out
    for text in ("7", "0d", "-1d", "7w", "9999d", "", "٣d"):
        policy("limits", "--knowledge", text).fails("no length of time")


def test_nothing_is_signed_anew_when_it_is_asked_for(policy, state, site_folder):
    """An empty changeset says that nothing was taken back; --past takes a restored site ahead."""
    before = state()
    number = site.load(site_folder).policy().number
    assert policy("refresh", "--json").json["number"] == number + 1
    history = site.load(site_folder).policy()
    assert changeset.parse(history.changesets[-1]).operations == [] and history.state == before
    past = number + 5
    assert policy("refresh", "--past", past, "--json").json["number"] == past + 1
    assert policy("refresh", "--past", number, "--json").json["number"] == past + 2
    policy("refresh", "--past", 60000).fails("changesets", "reader said")


def test_lockdown_of_all_and_of_some(office, state):
    """What is off after on is what was asked, and no more."""
    office("lockdown", "on", "--door", "front", "--door", "back", "--zone", "lobby")
    office("lockdown", "off", "--door", "back")
    assert state().locked_places == [(1, "front"), (2, "lobby")]
    office("lockdown", "on")
    assert state().is_locked and "ALL DOORS" in office("show").out
    assert office("show", "--json").json["lockdown"] is True
    office("lockdown", "off", "--door", "front").fails("whole site is locked down")
    office("lockdown", "off")
    assert not state().is_locked and not state().locked_places


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
    assert holdfast(*issue, "--force").code == 0
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
