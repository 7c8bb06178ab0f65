"""The page in a browser: enrolled, at a reader by radio, and without any network."""

import os
import pathlib
import threading
import time

import pytest

from cose import Key
from holdfast.access import place
from holdfast_host.demo.stage import SITE, Stage
from holdfast_host.phone import webpage
from web import browser

_IS_LONG = os.environ.get("HOLDFAST_TORTURE") == "1"
VISITS = 50 if _IS_LONG else 5
LOST_AT = range(1, 11) if _IS_LONG else (1, 5, 7, 9)
RESULT = "document.querySelector('#status').dataset.result"


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A site and its running reader."""
    browser.require()
    with Stage(tmp_path_factory.mktemp("stage"), lambda: int(time.time())) as running:
        yield running


@pytest.fixture(scope="module")
def radio(stage):
    with browser.Radio() as started:
        started.tell(f"port {stage.reader.port}")
        yield started


class Server:
    """The page of the stage's site on this machine, while it is not stopped."""

    def __init__(self, folder, stage):
        webpage.write(folder, {SITE: [stage.authority.public_key]})
        self._server = webpage.server(folder, 0)
        self.url = f"http://localhost:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        """Nobody answers there any more."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server(stage, tmp_path):
    return Server(tmp_path / "page", stage)


@pytest.fixture
def page(radio, server, tmp_path):
    """A browser that has never been here, with the page open."""
    with browser.Browser(tmp_path / "profile", radio.environment) as opened:
        opened.go(server.url)
        yield opened
    server.stop()


def _enrol(page, stage, url, **changes):
    """Make the phone's key, and open the manager's link."""
    page.run("document.querySelector('main button').click()")
    page.wait("document.querySelector('#key')")
    point = bytes.fromhex(page.run("document.querySelector('#key').textContent"))
    holder_key = Key.ec2(point[1:33], point[33:])
    token = stage.holder("alice", holder_key=holder_key, suite=2, **changes).token
    page.go(f"{url}#credential={token.hex()}")
    assert "credential" not in page.run("location.href")


def _tap(page):
    """One tap on the door's button: what came of it, and what is said."""
    page.run(f"delete {RESULT}")
    page.run("document.querySelector('button.door').click()")
    page.wait(RESULT)
    result = page.run(f"JSON.parse({RESULT})")
    return result, page.run("document.querySelector('#status').textContent")


def test_it_opens_the_door_by_radio_and_without_a_network(page, stage, radio, server):
    """Cold and warm at each MTU, after the reader's restart, and with the page's server gone: what
    it needs is on the phone, its key too, which nothing can read.
    """
    _enrol(page, stage, server.url)
    granted = stage.grants()
    result, said = _tap(page)
    assert (result["granted"], result["warm"], said) == (True, False, "Open"), result
    for mtu in (23, 185, 517):
        radio.tell(f"mtu {mtu}")
        result, said = _tap(page)
        assert (result["granted"], result["warm"], result["roundTrips"]) == (True, True, 1)
    assert stage.grants() == granted + 4
    assert "written 20" in radio.heard
    stage.restart()
    radio.tell(f"port {stage.reader.port}")
    result, said = _tap(page)
    assert (result["granted"], result["warm"], result["roundTrips"]) == (True, True, 2)
    page.run("navigator.serviceWorker.ready.then(() => true)")
    server.stop()
    page.go(server.url)
    result, said = _tap(page)
    assert (result["granted"], result["warm"]) == (True, True)
    assert page.problems() == []
    _pictures(page)


def test_a_link_that_is_lost_at_any_message_opens_nothing_unsaid(page, stage, radio, server):
    """What is said then is true, and the next tap opens the door. A cold visit has ten messages:
    four writes of 20 bytes, a CSM, message_2 in two, the wish in two, the answer.
    """
    _enrol(page, stage, server.url)
    radio.tell("mtu 185")
    before, said_open, unanswered = stage.grants(), 0, 0
    for message in LOST_AT:
        page.run("import('./database.mjs').then((kept) => kept.sessions.save('lobby', null))")
        radio.tell(f"cut {message}")
        result, said = _tap(page)
        if result == "unanswered":
            unanswered += 1
        else:
            assert result["granted"], (message, result, said)
            said_open += 1
        radio.tell("cut 0")
        result, said = _tap(page)
        assert result["granted"], (message, result, said)
        said_open += 1
    assert radio.heard.count("cut") == len(LOST_AT)
    assert unanswered > 0
    assert said_open <= stage.grants() - before <= said_open + unanswered


def test_taps_at_once_and_in_turn(page, stage, radio, server):
    """A second tap while a visit is under way is none; visits in turn are granted, each once."""
    _enrol(page, stage, server.url)
    granted = stage.grants()
    page.run("document.querySelector('button.door').click()")
    page.run("document.querySelector('button.door').click()")
    page.wait(RESULT)
    assert stage.grants() == granted + 1
    for _ in range(VISITS):
        result, said = _tap(page)
        assert result["granted"], (result, said)
    assert stage.grants() == granted + 1 + VISITS


def test_another_doors_reader_is_told_as_that_and_in_german(radio, stage, server, tmp_path):
    """And has seen nothing of the credential: message_1 is all that went to it."""
    with browser.Browser(tmp_path / "profile", radio.environment, "de") as page:
        page.go(server.url)
        _enrol(page, stage, server.url, places=[(place.DOOR, "Keller")])
        assert page.run("document.documentElement.lang") == "de"
        name = page.run("document.querySelector('button.door').getAttribute('aria-label')")
        assert name == "Keller öffnen"
        radio.tell("mtu 517")
        radio.heard.clear()
        result, said = _tap(page)
        assert result == "other-door"
        assert said.endswith("der Leser einer anderen Tür")
        radio.tell("mtu 517")
        sizes = [int(line.split()[1]) for line in radio.heard if line.startswith("written")]
        assert sum(sizes) < 80


def _pictures(page):
    """For who wants to look at it: HOLDFAST_SCREENSHOTS names a folder."""
    folder = os.environ.get("HOLDFAST_SCREENSHOTS")
    for width in (360, 1280) if folder else ():
        for scheme in ("light", "dark"):
            page.screenshot(pathlib.Path(folder or "") / f"{width}-{scheme}.png", width, scheme)
