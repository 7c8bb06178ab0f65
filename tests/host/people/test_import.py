"""``holdfast people import``, ``compare``, ``export``: whole lists in, the same lists out."""

import json

import openpyxl
import pytest

from holdfast.access import tag
from holdfast_host.policy.state import Grant
from holdfast_host.register import models, opening, records
from holdfast_host.site import register as sealed_cards
from holdfast_host.site import site as sites

LIST = """\
Name;Staff ID;Card Number;PIN;Groups;From;Until
Zoë Đ.;7;04A1B2C3, 04A1B2C4;yes;staff;2027-01-01;31.12.2027
Bo;;153,31392;;night guests, 7;;
"""


def _key(site_folder, secret, number, kind=tag.CARD):
    value = bytes.fromhex(number) if kind == tag.CARD else number.encode()
    return tag.card_key(sites.load(site_folder).lookup_key(secret), kind, value)


def test_a_list_becomes_what_is_signed(people, listed, state, secret, site_folder):
    """Names, cards, groups and ends are those of the list; the PIN is drawn and shown once."""
    ran = people("import", listed(LIST))
    assert ran.code == 0 and "2 new" in ran.out
    digits = ran.out.split("the PIN of Zoë Đ. (7) is ")[1][:6]
    grants = state().grants
    cards = [grants[_key(site_folder, secret, number)] for number in ("04a1b2c3", "04a1b2c4")]
    pin = grants[_key(site_folder, secret, digits, tag.PIN)]
    assert cards[0] == cards[1] == pin and pin[7].person is not None
    assert (pin[7].end, pin[7].first_day) == (1830297600, 20819)
    assert grants[_key(site_folder, secret, "997aa0")] == {7: Grant(), 8: Grant()}
    assert len(grants) == 4
    again = people("import", listed(LIST))
    assert again.code == 0 and "nothing to sign" in again.out and state().grants == grants


def test_dry_run_shows_it_and_changes_nothing(people, listed, state, site_folder):
    """Like a diff: also for a site without anybody yet."""
    before = state().grants, sorted(site_folder.rglob("*"))
    ran = people("import", listed(LIST), "--dry-run")
    assert ran.code == 0 and "+ Zoë Đ. (7): " in ran.out and "nothing was changed" in ran.out
    assert (state().grants, sorted(site_folder.rglob("*"))) == before
    assert people("import", listed(LIST)).code == 0
    changed = LIST.replace("night guests, 7", "7").replace("04A1B2C3, 04A1B2C4", "04A1B2C4")
    ran = people("import", listed(changed), "--dry-run")
    assert "~ Bo: groups staff; Night guests -> staff" in ran.out
    assert ran.out.count("- Zoë Đ. (7): card") == 1 and ran.out.count("- Bo: card") == 1


@pytest.mark.parametrize(
    ("row", "place", "value"),
    [
        ("Eve;;0010058400;;staff;;", "line 4, column 3", "0010058400"),
        ("Eve;;1.00584E+07;;staff;;", "line 4, column 3", "1.00584E+07"),
        ("Eve;;1,00584E+07;;staff;;", "line 4, column 3", "power of ten"),
        ("Eve;;04A1B2C9;;staff;;;see Bo", "line 4, column 8", "'see Bo'"),
        ("Eve;;04A1B2C9;;staff;2027-01-02;2027-01-01", "line 4, column 7", "before it begins"),
        ("Eve;;04A1B2C3;;staff;;", "line 4, column 3", "card of line 2"),
        ("Eve;;04A1B2C9;;stuff;;", "line 4, column 5", "'staff'"),
        ("Eve;;04A1B2C9;;9;;", "line 4, column 5", "no group 9"),
        ("Eve;;04A1B2C9;;staff;;31/12/2027", "line 4, column 7", "31/12/2027"),
        ("Eve;;04A1B2C9;;staff;30.02.2027;", "line 4, column 6", "no such day"),
        ("Eve;;04A1B2C9;0417;staff;;", "line 4, column 4", "drawn"),
        ("Bo;;04A1B2C9;;staff;;", "line 4, column 1", "line 3"),
        (";;04A1B2C9;;staff;;", "line 4, column 1", "nobody"),
        ("=SUM(A1);;04A1B2C9;;staff;;", "line 4, column 1", "spreadsheet"),
    ],
)
def test_a_wrong_row_changes_nothing(people, listed, state, row, place, value):
    """It is named with file, line, column and value. With --skip-bad the others count."""
    bad = listed(LIST + row + "\n")
    refused = people("import", bad).fails("list.csv", place, value)
    assert "0417" not in refused.err and state().grants == {}
    taken = people("import", bad, "--skip-bad", "--json").json
    assert taken["new"] == 2 and len(state().grants) == 4
    assert [one["line"] for one in taken["bad"]] == [4] and "0417" not in json.dumps(taken)


