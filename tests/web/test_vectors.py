"""docs/vectors in the browser, byte for byte, by the same script that Node runs.

What differs between the two is WebCrypto: curves, the order in which it is finished, what an
imported key may do. A phone has the browser's.
"""

import http.server
import json
import re
import threading
from functools import partial

import pytest

from conftest import ROOT
from web import browser

_SHIM = "/tests/web/in_browser.mjs"
_PAGE = f"""<!doctype html><title>vectors</title>
<script type="importmap">{{"imports": {{"node:test": "{_SHIM}", "node:fs": "{_SHIM}",
"node:assert/strict": "{_SHIM}"}}}}</script>"""


class _Handler(http.server.SimpleHTTPRequestHandler):
    """This checkout, and at its root a page that lets the script find what Node has."""

    extensions_map = {".mjs": "text/javascript", ".json": "application/json"}

    def do_GET(self):
        if self.path != "/":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(_PAGE.encode())

    def log_message(self, format, *args):
        pass


@pytest.fixture
def url():
    handler = partial(_Handler, directory=str(ROOT))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_address[1]}"
        server.shutdown()


def test_every_vector_in_the_browser(url, tmp_path):
    """None is left out: there is a test for each handshake, conversation and error at a door."""
    browser.require()
    with (
        browser.Radio() as radio,
        browser.Browser(tmp_path / "profile", radio.environment) as page,
    ):
        page.call("Page.navigate", url=url)
        page.wait("document.title === 'vectors'")
        results = page.run(
            f"import('/tests/web/vectors.mjs').then(() => import('{_SHIM}'))"
            ".then(({ finished }) => finished())"
        )
    failed = [(name, why) for name, why in results if why is not None]
    assert failed == []
    names = " | ".join(name for name, _ in results)
    assert all(f"conversation {name}:" in names for name in ("snapshot", "events", "clock"))
    for file in ("unlocks", "refusals", "errors"):
        vectors = json.loads((ROOT / "docs" / "vectors" / f"{file}.json").read_text())["vectors"]
        assert vectors and all(one["name"] in names for one in vectors)
    assert len(re.findall(r"handshake [\w-]+, every value", names)) >= 4


def test_a_value_that_differs_is_seen_there(url, tmp_path):
    """The browser's `assert` tells one bit: or else nothing above could fail."""
    browser.require()
    with (
        browser.Radio() as radio,
        browser.Browser(tmp_path / "profile", radio.environment) as page,
    ):
        page.call("Page.navigate", url=url)
        page.wait("document.title === 'vectors'")
        told = page.run(
            f"""import('{_SHIM}').then(async ({{ test, finished, default: assert }}) => {{
              test('equal', () => assert.equal('00', '01'));
              test('bytes', () => assert.deepEqual([new Uint8Array([1])], [new Uint8Array([2])]));
              test('ok', () => assert.ok(0));
              test('missing', () => assert.deepEqual({{ a: undefined }}, {{}}));
              test('same', () => assert.deepEqual([new Map([[1, 2]])], [new Map([[1, 2]])]));
              return finished();
            }})"""
        )
    assert [name for name, why in told if why is None] == ["same"]
