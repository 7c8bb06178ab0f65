"""Power fails while the board makes its key: it is one key, or none was ever shown to anybody."""

INTERPRETERS = ("micropython",)

import os

from cuts import every_cut, every_error

from holdfast.storage.keys import KeyStore


def prepare(root):
    with open(root + "/settings.cbor", "wb") as file:
        file.write(b"something else")


def operation(root, acked):
    keys = KeyStore(root, os.urandom)
    acked.append((0, keys.private_key()))
    acked.append((2, keys.p256_private_key()))


def check(root, acked):
    """The keys that were given out once are the keys for ever; a torn one is never a key."""
    for _ in range(2):
        keys = KeyStore(root, os.urandom)
        for suite, key in ((0, keys.private_key()), (2, keys.p256_private_key())):
            assert len(key) == 32
            assert all([key == given for kind, given in acked if kind == suite])
            acked.append((suite, key))


def test_cuts_while_the_key_is_made():
    """At every write and erase, and in the start after it."""
    every_cut(prepare, operation, check, again=1, at_least=20, name="device.key")


def test_a_flash_that_reports_errors_while_the_key_is_made():
    """No key is told, or it is there."""
    every_error(prepare, operation, check, at_least=6, name="device.key, errors")
