"""The files of `holdfast phone page`: nothing from elsewhere, small, and what they say."""

import gzip
import hashlib
import json
import re
import threading
import urllib.request

import pytest

from cose import Key
from holdfast_host.credentials.authority import Authority
from holdfast_host.errors import UsageProblem
from holdfast_host.phone import webpage

MOST_BYTES = 60_000  # of all files, as a server has them


@pytest.fixture(scope="module")
def authority():
    return Authority.generate()


@pytest.fixture
def folder(tmp_path, authority):
    webpage.write(tmp_path / "page", {"acme": [authority.public_key]})
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
    packed = json.loads(gzip.decompress((folder / "page.pack").read_bytes()))
    plain = {
        name: path.read_text()
        for name, path in _files(folder).items()
        if path.suffix not in (".png", ".pack")
    }
    for name, text in {**plain, **packed}.items():
        found = set(re.findall(r"(?:https?:)?//[\w.]+", text))
        assert found <= {"http://www.w3.org"}, name  # the name of SVG, which nobody fetches


def test_the_worker_keeps_all_of_it_under_a_name_of_its_own(folder, tmp_path, authority):
    """Another version is another name; the same is the same."""
    worker = (folder / "sw.js").read_text()
    (listed,) = re.findall(r"FILES = (\[.*\]);", worker)
    assert {"./", *_files(folder)} - {"sw.js", "page.pack"} == set(json.loads(listed))
    assert hashlib.sha256((folder / "page.pack").read_bytes()).hexdigest() in worker
    assert not re.search(r"@[A-Z]+@", worker)
    webpage.write(folder, {"acme": [authority.public_key]})
    assert (folder / "sw.js").read_text() == worker
    webpage.write(folder, {"acme": [Authority.generate().public_key]})
    assert (folder / "sw.js").read_text() != worker


def test_it_says_whose_doors_it_is_for(folder, authority):
    (about,) = json.loads((folder / "sites.json").read_text())["sites"]
    assert about["site"] == "acme"
    assert Key.decode(bytes.fromhex(about["authority"])).x == authority.public_key.x


def test_it_is_small(folder):
    """A phone in a basement loads it once, and an engineer reads all of it."""
    assert sum(path.stat().st_size for path in _files(folder).values()) < MOST_BYTES


def test_what_is_packed_is_the_source(folder):
    """What runs is what is read: each module that there is, byte for byte."""
    packed = json.loads(gzip.decompress((folder / "page.pack").read_bytes()))
    sources = {
        str(path.relative_to(webpage.SOURCE)): path.read_text()
        for path in webpage.SOURCE.rglob("*.mjs")
    }
    assert packed == {name: text for name, text in sources.items() if name != "boot.mjs"}
    assert (folder / "boot.mjs").read_text() == sources["boot.mjs"]


def test_it_is_served_as_what_it_is(folder):
    """A browser runs no module that is not called one."""
    with webpage.server(folder, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://localhost:{server.server_address[1]}/"
        with urllib.request.urlopen(url + "boot.mjs") as answer:
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
