"""``holdfast phone carry``: policy to the door, events away from it, the time; at the firmware."""

import re
import shutil

import pytest


@pytest.fixture
def carry(holdfast, site_folder, tmp_path, reader):
    """``carry(phone, ...)`` with a phone whose credential says what it may do."""

    def run(phone, *options):
        address = f"127.0.0.1:{reader.port}"
        return holdfast("phone", "carry", phone, "--reader", address, "--door", "front", *options)

    return run


def test_a_card_is_brought_and_what_happened_is_taken_home(
    holdfast, site_folder, tmp_path, reader, carry, bearer
):
    """The whole way of a change without a network, and of the events back."""
    news, log = tmp_path / "news", tmp_path / "log"
    begin = holdfast("policy", "show", site_folder, "--json").json["number"]
    assert holdfast("policy", "group", site_folder, "7", "--door", "front").code == 0
    assert holdfast("policy", "card", site_folder, "04a1b2c3", "--group", "7").code == 0
    exported = holdfast("policy", "export", site_folder, "--after", str(begin), "-o", news)
    assert exported.code == 0, exported.err
    reader.put(card="04a1b2c3")
    refused = reader.wait(lambda event: event.get("event") == "access")
    assert refused["reason"] == "unknown_card"
    # Whoever opens the door may bring what the site signed.
    brought = carry(bearer(), "--policy", news, "--json")
    assert brought.code == 0 and brought.json["policy"] == begin + 2
    again = carry(bearer("administer"), "--policy", news, "--tell-time")
    assert again.code == 0 and f"changeset {begin + 2}" in again.out and "time" in again.out
    since = len(reader.events)
    reader.put(card="04a1b2c3")
    assert reader.wait(lambda event: event.get("event") == "access", since=since)["granted"]
    collector = bearer("carry-events")
    taken = carry(collector, "--events", log, "--json")
    assert taken.code == 0 and taken.json["copied"] and taken.json["last_event"] > 4
    assert "acknowledged" not in taken.json
    verified = holdfast("events", "verify", log, "--site", site_folder, "--json")
    assert verified.code == 0, verified.err
    shown = holdfast("events", "show", log)
    count = re.search(r"([0-9]+) events", shown.out)
    assert count and int(count[1]) == taken.json["last_event"] + 1 and "granted" in shown.out
    # It takes up where the last check ended, and brings what lets the reader forget until there.
    more = tmp_path / "more"
    words = verified.json["acknowledgements"]
    brought = carry(collector, "--events", more, "--acknowledge", words, "--json")
    assert brought.code == 0 and brought.json["acknowledged"] == [taken.json["last_event"]]
    rest = holdfast("events", "verify", more, "--site", site_folder)
    assert rest.code == 0, rest.out
    # What is at home is there once.
    home = sorted((site_folder / "recorded").glob("*.events"))
    shown = holdfast("events", "show", *home, "--json").json["events"]
    assert [one["number"] for one in shown] == list(range(len(shown)))
    kinds = [one["kind"] for one in shown]
    told = [kind for kind in kinds if kind in ("fetched", "copied", "acknowledged")]
    assert told == ["fetched", "copied", "acknowledged", "fetched"]


def test_events_are_taken_checked_and_acknowledged_in_one_visit(
    holdfast, site_folder, tmp_path, reader, carry, bearer
):
    """Where the site's folder is at hand: one command, and each event is at home once."""
    collector = bearer("carry-events")
    last = -1
    for visit in range(3):
        path = tmp_path / f"visit {visit}"
        done = carry(collector, "--events", path, "--site", site_folder, "--json")
        assert done.code == 0, done.err
        assert done.json["acknowledged"] == [done.json["last_event"]] and "copied" not in done.json
        assert done.json["last_event"] > last
        last = done.json["last_event"]
    home = sorted((site_folder / "recorded").glob("*.events"))
    shown = holdfast("events", "show", *home, "--json").json["events"]
    assert len(home) == 3 and [one["number"] for one in shown] == list(range(last + 1))
    # Brought once more it changes nothing, and a phone alone can bring it.
    again = carry(collector, "--acknowledge", site_folder / "recorded" / "acknowledgements")
    assert again.code == 0 and f"up to event {last}" in again.out


def test_a_reader_is_not_told_to_forget_what_did_not_come_home(
    holdfast, site_folder, tmp_path, reader, carry, bearer
):
    """Another reader's word, or none at all; and a file that is no such thing."""
    collector = bearer("carry-events")
    words = tmp_path / "words"
    words.write_bytes(b"")
    none = carry(collector, "--acknowledge", words)
    assert none.code == 0 and "no acknowledgement" in none.out
    words.write_bytes(b"\x47garbage")
    carry(collector, "--acknowledge", words).fails("no file of acknowledgements")
    done = carry(collector, "--events", tmp_path / "log", "--site", site_folder)
    assert done.code == 0, done.err
    forged = bytearray((site_folder / "recorded" / "acknowledgements").read_bytes())
    forged[-1] ^= 1
    words.write_bytes(forged)
    carry(collector, "--acknowledge", words).fails("the auditor has not made")


