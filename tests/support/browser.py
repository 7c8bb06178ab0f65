"""A real browser that looks at a page: headless Chromium, spoken to by its DevTools protocol."""

import base64
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from websockets.sync.client import connect

WAIT = 120  # seconds; a hang must end the test


def program():
    """The browser's program; None if there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Page:
    """One page of a browser that runs; ``said`` is what it complained of, ``asked`` which
    addresses it asked for.
    """

    def __init__(self, socket):
        self._socket = socket
        self._number = 0
        self.said = []
        self.asked = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        """What the browser answers."""
        self._number += 1
        number = self._number
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]

    def open(self, path, width, is_dark=False, height=900):
        """Look at the file at ``path`` in a window of that width."""
        scheme = "dark" if is_dark else "light"
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )
        self.said.clear()
        self.asked.clear()
        self.call("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        while self._receive().get("method") != "Page.loadEventFired":
            pass
        return self

    def value(self, expression):
        """What the page makes of an expression."""
        got = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in got, got
        return got["result"].get("value")

    def picture(self, path, most=6000):
        """The whole page as PNG, so high at most."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(most, size["height"])}
        shot = self.call(
            "Page.captureScreenshot",
            format="png",
            captureBeyondViewport=True,
            clip={**clip, "scale": 1},
        )
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))

    def _receive(self):
        message = json.loads(self._socket.recv(timeout=WAIT))
        method, told = message.get("method"), message.get("params", {})
        if method == "Log.entryAdded":
            self.said.append(told["entry"]["text"])
        elif method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
            self.said.append(json.dumps(told))
        elif method == "Network.requestWillBeSent":
            self.asked.append(told["request"]["url"])
        return message


@contextlib.contextmanager
def running(browser):
    """A Page of the program ``browser``, which ends with it."""
    home = tempfile.mkdtemp(prefix="hf_browser_")
    process = subprocess.Popen(
        [
            browser,
            "--headless=new",
            "--no-sandbox",  # what it sees is ours, and root has no other way
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--hide-scrollbars",
            "--remote-debugging-port=0",
            f"--user-data-dir={home}",
            "about:blank",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HOME": home},
        start_new_session=True,
    )
    try:
        assert process.stderr is not None
        address = ""
        for line in process.stderr:
            if "DevTools listening on " in line:
                address = line.split(" on ", 1)[1].strip()
                break
        assert address, "the browser ended before it listened"
        with connect(address, max_size=None, open_timeout=WAIT, proxy=None) as root:
            target = _made(root)
        page_address = address.split("/devtools/")[0] + f"/devtools/page/{target}"
        with connect(page_address, max_size=None, open_timeout=WAIT, proxy=None) as socket:
            yield Page(socket)
    finally:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()
        shutil.rmtree(home, ignore_errors=True)


def _made(root):
    ask = {"id": 1, "method": "Target.createTarget", "params": {"url": "about:blank"}}
    root.send(json.dumps(ask))
    while True:
        answer = json.loads(root.recv(timeout=WAIT))
        if answer.get("id") == 1:
            return answer["result"]["targetId"]
