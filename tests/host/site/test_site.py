"""``holdfast site``: made once, never overwritten, never by halves."""

import json
import os

import cbor2
import pytest

from holdfast_host.credentials.authority import Authority
from holdfast_host.errors import UsageProblem
from holdfast_host.site import site

PASSPHRASE = "correct horse battery"
SOUND = {"version": 2, "id": "acme", "root": "07" * 32, "lookup": 1, "zones": {}}


def test_init_makes_a_site(holdfast, tmp_path):
    """Four files, of which two are secrets, and a policy that has begun."""
    folder = tmp_path / "new" / "acme"
    made = holdfast("site", "init", folder, "--name", "acme", "--zone", "lobby", "--json")
    assert made.code == 0 and made.err == ""
    assert made.json["site"] == "acme" and made.json["zones"] == {"lobby": 1}
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes == {
        "authority.key": 0o600,
        "authority.pub": 0o644,
        "site.json": 0o644,
        "site.secret": 0o600,
        "policy": 0o700,
    }
    assert [path.name for path in (folder / "policy").iterdir()] == ["000001.changeset"]
    described = json.loads((folder / "site.json").read_text())
    assert described["version"] == 2 and described["lookup"] == 1
    assert described["root"] == made.json["authority_public_key"]
    public = cbor2.loads((folder / "authority.pub").read_bytes())
    assert public == {1: 1, -1: 6, -2: bytes.fromhex(made.json["authority_public_key"])}
    assert site.load(folder).unlock(PASSPHRASE).authority.public_key.x == public[-2]


def test_init_says_what_it_made(holdfast, tmp_path):
    """And what the person must do now."""
    made = holdfast("site", "init", tmp_path / "a", "--name", "acme")
    assert made.code == 0
    assert "acme" in made.out and "Back up" in made.out


def test_init_never_overwrites(holdfast, site_folder):
    """An overwritten authority key locks everybody out for good."""
    before = {path: path.read_bytes() for path in site_folder.rglob("*") if path.is_file()}
    holdfast("site", "init", site_folder, "--name", "other").fails("holds a site already")
    (site_folder / "site.json").unlink()
    holdfast("site", "init", site_folder, "--name", "other").fails("authority.key", "cut short")
    (site_folder / "authority.key").unlink()
    holdfast("site", "init", site_folder, "--name", "other").fails("site.secret", "cut short")
    (site_folder / "site.secret").unlink()
    holdfast("site", "init", site_folder, "--name", "other").fails("(policy)", "cut short")
    for name in ("site.json", "authority.key", "site.secret"):
        (site_folder / name).write_bytes(before[site_folder / name])
    assert before == {path: path.read_bytes() for path in site_folder.rglob("*") if path.is_file()}


def test_a_site_made_from_a_program_is_not_overwritten_either(site_folder, authority):
    """The command looks first; who comes without it is refused all the same."""
    before = (site_folder / "authority.key").read_bytes()
    with pytest.raises(UsageProblem, match="holds a site already"):
        site.create(site_folder, "acme", [], authority, PASSPHRASE, kdf_rounds=1)
    assert (site_folder / "authority.key").read_bytes() == before


def test_a_crash_at_any_point_of_init_leaves_no_half_site(tmp_path, authority, crashes):
    """Whatever is there afterwards is whole, or is refused with its cause."""

    def act(send):
        folder = tmp_path / str(os.getpid())
        site.create(folder, "acme", [], authority, PASSPHRASE, kdf_rounds=1)

    processes = len(list(crashes(act)))
    whole = 0
    for folder in tmp_path.iterdir():
        try:
            made = site.load(folder)
        except UsageProblem as problem:
            assert "there is no site" in problem.cause
        else:
            assert made.unlock(PASSPHRASE).authority.public_key.x == authority.public_key.x
            assert made.policy().number == 1
            whole += 1
    assert processes > 15 and 0 < whole < processes


