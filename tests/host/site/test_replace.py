"""The authority's key is replaced in two steps: what was trusted stays so until the second."""

import json
import os
import shutil

import pytest

from holdfast_host.credentials import issuing
from holdfast_host.credentials.authority import Authority
from holdfast_host.credentials.keys import read_authority_keys
from holdfast_host.errors import UsageProblem
from holdfast_host.policy.changes import set_zone
from holdfast_host.site import devices, replace, site

PASSPHRASE = "correct horse battery"
NOW = 1_800_000_000
DAY = 86400
READER = "reader"  # the site's one device
NEXT = NOW + DAY


def begin(folder, now=NOW):
    return replace.begin(folder, PASSPHRASE, now, kdf_rounds=1)


def finish(folder, now=NEXT, **options):
    return replace.finish(folder, PASSPHRASE, now, **options)


def anchors(made):
    return [key.x for key in made.policy().anchors]


def key_in(folder, name):
    return Authority.load(folder / name, PASSPHRASE).public_key.x


@pytest.fixture
def here(tmp_path, authority, secret):
    """A site whose clock is the test's."""
    folder = tmp_path / "here"
    site.create(
        folder, "acme", ["lobby"], authority, PASSPHRASE, secret=secret, now=NOW, kdf_rounds=1
    )
    return folder


def test_first_both_keys_are_in_force_and_then_the_new_one(here, authority, secret):
    """The root stays the first key's, and so does everything that comes of the secret."""
    old, root = authority.public_key.x, site.load(here).root
    both = begin(here)
    new = both.authority_key.x
    assert new != old and [key.x for key in both.authority_keys] == [new, old]
    assert anchors(both) == [old, new]
    assert key_in(here, "authority.key") == new and key_in(here, "authority.old.key") == old
    assert not (here / "authority.new.key").exists()
    only = finish(here)
    assert anchors(only) == [new] == [key.x for key in only.authority_keys]
    assert not (here / "authority.old.key").exists()
    assert only.first_key.x == both.first_key.x == old and only.root == both.root == root
    opened = only.unlock(PASSPHRASE)
    assert opened.authority.public_key.x == new
    assert opened.secret.lookup_key(1) == secret.lookup_key(1)
    assert [key.x for key in only.policy().every_key] == [old, new]


def test_the_private_files_are_private(here):
    """Each of the keys opens every door."""
    begin(here)
    for name in ("authority.key", "authority.old.key"):
        assert (here / name).stat().st_mode & 0o777 == 0o600


def test_policy_goes_on_under_each_key(here, authority):
    """The chain is checked from the first key on, whichever signs now."""
    begin(here)
    for step, zone in enumerate(("garage", "roof", "yard")):
        made = site.load(here)
        signer = made.unlock(PASSPHRASE).authority
        before = made.policy().number
        made.change_policy(signer, lambda state, zone=zone: set_zone(state, zone, None), NEXT)
        assert site.load(here).policy().number == before + 1
        if step == 0:
            finish(here)
    assert set(site.load(here).policy().state.zones) == {"lobby", "garage", "roof", "yard"}
    # The old key is worth nothing any more, also to whoever still has it.
    with pytest.raises(UsageProblem, match="not in force any more"):
        site.load(here).change_policy(authority, lambda state: set_zone(state, "x", None), NEXT)


def test_a_key_can_be_replaced_again(here):
    """A site lives longer than two keys."""
    keys = [site.load(here).authority_key.x]
    for _ in range(3):
        keys.append(begin(here).authority_key.x)
        finish(here)
    made = site.load(here)
    assert [key.x for key in made.policy().every_key] == keys and anchors(made) == keys[-1:]
    assert made.first_key.x == keys[0]


def test_the_steps_are_not_mixed_up(here):
    """Each is refused with the command that is right."""
    with pytest.raises(UsageProblem, match="not being replaced"):
        finish(here)
    begin(here)
    with pytest.raises(UsageProblem, match="both keys are in force") as refused:
        begin(here)
    assert "--finish" in refused.value.next_step
    finish(here)
    with pytest.raises(UsageProblem, match="not being replaced"):
        finish(here)


def test_a_wrong_passphrase_changes_nothing(here):
    """It would lock the new key away."""
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    with pytest.raises(UsageProblem, match="passphrase"):
        replace.begin(here, "wrong horse battery", NOW, kdf_rounds=1)
    assert before == {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}


