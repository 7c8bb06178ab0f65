"""Chains of changesets and a board's storage, for policy tests. Runs on both interpreters."""

import os

import crypto
import small_site as site
from holdfast.access import reason
from holdfast.access.policy import changeset, draft, sealing, snapshot
from holdfast.access.policy import operations as ops
from holdfast.access.policy.rules import SiteRules
from holdfast.access.tag import name_tag
from holdfast.storage import files
from holdfast.storage.cache.cache import CredentialCache
from holdfast.storage.policy.store import PolicyStore
from holdfast.storage.sealed import Sealer

OTHER_SEED = b"\x77" * 32  # of an authority that follows the first, or of a stranger
BERLIN = [ops.TIMEZONE, 60, [60, [3, 5, 6, 120], [10, 5, 6, 180]]]
WEEK = [[[480, 720], [780, 1080]]] * 5 + [[], []]
CTI = b"\x00\x01\x02\x03\x04\x05\x06\x07"

# One of each operation, and of each way to take something away again.
EVERY = (
    BERLIN,
    [ops.TIMEZONE, -210, None],
    [ops.DOOR, 0, site.DOOR],
    [ops.DOOR, 9, "boiler"],
    [ops.DOOR, 7, "shed"],
    [ops.DOOR, 7, False],
    [ops.ZONE, site.ZONE, b"\x01"],
    [ops.ZONE, "cellar", b"\x01\x02"],
    [ops.ZONE, "attic", False],
    [ops.SCHEDULE, "office", WEEK, [[[600, 660]], []]],
    [ops.SCHEDULE, "nights", False],
    [ops.HOLIDAYS, [[20833, 1], [20834, 2], [[12, 25], 1]]],
    [ops.GROUP, 7, [[[1, site.DOOR], 1, None], [[2, site.ZONE], 3, "office"]]],
    [ops.GROUP, 8, False],
    [ops.GRANT, b"card-one", 7, None],
    [ops.GRANT, b"card-two", 7, site.NOW + site.DAY],
    [ops.GRANT, b"card-two", 8, None, {1: 20833, 2: True, 3: b"tag4", 4: 63, 5: True}],
    [ops.GRANT, b"card-two", 8, False],
    [ops.GRANT, b"card-old", False],
    [ops.REVOKE, CTI, site.NOW + 30 * site.DAY, site.NOW],
    [ops.REVOKE, b"no--date", site.NOW + 30 * site.DAY, None],
    [ops.WATERMARK, site.NOW - site.DAY],
    [ops.DROPPED, site.NOW - 9 * site.DAY],
    [ops.LOCKDOWN, True, [[2, site.ZONE], [1, "boiler"]]],
    [ops.LOCKDOWN, False, None],
    [ops.ANCHORS, [crypto.ed25519_public_key(site.AUTHORITY_SEED)]],
    [ops.LIMITS, {1: 7200, 3: 60, 4: 0, 5: 730, 6: 10}],
    [ops.DOOR_MODE, 0, "office", 1],
    [ops.DOOR_MODE, 9, False],
    [ops.CARRIER, "outside", 0, 1],
    [ops.CARRIER, "nobody", False],
) + tuple(site.zone_key_operations())


class Settings:
    """What a PolicyStore asks of a node's settings."""

    def __init__(self, changes=None):
        self.site = site.SITE
        self.node = site.NODE
        self.first_key = site.first_key()
        self.root = site.root()
        self.authority_keys = (site.authority_public(),)
        self.enrolled_at = (0, bytes(32))
        for name, value in (changes or {}).items():
            setattr(self, name, value)
        self.place = self.root + self.node.encode()


def empty():
    """The rules of a board that has never heard of any."""
    return SiteRules(site.SITE, (site.authority_public(),))


def after(rules, *raws):
    """The rules after these changesets."""
    for raw in raws:
        rules = draft.applied(rules, changeset.parse(raw))
    return rules


def unseal(ephemeral, purpose, sealed):
    """As the board with the reader's key does it."""
    return sealing.open(site.READER_PRIVATE, ephemeral, purpose, sealed)


