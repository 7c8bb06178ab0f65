"""A radio for the phone's commands that does what a test says."""

import os
import signal

import pytest

from failing_air import FailingAir
from holdfast_host.phone.radio import radio
from holdfast_host.phone.radio.bluetooth import Bluetooth
from host.bearers import bearers


@pytest.fixture
def interrupt():
    """``interrupt()``: a Ctrl-C, which a runner of tests may have turned off."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: os.kill(os.getpid(), signal.SIGINT)
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def air(monkeypatch):
    """What the phone's commands take for Bluetooth."""
    air = FailingAir()
    monkeypatch.setattr(radio, "Bluetooth", lambda: Bluetooth(air.scanner, air.client))
    return air


@pytest.fixture
def bearer(holdfast, site_folder, tmp_path):
    """``bearer("carry-events")``: a phone of its own with these permissions."""
    return bearers(holdfast, site_folder, tmp_path)
