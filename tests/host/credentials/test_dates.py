"""Dates as people mean them: a site's own day, and an end through it.

`--until 2027-01-31` that ended on the evening of the 30th, because it was said in UTC or as the
first moment of the day, shuts somebody out on a day that they were promised.
"""

import datetime
import time
import zoneinfo

import pytest

from holdfast_host.credentials import lifetime, tokens
from holdfast_host.credentials.dates import Dates
from holdfast_host.errors import UsageProblem
from holdfast_host.policy import time_zones

NOW = 1_795_000_000
ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/Dublin",
    "America/New_York",
    "America/Havana",  # its clocks change at midnight
    "Asia/Beirut",
    "Australia/Lord_Howe",  # by half an hour
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
)


def dates(zone):
    return Dates(time_zones.operation(zone, NOW))


@pytest.mark.parametrize("zone", ZONES)
def test_every_day_of_two_years_holds_through_its_last_second(zone):
    """Against the system's own calendar: at the last second it is that day there, and at the end
    it is the next.
    """
    site, named = dates(zone), zoneinfo.ZoneInfo(zone)
    day = datetime.date(2027, 1, 1)
    before = site.begin(str(day), "--from")
    while day < datetime.date(2029, 1, 1):
        begin, end = site.begin(str(day), "--from"), site.end(str(day), "--until")
        for moment, on in ((begin, day), (end - 1, day), (end, day + datetime.timedelta(1))):
            assert datetime.datetime.fromtimestamp(moment, named).date() == on, (day, moment)
        assert datetime.datetime.fromtimestamp(begin - 1, named).date() < day
        assert begin == before, "no moment between two days"
        assert site.end_text(end) == f"through {day}"
        before, day = end, day + datetime.timedelta(1)


def test_a_time_is_the_sites_own_unless_it_says_otherwise():
    """Twice an hour of autumn's night is shown, once one of spring's is not."""
    berlin = dates("Europe/Berlin")
    utc = datetime.datetime(2027, 1, 31, 7, tzinfo=datetime.UTC).timestamp()
    for text in ("2027-01-31T08:00", "2027-01-31T07:00Z", "2027-01-31 04:00-03:00"):
        assert berlin.begin(text, "--from") == berlin.end(text, "--until") == utc
    assert berlin.end_text(int(utc)) == "until 2027-01-31 08:00:00+01:00"
    twice = "2027-10-31T02:30"
    assert berlin.end(twice, "--until") - berlin.begin(twice, "--from") == 3600
    never = berlin.begin("2027-03-28T02:30", "--from")
    assert berlin.text(never) == "2027-03-28 03:30:00+02:00"


@pytest.mark.parametrize("text", ["", "soon", "2027-13-01", "2027-02-30", "08:00", "31.01.2027"])
def test_what_is_no_date_is_said(text):
    """With how to write one."""
    for parse in (Dates().begin, Dates().end):
        with pytest.raises(UsageProblem, match="--until.*is no time") as refused:
            parse(text, "--until")
        assert "2027-01-31" in refused.value.next_step


def test_dates_beyond_all_calendars_are_no_fault_of_the_program():
    """The year 9999 has a last day, and boards end in 2106."""
    assert Dates().end("9999-12-31", "--until") > 0
    assert "through 9999-12-31" == Dates().end_text(Dates().end("9999-12-31", "--until"))
    assert "after 1970" in Dates().text(1 << 62)
    assert "1970" in Dates().end_text(1 << 62)


def test_a_credential_holds_through_its_last_day():
    """From the first moment of its first one."""
    berlin = dates("Europe/Berlin")
    said = {"not_before": "2027-02-01", "expires": "2027-02-28"}
    valid = lifetime.decide(NOW, guest=False, dates=berlin, **said)
    assert berlin.text(valid.not_before) == "2027-02-01 00:00:00+01:00"
    assert berlin.text(valid.expires) == "2027-03-01 00:00:00+01:00"
    assert lifetime.decide(NOW, guest=False, dates=berlin, days=1).expires == NOW + 86400


def test_one_day_is_a_whole_one():
    """First and last day the same: 24 hours, 23 where clocks are put forward."""
    berlin = dates("Europe/Berlin")
    for day, hours in (("2027-02-01", 24), ("2027-03-28", 23), ("2027-10-31", 25)):
        valid = lifetime.decide(NOW, guest=False, dates=berlin, not_before=day, expires=day)
        assert valid.expires - valid.not_before == hours * 3600


@pytest.fixture
def berlin(policy):
    assert policy("time-zone", "Europe/Berlin").code == 0
    assert policy("door", "front").code == 0
    assert policy("group", 7, "--door", "front").code == 0
    return policy


def test_the_commands_mean_the_sites_days(berlin, holdfast, site_folder, tmp_path, monkeypatch):
    """Wherever the computer is, and whichever of its ends a command sets."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        end = int(datetime.datetime(2028, 1, 31, 23, tzinfo=datetime.UTC).timestamp())
        given = berlin("card", "04a1b2c3", "--group", 7, "--until", "2028-01-31", "--json")
        assert given.json["until"] == end
        shown = berlin("card", "04a1b2c3")
        assert "through 2028-01-31" in shown.out
        assert holdfast("phone", "enroll", tmp_path / "p").code == 0
        for option in ("--until", "--expires"):
            out = tmp_path / f"{option}.cwt"
            issue = ["credential", "issue", site_folder, "--holder", "bob", "--door", "front"]
            issue += ["--key", tmp_path / "p" / "phone.pub", "--out", out]
            limits = ["--not-before", "2027-02-01", option, "2028-01-31"]
            done = holdfast(*issue, *limits)
            assert done.code == 0 and "through 2028-01-31" in done.out, done.err
            made = tokens.read(out.read_bytes(), "it").credential
            assert (made.expires, made.not_before % 86400) == (end, 23 * 3600)
        revoked = berlin("revoke", "0011223344556677", "--expires", "2028-01-31", "--json")
        assert revoked.json["expires"] == end
        marked = berlin("watermark", "2026-11-01", "--json")
        assert marked.json["watermark"] % 86400 == 23 * 3600
        past = berlin("card", "04a1b2c4", "--group", 7, "--until", "2020-01-01")
        past.fails("through 2020-01-01 is over")
    finally:
        monkeypatch.undo()
        time.tzset()
