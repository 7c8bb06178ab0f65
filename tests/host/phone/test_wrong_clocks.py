"""Wrong clocks, of a reader and of a laptop, at the firmware: what each of them may cost."""

import shutil
import time

import pytest

from holdfast_host.boards.process import ReaderProcess

HOUR = 3600
DAY = 86400


@pytest.fixture
def laptop(monkeypatch):
    """``laptop(3600)``: this computer's clock is an hour ahead from now on."""
    real = time.time

    def put(ahead):
        monkeypatch.setattr(time, "time", lambda: real() + ahead)

    return put


@pytest.fixture
def door(reader_folder):
    """``with door(clock_ahead=7200) as reader``: the reader, whose clock was set wrong since."""

    def make(**clock):
        return ReaderProcess(reader_folder, **clock)

    return make


@pytest.fixture
def bearer(holdfast, site_folder, tmp_path):
    """``bearer("administer")``: a phone of its own with this permission besides opening."""

    def make(permission=None, *options):
        name = permission or "resident"
        phone, credential = tmp_path / name, tmp_path / f"{name}.cwt"
        holdfast("phone", "enroll", phone)
        may = ["--may", permission] if permission else []
        issue = ["credential", "issue", site_folder, "--holder", name, "--door", "front", *may]
        issued = holdfast(*issue, "--key", phone / "phone.pub", "--out", credential, *options)
        assert issued.code == 0, issued.err
        pub = site_folder / "authority.pub"
        taken = holdfast("phone", "enroll", phone, "--credential", credential, "--authority", pub)
        assert taken.code == 0, taken.err
        return phone

    return make


@pytest.fixture
def at(holdfast, site_folder):
    """``at(reader, phone)``: what a person with this phone does at the reader."""

    class Visit:
        def __init__(self, reader, phone):
            self._where = [phone, "--reader", f"127.0.0.1:{reader.port}", "--door", "front"]

        def carry(self, *options):
            return holdfast("phone", "carry", *self._where, *options)

        def set_time(self, *options):
            return self.carry("--set-time", "--site", site_folder, *options)

        def unlocks(self):
            done = holdfast("phone", "unlock", *self._where, "--cold", "--json")
            return done.json["granted"]

    return Visit


def shown(reader):
    """What the reader thinks of the time, by its next decision: its source, how far it is off."""
    begin = len(reader.events)
    reader.put(card=f"{begin:08x}")
    event = reader.wait(lambda event: event.get("shown") == "card", since=begin)
    return event["clock"], event["time"] - time.time()


@pytest.mark.parametrize(
    "clock",
    [
        {"clock_ahead": 2 * HOUR},
        {"clock_ahead": 60 * DAY},
        {"clock_ahead": 3 * 365 * DAY},
        {"clock_ahead": -HOUR},
        {"has_clock": False},
    ],
)
def test_the_authority_puts_any_clock_right(door, bearer, at, clock):
    """Ahead by two hours, and by sixty days, by which all credentials have ended; by three years;
    behind; none at all. A resident's phone brings the word. After the next power cut it is right
    still, if its clock is one that tells the time by itself.
    """
    phone = bearer()
    with door(**clock) as reader:
        done = at(reader, phone).set_time("--json")
        assert done.code == 0, done.err
        told = done.json["clock"]
        assert told["after"]["source"] == "authority"
        assert abs(told["after"]["time"] - time.time()) < 30
        assert abs(told["set_to"] - time.time()) < 60
        source, off = shown(reader)
        assert source in ("authority", "rtc") and abs(off) < 30
        assert at(reader, phone).unlocks()
        reader.restart()
        source, off = shown(reader)
        if abs(clock.get("clock_ahead", DAY + 1)) <= DAY:
            assert source == "rtc" and abs(off) < 30
            assert at(reader, phone).unlocks()
        else:
            assert off < 30, "it may not know, and is never ahead of what it has heard"
            assert at(reader, phone).unlocks(), "by grace, if not by its clock"


