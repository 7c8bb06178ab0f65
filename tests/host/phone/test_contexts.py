"""A sequence number is part of a nonce: none is ever used twice, whatever happens."""

import dataclasses
import os

import pytest

from holdfast_host.phone.contexts import ContextStore, Partner, Session

TOKEN = b"the credential"
NOW, END = 1_000, 2_000
CTI = b"a reader"
PARTNER = Partner(CTI, END, ("front", "back"))


@pytest.fixture
def session():
    return Session(os.urandom(16), os.urandom(8), b"\x01", b"\x02", 1, PARTNER)


@pytest.fixture
def store(tmp_path, session):
    made = ContextStore(tmp_path / "contexts")
    made.keep("front", TOKEN, session)
    return made


def take(store, door, token, now=NOW, revoked=()):
    return store.take(door, token, now, revoked)


def numbers(store, times):
    return [take(store, "front", TOKEN).sender_sequence_number for _ in range(times)]


def test_numbers_go_on(store, tmp_path):
    """Also in another process, which sees only the file."""
    assert numbers(store, 3) == [1, 2, 3]
    assert numbers(ContextStore(tmp_path / "contexts"), 2) == [4, 5]


def test_a_crash_at_any_point_never_repeats_a_number(store, crashes):
    """Between taking a number and sending it lies a moment in which the power may fail."""

    def act(send):
        send(take(store, "front", TOKEN).sender_sequence_number)

    sent, processes = [], 0
    for numbers_sent in crashes(act):
        processes += 1
        sent += numbers_sent + numbers(store, 1)
    assert processes > 10 and len(sent) > processes
    assert len(set(sent)) == len(sent)
    assert sent == sorted(sent)


def test_a_number_is_on_the_disk_before_it_is_handed_out(store, monkeypatch):
    """A rename that is not synced may be undone by a power cut."""
    done = []
    monkeypatch.setattr("os.fsync", lambda number: done.append("sync"))
    replace = os.replace
    monkeypatch.setattr("os.replace", lambda *names: (done.append("rename"), replace(*names)))
    take(store, "front", TOKEN)
    assert done == ["sync", "rename", "sync"]


def test_two_processes_at_once_never_share_a_number(store, tmp_path):
    """Two unlocks started at the same moment read the same file."""
    reading, writing = os.pipe()
    children = []
    for _ in range(4):
        child = os.fork()
        if not child:
            for number in numbers(store, 25):
                os.write(writing, b"%d\n" % number)
            os._exit(0)
        children.append(child)
    os.close(writing)
    for child in children:
        os.waitpid(child, 0)
    with open(reading) as pipe:
        taken = [int(line) for line in pipe]
    assert sorted(taken) == list(range(1, 101))


def test_keys_come_back_as_they_were(store, session):
    """A context derived from other inputs would only be refused at the door."""
    context, original = take(store, "front", TOKEN), session.context()
    assert context.sender_key == original.sender_key
    assert context.recipient_key == original.recipient_key
    assert context.common_iv == original.common_iv
    assert (context.sender_id, context.recipient_id) == (b"\x01", b"\x02")


def test_a_session_is_for_one_door_and_one_credential(store):
    """The reader's side holds the old credential: after a new one it must be shown again."""
    assert take(store, "back", TOKEN) is None
    assert take(store, "front", b"another credential") is None
    assert take(store, "front", TOKEN) is not None


def test_the_last_number_is_the_last(store, session):
    """RFC 8613 section 7.2.1: a context whose numbers are used up is done."""
    store.keep("front", TOKEN, dataclasses.replace(session, sequence_number=(1 << 40) - 1))
    assert take(store, "front", TOKEN).next_piv() == b"\xff" * 5
    assert take(store, "front", TOKEN) is None


def test_a_damaged_file_is_no_session(store, tmp_path):
    """It costs a full handshake, and nothing else: no error at the door, no wrong number."""
    (path,) = (tmp_path / "contexts").iterdir()
    whole = path.read_bytes()
    for damaged in [b"", b"\xff", whole[:-1], whole + b"\x00", b"\x80", b"\xa0", bytes(100)]:
        path.write_bytes(damaged)
        assert take(store, "front", TOKEN) is None
    path.write_bytes(bytes(10_000))
    assert take(store, "front", TOKEN) is None
    path.write_bytes(whole)
    assert take(store, "front", TOKEN) is not None


@pytest.mark.parametrize(
    "change",
    [
        {"master_secret": b"short"},
        {"master_salt": bytes(9)},
        {"sender_id": bytes(8)},
        {"recipient_id": b"\x01"},
        {"sequence_number": -1},
        {"partner": Partner(b"short", END, ("front",))},
        {"partner": Partner(CTI, END, (b"front",))},
        {"partner": Partner(CTI, True, ("front",))},
    ],
)
def test_a_session_that_cannot_be_is_none(store, session, change):
    """Well-formed CBOR with the wrong content is damage too."""
    store.keep("front", TOKEN, dataclasses.replace(session, **change))
    assert take(store, "front", TOKEN) is None


@pytest.mark.parametrize(
    "reason",
    [
        {"now": END},
        {"now": END + 1},
        {"revoked": {b"anything", CTI}},
    ],
)
def test_a_reader_that_is_not_believed_any_more_is_not_asked(store, tmp_path, reason):
    """Its certificate has ended, or was revoked. The session goes: what the phone knew once stays
    known if its list of revoked devices is lost.
    """
    assert take(store, "front", TOKEN, END - 1, {b"another"})
    assert take(store, "front", TOKEN, **reason) is None
    assert take(store, "front", TOKEN) is None
    assert list((tmp_path / "contexts").iterdir()) == []


def test_a_reader_is_asked_for_its_own_doors_alone(store, session):
    """The door may have been given to another reader since."""
    store.keep("gate", TOKEN, session)
    assert take(store, "gate", TOKEN) is None


def test_files_are_private_and_names_are_harmless(store, session, tmp_path):
    """A door's id is a stranger's text, and a context is a key."""
    store.keep("../../escape", TOKEN, session)
    store.keep("a" * 5000, TOKEN, session)
    assert {path.parent for path in (tmp_path / "contexts").iterdir()} == {tmp_path / "contexts"}
    for path in (tmp_path / "contexts").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
    assert not (tmp_path.parent / "escape").exists()


def test_clearing_forgets_all(store, session, tmp_path):
    """A new credential ends every session made with the old one."""
    store.keep("back", TOKEN, session)
    store.clear()
    assert take(store, "front", TOKEN) is None and take(store, "back", TOKEN) is None
    assert list((tmp_path / "contexts").iterdir()) == []


def test_no_secret_is_shown(session):
    """Objects end up in logs and tracebacks."""
    assert session.master_secret.hex() not in repr(session)
    assert repr(session.master_secret) not in repr(session)
