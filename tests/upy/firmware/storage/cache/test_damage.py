"""Damage never makes a revoked card look good or a good one unknown without a word."""

INTERPRETERS = ("micropython", "cpython")

import os

from cache_world import (
    DOOR,
    DOOR_TAG,
    NOW,
    PLACES,
    ZONE_TAGS,
    Model,
    card,
    damage,
    open_cache,
    rare_of,
    rights_of,
)
from folders import Folder
from harness import raises
from holdfast.storage.sealed import DamagedError

A = PLACES[0]
_PAGE = 1016
_PREAMBLE = 12


def _model():
    model = Model()
    for i in range(260):
        model.grants[card(i), i % 5] = (None, rare_of(i))
        if i % 10 == 0:
            for group in (6, 7):
                model.grants[card(i), group] = (NOW, None)
    for group in range(100):
        model.groups[group] = [A + (1, None), (DOOR, b"door-x", 1, None)]
    return model


def _made(folder):
    model = _model()
    cache = open_cache(folder)
    writer = cache.begin_snapshot(1)
    model.snapshot(writer)
    writer.finish()
    model.applied = 1
    return model


def _answers(look, names):
    """For each name whether it is known, or None if that cannot be told."""
    found = []
    for name in names:
        try:
            found.append(look(name) not in (None, []))
        except DamagedError:
            found.append(None)
    return found


def _groups(cache, groups):
    return _answers(lambda group: cache.rights(group, DOOR_TAG, ZONE_TAGS), groups)


def test_a_damaged_page_takes_only_its_own_keys_with_it():
    """The rest of the house still gets in. Compaction keeps what can be read, and the fault."""
    keys = sorted([card(i) for i in range(280)])
    known = [key for key, _ in _model().grants]
    with Folder() as folder:
        model = _made(folder)
        for page in range(5):  # 312 grants: four full pages and a part
            damage(folder + "/pages", _PREAMBLE + page * _PAGE + 500)
            cache = open_cache(folder)
            assert cache.damage is None and not cache.needs_repair and cache.applied == 1
            before = _answers(cache.grants, keys)
            lost = [i for i in range(280) if before[i] is None]
            assert 15 < len(lost) < 80 and lost == list(range(lost[0], lost[-1] + 1))
            assert cache.needs_repair
            for i in range(280):
                assert i in lost or before[i] == (keys[i] in known)
            # What policy says of a whole card is known, and stays so, in that stretch too.
            new = ("grant", keys[lost[5]], 4, None, None)
            cache.apply(2, [("revoke", new[1], None), new, ("revoke", keys[lost[6]], None)])
            # What it says of one pair is not, since nobody can tell the card's other ones.
            cache.apply(3, [("grant", keys[lost[7]], 4, None, None), ("revoke", keys[lost[8]], 1)])
            cache.compact()
            for _ in range(2):
                after = _answers(cache.grants, keys)
                assert after[lost[5]] and not after[lost[6]]
                for i in range(280):
                    assert i in lost[5:7] or after[i] == before[i]
                cache.compact()
                cache = open_cache(folder)
            writer = cache.begin_snapshot(4)  # repairs
            model.snapshot(writer)
            writer.finish()
            assert not cache.needs_repair
            assert _answers(cache.grants, keys) == [key in known for key in keys]
            os.remove(folder + "/pages")
            _made(folder)


def test_a_damaged_page_of_rights_hides_its_groups_only():
    """The same for groups: never fewer rights without a word, never more."""
    with Folder() as folder:
        _made(folder)
        for page in range(4):  # 200 rights: three full pages and a part, after five of grants
            damage(folder + "/pages", _PREAMBLE + (5 + page) * _PAGE + 20)
            cache = open_cache(folder)
            before = _groups(cache, range(110))
            lost = [i for i in range(110) if before[i] is None]
            assert lost and lost == list(range(lost[0], lost[-1] + 1))
            cache.apply(2, [("group", lost[0], rights_of(0, bits=4)), ("ungroup", lost[1])])
            cache.compact()
            cache = open_cache(folder)
            after = _groups(cache, range(110))
            assert cache.rights(lost[0], DOOR_TAG, ()) == rights_of(0, bits=4)
            assert not after[lost[1]]
            assert after[: lost[0]] == before[: lost[0]] and after[lost[2] :] == before[lost[2] :]
            os.remove(folder + "/pages")
            _made(folder)


