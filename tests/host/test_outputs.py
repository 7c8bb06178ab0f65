"""A command writes where nothing is; told --force, over what it wrote before; over nothing else.

``-o`` with a slip of the keyboard is the site's key, or the report of last year.
"""

import os

import pytest

from holdfast_host import files
from holdfast_host.errors import UsageProblem
from holdfast_host.site import site, staging
from host.conftest import MARKS


@pytest.fixture
def commands(site_folder, tmp_path, holdfast):
    """Every command that writes a file, but for the name of the file."""
    assert holdfast("phone", "enroll", tmp_path / "phone").code == 0
    issue = ["credential", "issue", site_folder, "--holder", "bob", "--door", "front"]
    return [
        ["policy", "export", site_folder, "-o"],
        ["policy", "export", site_folder, "--snapshot", "-o"],
        ["policy", "snapshot", site_folder, "-o"],
        ["reader", "renew", site_folder, "reader", "-o"],
        [*issue, "--key", tmp_path / "phone" / "phone.pub", "--out"],
    ]


def test_what_a_command_wrote_it_writes_again_with_force(holdfast, commands, tmp_path):
    """Whoever exports each night has one file, and says so; whoever does not keeps the last."""
    for number, command in enumerate(commands):
        out = tmp_path / f"out{number}"
        assert holdfast(*command, out).code == 0
        before = out.read_bytes()
        holdfast(*command, out).fails("is there already", "--force")
        assert out.read_bytes() == before
        assert holdfast(*command, out, "--force").code == 0, command
        out.write_bytes(b"")
        if number != len(commands) - 1:  # a credential has its list beside it
            assert holdfast(*command, out).code == 0


def test_what_is_something_else_stays(holdfast, commands, site_folder, tmp_path):
    """Before a passphrase is asked for, or anything is signed."""
    note = tmp_path / "note"
    note.write_text("remember the milk")
    made = [tmp_path / f"out{number}" for number in range(len(commands))]
    for command, out in zip(commands, made, strict=True):
        assert holdfast(*command, out).code == 0
    for number, command in enumerate(commands):
        mine = {0, 1, 2} if number < 3 else {number}
        others = [path for place, path in enumerate(made) if place not in mine]
        keys = [site_folder / "authority.key", site_folder / "site.json", site_folder / "policy"]
        policy = sorted(path.name for path in (site_folder / "policy").iterdir())
        for path in [note, *keys, *others, "/dev/null"]:
            before = path.read_bytes() if path != "/dev/null" and path.is_file() else None
            for force in ([], ["--force"]):
                holdfast(*command, path, *force).fails("is there already", "new file")
            if before is not None:
                assert path.read_bytes() == before
        assert sorted(path.name for path in (site_folder / "policy").iterdir()) == policy
    assert os.path.exists("/dev/null") and not os.path.isfile("/dev/null")


def test_a_list_beside_a_credential_is_not_written_over_either(holdfast, commands, tmp_path):
    """``bob`` and ``bob.devices`` are written together."""
    (tmp_path / "bob.devices").write_text("a phone and two cards")
    holdfast(*commands[-1], tmp_path / "bob").fails("bob.devices is there already")
    assert not (tmp_path / "bob").exists()


@pytest.mark.parametrize("there", [False, True])
def test_a_site_that_could_not_be_made_is_not_there(
    holdfast, tmp_path, monkeypatch, there
):
    """Neither half of it, nor a folder that the next try stumbles over; and what was in the
    folder stays.
    """
    folder = tmp_path / "acme"
    if there:
        folder.mkdir()
        (folder / "notes").write_text("keep")
    made = ["site", "init", folder, "--name", "acme"]
    for name in ("policies.create", "Secret.save", "Site._write"):
        owner, _, method = name.partition(".")
        with monkeypatch.context() as patched:

            def fail(*arguments, **options):
                raise KeyboardInterrupt

            patched.setattr(getattr(site, owner), method, fail)
            assert holdfast(*made).code == 130
        left = sorted(path.name for path in tmp_path.iterdir() if path.name != MARKS)
        assert left == (["acme"] if there else [])
        assert not there or [path.name for path in folder.iterdir()] == ["notes"]
    assert holdfast(*made).code == 0
    assert site.load(folder).policy().number == 1
    assert not (folder / ".lock").exists()


def test_what_a_killed_init_left_goes_with_the_next(tmp_path, crashes, authority):
    """A folder with an encrypted key that opens nothing, under a name nobody looks at."""
    folder = tmp_path / "acme"

    def act(send):
        site.create(folder, "acme", [], authority, "correct horse battery", kdf_rounds=1)

    count = 0
    for _ in crashes(act):
        count += 1
        names = [path.name for path in tmp_path.iterdir()]
        assert len(names) <= 2
        if folder.exists():
            assert site.load(folder).policy().number == 1
            break
    assert count > 20
    with pytest.raises(UsageProblem, match="holds a site already"):
        site.create(folder, "acme", [], authority, "correct horse battery", kdf_rounds=1)


def test_two_that_make_one_folder(tmp_path):
    """The second is told, and leaves nothing."""
    folder = tmp_path / "acme"
    with pytest.raises(UsageProblem, match="cannot make"):
        with staging.folder_for(folder) as made:
            folder.mkdir()
            (folder / "file").write_text("x")
            files.write(made / "mine", b"y", files.PRIVATE)
    assert [path.name for path in folder.iterdir()] == ["file"]
    assert [path.name for path in tmp_path.iterdir()] == ["acme"]
