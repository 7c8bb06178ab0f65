"""What operations make of a node's keys. Loaded when there are some, not to open a door."""

import crypto
from untrusted import InvalidInput

from ..tag import NAME_TAG, name_tag
from . import operations as ops
from . import sealing
from .key_ring import KEY_ENTRY, KeyRing


def following(ring: KeyRing, operations, rules, root: bytes, node: str, unseal) -> KeyRing:
    """``following_steps``, all of them."""
    return crypto.finish(following_steps(ring, operations, rules, root, node, unseal))


def following_steps(ring: KeyRing, operations, rules, root: bytes, node: str, unseal):
    """The KeyRing of ``node`` after ``operations``, which led to the SiteRules ``rules``.

    ``root`` is the SHA-256 of the site's first authority key; ``unseal(ephemeral, purpose,
    sealed)`` opens what was sealed to the device's key, see sealing.py, or raises
    InvalidInput. What cannot be opened is not there: the zone's tokens are then refused. Keys
    that are older than the one in use go, and all but the last that came of those to follow it.
    In steps, as in :mod:`crypto`: a key a step.
    """
    tag = name_tag(node)
    packed = ring.packed
    site = rules.site
    for operation in operations:
        if operation[0] == ops.ZONE_KEY:
            _, zone, number, ephemeral, sealed = operation
            place = name_tag(zone)
            purpose = sealing.zone_key(site, root, zone, number, node, ephemeral)
        elif operation[0] == ops.LOOKUP and len(operation) > 2:
            _, number, ephemeral, sealed = operation
            place = bytes(NAME_TAG)
            purpose = sealing.lookup_key(site, root, number, node, ephemeral)
        else:
            continue
        for recipient, some in sealed:
            if recipient == tag:
                try:
                    key = unseal(ephemeral, purpose, some)
                except InvalidInput:
                    continue
                yield
                head = place + number.to_bytes(2, "big")
                packed = _without(packed, head) + head + key
    return KeyRing(_in_use(packed, rules))


def _without(packed, head):
    return b"".join(
        [
            packed[at : at + KEY_ENTRY]
            for at in range(0, len(packed), KEY_ENTRY)
            if packed[at : at + len(head)] != head
        ]
    )


def _in_use(packed, rules):
    """Of each zone, and of lookup, the key in use and the last that came to follow it."""
    kept = {}
    for at in range(0, len(packed), KEY_ENTRY):
        tag, number = packed[at : at + NAME_TAG], packed[at + 6] << 8 | packed[at + 7]
        present = rules.lookup
        if any(tag):
            if rules.zone_at(tag) < 0:
                continue
            present = rules.zone_key_number(tag)
        if number >= present:
            kept[tag, number > present] = packed[at : at + KEY_ENTRY]
    return b"".join([kept[name] for name in sorted(kept)])
