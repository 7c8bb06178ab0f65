"""Whatever is done to a cache in whatever order, it knows what a dict would."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cache_world import NOW, PLACES, Model, card, open_cache
from folders import Folder
from holdfast.access.grant import ANSWER

KEYS = [card(i) for i in range(24)] + [b"same" + bytes([0, 0, 0, i]) for i in range(8)]
GROUPS = range(6)

keys = st.sampled_from(KEYS)
groups = st.sampled_from(GROUPS)
expiries = st.none() | st.integers(NOW, NOW + 10**7)
rights = st.lists(
    st.tuples(st.sampled_from(PLACES), st.integers(0, 31), st.sampled_from([None, b"office"])),
    max_size=80,
)
changes = st.lists(
    st.one_of(
        st.tuples(st.just("grant"), keys, groups, expiries),
        st.tuples(st.just("revoke"), keys),
        st.tuples(st.just("group"), groups, rights),
        st.tuples(st.just("ungroup"), groups),
    ),
    max_size=40,
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("apply"), changes),
        st.tuples(st.just("remember"), keys, groups, st.integers(0, 10**6)),
        st.tuples(st.just("touch"), keys),
        st.tuples(st.just("wait"), st.integers(0, 10**5)),
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
    """Each step is followed by every possible question. What use taught is held to its bounds: an
    answer is the last one given, never lives past its end, and yields to policy.
    """
    with Folder() as folder:
        cache, model, answers, now = open_cache(folder), Model(), {}, NOW
        for what, *told in history:
            if what == "apply":
                number = model.applied + 1
                assert cache.apply(number, told[0])
                model.apply(number, told[0])
                for one in told[0]:
                    if one[0] in ("grant", "revoke"):
                        answers.pop(one[1], None)
            elif what == "remember":
                key, group, lasts = told
                kept = cache.remember(key, ANSWER, group, now + lasts, now)
                assert kept == (key not in model.grants)
                if kept:
                    answers[key] = (group, now + lasts)
            elif what == "touch":
                cache.touch(told[0], now)
            elif what == "wait":
                now += told[0]
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
                new.snapshot(writer)
                if what == "snapshot":
                    writer.finish()
                    model = new
                    answers = {key: answers[key] for key in answers if key not in new.grants}
                else:
                    writer.abandon()
            assert model.differs(cache, KEYS, GROUPS) is None
            assert cache.counts[0] == len(model.grants)
            assert cache.counts[2] == sum(len(cache.rights(g, PLACES)) or 1 for g in model.groups)
            for key in KEYS:
                grant = cache.grant(key)
                if key in answers:
                    group, until = answers[key]
                    soonest = until - (until - NOW) // 8 - 60
                    if grant is None:
                        assert soonest <= now
                    else:
                        assert grant.kind == ANSWER and grant.group == group
                        assert soonest <= max(grant.expires, NOW) and grant.expires <= until
                elif grant is not None and grant.kind == ANSWER:
                    assert grant.expires <= now
        assert cache.counts == open_cache(folder).counts
