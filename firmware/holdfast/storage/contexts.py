"""Whom a node knows, over a restart: a sealed file for each association.

docs/flash_format.md has the bytes, docs/decisions/012 the reasons.
"""

import errno
import os

from micropython import const
from oscore import SecurityContext
from oscore.context import length
from oscore.table import MAX_ID
from untrusted import InvalidInput

from ..access.credential import Credential
from . import files

# Partial IVs of the node's own that one write makes usable.
BLOCK = const(32)

_MAX_FILE = const(1024)
_NUMBER = const(6)  # bytes, before the association itself
_ECHO = const(8)
_END = const(0x10000000000)  # one beyond the last Partial IV there is
_AAD = b"holdfast context\x02"  # the last byte is the version of the format


class _DamagedRecord(InvalidInput):
    """What a file holds was sealed by this board and is no association all the same."""


class ContextStore:
    """Associations by their identifier in ``directory``, which it makes.

    An association is the bytes that link.contexts.Association has in memory, and lies here as it
    lay there. ``sealer`` seals under a key of the board's own; ``binding`` says what the
    associations hold for: under another one none comes back. ``fault(piece, error)`` hears of what
    could not be kept or read; nothing here raises for it but a reservation.
    """

    def __init__(self, directory: str, sealer, random_bytes, binding: bytes = b"", fault=None):
        self._directory = directory
        self._sealer = sealer
        self._random_bytes = random_bytes
        self._binding = binding
        self._fault = fault
        self._number = 0  # of the next association kept; they come back in this order
        self._unwanted = set()  # identifiers whose files are to go and would not

    def load(self, capacity: int) -> list:
        """The bytearrays of each association that is whole, the first kept first.

        At most ``capacity``; what is more, or is not whole, is removed. Their replay windows are
        lost, and their Partial IVs begin beyond all that were ever reserved.
        """
        found = []
        try:
            files.make_directory(self._directory)
            for name in files.names(self._directory):
                if name.endswith(".new") and _identifier(name[:-4]):
                    _remove(self._directory + "/" + name)  # of a write that was cut
                    continue
                kid = _identifier(name)
                if not kid:
                    continue
                try:
                    plain = self._read(kid)
                    if plain is not None:
                        found.append((int.from_bytes(plain[:_NUMBER], "big"), kid, plain))
                except InvalidInput as error:
                    self._tell(error)
                    self._unwanted.add(kid)
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
        associations = []
        for _, _, plain in found:
            packed = bytearray(memoryview(plain)[_NUMBER:])
            SecurityContext.over(packed).restored()
            associations.append(packed)
        return associations

    def keep(self, context):
        """Write a new association, the bytes of its ``context``, in the place of any under the
        same identifier.

        If it cannot be written it lives until the restart, and no trace of it comes back.
        """
        kid = context.recipient_id
        context.reserved = context.sender_sequence_number + BLOCK
        self._unwanted.discard(kid)
        self._clean()
        try:
            number = self._number.to_bytes(_NUMBER, "big")
            self._number += 1
            self._write(kid, number + context.packed)
        except (OSError, MemoryError) as error:
            self._tell(error)
            # What lies there now is what was before, or this, and neither is in memory as it is.
            self.forget(kid)

    def forget(self, kid: bytes):
        """Remove an association; what cannot be removed now is tried again at the next change."""
        self._unwanted.add(kid)
        self._clean()

    def reserve(self, context, number: int) -> int:
        """The number up to which Partial IVs may be used once this has returned.

        Raises OSError or InvalidInput.
        """
        kid = context.recipient_id
        try:
            plain = self._read(kid)
        except (InvalidInput, OSError) as error:
            self._tell(error)
            raise
        if plain is None:
            return _END  # not on flash, so that no restart brings it back
        kept = SecurityContext.over(bytearray(memoryview(plain)[_NUMBER:]))
        if kept.sender_key != context.sender_key:
            return _END
        kept.reserved = number + BLOCK
        try:
            self._write(kid, bytes(plain[:_NUMBER]) + kept.packed)
        except OSError as error:
            self._tell(error)
            raise
        return kept.reserved

    def echo(self) -> bytes:
        """A value for challenges, never given before."""
        return self._random_bytes(_ECHO)

    def _clean(self):
        for kid in list(self._unwanted):
            try:
                _remove(self._path(kid))
                self._unwanted.discard(kid)
            except OSError as error:
                self._tell(error)

    def _read(self, kid):
        """Number and association as they were written; None without a file."""
        sealed = files.read(self._path(kid), _MAX_FILE)
        if sealed is None:
            return None
        plain = self._sealer.open(sealed, self._aad(kid))
        context = SecurityContext.over(bytearray(memoryview(plain)[_NUMBER:]))
        try:
            is_sound = context.is_sound and context.recipient_id == kid
            if is_sound:
                # Verified when it was shown, and sealed since: a start verifies no signature. One
                # byte before it is the owner's.
                Credential.over(bytes(context.packed[length(context.packed) + 1 :]))
        except (ValueError, IndexError):
            is_sound = False
        if not is_sound:
            raise _DamagedRecord("no association")
        return plain

    def _write(self, kid, plain):
        files.write(self._path(kid), self._sealer.seal(plain, self._aad(kid)))

    def _path(self, kid):
        return self._directory + "/" + kid.hex()

    def _aad(self, kid):
        return _AAD + bytes((len(kid),)) + kid + self._binding

    def _tell(self, error):
        if self._fault is not None:
            self._fault("contexts", error)


def _identifier(name):
    """The identifier whose file has this name; empty if it is not one of ours."""
    if len(name) not in range(2, 2 * MAX_ID + 1, 2):
        return b""
    try:
        kid = bytes.fromhex(name)
    except ValueError:
        return b""
    return kid if kid.hex() == name else b""


def _remove(path):
    try:
        os.remove(path)
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise


def _by_number(item):
    return item[0]
