"""``holdfast events``: what a person learns of a file of events, and what is kept of it."""

import pytest

import cbor
import crypto
import small_log as small
import small_site
from collected_events import DEVICE, Collector, certificate
from cose import CRV_X25519, Key
from holdfast.access.events import event
from holdfast_host.credentials import issuing
from holdfast_host.events import files as event_files
from holdfast_host.events.files import encode
from holdfast_host.site import site
from small_log import record


def changed(path, change, name="changed.events"):
    """A copy of a file with other records."""
    (batch,) = event_files.read([path])
    batch.records = change(list(batch.records))
    other = path.with_name(name)
    other.write_bytes(batch.encode())
    return other


def test_a_whole_file_is_said_to_be_whole(verify, collector):
    """From which event to which, and up to which head."""
    done = verify(collector.save())
    assert done.code == 0 and done.err == ""
    assert "complete and unchanged from event 0 to event 9" in done.out
    assert collector.log.head[1].hex() in done.out and "10 of 10" in done.out
    said = verify(collector.save(), "--json").json
    (reader,) = said["readers"]
    assert said["intact"] and reader["node"] == "front-reader" and reader["findings"] == []
    assert (reader["first"], reader["last"], reader["proven"]) == (0, 9, 10)
    assert reader["head"] == collector.log.head[1].hex() and reader["checked_up_to"] == 9


def test_the_next_file_goes_on_without_the_passphrase(verify, collector, monkeypatch):
    """A machine may check each day's events and not be able to open the authority's key."""
    verify(collector.save())
    record(collector.log, 5)
    monkeypatch.delenv("HOLDFAST_PASSPHRASE")
    done = verify(collector.save("b.events", after=9))
    assert done.code == 0 and "from event 10 to event 14" in done.out
    verify(collector.save("c.events")).fails("passphrase", "nobody is there")


def test_what_is_kept_is_private(verify, collector, site_folder):
    """It holds the key of the next event."""
    verify(collector.save())
    (kept,) = (site_folder / "events").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.name == crypto.x25519_public_key(DEVICE).hex() + ".json"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda records: records[:3] + records[4:], ["3", "REMOVED", "missing"]),
        (lambda records: [*records[:3], records[4], records[3], *records[5:]], ["REORDERED"]),
        (lambda records: [*records[:5], records[4], *records[5:]], ["DUPLICATED", "twice"]),
        (lambda records: [*records[:7], records[7][:-1] + b"?", *records[8:]], ["7", "EDITED"]),
        (lambda records: records[1:], ["UNPROVEN"]),
    ],
)
def test_each_kind_of_tampering_is_named(verify, collector, site_folder, change, words):
    """Where it is and what it is; nothing is kept of such a file."""
    broken = verify(changed(collector.save(), change))
    broken.fails("front-reader", "not as the reader recorded them", "--accept")
    assert "BROKEN" in broken.out
    for word in words:
        assert word in broken.out
    assert not (site_folder / "events").exists()
    said = verify(collector.save(), changed(collector.save(), change), "--json")
    assert verify(collector.save()).code == 0 and (site_folder / "events").exists()
    assert said.json["readers"][0]["last"] == 9


def test_an_end_that_was_cut_off_is_named(verify, collector):
    """After the true file was checked; before, it is a file that is not all."""
    cut = changed(collector.save(), lambda records: records[:6])
    done = verify(cut, "--json")
    assert done.code == 0 and done.json["readers"][0]["findings"][0]["kind"] == "incomplete"
    assert verify(collector.save()).code == 0
    broken = verify(cut)
    broken.fails("front-reader")
    assert "TRUNCATED" in broken.out and "9 was acknowledged" in broken.out


def test_a_break_can_be_accepted(verify, collector):
    """Else one damaged event would make every later check fail."""
    record(collector.log, 5)
    path = changed(collector.save(), lambda records: records[:3] + records[4:])
    refused = verify(path)
    refused.fails("--accept")
    verify(path, "--accept").fails("begins after")
    record(collector.log, 3)
    assert verify(collector.save("b.events", after=14)).code == 0


