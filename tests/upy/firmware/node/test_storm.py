"""Whole nodes on a network on which everything goes wrong that a network can do.

Real nodes with real handshakes in one simulated time. Each seed is a history of its own, and the
same each time: what fails on one fails on it again. ``make torture`` has many.
"""

INTERPRETERS = ("micropython",)

import asyncio
import os

from lan_storm import Storm

_IS_LONG = os.getenv("HOLDFAST_TORTURE") == "1"
_SEEDS = range(1, 101) if _IS_LONG else range(1, 3)


async def _busy(storm, rounds):
    """Changes and visits at any node, and questions that must not be heeded twice."""
    nodes = list(storm.nodes.values())
    for _ in range(rounds):
        storm.change(nodes[storm.chance.below(len(nodes))])
        for node in storm.readers:
            storm.happens(node, storm.chance.below(4))
            asyncio.create_task(storm.count(node))
        await asyncio.sleep(storm.chance.below(60))


async def _settles(storm, seconds):
    took = await storm.until(storm.is_even, seconds, 5)
    await asyncio.sleep(60)  # copies of what is under way
    storm.check()
    await storm.close()
    return took


async def test_loss_duplicates_and_reordering():
    """Up to 40 % of all datagrams lost, half of the others doubled, each up to a second late."""
    for seed in _SEEDS:
        storm = Storm(seed)
        wire = storm.wire
        wire.loss = wire.multicast_loss = (0.4, 0.1, 0.25, 0)[seed % 4]
        wire.duplication = (0.5, 0, 0.1)[seed % 3]
        wire.delay = wire.multicast_delay = 1, (1000, 5, 200)[seed % 3]
        await _busy(storm, 8)
        await _settles(storm, 3600)


async def test_partitions_heal():
    """Islands of any shape, that change while they last; each goes on by itself."""
    for seed in _SEEDS:
        storm = Storm(100 + seed)
        chance, wire = storm.chance, storm.wire
        wire.loss = wire.multicast_loss = 0.1
        wire.delay = wire.multicast_delay = 1, 50
        await asyncio.sleep(chance.below(60))
        for _ in range(4):
            islands = [[], [], []]
            for name in storm.nodes:
                islands[chance.below(3)].append(name)
            wire.cut(*islands)
            await _busy(storm, 2)
            await asyncio.sleep(chance.below(600))
        wire.cut()
        took = await _settles(storm, 3600)
        # By the next hint, or the next question by turn; events when their pause is over.
        assert took < 900, took


async def test_links_of_one_direction():
    """Some hear and are not heard. Who cannot be asked has others to ask; events wait until the
    way to the controller is one again.
    """
    for seed in _SEEDS:
        storm = Storm(200 + seed)
        chance, wire = storm.chance, storm.wire
        wire.loss = wire.multicast_loss = 0.1
        names = [node.name for node in storm.readers]
        first = chance.below(3)
        wire.cuts = {(names[first], "controller"), (names[first - 1], names[first - 2])}
        await _busy(storm, 4)
        await storm.until(
            lambda storm=storm: all(
                [node.policy == len(storm.history) for node in storm.nodes.values()]
            ),
            3600,
            5,
        )
        assert storm.collecting.of(names[first]).last[0] == -1
        wire.cuts = set()
        await _settles(storm, 3600)


async def test_multicast_beside_bluetooth():
    """Half of it lost, in runs of 3 s, and the rest up to 300 ms late; unicast passes."""
    for seed in _SEEDS:
        storm = Storm(300 + seed)
        wire = storm.wire
        wire.multicast_loss, wire.multicast_run_ms = 0.5, 3000
        wire.multicast_delay = 0, 300
        await _busy(storm, 4)
        await _settles(storm, 900)


async def test_power_cuts_at_any_moment():
    """Of each node again and again, at a quarter of all lost, before or after any datagram that it
    sends; what it does then is done to no end.
    """
    for seed in _SEEDS:
        storm = Storm(400 + seed)
        chance, wire = storm.chance, storm.wire
        wire.loss = wire.multicast_loss = 0.25 if seed % 2 else 0
        wire.delay = wire.multicast_delay = 1, 100
        nodes = list(storm.nodes.values())
        for _ in range(40 if _IS_LONG else 12):
            await _busy(storm, 1)
            node = nodes[chance.below(len(nodes))]
            await _sends(storm, node, chance.below(12))
            storm.kill(node)
            await asyncio.sleep(chance.below(20))
            storm.start(node)
        await _settles(storm, 3600)


async def _sends(storm, node, count):
    """Until it has sent so many datagrams more; or a minute has passed."""
    counters = storm.wire.counters[node.name]
    end, until = counters.sent + count, storm.wire.now + 60000
    while counters.sent < end and storm.wire.now < until:
        await asyncio.sleep_ms(1)
