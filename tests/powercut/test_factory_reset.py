"""Power fails while a board is reset: it is what it was, or nothing of it is left.

A board that has lost its key and not its rules, or its settings and not its key, would be half
somebody's: it looks new, and knows what it must not.
"""

INTERPRETERS = ("micropython",)

import os

from cuts import every_cut

import small_log
import small_site as site
from holdfast.storage import factory_reset, files
from holdfast.storage.settings import SettingsStore

PLACE = "/0123456789abcdef"
SETTINGS = site.settings_file()


def _random(count):
    return bytes(range(count))


def prepare(root):
    files.write(root + "/device.key", site.READER_PRIVATE)
    files.write(root + "/device_p256.key", b"\x66" * 32)
    files.write(root + "/settings.cbor", SETTINGS)
    SettingsStore(root, site.READER_PRIVATE, _random).take()
    os.mkdir(root + PLACE)
    os.mkdir(root + PLACE + "/policy")
    files.write(root + PLACE + "/policy/state", b"rules" * 200)
    small_log.record(small_log.open_log(root + PLACE + "/events"), 2)
    files.write(root + factory_reset.REQUEST, factory_reset.DISCARD)


def operation(root, acked):
    """The start of a board that somebody asked to be reset."""
    if factory_reset.standing(root) != factory_reset.NONE:
        assert factory_reset.carry_out(root, root) == (True, 2)
    acked.append("reset")


def _is_whole(root):
    held = SettingsStore(root, site.READER_PRIVATE, _random).load()
    log = small_log.open_log(root + PLACE + "/events")
    return (
        held is not None
        and files.read(root + "/device.key", 33) == site.READER_PRIVATE
        and files.read(root + "/device_p256.key", 33) == b"\x66" * 32
        and files.read(root + PLACE + "/policy/state", 1001) == b"rules" * 200
        and log.head[0] == 2
    )


def check(root, acked):
    """Before it has begun all is whole; from then on the next start finishes it."""
    now = factory_reset.standing(root)
    if now == factory_reset.DISCARDING:
        assert "reset" not in acked and _is_whole(root)
    operation(root, acked)
    assert sorted(files.names(root)) == ["last_run"], files.names(root)
    assert factory_reset.standing(root) == factory_reset.NONE


def test_cuts_while_a_board_is_reset():
    """At every write and erase, and in the start after it."""
    small_log.remember_agreements()
    every_cut(prepare, operation, check, again=3, at_least=20, name="factory reset")
