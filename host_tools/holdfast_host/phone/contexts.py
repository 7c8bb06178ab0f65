"""The OSCORE contexts a phone keeps, so that a door it knows opens in one round trip.

One file a door, replaced atomically. What must never happen is a sequence number used twice, for
it is a part of the nonce: so a number is taken from the file, the next one synced to it, and only
then the context handed out. A crash in between wastes a number, nothing more.
"""

import dataclasses
import hashlib
from collections.abc import Callable, Collection
from pathlib import Path

import cbor
from oscore import SecurityContext
from untrusted import InvalidInput

from .. import files, locks
from ..errors import UsageProblem

_LIMIT = 4096
_VERSION = 2
_HIGHEST_SEQUENCE_NUMBER = (1 << 40) - 1  # RFC 8613 section 7.2.1


@dataclasses.dataclass(frozen=True)
class Partner:
    """Whom a session was made with, by its certificate: its id ``cti``, when it ``expires`` in
    seconds since 1970, the ``doors`` it speaks for.
    """

    cti: bytes
    expires: int
    doors: tuple[str, ...]

    def is_believed(self, door: str, now: int, revoked: Collection[bytes]) -> bool:
        """Whether it may be asked to open ``door`` at ``now``, and is none of the ``revoked``."""
        return door in self.doors and now < self.expires and self.cti not in revoked


@dataclasses.dataclass(frozen=True)
class Session:
    """The inputs of an OSCORE context, the first sequence number that is not used up, and the
    ``partner`` that has the other end.
    """

    master_secret: bytes = dataclasses.field(repr=False)
    master_salt: bytes = dataclasses.field(repr=False)
    sender_id: bytes
    recipient_id: bytes
    sequence_number: int
    partner: Partner

    def context(self) -> SecurityContext:
        """A context whose next message takes ``sequence_number``."""
        context = SecurityContext(
            self.master_secret, self.master_salt, self.sender_id, self.recipient_id
        )
        context.sender_sequence_number = self.sequence_number
        return context


class ContextStore:
    """Sessions by door id, or by another name, in ``folder``, each only for the credential it was
    made with.
    """

    def __init__(self, folder: Path):
        self._folder = folder

    def keep(self, door: str, token: bytes, session: Session) -> None:
        """Remember the ``session`` that ``token`` opened with ``door``."""
        files.make_folder(self._folder)
        with locks.changing(self._folder):
            self._write(door, token, session)

    def take(
        self, door: str, token: bytes, now: int, revoked: Collection[bytes]
    ) -> SecurityContext | None:
        """A context with a sequence number reserved for exactly one message, or None.

        None without a session for this door and this credential, and if its file is damaged: the
        phone then makes a new one. None, too, if the door's reader is not to be believed ``now``,
        or its certificate is one of the ``revoked``: a handshake shows whether it has another.
        """
        session = self.reserve(
            door, token, 1, lambda partner: partner.is_believed(door, now, revoked)
        )
        return None if session is None else session.context()

    def reserve(
        self, name: str, token: bytes, count: int, is_believed: Callable[[Partner], bool]
    ) -> Session | None:
        """The session under ``name``, whose next ``count`` sequence numbers nobody else takes.

        None as from ``take``; ``is_believed`` says whether its partner still is.
        """
        if not self._folder.is_dir():
            return None
        with locks.changing(self._folder):
            session = self._read(name, token)
            if session is None:
                return None
            following = session.sequence_number + count
            if following - 1 > _HIGHEST_SEQUENCE_NUMBER:
                return None
            if not is_believed(session.partner):
                files.remove(self._path(name))
                return None
            self._write(name, token, dataclasses.replace(session, sequence_number=following))
        return session

    def doors(self) -> set[str]:
        """Every door that a reader with a session speaks for, whatever the credential."""
        found = set()
        for path in self._folder.glob("*.cbor"):
            record = _record(path)
            if record is not None:
                found.update(record[1].partner.doors)
        return found

    def clear(self) -> None:
        """Forget every session."""
        if self._folder.is_dir():
            with locks.changing(self._folder):
                for path in self._folder.glob("*.cbor"):
                    files.remove(path)

    def _path(self, door: str) -> Path:
        # A digest: a door's id comes from a stranger and may be anything.
        return self._folder / f"{hashlib.sha256(door.encode()).hexdigest()[:32]}.cbor"

    def _write(self, door: str, token: bytes, session: Session) -> None:
        *fields, (cti, expires, doors) = dataclasses.astuple(session)
        record = [_VERSION, hashlib.sha256(token).digest(), *fields, cti, expires, list(doors)]
        files.write(self._path(door), cbor.encode(record), files.PRIVATE)

    def _read(self, door: str, token: bytes) -> Session | None:
        record = _record(self._path(door))
        if record is None or record[0] != hashlib.sha256(token).digest():
            return None
        return record[1]


def _record(path: Path) -> tuple[bytes, Session] | None:
    """The digest of the credential and the session in the file ``path``, if it is whole."""
    try:
        data = files.read(path, _LIMIT, "context", "unlock with --cold")
        record = cbor.decode(data, deterministic=True)
    except (UsageProblem, InvalidInput):
        return None
    shape = [int, bytes, bytes, bytes, bytes, bytes, int, bytes, int, list]
    if not isinstance(record, list) or [type(item) for item in record] != shape:
        return None
    version, digest, *fields, cti, expires, doors = record
    session = Session(*fields, partner=Partner(cti, expires, tuple(doors)))
    return (digest, session) if version == _VERSION and _is_sound(session) else None


def _is_sound(session: Session) -> bool:
    return (
        len(session.master_secret) == 16
        and len(session.master_salt) == 8
        and max(len(session.sender_id), len(session.recipient_id)) <= 7
        and session.sender_id != session.recipient_id
        and session.sequence_number >= 0
        and len(session.partner.cti) == 8
        and all(isinstance(door, str) for door in session.partner.doors)
    )
