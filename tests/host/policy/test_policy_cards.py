"""``holdfast policy card`` and ``pin``: who has what of which groups, and slips of mornings."""

import dataclasses

import pytest

from holdfast.access.policy import operations
from holdfast_host.errors import UsageProblem
from holdfast_host.policy import grants
from holdfast_host.policy.state import Grant, State


def test_a_card_is_not_given_twice_by_accident(office, state):
    """Somebody else may carry it; who means it says so."""
    assert office("card", "04a1b2c3", "--group", 7).code == 0
    assert office("group", 8, "--door", "back").code == 0
    office("card", "04a1b2c3", "--group", 8).fails(
        "known already, in group 7", "--add", "--replace"
    )
    office("card", "04a1b2c3", "--group", 7, "--until", "2099-01-01").fails("--replace")
    assert "group 7" in office("card", "04A1B2C3").out
    assert office("card", "04a1b2c3", "--group", 8, "--replace").code == 0
    assert list(state().grants.values()) == [{8: Grant()}]
    assert office("card", "04a1b2c3", "--remove").code == 0
    assert state().grants == {} and "is unknown" in office("card", "04a1b2c3").out


def test_a_card_is_given_as_it_is_printed(office, state):
    """Whichever way: it is one card, and found again under each of them."""
    assert office("card", "012,34567", "--group", 7).code == 0
    for text, form in (
        ("820999", "decimal8"),
        ("01234567", "facility"),
        ("07870c", "hex-reversed"),
    ):
        assert "group 7" in office("card", text, "--format", form).out
    assert "group 7" in office("card", "0c:87:07").out and len(state().grants) == 1


def test_a_box_of_cards_is_given_at_once(office, state, tmp_path):
    """One a line, in as few changesets as hold them; the same file again changes nothing."""
    cards = [f"c0{number:06x}" for number in range(200)]
    (tmp_path / "cards").write_text("\n".join(cards) + "\n\n")
    given = office("card", "--from", tmp_path / "cards", "--group", 7, "--json")
    assert given.json["count"] == 200 and len(state().grants) == 200
    assert 3 < given.json["number"] < 12
    again = office("card", "--from", tmp_path / "cards", "ffff", "--group", 7, "--json")
    assert again.json["number"] == given.json["number"] + 1 and len(state().grants) == 201
    (tmp_path / "cards").write_bytes(b"04a1b2c3\n04\xe9\n")
    office("card", "--from", tmp_path / "cards", "--group", 7).fails("cards, line 2", "UTF-8")


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


def test_more_grants_than_a_reader_keeps_are_refused(monkeypatch):
    """Readers would stay behind for good at that changeset; those that have ended make way."""
    monkeypatch.setattr(grants, "MOST_GRANTS", 5)
    now = 1_800_000_000
    state = State(groups={7: [], 8: []}, grants={bytes([n] * 8): {7: Grant()} for n in range(3)})
    state.grants[b"over now"] = {7: Grant(now)}
    some = {bytes([n] * 8): "a card" for n in (2, 8, 9)}
    made = grants.grant(state, some, [7], Grant(now + 1), now=now, replace=True)
    assert made[0] == [operations.GRANT, b"over now", 7, False] and len(made) == 4
    state.apply(made, now)
    assert state.pairs == 5
    with pytest.raises(UsageProblem, match="no room for 1 more"):
        grants.grant(state, {b"one more": "it"}, [7], Grant(), now=now)
    with pytest.raises(UsageProblem, match="no room for 3 more"):  # a second group takes room, too
        grants.grant(state, some, [8], Grant(), now=now, add=True)
    replaced = grants.grant(state, some, [8], Grant(), now=now, replace=True)
    state.apply(replaced, now)
    assert state.pairs == 5 and state.grants[bytes([9] * 8)] == {8: Grant()}


def test_a_card_is_in_eight_groups_at_most(office, state):
    """A reader keeps no more, and would stay at the changeset before."""
    for number in range(10, 19):
        assert office("group", number, "--door", "front").code == 0
    eight = [part for number in range(10, 18) for part in ("--group", number)]
    assert office("card", "04a1", *eight).code == 0
    office("card", "04a1", "--group", 18, "--add").fails("more than 8 groups")
    assert office("card", "04a1", "--group", 18, "--replace").code == 0
    assert list(state().grants.values()) == [{18: Grant()}]
    office("card", "04a2", *eight, "--group", 18).fails("more than 8 groups")
    for number in range(10, 18):
        assert office("card", "04a1", "--group", number, "--add").code == 0
        if number == 16:
            break
    assert len(next(iter(state().grants.values()))) == 8
    assert office("card", "04a1", "--remove", "--group", 18).code == 0
    office("card", "04a1", "--remove", "--group", 18).fails("not in group 18")
    assert list(next(iter(state().grants.values()))) == list(range(10, 17))
    assert office("card", "04a1", "--remove").code == 0 and state().grants == {}


