"""The policy's files: each signed and numbered, none lost, none altered, none by halves."""

import os
import shutil
import time

import cbor2
import pytest

import cbor
from cose import Key
from holdfast.access import place
from holdfast.access.policy import changeset, operations
from holdfast_host import files
from holdfast_host.boards import enrol as readers
from holdfast_host.credentials.authority import Authority
from holdfast_host.errors import UsageProblem
from holdfast_host.policy import chain
from holdfast_host.policy import changes as policy_changes
from holdfast_host.policy import history as policy
from holdfast_host.site import site
from untrusted import InvalidInput

PASSPHRASE = "correct horse battery"
NOW = 1_800_000_000


DOORS = [[operations.DOOR, number, name] for number, name in enumerate("abcdefghij")]


def lock_down(door):
    return lambda state: policy_changes.lock_down(state, True, [(place.DOOR, door)])


@pytest.fixture
def site_folder(tmp_path, authority, secret):
    """A site that nothing was done with yet."""
    folder = tmp_path / "acme"
    site.create(folder, "acme", ["lobby"], authority, PASSPHRASE, secret=secret, kdf_rounds=4)
    return folder


@pytest.fixture
def grown(site_folder, authority):
    """A site of five changesets."""
    here = site.load(site_folder)
    here.change_policy(authority, lambda state: DOORS, NOW)
    for door in ("a", "b", "c"):
        here.change_policy(authority, lock_down(door), NOW)
    assert here.policy().number == 5
    return here


def path_of(here, number):
    return here.folder / "policy" / f"{number:06}.changeset"


def test_a_changeset_is_a_plain_cose_message(grown, authority):
    """A stranger's CBOR reads it: numbered, chained, signed, as docs/protocol.md says."""
    previous, payload = bytes(32), {}
    for number in range(1, 6):
        raw = path_of(grown, number).read_bytes()
        assert len(raw) <= 1024
        tag = cbor2.loads(raw)
        payload = cbor2.loads(tag.value[2])
        assert (tag.tag, payload[1], payload[2], payload[3]) == (18, 2, "acme", number)
        assert payload[4] == previous and payload[5] <= max(NOW, int(time.time()))
        previous = changeset.parse(raw).hash
    assert grown.policy().head == previous
    assert payload[6] == [[9, True, [[1, "c"]]]]


def test_the_first_changeset_says_where_the_site_is(tmp_path, authority):
    """Without a time zone no schedule holds anywhere."""
    made = site.create(
        tmp_path / "s",
        "acme",
        ["b", "a"],
        authority,
        PASSPHRASE,
        time_zone="CET-1CEST,M3.5.0,M10.5.0/3",
        now=NOW,
        kdf_rounds=1,
    )
    (raw,) = made.policy().changesets
    assert changeset.parse(raw).operations == [
        [operations.TIMEZONE, 60, [60, [3, 5, 6, 120], [10, 5, 6, 180]]],
        [operations.LIMITS, {1: 129600, 3: 900, 4: 0, 5: 730, 6: 10}],
        [operations.ZONE, "b", b""],
        [operations.ZONE, "a", b""],
    ]
    assert made.policy().issued_at == NOW


def test_a_site_with_many_zones_begins_with_several_changesets(tmp_path, authority):
    """A changeset is small, so that a phone can carry it."""
    zones = [f"{number:03}" + "z" * 60 for number in range(32)]
    made = site.create(tmp_path / "s", "acme", zones, authority, PASSPHRASE, kdf_rounds=1)
    assert made.policy().number > 2 and list(made.policy().state.zones) == zones


def test_private_files(grown):
    """Who may open what is nobody else's business on this machine."""
    assert (grown.folder / "policy").stat().st_mode & 0o777 == 0o700
    for path in (grown.folder / "policy").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("number", [1, 3, 5])
def test_every_damage_to_a_changeset_is_said(holdfast, grown, number):
    """And its file named, so that it can be taken from the backup; nothing is signed on top."""
    path = path_of(grown, number)
    whole = path.read_bytes()
    flips = [bytes([*whole[:at], whole[at] ^ 4, *whole[at + 1 :]]) for at in range(len(whole))]
    for damaged in [
        b"",
        whole[:-1],
        whole + b"\0",
        bytes(2000),
        *flips[:: 1 if number == 3 else 9],
    ]:
        path.write_bytes(damaged)
        with pytest.raises(UsageProblem, match=path.name) as refused:
            grown.policy()
        assert "backup" in refused.value.next_step or "right file" in refused.value.next_step
    holdfast("policy", "show", grown.folder).fails(path.name)
    holdfast("policy", "lockdown", grown.folder, "on").fails(path.name)
    assert not path_of(grown, 6).exists()
    path.write_bytes(whole)
    assert grown.policy().number == 5


