"""``holdfast reader reset``: a reader that becomes another site's, and takes nothing along.

Who moves house takes the reader along, or sells it. The next site must get a board without a key,
a rule or a phone of the last one; and the last one all events that it is owed.
"""

import pytest

from holdfast_host.boards import reset
from holdfast_host.boards.process import ReaderProcess


def _said(reader):
    return [event.get("event") for event in reader.events]


def test_it_is_refused_while_events_are_not_home(holdfast, reader_folder, site_folder):
    """And all is as before: the door opens, and nothing waits to go off later."""
    with ReaderProcess(reader_folder) as reader:
        reader.put(card="04a1b2c3")
        assert reader.wait(lambda event: event.get("event") == "access")
    holdfast("reader", "reset", reader_folder).fails("not home", "--discard-events")
    assert not (reader_folder / reset.REQUEST).exists()
    with ReaderProcess(reader_folder) as reader:
        assert "ready" in _said(reader)


def test_who_has_brought_the_events_home_gives_nothing_up(
    holdfast, reader_folder, site_folder, tmp_path
):
    """After a visit that collected and acknowledged there is no event of a door, and no need to
    say that some may go.
    """
    phone, credential = tmp_path / "carl", tmp_path / "carl.cwt"
    holdfast("phone", "enroll", phone)
    issue = ["credential", "issue", site_folder, "--holder", "carl", "--door", "front"]
    key = ["--may", "carry-events", "--key", phone / "phone.pub", "--out", credential]
    assert holdfast(*issue, *key).code == 0
    pub = site_folder / "authority.pub"
    holdfast("phone", "enroll", phone, "--credential", credential, "--authority", pub)
    with ReaderProcess(reader_folder) as reader:
        reader.put(card="04a1b2c3")
        assert reader.wait(lambda event: event.get("event") == "access")
        at = ["--reader", f"127.0.0.1:{reader.port}", "--door", "front"]
        events = ["--events", tmp_path / "events", "--site", site_folder]
        carried = holdfast("phone", "carry", phone, *at, *events)
        assert carried.code == 0, carried.err
    done = holdfast("reader", "reset", reader_folder, "--json")
    assert done.code == 0 and done.json["events_given_up"] == 0, done.err


def test_a_reset_reader_is_a_new_board(holdfast, reader_folder, site_folder, tmp_path):
    """Under a key that nobody knows, of no site; another site enrols it, the old one under another
    id alone.
    """
    before = {name: (reader_folder / name).read_bytes() for name in ("device.key", "flash.img")}
    (reader_folder / reset.REQUEST).write_bytes(b"discard-events")
    enroll = ["reader", "enroll", reader_folder, "--site", site_folder, "--door", "front"]
    holdfast(*enroll, "--node", "reader", "--replace").fails("erase its keys", "reader reset")
    done = holdfast("reader", "reset", reader_folder, "--discard-events", "--json")
    assert done.code == 0, done.err
    assert (reader_folder / "device.key").read_bytes() != before["device.key"]
    left = {path.name for path in reader_folder.iterdir()}
    assert left - {".lock"} == {"device.key", "device_p256.key", "flash.img", "last_run"}
    holdfast("reader", "run", reader_folder).fails("is not enrolled")
    other = tmp_path / "other"
    assert holdfast("site", "init", other, "--name", "globex").code == 0
    holdfast(*enroll, "--node", "reader").fails("another board is enrolled as 'reader'")
    assert holdfast(*enroll[:4], other, *enroll[5:]).code == 0
    with ReaderProcess(reader_folder) as reader:
        assert reader.wait(lambda event: event.get("event") == "ready")["site"] == "globex"


@pytest.mark.parametrize("begun", [False, True])
def test_a_reader_that_somebody_just_starts_goes_on_with_it(reader_folder, begun):
    """The command was killed, and the board came up by itself."""
    name = reset.BEGUN if begun else reset.REQUEST
    (reader_folder / name).write_bytes(b"3" if begun else b"discard-events")
    reader = ReaderProcess(reader_folder)
    since = reader.launch()
    assert reader.wait(lambda event: event.get("event") == "unprovisioned", since=since)
    reader.stop()
    assert "reset" in _said(reader)
    assert not (reader_folder / "settings.sealed").exists()
    assert not (reader_folder / name).exists()
