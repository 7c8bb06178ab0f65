"""What the site's authority told the board: which site, which node it is, its doors, whom to
believe.
"""

import os

import crypto
from micropython import const
from untrusted import InvalidInput

from . import files, let_go
from .sealed import OVERHEAD, DamagedError, Sealer, derive

SEALED = "/settings.sealed"  # those in force
BROUGHT = "/settings.cbor"  # those that somebody has brought

_MAX = const(4096)
_MAX_BROUGHT = const(10240)
_AAD = b"holdfast settings"


class SettingsError(InvalidInput):
    """The settings are not usable; the text names the entry."""


class Settings:
    """Checked settings; attributes are named after the entries (settings_file.py).

    ``doors`` are (name, strike time in milliseconds), ``enrolled_at`` and ``lookup`` tuples,
    the latter None in a node that carries.
    ``p256_certificate`` is None for a board that was enrolled before there was one.
    ``clock_offset`` is the seconds to add to the board's own clock, as the host found at the
    enrolment; None if that clock is not to be believed. ``root`` is the SHA-256 of ``first_key``:
    what is durable is named by it and by ``node``. ``device_key`` is the X25519 key of the board
    that they are for (32 bytes); of two for one board those with the higher ``number`` are later.
    ``wiring`` is "decides", "carries" or "wiegand", ``controller`` the id of the node that this
    one's events go to, or None, and ``peers`` are up to four (IPv4 address, port) to begin with.
    ``refused`` says why others that were brought are not in force, None if none were.
    """

    refused = None

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
        p256_certificate,
        clock_offset,
        device_key,
        number,
        wiring="decides",
        controller=None,
        peers=(),
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
        self.device_key = device_key
        self.number = number
        self.wiring = wiring
        self.controller = controller
        self.peers = peers

    @property
    def carries(self) -> bool:
        """Whether the device decides nothing, and hands on to its controller what comes."""
        return self.wiring == "carries"

    @property
    def place(self) -> bytes:
        """What durable state and its keys are bound to: root and node."""
        return self.root + self.node.encode()


class SettingsStore:
    """The settings of the board with the X25519 ``private_key`` (32 bytes), in ``directory``.

    Those in force lie there sealed to that key: neither a file from another board nor one that
    was edited is any.
    """

    def __init__(self, directory: str, private_key: bytes, random_bytes):
        self._directory = directory
        self._private_key = private_key
        self._random_bytes = random_bytes

    def load(self):
        """The Settings in force, or None if the board was never provisioned.

        Raises SettingsError for anything but what this board has sealed; OSError if the storage
        fails.
        """
        payload = self._opened()
        return None if payload is None else decode(payload)

    def is_of_carrier(self) -> bool:
        """Whether the settings in force are of who carries, or else those that were brought, which
        nobody has verified. Raises InvalidInput and OSError.
        """
        payload = self._opened()
        if payload is None:
            brought = files.read(self._directory + BROUGHT, _MAX_BROUGHT)
            if brought is None:
                return False
            from . import settings_intake

            try:
                payload = settings_intake.claimed(brought)
            finally:
                let_go(settings_intake)
        return decode(payload).carries

    def take(self, held=None, anchors=None, check=None):
        """The Settings in force once those that were brought are, if somebody has brought some.

        ``held`` are those in force before, from ``load``; ``anchors(held)`` gives the authority's
        keys (cose.Key) that the board's policy names, and is asked only then; ``check(settings)``
        raises InvalidInput for what the board cannot go by. Raises SettingsError, whose text says
        why they are not taken, if there are none in force; otherwise those stay so, and
        ``refused`` says it. So it is with flash that fails.
        """
        brought = files.read(self._directory + BROUGHT, _MAX_BROUGHT)
        if brought is None:
            return held
        from . import settings_intake  # seldom

        try:
            before = self._opened()
            public_key = crypto.x25519_public_key(self._private_key)
            payload = settings_intake.accepted(
                brought, public_key, held, before, anchors, decode
            )
            taken = held
            if payload != before:
                taken = decode(payload)
                if check is not None:
                    check(taken)
                sealed = self._sealer().seal(payload, _AAD)
                files.write(self._directory + SEALED, sealed)
            # After its effect: cut before this, they are known already.
            os.remove(self._directory + BROUGHT)
            return taken
        except (InvalidInput, OSError) as error:
            if held is None:
                raise SettingsError(str(error))
            held.refused = str(error)
            return held
        finally:
            let_go(settings_intake)

    def _opened(self):
        sealed = files.read(self._directory + SEALED, _MAX + OVERHEAD)
        if sealed is None:
            return None
        try:
            return self._sealer().open(sealed, _AAD)
        except DamagedError:
            raise SettingsError(
                "settings: damaged, or sealed by another board: only a factory reset helps"
            )

    def _sealer(self):
        # Not bound to a place: which one it is stands in them.
        return Sealer(derive(self._private_key, "settings", b""), self._random_bytes)


def decode(data: bytes) -> Settings:
    """Settings from the bytes that the authority has signed; raises SettingsError."""
    if len(data) > _MAX:
        raise SettingsError("settings: larger than %d bytes" % _MAX)
    from . import settings_file  # for the start alone

    try:
        return Settings(*settings_file.decode(data))
    except InvalidInput as error:
        raise SettingsError(str(error))
    finally:
        let_go(settings_file)
