"""The phones a reader knows, over a restart: a sealed file for each, written at its first grant.

docs/flash_format.md has the bytes, docs/decisions/012 the reasons.
"""

import errno
import os

import cbor
from cose import cwt
from micropython import const
from oscore import ReplayWindow, SecurityContext
from untrusted import InvalidInput

from ..access.credential import ROLE, Credential, is_complete, parse_scope
from . import files

# Partial IVs of the reader's own that one write makes usable; only challenges take any.
BLOCK = const(32)

_MAX_FILE = const(1024)
_VERSION = const(1)
_SECRET = const(16)
_SALT = const(8)
_MAX_ID = const(7)
_MAX_WINDOW = const(64)
_MAX_TOKEN = const(512)
_AUTHORITY = const(32)
_ECHO = const(8)
_END = const(0x10000000000)  # one beyond the last Partial IV there is


class _DamagedRecord(InvalidInput):
    """What a file holds was sealed by this board and is no association all the same."""


class ContextStore:
    """Associations by identifier C_R in ``directory``, which it makes.

    ``sealer`` seals under a key of the board's own; ``binding`` says what the associations hold
    for: under another one none comes back. ``fault(piece, error)`` hears of what could not be
    kept or read; nothing here raises for it but a reservation.
    """

    def __init__(self, directory: str, sealer, random_bytes, binding: bytes = b"", fault=None):
        self._directory = directory
        self._sealer = sealer
        self._random_bytes = random_bytes
        self._binding = binding
        self._fault = fault
        self._number = 0  # of the next association kept; they come back in this order
        self._unwanted = set()  # identifiers whose files are to go and would not
        self._reserve = self._reserved_anew  # one for all contexts, and none for each

    def load(self, capacity: int) -> list:
        """(C_R, SecurityContext, Credential) of each that is whole, the first kept first.

        At most ``capacity``; what is more, or is not whole, is removed. Their replay windows are
        lost, and their Partial IVs begin beyond all that were ever reserved.
        """
        found = []
        try:
            self._make_directory()
            for number in range(48):
                c_r = bytes((number if number < 24 else number - 24 + 0x20,))
                try:
                    record = self._read(c_r)
                    if record is not None:
                        found.append((record.number, c_r, record, record.credential()))
                except InvalidInput as error:
                    self._tell(error)
                    self._unwanted.add(c_r)
                _remove(self._path(c_r) + ".new")  # of a write that was cut
        except OSError as error:
            # Where one file cannot be read another may be an old one: littlefs goes on with what
            # it had in its cache.
            self._tell(error)
            return []
        found.sort(key=_by_number)
        if found:
            self._number = found[-1][0] + 1
        while len(found) > capacity:
            self._unwanted.add(found.pop(0)[1])
        self._clean()
        return [(c_r, self._restored(c_r, record), owner) for _, c_r, record, owner in found]

    def keep(self, c_r: bytes, context, credential, seed: tuple):
        """Write a new association, in the place of any under the same C_R.

        ``seed`` is (Master Secret, Master Salt, size of the replay window, token). If it cannot be
        written it lives until the restart, and no trace of it comes back.
        """
        secret, salt, window, token = seed
        reserved = min(context.sender_sequence_number + BLOCK, _END)
        self._bind(context, reserved)
        self._clean()
        try:
            record = _Record(
                self._number,
                secret,
                salt,
                context.sender_id,
                window,
                reserved,
                credential.authority,
                token,
            )
            self._number += 1
            self._unwanted.discard(c_r)
            self._write(c_r, record)
        except (OSError, MemoryError) as error:
            self._tell(error)
            # What lies there now is what was before, or this, and neither is in memory as it is.
            self.forget(c_r)

    def forget(self, c_r: bytes):
        """Remove an association; what cannot be removed now is tried again at the next change."""
        self._unwanted.add(c_r)
        self._clean()

    def echo(self) -> bytes:
        """A value for a challenge, never given before."""
        return self._random_bytes(_ECHO)

    def _make_directory(self):
        try:
            os.mkdir(self._directory)
        except OSError as error:
            if error.errno != errno.EEXIST:
                raise

    def _clean(self):
        for c_r in list(self._unwanted):
            try:
                _remove(self._path(c_r))
                self._unwanted.discard(c_r)
            except OSError as error:
                self._tell(error)

    def _restored(self, c_r, record):
        context = record.context(c_r)
        context.replay_window = ReplayWindow.lost(record.window)
        context.sender_sequence_number = record.reserved
        self._bind(context, record.reserved)
        return context

    def _bind(self, context, reserved):
        context.reserved = reserved
        context.reserve = self._reserve

    def _reserved_anew(self, context, number):
        """The number up to which Partial IVs may be used once this has returned.

        Raises OSError or InvalidInput.
        """
        c_r = context.recipient_id
        try:
            record = self._read(c_r)
        except (InvalidInput, OSError) as error:
            self._tell(error)
            raise
        if record is None or record.context(c_r).sender_key != context.sender_key:
            return _END  # not on flash, so that no restart brings it back
        record.reserved = min(number + BLOCK, _END)
        try:
            self._write(c_r, record)
        except OSError as error:
            self._tell(error)
            raise
        return record.reserved

    def _read(self, c_r):
        sealed = files.read(self._path(c_r), _MAX_FILE)
        if sealed is None:
            return None
        return _Record.decode(c_r, self._sealer.open(sealed, self._aad(c_r)))

    def _write(self, c_r, record):
        files.write(self._path(c_r), self._sealer.seal(record.encode(), self._aad(c_r)))

    def _path(self, c_r):
        return self._directory + "/" + c_r.hex()

    def _aad(self, c_r):
        return b"holdfast context" + c_r + self._binding

    def _tell(self, error):
        if self._fault is not None:
            self._fault("contexts", error)


