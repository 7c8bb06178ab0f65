"""The files of `holdfast phone page`: nothing from elsewhere, small, and what they say."""

import gzip
import json
import re
import threading
import urllib.request

import pytest

from cose import Key
from holdfast_host.credentials.authority import Authority
from holdfast_host.errors import UsageProblem
from holdfast_host.phone import webpage
from web import node

MOST_BYTES = 96_000
MOST_ON_THE_WIRE = 40_000  # compressed, as web servers send it


@pytest.fixture(scope="module")
def authority():
    return Authority.generate()


@pytest.fixture
def folder(tmp_path, authority):
    webpage.write(tmp_path / "page", "acme", [authority.public_key])
    return tmp_path / "page"


def _files(folder):
    return {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}


def test_its_policy_lets_nothing_in_from_elsewhere(folder):
    """And nothing would have to be: there is no address, no script and no style in the page."""
    html = (folder / "index.html").read_text()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules.pop("default-src") == "'none'"
    assert set(rules.values()) == {"'self'", "'none'"}
    assert "style=" not in html and "<style" not in html
    assert re.findall(r"<script[^>]*>(.*?)</script>", html, re.DOTALL) == [""]
    for name, path in _files(folder).items():
        found = set(re.findall(r"(?:https?:)?//[\w.]+", path.read_text()))
        assert found <= {"http://www.w3.org"}, name  # the name of SVG, which nobody fetches


def test_the_worker_keeps_all_of_it_under_a_name_of_its_own(folder, tmp_path, authority):
    """Another version is another name; the same is the same."""
    worker = (folder / "sw.js").read_text()
    (listed,) = re.findall(r"FILES = (\[.*\]);", worker)
    assert {"./", *_files(folder)} - {"sw.js"} == set(json.loads(listed))
    webpage.write(folder, "acme", [authority.public_key])
    assert (folder / "sw.js").read_text() == worker
    webpage.write(folder, "acme", [Authority.generate().public_key])
    assert (folder / "sw.js").read_text() != worker


def test_it_says_whose_doors_it_is_for(folder, authority):
    about = json.loads((folder / "site.json").read_text())
    assert about["site"] == "acme"
    assert Key.decode(bytes.fromhex(about["authority"])).x == authority.public_key.x


def test_it_is_small(folder):
    """A phone in a basement loads it once, and an engineer reads all of it."""
    files = [path.read_bytes() for path in _files(folder).values()]
    assert sum(map(len, files)) < MOST_BYTES
    assert sum(len(gzip.compress(data, mtime=0)) for data in files) < MOST_ON_THE_WIRE


def test_without_its_comments_it_does_the_same(folder):
    """The vectors again, with the core as it is written."""
    node.run("vectors.mjs", core=folder / "core")


def test_it_is_served_as_what_it_is(folder):
    """A browser runs no module that is not called one."""
    with webpage.server(folder, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://localhost:{server.server_address[1]}/"
        with urllib.request.urlopen(url + "app.mjs") as answer:
            assert answer.headers["Content-Type"] == "text/javascript"
        server.shutdown()


@pytest.mark.parametrize(
    "url", ["http://doors.example", "https://", "doors", "https://a.b/?x", "https://a.b/#"]
)
def test_a_link_goes_to_an_address_where_a_page_can_be(url):
    """Elsewhere a browser has no Bluetooth, or what stands behind # would go astray."""
    with pytest.raises(UsageProblem):
        webpage.require_address(url)


@pytest.mark.parametrize(
    "url", ["https://doors.example", "https://a.b/c/", "http://localhost:8000/"]
)
def test_what_a_link_brings_stays_on_the_phone(url):
    """It stands behind the #, which is sent to nobody."""
    webpage.require_address(url)
    made = webpage.link(url, b"\x01\x02", b"\x03")
    assert made == f"{url}#credential=0102&devices=03"
