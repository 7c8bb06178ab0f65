"""New keys for zones and cards: who gets them, who does not, and that they fit where they go."""

import itertools

import cbor2
import pytest

import crypto
from holdfast.access import tag
from holdfast.access.policy import changeset, operations, sealing
from holdfast_host.errors import UsageProblem
from holdfast_host.site import devices, register, rotation, site, zones
from untrusted import InvalidInput

PASSPHRASE = "correct horse battery"
LONG = "ü" * 32  # 64 bytes, the longest name
GRANT = operations.GRANT


@pytest.fixture
def here(site_folder):
    return site.load(site_folder)


def private(name):
    return crypto.sha256(name.encode())


def nodes(*names):
    return [(name, crypto.x25519_public_key(private(name))) for name in names]


def randomness():
    """Another 32 bytes at each call."""
    counter = itertools.count(1)
    return lambda length: crypto.sha256(b"random %d" % next(counter))[:length]


def opened(operation, here, name, number):
    """The key that the node ``name`` finds in an operation, as a board looks for it."""
    *_, ephemeral, entries = operation
    if operation[0] == rotation.ZONE_KEY:
        purpose = sealing.zone_key(here.id, here.root, operation[1], number, name, ephemeral)
    else:
        purpose = sealing.lookup_key(here.id, here.root, number, name, ephemeral)
    (sealed,) = (sealed for node, sealed in entries if node == tag.name_tag(name))
    return sealing.open(private(name), ephemeral, purpose, sealed)


def test_each_node_of_a_zone_gets_its_key_and_then_all_switch(here, secret):
    """The switch is last: a board follows in order, so whoever comes to it has the key."""
    names = [f"node-{number}" for number in range(40)]
    made = rotation.zone_operations(here, secret, "lobby", 2, nodes(*names), randomness())
    *keys, switch = made
    assert switch == [14, "lobby", 2]
    assert all(operation[:3] == [13, "lobby", 2] for operation in keys)
    found = {}
    for operation in keys:
        for name in names:
            if tag.name_tag(name) in [node for node, _ in operation[4]]:
                found[name] = opened(operation, here, name, 2)
    assert found == dict.fromkeys(names, secret.zone_key("lobby", 2).k)


def test_nobody_else_opens_one(here, secret):
    """The policy goes to everybody who has a door to open."""
    (operation, _) = rotation.zone_operations(
        here, secret, "lobby", 2, nodes("a", "b"), randomness()
    )
    (_, _, _, ephemeral, entries) = operation
    for node, sealed in entries:
        for name in ("a", "b", "c"):
            purpose = sealing.zone_key(here.id, here.root, "lobby", 2, name, ephemeral)
            if node == tag.name_tag(name):
                continue
            with pytest.raises(InvalidInput):
                sealing.open(private(name), ephemeral, purpose, sealed)


def test_as_many_as_fit_are_in_one_changeset(here, secret):
    """Whatever the names are: no changeset is larger than a board takes."""
    names = [f"{number:02}" + "x" * 62 for number in range(50)]
    for zone, number in (("a", 2), (LONG, 65_000)):
        *keys, _ = rotation.zone_operations(
            here, secret, zone, number, nodes(*names), randomness()
        )
        sizes = [len(cbor2.dumps(operation)) for operation in keys]
        assert sum(len(operation[4]) for operation in keys) == 50
        assert max(sizes) <= 800 and all(size > 700 for size in sizes[:-1])
        # All that is in a changeset besides, at its longest, around the largest of them.
        around = cbor2.dumps([LONG, 1 << 32, bytes(32), 1 << 62, bytes(64), b"\xa1\x01\x27"])
        assert max(sizes) + len(around) + 40 <= changeset.MAX_BYTES


def test_no_pair_is_used_twice(here, secret):
    """Each operation has a fresh one: the nonce is always the same."""
    names = [f"node-{number}" for number in range(40)]
    *keys, _ = rotation.zone_operations(here, secret, "lobby", 2, nodes(*names), randomness())
    assert len(keys) > 2 and len({operation[3] for operation in keys}) == len(keys)
    sealed = [entry[1] for operation in keys for entry in operation[4]]
    assert len(set(sealed)) == 40


def test_a_zone_without_nodes_switches_all_the_same(here, secret):
    """Its last device was revoked, perhaps: tokens of the old key are to open nothing."""
    made = rotation.zone_operations(here, secret, "lobby", 2, [], randomness())
    assert made == [[14, "lobby", 2]]


def test_a_device_with_a_key_of_small_order_is_named(here, secret):
    """Everybody could open what is sealed to it."""
    with pytest.raises(UsageProblem, match="'odd'"):
        rotation.zone_operations(here, secret, "lobby", 2, [("odd", bytes(32))], randomness())


CARDS = [(tag.CARD, bytes([4, number])) for number in range(20)] + [(tag.PIN, b"0417")]


def granted(here, secret):
    lookup = here.lookup_key(secret)
    keys = sorted(register.by_key(CARDS, lookup))
    return [
        [GRANT, key, number % 3, None if number % 2 else 1_900_000_000]
        if number % 5
        else [GRANT, key, number % 3, None, {2: True}]
        for number, key in enumerate(keys)
    ]


