"""The register on a real PostgreSQL, which offices share: as in a file, one at a time."""

import shutil

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import postgres_server
from holdfast_host.register import models, opening, place, versions
from holdfast_host.site import site as sites

LIST = "name,cards,groups,pin\nZoë Đ.,04a1b2c3,7,yes\nBo,04a1b2c4,7,\n"


def test_it_is_the_same_register(holdfast, office, site_folder, url, tmp_path, monkeypatch, state):
    """In and out, suspended, removed; the password is nowhere, the place is noted."""
    (tmp_path / "list.csv").write_text(LIST)
    ran = holdfast("people", "import", site_folder, tmp_path / "list.csv", "--db", url)
    assert ran.code == 0 and len(state().grants) == 3
    monkeypatch.setenv("PGPASSWORD", postgres_server.PASSWORD)
    assert not (site_folder / place.FILE).exists()
    for path in site_folder.rglob("*"):
        assert not path.is_file() or postgres_server.PASSWORD.encode() not in path.read_bytes()
    assert holdfast("people", "export", site_folder, "-o", tmp_path / "out.csv").code == 0
    assert holdfast("people", "compare", site_folder, tmp_path / "out.csv").code == 0
    assert "Zoë Đ." in holdfast("people", "list", site_folder).out
    assert holdfast("people", "suspend", site_folder, "Bo").code == 0
    assert holdfast("people", "remove", site_folder, "Zoë Đ.").code == 0
    assert len(state().grants) == 1
    with opening.reading(sites.load(site_folder)) as register:
        context = MigrationContext.configure(register.connection)
        assert compare_metadata(context, models.metadata) == []
        dumped = repr(
            [
                register.connection.execute(one.select()).all()
                for one in models.metadata.sorted_tables
            ]
        )
    assert "04a1b2c3" not in dumped and "04:a1" not in dumped
    monkeypatch.setenv("PGPASSWORD", "wrong")
    holdfast("people", "list", site_folder).fails("cannot be used", "password")


def test_another_office_is_named(holdfast, office, site_folder, url, tmp_path, monkeypatch):
    """A second folder of the site waits for the first, and goes on from what that signed."""
    (tmp_path / "list.csv").write_text(LIST)
    other = shutil.copytree(site_folder, tmp_path / "other")
    monkeypatch.setattr(opening, "_PATIENCE_S", 0)
    with opening.changing(sites.load(site_folder), url):
        ran = holdfast("people", "import", other, tmp_path / "list.csv", "--db", url)
        ran.fails("in use by", "@")
    assert holdfast("people", "import", site_folder, tmp_path / "list.csv", "--db", url).code == 0
    assert holdfast("people", "remove", other, "Bo", "--db", url).code == 0
    assert holdfast("people", "suspend", site_folder, "Zoë Đ.", "--db", url).code == 0
    assert sites.load(other).policy().number == sites.load(site_folder).policy().number - 1
    assert holdfast("people", "sign", other, "--yes", "--db", url).code == 0
    assert sites.load(other).policy().head == sites.load(site_folder).policy().head


def test_rules_are_signed_one_office_after_the_other(
    holdfast, office, site_folder, url, tmp_path, monkeypatch
):
    """Not by people's commands alone: two that sign a door each would be two branches."""
    monkeypatch.setenv("HOLDFAST_DB", url)
    assert holdfast("people", "name-group", site_folder, 7, "staff").code == 0
    other = shutil.copytree(site_folder, tmp_path / "other")
    before = sites.load(site_folder).policy().number

    def does(folder, *command):
        place_of = {site_folder: "one", other: "two"}[folder]
        with monkeypatch.context() as patch:
            patch.setenv("XDG_STATE_HOME", str(tmp_path / f"computer {place_of}"))
            return holdfast(*command[:2], folder, *command[2:])

    with monkeypatch.context() as patch:
        patch.setattr(opening, "_PATIENCE_S", 0)
        with opening.changing(sites.load(site_folder)):
            for command in (["policy", "lockdown", "on"], ["site", "add-zone", "attic"]):
                does(other, *command).fails("in use by", "@")
    assert sites.load(other).policy().number == before
    commands = [
        ["policy", "card", "04a1b2c3", "--group", 7],
        ["policy", "lockdown", "on"],
        ["site", "add-zone", "attic"],
        ["policy", "pin", "--draw", "--group", 7],
        ["site", "rotate-zone", "lobby"],
        ["policy", "lockdown", "off"],
    ]
    for number, command in enumerate(commands):
        ran = does([site_folder, other][number % 2], *command)
        assert ran.code == 0, (command, ran.err)
    # What somebody else did is done: it is not said to be so already by who has not heard.
    for folder, state in ((site_folder, "on"), (other, "off"), (site_folder, "off")):
        assert does(folder, "policy", "lockdown", state).code == 0
    histories = [sites.load(folder).policy() for folder in (site_folder, other)]
    assert len({one.head for one in histories}) == 1
    assert len(histories[0].state.grants) == 2 and not histories[0].state.is_locked
    with opening.reading(sites.load(other)) as register:
        assert len(versions.changesets(register)) == histories[0].number
