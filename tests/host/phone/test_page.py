"""``holdfast phone page`` and ``credential issue --link``: what the manager does for a page."""

import json

BOB = ("--holder", "bob", "--key", "09" + "00" * 31, "--door", "front")


def test_the_page_is_written_and_a_link_leads_there(holdfast, site_folder, tmp_path):
    """The page trusts the site's own key, and the link brings what was written, both files."""
    out = tmp_path / "page"
    told = holdfast("phone", "page", site_folder, "--out", out, "--json").json
    assert told["files"] == len([path for path in out.rglob("*") if path.is_file()])
    (about,) = json.loads((out / "sites.json").read_text())["sites"]
    assert bytes.fromhex(about["authority"]) == (site_folder / "authority.pub").read_bytes()
    file = tmp_path / "bob.cwt"
    issue = ["credential", "issue", site_folder, *BOB, "--out", file, "--json"]
    told = holdfast(*issue, "--link", "https://doors.example/").json
    devices = (tmp_path / "bob.cwt.devices").read_bytes()
    parts = f"credential={file.read_bytes().hex()}&devices={devices.hex()}"
    assert told["link"] == f"https://doors.example/#{parts}"
    assert "link" not in holdfast(*issue, "--force").json
    again = holdfast("phone", "page", site_folder, "--out", out, "--json")
    assert again.json["files"] == len([path for path in out.rglob("*") if path.is_file()])


def test_it_is_written_over_itself_and_over_nothing_else(holdfast, site_folder, tmp_path):
    """Into a folder that has files by its names it would end what is there."""
    before = {path: path.read_bytes() for path in site_folder.rglob("*") if path.is_file()}
    page = ["phone", "page", site_folder, "--out"]
    holdfast(*page, site_folder).fails("is there already")
    assert {path: path.read_bytes() for path in before} == before
    other = tmp_path / "www"
    other.mkdir()
    (other / "index.html").write_text("<h1>ours</h1>")
    holdfast(*page, other).fails("index.html is there already")
    assert [path.name for path in other.iterdir()] == ["index.html"]


def test_nothing_is_issued_for_a_link_that_leads_nowhere(holdfast, site_folder, tmp_path):
    """Said before anything is signed or written."""
    file = tmp_path / "bob.cwt"
    issue = ["credential", "issue", site_folder, *BOB, "--out", file]
    holdfast(*issue, "--link", "http://doors.example/").fails("no address of a page")
    assert not file.exists()
