"""Who can write the database gets nothing signed: not by a row, not by another's, not by an old
one.
"""

import sqlite3

import pytest

LIST = "name,cards,groups\nZoe,04a1b2c3,7\nEve,04a1b2c4,8\n"


@pytest.fixture
def registered(holdfast, office, site_folder, tmp_path):
    """``registered(command, ...)`` on a site with Zoe in group 7 and Eve in group 8."""
    assert office("group", 8, "--door", "back").code == 0
    (tmp_path / "list.csv").write_text(LIST)

    def run(command, *options):
        return holdfast("people", command, site_folder, *options)

    assert run("name-group", 7, "staff").code == 0
    assert run("name-group", 8, "guests").code == 0
    assert run("import", tmp_path / "list.csv").code == 0
    return run


@pytest.fixture
def sql(site_folder):
    """``sql("UPDATE ...")`` on the register's file."""

    def run(*statements):
        connection = sqlite3.connect(site_folder / "register.db")
        with connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    return run


FORGED = {
    "a group": 'INSERT INTO memberships (person, "group") VALUES (2, 7)',
    "another group": 'UPDATE memberships SET "group" = 7 WHERE person = 2',
    "another's card": "UPDATE cards SET person = 2",
    "a card that was returned": "UPDATE cards SET returned = 1 WHERE person = 1",
    "another key of a card": "UPDATE cards SET key = x'0102030405060708' WHERE person = 2",
    "a later end": "UPDATE people SET ends = 4000000000 WHERE id = 2",
    "nobody's suspension": "UPDATE people SET suspended = 1 WHERE id = 1",
    "another's MAC": "UPDATE people SET mac = (SELECT mac FROM people WHERE id = 1)",
    "no MAC": "UPDATE people SET mac = x''",
    "a phone": "INSERT INTO phones (key, person, added) VALUES ('00', 2, 1)",
    "a person": "INSERT INTO people SELECT 9, 'Mallory', ref, 'Mallory', tag, first_day, ends,"
    " suspended, added, removed, mac FROM people WHERE id = 1",
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_row_written_by_hand_is_found(registered, sql, state, forged):
    """Before anything is signed, whatever the next command is about; it says of whom."""
    before = state().grants
    sql(FORGED[forged])
    for command in (["suspend", "Zoe"], ["sign", "--yes"], ["name-group", 7, "others"]):
        registered(*command).fails("no holdfast with this site's secret", "ask who may write")
    assert state().grants == before


def test_names_of_groups_cannot_be_swapped(registered, sql, state, tmp_path):
    """Else the next list of guests would be one of staff."""
    before = state().grants
    sql(
        "UPDATE groups SET name = 'tmp' WHERE number = 7",
        "UPDATE groups SET name = 'staff' WHERE number = 8",
        "UPDATE groups SET name = 'guests' WHERE number = 7",
    )
    (tmp_path / "list.csv").write_text("name,cards,groups\nNew,04a1b2c5,guests\n")
    registered("import", tmp_path / "list.csv").fails("named group 7", "ask who may write")
    assert state().grants == before


def test_old_rows_put_back_are_shown_and_not_signed(registered, sql, state, site_folder):
    """They are authentic, but no command signs what it is not about; `sign` shows it first."""
    path = site_folder / "register.db"
    old = path.read_bytes()
    assert registered("remove", "Eve").code == 0
    path.write_bytes(old)
    after = state().grants
    ran = registered("suspend", "Zoe")
    assert ran.code == 0 and "NOT signed: 1 rights" in ran.out
    assert state().grants.keys() == after.keys(), "Eve opens nothing again"
    shown = registered("sign", "--dry-run")
    assert "+ Eve: card" in shown.out and state().grants.keys() == after.keys()
    registered("sign").fails("nothing was signed", "--yes")
    assert "not signed" in registered("list").out
    assert registered("remove", "Eve").code == 0
    assert "all is signed" in registered("sign", "--dry-run").out


def test_an_entire_person_taken_out_leaves_cards_without_a_name(registered, sql):
    """What is signed stands, and is told."""
    sql(
        "DELETE FROM cards WHERE person = 2",
        "DELETE FROM memberships WHERE person = 2",
        "DELETE FROM people WHERE id = 2",
    )
    assert "1 cards or PINs open doors and have no name" in registered("list").out
