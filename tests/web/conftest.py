"""What the tests of the page share: a site with a running reader, a radio that leads to it."""

import time

import pytest

from holdfast_host.demo.stage import Stage
from web import browser
from web.phone import Phone, Server


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A site and its running reader, the same for a file: to make one takes longer than a test."""
    with Stage(tmp_path_factory.mktemp("stage"), lambda: int(time.time())) as running:
        yield running


@pytest.fixture(scope="module")
def radio(stage):
    browser.require()
    with browser.Radio() as started:
        started.tell(f"port {stage.reader.port}")
        yield started


@pytest.fixture
def server(stage, tmp_path):
    running = Server(tmp_path / "page", stage)
    yield running
    running.stop()


@pytest.fixture
def phone(radio, server, stage, tmp_path):
    """A browser that has never been here, with the page open, in English."""
    with Phone(tmp_path / "profile", radio, server, stage) as opened:
        yield opened