def chain(*steps, seed=site.AUTHORITY_SEED, number=0, previous=bytes(32)):
    """Raw changesets, each with the operations of one of the ``steps``."""
    raws = []
    for operations in steps:
        number += 1
        raws.append(
            changeset.make(
                site.authority(seed), site.SITE, number, previous, site.NOW + number, operations
            )
        )
        previous = crypto.sha256(raws[-1])
    return raws


def steps(count):
    """``count`` steps that can be told apart: a door, a card and the group's rights in each."""
    return [
        [
            [ops.DOOR, number - 1, "door-%d" % number if number > 1 else site.DOOR],
            [ops.GRANT, key(number), 1, None],
            [ops.GROUP, 1, [[[1, site.DOOR], number, None]]],
        ]
        for number in range(1, count + 1)
    ]


def key(number):
    """The key of the card that step ``number`` grants."""
    return b"card%04d" % number


def taken(number):
    """The snapshot, head and parts, of what ``steps(number)`` comes to."""
    raws = chain(*steps(number))
    operations = [operation for step in steps(number) for operation in step[:2]]
    operations.append([ops.GROUP, 1, [[[1, site.DOOR], number, None]]])
    return snapshot.make(
        site.authority(), site.SITE, number, crypto.sha256(raws[-1]), site.NOW + number, operations
    )


def rotation(number, key, operations, at, previous):
    """The changeset that says that cards have other keys, and the snapshot that brings them."""
    ephemeral = crypto.x25519_public_key(site.EPHEMERAL)
    device = crypto.x25519_public_key(site.READER_PRIVATE)
    purpose = sealing.lookup_key(site.SITE, site.root(), number, site.NODE, ephemeral)
    sealed = sealing.seal(site.EPHEMERAL, device, purpose, key)
    (raw,) = chain([[ops.LOOKUP, number]], number=at - 1, previous=previous)
    said = [[ops.LOOKUP, number, ephemeral, [[name_tag(site.NODE), sealed]]]] + operations
    parts = snapshot.make(
        site.authority(), site.SITE, at, crypto.sha256(raw), site.NOW + at, said
    )
    return raw, parts


class Board:
    """A board's storage below ``root``: opened anew by each ``start``."""

    def __init__(self, root, capacity=100, settings=None, **sizes):
        self.root = root
        self._capacity = capacity
        self._sizes = sizes
        self._count = 0
        self._sealer = Sealer(b"board key 16 byt", self._random)
        self._settings = Settings(settings)

    def start(self):
        """What a start of the board finds: a PolicyStore."""
        cache = CredentialCache(self.root + "/cache", self._sealer, self._random, self._capacity)
        return PolicyStore(
            self.root + "/policy", self._sealer, self._settings, cache, unseal, **self._sizes
        )

    def _random(self, length):
        self._count += 1  # not random, but no nonce twice
        return crypto.sha256(b"%d" % self._count)[:length]


def whole(store, number):
    """Assert that the policy and the cache are exactly those of so many steps."""
    rules, cache = store.moment()
    assert rules.fault == (0 if number else reason.POLICY_MISSING), rules.fault
    assert rules.number == number and len(rules.doors) == 4 * number, rules.number
    assert cache is not None and cache.applied == number
    assert cache.grants(key(number + 1)) == []
    if number:
        assert [grant.group for grant in cache.grants(key(number))] == [1]
        tag = name_tag(site.DOOR)
        assert cache.rights(1, tag, []) == [(1, tag, number, None)]
    assert not store.needs_snapshot
    return True


def take_parts(store, parts):
    """Take the head of a snapshot and some of its parts, without the last."""
    assert store.begin_snapshot(parts[0])
    for part in parts[1:]:
        assert store.add_part(part) is False


def take(store, parts):
    """Take a snapshot, which swaps in with its last part."""
    take_parts(store, parts[:-1])
    assert store.add_part(parts[-1]) is True
    assert store.snapshot_progress is None


def contents(path):
    """Every file below ``path``, with its bytes."""
    found = {}
    for name in os.listdir(path):
        inner = path + "/" + name
        if os.stat(inner)[0] & 0x4000:
            found.update(contents(inner))
        else:
            found[inner] = files.read(inner, os.stat(inner)[6])
    return found
