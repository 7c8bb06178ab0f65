"""The board's own key: one for ever, or an error. Never another that looks fine."""

INTERPRETERS = ("micropython", "cpython")

import os

from harness import raises, truncations
from holdfast.storage import files
from holdfast.storage.key_store import KeyStore, KeyStoreError
from restarts import Flash


def test_the_key_is_made_once():
    """Every start after the first finds the same; another board has another."""
    with Flash() as flash, Flash() as other:
        key = KeyStore(flash.path, os.urandom).private_key()
        for _ in range(3):
            assert KeyStore(flash.path, os.urandom).private_key() == key
        assert KeyStore(other.path, os.urandom).private_key() != key and len(key) == 32


def test_whatever_is_no_key_is_an_error_and_stays_as_it_is():
    """Cut, grown, or erased: a new key would make a provisioned board a stranger. The error says
    nothing of what is left of the old one.
    """
    with Flash() as flash:
        key = KeyStore(flash.path, os.urandom).private_key()
        path = flash.path + "/device.key"
        for damaged in list(truncations(key)) + [key + b"\0", bytes(32), b"\xff" * 32]:
            files.write(path, damaged)
            error = raises(KeyStoreError, KeyStore(flash.path, os.urandom).private_key)
            assert files.read(path, 64) == damaged
            assert str(error) == "device.key is not a key of 32 bytes"


def test_a_flash_that_cannot_be_read_makes_no_new_key():
    """An error is not an absence."""
    with Flash() as flash:
        key = KeyStore(flash.path, os.urandom).private_key()
        flash.failing = lambda path: True
        raises(OSError, KeyStore(flash.path, os.urandom).private_key)
        flash.failing = None
        assert KeyStore(flash.path, os.urandom).private_key() == key
