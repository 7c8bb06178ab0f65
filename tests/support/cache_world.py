"""Credential caches for tests: folders of their own, keys to look up, and a plain model.

Runs on MicroPython and CPython.
"""

import os

from holdfast.storage.cache.cache import CredentialCache
from holdfast.storage.sealed import Sealer

KEY = b"a key of a board"
NOW = 1790000000  # 2026-09-21
DOOR, ZONE = 1, 2  # kinds of places
FIRST_DAY, SUSPENDED, PERSON, USES, DURESS = 1, 2, 3, 4, 5  # labels of what few grants have
DOOR_TAG = b"door-a"
ZONE_TAGS = (b"zone-b", b"zone-c")
PLACES = ((DOOR, DOOR_TAG), (ZONE, b"zone-b"), (ZONE, b"zone-c"))  # what is asked for
SCHEDULE = b"office"

_2020 = 1577836800  # nothing is stored as older: it has ended all the same


def open_cache(path, capacity=10000, key=KEY):
    """The cache in ``path``."""
    return CredentialCache(path, Sealer(key, os.urandom), os.urandom, capacity)


def card(number):
    """The key of a card; neighbours lie far apart."""
    return (number * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF).to_bytes(8, "big")


def rights_of(*places, bits=1, schedule=None):
    """Rights for a change of a group: the same at each of PLACES whose numbers are given."""
    return [(kind, tag, bits, schedule) for kind, tag in [PLACES[i] for i in places]]


def rare_of(number):
    """What grant ``number`` has beside its end: a field, several, or for most numbers nothing."""
    rare = {}
    for label, every, value in (
        (FIRST_DAY, 5, 20000 + number),
        (SUSPENDED, 7, True),
        (PERSON, 11, number.to_bytes(4, "big")),
        (USES, 13, 1 + number % 63),
        (DURESS, 17, True),
    ):
        if number % every == 1 and number > every:
            rare[label] = value
    return rare or None


def seen(grant):
    """A Grant as the model has it: what it was given, as far as the cache keeps it."""
    rare = {}
    if grant.first_day is not None:
        rare[FIRST_DAY] = grant.first_day
    if grant.is_suspended:
        rare[SUSPENDED] = True
    if grant.person is not None:
        rare[PERSON] = grant.person
    if grant.uses:
        rare[USES] = grant.uses
    if grant.is_duress:
        rare[DURESS] = True
    return grant.key, grant.group, grant.expires, rare


class Model:
    """What the cache must know of policy: plain dicts, of grants by key and group."""

    def __init__(self):
        self.applied = 0
        self.grants = {}
        self.groups = {}

    def copy(self):
        other = Model()
        other.applied = self.applied
        other.grants = dict(self.grants)
        other.groups = dict(self.groups)
        return other

    def apply(self, number, changes):
        """As CredentialCache.apply; the model itself, to be chained."""
        for change in changes:
            what, name = change[0], change[1]
            if what == "grant":
                self.grants[name, change[2]] = change[3:]
            elif what == "revoke":
                for pair in [one for one in self.grants if one[0] == name]:
                    if change[2] is None or change[2] == pair[1]:
                        del self.grants[pair]
            elif what == "group":
                self.groups[name] = change[2]
            else:
                self.groups.pop(name, None)
        self.applied = number
        return self

    def most_groups(self):
        """In how many groups the key is that is in most."""
        counts = {}
        for key, _ in self.grants:
            counts[key] = counts.get(key, 0) + 1
        return max(list(counts.values()) + [0])

    def snapshot(self, writer):
        """Add all of it to a snapshot writer."""
        for key, group in sorted(self.grants):
            expires, rare = self.grants[key, group]
            writer.add(("grant", key, group, expires, rare))
        for group in sorted(self.groups):
            writer.add(("group", group, self.groups[group]))

    def granted(self, key):
        """What ``seen`` must say of each grant of ``key``."""
        found = []
        for pair in sorted([one for one in self.grants if one[0] == key]):
            expires, rare = self.grants[pair]
            if expires is not None:
                expires = max(_2020, expires // 60 * 60)
            rare = dict(rare or {})
            if FIRST_DAY in rare:
                rare[FIRST_DAY] = max(_2020 // 86400, rare[FIRST_DAY])
            found.append((key, pair[1], expires, rare))
        return found

    def differs(self, cache, keys, groups):
        """None, or the first thing the cache says of ``keys`` and ``groups`` that is not so."""
        if cache.applied != self.applied:
            return "applied", cache.applied, self.applied
        for key in keys:
            found = [seen(grant) for grant in cache.grants(key)]
            expected = self.granted(key)
            if found != expected:
                return key, found, expected
        for group in groups:
            found = cache.rights(group, DOOR_TAG, ZONE_TAGS)
            expected = self.groups.get(group)
            if found is not None:
                found = sorted(found, key=repr)
            if expected is not None:
                expected = [one for one in expected if one[2] and one[:2] in PLACES]
                expected.sort(key=repr)
            if found != expected:
                return group, found, expected
        return None


def damage(path, at):
    """Flip a bit of the file at ``path``; negative offsets count from its end."""
    with open(path, "rb") as file:
        content = bytearray(file.read())
    content[at] ^= 0x10
    with open(path, "wb") as file:
        file.write(content)
