"""People are suspended, resumed and removed by name; phones are lost; slips are caught."""

import pytest

from holdfast.access import tag
from holdfast_host.policy.state import Grant
from holdfast_host.register import owners
from holdfast_host.site import site as sites

LIST = "name,cards,groups\nZoë Đ.,04a1b2c3,staff\nBo,04a1b2c4,8\n"


@pytest.fixture
def two(people, listed):
    """Zoë with a card of group 7, Bo with one of group 8."""
    assert people("import", listed(LIST)).code == 0
    return people


def test_a_leaver_goes_by_name(two, state):
    """Suspended and back, then gone for good; what is signed is shown."""
    ran = two("suspend", "Zoë Đ.")
    assert ran.code == 0 and "~ Zoë Đ.: card" in ran.out and "suspended" in ran.out
    assert Grant(suspended=True) in [one.get(7) for one in state().grants.values()]
    assert "suspended" in two("list").out
    assert two("resume", "Zoë Đ.").code == 0 and len(state().grants) == 2
    ran = two("remove", "Zoë Đ.")
    assert ran.code == 0 and "- Zoë Đ.: card" in ran.out
    assert [list(one) for one in state().grants.values()] == [[8]]
    assert "Zoë" not in two("list").out and "Zoë" in two("list", "--removed").out
    two("remove", "Zoë Đ.").fails("nobody")


def test_a_slip_names_the_nearest(two, state):
    """And several are removed together or not at all."""
    two("remove", "zoe d.").fails("nearest is 'Zoë Đ.'")
    two("remove", "Bo", "Zoe").fails("nobody")
    assert len(state().grants) == 2


def test_who_has_access(two, policy):
    """By group; and cards that were given without a name are counted."""
    assert policy("card", "0badcafe", "--group", 7).code == 0
    ran = two("list", "--group", "Staff")
    assert "Zoë Đ." in ran.out and "Bo" not in ran.out
    assert "1 cards or PINs open doors and have no name" in ran.out
    two("list", "--group", "stuff").fails("nearest is 'staff'")
    assert "front (office)" in two("show", "Zoë Đ.").out
    assert "Night guests" in two("groups").out


def test_what_people_have_is_not_changed_behind_the_register(two, policy, state):
    """Else it would say of the next command that it is not signed."""
    policy("card", "04a1b2c3", "--remove").fails("Zoë Đ.'s", "people import")
    policy("card", "04a1b2c3", "--group", 8, "--add").fails("Zoë Đ.'s")
    assert "is in group 7" in policy("card", "04a1b2c3").out
    assert two("remove", "Zoë Đ.").code == 0
    assert policy("card", "04a1b2c3", "--group", 8).code == 0
    assert two("suspend", "Bo").code == 0 and len(state().grants) == 2


def test_a_card_without_a_name_gets_one(people, policy, listed, state):
    """A site from before there was a register goes on: the list says whose each card is."""
    assert policy("card", "04a1b2c3", "--group", 7).code == 0
    assert policy("card", "04a1b2c9", "--group", 7).code == 0
    before = state().grants
    assert people("import", listed(LIST)).code == 0
    assert len(state().grants) == 3 and all(before[key] == state().grants[key] for key in before)
    assert "1 cards or PINs open doors" in people("list").out


def test_a_person_gets_another_card_and_loses_one(two, state, tmp_path, listed):
    """Without a list; by number or by the key of an event, of which the number is told later."""
    two("card", "Bo", "04a1b2c3").fails("Zoë Đ.'s", "--take-back")
    two("card", "Bo").fails("no card is given")
    two("card", "Bo", "--key", "12345").fails("no key")
    two("card", "Bo", "--take-back", "04a1b2c9").fails("does not have")
    assert two("card", "Bo", "04a1b2c9").code == 0 and len(state().grants) == 3
    assert two("card", "Bo", "--take-back", "04a1b2c9").code == 0 and len(state().grants) == 2


def test_a_card_is_known_by_its_key_until_its_number_is(two, state, tmp_path, secret, site_folder):
    """It is one card, whichever way it is named, and one person's."""
    lookup = sites.load(site_folder).lookup_key(secret)
    key = tag.card_key(lookup, tag.CARD, bytes.fromhex("0badcafe"))
    assert two("card", "Bo", "--key", key.hex()).code == 0 and 8 in state().grants[key]
    two("card", "Zoë Đ.", "0badcafe").fails("Bo's")
    two("card", "Zoë Đ.", "--key", key.hex()).fails("Bo's")
    assert two("export", "-o", tmp_path / "out.csv").code == 0
    assert f"key:{key.hex()}" in (tmp_path / "out.csv").read_text()
    assert two("compare", tmp_path / "out.csv").code == 0
    (tmp_path / "steal.csv").write_text(f"name,cards,groups\nEve,key:{key.hex()},7\n")
    two("import", tmp_path / "steal.csv").fails("Bo's")
    before = state().grants
    assert two("card", "Bo", "0badcafe").code == 0 and state().grants == before
    assert two("export", "-o", tmp_path / "known.csv").code == 0
    assert "0b:ad:ca:fe" in (tmp_path / "known.csv").read_text()
    assert two("import", tmp_path / "steal.csv", "--hand-over").code == 0
    assert [*state().grants[key]] == [7]
    assert two("compare", tmp_path / "known.csv").code == 3


def test_group_names_are_one_each(people, policy):
    """Two groups of one name, or a name that reads as a number, would give the wrong rights."""
    people("name-group", 8, "STAFF").fails("called 'staff'")
    people("name-group", 8, "7").fails("letter")
    people("name-group", 9, "others").fails("no group 9")


def test_a_lost_phone_is_revoked_and_the_next_one_enrolled(two, holdfast, site_folder, tmp_path):
    """In one step, without the file of what was issued."""
    for phone in ("old", "new"):
        assert holdfast("phone", "enroll", tmp_path / phone).code == 0
    issue = ["credential", "issue", site_folder, "--holder", "Bo", "--door", "front"]
    issue += ["--key", tmp_path / "old" / "phone.pub", "--out", tmp_path / "bo.cwt"]
    token = holdfast(*issue, "--json").json
    assert token["id"] in two("show", "Bo").out
    two("phone-lost", "Zoë Đ.").fails("no credential")
    key, out = tmp_path / "new" / "phone.pub", tmp_path / "new.cwt"
    lost = two("phone-lost", "Bo", "--key", key, "-o", out, "--json")
    assert lost.json["revoked"] == [token["id"]]
    assert token["id"] in holdfast("policy", "show", site_folder, "--json").json["revoked"]
    new = holdfast("credential", "show", out, "--site", site_folder, "--json").json
    assert new["verified"] and new["opens"] == token["opens"]
    assert new["expires"] == token["expires"] and new["phone_key"] != token["phone_key"]
    assert two("remove", "Bo", "--json").json["revoked"] == [new["id"]]


def test_an_owner_is_one_at_a_time():
    """Who had a card before has its older events."""
    had = [owners.Owner(1, "Zoë", 100, 200), owners.Owner(2, "Bo", 300, None)]
    found = {when: owners.at(had, when) for when in (99, 100, 299, 300)}
    assert {when: one and one.name for when, one in found.items()} == {
        99: None,
        100: "Zoë",
        299: "Zoë",
        300: "Bo",
    }
    assert owners.now(had) == had[1] and owners.now(had[:1]) is None