def test_a_grant_may_begin_be_suspended_and_be_counted(office, state):
    """Each is said of what the card has, and nothing else of it changes."""
    assert office("group", 8, "--door", "back").code == 0
    begin = (
        "--group",
        8,
        "--first-day",
        "2027-03-01",
        "--uses",
        3,
        "--until",
        "2099-01-01T00:00Z",
    )
    assert office("card", "04a1", *begin).code == 0
    given = Grant(4070908800, 20878, uses=3)
    assert list(state().grants.values()) == [{8: given}]
    assert "nothing to change" in office("card", "04a1", *begin).out
    assert office("card", "04a1", "--suspend").code == 0
    assert list(state().grants.values()) == [{8: dataclasses.replace(given, suspended=True)}]
    shown = office("card", "04a1").out
    for words in ("from 2027-03-01 on", "3 uses", "suspended", "opens back (always)"):
        assert words in shown
    held = office("card", "04a1", "--json").json["known"][0]["groups"]["8"]
    assert (held["uses"], held["suspended"], held["first_day"]) == (3, True, "2027-03-01")
    assert "nothing to change" in office("card", "04a1", "--suspend").out
    assert office("card", "04a1", "--resume", "--group", 8).code == 0
    assert list(state().grants.values()) == [{8: given}]
    office("card", "04a2", "--suspend").fails("not known")


def test_only_one_door_counts_uses(office, state):
    """Two doors do not know of each other's counts, and a zone may be two doors tomorrow."""
    assert office("group", 8, "--door", "back").code == 0
    assert office("group", 9, "--zone", "lobby").code == 0
    assert office("group", 10, "--door", "front", "--door", "back").code == 0
    for number in (9, 10):
        office("card", "04a1", "--group", number, "--uses", 3).fails("not exactly one door")
    assert office("card", "04a1", "--group", 8, "--uses", 3).code == 0
    office("group", 8, "--door", "front", "--add").fails("uses are counted")
    office("group", 8, "--zone", "lobby").fails("uses are counted")
    assert office("group", 8, "--door", "front").code == 0


def test_a_card_and_a_pin_are_of_one_person(office, state, typed):
    """Four bytes, drawn once; whatever else the two are given stays that person's."""
    assert office("card", "04a1", "--group", 7).code == 0
    typed("2468\n")
    assert office("pin", "--group", 7, "--same-person-as", "04a1").code == 0
    tags = {grant.person for groups in state().grants.values() for grant in groups.values()}
    assert len(tags) == 1 and len(state().grants) == 2
    (drawn,) = tags
    assert drawn is not None and len(drawn) == 4 and any(drawn)
    assert office("card", "04a2", "--group", 7).code == 0
    assert office("card", "04a2", "--same-person-as", "04a1").code == 0
    assert office("group", 8, "--door", "back").code == 0
    assert office("card", "04a1", "--group", 8, "--add").code == 0
    assert [grant.person for groups in state().grants.values() for grant in groups.values()] == [
        drawn
    ] * 4
    assert office("card", "04a1", "--group", 7, "--replace", "--until", "2099-01-01").code == 0
    assert {g.person for groups in state().grants.values() for g in groups.values()} == {drawn}
    office("card", "04a3", "--group", 7, "--same-person-as", "04a9").fails("04a9 is not known")


def test_a_group_that_is_removed_leaves_cards_without_rights(office, state):
    """Shown, so that nobody wonders."""
    office("card", "04a1", "--group", 7)
    office("group", 7, "--remove").fails("in group 7, and would open nothing")
    assert office("group", 7, "--remove", "--yes").code == 0
    assert state().groups == {} and len(state().grants) == 1
    assert "nothing; cards and PINs: 1" in office("show").out
    assert "opens nothing" in office("card", "04a1").out
    assert office("schedule", "office", "--remove").code == 0
