"""Changesets: the site's policy as a chain of small signed steps, whoever carries them.

Host and board use this same code. docs/protocol.md has the format byte by byte.
"""

import cbor
import cose
import crypto
from cose import sign1
from untrusted import InvalidInput

from ..names import is_name
from . import operations as ops
from .operations import ChangesetRefused

MAX_BYTES = 1024
HASH = 32
NOTHING_BEFORE = bytes(HASH)  # the hash that changeset 1 names

# Keys of a payload, of changesets and snapshots
VERSION = 1
SITE = 2
NUMBER = 3
PREVIOUS = 4
ISSUED_AT = 5
OPERATIONS = 6

MAX_NUMBER = (1 << 32) - 1

_AAD = b"holdfast changeset"
_FORMAT = 2
_MAX_DEPTH = 6  # payload, operations, operation, week, day, hours
_PROTECTED = b"\xa1\x01\x27"  # {1: -8}: EdDSA


class Changeset:
    """A well-formed changeset of ``site``, not yet verified.

    ``raw`` are its bytes, ``hash`` their SHA-256, ``number`` its place in the chain from 1 on,
    ``previous`` the hash of the one before (32 bytes), ``issued_at`` its time in seconds since
    1970, ``operations`` what it says, as in operations.check.
    """

    def __init__(self, raw: bytes, message, payload: dict):
        self.raw = raw
        self.hash = crypto.sha256(raw)
        self.site = payload[SITE]
        self.number = payload[NUMBER]
        self.previous = payload[PREVIOUS]
        self.issued_at = payload[ISSUED_AT]
        self.operations = payload[OPERATIONS]
        self._message = message

    def verify(self, anchors):
        """Refuse it unless one of the ``anchors`` (cose.Key) signed it: ChangesetRefused."""
        crypto.finish(self.verify_steps(anchors))

    def verify_steps(self, anchors):
        """``verify`` in steps, as in :mod:`crypto`."""
        return verify_signed_steps(self._message, anchors, _AAD)

    def changes(self) -> list:
        """What it changes in the credential cache: see operations.change."""
        return ops.changes(self.operations)


def parse(raw: bytes) -> Changeset:
    """The changeset in ``raw``, its shape checked and nothing else. Raises ChangesetRefused."""
    return crypto.finish(parse_steps(raw))


def parse_steps(raw: bytes):
    """``parse`` in steps, as in :mod:`crypto`."""
    message, payload = parse_signed(raw, OPERATIONS)
    yield
    try:
        ops.check(payload[OPERATIONS])
    except InvalidInput as error:
        raise ChangesetRefused(str(error))
    return Changeset(bytes(raw), message, payload)


def make(
    signing_key, site: str, number: int, previous: bytes, issued_at: int, operations
) -> bytes:
    """The raw changeset, signed with the authority's Ed25519 key (cose.Key with ``d``).

    Raises ChangesetRefused for what no board would take.
    """
    payload = {PREVIOUS: previous, OPERATIONS: list(operations)}
    raw = make_signed(signing_key, site, number, issued_at, payload, _AAD)
    parse(raw)
    return raw


def make_signed(signing_key, site, number, issued_at, payload: dict, aad: bytes) -> bytes:
    """A COSE_Sign1 of ``payload`` with what changesets and snapshots share."""
    payload = dict(payload)
    payload.update({VERSION: _FORMAT, SITE: site, NUMBER: number, ISSUED_AT: issued_at})
    return sign1.sign(cbor.encode(payload), signing_key, external_aad=aad)


def parse_signed(raw: bytes, *last_keys) -> tuple:
    """(COSE message, payload) of a changeset or snapshot; ``last_keys`` are those of its own.

    Exactly one encoding passes: the hash of all of it goes into the next changeset, so whoever
    carries it must not be able to write it otherwise. Raises ChangesetRefused.
    """
    if len(raw) > MAX_BYTES:
        raise ChangesetRefused("longer than %d bytes" % MAX_BYTES)
    try:
        message = cose.parse(raw, tag=sign1.TAG)
        if message.protected_raw != _PROTECTED or message.encode() != raw:
            raise ChangesetRefused("not signed and encoded as it must be")
        if message.unprotected:
            raise ChangesetRefused("an unprotected header, which anybody can change")
        payload = cbor.decode(
            message.payload, deterministic=True, max_depth=_MAX_DEPTH, max_items=MAX_BYTES
        )
    except ChangesetRefused:
        raise
    except InvalidInput as error:
        raise ChangesetRefused(str(error))
    _check_payload(payload, last_keys)
    return message, payload


def verify_signed_steps(message, anchors, aad: bytes):
    """Refuse what none of the ``anchors`` signed for the purpose ``aad``: ChangesetRefused."""
    for key in anchors:
        try:
            yield from sign1.verify_steps(message, key, external_aad=aad)
            return
        except InvalidInput:
            continue
    raise ChangesetRefused("not signed by the authority of this site")


def _check_payload(payload, last_keys):
    if not isinstance(payload, dict):
        raise ChangesetRefused("the payload is no map")
    version = payload.get(VERSION)
    if type(version) is not int or version != _FORMAT:
        raise ChangesetRefused("of a version that is not known here")
    if set(payload) != set((VERSION, SITE, NUMBER, PREVIOUS, ISSUED_AT) + last_keys):
        raise ChangesetRefused("entries are missing or unknown")
    site, number, issued_at = payload[SITE], payload[NUMBER], payload[ISSUED_AT]
    if not is_name(site):
        raise ChangesetRefused("the site is no name")
    if type(number) is not int or not 0 < number <= MAX_NUMBER:
        raise ChangesetRefused("the number is none of 1 to %d" % MAX_NUMBER)
    check_hash(payload[PREVIOUS])
    if type(issued_at) is not int or not 0 <= issued_at <= ops.MAX_TIME:
        raise ChangesetRefused("the time is none")


def check_hash(value):
    """Refuse anything but 32 bytes: ChangesetRefused."""
    if not isinstance(value, bytes) or len(value) != HASH:
        raise ChangesetRefused("a hash is not %d bytes" % HASH)
