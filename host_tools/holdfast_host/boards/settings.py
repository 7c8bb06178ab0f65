"""A reader's settings as the host signs and brings them (docs/flash_format.md)."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import cbor
import crypto
from cose import sign1
from holdfast.access.credential import ROLE_READER

from ..credentials import keys
from ..credentials.authority import Authority
from ..policy.history import History
from ..site.keys import Keys
from ..site.site import Site

SETTINGS = "settings.cbor"  # what is brought
SEALED = "settings.sealed"  # what the board has made of it
STRIKE_MS = 3000
LOOKUP = 10
P256_CERTIFICATE = 11  # its key in the settings
CLOCK_OFFSET = 12  # likewise
WIRING = 15
CONTROLLER = 16
PEERS = 17

CARRIES = "carries"  # without a strike: it decides nothing
DECIDES = "decides"  # what a reader's wiring is if nobody says another
MAX_PEERS = 4

_VERSION = 3
_AAD = b"holdfast settings"
_MOST_CHANGESETS = 24  # as in firmware/holdfast/storage/settings_intake.py


@dataclasses.dataclass(frozen=True)
class Placement:
    """A reader's door, the zones the door lies in, and how long it releases the strike.

    ``node`` is the reader's own id, that of the door if it is empty. ``wiring`` says who decides,
    ``controller`` the id of the node that its events go to, if that is not empty, and ``peers``
    are up to MAX_PEERS (IPv4 address, port) of nodes, for a LAN on which multicast does not come.
    A controller, by its ``role``, may decide for up to seven ``other_doors`` besides, in the same
    zones and with strikes of the same time. One that carries has no door of its own: ``door`` is
    the one that it carries for, ``way`` (policy/carriers.py) the side of it.
    """

    door: str
    zones: Sequence[str] = ()
    strike_ms: int = STRIKE_MS
    node: str = ""
    wiring: str = DECIDES
    controller: str = ""
    peers: Sequence[tuple[str, int]] = ()
    role: int = ROLE_READER
    other_doors: Sequence[str] = ()
    way: int = 1

    @property
    def carries(self) -> bool:
        """Whether it decides nothing."""
        return self.wiring == CARRIES

    @property
    def doors(self) -> tuple[str, ...]:
        """All doors that it decides for."""
        return () if self.carries else (self.door, *self.other_doors)

    @property
    def name(self) -> str:
        """The reader's own id."""
        return self.node or self.door


def encode_settings(
    site: Site,
    opened: Keys,
    placement: Placement,
    certificates: dict[int, bytes],
    device_key: bytes,
    number: int,
    *,
    history: History,
    clock_offset: int | None = 0,
) -> bytes:
    """Settings for the board with this X25519 ``device_key``, signed, as they are brought to it;
    a secret is in them, but for one that carries: the lookup key.

    ``number`` is higher than that of any it has had, ``certificates`` are by cipher suite.
    ``clock_offset`` is what the board adds to its own clock, in seconds, at most a day either
    way; None if it is not to believe it.
    """
    entries = {
        1: _VERSION,
        2: site.id,
        3: placement.name,
        4: [[door, placement.strike_ms] for door in placement.doors],
        5: [key.to_map() for key in history.anchors],
        6: certificates[0],
        7: keys.public_bytes(site.first_key),
        8: [history.number, history.head],
        9: crypto.x25519_public_key(opened.secret.audit_key()),
        13: device_key,
        14: number,
    }
    if not placement.carries:
        entries[LOOKUP] = [site.lookup_number, site.lookup_key(opened.secret)]
    if 2 in certificates:
        entries[P256_CERTIFICATE] = certificates[2]
    if clock_offset != 0:
        entries[CLOCK_OFFSET] = clock_offset
    if placement.wiring != DECIDES:
        entries[WIRING] = placement.wiring
    if placement.controller:
        entries[CONTROLLER] = placement.controller
    if placement.peers:
        entries[PEERS] = [list(peer) for peer in placement.peers]
    return signed(entries, opened.authority, history)


def signed(entries: dict, authority: Authority, history: History) -> bytes:
    """What is brought of the settings ``entries``: signed, with the changesets that show how the
    key that signs came to be the authority's.
    """
    raw = sign1.sign(cbor.encode(entries), authority.signing_key, external_aad=_AAD)
    return cbor.encode_sequence(raw, *history.handed_on[-_MOST_CHANGESETS:])


def is_enrolled(state_folder: Path) -> bool:
    """Whether the reader in ``state_folder`` has settings, or will have them when it starts."""
    return any((state_folder / name).exists() for name in (SETTINGS, SEALED))