def test_who_may_not_is_told_so(carry, bearer, tmp_path):
    """Events say who went where; a door that is told the time believes it."""
    phone = bearer()
    carry(phone, "--events", tmp_path / "log").fails("not for this door")
    assert not (tmp_path / "log").exists()
    carry(phone, "--tell-time").fails("not for this door")
    carry(bearer("administer"), "--events", tmp_path / "log").fails("not for this door")


def test_clumsy_uses_change_nothing(holdfast, carry, bearer, tmp_path, site_folder):
    """Each is told before anybody is called, or by the reader in a sentence."""
    phone = bearer("carry-events")
    carry(phone).fails("nothing to carry")
    carry(phone, "--tell-time", "--left").fails("--events")
    carry(phone, "--tell-time", "--site", site_folder).fails("--events")
    carry(phone, "--acknowledge", tmp_path / "none").fails("no file of acknowledgements")
    carry(phone, "--policy", tmp_path / "none").fails("none")
    garbage = tmp_path / "garbage"
    garbage.write_bytes(b"\x00garbage")
    carry(phone, "--policy", garbage).fails("no policy")
    garbage.write_bytes(b"\x47garbage")
    carry(phone, "--policy", garbage).fails("no policy")
    carry(phone, "--events", garbage).fails("there already")
    assert garbage.read_bytes() == b"\x47garbage"
    # A gap is told with the number that is wanted.
    gap = tmp_path / "gap"
    begin = holdfast("policy", "show", site_folder, "--json").json["number"]
    holdfast("policy", "group", site_folder, "7", "--door", "front")
    holdfast("policy", "card", site_folder, "04a1b2c3", "--group", "7")
    holdfast("policy", "export", site_folder, "--after", str(begin + 1), "-o", gap)
    carry(phone, "--policy", gap).fails(f"wants changeset {begin + 1} first", "--after")


def test_a_site_from_yesterdays_backup_is_told_and_brought_back(
    holdfast, site_folder, tmp_path, reader, carry, bearer, monkeypatch
):
    """What the reader knows and the site has lost; and the next step that is printed works. This
    computer had not signed what is lost.
    """
    phone, news = bearer("administer"), tmp_path / "news"
    backup = shutil.copytree(site_folder, tmp_path / "backup")
    number = holdfast("policy", "show", site_folder, "--json").json["number"]
    assert holdfast("policy", "group", site_folder, "7", "--door", "front").code == 0
    assert holdfast("policy", "export", site_folder, "-o", news).code == 0
    assert carry(phone, "--policy", news).code == 0
    shutil.rmtree(site_folder)
    shutil.copytree(backup, site_folder)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another computer"))
    assert holdfast("policy", "export", site_folder, "-o", news, "--force").code == 0
    carry(phone, "--policy", news).fails(f"knows changeset {number + 1}", "backup")
    assert holdfast("policy", "group", site_folder, "8", "--door", "front").code == 0
    assert holdfast("policy", "export", site_folder, "-o", news, "--force").code == 0
    refused = carry(phone, "--policy", news).fails(f"changeset {number + 1} is another one")
    assert "holdfast site recover SITE" in refused.err
    assert carry(phone, "--take-policy", tmp_path / "taken").code == 0
    heard = ("--heard", f"front={tmp_path / 'taken'}")
    recovered = holdfast("site", "recover", site_folder, *heard)
    assert recovered.code == 0, recovered.err
    assert holdfast("policy", "export", site_folder, "--snapshot", "-o", news, "--force").code == 0
    brought = carry(phone, "--policy", news, "--json")
    shown = holdfast("policy", "show", site_folder, "--json").json
    assert brought.code == 0, brought.err
    standing = brought.json["policy"], brought.json["policy_head"]
    assert standing == (shown["number"], shown["head"])


def test_a_guest_carries_nothing_else(holdfast, site_folder, tmp_path, phone):
    """A zone's key lies in every reader of it: what it makes must open doors at most."""
    issue = ["credential", "issue", site_folder, "--holder", "x", "--zone", "lobby", "--guest"]
    key = ["--key", phone.folder / "phone.pub", "--out", tmp_path / "x.cwt"]
    holdfast(*issue, *key, "--may", "administer").fails("guest")
    assert not (tmp_path / "x.cwt").exists()