def test_every_grant_comes_back_under_its_new_key(here, secret):
    """With all else it says; and each node gets the key to look it up by."""
    before = granted(here, secret)
    after, lookups = rotation.lookup_operations(
        here, secret, 2, before, CARDS, nodes("a", "b"), randomness()
    )
    new = secret.lookup_key(2)
    for kind, value in CARDS:
        old_key = tag.card_key(here.lookup_key(secret), kind, value)
        (was,) = (grant for grant in before if grant[1] == old_key)
        (now,) = (grant for grant in after if grant[1] == tag.card_key(new, kind, value))
        assert now[2:] == was[2:]
    assert len(after) == len(before) == len(CARDS)
    (operation,) = lookups
    assert operation[:2] == [15, 2]
    assert [opened(operation, here, name, 2) for name in ("a", "b")] == [new, new]


def test_a_card_in_several_groups_is_in_all_of_them_after(here, secret):
    """A grant is a pair of card and group."""
    (key, *_) = register.by_key(CARDS, here.lookup_key(secret))
    before = [[GRANT, key, group, None] for group in (1, 2, 3)]
    after, _ = rotation.lookup_operations(here, secret, 2, before, CARDS, [], randomness())
    assert [grant[2] for grant in after] == [1, 2, 3] and len({grant[1] for grant in after}) == 1


def test_cards_that_are_known_by_their_key_alone_are_named(here, secret):
    """Nobody could tell their new key, and they would open nothing from one moment to the next."""
    before = granted(here, secret)
    known = CARDS[3:]
    missing = sorted(register.by_key(CARDS[:3], here.lookup_key(secret)))
    with pytest.raises(UsageProblem, match="3 cards are known by their key alone") as refused:
        rotation.lookup_operations(here, secret, 2, before, known, nodes("a"), randomness())
    for key in missing:
        assert key.hex() in refused.value.cause
    assert "policy card" in refused.value.next_step
    with pytest.raises(UsageProblem, match=r"21 cards .*, \.\.\."):
        rotation.lookup_operations(here, secret, 2, before, [], nodes("a"), randomness())


def test_a_card_that_nobody_has_granted_is_no_obstacle(here, secret):
    """The register may know one too many, after a command that was cut short."""
    before = granted(here, secret)[:4]
    after, _ = rotation.lookup_operations(here, secret, 2, before, CARDS, [], randomness())
    assert len(after) == 4


def device(name, doors, **changes):
    key = crypto.x25519_public_key(private(name))
    return devices.Device(name, key, tuple(doors), 1, (), 1, 1 << 40, **changes)


def test_the_command_leaves_out_who_is_revoked(holdfast, site_folder, secret):
    """It holds every changeset, and finds nothing in them."""
    devices.save(site_folder, [device("a", ["front"]), device("stolen", ["front"], revoked=True)])
    before = site.load(site_folder).policy().number
    ran = holdfast("site", "rotate-zone", site_folder, "lobby", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["devices"] == ["a"] and ran.json["key"] == 2
    here = site.load(site_folder)
    assert here.zones["lobby"] == 2
    said = [
        operation
        for raw in here.policy().changesets[before:]
        for operation in changeset.parse(raw).operations
    ]
    (keys,) = (operation for operation in said if operation[0] == rotation.ZONE_KEY)
    assert opened(keys, here, "a", 2) == secret.zone_key("lobby", 2).k
    assert [node for node, _ in keys[4]] == [tag.name_tag("a")]
    assert said[-1] == [rotation.ZONE_SWITCH, "lobby", 2]


def test_cut_after_its_changesets_it_is_brought_to_its_end(
    holdfast, site_folder, monkeypatch, secret
):
    """The same command makes the same key again: nobody has switched to one that is not used."""

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(site.Site, "_write", fail)
    holdfast("site", "rotate-zone", site_folder, "lobby").fails("No space")
    monkeypatch.undo()
    monkeypatch.setenv("HOLDFAST_PASSPHRASE", PASSPHRASE)
    assert site.load(site_folder).zones["lobby"] == 1
    assert holdfast("site", "rotate-zone", site_folder, "lobby").code == 0
    here = site.load(site_folder)
    last = changeset.parse(here.policy().changesets[-1]).operations
    assert here.zones["lobby"] == 2 and last[-1] == [rotation.ZONE_SWITCH, "lobby", 2]


def test_the_zones_of_a_device_are_found(holdfast, site_folder):
    """Those whose keys it has, so that they can be replaced when it is revoked."""
    holdfast("site", "add-zone", site_folder, "garage")
    for door, *lies_in in (("gate", "garage"), ("front", "garage"), ("back", "lobby"), ("shed",)):
        options = [option for zone in lies_in for option in ("--zone", zone)]
        assert holdfast("policy", "door", site_folder, door, *options).code == 0
    history = site.load(site_folder).policy()
    assert zones.of_doors(history, ["gate"]) == ["garage"]
    assert zones.of_doors(history, ["front", "back"]) == ["garage", "lobby"]
    assert zones.of_doors(history, ["back"]) == ["lobby"]
    assert zones.of_doors(history, ["shed"]) == zones.of_doors(history, []) == []


def test_a_zone_that_is_not_there_is_said(holdfast, site_folder):
    """With the one that was meant."""
    holdfast("site", "rotate-zone", site_folder, "Loby").fails("'lobby'")