def test_a_reader_that_is_months_ahead_takes_no_other_help(door, bearer, at):
    """Who may tell it the time has a credential that has ended, by that clock."""
    admin = bearer("administer")
    with door(clock_ahead=60 * DAY) as reader:
        visit = at(reader, admin)
        assert not visit.unlocks()
        visit.carry("--tell-time").fails("refused the time")
        assert not visit.unlocks()
        assert visit.set_time().code == 0
        assert visit.unlocks()
        assert visit.carry("--tell-time").code == 0


def test_a_laptop_an_hour_ahead_changes_nothing(
    door, bearer, at, laptop, holdfast, site_folder, tmp_path
):
    """For one change. The reader follows the change, and its clock, its hours and what it is told
    are as they were; the laptop that is right again is told of the mistake.
    """
    admin = bearer("administer")
    begin = holdfast("policy", "show", site_folder, "--json").json["number"]
    laptop(HOUR)
    assert holdfast("policy", "group", site_folder, 7, "--door", "front").code == 0
    laptop(0)
    card = ["policy", "card", site_folder, "04a1b2c3", "--group", 7]
    holdfast(*card).fails("60 minutes later", "--clock-is-right")
    assert holdfast(*card, "--clock-is-right").code == 0
    news = tmp_path / "news"
    assert holdfast("policy", "export", site_folder, "--after", begin, "-o", news).code == 0
    with door() as reader:
        visit = at(reader, admin)
        brought = visit.carry("--policy", news, "--json")
        assert brought.json["policy"] == begin + 2, brought.err
        reader.put(card="04a1b2c3")
        opened = reader.wait(lambda event: event.get("card") and event.get("granted"))
        assert opened["clock"] == "rtc" and abs(opened["time"] - time.time()) < 30
        assert visit.carry("--tell-time").code == 0
        assert visit.unlocks()
        reader.restart()
        source, off = shown(reader)
        assert source == "rtc" and abs(off) < 30


def test_nothing_is_signed_for_a_reader_of_another_copy_of_the_site(
    door, bearer, at, holdfast, site_folder, tmp_path, monkeypatch
):
    """A backup that went on by itself: its authority would speak for readers it does not know."""
    phone = bearer()
    copy = shutil.copytree(site_folder, tmp_path / "copy")
    number = holdfast("policy", "show", copy, "--json").json["number"]
    for folder, door_name in ((copy, "side"), (site_folder, "yard")):
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / f"computer of {door_name}"))
        assert holdfast("policy", "door", folder, door_name).code == 0
    news = tmp_path / "news"
    assert holdfast("policy", "export", copy, "--after", number, "-o", news).code == 0
    with door(clock_ahead=2 * HOUR) as reader:
        visit = at(reader, phone)
        assert visit.carry("--policy", news).code == 0
        visit.set_time().fails("made by another copy of this site")
        source, off = shown(reader)
        assert source == "rtc" and abs(off - 2 * HOUR) < 30
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "computer of side"))
        done = visit.carry("--set-time", "--site", copy)
        assert done.code == 0, done.err


def test_a_reader_that_has_not_heard_of_the_new_key_is_told_first(
    door, bearer, at, holdfast, site_folder, tmp_path
):
    """The authority's key was replaced, and this door has not heard: nobody can speak to it of
    the time before it has.
    """
    phone = bearer()
    number = holdfast("policy", "show", site_folder, "--json").json["number"]
    assert holdfast("site", "rotate-authority", site_folder).code == 0
    news = tmp_path / "news"
    assert holdfast("policy", "export", site_folder, "--after", number, "-o", news).code == 0
    with door(clock_ahead=2 * HOUR) as reader:
        visit = at(reader, phone)
        visit.set_time().fails("not signed by the authority", "--policy FILE")
        assert visit.carry("--policy", news).code == 0
        assert visit.set_time().code == 0