def test_a_hundred_new_grants_where_a_page_was_lost():
    """More than one page of new knowledge in a lost stretch is found, the lost stays lost."""
    with Folder() as folder:
        _made(folder)
        damage(folder + "/pages", _PREAMBLE + 2 * _PAGE + 99)
        cache = open_cache(folder)
        keys = sorted(set([key for key, _ in _model().grants]))
        lost = [key for key in keys if _answers(cache.grants, [key]) == [None]]
        fresh = [lost[30][:6] + i.to_bytes(2, "big") for i in range(200)]
        changes = []
        for key in fresh:
            changes += [("revoke", key, None), ("grant", key, 3, None, None)]
        cache.apply(2, changes)
        for _ in range(2):
            cache.compact()
            assert _answers(cache.grants, fresh) == [True] * 200
            assert _answers(cache.grants, lost) == [None] * len(lost)
            others = [key for key in keys if key not in lost]
            assert _answers(cache.grants, others) == [True] * len(others)


def test_no_page_passes_for_another():
    """Pages swapped, or taken from an older file, are damage."""
    with Folder() as folder:
        _made(folder)
        with open(folder + "/pages", "rb") as file:
            old = file.read()
        open_cache(folder).compact()
        with open(folder + "/pages", "rb") as file:
            new = file.read()
        first, second = _PREAMBLE + _PAGE, _PREAMBLE + 2 * _PAGE
        swapped = new[:_PREAMBLE] + new[first:second] + new[_PREAMBLE:first] + new[second:]
        older = new[:first] + old[first:second] + new[second:]
        rights = _PREAMBLE + 5 * _PAGE
        other = new[:rights] + new[_PREAMBLE:first] + new[rights + _PAGE :]
        for content, bad in ((swapped, 0), (older, 1), (other, 5), (new, None)):
            with open(folder + "/pages", "wb") as file:
                file.write(content)
            cache = open_cache(folder)
            assert cache.damage is None
            lost = _answers(cache.grants, sorted(set([key for key, _ in _model().grants])))
            lost += _groups(cache, range(100))
            assert (None in lost) == (bad is not None), bad
        # Whole files of another generation: cut or lengthened ones, too.
        for content in (
            old[:-1],
            old + b"\x00",
            old[_PREAMBLE:],
            new[:-200],
            old[:-700] + new[-700:],
        ):
            with open(folder + "/pages", "wb") as file:
                file.write(content)
            assert open_cache(folder).damage is not None


def _all_refused(cache):
    raises(DamagedError, cache.grants, card(1))
    raises(DamagedError, cache.grants, card(999))
    raises(DamagedError, cache.rights, 1, DOOR_TAG, ZONE_TAGS)
    raises(DamagedError, cache.apply, 9, [])
    raises(DamagedError, cache.check, [])
    raises(DamagedError, cache.compact)
    assert cache.applied == 0 and cache.needs_repair and not cache.wants_compaction


def test_a_damaged_trailer_or_journal_refuses_everything_until_it_is_repaired():
    """A journal that cannot be read may hold a revocation, so nobody is let in on what is left."""
    with Folder() as folder:
        places = [("pages", 0), ("pages", 3), ("pages", 7), ("pages", -1), ("pages", -2)]
        places += [("pages", -30), ("pages", -60)]
        places += [("journal-1", at) for at in (0, 1, 2, 3, 4, 30, 60, 70, -1)]
        for name, at in places:
            model = _made(folder)
            cache = open_cache(folder)
            cache.apply(2, [("revoke", card(1), None)])
            cache.apply(3, [("revoke", card(2), 2)])
            damage(folder + "/" + name, at)
            for _ in range(2):
                cache = open_cache(folder)
                assert cache.damage
                _all_refused(cache)
            writer = cache.begin_snapshot(3)
            model.snapshot(writer)
            _all_refused(cache)
            writer.finish()
            model.applied = 3
            for asked in (cache, open_cache(folder)):
                assert asked.damage is None
                assert model.differs(asked, [card(i) for i in range(9)], (0, 200)) is None
            for left in os.listdir(folder):
                os.remove(folder + "/" + left)