def test_a_changeset_that_is_missing_is_said(holdfast, grown, tmp_path):
    """In the middle by its name; all of them as a policy that is not there."""
    path_of(grown, 3).rename(tmp_path / "kept")
    holdfast("policy", "show", grown.folder).fails("000003.changeset", "backup")
    holdfast("policy", "lockdown", grown.folder, "off").fails("000003.changeset")
    shutil.copy(path_of(grown, 4), path_of(grown, 3))
    holdfast("policy", "show", grown.folder).fails("000003.changeset", "changeset 4")
    shutil.rmtree(grown.folder / "policy")
    for command in (["show"], ["lockdown", "off"], ["export", "-o", tmp_path / "x"]):
        holdfast("policy", command[0], grown.folder, *command[1:]).fails("no policy", "init")
    holdfast("site", "add-zone", grown.folder, "z").fails("no policy", "init")
    enroll = ["reader", "enroll", tmp_path / "r", "--site", grown.folder, "--door", "front"]
    holdfast(*enroll).fails("no policy")
    assert not (tmp_path / "r").exists()


def test_other_files_in_the_folder_are_let_be(grown):
    """An editor's backup, or what a crash left."""
    for name in (".000006.changeset.tmp", "000006.changeset~", "notes.txt", "6.changeset"):
        (grown.folder / "policy" / name).write_bytes(b"noise")
    assert grown.policy().number == 5


def test_a_changeset_of_somebody_else_is_refused(grown, authority):
    """Of another key, of another site, one that skips: sound in itself, and not the next."""
    history = grown.policy()
    mallory = Authority.generate()
    sound = (authority.signing_key, "acme", 6, history.head, NOW, [[9, True, None]])
    for at, value in (
        (0, mallory.signing_key),
        (1, "globex"),
        (2, 7),
        (2, 5),
        (3, bytes(32)),
    ):
        arguments = list(sound)
        arguments[at] = value
        path_of(grown, 6).write_bytes(changeset.make(*arguments))
        with pytest.raises(UsageProblem, match="000006.changeset"):
            grown.policy()
    path_of(grown, 6).write_bytes(changeset.make(*sound))
    assert grown.policy().state.is_locked


def test_a_site_from_before_policies_begins_one_once(holdfast, grown):
    """With its zones; and never a second time, which its readers would not take."""
    shutil.rmtree(grown.folder / "policy")
    begun = holdfast("policy", "init", grown.folder, "--time-zone", "EST5", "--json")
    assert begun.json == {"site": "acme", "changed": True, "number": 1}
    shown = holdfast("policy", "show", grown.folder, "--json").json
    assert shown["zones"] == {"lobby": []} and shown["time_zone"] == "UTC-05:00"
    holdfast("policy", "init", grown.folder).fails("a policy already")


def test_a_clock_that_was_wrong_once_does_not_date_the_policy_for_ever(grown, authority):
    """What is after what, numbers say: a host that was years ahead is right again at once."""
    grown.change_policy(authority, lock_down("e"), NOW + 9 * 365 * 86400)
    history, _ = grown.change_policy(authority, lock_down("f"), NOW - 1000)
    assert history.issued_at == NOW - 1000 == grown.policy().issued_at


def test_two_commands_at_once_both_have_their_way(process, site_folder, tmp_path, monkeypatch):
    """Each changeset follows the one before: the second process must wait for the first."""
    monkeypatch.setenv("HOLDFAST_PASSPHRASE", PASSPHRASE)
    running = [process("policy", "door", site_folder, f"d{number}") for number in range(4)]
    assert [started.ends().code for started in running] == [0] * 4
    history = site.load(site_folder).policy()
    assert history.number == 5 and set(history.state.doors.values()) == {"d0", "d1", "d2", "d3"}