def test_lists_of_digits_are_asked_about(people, listed, state, secret, site_folder):
    """And 0010058400 is the card 00997aa0 once decimal is said."""
    digits = listed("name,cards,groups\nZoe,0010058400,7\nBo,0010058401,7\n")
    people("import", digits).fails("decimal", "--numbers")
    assert people("import", digits, "--numbers", "decimal").code == 0
    assert _key(site_folder, secret, "00997aa0") in state().grants


def test_export_comes_back_equal(people, listed, tmp_path, state):
    """As CSV and as XLSX; and a change in a spreadsheet is found."""
    assert people("import", listed(LIST)).code == 0
    for name in ("out.csv", "out.xlsx"):
        assert people("export", "-o", tmp_path / name).code == 0
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
        ran = people("compare", tmp_path / name)
        assert (ran.code, ran.out.strip()) == (0, "equal"), ran.out
        people("export", "-o", tmp_path / name).fails("there already")
    before = state().grants
    assert people("import", tmp_path / "out.csv").code == 0 and state().grants == before
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    book.active["A3"] = "Bobby"
    book.save(tmp_path / "out.xlsx")
    ran = people("compare", tmp_path / "out.xlsx")
    assert ran.code == 3 and "+ Bobby" in ran.out and "- Bo: " in ran.out


def test_only_what_the_list_has_columns_for_changes(people, listed, state):
    """A list of ends does not take anybody's card."""
    assert people("import", listed(LIST)).code == 0
    before = state().grants
    assert people("import", listed("until,name\n2028-01-31,Bo\n")).code == 0
    after = state().grants
    assert after.keys() == before.keys() and sum(after[one] != before[one] for one in after) == 1


def test_an_end_before_the_beginning_is_refused_whichever_comes_last(people, listed):
    """One of both may be in the register alone; and other lists of such a person still count."""
    assert people("import", listed("name,from\nZoe,2027-05-01\n")).code == 0
    people("import", listed("name,until\nZoe,2027-04-30\n")).fails("line 2, column 2", "begins")
    assert people("import", listed("name,until\nZoe,2027-05-01\n")).code == 0, "one day"
    people("import", listed("name,from\nZoe,2027-05-02\n")).fails("line 2, column 2", "begins")


def test_who_is_missing_goes_only_if_told(people, listed, state):
    """A list of this month's guests is no list of everybody."""
    assert people("import", listed(LIST)).code == 0
    short = listed("name,id\nZoë Đ.,7\n")
    assert people("import", short).code == 0 and len(state().grants) == 4
    ran = people("import", short, "--remove-missing")
    assert ran.code == 0 and "1 removed" in ran.out and len(state().grants) == 3


def test_who_is_in_a_wrong_line_is_not_missing(people, listed):
    """Both options together would remove whom a slip hides."""
    path = listed("name,cards\nZoe,1E+10\n")
    people("import", path, "--skip-bad", "--remove-missing").fails("cannot both be")


