"""A reader's ``settings.cbor`` as the host writes it (docs/flash_format.md)."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import cbor
import crypto

from .. import files
from ..credentials import keys
from ..policy.history import History
from ..site.keys import Keys
from ..site.site import Site

SETTINGS = "settings.cbor"
STRIKE_MS = 3000
P256_CERTIFICATE = 11  # its key in the settings
CLOCK_OFFSET = 12  # likewise

_VERSION = 2
_CERTIFICATE = 6  # of the X25519 key
_LARGEST_SETTINGS = 4096


@dataclasses.dataclass(frozen=True)
class Placement:
    """A reader's door, the zones the door lies in, and how long it releases the strike.

    ``node`` is the reader's own id, that of the door if it is empty.
    """

    door: str
    zones: Sequence[str] = ()
    strike_ms: int = STRIKE_MS
    node: str = ""

    @property
    def name(self) -> str:
        """The reader's own id."""
        return self.node or self.door


def encode_settings(
    site: Site,
    opened: Keys,
    placement: Placement,
    certificate: bytes,
    p256_certificate: bytes | None = None,
    *,
    history: History,
    clock_offset: int | None = 0,
) -> bytes:
    """The reader's settings.cbor (docs/flash_format.md); a secret is in it: the lookup key.

    ``clock_offset`` is what the board adds to its own clock, in seconds, at most a day either
    way; None if it is not to believe it.
    """
    entries = {
        1: _VERSION,
        2: site.id,
        3: placement.name,
        4: [[placement.door, placement.strike_ms]],
        5: [key.to_map() for key in history.anchors],
        _CERTIFICATE: certificate,
        7: keys.public_bytes(site.first_key),
        8: [history.number, history.head],
        9: crypto.x25519_public_key(opened.secret.audit_key()),
        10: [site.lookup_number, site.lookup_key(opened.secret)],
    }
    if p256_certificate is not None:
        entries[P256_CERTIFICATE] = p256_certificate
    if clock_offset != 0:
        entries[CLOCK_OFFSET] = clock_offset
    return cbor.encode(entries)


def certificate(state_folder: Path) -> bytes:
    """The certificate of the X25519 key of the enrolled reader in ``state_folder``."""
    data = files.read(
        state_folder / SETTINGS,
        _LARGEST_SETTINGS,
        "reader's settings",
        "enrol it: holdfast reader enroll",
    )
    return cbor.decode(data)[_CERTIFICATE]