def test_a_crash_at_any_point_of_a_change_leaves_the_old_or_the_new(
    site_folder, tmp_path, authority, crashes, marks
):
    """The chain is whole each time, and the same command goes on from there."""

    def act(send):
        os.environ["XDG_STATE_HOME"] = str(tmp_path / f"computer{os.getpid()}")
        here = site.load(shutil.copytree(site_folder, tmp_path / f"at{os.getpid()}"))
        here.change_policy(authority, lambda state: DOORS[:1], NOW)

    processes = len(list(crashes(act)))
    seen = set()
    for folder in tmp_path.glob("at*"):
        shutil.rmtree(marks, ignore_errors=True)  # each copy is on a computer of its own
        try:
            here = site.load(folder)
            number = here.policy().number
        except UsageProblem:
            continue  # cut while the test was still copying
        seen.add(number)
        history, _ = here.change_policy(
            authority, lambda state: policy_changes.add_door(state, "a"), NOW
        )
        assert history.number == 2 and history.state.doors == {0: "a"}
    assert processes > 15 and seen == {1, 2}


def test_a_full_disk_changes_nothing(holdfast, grown, monkeypatch):
    """Said with its cause, and the same command does it once there is room."""
    whole = files._write

    def full(path, data, mode):
        if path.suffix == ".changeset":
            raise OSError(28, "No space left on device")
        whole(path, data, mode)

    monkeypatch.setattr(files, "_write", full)
    lock = ["policy", "lockdown", grown.folder, "on", "--clock-is-right"]
    holdfast(*lock).fails("No space left", "disk")
    assert grown.policy().number == 5
    monkeypatch.setattr(files, "_write", whole)
    assert holdfast(*lock).code == 0
    assert grown.policy().number == 6


def test_a_folder_that_may_not_be_written_is_said(holdfast, grown):
    """Somebody else's site, or a backup that is mounted read-only."""
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (grown.folder / "policy").chmod(0o500)
    try:
        holdfast("policy", "lockdown", grown.folder, "on").fails("cannot write")
    finally:
        (grown.folder / "policy").chmod(0o700)
    assert grown.policy().number == 5


def test_an_export_is_what_a_reader_may_miss(holdfast, grown, tmp_path):
    """Byte for byte the changesets, from the one after the last it has."""
    raws = [path_of(grown, number).read_bytes() for number in range(1, 6)]
    for after in range(6):
        out = tmp_path / f"x{after}"
        done = holdfast("policy", "export", grown.folder, "--after", after, "-o", out, "--json")
        assert done.json["changesets"] == 5 - after
        assert cbor.decode_sequence(out.read_bytes()) == raws[after:]


def test_a_reader_is_enrolled_with_the_policy_of_the_day(holdfast, grown, tmp_path):
    """It decides by it from its first start, offline; the file is as private as the others."""
    enroll = ["reader", "enroll", tmp_path / "r", "--site", grown.folder, "--door", "front"]
    enroll += ["--clock-is-right"]
    assert holdfast(*enroll).code == 0
    file = tmp_path / "r" / readers.POLICY
    assert file.stat().st_mode & 0o777 == 0o600
    assert cbor.decode_sequence(file.read_bytes()) == grown.policy().changesets
    assert holdfast("policy", "lockdown", grown.folder, "on").code == 0
    assert holdfast(*enroll, "--replace").code == 0
    assert cbor.decode_sequence(file.read_bytes()) == grown.policy().changesets


def test_a_reader_that_refuses_the_policy_is_not_enrolled(holdfast, grown, tmp_path, monkeypatch):
    """It would hang at its door, look fine, and open for nobody."""
    enroll = ["reader", "enroll", tmp_path / "r", "--site", grown.folder, "--door", "front"]
    enroll += ["--clock-is-right"]
    with monkeypatch.context() as bent:
        bent.setattr(policy.History, "for_reader", lambda self, authority: b"\x43abc")
        holdfast(*enroll).fails("refuses the site's policy")
    holdfast("reader", "run", tmp_path / "r").fails("is not enrolled")
    assert holdfast(*enroll).code == 0


def test_a_long_history_is_spared_a_new_reader(grown, authority, monkeypatch):
    """What was changed a hundred times has one present; a snapshot says that alone."""
    history = grown.policy()
    assert history.for_reader(authority) == history.export()
    monkeypatch.setattr(chain, "_MANY", 100)
    pieces = cbor.decode_sequence(history.for_reader(authority))
    assert pieces == history.snapshot(authority)
    assert len(cbor.encode_sequence(*pieces)) < len(history.export())


def test_only_a_holder_of_the_key_can_be_believed(grown, authority):
    """The public key in the folder decides; another one refuses the whole chain."""
    with pytest.raises(UsageProblem, match="000001.changeset"):
        policy.load(grown.folder, "acme", Authority.generate().public_key)
    assert isinstance(authority.public_key, Key)
    with pytest.raises(InvalidInput):
        policy.History("globex", authority.public_key).apply(path_of(grown, 1).read_bytes())
