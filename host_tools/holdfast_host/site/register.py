"""The register of cards: the numbers of cards and digits of PINs that the policy has keys of.

With it the lookup key can be replaced without a single card being asked for again.
``cards.sealed`` in the site's folder is opened with a key of the site secret, and holds nothing
but numbers and digits: which card has which grant key follows from the lookup key, so the two are
never out of step.

A card is in the register before the changeset is signed that grants it, and goes out after the one
that takes it away: cut in between, the register knows a card too many, never one too few.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import cbor
from holdfast.access import tag
from untrusted import InvalidInput

from .. import files, locks
from ..credentials.secret import Secret
from ..errors import UsageProblem

FILE = "cards.sealed"

_VERSION = b"\x01"
_NONCE = 12
_LIMIT = 4 << 20
_AAD = b"holdfast card register" + _VERSION
_FROM_BACKUP = (
    "restore it from its backup; if there is none remove it, and give the cards and PINs once"
    " more: holdfast policy card, holdfast policy pin"
)

# (tag.CARD or tag.PIN, a card's number or a PIN's digits), as tag.card_key takes them
Entry = tuple[int, bytes]


def load(folder: Path, secret: Secret) -> set[Entry]:
    """What the register of the site in ``folder`` holds; nothing if there is none."""
    path = folder / FILE
    if not path.exists():
        return set()
    data = files.read(path, _LIMIT, "register of cards", _FROM_BACKUP)
    try:
        return _opened(data, secret)
    except (InvalidTag, InvalidInput) as error:
        raise UsageProblem(
            f"{path} is damaged, or another site's: {error or 'it does not open'}", _FROM_BACKUP
        ) from error


def add(folder: Path, secret: Secret, entries: Iterable[Entry]) -> None:
    """Put ``entries`` into the register."""
    _change(folder, secret, lambda before: before.union(entries))


def remove(folder: Path, secret: Secret, entries: Iterable[Entry]) -> None:
    """Take ``entries`` out of the register, as many as are in it."""
    _change(folder, secret, lambda before: before.difference(entries))


def by_key(entries: Iterable[Entry], lookup_key: bytes) -> dict[bytes, Entry]:
    """The ``entries`` by the key, 8 bytes, under which the policy grants them."""
    return {tag.card_key(lookup_key, kind, value): (kind, value) for kind, value in entries}


def rekeyed(entries: Iterable[Entry], before: bytes, after: bytes) -> dict[bytes, bytes]:
    """The grant key under the lookup key ``before`` of each entry, to that under ``after``."""
    return {
        tag.card_key(before, kind, value): tag.card_key(after, kind, value)
        for kind, value in entries
    }


def missing(keys: Iterable[bytes], known: Mapping[bytes, object]) -> list[bytes]:
    """Which grant ``keys`` no card or PIN of the register is ``known`` for."""
    return sorted(key for key in keys if key not in known)


def _change(folder: Path, secret: Secret, change) -> None:
    with locks.changing(folder):
        before = load(folder, secret)
        after = change(before)
        if after == before:
            return
        nonce = os.urandom(_NONCE)
        plain = cbor.encode([[kind, value] for kind, value in sorted(after)])
        sealed = AESGCM(secret.register_key()).encrypt(nonce, plain, _AAD)
        files.write(folder / FILE, _VERSION + nonce + sealed, files.PRIVATE)


def _opened(data: bytes, secret: Secret) -> set[Entry]:
    if data[:1] != _VERSION:
        raise InvalidInput("it is of a version that is not known here")
    nonce, sealed = data[1 : 1 + _NONCE], data[1 + _NONCE :]
    if len(sealed) < 16:
        raise InvalidInput("it is too short")
    plain = AESGCM(secret.register_key()).decrypt(nonce, sealed, _AAD)
    return {(kind, value) for kind, value in cbor.decode(plain, max_items=len(plain))}
