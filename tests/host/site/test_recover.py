"""An old copy of a site, or two that signed apart: nothing is signed unheard, nothing revoked
opens afterwards, and the doors agree.
"""

import shutil

import pytest

from holdfast.access.place import DOOR
from holdfast_host import cli
from holdfast_host.boards.process import ReaderProcess
from holdfast_host.policy import witness
from holdfast_host.site import site as sites

LEAVER, AWAY, NEW, STAYS = "04a1b2c1", "04a1b2c2", "04a1b2c3", "04a1b2c4"


@pytest.fixture
def doors(holdfast, site_folder, reader_folder, office, tmp_path):
    """``doors["back"]``: a running reader each, at front and back, which follow one policy."""
    enrol = ("reader", "enroll", tmp_path / "r2", "--site", site_folder, "--door", "back")
    assert holdfast(*enrol, "--node", "r2").code == 0
    assert office("group", "8", "--door", "front", "--door", "back").code == 0
    for card in (LEAVER, AWAY, STAYS):
        assert office("card", card, "--group", "8").code == 0
    with ReaderProcess(reader_folder) as front, ReaderProcess(tmp_path / "r2") as back:
        yield {"front": front, "back": back}


@pytest.fixture
def carry(holdfast, doors):
    """``carry(phone, "front", "--policy", FILE)``."""

    def run(phone, door, *options):
        at = ("--reader", f"127.0.0.1:{doors[door].port}", "--door", door)
        return holdfast("phone", "carry", phone, *at, *options)

    return run


@pytest.fixture
def bring(holdfast, carry, tmp_path):
    """``bring(copy, phone, "front")``: what that copy of the site signed, to that door."""

    def run(copy, phone, door, *how):
        news = tmp_path / f"{door}{len(list(tmp_path.iterdir()))}.news"
        assert holdfast("policy", "export", copy, *how, "-o", news).code == 0
        brought = carry(phone, door, "--policy", news, "--json")
        assert brought.code == 0, brought.err
        return brought.json["policy"], brought.json["policy_head"]

    return run


def opens(door, card):
    """Whether the reader lets that card in."""
    since = len(door.events)
    door.put(card=card)
    said = door.wait(lambda event: event.get("shown") == "card", since=since)
    return said["granted"]


@pytest.fixture
def admin(holdfast, site_folder, tmp_path):
    """A phone that may ask both doors for their policy."""
    holdfast("phone", "enroll", tmp_path / "admin")
    issue = ["credential", "issue", site_folder, "--holder", "admin", "--may", "administer"]
    key = ["--key", tmp_path / "admin" / "phone.pub", "--out", tmp_path / "admin.cwt"]
    issued = holdfast(*issue, *key, "--door", "front", "--door", "back")
    assert issued.code == 0, issued.err
    known = ("--credential", tmp_path / "admin.cwt", "--authority", site_folder / "authority.pub")
    assert holdfast("phone", "enroll", tmp_path / "admin", *known).code == 0
    return tmp_path / "admin"


