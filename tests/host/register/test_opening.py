"""The register's database: the right site's, the tables of today, one command at a time."""

import sqlite3

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from holdfast_host import locks
from holdfast_host.errors import UsageProblem
from holdfast_host.policy.chain import History
from holdfast_host.register import heard, models, opening, place, versions
from holdfast_host.site import site as sites


@pytest.fixture
def here(site_folder):
    return sites.load(site_folder)


def test_the_steps_make_the_tables_that_are_used(here):
    """A column that a step forgot is missed on the first site that was made before it."""
    with opening.changing(here) as register:
        context = MigrationContext.configure(register.connection)
        assert compare_metadata(context, models.metadata) == []


def test_only_to_look_makes_nothing(here):
    """A typing error in a path leaves no empty register."""
    with pytest.raises(UsageProblem, match="no register"):
        with opening.reading(here):
            pass
    assert not place.exists(here.folder) and not opening.is_there(here)


def test_a_change_is_whole_or_not_at_all(here):
    """What fails in the middle leaves what was."""
    with opening.changing(here):
        pass
    said = [heard.Heard("reader", ("front",), 3, bytes(32), 1)]
    with pytest.raises(ZeroDivisionError):
        with opening.changing(here) as register:
            heard.note(register.connection, said)
            raise ZeroDivisionError
    with opening.reading(here) as register:
        assert heard.load(register.connection) == []
    with opening.changing(here) as register:
        heard.note(register.connection, said)
        heard.note(register.connection, said)
    with opening.reading(here) as register:
        assert heard.load(register.connection) == said


def test_a_register_of_another_site_is_refused(here):
    """Restored into the wrong folder it would give strangers rights."""
    with opening.changing(here) as register:
        register.connection.execute(models.site.update().values(root=bytes(32), id="other"))
    for way in (opening.changing, opening.reading):
        with pytest.raises(UsageProblem, match="site other"):
            with way(here):
                pass


def test_a_newer_or_damaged_register_is_said(here):
    """With what to do, and nothing is changed."""
    path = here.folder / place.FILE
    with opening.changing(here):
        pass
    whole = path.read_bytes()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(UsageProblem, match="newer holdfast"):
        with opening.changing(here):
            pass
    for data in (b"no database at all" * 100, whole[:5000] + bytes(3000) + whole[8000:]):
        path.write_bytes(data)
        with pytest.raises(UsageProblem) as refused:
            with opening.changing(here) as register:
                register.connection.execute(sa.select(models.people)).all()
                register.connection.execute(sa.text("PRAGMA integrity_check")).all()
                raise UsageProblem("not noticed", "")
        assert refused.value.cause


def test_who_has_the_site_is_named(here, monkeypatch):
    """Two commands at once: one waits, and is told by whom if that takes too long."""
    monkeypatch.setattr(locks, "_PATIENCE_S", 0.0)
    with opening.changing(here):
        held = locks.hold  # another process would have a descriptor of its own
        with pytest.raises(UsageProblem, match="in use by"):
            held(here.folder)


def test_a_folder_catches_up_with_the_register(here, authority, tmp_path, monkeypatch):
    """Two offices, each with a folder: what one signed the other goes on from."""
    import shutil

    with opening.changing(here) as register:
        versions.agree(register)
    other = shutil.copytree(here.folder, tmp_path / "other")
    now = here.policy().issued_at
    here.refresh_policy(authority, now)
    with opening.changing(here) as register:
        newest = versions.agree(register)
    shutil.copy(here.folder / place.FILE, other / place.FILE)  # as if it were one database
    there = sites.load(other)
    assert there.policy().number == newest.number - 1
    with opening.changing(there) as register:
        assert isinstance(versions.agree(register), History)
    assert sites.load(other).policy().head == newest.head
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another computer"))
    there.refresh_policy(authority, now + 1)
    monkeypatch.undo()
    here.refresh_policy(authority, now + 2)
    with opening.changing(here) as register:
        versions.agree(register)
    shutil.copy(here.folder / place.FILE, other / place.FILE)
    with opening.changing(there) as register:
        with pytest.raises(UsageProblem, match="two copies"):
            versions.agree(register)


def test_one_site_has_one_register(here, monkeypatch):
    """A password is in no file; another database than the noted one is refused."""
    url = "postgresql+psycopg://anna:secret@db/acme"
    place.note(here.folder, url)
    assert b"secret" not in (here.folder / place.NOTE).read_bytes()
    assert place.url_of(here.folder) == "postgresql+psycopg://anna@db/acme"
    assert place.url_of(here.folder, url) == url and "secret" not in place.shown(url)
    with pytest.raises(UsageProblem, match="register of this site is at"):
        place.url_of(here.folder, "postgresql+psycopg://anna@db/other")
    with pytest.raises(UsageProblem, match="no database"):
        place.url_of(here.folder, "mysql://db/acme")