def test_what_the_reader_wrote_over_is_said(verify, collector):
    """It is a loss, not a break: the exit code is 0, the words are not those of a whole log."""
    verify(collector.save())
    record(collector.log, 400)
    done = verify(collector.save("b.events", after=9))
    assert done.code == 0 and "wrote over" in done.out and "overwritten" in done.out
    assert "complete and unchanged" not in done.out


def test_files_of_several_readers(verify, collector, authority, secret, tmp_path):
    """Each is checked by itself, and one that is broken does not keep the other from being."""
    (tmp_path / "other").mkdir()
    other = Collector(tmp_path / "other", authority, secret, b"\x66" * 32, "back")
    record(other.log, 4)
    both = tmp_path / "both.events"
    both.write_bytes(other.save().read_bytes() + collector.save().read_bytes())
    said = verify(both, "--json").json
    assert [(one["node"], one["proven"]) for one in said["readers"]] == [
        ("back-reader", 5),
        ("front-reader", 10),
    ]
    broken = verify(changed(other.save(), lambda records: records[::-1]), collector.save())
    broken.fails("the events of back-reader are not")


def test_a_file_of_another_site_or_reader_is_refused(verify, collector, authority):
    """By name, before anything is computed."""
    stranger = issuing.Key.okp(6, crypto.ed25519_public_key(bytes(32)), bytes(32))
    path = collector.save()
    batch = collector.log.batch(-1, small.ALL)
    for made, word in (
        (certificate(authority, site="globex"), "other_site"),
        (collector.certificate[:-1] + b"?", "bad_signature"),
        (b"garbage", "malformed"),
        (
            issuing.device_certificate(
                stranger,
                site="acme",
                node="front-reader",
                doors=["front"],
                device_key=Key.okp(CRV_X25519, crypto.x25519_public_key(DEVICE)),
                issued_at=1,
                expires=2,
                cti=bytes(8),
            ),
            "",
        ),
    ):
        path.write_bytes(encode(made, batch))
        verify(path).fails("not of a reader of site acme", word)
    path.write_bytes(batch)
    verify(path).fails("does not say whose")
    # A reader of the site cannot hand in events under another reader's certificate.
    other = Key.okp(CRV_X25519, small.READER_PUBLIC)
    path.write_bytes(encode(certificate(authority, device_key=other), batch))
    broken = verify(path)
    broken.fails("front-reader")
    assert "0 of 10" in broken.out


def test_what_is_no_file_of_events_is_said(verify, collector, tmp_path):
    """One line with the cause and one with the next step, whatever the bytes."""
    verify(tmp_path / "none").fails("there is no file of events")
    path = collector.save()
    whole = path.read_bytes()
    for cut in range(1, len(whole), 23):
        path.write_bytes(whole[:cut])
        done = verify(path)
        if done.code:
            done.fails()
        else:
            assert "not given" in done.out
    for data in (b"\xff", b"\x00", whole[400:], cbor.encode({1: 2}), cbor.encode({1: 1})):
        path.write_bytes(data)
        verify(path).fails("no file of events")
    path.write_bytes(b"")
    assert verify(path).code == 0


def test_a_damaged_state_is_said(verify, collector, site_folder):
    """Nobody may believe that nothing was checked yet."""
    verify(collector.save())
    (kept,) = (site_folder / "events").iterdir()
    whole = kept.read_bytes()
    for data in (
        b"",
        b"{}",
        b"[]",
        whole[:100],
        whole.replace(b'"version": 2', b'"version": 1'),
        whole.replace(b'"node"', b'"door"'),
        whole.replace(b'"acknowledgement_key": "', b'"acknowledgement_key": "00'),
        whole.replace(b'"root": "', b'"root": "zz'),
    ):
        kept.write_bytes(data)
        verify(collector.save()).fails("is damaged", "backup")