def test_a_torn_tail_of_the_journal_is_cut():
    """Half of a batch that nobody was told of, as a filesystem other than LittleFS may leave."""
    with Folder() as folder:
        cache = open_cache(folder)
        cache.apply(1, [("grant", card(1), 1, None, rare_of(1))])
        with open(folder + "/journal-0", "rb") as file:
            first = file.read()
        cache.apply(2, [("grant", card(2), 1, None, rare_of(2))])
        with open(folder + "/journal-0", "rb") as file:
            both = file.read()
        for length in range(len(first), len(both)):
            with open(folder + "/journal-0", "wb") as file:
                file.write(both[:length])
            cache = open_cache(folder)
            assert cache.applied == 1 and cache.grants(card(2)) == []
            cache.apply(2, [("grant", card(3), 1, None, rare_of(3))])
            cache = open_cache(folder)
            assert cache.applied == 2 and cache.grants(card(3)) and cache.grants(card(1))


def test_pages_that_vanished_are_noticed():
    """A journal of generation 4 without its pages: what they revoked is not forgotten silently."""
    with Folder() as folder:
        _made(folder)
        open_cache(folder).apply(2, [("revoke", card(1), None)])
        os.remove(folder + "/pages")
        _all_refused(open_cache(folder))


def test_another_format_is_not_guessed_at():
    """An earlier one, or after a downgrade a later one: the cache waits for a snapshot."""
    with Folder() as folder:
        _made(folder)
        with open(folder + "/pages", "rb") as file:
            content = file.read()
        for version in (1, 3):
            with open(folder + "/pages", "wb") as file:
                file.write(content[:3] + bytes([version]) + content[4:])
            assert "version %d" % version in (open_cache(folder).damage or "")


def test_a_rebuilding_answers_nobody_before_it_is_done():
    """Policy is applied again: between its grants and its revocations no card opens."""
    with Folder() as folder:
        _made(folder)
        damage(folder + "/pages", -5)
        cache = open_cache(folder)
        cache.rebuild()
        for number in range(1, 4):
            assert cache.damage and cache.applied == number - 1
            raises(DamagedError, cache.grants, card(1))
            cache.apply(number, [("grant", card(number), 1, None, rare_of(number))])
            cache = open_cache(folder)  # power cut
            assert cache.damage and cache.applied == number
            cache.compact()
        cache.apply(4, [("revoke", card(1), None)])
        cache.rebuilt()
        for asked in (cache, open_cache(folder)):
            assert asked.damage is None and asked.applied == 4
            assert asked.grants(card(1)) == [] and asked.grants(card(2))


def test_an_error_does_not_tell_whether_it_was_written():
    """A write that fails may have happened, or half of it: RAM must ask flash, not guess."""
    with Folder() as folder:
        model = Model()
        cache = open_cache(folder)
        for number in range(1, 31):
            changes = [("grant", card(number), 1, None, rare_of(number))]
            changes.append(("revoke", card(number - 2), 1))
            journal = cache._store._journal
            append = journal.append
            kept = (0, 7, 1000)[number % 3]  # nothing, a part, or all of it

            def failing(batch, append=append, kept=kept):
                names = [name for name in os.listdir(folder) if name.startswith("journal")]
                before = b""
                for name in names:
                    with open(folder + "/" + name, "rb") as file:
                        before = file.read()
                append(batch)
                (name,) = [name for name in os.listdir(folder) if name.startswith("journal")]
                with open(folder + "/" + name, "rb") as file:
                    after = file.read()
                with open(folder + "/" + name, "wb") as file:
                    file.write(after[: len(before) + kept])
                raise OSError(5)

            journal.append = failing
            raises(OSError, cache.apply, number, changes)
            assert cache.damage is None
            assert cache.applied == (number if kept == 1000 else number - 1)
            if number % 7:  # otherwise it is given up, and the next comes
                cache.apply(number, changes)
            if cache.applied == number:
                model.apply(number, changes)
            for asked in (cache, open_cache(folder)):
                assert asked.damage is None, asked.damage
                assert model.differs(asked, [card(i) for i in range(40)], ()) is None
            if number % 7 == 0:
                cache.apply(number, changes)
                model.apply(number, changes)
