"""What is planted as a secret is nowhere: not in what a command says, fails with or is traced by,
not in the database, a mark, a backup of the folder, or what is left of a command that failed.
"""

import os

import pytest

LIST = "name,cards,groups,pin\nZoë,04a1b2c3,staff,yes\nBo,997aa0,staff,yes\n"
PASSPHRASE = "correct horse battery"
CARDS = ("04a1b2c3", "997aa0")


@pytest.fixture
def planted(secret, site_folder):
    """What nobody may find, as bytes, once PINs were drawn."""

    def collect(digits):
        keys = [secret._value, secret.row_key(), secret.number_key(), secret.index_key()]
        found = [PASSPHRASE.encode(), *keys, *(key.hex().encode() for key in keys), *digits]
        for card in CARDS:
            number = bytes.fromhex(card)
            found += [card.encode(), card.upper().encode(), number.hex(":").encode()]
            found += [str(int(card, 16)).encode()]
        return found

    return collect


def test_no_secret_is_said_or_left(
    people, holdfast, listed, site_folder, planted, tmp_path, marks, monkeypatch
):
    """By commands that are done and by such that fail, as text and as JSON, traced and not."""
    pins, table = tmp_path / "pins.csv", listed(LIST)
    ran = [people("import", table, "--dry-run"), people("import", table, "--pins-to", pins)]
    digits = [line.split(",")[1].encode() for line in pins.read_text("utf-8-sig").splitlines()[1:]]
    assert len(digits) == 2 and all(one.isdigit() for one in digits)
    ran += [people(command) for command in ("list", "groups")]
    ran += [people("show", "Bo"), people("show", "Bo", "--json"), people("list", "--json")]
    ran += [people("compare", table), people("sign", "--dry-run")]
    ran += [people("suspend", "Bo", "--json")]
    ran += [people("export", "-o", tmp_path / "all.csv"), holdfast("policy", "show", site_folder)]
    twice = listed("name,cards,groups\nEve,04a1b2c3,staff\n", "twice.csv")
    monkeypatch.setenv("HOLDFAST_TRACE", "1")
    ran += [people("import", twice), people("import", twice, "--json"), people("remove", "Nobody")]
    assert [one.code for one in ran[-3:]] == [1, 1, 1]
    monkeypatch.setenv("HOLDFAST_PASSPHRASE", "wrong horse battery")
    ran += [people("suspend", "Zoë"), people("suspend", "Zoë", "--json")]
    monkeypatch.setenv("HOLDFAST_PASSPHRASE", PASSPHRASE)
    secrets = planted(digits)
    for one in ran:
        said = (one.out + one.err).encode()
        assert not [found for found in secrets if found in said], one
    seen = 0
    for folder in (site_folder, marks):
        for path in (path for path in folder.rglob("*") if path.is_file()):
            seen += 1
            data = path.read_bytes()
            assert not [found for found in secrets if len(found) > 4 and found in data], path
            assert path.stat().st_mode & 0o077 == 0 or b"PRIVATE" not in data, path
    assert seen > 8 and os.listdir(marks / "holdfast" / "sites")
