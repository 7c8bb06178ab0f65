"""Killed at every write of every command, of a file or of the database: what comes next finds a
whole site, says what was cut short, and the same command brings it to its end.

Whoever loses power in the middle of a list of two hundred people has to know what is signed.
"""

import shutil

import pytest

import crashing
from conftest import ROOT
from crashing import TORTURE
from holdfast_host.cli import main
from holdfast_host.credentials.authority import Authority
from holdfast_host.credentials.secret import Secret
from holdfast_host.phone.wallet import Wallet
from holdfast_host.site import site as sites
from host.cli.every_command import every
from host.conftest import PASSPHRASE
from host.events.made_site import MadeLog
from host.killed.rows import AT_A_NODE, LOOKS, ROWS
from host.killed.world import World, leftovers, quietly

MADE_BY = (
    "policy door W/acme back",
    "policy schedule W/acme office --weekly mon-fri_08:00-18:00",
    "policy group W/acme 7 --door front --schedule office",
    "policy group W/acme 8 --door back",
    "policy card W/acme 04ffeedd --group 7",
    "people name-group W/acme 7 staff",
    "people name-group W/acme 8 guests",
)
LIST = "name,cards,groups,pin,phone\nZoe,04a1b2c3,staff,yes,{}\nBo,04a1b2c4,guests,,{}\n"
LOOKED_AT = ["policy show W/acme", "people list W/acme"]
if TORTURE:
    LOOKED_AT += ["site show W/acme", "reader list W/acme", "policy draft W/acme"]
MORE = "name,cards,groups,pin\nZoe,04a1b2c3,staff,\nAda,04a1b2c5,guests,yes\nCy,04a1b2c6,staff,\n"


@pytest.fixture(scope="session")
def world_master(site_master, reader_master, authority, secret, tmp_path_factory):
    """Two people with cards, a PIN, phones and credentials; a card of nobody; a log of events."""
    folder = tmp_path_factory.mktemp("world") / "w"
    shutil.copytree(site_master, folder / "acme")
    shutil.copytree(reader_master, folder / "reader")
    made = World(quietly, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "marks"))
        patch.setenv("HOLDFAST_PASSPHRASE", PASSPHRASE)
        for line in MADE_BY:
            made.does(line)
        for name in ("phone", "b", "new_phone"):
            made.does(f"phone enroll W/{name}")
        keys = [Wallet.open(folder / name).public_key.x.hex() for name in ("phone", "b")]
        (folder / "list.csv").write_text(LIST.format(*keys))
        (folder / "more.csv").write_text(MORE)
        (folder / "cards").write_text("".join(f"04bb{number:04x}\n" for number in range(400)))
        (folder / "out").mkdir()
        made.does("people import W/acme W/list.csv --pins-to W/pins")
        made.does("credential issue W/acme --person Zoe --door front --out W/zoe.cwt")
        key = "--key W/phone/phone.pub"
        made.does(f"credential issue W/acme --holder ann {key} --door front --out W/ann.cwt")
    bare = folder / "bare"
    # Of another authority: what this computer has signed, it knows by that.
    other = Authority.generate()
    sites.create(bare, "bare", [], other, PASSPHRASE, secret=Secret.generate(), kdf_rounds=1)
    MadeLog(authority, secret, "reader", ["front"]).save(folder / "log")
    return folder


@pytest.fixture
def world(holdfast, world_master, tmp_path, monkeypatch):
    """A World of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "w" / "marks"))
    return World(holdfast, shutil.copytree(world_master, tmp_path / "w"))


def test_no_command_is_forgotten():
    """A new one has to be put where it belongs, and the tests then kill it."""
    named = {one.partition(",")[0] for one in ROWS} | set(LOOKS) | set(AT_A_NODE)
    assert named == {" ".join(path) for path in every()}
    for row in ROWS.values():
        assert tuple(row.line.split()[:2]) in every()
    for where in filter(None, AT_A_NODE.values()):
        assert (ROOT / "tests" / where).exists(), where


def test_who_only_looks_writes_nothing(world):
    """Nor could anything be torn by it."""
    for name, line in LOOKS.items():

        def act(line=line):
            _require(world.run(line).code == 0)

        def told(text, name=name):
            pytest.fail(f"{name}: {text}")

        assert crashing.killed_at_write(act, 0, told) == 0, name


def _require(done):
    if not done:
        raise AssertionError


@pytest.mark.parametrize("name", ROWS)
def test_killed_at_every_write(world, name):
    """Each, if tortured; else at the first change that is there, and in the middle."""
    row = ROWS[name]
    for line in row.before:
        world.does(line)
    if row.prepare is not None:
        row.prepare(world)
    world.keep()
    again = f"{row.line} {row.again or ''}"
    before = world.facts()

    def act():
        _require(main(world.words(row.line)) == 0)

    count = crashing.killed_at_write(act, 0, pytest.fail)
    after = [world.facts()]
    assert count and (after[0] != before or row.twice)
    if row.twice or TORTURE:
        world.run(again)
        after.append(world.facts())
        assert row.twice or after[0] == after[1], "the same once more is another"
    for operation in range(1, count + 1) if TORTURE else [1 + count * 2 // 3]:
        world.put_back()
        assert crashing.killed_at_write(act, operation, pytest.fail) is None
        _holds(world, row, again, before, after, f"{name}: {operation} of {count}")


def _holds(world, row, again, before, after, where):
    said = ""
    for line in LOOKED_AT:
        ran = world.does(line)
        said += ran.out + ran.err
    between = world.facts()
    of_site = between["acme"] != before["acme"]
    if of_site and between not in after:
        told = "was cut short" in said or "not signed" in said or "begin another" in said
        assert told, (where, _differs(between, before))
    ran = world.run(again)
    if ran.code and row.instead and between != after[0]:
        ran = world.run(row.instead)
    ended = world.facts()
    if row.instead:  # its files have other names
        ended, *after = [{**one, "made": []} for one in (ended, *after)]
    assert ended in after, (where, ran.err, _differs(ended, after[-1]))
    world.does("policy refresh W/acme")
    assert "cut short" not in world.does("policy show W/acme").err
    assert not leftovers(world.site), where


def _differs(one, other):
    """Where they differ, as a text."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
        return {name: _differs(one.get(name), other.get(name)) for name in names}
    if isinstance(one, list) and isinstance(other, list):
        lost = [item for item in other if item not in one]
        return [item for item in one if item not in other], "and not", lost
    return one, "and not", other