class _Record:
    """What one file holds; docs/flash_format.md."""

    def __init__(self, number, secret, salt, sender_id, window, reserved, authority, token):
        self.number = number
        self.secret = secret
        self.salt = salt
        self.sender_id = sender_id
        self.window = window
        self.reserved = reserved
        self.authority = authority
        self.token = token

    def encode(self) -> bytes:
        return cbor.encode(
            [
                _VERSION,
                self.number,
                self.secret,
                self.salt,
                self.sender_id,
                self.window,
                self.reserved,
                self.authority,
                self.token,
            ]
        )

    @classmethod
    def decode(cls, c_r, data):
        """Raises InvalidInput."""
        items = cbor.decode(data, deterministic=True, max_depth=1, max_items=16)
        if not isinstance(items, list) or len(items) != 9 or not _is_uint(items[0], _VERSION):
            raise _DamagedRecord("no association of this version")
        _, number, secret, salt, sender_id, window, reserved, authority, token = items
        if items[0] != _VERSION or not (
            _is_uint(number, 1 << 48)
            and _is_bytes(secret, _SECRET, _SECRET)
            and _is_bytes(salt, _SALT, _SALT)
            and _is_bytes(sender_id, 0, _MAX_ID)
            and sender_id != c_r
            and _is_uint(window, _MAX_WINDOW)
            and window > 0
            and _is_uint(reserved, _END)
            and (authority is None or _is_bytes(authority, _AUTHORITY, _AUTHORITY))
            and _is_bytes(token, 1, _MAX_TOKEN)
        ):
            raise _DamagedRecord("no association")
        return cls(number, secret, salt, sender_id, window, reserved, authority, token)

    def context(self, c_r):
        return SecurityContext(
            self.secret, self.salt, self.sender_id, c_r, window_size=self.window
        )

    def credential(self):
        """Raises InvalidInput."""
        # Verified when it was shown, and sealed since: a start costs no public-key operation.
        token = cwt.parse(self.token)
        if not is_complete(token.claims) or ROLE in token.claims.other:
            raise _DamagedRecord("no holder's token")
        scope = parse_scope(token.claims.scope)
        return Credential(token.claims, scope, token.kind == cwt.MACED, self.authority)


def _remove(path):
    try:
        os.remove(path)
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise


def _by_number(item):
    return item[0]


def _is_uint(value, most):
    return type(value) is int and 0 <= value <= most


def _is_bytes(value, least, most):
    return type(value) is bytes and least <= len(value) <= most
