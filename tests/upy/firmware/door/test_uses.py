"""Grants that count, at the whole reader: the granted event is the count, and no use is free,
whatever flash does, and whatever policy comes meanwhile.
"""

INTERPRETERS = ("micropython", "cpython")

import crypto
import small_log
import small_site as site
from card_door import CARD_NUMBER, THE_PIN, Door, key_of
from holdfast.access.policy import snapshot
from holdfast.access.request import CARD, PIN
from holdfast.access.tag import name_tag
from holdfast.storage.cache import store as cache_store
from holdfast.storage.cache.journal import Journal

_CARD, _PIN = b"\x04courier", "57721566"
_DOOR = [[1, site.DOOR], 1, None]


def _door(uses=3, *operations, rights=(_DOOR,), **more):
    """A door where a card and a PIN of another group are good for so many uses each."""
    counted = {4: uses}
    return Door(
        [5, 2, list(rights)],
        [6, key_of(CARD, _CARD), 2, None, counted],
        [6, key_of(PIN, _PIN.encode()), 2, None, counted],
        *operations,
        **more,
    )


def _uses(door):
    """(use, of) of each event that opened, or was refused for its uses, in order."""
    found = [(one["reason_code"], one.get("use"), one.get("of")) for one in door.recorded()]
    return [one for one in found if one[1] is not None]


def _show(door, number=_CARD):
    door.hardware.wait(5000)
    return door.card(number)


def test_three_uses_are_three_and_each_event_says_which_it_was():
    """Over restarts, and after the last one no more; a PIN has its own."""
    door = _door()
    assert [_show(door) for _ in range(2)] == ["granted"] * 2
    door.start()
    assert [_show(door) for _ in range(3)] == ["granted", "uses_over", "uses_over"]
    assert _uses(door) == [(0, 1, 3), (0, 2, 3), (0, 3, 3), (58, 4, 3), (58, 4, 3)]
    door.hardware.wait(5000)
    assert door.pin(_PIN) == "granted"
    assert _uses(door)[-1] == (0, 1, 3)
    assert door.hardware.lines[-1]["use"] == 1 and door.hardware.lines[-1]["of"] == 3
    # Whoever has no count is not counted.
    assert _show(door, CARD_NUMBER) == "granted" and "use" not in door.recorded()[-1]


def test_one_visit_is_one_use():
    """A card that stays, and a PIN that is typed twice."""
    door = _door()
    for _ in range(50):
        door.read.card(_CARD)
        door.hardware.wait(200)
    for _ in range(4):
        door.read.pin(_PIN)
        door.hardware.wait(500)
    assert _uses(door) == [(0, 1, 3), (0, 1, 3)]
    door.hardware.wait(2000)
    door.read.pin(_PIN)
    assert _uses(door)[-1] == (0, 2, 3)
    # One that does not count opens each time, as ever.
    assert door.pin(THE_PIN) == door.pin(THE_PIN) == "granted"
    assert door.recorded()[-1]["card"] == door.recorded()[-2]["card"]


def test_card_and_pin_together_are_one_use():
    """Of the card's, or of the PIN's where the card has no count."""
    both = [[[1, site.DOOR], 33, None]]
    person = b"her."
    for card, pin in (({4: 2}, {4: 9}), ({4: 2}, {}), ({}, {4: 2})):
        card, pin = dict(card), dict(pin)
        card[3] = pin[3] = person
        door = Door(
            [5, 2, both],
            [6, key_of(CARD, _CARD), 2, None, card],
            [6, key_of(PIN, _PIN.encode()), 2, None, pin],
        )
        answers = []
        for number in range(3):
            door.hardware.wait(11000)
            if number % 2:
                door.card(_CARD)
                answers.append(door.pin(_PIN))
            else:
                door.pin(_PIN)
                answers.append(door.card(_CARD))
        assert answers == ["granted", "granted", "uses_over"], (card, pin)
        assert [one for one in _uses(door) if not one[0]] == [(0, 1, 2), (0, 2, 2)]


def test_a_group_that_reaches_any_other_place_is_refused_where_it_counts():
    """The next door would count for itself."""
    for rights in (
        [[[2, site.ZONE], 1, None]],
        [_DOOR, [[1, "cellar"], 1, None]],
        [_DOOR, [[2, site.ZONE], 1, None]],
    ):
        door = _door(3, rights=rights)
        assert _show(door) == "uses_over" and not _uses(door)
    twice = [_DOOR, [[1, site.DOOR], 4, None]]
    assert _show(_door(3, rights=twice)) == "granted"


def test_what_is_not_wanted_is_not_used():
    """A card that opens by another grant keeps its uses, and so does one that is refused."""
    door = _door(1, [6, key_of(CARD, _CARD), 1, None])
    assert _show(door) == _show(door) == "granted" and not _uses(door)
    door = _door(1, [3, "never", [[[0, 1]]] * 7, []])
    door.follow([5, 2, [[[1, site.DOOR], 1, "never"]]])
    assert _show(door) == "outside_schedule"
    door.follow([5, 2, [_DOOR]])
    assert _show(door) == "granted" and _show(door) == "uses_over"


