"""Two people at work on one site at once: each waits for the other, and nothing is lost."""

import os
import shutil
import threading

import pytest

from holdfast_host.register import opening, place, records, versions
from holdfast_host.site import site as sites

EACH = 20 if os.environ.get("HOLDFAST_TORTURE") == "1" else 3


@pytest.fixture(params=["a file", "PostgreSQL"])
def offices(request, site_folder, tmp_path, people):
    """Two folders and the options for the register: one folder twice, or two that share a
    database.
    """
    if request.param == "a file":
        return [site_folder, site_folder], []
    url = request.getfixturevalue("url")
    other = shutil.copytree(site_folder, tmp_path / "other office")
    for path in (site_folder, other):
        (path / place.FILE).unlink()
    assert people("name-group", 7, "staff", "--db", url).code == 0
    return [site_folder, other], ["--db", url]


def test_no_change_is_lost_and_no_number_is_given_twice(offices, process, tmp_path, monkeypatch):
    """By two processes; each changeset is one's alone, and both folders end with the same."""
    monkeypatch.setenv("HOLDFAST_PASSPHRASE", "correct horse battery")
    folders, db = offices
    before = sites.load(folders[0]).policy().number
    ended = []

    def work(name, first, folder):
        for number in range(EACH):
            path = tmp_path / f"{name}{number}.csv"
            path.write_text(f"name,cards,groups\n{name} {number},04a1{first + number:04x},staff\n")
            ended.append(process("people", "import", folder, path, *db, "--json").ends())

    work_of = (("A", 0, folders[0]), ("B", 0x1000, folders[1]))
    workers = [threading.Thread(target=work, args=one) for one in work_of]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [one.code for one in ended] == [0] * 2 * EACH, [one.err for one in ended]
    numbers = [one.json["number"] for one in ended]
    assert sorted(numbers) == list(range(before + 1, before + 1 + 2 * EACH))
    for folder in folders:
        with opening.changing(sites.load(folder), *db[1:]) as register:
            history = versions.agree(register)
            everybody = records.load(register.connection)
        assert len({one.name for one in everybody}) == len(everybody) == 2 * EACH
        assert len({one.id for one in everybody}) == 2 * EACH == len(history.state.grants)
    assert len({sites.load(folder).policy().head for folder in folders}) == 1
