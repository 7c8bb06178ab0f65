"""New keys for zones and for cards: the operations that bring them to the nodes, each sealed.

Pure, but for the randomness that is passed in. A node is ``(id, public X25519 key of 32 bytes)``;
who is revoked is not among the nodes (devices.deciding), and so never reads a key that was made
after it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

import cbor
import crypto
from holdfast.access import tag
from holdfast.access.policy import operations as ops
from holdfast.access.policy import sealing
from untrusted import InvalidInput

from ..credentials.secret import Secret
from ..errors import UsageProblem
from . import register
from .register import Entry
from .site import Site

ZONE_KEY = 13
ZONE_SWITCH = 14
LOOKUP = 15

# Bytes of an operation that surely fits in a changeset with all the rest (../policy/history.py).
_ROOM = 800
_NAMED = 5  # how many cards an error names

Node = tuple[str, bytes]
Randomness = Callable[[int], bytes]


def zone_operations(
    site: Site, secret: Secret, zone: str, number: int, nodes: Iterable[Node], random: Randomness
) -> list[list]:
    """Operations that bring key ``number`` of ``zone`` to the ``nodes``, then one that switches.

    Each is small enough for a changeset of its own. The switch is the last: a node follows the
    changesets in order, so whoever comes to it has the key.
    """
    key = secret.zone_key(zone, number).k or b""
    head = [ZONE_KEY, zone, number]

    def purpose(node: str, ephemeral: bytes) -> list:
        return sealing.zone_key(site.id, site.root, zone, number, node, ephemeral)

    return [*_sealed(head, key, nodes, purpose, random), [ZONE_SWITCH, zone, number]]


def lookup_operations(
    site: Site,
    secret: Secret,
    number: int,
    grants: Iterable[list],
    entries: Collection[Entry],
    nodes: Iterable[Node],
    random: Randomness,
) -> tuple[list[list], list[list]]:
    """What a snapshot says in which lookup key ``number`` is the site's.

    ``grants`` are the GRANT operations of the present state, ``entries`` the register of cards.
    The same grants under their new keys; and the LOOKUP operations with that key sealed to each
    of the ``nodes``. Refuses cards that are known by their key alone: nobody could tell their new
    one.
    """
    new = secret.lookup_key(number)
    keys = register.rekeyed(entries, site.lookup_key(secret), new)
    operations = list(grants)
    _require_all({operation[1] for operation in operations}, keys, entries)
    regranted = [[ops.GRANT, keys[key], *rest] for _, key, *rest in operations]

    def purpose(node: str, ephemeral: bytes) -> list:
        return sealing.lookup_key(site.id, site.root, number, node, ephemeral)

    return regranted, _sealed([LOOKUP, number], new, nodes, purpose, random)


def _require_all(
    granted: Collection[bytes], keys: Mapping[bytes, bytes], entries: Collection[Entry]
) -> None:
    unknown = register.missing(granted, keys)
    if unknown:
        shown = ", ".join(key.hex() for key in unknown[:_NAMED])
        rest = ", ..." if len(unknown) > _NAMED else ""
        count = "1 card is" if len(unknown) == 1 else f"{len(unknown)} cards are"
        raise UsageProblem(
            f"{count} known by their key alone: {shown}{rest}",
            "give each of them once more, with the group it is in: holdfast policy card UID"
            " --group NUMBER (a PIN: holdfast policy pin); or take it back",
        )
    if len({keys[key] for key in granted}) != len(granted):
        raise UsageProblem(
            "two cards would have one key under the new lookup key, once in 2^64",
            "use the next number",
        )


def _sealed(
    head: list, key: bytes, nodes: Iterable[Node], purpose, random: Randomness
) -> list[list]:
    """[*head, ephemeral public key, [[node tag, sealed], ...]] for all nodes, as few as can be."""
    made = []
    for some in _packed(head, sorted(nodes)):
        private = random(32)
        ephemeral = crypto.x25519_public_key(private)
        entries = []
        for node, public in some:
            try:
                sealed = sealing.seal(private, public, purpose(node, ephemeral), key)
            except InvalidInput as error:
                raise UsageProblem(
                    f"the device {node!r} has a public key that nobody can seal to",
                    "revoke it, and enrol it anew",
                ) from error
            entries.append([tag.name_tag(node), sealed])
        made.append([*head, ephemeral, entries])
    return made


def _packed(head: list, nodes: Sequence[Node]) -> Iterator[Sequence[Node]]:
    entry = len(cbor.encode([bytes(tag.NAME_TAG), bytes(sealing.SEALED)]))
    # An array around it all, and one of two bytes around the entries.
    empty = len(cbor.encode([*head, bytes(32)])) + 2
    many = (_ROOM - empty) // entry
    for begin in range(0, len(nodes), many):
        yield nodes[begin : begin + many]