def test_cut_anywhere_the_first_step_is_brought_to_its_end(here, tmp_path, crashes, marks):
    """Before each operation on a file: the site works with the old key or the new, or says which
    command goes on; that command does, with no third key signed."""
    copies = tmp_path / "copies"
    copies.mkdir()

    def act(send):
        os.environ["XDG_STATE_HOME"] = str(tmp_path / f"computer{os.getpid()}")
        folder = copies / str(os.getpid())
        shutil.copytree(here, folder)
        send(folder.name)
        begin(folder)

    half = 0
    for (name,) in (sent for sent in crashes(act, 2) if sent):
        folder = copies / name
        made = site.load(folder)
        try:
            made.unlock(PASSPHRASE)
        except UsageProblem as problem:
            assert "cut short" in problem.cause and "rotate-authority" in problem.next_step
        if anchors(made)[-1] == made.first_key.x:
            half += (folder / "authority.new.key").exists()
        else:
            half += made.authority_keys[0].x == made.first_key.x
        try:
            made = begin(folder)
        except UsageProblem as problem:
            assert "both keys are in force" in problem.cause
            made = site.load(folder)
        assert len(made.policy().every_key) == 2 and made.policy().number == 2
        assert made.unlock(PASSPHRASE).authority.public_key.x == anchors(made)[1]
        assert [key.x for key in made.authority_keys] == anchors(made)[::-1]
        assert not (folder / "authority.new.key").exists()
        assert key_in(folder, "authority.old.key") == anchors(made)[0], "the old key is kept"
        finish(folder)
        shutil.rmtree(folder)
        shutil.rmtree(marks, ignore_errors=True)  # each copy is on a computer of its own
    assert half > 2, "the sweep has never met a step half done"


def test_cut_anywhere_the_second_step_is_brought_to_its_end(here, tmp_path, crashes, marks):
    """The new key signs all the while; at the end the old one is gone."""
    begin(here)
    copies = tmp_path / "copies"
    copies.mkdir()

    def act(send):
        os.environ["XDG_STATE_HOME"] = str(tmp_path / f"computer{os.getpid()}")
        folder = copies / str(os.getpid())
        shutil.copytree(here, folder)
        send(folder.name)
        finish(folder)

    half = 0
    for (name,) in (sent for sent in crashes(act, 2) if sent):
        folder = copies / name
        site.load(folder).unlock(PASSPHRASE)
        half += len(anchors(site.load(folder))) == 1 and (folder / "authority.old.key").exists()
        try:
            finish(folder)
        except UsageProblem as problem:
            assert "not being replaced" in problem.cause
        made = site.load(folder)
        assert anchors(made) == [key.x for key in made.authority_keys]
        assert made.unlock(PASSPHRASE).authority.public_key.x == anchors(made)[0]
        assert not (folder / "authority.old.key").exists()
        shutil.rmtree(folder)
        shutil.rmtree(marks, ignore_errors=True)  # each copy is on a computer of its own
    assert half > 1, "the sweep has never met a step half done"


def test_a_new_key_that_was_lost_before_it_signed_is_made_anew(here, monkeypatch):
    """The old one is still there, and names another."""

    def fail(*arguments):
        raise UsageProblem("the disk is full", "make room")

    monkeypatch.setattr(replace, "_settled", fail)
    with pytest.raises(UsageProblem, match="the disk is full"):
        begin(here)
    monkeypatch.undo()
    lost = key_in(here, "authority.new.key")
    (here / "authority.new.key").unlink()
    made = begin(here)
    assert made.authority_key.x != lost and lost not in anchors(made)
    assert finish(here).unlock(PASSPHRASE)


def test_a_new_key_under_another_passphrase_is_made_anew_if_nothing_names_it(here):
    """It was made by a run that was cut short, before the passphrase was changed."""
    Authority.generate().save(here / "authority.new.key", "another horse battery", kdf_rounds=1)
    assert begin(here).unlock(PASSPHRASE)


def test_a_folder_of_two_backups_is_refused(here, tmp_path):
    """A key that no reader believes must not sign the end of the one they do."""
    older = shutil.copytree(here, tmp_path / "older")
    begin(here)
    finish(here)
    (here / "authority.key").write_bytes((older / "authority.key").read_bytes())
    with pytest.raises(UsageProblem, match="no pair"):
        site.load(here).unlock(PASSPHRASE)
    for step in (begin, finish):
        with pytest.raises(UsageProblem, match=r"not the key that the policy names|cut short"):
            step(here)


