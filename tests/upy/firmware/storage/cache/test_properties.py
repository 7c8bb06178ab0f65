"""Whatever is done to a cache in whatever order, it knows what a dict would."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cache_world import (
    DOOR_TAG,
    DURESS,
    FIRST_DAY,
    NOW,
    PERSON,
    PLACES,
    SUSPENDED,
    USES,
    ZONE_TAGS,
    Model,
    card,
    open_cache,
)
from folders import Folder
from harness import raises

KEYS = [card(i) for i in range(16)] + [b"same" + bytes([0, 0, 0, i]) for i in range(8)]
GROUPS = range(12)

keys = st.sampled_from(KEYS)
groups = st.sampled_from(GROUPS)
expiries = st.none() | st.integers(NOW, NOW + 10**7)
rares = st.none() | st.fixed_dictionaries(
    {},
    optional={
        FIRST_DAY: st.integers(0, 18262 + 0x3FFE),
        SUSPENDED: st.just(True),
        PERSON: st.binary(min_size=4, max_size=4).filter(any),
        USES: st.integers(1, 63),
        DURESS: st.just(True),
    },
)
rights = st.lists(
    st.tuples(
        st.sampled_from(PLACES + ((1, b"door-x"),)),
        st.integers(0, 0x7FFF),
        st.sampled_from([None, b"office"]),
    ).map(lambda one: one[0] + one[1:]),
    max_size=80,
)
changes = st.lists(
    st.one_of(
        st.tuples(st.just("grant"), keys, groups, expiries, rares),
        st.tuples(st.just("grant"), st.just(KEYS[3]), groups, expiries, rares),
        st.tuples(st.just("revoke"), keys, st.none() | groups),
        st.tuples(st.just("group"), groups, rights),
        st.tuples(st.just("ungroup"), groups),
    ),
    max_size=40,
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("apply"), changes),
        st.tuples(st.just("compact")),
        st.tuples(st.just("reopen")),
        st.tuples(st.just("snapshot"), changes),
        st.tuples(st.just("half a snapshot"), changes),
        st.tuples(st.just("half a compaction"), st.integers(0, 3)),
    ),
    max_size=30,
)


@settings(max_examples=150)
@given(steps)
def test_any_history_against_a_dict(history):
    """Each step is followed by every possible question. A key in too many groups is refused, and
    the batch with it.
    """
    with Folder() as folder:
        cache, model = open_cache(folder), Model()
        for what, *told in history:
            if what == "apply":
                number = model.applied + 1
                new = model.copy().apply(number, told[0])
                if new.most_groups() > 8:
                    raises(ValueError, cache.apply, number, told[0])
                else:
                    assert cache.apply(number, told[0])
                    model = new
            elif what == "compact":
                cache.compact()
            elif what == "reopen":
                cache = open_cache(folder)
            elif what == "half a compaction":
                for step, _ in enumerate(cache.compact_steps()):
                    if step == told[0]:
                        break
            else:
                new = model.copy().apply(model.applied + 3, told[0])
                writer = cache.begin_snapshot(new.applied)
                if new.most_groups() > 8:
                    raises(ValueError, new.snapshot, writer)
                    writer.abandon()
                    continue
                new.snapshot(writer)
                if what == "snapshot":
                    writer.finish()
                    model = new
                else:
                    writer.abandon()
            assert model.differs(cache, KEYS, GROUPS) is None
            held = [len([one for one in rights if one[2]]) for rights in model.groups.values()]
            assert cache.counts == (len(model.grants), sum(count or 1 for count in held))
            for group in model.groups:
                assert cache.rights(group, b"none..", ()) == []
                assert all(one[:2] == (1, DOOR_TAG) for one in cache.rights(group, DOOR_TAG, ()))
                assert all(one[1] in ZONE_TAGS for one in cache.rights(group, b"-", ZONE_TAGS))
        assert cache.counts == open_cache(folder).counts
