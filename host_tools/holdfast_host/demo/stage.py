"""The stage: a site made for the occasion, its reader as a process, and whoever comes to the
door.
"""

import dataclasses
import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from cose import Key
from holdfast.access import Credential, Trust, place
from holdfast.access.events import batch as event_batch
from holdfast.access.events import record as event_record
from holdfast.access.events.record import Event
from holdfast.access.tag import CARD, card_key

from .. import files
from ..boards import enrol as readers
from ..boards import settings
from ..boards.process import ReaderProcess
from ..credentials import issuing
from ..credentials.authority import Authority
from ..credentials.secret import Secret
from ..events.chain import Checked
from ..events.check import Report, check
from ..phone.link import TcpLink, Transcript
from ..phone.wallet import Identity, new_key
from ..policy.state import State
from ..site import devices, zones
from ..site import site as sites
from ..site.keys import Keys

SITE = "acme"
DOOR = "lobby"
ZONE = "guests"
HOUR_S = 3600
DAY_S = 24 * HOUR_S
_CHUNK = 20  # the least that every GATT link carries: nothing may need more
_STRIKE_MS = 500
_LOG_SECONDS = 30.0


@dataclasses.dataclass(frozen=True)
class Log:
    """What the reader wrote about one connection: its decisions, how many requests it asked to
    prove themselves new, and its last line.
    """

    decisions: list[dict]
    challenges: int
    ending: dict

    @property
    def last(self) -> dict | None:
        """The last decision, if there was one."""
        return self.decisions[-1] if self.decisions else None


class Stage:
    """A site, a zone and a provisioned reader that runs; a context manager that ends it.

    ``now`` gives the time in seconds since 1970; state lies in ``folder``.
    """

    def __init__(self, folder: Path, now: Callable[[], int]):
        self.now = now
        self.authority = Authority.generate()
        self.secret = Secret.generate()
        self.stranger = Authority.generate()
        self.proven: list[Event] = []  # the reader's events, once they were fetched and proven
        self._place = 0
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
        self.reader = ReaderProcess(state, chunk=_CHUNK)
        self.certificate = self._enrolled.certificates[0]

    def __enter__(self) -> "Stage":
        self.reader.start()
        return self

    def __exit__(self, *exception) -> None:
        self.reader.stop()

    def call(self, transcript: Transcript | None = None) -> TcpLink:
        """A new connection to the reader, on which the phone too writes 20 bytes at a time."""
        self._place = len(self.reader.events)
        return TcpLink.connect("127.0.0.1", self.reader.port, chunk=_CHUNK, transcript=transcript)

    def log(self) -> Log:
        """What the reader wrote about the last connection; waits until it is over."""
        ending = self.reader.wait(
            lambda event: event.get("event") == "disconnected",
            since=self._place,
            timeout=_LOG_SECONDS,
        )
        if ending is None:
            raise RuntimeError("the reader did not log the end of the connection")
        number = ending["connection"]
        events = [
            event
            for event in self.reader.events[self._place :]
            if event.get("connection") == number
        ]
        decisions = [event for event in events if event.get("event") == "access"]
        challenges = sum(event.get("event") == "challenged" for event in events)
        return Log(decisions, challenges, ending)

    def show(self, **what) -> dict:
        """Hold a card to the reader, or type a PIN; the reader's decision."""
        begin = len(self.reader.events)
        self.reader.put(**what)
        event = self.reader.wait(
            lambda event: event.get("event") == "access", since=begin, timeout=_LOG_SECONDS
        )
        if event is None:
            raise RuntimeError("the reader did not log what it made of it")
        return event

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

    def read(self, identity: Identity) -> Credential:
        """What the token of ``identity`` says."""
        return Trust(SITE, [self.authority.public_key]).authenticate(identity.token)

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

    def strikes(self) -> int:
        """How often the reader released the strike so far, restarts included."""
        return sum(_releases(event) for event in self.reader.events)

    def grants(self) -> int:
        """How many times the reader decided to open so far, restarts included."""
        return sum(event.get("granted") is True for event in self.reader.events)

    def exits(self) -> int:
        """How many times the reader released the door for who wanted out, restarts included."""
        return sum(event.get("event") == "rex" for event in self.reader.events)

    def strike_problems(self) -> list[str]:
        """Where the strike and the decisions part: it moves before a grant is logged, and only
        then, or before a request to exit is, or after the event that the door stands unlocked by
        schedule.

        A grant while the strike is released still prolongs it, so there may be fewer releases.
        """
        problems = []
        released = unexplained = unlocked = False
        for event in self.reader.events:
            if event.get("hal") == "strike":
                released = event["active"]
                unexplained = unexplained or (released and not unlocked)
            elif event.get("event") == "unlocked_by_schedule":
                unlocked = True
            elif event.get("event") == "locked_by_schedule":
                unlocked = False
            elif event.get("event") == "rex":
                unexplained = False
            elif event.get("event") == "ready":
                released = unlocked = False
            elif event.get("event") == "access":
                if event["granted"] and not released and not unexplained:
                    problems.append("a grant was logged while the strike was secured")
                if unexplained and not event["granted"]:
                    problems.append("the strike was released for a refusal")
                unexplained = False
        if unexplained:
            problems.append("the strike was released for nothing")
        return problems

    def holder(self, name: str, **changes) -> Identity:
        """A new phone with a credential from the authority; ``changes`` are Grant's fields, and
        ``suite`` 2 for a P-256 key.
        """
        return self._signed(self.authority.signing_key, name, changes)

    def forger(self, name: str) -> Identity:
        """A phone whose credential claims this site but was signed by another key."""
        return self._signed(self.stranger.signing_key, name, {})

    def foreigner(self, name: str) -> Identity:
        """A phone with a sound credential of another site."""
        return self._signed(self.stranger.signing_key, name, {"site": "globex"})

    def guest(self, name: str, hours: int, **changes) -> Identity:
        """A phone with a guest token that lives ``hours`` from now, authenticated by the zone's
        key; ``changes`` are Grant's fields.
        """
        changes["expires"] = self.now() + hours * HOUR_S
        private, suite, grant = self._grant(name, changes)
        token = issuing.guest_token(self._site.zone_key(self.secret, ZONE), ZONE, grant)
        return self._identity(private, token, suite)

    def thief(self, victim: Identity) -> Identity:
        """A phone that has the victim's token but not the key it was made for."""
        return self._identity(os.urandom(32), victim.token, victim.suite)

    def _signed(self, key: Key, name: str, changes: dict) -> Identity:
        private, suite, grant = self._grant(name, changes)
        return self._identity(private, issuing.holder_credential(key, grant), suite)

    def _grant(self, name: str, changes: dict) -> tuple[bytes, int, issuing.Grant]:
        suite = changes.get("suite", 0)
        secret = new_key(suite)
        fields = {
            "site": SITE,
            "holder": name,
            "holder_key": Key.from_map(secret.to_map()),
            "places": [(place.DOOR, DOOR)],
            "issued_at": self.now(),
            "expires": self.now() + 30 * DAY_S,
            "cti": os.urandom(8),
        }
        fields.update(changes)
        fields.pop("suite", None)
        return secret.d or b"", suite, issuing.Grant(**fields)

    def _identity(self, private: bytes, token: bytes, suite: int) -> Identity:
        return Identity(private, token, SITE, self.authority.public_key, suite)


def _releases(event: dict) -> bool:
    return event.get("hal") == "strike" and event.get("active") is True
