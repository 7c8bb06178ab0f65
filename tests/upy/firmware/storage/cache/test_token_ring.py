"""The ring of verified tokens: small, seldom written, and never a reason to believe a token."""

INTERPRETERS = ("micropython", "cpython")

import os

from cache_world import damage
from folders import Folder
from harness import held
from holdfast.storage.cache.verified_tokens import VerifiedTokens
from holdfast.storage.sealed import Sealer

SEAL = b"a key of a board"
TAGS = b"the board's key for tags, 32 byte"[:32]
AUTHORITY = b"a" * 32
END = 1800000000


def _open(folder, tags=TAGS):
    return VerifiedTokens(folder + "/tokens", Sealer(SEAL, os.urandom), tags)


def _raw(number):
    return b"token %d" % number


def _visit(ring, number):
    """Whether the token needed no verification."""
    known = ring.knows(_raw(number), AUTHORITY)
    if not known:
        ring.verified(_raw(number), AUTHORITY, END)
    ring.flush()
    return known


def test_the_last_64_are_known_also_after_a_restart():
    """The 65th takes the place of the oldest; who comes again and again does not get old."""
    with Folder() as folder:
        ring = _open(folder)
        for number in range(64):
            assert not _visit(ring, number)
        for number in (0, 1, 2):
            assert _visit(ring, number)
        for number in range(64, 80):
            assert not _visit(ring, number)
            assert _visit(ring, 0)
        for _ in range(3):  # at most so many visits later it is on flash
            assert _visit(ring, 79)
        for asked in (ring, _open(folder)):
            known = [number for number in range(90) if asked.knows(_raw(number), AUTHORITY)]
            assert known == [0, 1, 2] + list(range(19, 80))


def test_what_was_verified_is_remembered_whatever_was_asked_meanwhile():
    """Two handshakes at once: one's token must not be remembered as the other's."""
    with Folder() as folder:
        ring = _open(folder)
        first, second = _raw(1), _raw(2)
        assert not ring.knows(first, AUTHORITY) and not ring.knows(second, AUTHORITY)
        ring.verified(first, AUTHORITY, END)
        ring.flush()
        assert ring.knows(first, AUTHORITY) and not ring.knows(second, AUTHORITY)
        ring.verified(second, b"b" * 32, END)
        ring.flush()
        assert not ring.knows(second, AUTHORITY) and ring.knows(second, b"b" * 32)


def test_another_authority_another_board_or_another_bit_is_unknown():
    """The tag is of all of the token, of who signed it, and of this board."""
    with Folder() as folder:
        ring = _open(folder)
        _visit(ring, 7)
        for asked in (ring, _open(folder)):
            assert asked.knows(_raw(7), AUTHORITY)
            assert not asked.knows(_raw(7), b"b" * 32)
            assert not asked.knows(_raw(7) + b"\x00", AUTHORITY)
        assert not _open(folder, b"x" * 32).knows(_raw(7), AUTHORITY)


def test_it_is_written_after_every_few_visits_and_only_for_new_ones():
    """A door with a new guest every minute must not wear its flash; a known one writes nothing."""
    writes = []

    class Counted(Sealer):
        def seal(self, plain, aad):
            writes.append(len(plain))
            return Sealer.seal(self, plain, aad)

    with Folder() as folder:
        ring = VerifiedTokens(folder + "/tokens", Counted(SEAL, os.urandom), TAGS)
        for number in range(100):
            _visit(ring, number)
        assert 25 <= len(writes) <= 34 and max(writes) == 512
        for _ in range(3):
            _visit(ring, 99)
        del writes[:]
        for number in range(40, 100):
            assert _visit(ring, number)
        assert writes == []


def test_damage_costs_the_work_of_verifying_again_and_nothing_else():
    """Every byte of the file, its length, and a folder in its place."""
    with Folder() as folder:
        path = folder + "/tokens"
        _visit(_open(folder), 1)
        with open(path, "rb") as file:
            whole = file.read()
        for at in range(len(whole)):
            damage(path, at)
            ring = _open(folder)
            assert not ring.knows(_raw(1), AUTHORITY)
            with open(path, "wb") as file:
                file.write(whole)
        assert _open(folder).knows(_raw(1), AUTHORITY)
        for content in (b"", whole[:-1], whole + b"\x00", bytes(2000)):
            with open(path, "wb") as file:
                file.write(content)
            ring = _open(folder)
            assert not _visit(ring, 1) and _visit(ring, 1)
            assert _open(folder).knows(_raw(1), AUTHORITY)  # and it is whole again
        os.remove(path)
        os.mkdir(path)
        ring = _open(folder)
        for number in range(9):
            assert not _visit(ring, number) and _visit(ring, number)


def test_flash_that_fails_is_asked_once_and_written_later():
    """In memory everything goes on; what could not be written is tried again."""

    class Failing(Sealer):
        broken = True

        def seal(self, plain, aad):
            if self.broken:
                raise OSError(5)
            return Sealer.seal(self, plain, aad)

    with Folder() as folder:
        sealer = Failing(SEAL, os.urandom)
        ring = VerifiedTokens(folder + "/tokens", sealer, TAGS)
        for number in range(10):
            assert not _visit(ring, number) and _visit(ring, number)
        assert os.listdir(folder) == []
        sealer.broken = False
        for _ in range(3):
            _visit(ring, 9)
        ring = _open(folder)
        assert all([ring.knows(_raw(number), AUTHORITY) for number in range(10)])


def test_it_reads_once_and_holds_at_most_512_bytes_of_tags():
    """After a first lookup all is in memory, also that there is nothing."""
    with Folder() as folder:
        ring = _open(folder)
        for number in range(70):
            _visit(ring, number)
        first = _open(folder)
        assert first.knows(_raw(60), AUTHORITY)
        base = held()
        other = _open(folder)
        assert other.knows(_raw(60), AUTHORITY)
        assert held() - base <= 512 + 512  # the tags; the objects around them and the path
        os.remove(folder + "/tokens")
        for asked in (first, other):
            assert asked.knows(_raw(61), AUTHORITY) and not asked.knows(_raw(999), AUTHORITY)
        empty = _open(folder)
        assert not empty.knows(_raw(61), AUTHORITY)
        _visit(ring, 71)
        _visit(ring, 72)
        _visit(ring, 73)
        assert not empty.knows(_raw(73), AUTHORITY) and _open(folder).knows(_raw(73), AUTHORITY)
