"""Killed at any write, of a file or of the database: the next command finds a whole site, and the
same command, or `people sign`, brings it to its end.
"""

import pytest

from holdfast_host.cli import main
from holdfast_host.register import opening
from holdfast_host.site import site as sites

LIST = "name,cards,groups,pin\nZoë,04a1b2c3,7,yes\nBo,04a1b2c4,8,\n"


def _after_import(site_folder):
    grants = sites.load(site_folder).policy().state.grants
    assert len(grants) == 3


def _after_removal(site_folder):
    assert sites.load(site_folder).policy().state.grants == {}


COMMANDS = {
    "import": (None, ["import", "SITE", "LIST", "--json"], _after_import),
    "remove": (["import", "SITE", "LIST", "--json"], ["remove", "SITE", "Zoë", "Bo"], _after_removal),
}


@pytest.mark.parametrize("which", COMMANDS)
def test_killed_in_between(people, listed, site_folder, killed_before, crashes, which, tmp_path):
    """Each time a little later; whatever it left, the site is whole and the rest is signed."""
    before, command, check = COMMANDS[which]
    names = {"SITE": str(site_folder), "LIST": str(listed(LIST))}
    if before is not None:
        assert main(["people", *[names.get(one, one) for one in before]]) == 0

    def act(send):
        code = main(["people", *[names.get(one, one) for one in command]])
        send(code)

    sweeps = 0
    for _ in crashes(act, every=29):
        sweeps += 1
        site = sites.load(site_folder)
        number = site.policy().number
        with opening.reading(site) as register:
            assert register.site.id == site.id
        code = main(["people", "sign", str(site_folder), "--yes", "--json"])
        assert code == 0 and sites.load(site_folder).policy().number >= number
    assert sweeps > 3
    main(["people", *[names.get(one, one) for one in command]])
    check(site_folder)
