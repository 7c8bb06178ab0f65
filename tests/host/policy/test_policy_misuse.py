"""``holdfast policy``, asked for what cannot be: said at the desk, not found out at a door."""

import pytest

from holdfast_host.site import site


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["schedule", "office"], ["no hours", "--weekly"]),
        (["schedule", "a b", "--weekly", "mon 08:00-09:00"], ["schedule id"]),
        (["schedule", "office", "--weekly", "mon 08:00-08:00"], ["end when they begin"]),
        (["schedule", "office", "--weekly", "mon 24:00-08:00"], ["no opening hours"]),
        (
            ["schedule", "office", "--weekly", "mon 00:00-24:00,22:00-06:00"],
            ["longer than a day"],
        ),
        (["schedule", "office", "--on-holidays", "kind 5 10:00-14:00"], ["no kind", "1 to 4"]),
        (["schedule", "office", "--weekly", "mon 08:00-25:00"], ["no opening hours"]),
        (["schedule", "office", "--weekly", "mon 08:61-09:00"], ["no opening hours"]),
        (["schedule", "office", "--weekly", "monday 08:00-09:00"], ["no opening hours"]),
        (["schedule", "office", "--weekly", "08:00-09:00"], ["no opening hours"]),
        (["schedule", "office", "--weekly", ""], ["no opening hours"]),
        (["schedule", "office", "--on-holidays", "closed"], ["no opening hours"]),
        (["schedule", "night", "--remove"], ["no schedule 'night'", "office"]),
        (["schedule", "office", "--remove"], ["group 7"]),
        (["schedule", "office", "--remove", "--weekly", "mon 08:00-09:00"], ["nothing else"]),
        (
            [
                "schedule",
                "comb",
                "--weekly",
                "mon " + ",".join(f"{hour}:00-{hour}:30" for hour in range(9)),
            ],
            ["no reader would take", "8 intervals"],
        ),
        (["holidays"], ["no date"]),
        (["holidays", "25.12.2026"], ["no date", "2026-12-25"]),
        (["holidays", "2026-02-29"], ["no date"]),
        (["holidays", "2026-12-25", "--remove"], ["2026-12-25 is no holiday"]),
        (["holidays", "12-25", "--remove"], ["12-25 is no holiday"]),
        (["holidays", "02-30"], ["no date"]),
        (["holidays", "12-5"], ["no date"]),
        (["holidays", "2026-12-25", "--remove", "--replace"], ["cannot both"]),
        (["group", 8, "--door", "front", "--schedule", "ofice"], ["'ofice'", "office"]),
        (["group", 8], ["open nothing"]),
        (["group", 8, "--remove"], ["no group 8", "7"]),
        (["group", 7, "--remove", "--door", "front"], ["nothing else"]),
        (["group", 8, "--zone", "garage"], ["no zone 'garage'"]),
        (["group", 8, "--door", "lobby"], ["no door 'lobby'"]),
        (["card", "04a1", "--group", 8], ["no group 8"]),
        (["card", "04a1", "--group", 7, "--until", "2020-01-01"], ["over already"]),
        (["card", "04a1", "--group", 7, "--until", "soon"], ["no time"]),
        (["card", "04a", "--group", 7], ["no card's number"]),
        (["card", "", "--group", 7], ["no card's number"]),
        (["card", "00" * 33, "--group", 7], ["no card's number", "32"]),
        (["card", "01234567", "--group", 7], ["several cards", "--format", "decimal8 (12d687)"]),
        (["card", "256,1", "--group", 7], ["no card's number", "up to 255", "corporate-1000"]),
        (["card", "04a1", "--format", "wiegand", "--group", 7], ["no format", "decimal10"]),
        (["card", "--group", 7], ["no card is given"]),
        (["card", "--from", "/nowhere/cards", "--group", 7], ["no list of cards"]),
        (["card", "04a1", "--remove"], ["not known"]),
        (["card", "04a1", "--remove", "--suspend"], ["leave the others out"]),
        (["card", "04a1", "--remove", "--group", 7], ["not known"]),
        (["card", "04a1", "--group", 7, "--add", "--replace"], ["cannot both"]),
        (["card", "04a1", "--group", 7, "--first-day", "soon"], ["no date"]),
        (["card", "04a1", "--group", 7, "--same-person-as", "xyz"], ["no card's number"]),
        (["card", "04a1", "--group", 7, "--same-person-as", "12345678"], ["several cards"]),
        (["card", "04a1", "--until", "2099-01-01"], ["no group is given"]),
        (["revoke", "0011"], ["neither a file nor an id"]),
        (["revoke", "00112233445566zz"], ["neither a file nor an id"]),
        (["revoke", "0011223344556677", "--expires", "2020-01-01"], ["expired"]),
        (["watermark", "2999-01-01"], ["not yet", "never falls"]),
        (["watermark", "yesterday"], ["no time"]),
        (["lockdown", "maybe"], ["neither on nor off"]),
        (["lockdown", "on", "--zone", "garage"], ["no zone 'garage'"]),
        (["lockdown", "on", "--door", "a/b"], ["'a/b'"]),
        (["door", "a/b"], ["door id"]),
        (["door", "side", "--zone", "loby"], ["no zone 'loby'", "'lobby'"]),
        (["door", "frnt", "--remove"], ["no door 'frnt'", "'front'"]),
        (["zone", "lobby"], ["--door", "--empty"]),
        (["zone", "lobby", "--door", "front", "--empty"], ["both"]),
        (["limits"], ["no limit is given"]),
        (["zone", "garage", "--door", "front"], ["no zone 'garage'", "add-zone"]),
        (["time-zone", "Europe/Berlin "], ["no time zone"]),
        (["time-zone", "../../etc/passwd"], ["no time zone"]),
        (["time-zone", "Africa/Casablanca"], ["Africa/Casablanca", "no rule"]),
        (["time-zone", "CET-1CEST,J60,J300"], ["no reader can follow"]),
        (["export", "-o", "/nowhere/x"], ["cannot write /nowhere/x"]),
        (["export", "--after", 99, "-o", "x"], ["no changeset 99"]),
        (["init"], ["has a policy already"]),
    ],
)
def test_what_cannot_be_is_refused_with_its_cause(office, site_folder, command, words):
    """And nothing is signed, for nothing that is signed can be taken back."""
    before = site.load(site_folder).policy().number
    refused = office(*command).fails()
    for word in words:
        assert word in refused.err, refused.err
    assert site.load(site_folder).policy().number == before


def test_a_group_of_more_names_than_a_changeset_holds_is_refused(office):
    """Said with what helps, and before anything is signed; a lockdown of them all is in parts."""
    names = [f"{number}" + "x" * 60 for number in range(16)]
    for name in names:
        assert office("door", name).code == 0
    doors = [part for name in names for part in ("--door", name)]
    office("group", 8, *doors).fails("no reader would take")
    assert office("lockdown", "on", *doors).code == 0