@pytest.mark.parametrize(
    ("passphrase", "words"), [("", "empty"), ("seven77", "7 characters"), (None, "needed")]
)
def test_init_refuses_a_weak_passphrase(holdfast, tmp_path, monkeypatch, passphrase, words):
    """Also one that nobody gives because nobody is there."""
    if passphrase is None:
        monkeypatch.delenv("HOLDFAST_PASSPHRASE")
    else:
        monkeypatch.setenv("HOLDFAST_PASSPHRASE", passphrase)
    holdfast("site", "init", tmp_path / "a", "--name", "acme").fails(words)
    assert not (tmp_path / "a").exists()


def test_a_passphrase_is_typed_twice(holdfast, tmp_path, monkeypatch):
    """A typing error would be the end of the key."""
    monkeypatch.delenv("HOLDFAST_PASSPHRASE")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    typed = iter(["correct horse battery", "correct horse buttery"])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(typed))
    holdfast("site", "init", tmp_path / "a", "--name", "acme").fails("differ")
    assert not (tmp_path / "a").exists()
    typed = iter(["correct horse battery"] * 2)
    assert holdfast("site", "init", tmp_path / "a", "--name", "acme").code == 0


def test_the_passphrase_may_be_in_a_file(holdfast, tmp_path, monkeypatch):
    """Its first line, whatever editor ended it."""
    monkeypatch.delenv("HOLDFAST_PASSPHRASE")
    file = tmp_path / "passphrase"
    file.write_bytes(PASSPHRASE.encode() + b"\r\nsecond line\n")
    made = holdfast("site", "init", tmp_path / "a", "--name", "a", "--passphrase-file", file)
    assert made.code == 0
    assert site.load(tmp_path / "a").unlock(PASSPHRASE)
    file.write_bytes(b"\xff\xfe\xff")
    holdfast("site", "init", tmp_path / "b", "--name", "b", "--passphrase-file", file).fails(
        "text file"
    )
    holdfast(
        "site", "init", tmp_path / "b", "--name", "b", "--passphrase-file", tmp_path / "none"
    ).fails("no passphrase file")


@pytest.mark.parametrize("name", ["", " ", "a b", "a/b", "a\n", "\x1b[2J", "x" * 65, "ü" * 33])
def test_ids_that_mislead_are_refused(holdfast, tmp_path, name):
    """An id is a path segment, a word on a label and a line in a log."""
    holdfast("site", "init", tmp_path / "a", "--name", name).fails("cannot be a site id")
    assert not (tmp_path / "a").exists()


def test_ids_may_be_in_any_language(holdfast, tmp_path):
    """Doors are named by those who use them."""
    made = holdfast("site", "init", tmp_path / "a", "--name", "Büro-東", "--json")
    assert made.json["site"] == "Büro-東"


def test_show_needs_no_passphrase(holdfast, site_folder, monkeypatch):
    """Everybody may look."""
    monkeypatch.delenv("HOLDFAST_PASSPHRASE")
    shown = holdfast("site", "show", site_folder)
    assert shown.code == 0 and "acme" in shown.out and "lobby" in shown.out
    assert holdfast("site", "show", site_folder, "--json").json["zones"] == {"lobby": 1}


def test_zones_can_be_added(holdfast, site_folder):
    """Once each, and the others stay; readers hear of it by a changeset."""
    before = site.load(site_folder).policy().number
    added = holdfast("site", "add-zone", site_folder, "garage", "--json")
    assert added.json["zones"] == {"lobby": 1, "garage": 1}
    assert holdfast("site", "show", site_folder, "--json").json == added.json
    holdfast("site", "add-zone", site_folder, "garage").fails("already")
    holdfast("site", "add-zone", site_folder, "a b").fails("zone id")
    shown = holdfast("policy", "show", site_folder, "--json").json
    assert shown["zones"] == {"lobby": ["front"], "garage": []}
    assert shown["number"] == before + 1


