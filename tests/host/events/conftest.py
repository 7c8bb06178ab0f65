"""What the tests of events share: nine events of a reader, and the command that checks them."""

import pytest

from collected_events import Collector
from holdfast_host.events.sending import send, webhook
from host.events.made_site import MadeSite
from small_log import record


@pytest.fixture
def collector(tmp_path, authority, secret):
    collected = Collector(tmp_path, authority, secret)
    record(collected.log, 9)
    return collected


@pytest.fixture
def verify(holdfast, site_folder):
    """``verify(file, ..., options)`` against the test's own site."""

    def run(*arguments):
        return holdfast("events", "verify", *arguments, "--site", site_folder)

    return run


@pytest.fixture
def made(holdfast, site_folder, authority, secret):
    """A MadeSite with 60 visits."""
    return MadeSite(holdfast, site_folder, authority, secret).visits(60)


@pytest.fixture
def log(made, tmp_path):
    return made.save(tmp_path / "log.events")


@pytest.fixture
def sends(holdfast, site_folder, log, monkeypatch):
    """``sends(url, ...)``: the log goes there, in parts of 7 events."""
    monkeypatch.setattr(send, "AT_ONCE", 7)

    def run(url, *options):
        return holdfast("events", "replay", log, "--site", site_folder, "--to", url, *options)

    return run


@pytest.fixture
def no_waiting(monkeypatch):
    """How long a webhook was waited for, which takes no time."""
    waited = []
    whole = webhook.WebhookTarget.__init__

    def made(self, parts, sleep=waited.append):
        whole(self, parts, waited.append)

    monkeypatch.setattr(webhook.WebhookTarget, "__init__", made)
    return waited
