"""What a technician told the board: which site, which node it is, its doors, whom to believe."""

import crypto
from micropython import const
from untrusted import InvalidInput

from . import files, let_go

_MAX_FILE = const(4096)


class SettingsError(InvalidInput):
    """The settings are not usable; the text names the entry."""


class Settings:
    """Checked settings; attributes are named after the entries of the file.

    ``doors`` are (name, strike time in milliseconds), ``enrolled_at`` and ``lookup`` tuples.
    ``p256_certificate`` is None for a board that was enrolled before there was one.
    ``clock_offset`` is the seconds to add to the board's own clock, as the host found at the
    enrolment; None if that clock is not to be believed. ``root`` is the SHA-256 of ``first_key``:
    what is durable is named by it and by ``node``.
    """

    def __init__(
        self,
        site,
        node,
        doors,
        authority_keys,
        certificate,
        first_key,
        enrolled_at,
        audit_key,
        lookup,
        p256_certificate=None,
        clock_offset=0,
    ):
        self.site = site
        self.node = node
        self.doors = doors
        self.authority_keys = authority_keys
        self.certificate = certificate
        self.first_key = first_key
        self.root = crypto.sha256(first_key)
        self.enrolled_at = enrolled_at
        self.audit_key = audit_key
        self.lookup = lookup
        self.p256_certificate = p256_certificate
        self.clock_offset = clock_offset

    @property
    def place(self) -> bytes:
        """What durable state and its keys are bound to: root and node."""
        return self.root + self.node.encode()


def load(directory: str):
    """The settings in ``directory``, or None if the board was never provisioned.

    Raises SettingsError for anything but a whole, valid file; OSError if the storage fails.
    """
    data = files.read(directory + "/settings.cbor", _MAX_FILE)
    return None if data is None else decode(data)


def decode(data: bytes) -> Settings:
    """Settings from the bytes of their file; raises SettingsError."""
    if len(data) > _MAX_FILE:
        raise SettingsError("settings: larger than %d bytes" % _MAX_FILE)
    from . import settings_file  # for the start alone

    try:
        return Settings(*settings_file.decode(data))
    except InvalidInput as error:
        raise SettingsError(str(error))
    finally:
        let_go(settings_file)
