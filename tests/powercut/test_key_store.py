"""Power fails while the board makes its key: it is one key, or none was ever shown to anybody."""

INTERPRETERS = ("micropython",)

import os

from cuts import every_cut, every_error

from holdfast.storage.key_store import KeyStore


def prepare(root):
    with open(root + "/settings.cbor", "wb") as file:
        file.write(b"something else")


def operation(root, acked):
    acked.append(KeyStore(root, os.urandom).private_key())


def check(root, acked):
    """The key that was given out once is the key for ever; a torn one is never a key."""
    for _ in range(2):
        key = KeyStore(root, os.urandom).private_key()
        assert len(key) == 32 and all([key == given for given in acked])
        acked.append(key)


def test_cuts_while_the_key_is_made():
    """At every write and erase, and in the start after it."""
    every_cut(prepare, operation, check, again=1, at_least=20, name="device.key")


def test_a_flash_that_reports_errors_while_the_key_is_made():
    """No key is told, or it is there."""
    every_error(prepare, operation, check, at_least=6, name="device.key, errors")