def test_a_zone_that_was_added_by_halves_is_added_by_the_same_command(
    holdfast, site_folder, authority, monkeypatch
):
    """Killed between policy and description; nothing is signed twice."""
    before = site.load(site_folder).policy().number

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(site.Site, "_write", fail)
    holdfast("site", "add-zone", site_folder, "garage").fails("No space")
    monkeypatch.undo()
    monkeypatch.setenv("HOLDFAST_PASSPHRASE", PASSPHRASE)
    assert "garage" not in holdfast("site", "show", site_folder, "--json").json["zones"]
    assert holdfast("site", "add-zone", site_folder, "garage").code == 0
    assert holdfast("site", "show", site_folder, "--json").json["zones"]["garage"] == 1
    assert site.load(site_folder).policy().number == before + 1


def test_a_zone_needs_the_passphrase(holdfast, site_folder, monkeypatch):
    """Readers believe in a zone because the authority signed it."""
    before = site.load(site_folder).policy().number
    monkeypatch.setenv("HOLDFAST_PASSPHRASE", "wrong horse battery")
    holdfast("site", "add-zone", site_folder, "garage").fails("passphrase does not open")
    assert site.load(site_folder).policy().number == before


def test_a_missing_site_is_said(holdfast, tmp_path):
    """With the command that makes one."""
    holdfast("site", "show", tmp_path / "none").fails("there is no site", "site init")
    (tmp_path / "file").write_bytes(b"")
    holdfast("site", "show", tmp_path / "file").fails("cannot read")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"[" * 5000,
        json.dumps(SOUND | {"version": 1}).encode(),
        json.dumps(SOUND | {"id": None}).encode(),
        json.dumps(SOUND | {"id": "a b"}).encode(),
        json.dumps(SOUND | {"id": "Tu\u0308r"}).encode(),
        json.dumps(SOUND | {"root": None}).encode(),
        json.dumps(SOUND | {"root": "07" * 31}).encode(),
        json.dumps(SOUND | {"root": "no" * 32}).encode(),
        json.dumps(SOUND | {"lookup": None}).encode(),
        json.dumps(SOUND | {"lookup": 0}).encode(),
        json.dumps(SOUND | {"zones": []}).encode(),
        json.dumps(SOUND | {"zones": {"": 1}}).encode(),
        json.dumps(SOUND | {"zones": {"a": True}}).encode(),
        json.dumps(SOUND | {"zones": {"a": 0}}).encode(),
    ],
)
def test_a_damaged_description_is_said(holdfast, site_folder, content):
    """site.json may be edited by hand, and by a bad disk."""
    (site_folder / "site.json").write_bytes(content)
    holdfast("site", "show", site_folder).fails("site.json is damaged", "backup")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        bytes(2000),
        cbor2.dumps({1: 1, -1: 4, -2: bytes(32)}),
        cbor2.dumps({1: 1, -1: 6, -2: bytes(31)}),
        cbor2.dumps({1: 1, -1: 6, -2: bytes(32), -4: bytes(32)}),
        cbor2.dumps([]),
        cbor2.dumps([{1: 1, -1: 6, -2: bytes(32)}] * 3),
        cbor2.dumps([{1: 1, -1: 6, -2: bytes(32)}, {1: 1, -1: 4, -2: bytes(32)}]),
        cbor2.dumps([{1: 1, -1: 6, -2: bytes(32)}, 7]),
    ],
)
def test_a_damaged_public_key_is_said(holdfast, site_folder, content):
    """Also one of another kind, and a private one in its place."""
    (site_folder / "authority.pub").write_bytes(content)
    holdfast("site", "show", site_folder).fails("authority.pub")


def test_keys_of_two_sites_are_no_pair(site_folder, tmp_path):
    """A restored backup may mix them; credentials from that would open nothing."""
    other = Authority.generate()
    site.create(tmp_path / "other", "acme", [], other, PASSPHRASE, kdf_rounds=1)
    there = site_folder / "authority.pub"
    before = there.read_bytes()
    there.write_bytes((tmp_path / "other/authority.pub").read_bytes())
    with pytest.raises(UsageProblem, match="no pair"):
        site.load(site_folder).unlock(PASSPHRASE)
    there.write_bytes(before)
    (site_folder / "site.secret").write_bytes((tmp_path / "other/site.secret").read_bytes())
    with pytest.raises(UsageProblem, match="secret of another site"):
        site.load(site_folder).unlock(PASSPHRASE)
