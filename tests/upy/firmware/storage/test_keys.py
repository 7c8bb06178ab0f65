"""The board's own key: one for ever, or an error. Never another that looks fine."""

INTERPRETERS = ("micropython", "cpython")

import os

import crypto
from harness import raises, truncations
from holdfast.storage import files
from holdfast.storage.keys import KeyStore, KeyStoreError
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


def test_the_p256_key_is_another_made_once():
    """Made when it is first asked for, and nothing else is touched by it."""
    with Flash() as flash:
        keys = KeyStore(flash.path, os.urandom)
        first = keys.private_key()
        assert os.listdir(flash.path) == ["device.key"]
        second = keys.p256_private_key()
        assert second != first and len(crypto.p256_public_key(second)) == 64
        again = KeyStore(flash.path, os.urandom)
        assert (again.private_key(), again.p256_private_key()) == (first, second)


def test_whatever_is_no_p256_key_is_an_error_and_stays_as_it_is():
    """Cut, grown, erased, or not below the order: a number that is none would be found out by the
    first phone.
    """
    order = bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
    with Flash() as flash:
        keys = KeyStore(flash.path, os.urandom)
        key = keys.p256_private_key()
        path = flash.path + "/device_p256.key"
        damages = list(truncations(key)) + [key + b"\0", bytes(32), b"\xff" * 32, order]
        for damaged in damages:
            files.write(path, damaged)
            error = raises(KeyStoreError, keys.p256_private_key)
            assert files.read(path, 64) == damaged
            assert str(error) == "device_p256.key is not a key of 32 bytes"
        files.write(path, order[:31] + b"\x50")
        assert keys.p256_private_key() == order[:31] + b"\x50"


def test_random_bytes_that_are_no_key_are_drawn_again_and_never_kept():
    """A generator that gives zeros, or ones, for ever makes no key at all."""
    with Flash() as flash:
        drawn = [b"\xff" * 32, b"\x31" * 31 + b"\x32"]
        keys = KeyStore(flash.path, lambda length: drawn.pop(0))
        assert keys.p256_private_key() == b"\x31" * 31 + b"\x32"
    for broken in (bytes(32), b"\xff" * 32):
        with Flash() as flash:
            keys = KeyStore(flash.path, lambda length, broken=broken: broken)
            raises(KeyStoreError, keys.p256_private_key)
            assert os.listdir(flash.path) == []
