"""The stage of one door: a site made for the occasion, and its reader as a process."""

import dataclasses
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from holdfast.access import Trust
from holdfast.access.events import batch as event_batch
from holdfast.access.events import record as event_record
from holdfast.access.events.record import Event
from holdfast.access.tag import CARD, card_key

from .. import files
from ..boards import enrol as readers
from ..boards import settings
from ..boards.process import ReaderProcess
from ..credentials.authority import Authority
from ..credentials.secret import Secret
from ..events.chain import Checked
from ..events.check import Report, check
from ..phone.wallet import Identity
from ..policy.state import State
from ..site import devices, zones
from ..site import site as sites
from ..site.keys import Keys
from .entrance import CHUNK, Entrance
from .people import SITE, People

DOOR = "lobby"
ZONE = "guests"
_STRIKE_MS = 500


class Stage(Entrance, People):
    """A site, a zone and a provisioned reader that runs; a context manager that ends it.

    ``now`` gives the time in seconds since 1970; state lies in ``folder``.
    """

    def __init__(self, folder: Path, now: Callable[[], int]):
        People.__init__(self, Authority.generate(), [DOOR], now)
        self.secret = Secret.generate()
        self.proven: list[Event] = []  # the reader's events, once they were fetched and proven
        self._site = sites.create(
            folder / "site",
            SITE,
            [ZONE],
            self.authority,
            secrets.token_urlsafe(),
            secret=self.secret,
        )
        state = folder / "reader"
        self._placement = readers.Placement(DOOR, [ZONE], _STRIKE_MS)
        opened = Keys(self.authority, self.secret)
        self._enrolled = readers.enroll(state, self._site, opened, self._placement, now=now())
        self._enrolled_at = self._site.policy()
        self._has_p256 = True
        self._state = state
        Entrance.__init__(self, ReaderProcess(state, chunk=CHUNK), DOOR, now)
        self.certificate = self._enrolled.certificates[0]

    def __enter__(self) -> "Stage":
        self.reader.start()
        return self

    def __exit__(self, *exception) -> None:
        self.reader.stop()

    def restart(
        self,
        *,
        has_clock: bool = True,
        clock_ahead: int | None = None,
        has_p256: bool = True,
        inputs: Sequence[str] | None = None,
        held_ms: int | None = None,
    ) -> None:
        """Cut the reader's power and let it start again, with its clock or without, which is
        ``clock_ahead`` by so many seconds from then on; and as one that was enrolled with an
        X25519 key alone, if not ``has_p256``. ``inputs`` are those of its door from then on, which
        may be open for ``held_ms``.
        """
        self.reader.kill()
        if has_p256 != self._has_p256:
            self._has_p256 = has_p256
            files.write(self._state / settings.SETTINGS, self._settings(), files.PRIVATE)
        self.reader.has_clock = has_clock
        if clock_ahead is not None:
            self.reader.clock_ahead = clock_ahead
        if inputs is not None:
            self.reader.inputs, self.reader.held_ms = tuple(inputs), held_ms
        self.reader.restart()

    def _settings(self) -> bytes:
        """Later settings for the reader, with both its keys or with one."""
        (device,) = devices.load(self._site.folder)
        number = devices.next_settings([device], device.key, self.now())
        devices.put(self._site.folder, dataclasses.replace(device, settings=number))
        certificates = {
            suite: certificate
            for suite, certificate in self._enrolled.certificates.items()
            if suite == 0 or self._has_p256
        }
        return settings.encode_settings(
            self._site,
            Keys(self.authority, self.secret),
            self._placement,
            certificates,
            device.key,
            number,
            history=self._enrolled_at,
            clock_offset=self._enrolled.clock.offset,
        )

    def change_policy(
        self, changes: Callable[[State], Sequence[list]], ahead: int = 0
    ) -> list[bytes]:
        """Sign what ``changes`` makes of the site's policy, on a computer that is ``ahead`` by so
        many seconds; the new changesets.
        """
        history, added = self._site.change_policy(self.authority, changes, self.now() + ahead)
        return history.changesets[len(history.changesets) - added :]

    def rotate_zone(self) -> list[bytes]:
        """Replace the key of the zone; the new changesets, with it sealed to the reader."""
        before = self.policy_number()
        keys = Keys(self.authority, self.secret)
        self._site, history, _ = zones.rotate(self._site.folder, ZONE, keys, self.now())
        return history.changesets[before:]

    def policy_standing(self) -> tuple[int, bytes]:
        """Number and hash of the last changeset that the site has signed."""
        history = self._site.policy()
        return history.number, history.head

    def policy_number(self) -> int:
        """The number of the last changeset that the site has signed."""
        return self._site.policy().number

    def card_key(self, number: bytes) -> bytes:
        """How the policy calls the card with this ``number``."""
        return self.lookup(CARD, number)

    def lookup(self, kind: int, value: bytes) -> bytes:
        """How the policy calls a card or a PIN, as tag.card_key takes them."""
        return card_key(self._site.lookup_key(self.secret), kind, value)

    def check_events(self, batches: bytes) -> Report:
        """Whether ``batches``, collected from the reader, are all of its events, unchanged."""
        audit = self.secret.audit_key()
        device = self.reader_key()

        def root_key(root: bytes) -> bytes:
            return event_record.auditor_root(audit, root, device)

        return check(event_batch.decode(batches), root_key)

    def acknowledgement(self, checked: Checked) -> bytes:
        """The auditor's word that the reader's events are safe, as far as they were checked."""
        audit = self.secret.audit_key()
        _, key = event_record.auditor_keys(audit, checked.root, self.reader_key())
        return dataclasses.replace(checked, acknowledgement_key=key).word()

    def reader_key(self) -> bytes:
        """The reader's public X25519 key."""
        trust = Trust(SITE, [self.authority.public_key])
        return trust.authenticate_device(self.certificate).key.x

    def guest(self, name: str, hours: int, **changes) -> Identity:
        """A phone with a guest token that lives ``hours`` from now, authenticated by the zone's
        key; ``changes`` are Grant's fields.
        """
        zone_key = self._site.zone_key(self.secret, ZONE)
        return self.guest_of(ZONE, zone_key, name, hours, changes)
