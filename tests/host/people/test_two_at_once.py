"""Two people at work on one site at once: each waits for the other, and nothing is lost."""

import os
import shutil
import threading

import pytest

from holdfast_host.register import issued, opening, place, records, versions
from holdfast_host.site import site as sites

EACH = 20 if os.environ.get("HOLDFAST_TORTURE") == "1" else 3


@pytest.fixture(params=["a file", "PostgreSQL"])
def offices(request, site_folder, tmp_path, people, monkeypatch):
    """Two folders: one twice, or two that share a database, which the environment names."""
    if request.param == "a file":
        return [site_folder, site_folder]
    url = request.getfixturevalue("url")
    other = shutil.copytree(site_folder, tmp_path / "other office")
    for path in (site_folder, other):
        (path / place.FILE).unlink()
    monkeypatch.setenv("HOLDFAST_DB", url)
    assert people("name-group", 7, "staff").code == 0
    return [site_folder, other]


def test_no_change_is_lost_and_no_number_is_given_twice(offices, process, tmp_path, monkeypatch):
    """By two processes, people, rules and credentials; each changeset is one's alone, and both
    folders end with the same.
    """
    monkeypatch.setenv("HOLDFAST_PASSPHRASE", "correct horse battery")
    folders = offices
    before = sites.load(folders[0]).policy().number
    ended = []

    def work(name, first, folder):
        for number in range(EACH):
            path = tmp_path / f"{name}{number}"
            path.write_text(f"name,cards,groups\n{name} {number},04a1{first + number:04x},staff\n")
            to = ["--key", os.urandom(32).hex(), "--door", "front", "--out", f"{path}.cwt"]
            commands = [
                ["people", "import", folder, path],
                ["policy", "card", folder, f"04b2{first + number:04x}", "--group", 7],
                ["credential", "issue", folder, "--holder", f"{name}{number}", *to],
            ]
            command = commands[number % 3]
            ended.append((command[0], process(*command, "--json").ends()))

    work_of = (("A", 0, folders[0]), ("B", 0x1000, folders[1]))
    workers = [threading.Thread(target=work, args=one) for one in work_of]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [one.code for _, one in ended] == [0] * 2 * EACH, [one.err for _, one in ended]
    numbers = [one.json["number"] for kind, one in ended if kind != "credential"]
    assert sorted(numbers) == list(range(before + 1, before + 1 + len(numbers)))
    people = 2 * sum(number % 3 == 0 for number in range(EACH))
    given = 2 * EACH - len(numbers)
    for folder in folders:
        with opening.changing(sites.load(folder)) as register:
            history = versions.agree(register)
            everybody = records.load(register.connection)
            noted = issued.every(register.connection)
        assert len({one.name for one in everybody}) == len(everybody) == people
        assert len({one.id for one in everybody}) == people
        assert len(history.state.grants) == len(numbers)
        assert len({one.cti for one in noted}) == len({one.holder for one in noted}) == given
    assert len({sites.load(folder).policy().head for folder in folders}) == 1
