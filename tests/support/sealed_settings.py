"""The settings that a reader has sealed in its folder, as somebody reads them who has its key."""

import os

import cbor2

from holdfast.storage.settings import SettingsStore


def opened(folder):
    """Their entries; the folder is a pathlib.Path."""
    private_key = (folder / "device.key").read_bytes()
    payload = SettingsStore(str(folder), private_key, os.urandom)._opened()
    assert payload is not None
    return cbor2.loads(payload)
