"""A site with two groups that have names, and lists of people for it."""

import pytest

from host.bearers import bearers


@pytest.fixture
def people(holdfast, office, site_folder):
    """``people("import", "acme.csv", ...)`` on a site with the groups staff and guests."""
    assert office("group", 8, "--door", "back").code == 0

    def run(command, *options):
        return holdfast("people", command, site_folder, *options)

    assert run("name-group", 7, "staff").code == 0
    assert run("name-group", 8, "Night guests").code == 0
    return run


@pytest.fixture
def listed(tmp_path):
    """``listed("name,cards\\n...")``: a file of that."""

    def write(text, name="list.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture
def bearer(holdfast, site_folder, tmp_path):
    """``bearer("administer")``: the folder of a phone that may do that at the door."""
    return bearers(holdfast, site_folder, tmp_path)
