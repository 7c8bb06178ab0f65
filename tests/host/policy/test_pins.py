"""PINs that the host draws: long enough that nobody finds one, each as likely as the other."""

import re

import pytest

from holdfast.access import tag
from holdfast_host.cli.policy.pins import draw_pin
from holdfast_host.errors import UsageProblem
from holdfast_host.site import register, site


def _draws(office, *options):
    return office("pin", "--group", 7, "--draw", *options)


def test_a_pin_that_is_drawn_has_six_digits(office, site_folder, secret, state):
    """It is told once, is granted, and can be given again from the register alone."""
    drawn = _draws(office, "--json")
    assert drawn.code == 0 and re.fullmatch("[0-9]{6}", drawn.json["pin"])
    entry = (tag.PIN, drawn.json["pin"].encode())
    assert register.load(site_folder, secret) == {entry}
    key = tag.card_key(site.load(site_folder).lookup_key(secret), *entry)
    assert set(state().grants) == {key}
    shown = _draws(office)
    (text,) = re.findall("the PIN is ([0-9]{6}):", shown.out)
    assert text != drawn.json["pin"] and len(state().grants) == 2
    for path in site_folder.rglob("*"):
        assert not path.is_file() or text.encode() not in path.read_bytes()


def test_fewer_digits_are_asked_for_by_name_and_explained(office):
    """Four digits are what people know from banks, where a card is taken after three."""
    drawn = _draws(office, "--digits", 4)
    assert re.search("the PIN is [0-9]{4}:", drawn.out)
    assert "10000 PINs" in drawn.out and "10 a day" in drawn.out and "1000 days" in drawn.out
    assert re.fullmatch("[0-9]{8}", _draws(office, "--digits", 8, "--json").json["pin"])
    assert "a day" not in _draws(office, "--digits", 8).out
    assert office("pin", "--group", 7, "--draw", "--digits", 3).code == 2


def test_what_is_not_drawn_is_said(office, typed):
    """Each with its next step."""
    office("pin", "--group", 7, "--digits", 6).fails("no PIN is drawn", "--draw")
    office("pin", "--draw").fails("given to groups", "--group")
    office("pin", "--draw", "--group", 7, "--remove").fails("given to groups")
    office("pin", "--draw", "--group", 99).fails("99")


def test_no_pin_is_drawn_twice(monkeypatch):
    """It would be two people's; and where half are taken, everybody's."""
    taken = {(tag.PIN, f"{number:04}".encode()) for number in range(4999)}
    for _ in range(50):
        assert int(draw_pin(4, taken)) >= 4999
    taken.add((tag.PIN, b"4999"))
    with pytest.raises(UsageProblem, match="half of all"):
        draw_pin(4, taken)
    assert len(draw_pin(6, taken)) == 6
    # A card of the same bytes is no PIN.
    assert draw_pin(1, {(tag.CARD, b"%d" % digit) for digit in range(10)})


def test_every_digit_is_drawn(monkeypatch):
    """Zeros at the beginning included."""
    drawn = [draw_pin(6, ()) for _ in range(2000)]
    for place in range(6):
        assert {pin[place] for pin in drawn} == set(b"0123456789")


def test_a_duress_pin_is_drawn_and_shown_once(office, state):
    """In the groups that it is given, of the same person; nobody types one of their own choice."""
    office("card", "--group", 7, "04a1b2c3")
    drawn = office("pin", "--duress", "--group", 7, "--same-person-as", "04a1b2c3", "--json")
    assert drawn.code == 0 and re.fullmatch("[0-9]{6}", drawn.json["pin"])
    assert drawn.json["duress"] is True
    (duress,) = [one[7] for one in state().grants.values() if one[7].duress]
    persons = {one[7].person for one in state().grants.values()}
    assert persons == {duress.person} and duress.person
    shown = office("pin", "--duress", "--group", 7)
    assert re.search("the duress PIN is [0-9]{6}: tell its holder", shown.out)
    assert "2 duress PINs" in office("show").out
    office("pin", "--duress").fails("--group")
    office("pin", "--duress", "--group", 7, "--remove").fails("--duress")
