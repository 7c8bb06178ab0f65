"""Credential caches for tests: folders of their own, keys to look up, and a plain model.

Runs on MicroPython and CPython.
"""

import os

from holdfast.access.grant import ANSWER, POLICY
from holdfast.storage.cache.cache import CredentialCache
from holdfast.storage.sealed import Sealer

KEY = b"a key of a board"
NOW = 1790000000  # 2026-09-21
PLACES = (b"door-a", b"door-b", b"zone-c")
SCHEDULE = b"office"

_2020 = 1577836800  # nothing is stored as older: it has ended all the same


def open_cache(path, capacity=10000, key=KEY):
    """The cache in ``path``."""
    return CredentialCache(path, Sealer(key, os.urandom), os.urandom, capacity)


def card(number):
    """The key of a card; neighbours lie far apart."""
    return (number * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF).to_bytes(8, "big")


class Model:
    """What the cache must know of policy: plain dicts."""

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
                self.grants[name] = change[2:]
            elif what == "revoke":
                self.grants.pop(name, None)
            elif what == "group":
                self.groups[name] = change[2]
            else:
                self.groups.pop(name, None)
        self.applied = number
        return self

    def snapshot(self, writer):
        """Add all of it to a snapshot writer."""
        for key in sorted(self.grants):
            group, expires = self.grants[key]
            writer.add(("grant", key, group, expires))
        for group in sorted(self.groups):
            writer.add(("group", group, self.groups[group]))

    def differs(self, cache, keys, groups):
        """None, or the first thing the cache says of ``keys`` and ``groups`` that is not so."""
        if cache.applied != self.applied:
            return "applied", cache.applied, self.applied
        for key in keys:
            grant = cache.grant(key)
            expected = self.grants.get(key)
            if grant is not None and grant.kind == ANSWER:
                grant = None  # not of policy
            found = None if grant is None else (grant.group, grant.expires)
            if expected is not None and expected[1] is not None:
                expected = (expected[0], max(_2020, expected[1] // 60 * 60))
            if found != expected or (grant is not None and grant.kind != POLICY):
                return key, found, expected
        for group in groups:
            found = cache.rights(group, PLACES)
            expected = self.groups.get(group)
            if found is not None:
                found = sorted(found, key=repr)
            if expected is not None:
                expected = sorted([one for one in expected if one[1]], key=repr)
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
