"""Whether settings that somebody has brought come into force. Loaded when there are some.

What is brought is a CBOR sequence of byte strings: a COSE_Sign1 of the settings by the site's
authority, then the changesets that named another key of it, in order. A board that was never
enrolled believes whom they name as the site's first key, as it would a technician; one that is
believes nobody but the authority that it knows.
"""

import cbor
import cose
from cose import sign1
from micropython import const
from untrusted import InvalidInput

_AAD = b"holdfast settings"
_PROTECTED = b"\xa1\x01\x27"  # {1: -8}: EdDSA
_MAX_CHANGESETS = const(24)
_TRIED = const(2)


def accepted(brought: bytes, public_key: bytes, held, before, anchors, decode) -> bytes:
    """The settings in ``brought``, encoded, which the board with ``public_key`` (32 bytes) takes.

    ``held`` are the Settings in force and ``before`` their bytes, both None if there are none;
    ``anchors(held)`` the authority's keys that are; ``decode(payload)`` makes Settings of bytes.
    Raises InvalidInput: which of it is wrong.
    """
    message, changesets = _parsed(brought)
    payload = message.payload
    if payload == before:
        return payload
    settings = decode(payload)
    if settings.device_key != public_key:
        raise InvalidInput("settings: for another board")
    if held is None:
        known = [cose.Key.okp(cose.CRV_ED25519, settings.first_key)]
    elif settings.root != held.root:
        raise InvalidInput("settings: of another authority: that needs a factory reset")
    elif settings.number <= held.number:
        raise InvalidInput(
            "settings: number %d, and number %d is in force: to go back needs a factory reset"
            % (settings.number, held.number)
        )
    elif settings.carries != held.carries:
        # What who decides has kept of keys and cards must not hang on a wall.
        raise InvalidInput(
            "settings: who decides and who carries share no memory: that needs a factory reset"
        )
    else:
        known = list(anchors(held))
    _verify(message, settings.site, known, changesets)
    return payload


def claimed(brought: bytes) -> bytes:
    """The settings in ``brought``, encoded, whoever has signed them. Raises InvalidInput."""
    return _parsed(brought)[0].payload


def _parsed(brought):
    try:
        pieces = cbor.decode_sequence(brought, max_items=_MAX_CHANGESETS + 1)
        message = cose.parse(pieces.pop(0), tag=sign1.TAG)
    except (InvalidInput, IndexError, TypeError):
        # Also of the formats before this one, which nobody had signed.
        raise InvalidInput("settings: not signed: enrol the reader again")
    if message.protected_raw != _PROTECTED or message.unprotected:
        raise InvalidInput("settings: not signed as they must be")
    return message, pieces


def _verify(message, site, known, changesets):
    """Refuse it unless a key signed it that is ``known``, or that such a key has handed on to."""
    candidates = known
    while True:
        for key in candidates:
            try:
                sign1.verify(message, key, external_aad=_AAD)
                return
            except InvalidInput:
                continue
        candidates = []
        while not candidates:
            if not changesets:
                raise InvalidInput(
                    "settings: not signed by the authority of this site as it is known here: that"
                    " needs the site's policy first, or a factory reset"
                )
            candidates = _handed_on(changesets.pop(0), site, known)
        known = known + candidates


def _handed_on(raw, site, known):
    """The keys that the changeset ``raw`` names and that were not ``known``; none if nobody known
    has signed it.
    """
    from ..access.policy import changeset, operations

    try:
        said = changeset.parse(raw)
        if said.site != site:
            return []
        # Each is signed by the one before it or its successor: no more is tried.
        said.verify(known[-_TRIED:])
    except (InvalidInput, TypeError):
        return []
    keys = []
    for operation in said.operations:
        if operation[0] == operations.ANCHORS:
            keys = [operations.anchor(x) for x in operation[1]]
    return [key for key in keys if key.x not in [one.x for one in known]]