def device(name, issued, **changes):
    fields = {
        "id": name,
        "key": b"\x11" * 32,
        "doors": ("front",),
        "role": 1,
        "ctis": (b"certid-1",),
        "issued": issued,
        "expires": NOW + 700 * DAY,
    }
    return devices.Device(**{**fields, **changes})


def test_the_end_waits_for_devices_that_have_certificates_of_the_old_key(here):
    """Phones of the new key would refuse them, and a door that worked would not."""
    devices.save(here, [device("a", NOW - 5), device("b", NOW - 5, revoked=True)])
    begin(here)
    with pytest.raises(UsageProblem, match=r"1 certificates .* old key.*: a$"):
        finish(here)
    assert len(anchors(site.load(here))) == 2
    devices.save(here, [device("a", NOW + 5), device("b", NOW - 5, revoked=True)])
    finish(here)


def test_the_end_need_not_wait_if_the_key_is_stolen(here):
    """Some doors need a technician then; all others are safe at once."""
    devices.save(here, [device("a", NOW - 5)])
    begin(here)
    assert len(anchors(finish(here, anyway=True))) == 1


def test_the_command_says_what_comes_next(holdfast, site_folder, tmp_path):
    """A facility manager knows neither anchors nor chains."""
    before = site.load(site_folder).policy().number
    ran = holdfast("site", "rotate-authority", site_folder)
    assert ran.code == 0, ran.err
    assert "both keys are in force" in ran.out and "--finish" in ran.out and "Back up" in ran.out
    holdfast("site", "rotate-authority", site_folder).fails("both keys are in force", "--finish")
    holdfast("site", "rotate-authority", site_folder, "--anyway").fails("--finish")
    shown = holdfast("site", "show", site_folder, "--json").json
    assert len(shown["other_authority_public_keys"]) == 1
    finish = ["site", "rotate-authority", site_folder, "--finish", "--json"]
    # The certificate of the site's one reader is older than the new key.
    holdfast(*finish).fails("of the old key", "reader", "renew")
    assert holdfast("reader", "renew", site_folder, READER, "-o", tmp_path / "new").code == 0
    ended = holdfast(*finish)
    assert ended.code == 0, ended.err
    assert ended.json["authority_public_key"] == shown["authority_public_key"]
    assert ended.json["other_authority_public_keys"] == [] and ended.json["root"] == shown["root"]
    assert holdfast("policy", "show", site_folder, "--json").json["number"] == before + 2


def test_public_keys_are_a_key_set_meanwhile(here):
    """RFC 9052 section 7: what a stranger's library reads as well."""
    begin(here)
    data = (here / "authority.pub").read_bytes()
    found = read_authority_keys(here / "authority.pub")
    assert data[:1] == b"\x82" and [key.x in data for key in found] == [True, True]


def test_a_credential_of_the_old_key_can_be_seen_through_and_revoked(
    holdfast, site_folder, authority, grant, tmp_path
):
    """Above all after it counts no more at doors that have heard: others have not."""
    token = issuing.holder_credential(authority.signing_key, grant(b"\x09" + bytes(31)))
    (tmp_path / "old.cwt").write_bytes(token)
    look = ["credential", "show", tmp_path / "old.cwt", "--site", site_folder]
    holdfast("site", "rotate-authority", site_folder)
    assert holdfast(*look).code == 0
    finish = ["site", "rotate-authority", site_folder, "--finish", "--anyway"]
    assert holdfast(*finish).code == 0
    assert "was replaced" in holdfast(*look).out
    assert holdfast("policy", "revoke", site_folder, tmp_path / "old.cwt").code == 0


def test_a_policy_that_was_lost_is_not_begun_anew_under_another_key(holdfast, site_folder):
    """Readers would never follow it: they know the first key, and the chain from there."""
    holdfast("site", "rotate-authority", site_folder)
    for path in (site_folder / "policy").iterdir():
        path.unlink()
    holdfast("policy", "init", site_folder).fails("backup")
    assert json.loads((site_folder / "site.json").read_text())["version"] == 2