def test_a_pin_that_comes_later_is_the_same_persons(people, listed, state):
    """Doors that ask for card and PIN take them from one person alone."""
    assert people("import", listed("name,cards,groups\nZoe,04a1b2c3,7\nBo,04a1b2c4,7\n")).code == 0
    assert not any(groups[7].person for groups in state().grants.values())
    assert people("import", listed("name,pin\nZoe,yes\n")).code == 0
    tags = [groups[7].person for groups in state().grants.values()]
    assert len(tags) == 3 and len({one for one in tags if one}) == 1 and tags.count(None) == 1


def test_a_card_is_handed_over_knowingly(people, listed, state, site_folder, holdfast):
    """It is refused while it is somebody else's; and who had it before stays known."""
    assert people("import", listed("name,cards,groups\nZoe,04a1b2c3,7\n")).code == 0
    other = listed("name,cards,groups\nBo,04a1b2c3,8\n")
    people("import", other).fails("line 2, column 2", "Zoe's", "--hand-over")
    assert people("import", other, "--hand-over").code == 0
    assert [list(groups) for groups in state().grants.values()] == [[8]]
    both = listed("name,cards,groups\nZoe,04a1b2c3,7\nBo,,8\n")
    assert people("import", both).code == 0
    assert [list(groups) for groups in state().grants.values()] == [[7]]
    with opening.reading(sites.load(site_folder)) as register:
        zoe, bo = records.load(register.connection)
    assert [len(one.cards) for one in (zoe, bo)] == [2, 1]
    assert [len(one.in_hand) for one in (zoe, bo)] == [1, 0]


def test_namesakes_are_told_apart_by_an_id(people, listed):
    """Two people of one name are no slip; without an id the list does not say who is meant."""
    people("import", listed("name,cards\nEva,04a1\nEva,04a2\n")).fails("line 3", "id")
    assert people("import", listed("name,id,cards\nEva,1,04a1\nEva,2,04a2\n")).code == 0
    people("import", listed("name,until\nEva,2028-01-01\n")).fails("2 people are called")
    people("remove", "Eva").fails("2 people", "1, 2")
    assert people("remove", "2").code == 0
    assert people("import", listed("name,until\nEva,2028-01-01\n")).code == 0


def test_secrets_are_in_no_file_in_clear(people, listed, site_folder, secret, tmp_path):
    """Not in the database either: neither numbers nor digits, nor the site's secret."""
    pins = tmp_path / "pins.csv"
    assert people("import", listed(LIST), "--pins-to", pins).code == 0
    assert pins.stat().st_mode & 0o777 == 0o600
    digits = pins.read_bytes().decode("utf-8-sig").splitlines()[1].split(",")[1].encode()
    planted = [digits, secret._value, secret.row_key(), secret.number_key(), secret.index_key()]
    for number in ("04a1b2c3", "04a1b2c4", "997aa0"):
        planted += [number.encode(), number.upper().encode()]
    # Three bytes stand somewhere in a hundred kilobytes of ciphertext by chance; four do not.
    planted += [bytes.fromhex("04a1b2c3"), bytes.fromhex("04a1b2c4")]
    for path in site_folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [one for one in planted if one in data], path
    assert (site_folder / "register.db").stat().st_mode & 0o777 == 0o600
    said = people("list", "--json").out + people("show", "Bo", "--json").out
    assert "997aa0" not in said and "997aa0" in people("show", "Bo", "--numbers").out


def test_removed_cards_leave_the_sealed_file(people, listed, site_folder, secret, state):
    """What opens nothing needs no number kept for a new lookup key, and its PIN is free again."""
    assert people("import", listed(LIST)).code == 0
    assert len(sealed_cards.load(site_folder, secret)) == 4
    assert people("remove", "Bo", "Zoë Đ.").code == 0
    assert sealed_cards.load(site_folder, secret) == set() and state().grants == {}
    assert people("import", listed(LIST)).code == 0, "who comes back is somebody new"
    with opening.reading(sites.load(site_folder)) as register:
        assert len(register.connection.execute(models.people.select()).all()) == 4