def test_two_doors_on_two_branches_agree_and_nothing_revoked_opens(
    holdfast, site_folder, doors, bring, carry, admin, tmp_path, marks, monkeypatch
):
    """Each copy takes something back; both doors have all of it in the end. A door that was not
    heard, and one that hid its newest changeset, are named.
    """
    for door in doors:
        bring(site_folder, admin, door)
        assert opens(doors[door], LEAVER) and opens(doors[door], AWAY)
    other = shutil.copytree(site_folder, tmp_path / "other")
    policy = ("policy", "card", site_folder)
    assert holdfast(*policy, LEAVER, "--remove").code == 0
    assert holdfast("policy", "revoke", site_folder, "0011223344556677").code == 0
    bring(site_folder, admin, "front")
    # Somebody else's computer.
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    assert holdfast("policy", "card", other, AWAY, "--suspend").code == 0
    assert holdfast("policy", "card", other, NEW, "--group", "8").code == 0
    assert holdfast("policy", "lockdown", other, "on", "--door", "front").code == 0
    early = tmp_path / "early"
    bring(other, admin, "back")
    assert carry(admin, "back", "--take-policy", early).code == 0
    assert holdfast("policy", "card", other, STAYS, "--remove").code == 0
    bring(other, admin, "back")
    monkeypatch.setenv("XDG_STATE_HOME", str(marks))

    recover = ("site", "recover", site_folder)
    holdfast(*recover).fails("not every door was heard", "back", "front", "--without")
    for door in doors:
        assert carry(admin, door, "--take-policy", tmp_path / door).code == 0
    front = ("--heard", f"front={tmp_path / 'front'}")
    holdfast(*recover, *front).fails("not every door was heard: back")
    before = sites.load(site_folder).policy().number
    shown = holdfast(*recover, *front, "--heard", f"back={tmp_path / 'back'}", "--dry-run")
    assert shown.code == 0 and "another branch" in shown.out and "nothing was changed" in shown.out
    assert sites.load(site_folder).policy().number == before
    # First only what the door showed before: it hid its newest.
    done = holdfast(*recover, *front, "--heard", f"back={early}", "--json")
    assert done.code == 0, done.err
    assert done.json["branches"][0]["nodes"] == ["r2"] and done.json["without_name"]
    assert opens(doors["back"], NEW)
    said = witness.heard(site_folder, sites.load(site_folder).policy(), _standing(doors["back"]))
    assert said == ["r2"], "it follows what nobody has heard"
    holdfast(*policy, NEW, "--remove").fails("may be an old copy", "r2", "site recover")
    done = holdfast(*recover, *front, "--heard", f"back={tmp_path / 'back'}", "--json")
    assert done.code == 0, done.err
    said = {bring(site_folder, admin, door, "--snapshot") for door in doors}
    assert len(said) == 1, "both follow the same"
    state = sites.load(site_folder).policy().state
    assert bytes.fromhex("0011223344556677") in state.revoked.entries
    assert state.locked_doors and not opens(doors["front"], NEW), "it is locked down"
    assert {card: opens(doors["back"], card) for card in (LEAVER, AWAY, NEW, STAYS)} == {
        LEAVER: False,
        AWAY: False,
        NEW: True,
        STAYS: False,
    }
    assert holdfast(*policy, NEW, "--remove").code == 0, "it signs again"


def _standing(door):
    said = [event for event in door.events if event.get("event") == "policy_applied"][-1]
    return {"r2": (said["changeset"], bytes(32))}


def test_where_one_branch_replaced_the_authoritys_key(
    holdfast, site_folder, doors, bring, carry, admin, tmp_path, marks, monkeypatch
):
    """While both keys are in force the door that has heard of the old one alone is brought along:
    what is signed for it is signed by that. Once only the new one is in force it is told that
    nothing reaches that door; and a copy that lacks the new key signs nothing for who has it.
    """
    for door in doors:
        bring(site_folder, admin, door)
    other = shutil.copytree(site_folder, tmp_path / "other")
    assert holdfast("site", "rotate-authority", site_folder).code == 0
    assert holdfast("policy", "card", site_folder, LEAVER, "--remove").code == 0
    bring(site_folder, admin, "front")
    finished = shutil.copytree(site_folder, tmp_path / "finished")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    assert holdfast("policy", "card", other, AWAY, "--remove").code == 0
    bring(other, admin, "back")
    given = []
    for door in doors:
        assert carry(admin, door, "--take-policy", tmp_path / door).code == 0
        given += ["--heard", f"{door}={tmp_path / door}"]
    refused = holdfast("site", "recover", other, *given)
    refused.fails("a key of the authority that this copy has not", "in which that key was")

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "a third"))
    assert holdfast("site", "rotate-authority", finished, "--finish", "--anyway").code == 0
    done = holdfast("site", "recover", finished, *given, "--json")
    assert done.code == 0, done.err
    assert done.json["cut_off"] == ["r2"]
    assert len(sites.load(finished).policy().state.grants) == 1, "neither of the two opens"

    monkeypatch.setenv("XDG_STATE_HOME", str(marks))
    done = holdfast("site", "recover", site_folder, *given, "--json")
    assert done.code == 0, done.err
    assert done.json["branches"][0]["nodes"] == ["r2"] and done.json["cut_off"] == []
    assert len({bring(site_folder, admin, door, "--snapshot") for door in doors}) == 1
    for door in doors.values():
        assert [opens(door, card) for card in (LEAVER, AWAY, STAYS)] == [False, False, True]
    assert holdfast("policy", "card", site_folder, NEW, "--group", "8").code == 0
    bring(site_folder, admin, "back")
    assert opens(doors["back"], NEW), "it believes the new key"


