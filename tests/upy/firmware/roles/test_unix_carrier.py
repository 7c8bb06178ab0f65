"""A carrier's process: what it does not start with, and which role a folder has."""

INTERPRETERS = ("micropython",)

import cbor
import small_site as site
from carried_door import carrier_map
from folders import Folder
from holdfast.roles import unix_carrier, unix_reader, unix_which
from holdfast.storage import files

_PORT = ["--port", "62000"]
_PRIVATE = bytes(range(1, 33))
_USAGE, _SETTINGS = 2, 4


def _reader(folder):
    files.write(folder + "/device.key", _PRIVATE)
    files.write(folder + "/settings.cbor", site.settings_file(private=_PRIVATE))


def _carrier(folder):
    files.write(folder + "/device.key", _PRIVATE)
    files.write(folder + "/settings.cbor", site.settings_file(carrier_map(_PRIVATE), _PRIVATE))


def test_the_settings_say_which_role_it_is():
    """Those that were brought, too; and whatever is wrong is a reader's to say."""
    with Folder() as folder:
        _carrier(folder)
        assert unix_which.role([folder] + _PORT) is unix_carrier.main
        files.write(folder + "/factory-reset", b"")
        assert unix_which.role([folder] + _PORT) is unix_reader.main
    with Folder() as folder:
        _reader(folder)
        assert unix_which.role([folder] + _PORT) is unix_reader.main
    for spoilt in (b"", b"\xff", cbor.encode(b"x"), bytes(20000)):
        with Folder() as folder:
            files.write(folder + "/settings.cbor", spoilt)
            assert unix_which.role([folder] + _PORT) is unix_reader.main
    assert unix_which.role([]) is unix_which.role(["/nowhere"]) is unix_reader.main


def test_neither_starts_as_the_other():
    """Whoever starts the wrong one must not have a door that looks well."""
    with Folder() as folder:
        _reader(folder)
        assert unix_carrier.main([folder] + _PORT) == _SETTINGS
        assert not [name for name in files.names(folder) if name.startswith("settings.sealed")]
    with Folder() as folder:
        _carrier(folder)
        assert unix_reader.main([folder] + _PORT) == _SETTINGS
        assert not [name for name in files.names(folder) if name.startswith("settings.sealed")]


def test_it_has_no_door_and_so_no_input_of_one():
    for more in (["--inputs", "rex"], ["--wiegand", "26"], ["--panel", "26"], ["--lan", "0"]):
        assert unix_carrier.main(["/nowhere"] + _PORT + more) == _USAGE
