"""The keys that the policy has for one node: which it keeps, and for how long."""

INTERPRETERS = ("micropython", "cpython")

import crypto
import policy_site as board
import small_site as site
from holdfast.access.policy import draft, key_changes, sealing
from holdfast.access.policy import operations as ops
from holdfast.access.policy.key_ring import KeyRing
from holdfast.access.policy.rules import MAX_ZONES
from holdfast.access.tag import name_tag

TAG = name_tag(site.ZONE)
OTHER_NODE = "reader-2"
EPHEMERAL = crypto.x25519_public_key(site.EPHEMERAL)


def _secret(number):
    return bytes((number,)) * 32


def _plain(ephemeral, purpose, sealed):
    """In place of opening it: what was sealed is 8 bytes and the key."""
    return sealed[8:]


class Node:
    """Rules and keys of the node as it follows operations."""

    def __init__(self, unseal=_plain):
        self.rules = board.empty()
        self.ring = KeyRing()
        self._unseal = unseal

    def follow(self, *operations, is_whole=False):
        ops.check(list(operations))
        number = self.rules.number + 1
        self.rules = draft.following(
            self.rules, list(operations), number, bytes(32), site.NOW, is_whole
        )
        self.ring = key_changes.following(
            self.ring, operations, self.rules, site.root(), site.NODE, self._unseal
        )
        return self

    def zone_key(self, tag=TAG):
        """What makes guests' tokens of the zone now."""
        return self.ring.zone_key(tag, self.rules.zone_key_number(tag))


def _key(number, zone=site.ZONE, node=site.NODE, secret=None):
    sealed = bytes(8) + (secret or _secret(number))
    return [ops.ZONE_KEY, zone, number, EPHEMERAL, [[name_tag(node), sealed]]]


def _switch(number, zone=site.ZONE):
    return [ops.ZONE_SWITCH, zone, number]


def test_a_key_that_was_sealed_to_this_node_is_used_from_the_switch_on():
    """With the real arithmetic, as the host seals it."""
    node = Node(board.unseal).follow(*site.HERE)
    assert node.zone_key() is None
    key, switch = site.zone_key_operations()
    assert node.follow(key).zone_key() is None
    assert node.follow(switch).zone_key() == site.ZONE_SECRET
    # What was sealed for another purpose, or altered, is no key, and no fault.
    other = Node(board.unseal).follow(*site.HERE)
    key[2] = 7
    assert other.follow(key, _switch(7)).zone_key() is None
    assert other.follow(*site.zone_key_operations(8)).zone_key() == site.ZONE_SECRET


def test_keys_for_other_nodes_are_ignored():
    """Each node of the zone has an entry of its own, in as many changesets as it takes."""
    node = Node().follow(*site.HERE, _key(1, node=OTHER_NODE), _switch(1))
    assert node.ring.packed == b"" and node.zone_key() is None
    both = _key(2, node=OTHER_NODE, secret=_secret(9))
    both[4].append(_key(2)[4][0])
    assert node.follow(both, _switch(2)).zone_key() == _secret(2)


def test_an_older_key_is_dropped_with_the_switch():
    """Who took a reader off its wall has that key: it must be worth nothing anywhere."""
    node = Node().follow(*site.HERE, _key(1), _switch(1), _key(2))
    assert node.zone_key() == _secret(1)
    assert node.ring.zone_key(TAG, 2) == _secret(2)
    node.follow(_switch(2))
    assert node.zone_key() == _secret(2) and node.ring.zone_key(TAG, 1) is None
    # Not even by a changeset that would go back, nor by the zone being made anew.
    node.follow(_switch(1))
    assert node.zone_key() is None
    node.follow(_key(3), _switch(3), [ops.ZONE, site.ZONE, False])
    assert node.ring.packed == b""
    assert node.follow([ops.ZONE, site.ZONE, b"\x01"]).zone_key() is None


def test_a_switch_that_this_node_has_no_key_for_refuses_the_zones_guests():
    """It was revoked, or was not there: the old key is no way to go on."""
    node = Node().follow(*site.HERE, _key(1), _switch(1), _switch(2))
    assert node.zone_key() is None and node.ring.packed == b""


def test_a_key_sealed_again_takes_the_place_of_the_first():
    """Of one number there is one key, the last."""
    node = Node().follow(*site.HERE, _key(1, secret=_secret(7)), _key(1), _switch(1))
    assert node.zone_key() == _secret(1) and len(node.ring.packed) == 40


def test_every_zone_can_change_its_key_while_cards_have_theirs():
    """A node in all zones, each with a key in use and the next, and two for lookup: none pushes
    another out.
    """
    zones = ["zone %d" % number for number in range(MAX_ZONES)]
    sealed = [[name_tag(site.NODE), bytes(8) + _secret(99)]]
    node = Node().follow([ops.LOOKUP, 5, EPHEMERAL, sealed], is_whole=True)
    node.follow(*[[ops.ZONE, zone, b""] for zone in zones])
    for zone in zones:
        node.follow(_key(1, zone), _switch(1, zone))
    for zone in zones:
        for number in (2, 3):
            node.follow(_key(number, zone))
    assert node.ring.lookup_key(5) == _secret(99)
    assert len(node.ring.packed) == 40 * (2 * MAX_ZONES + 1)
    for zone in zones:
        tag = name_tag(zone)
        assert node.zone_key(tag) == _secret(1) and node.ring.zone_key(tag, 3) == _secret(3)


def test_the_lookup_key_comes_with_the_snapshot_that_uses_it():
    """And the one before goes: no card is kept under it any more."""
    node = Node()
    assert node.ring.lookup_key(0) is None
    for number in (1, 2):
        sealed = [[name_tag(OTHER_NODE), bytes(40)]]
        sealed.append([name_tag(site.NODE), bytes(8) + _secret(number)])
        node.follow([ops.LOOKUP, number, EPHEMERAL, sealed], is_whole=True)
        assert node.rules.lookup == number
        assert node.ring.lookup_key(number) == _secret(number)
    assert node.ring.lookup_key(1) is None and len(node.ring.packed) == 40
    # A zone's tag is never that of lookup: its keys are not found under each other's names.
    assert node.ring.zone_key(bytes(6), 2) == node.ring.lookup_key(2)
    assert any(TAG)


def test_purposes_name_the_root_and_the_node():
    """The very bytes that another implementation has to seal for."""
    asked = []

    def unseal(ephemeral, purpose, sealed):
        asked.append(purpose)
        return bytes(32)

    node = Node(unseal).follow(*site.HERE, _key(4), _switch(4))
    sealed = [[name_tag(site.NODE), bytes(40)]]
    node.follow([ops.LOOKUP, 3, EPHEMERAL, sealed], is_whole=True)
    assert asked == [
        sealing.zone_key(site.SITE, site.root(), site.ZONE, 4, site.NODE, EPHEMERAL),
        sealing.lookup_key(site.SITE, site.root(), 3, site.NODE, EPHEMERAL),
    ]