def test_a_restored_copy_takes_what_a_door_has(
    holdfast, site_folder, doors, bring, carry, admin, tmp_path
):
    """Nothing went apart: it only lacks the newest. Until then it signs nothing at all."""
    backup = shutil.copytree(site_folder, tmp_path / "backup")
    assert holdfast("policy", "card", site_folder, LEAVER, "--remove").code == 0
    newest = bring(site_folder, admin, "front")
    shutil.rmtree(site_folder)
    shutil.copytree(backup, site_folder)
    key = ("--key", admin / "phone.pub", "--out", tmp_path / "x.cwt")
    for command in (
        ("policy", "card", site_folder, NEW, "--group", "8"),
        ("site", "add-zone", site_folder, "attic"),
        ("policy", "refresh", site_folder),
        ("credential", "issue", site_folder, "--holder", "x", "--door", "front", *key),
    ):
        holdfast(*command).fails("may be an old copy", "site recover")
    assert carry(admin, "front", "--take-policy", tmp_path / "front").code == 0
    heard = ("--heard", f"front={tmp_path / 'front'}", "--without", "back")
    done = holdfast("site", "recover", site_folder, *heard, "--json")
    assert done.code == 0, done.err
    assert (done.json["taken"], done.json["branches"]) == (1, [])
    history = sites.load(site_folder).policy()
    assert (history.number, history.head.hex()) == newest
    assert holdfast("policy", "card", site_folder, NEW, "--group", "8").code == 0


def test_killed_anywhere_the_same_command_brings_it_to_its_end(
    holdfast, site_folder, office, tmp_path, marks, monkeypatch, killed_before
):
    """Each time a little later: the site is whole, and until it is recovered it signs nothing."""
    assert office("card", LEAVER, "--group", "7").code == 0
    other = shutil.copytree(site_folder, tmp_path / "other")
    assert office("card", AWAY, "--group", "7").code == 0
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    assert holdfast("policy", "card", other, LEAVER, "--remove").code == 0
    assert holdfast("policy", "lockdown", other, "on", "--door", "back").code == 0
    news = tmp_path / "news"
    assert holdfast("policy", "export", other, "-o", news).code == 0
    theirs = sites.load(other).policy()
    monkeypatch.setenv("XDG_STATE_HOME", str(marks))
    said = {"r2": (theirs.number, theirs.head)}
    witness.heard(site_folder, sites.load(site_folder).policy(), said)
    heard = ["--heard", f"front={news}", "--without", "back"]
    command = ["site", "recover", str(site_folder), *heard]
    survived, operation = False, 0
    while not survived:
        operation += 1
        survived = killed_before(lambda: cli.main(command), operation)
        assert sites.load(site_folder).policy().number
        if not survived and operation < 4:
            office("door", "attic").fails("may be an old copy", "r2")
    history = sites.load(site_folder).policy()
    assert operation > 3 and history.number > theirs.number
    assert history.state.locked_places == [(DOOR, "back")] and len(history.state.grants) == 1
    assert office("door", "attic").code == 0
