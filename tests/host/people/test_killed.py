"""Killed at any write, of a file or of the database: the next command finds a whole site, and the
same command, or `people sign`, brings it to its end.
"""

import shutil

import pytest

from holdfast_host.cli import main
from holdfast_host.people import rights
from holdfast_host.register import opening, records
from holdfast_host.site import site as sites

LIST = "name,cards,groups,pin\nZoë,04a1b2c3,7,yes\nBo,04a1b2c4,8,\n"


def _after_import(site_folder):
    grants = sites.load(site_folder).policy().state.grants
    assert len(grants) == 3


def _after_removal(site_folder):
    assert sites.load(site_folder).policy().state.grants == {}


COMMANDS = {
    "import": (None, ["import", "SITE", "LIST", "--json"], _after_import),
    "remove": (
        ["import", "SITE", "LIST", "--json"],
        ["remove", "SITE", "Zoë", "Bo"],
        _after_removal,
    ),
}


@pytest.mark.parametrize("which", COMMANDS)
def test_killed_in_between(people, listed, site_folder, crashes, which, tmp_path, marks):
    """Each time a little later; whatever it left, the site is whole, and it can be ended."""
    before, command, check = COMMANDS[which]
    names = {"SITE": str(site_folder), "LIST": str(listed(LIST))}

    def run(words):
        return main(["people", *[names.get(one, one) for one in words]])

    if before is not None:
        assert run(before) == 0
    whole = shutil.copytree(site_folder, tmp_path / "whole")
    left, unsigned = 0, 0
    for sent in crashes(lambda send: send(run(command)), every=61, most=2000):
        left += sent != [0]
        site = sites.load(site_folder)
        assert site.policy().number
        with opening.reading(site) as register:
            everybody = records.load(register.connection)
        if rights.differences(everybody, site.policy().state, 1, rights.held(everybody)):
            unsigned += 1
            assert run(["sign", "SITE", "--yes", "--json"]) == 0
            check(site_folder)
        elif run(command) == 0:  # else they are gone already
            check(site_folder)
        shutil.rmtree(site_folder)
        shutil.copytree(whole, site_folder)
        shutil.rmtree(marks)  # of what was signed in a copy that is gone
    assert left > 3 and unsigned, "it was never cut between the register and the signature"