def test_show_shows_and_verifies_nothing(holdfast, collector):
    """Said at the end, where it is read."""
    collector.log.append(event.ACCESS, {**small.access(), "holder": None, "reason_code": 21})
    collector.log.append(event.POLICY_APPLIED, {"changeset": 7})
    done = holdfast("events", "show", collector.save())
    assert done.code == 0 and "NOT verified" in done.out
    assert "alice" in done.out and "granted" in done.out and "expired" in done.out
    assert "changeset 7" in done.out and "policy applied" in done.out
    said = holdfast("events", "show", collector.save(), "--json").json
    assert said["verified"] is None and len(said["events"]) == 12
    shown = said["events"][1]
    assert (shown["kind"], shown["holder"], shown["granted"]) == ("access", "alice", True)
    assert shown["time"] == small_site.NOW + 7 and shown["cti"] == "0001020304050607"
    assert shown["late"] is True


def test_show_survives_any_record(holdfast, collector):
    """One that is no event is a line of its own, and nothing moves the cursor."""
    collector.log.append(event.ACCESS, small.access(holder="bob\x1b[2J[red]\u202e"))
    path = changed(collector.save(), lambda records: [b"", b"\xff" * 40, *records])
    done = holdfast("events", "show", path)
    assert done.code == 0 and "no event" in done.out
    assert "\x1b" not in done.out and "\u202e" not in done.out
    assert "[red" in done.out


def test_events_come_late_or_live(holdfast, collector, tmp_path):
    """By the reader's own uptime when it handed them over."""
    log = collector.log
    log.append(event.ACCESS, {**small.access(), "uptime": 1000})
    log.append(event.ACCESS, {**small.access(), "uptime": 1050})
    for uptime, late in ((1055, [False, False]), (1070, [True, False]), (5000, [True, True])):
        path = tmp_path / "late.events"
        path.write_bytes(encode(collector.certificate, log.batch(9, small.ALL, uptime)))
        shown = holdfast("events", "show", path, "--json").json["events"]
        assert [one["late"] for one in shown] == late


def test_the_site_is_not_touched_by_a_check(verify, collector, site_folder):
    """But for the folder of what was checked."""
    before = {path.name: path.read_bytes() for path in site_folder.iterdir() if path.is_file()}
    verify(collector.save())
    assert site.load(site_folder).id == "acme"
    after = {path.name: path.read_bytes() for path in site_folder.iterdir() if path.is_file()}
    assert before == after


def test_a_duress_pin_is_told_loudly_and_breaks_nothing(verify, collector, holdfast, site_folder):
    """By verify, and by show for whoever has the site; to others each PIN looks the same."""
    key = {"card": b"her duress"[:8], "shown": 2}
    for calls in (False, True):
        collector.log.append(event.ACCESS, {**small.access(20), **key, "mark": calls})
        collector.log.flush()
    path = collector.save()
    done = verify(path)
    assert done.code == 0 and "DURESS: somebody called for help" in done.out
    assert "event 11" in done.out and key["card"].hex() in done.out
    plain = holdfast("events", "show", path)
    assert "DURESS" not in plain.out
    told = holdfast("events", "show", path, "--site", site_folder)
    assert told.out.count("DURESS") == 1
    said = holdfast("events", "show", path, "--site", site_folder, "--json").json["events"]
    assert [one["number"] for one in said if one.get("duress")] == [11]


def test_a_duress_pin_is_told_from_the_first_batch_alone(verify, collector):
    """It is handed over first: whoever has no more than that knows, and knows it is proven."""
    fields = {**small.access(20), "card": b"herdures", "shown": 2, "mark": True}
    collector.log.append(event.ACCESS, fields)
    record(collector.log, 20)
    first = collector.folder / "first.events"
    first.write_bytes(encode(collector.certificate, collector.log.batch(-1, 600, 10)))
    (batch,) = event_files.read([first])
    assert batch.urgent and len(batch.records) < 8
    said = verify(first, "--json").json["readers"][0]
    assert said["duress"] == [10] and said["last"] < 10 and said["intact"]
    # Changed on the way it is no call for help, and told to be changed.
    batch.urgent[1] = batch.urgent[1][:-1] + bytes([batch.urgent[1][-1] ^ 1])
    first.write_bytes(batch.encode())
    said = verify(first, "--json").json["readers"][0]
    assert said["duress"] == [] and not said["intact"]
