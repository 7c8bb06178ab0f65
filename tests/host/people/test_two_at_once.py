"""Two people at work on one site at once: each waits for the other, and nothing is lost."""

import os
import threading

from holdfast_host.register import opening, records
from holdfast_host.site import site as sites

EACH = 20 if os.environ.get("HOLDFAST_TORTURE") == "1" else 3


def test_no_change_is_lost_and_no_number_is_given_twice(
    people, process, site_folder, tmp_path, monkeypatch
):
    """By two processes, in a file; each changeset is one's alone."""
    monkeypatch.setenv("HOLDFAST_PASSPHRASE", "correct horse battery")
    before = sites.load(site_folder).policy().number
    ended = []

    def work(name, first):
        for number in range(EACH):
            path = tmp_path / f"{name}{number}.csv"
            path.write_text(f"name,cards,groups\n{name} {number},04a1{first + number:04x},staff\n")
            ended.append(process("people", "import", site_folder, path, "--json").ends())

    workers = [threading.Thread(target=work, args=one) for one in (("A", 0), ("B", 0x1000))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [one.code for one in ended] == [0] * 2 * EACH, [one.err for one in ended]
    numbers = [one.json["number"] for one in ended]
    assert sorted(numbers) == list(range(before + 1, before + 1 + 2 * EACH))
    with opening.reading(sites.load(site_folder)) as register:
        everybody = records.load(register.connection)
    assert len({one.name for one in everybody}) == len({one.id for one in everybody}) == 2 * EACH
    assert len(sites.load(site_folder).policy().state.grants) == 2 * EACH
