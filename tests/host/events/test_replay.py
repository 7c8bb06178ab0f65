"""``holdfast events replay``: what was decided is decided again, by then, today and a draft."""

import json

import pytest

from holdfast.access.events import batch as event_batch


@pytest.fixture
def replay(holdfast, site_folder):
    def run(path, *options):
        return holdfast("events", "replay", path, "--site", site_folder, *options)

    return run


def test_by_the_policy_of_then_nothing_differs(replay, made, tmp_path):
    """All that is told is decided again, and the chain is proven on the way."""
    done = replay(made.save(tmp_path / "log.events"))
    assert done.code == 0, done.out
    assert "none differs" in done.out and "61 of 61 events are proven" in done.out
    said = replay(made.save(tmp_path / "log.events"), "--json").json
    assert said["verified"] is True and said["different"] == 0
    assert said["same"] + sum(said["cannot"].values()) == 60 and said["no_decisions"] == 1


def test_one_edited_byte_is_found_where_it_is(replay, made, tmp_path):
    """Whatever else the replay comes to, it fails, and names the event."""
    path = made.save(tmp_path / "log.events")
    (batch,) = event_batch.decode(path.read_bytes())
    flipped = bytearray(batch.records[33])
    flipped[-20] ^= 1
    batch.records[33] = bytes(flipped)
    path.write_bytes(batch.encode())
    done = replay(path)
    assert done.code == 1 and "BROKEN" in done.out and "event 33 was changed" in done.out
    assert "front-reader" in done.err
    assert [one["first"] for one in replay(path, "--json").json["findings"]] == [33]


def test_a_draft_shows_what_it_would_change(replay, made, tmp_path, policy, state):
    """And is signed or thrown away; nothing of it is in the policy before."""
    path = made.save(tmp_path / "log.events")
    replay(path, "--policy", "draft").fails("no draft", "--draft")
    before = state().groups
    done = policy("group", 7, "--door", "back", "--draft")
    assert done.code == 0 and "NOT signed" in done.out and state().groups == before
    shown = replay(path, "--policy", "draft")
    assert shown.code == 3 and "would be" in shown.out and "wrong door" in shown.out
    lines = replay(path, "--policy", "draft", "--jsonl").out.splitlines()
    told = [json.loads(line) for line in lines]
    assert told
    for one in told:
        # Whoever got in at the front by group 7 would not; at the back it is the other way round.
        assert one["shown"] == 1 and one["person"]
        assert (one["door"] == "back") == (one["reason"] == "wrong_door")
    assert policy("draft").out.count("1 things") == 1
    assert policy("draft", "--remove").code == 0
    assert "no draft" in policy("draft").out
    assert policy("group", 7, "--door", "back", "--draft").code == 0
    assert policy("draft", "--sign").code == 0 and state().groups != before
    # By the policy of then still nothing differs; by that of today the same does.
    assert replay(path).code == 0
    today = replay(path, "--policy", "today", "--json").json
    assert today["different"] == len(told)


def test_a_draft_of_an_older_policy_is_refused(replay, made, tmp_path, policy):
    """It was meant for what was there then."""
    path = made.save(tmp_path / "log.events")
    assert policy("lockdown", "on", "--draft").code == 0
    assert policy("refresh").code == 0
    replay(path, "--policy", "draft").fails("the draft follows changeset", "--remove")
    policy("lockdown", "on", "--draft").fails("the draft follows changeset")


def test_what_cannot_be_decided_again_is_told(replay, made, tmp_path, policy):
    """A policy that the site has not got, and a door in other zones than the token named."""
    path = made.save(tmp_path / "log.events")
    assert policy("zone", "lobby", "--door", "back", "--draft").code == 0
    said = replay(path, "--policy", "draft", "--json").json
    assert any("zones" in why for why in said["cannot"]), said["cannot"]
    replay(path, "--policy", "99").fails("no policy of this site")


def test_without_the_passphrase_nothing_is_proven(replay, made, tmp_path, monkeypatch):
    """It decides all the same, and says so."""
    path = made.save(tmp_path / "log.events")
    monkeypatch.delenv("HOLDFAST_PASSPHRASE")
    done = replay(path)
    assert done.code == 0 and "NOT verified" in done.out
