"""Chromium without a screen, told what to do over its own protocol; its radio is D-Bus alone."""

import base64
import contextlib
import itertools
import json
import os
import pathlib
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence

import pytest
from websockets.sync.client import connect

FOLDER = pathlib.Path(__file__).parent
SECONDS = 300  # a hang must end the test; nothing here asserts on speed
_NEEDED = ("chromium", "dbus-daemon")


def require() -> None:
    """Skip the test where there is no Chromium or no D-Bus."""
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    if missing:
        pytest.skip(f"no {' and no '.join(missing)}: `make web` installs them where it may")


class Radio:
    """A bus of its own with BlueZ on it, as the browser's system has it; a context manager."""

    def __enter__(self) -> "Radio":
        self._bus = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--print-address"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._bus.stdout is not None
        address = self._bus.stdout.readline().strip()
        self.environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address}
        self._bluez = subprocess.Popen(
            [sys.executable, str(FOLDER / "bluez.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self.environment,
        )
        self.heard: list[str] = []
        self._new: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self._wait_for("ready")
        return self

    def __exit__(self, *exception) -> None:
        for process in (self._bluez, self._bus):
            process.kill()
            process.wait()

    def tell(self, line: str) -> None:
        """Have it do that, and wait until it has; ``heard`` is what went over the air before."""
        assert self._bluez.stdin is not None
        self._bluez.stdin.write(line + "\n")
        self._bluez.stdin.flush()
        self._wait_for("done " + line)

    def _listen(self):
        assert self._bluez.stdout is not None
        for line in self._bluez.stdout:
            self._new.put(line.strip())

    def _wait_for(self, line):
        while (heard := self._new.get(timeout=SECONDS)) != line:
            self.heard.append(heard)


class Browser:
    """A browser with one page, its profile in ``folder``; a context manager."""

    def __init__(
        self,
        folder: pathlib.Path,
        environment: dict[str, str],
        language: str = "en",
        arguments: Sequence[str] = (),
    ):
        self._folder = folder
        self._environment = environment
        self._language = language
        self._arguments = arguments
        self._numbers = itertools.count(1)
        self._events: list[dict] = []
        self._chosen: set[str] = set()
        self._session = None
        self._open = contextlib.ExitStack()

    def __enter__(self) -> "Browser":
        self._process = subprocess.Popen(
            [
                "chromium",
                "--headless=new",
                "--no-sandbox",  # the tests may be root
                "--disable-gpu",
                "--no-first-run",
                "--remote-debugging-port=0",
                f"--user-data-dir={self._folder}",
                f"--accept-lang={self._language}",
                "--enable-features=WebBluetooth",
                *self._arguments,
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment,
        )
        assert self._process.stderr is not None
        url = ""
        for line in self._process.stderr:
            if line.startswith("DevTools listening on "):
                url = line.split()[-1]
                break
        assert url, "Chromium did not start"
        # What it says from here on must not fill the pipe.
        threading.Thread(target=self._process.stderr.read, daemon=True).start()
        opened = connect(url, max_size=None, open_timeout=SECONDS)
        self._socket = self._open.enter_context(opened)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "DeviceAccess", "Log"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *exception) -> None:
        self._process.kill()
        self._process.wait()
        self._open.close()

    def call(self, method: str, **parameters) -> dict:
        """What a method of the browser's protocol gives."""
        number = self._send(method, parameters)
        while True:
            reply = json.loads(self._socket.recv(timeout=SECONDS))
            if reply.get("id") == number:
                assert "error" not in reply, (method, reply["error"])
                return reply["result"]
            self._note(reply)

    def _send(self, method, parameters):
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        self._socket.send(json.dumps(message))
        return number

    def _note(self, message):
        if message.get("method") == "DeviceAccess.deviceRequestPrompted":
            self._choose(message["params"])
        elif "method" in message:
            self._events.append(message)

    def _choose(self, prompt):
        """The person chooses the reader that is there; once, though it is told of more often."""
        if prompt["id"] not in self._chosen and prompt["devices"]:
            self._chosen.add(prompt["id"])
            chosen = {"id": prompt["id"], "deviceId": prompt["devices"][0]["id"]}
            self._send("DeviceAccess.selectPrompt", chosen)

    def problems(self) -> list[str]:
        """What the page has complained of: errors, and what its policy did not let it load."""
        found = []
        for event in self._events:
            told = event["params"]
            if event["method"] == "Log.entryAdded" and told["entry"]["level"] == "error":
                found.append(told["entry"]["text"])
            elif event["method"] == "Runtime.exceptionThrown":
                found.append(str(told["exceptionDetails"]))
        return found

    def go(self, url: str) -> None:
        """Open a page and wait until it is ready."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=url)
        self.wait("document.documentElement.dataset.ready === 'true'")

    def run(self, expression: str):
        """The value of an expression in the page, as if a person had tapped for it."""
        result = self.call(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def wait(self, condition: str) -> None:
        """Until an expression is true in the page, whatever page that is by then."""
        for _ in range(SECONDS * 20):
            with contextlib.suppress(AssertionError):
                if self.run(f"Boolean({condition})"):
                    return
            with contextlib.suppress(TimeoutError):
                self._note(json.loads(self._socket.recv(timeout=0.05)))
        raise AssertionError(f"never: {condition}")

    def screenshot(self, path: pathlib.Path, width: int, scheme: str) -> None:
        """What is seen of the page, as a picture."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=800,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", features=features)
        picture = self.call("Page.captureScreenshot", format="png")["data"]
        path.write_bytes(base64.b64decode(picture))
