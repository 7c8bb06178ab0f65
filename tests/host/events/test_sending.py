"""Events sent elsewhere arrive once each, cut off anywhere and begun again."""

import json

import pytest
import sqlalchemy as sa

import mqtt_broker
import postgres_server
from holdfast.access.events import batch as event_batch
from holdfast_host.errors import UsageProblem
from holdfast_host.events.sending import kinds
from host.events import receivers
from host.events.receivers import Hook

PASSWORD = "planted-word"


@pytest.fixture
def hook():
    with receivers.webhook() as port:
        yield f"http://user:{PASSWORD}@127.0.0.1:{port}/in?x=1"


def test_a_file_of_lines_gets_each_event_once(sends, tmp_path):
    """Also if it was cut within a line, with the note of what was sent or without."""
    out = tmp_path / "out.jsonl"
    assert "61 events" in sends(out).out
    whole = out.read_bytes()
    told = [json.loads(line) for line in whole.splitlines()]
    assert [one["number"] for one in told] == list(range(61))
    assert len({one["id"] for one in told}) == 61 and all(one["proven"] for one in told)
    assert {one.get("person") for one in told} >= {"Zoë Đ.", "Eve; Adam"}
    assert out.stat().st_mode & 0o777 == 0o600
    said = sends(out, "--json").json
    assert said["sent"] == 0 and out.read_bytes() == whole
    (note,) = (tmp_path / "acme" / "sent").iterdir()
    for cut in (0, 1, len(whole) // 2, len(whole) - 1):
        if cut == 1:
            note.unlink()
        out.write_bytes(whole[:cut])
        assert sends(out).code == 0 and out.read_bytes() == whole
    out.write_text("remember the milk\n")
    sends(out).fails("holds no events")
    assert out.read_text() == "remember the milk\n"


def test_a_webhook_hears_a_repeat_by_its_key(sends, hook, no_waiting):
    """It goes on where it ended; a refusal that stays is told, and nothing is skipped."""
    Hook.answers = [503, 204, 429, 500, 204]
    assert sends(hook).code == 0
    assert [status for status, _, _ in Hook.got[:5]] == [503, 204, 429, 500, 204]
    assert Hook.got[0][1:] == Hook.got[1][1:] and Hook.got[2][1:] == Hook.got[4][1:]
    assert no_waiting == [2, 2, 4]
    taken = [one["number"] for status, _, some in Hook.got if status == 204 for one in some]
    assert taken == list(range(61))
    assert sends(hook, "--json").json["sent"] == 0


def test_what_a_webhook_refuses_is_sent_again_later(sends, hook, no_waiting, tmp_path):
    """From there on, under the same ids, and the password is nowhere."""
    Hook.answers = [204, 204, 400]
    refused = sends(hook).fails("does not take events", "400", "goes on where this ended")
    assert PASSWORD not in refused.err + refused.out
    notes = b"".join(one.read_bytes() for one in (tmp_path / "acme" / "sent").iterdir())
    assert PASSWORD.encode() not in notes
    Hook.got.clear()
    assert sends(hook).code == 0
    assert [one["number"] for _, _, some in Hook.got for one in some] == list(range(14, 61))


def test_nobody_at_the_other_end_is_told(sends, no_waiting):
    """A port that nobody has, a name that is none, and what is no URL."""
    sends("http://127.0.0.1:1/x").fails("does not take events")
    sends("mqtt://127.0.0.1:1").fails("does not take events")
    for url in ("ftp://x/y", "http://", "mqtt://", "http://x:port/"):
        sends(url).fails("postgresql+psycopg://")


def test_what_is_broken_goes_no_further(sends, log, tmp_path):
    """What came before it does, and nothing after."""
    (batch,) = event_batch.decode(log.read_bytes())
    batch.records[30] = batch.records[30][:-1] + b"?"
    log.write_bytes(batch.encode())
    out = tmp_path / "out.jsonl"
    sends(out).fails("not as the reader recorded them")
    assert all(json.loads(line)["number"] < 30 for line in out.read_bytes().splitlines())


def test_a_table_of_postgresql_gets_each_event_once(sends, monkeypatch, tmp_path):
    """The rows that are there stay as they are."""
    programs = postgres_server.binaries()
    if programs is None:
        pytest.skip("no PostgreSQL: apt install postgresql")
    with postgres_server.running(programs) as home:
        url = postgres_server.url(home)
        assert sends(url).code == 0
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            query = "select number, person, granted from holdfast_events"
            rows = connection.execute(sa.text(query)).all()
        assert sorted(row[0] for row in rows) == list(range(61))
        assert {row[1] for row in rows} >= {"Zoë Đ."} and {row[2] for row in rows} >= {True, False}
        for note in (tmp_path / "acme" / "sent").iterdir():
            assert postgres_server.PASSWORD not in note.read_text()
            note.unlink()
        assert sends(url, "--json").json["sent"] == 61
        with engine.connect() as connection:
            count = sa.text("select count(*) from holdfast_events")
            assert connection.execute(count).scalar() == 61
        engine.dispose()
        wrong = sends(postgres_server.url(home, password="wrong"))
        wrong.fails("takes no events", "password")


def test_a_broker_has_acknowledged_each(sends, site_folder):
    """A subscriber of a real broker gets all, in order, under the node's topic."""
    broker = mqtt_broker.program()
    if broker is None:
        pytest.skip("no broker of MQTT: make strangers")
    with (
        mqtt_broker.running(broker, "allow_anonymous true") as port,
        receivers.listening(port) as got,
    ):
        assert sends(f"mqtt://127.0.0.1:{port}").code == 0
        got.wait_for(61)
        assert {topic for topic, _ in got.messages} == {"holdfast/acme/front-reader/events"}
        assert sorted(told["number"] for _, told in got.messages) == list(range(61))
        assert sends(f"mqtt://127.0.0.1:{port}", "--json").json["sent"] == 0


def test_a_broker_that_wants_a_password_says_so(sends, tmp_path):
    """Nothing of it is repeated to the person."""
    broker = mqtt_broker.program()
    if broker is None:
        pytest.skip("no broker of MQTT: make strangers")
    with mqtt_broker.running(broker, "allow_anonymous false") as port:
        refused = sends(f"mqtt://me:{PASSWORD}@127.0.0.1:{port}")
        refused.fails("the broker at 127.0.0.1 does not take events")
        assert PASSWORD not in refused.err + refused.out


def test_each_kind_is_told_by_its_url(tmp_path):
    """Nothing else is guessed."""
    with pytest.raises(UsageProblem):
        kinds.opened("s3://bucket", "acme")
    kinds.opened(f"file://{tmp_path}/x.jsonl", "acme").close()
    assert (tmp_path / "x.jsonl").exists()