def test_a_count_stays_with_its_grant_and_goes_with_it():
    """Suspended and resumed, given more uses, in a journal, in pages, in a snapshot."""
    door = _door(2)
    key = key_of(CARD, _CARD)
    assert _show(door) == "granted"
    door.follow([6, key, 2, None, {2: True, 4: 2}])
    assert _show(door) == "suspended"
    door.follow([6, key, 2, None, {4: 3}])
    door.reader.stores.moment()[1].compact()
    door.start()
    assert _show(door) == "granted" and _uses(door)[-1] == (0, 2, 3)
    door.follow([6, key, 2, False])
    door.follow([6, key, 2, None, {4: 1}])
    assert _show(door) == "granted" and _uses(door)[-1] == (0, 1, 1)
    # All of policy comes again, as to a node that is too far behind.
    rules = door.reader.stores.rules
    operations = [
        [1, 0, None],
        [12, 0, site.DOOR],
        [2, site.ZONE, b"\x01"],
        [6, key, 2, None, {4: 2}],
        [6, key_of(PIN, _PIN.encode()), 2, None, {4: 3}],
        [5, 2, [_DOOR]],
    ]
    number = rules.number + 1
    head = crypto.sha256(b"n")
    made = snapshot.make(site.authority(), site.SITE, number, head, site.NOW, operations)
    for raw in made:
        door.reader.apply(raw)
    assert door.reader.stores.rules.number == number
    assert _show(door) == "granted" and _uses(door)[-1] == (0, 2, 2)
    assert _show(door) == "uses_over"


def test_a_count_that_moves_while_a_changeset_is_taken_stays():
    """It is taken in steps, and the door decides between them."""
    for at in (0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610):
        door = _door(9)
        raw = site.changeset(
            [[6, key_of(CARD, _CARD), 2, None, {2: True, 4: 9}]], door._number + 1, door._head
        )
        steps = door.reader.stores.apply_steps(raw)
        done = 0
        for done, _ in enumerate(steps):
            if done == at:
                assert _show(door) == "granted"
        door.reader.keep_up()
        assert _show(door) == "suspended"
        cache = door.reader.stores.moment()[1]
        assert cache.used(key_of(CARD, _CARD), 2) == (at <= done), at
        if at > done:
            return
    raise AssertionError("there were more steps than that")


def test_a_full_table_is_a_refusal_until_a_grant_is_gone():
    """Nobody's count makes way for another's."""
    cache_store.MAX_COUNTED, genuine = 2, cache_store.MAX_COUNTED
    try:
        door = _door(3, [6, key_of(CARD, b"third"), 2, None, {4: 3}])
        assert _show(door) == door.pin(_PIN) == "granted"
        assert _show(door, b"third") == "counts_full"
        door.start()
        assert _show(door) == "granted" and _show(door, b"third") == "counts_full"
        door.reader.stores.moment()[1].compact()
        assert _show(door, b"third") == "counts_full"
        door.follow([6, key_of(PIN, _PIN.encode()), False])
        assert _show(door, b"third") == "granted"
    finally:
        cache_store.MAX_COUNTED = genuine


def test_a_counter_that_cannot_move_costs_no_use_and_gives_none():
    """The event is there: the next use is refused until it is counted, also after a restart."""
    genuine = Journal.append

    def fails(self, batch):
        raise OSError(5)

    door = _door(3)
    Journal.append = fails
    try:
        assert _show(door) == "granted"
        assert _show(door) == "storage_failed" == _show(door)
        assert _show(door, CARD_NUMBER) == "granted"
        told = [line["piece"] for line in door.hardware.lines if line["event"] == "fault"]
        assert told == ["uses"]
        door.start()
        assert _show(door) == "storage_failed"
    finally:
        Journal.append = genuine
    assert _show(door) == "granted" and _uses(door)[-1] == (0, 2, 3)
    # By itself, too.
    Journal.append = fails
    try:
        assert _show(door) == "granted"
    finally:
        Journal.append = genuine
    for _ in door.reader.stores.tidy_steps():
        pass
    assert door.reader.stores.events().uncounted() is None
    assert door.reader.stores.moment()[1].used(key_of(CARD, _CARD), 2) == 3


def test_an_event_that_waits_to_be_counted_is_kept_though_it_is_acknowledged():
    """Or a use would be free for who collects at the right moment."""
    genuine = Journal.append

    def fails(self, batch):
        raise OSError(5)

    door = _door(2)
    Journal.append = fails
    try:
        assert _show(door) == "granted"
        log = door.reader.stores.events()
        for _ in range(20):
            _show(door, CARD_NUMBER)
        small_log.acknowledge(log, *log.head)
        door.start()
        door.reader.stores.events()._log.release()
    finally:
        Journal.append = genuine
    assert _show(door) == "granted" and _uses(door)[-1] == (0, 2, 2)
    assert _show(door) == "uses_over"


def test_what_damage_took_is_used_up():
    """Nobody knows how often; the manager gives it anew."""
    door = _door(3)
    assert _show(door) == "granted"
    cache = door.reader.stores.moment()[1]
    cache.rebuild()
    number = door.reader.stores.rules.number
    cache.apply(
        number,
        [
            ("group", 2, [(1, name_tag(site.DOOR), 1, None)]),
            ("grant", key_of(CARD, _CARD), 2, None, {4: 3}),
        ],
    )
    cache.rebuilt()
    assert _show(door) == "uses_over"
