"""What the tests of events share: nine events of a reader, and the command that checks them."""

import pytest

from collected_events import Collector
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
