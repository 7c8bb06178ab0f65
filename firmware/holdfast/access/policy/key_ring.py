"""The keys that the policy has for this one node, each sealed to it by the authority."""

from micropython import const
from untrusted import InvalidInput

from ..tag import NAME_TAG, name_tag
from . import operations as ops

MAX_KEYS = 32  # of zones: this node's, and for each a next one

_ENTRY = const(40)  # bytes: tag of the zone (6), number of the key (2), key (32)
_KEY = const(32)


class KeyRing:
    """Keys of zones by tag and number, and of card lookup; ``packed`` has 40 bytes for each.

    An entry whose tag is all zeros is a lookup key. Never changes: ``following`` gives another.
    It is secret: it is kept sealed, and never shown.
    """

    def __init__(self, packed: bytes = b""):
        self.packed = packed

    def zone_key(self, tag: bytes, number: int):
        """The HMAC-SHA-256 key, 32 bytes, of the zone with this tag, or None."""
        return self._get(tag, number)

    def lookup_key(self, number: int):
        """The lookup key of this number, 32 bytes, or None."""
        return self._get(bytes(NAME_TAG), number)

    def following(self, operations, rules, node: str, unseal):
        """The ring after ``operations``, which led to the SiteRules ``rules``.

        ``unseal(purpose, ephemeral, sealed)`` opens what was sealed to the device's key, or raises
        InvalidInput; ``purpose`` is the list that sealing.py binds it to. What cannot be opened is
        not there: the zone's tokens are then refused. Keys that are older than the one in use
        go.
        """
        tag = name_tag(node)
        packed = self.packed
        for operation in operations:
            if operation[0] == ops.ZONE_KEY:
                _, zone, number, ephemeral, sealed = operation
                place, purpose = name_tag(zone), ["zone key", rules.site, zone, number, node]
            elif operation[0] == ops.LOOKUP and len(operation) > 2:
                _, number, ephemeral, sealed = operation
                place, purpose = bytes(NAME_TAG), ["lookup key", rules.site, number, node]
            else:
                continue
            for recipient, some in sealed:
                if recipient == tag:
                    try:
                        key = unseal(purpose, ephemeral, some)
                    except InvalidInput:
                        continue
                    head = place + number.to_bytes(2, "big")
                    packed = _without(packed, head) + head + key
        return KeyRing(_in_use(packed, rules))

    def _get(self, tag, number):
        head = tag + number.to_bytes(2, "big")
        for at in range(0, len(self.packed), _ENTRY):
            if self.packed[at : at + NAME_TAG + 2] == head:
                return self.packed[at + NAME_TAG + 2 : at + _ENTRY]
        return None


def _without(packed, head):
    return b"".join(
        [
            packed[at : at + _ENTRY]
            for at in range(0, len(packed), _ENTRY)
            if packed[at : at + len(head)] != head
        ]
    )


def _in_use(packed, rules):
    kept = []
    for at in range(0, len(packed), _ENTRY):
        tag, number = packed[at : at + NAME_TAG], packed[at + 6] << 8 | packed[at + 7]
        if any(tag):
            is_known = rules.zone_at(tag) >= 0
            is_in_use = is_known and number >= rules.zone_key_number(tag)
        else:
            is_in_use = number >= rules.lookup
        if is_in_use:
            kept.append(packed[at : at + _ENTRY])
    return b"".join(kept[-MAX_KEYS:])
