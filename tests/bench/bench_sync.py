"""What it costs nodes to keep each other right: messages and bytes of UDP payload that each node
sends, protocol time until all have a change. Simulated (tests/support/sync_site.py), 10 % loss of
unicast and multicast.

A thousand nodes know 32 others each. A rejoin is a node that was away for a hundred changes, and
all that it and its peers send until it has them; among a thousand, for twenty, and what it sends
and is sent itself, hints included. With HOLDFAST_TORTURE=1 a thousand at 0 and 40 % loss, too.
"""

import json
import os

from sync_site import Site

INTERPRETERS = ("cpython",)

MINUTE = 60_000
HOUR = 60 * MINUTE
SEEDS = 20


def lan(seed, count, knows=None, loss=0.1):
    site = Site(seed, count, knows)
    network = site.network
    network.loss = network.multicast_loss = loss
    network.delay = network.multicast_delay = (2, 20)
    site.run(15 * MINUTE)
    return site


def cost(site, before):
    """(messages, bytes) a node since ``before``."""
    messages, size = site.sent()
    count = len(site.nodes)
    return (messages - before[0]) / count, (size - before[1]) / count


def changed(site, figures, name):
    """One grant is changed: what that costs, until all are quiet again but for Trickle."""
    before = site.sent()
    site.nodes[5].post(site.chain.grant())
    took = site.run_until(len(site.chain.raws), 10 * MINUTE)
    site.run(10_000)
    messages, size = cost(site, before)
    figures.setdefault(f"sync.{name}.messages", []).append(messages)
    figures.setdefault(f"sync.{name}.bytes", []).append(size)
    figures.setdefault(f"sync.{name}.protocol_seconds", []).append(took / 1000)


def idle(site, figures, name):
    before = site.sent()
    site.run(HOUR)
    messages, size = cost(site, before)
    figures.setdefault(f"sync.{name}.messages", []).append(messages)
    figures.setdefault(f"sync.{name}.bytes", []).append(size)


def rejoin(site, figures, name):
    """What one node costs that comes back, beside what all do anyway in the time."""
    away_for(site, 100)
    before = site.sent()
    began = site.network.now
    if site.run_until(len(site.chain.raws), 10 * MINUTE) is None:
        raise SystemExit("a node does not come back")
    messages, size = site.sent()
    figures[f"sync.{name}.messages"] = [messages - before[0]]
    figures[f"sync.{name}.bytes"] = [size - before[1]]
    figures[f"sync.{name}.protocol_seconds"] = [(site.network.now - began) / 1000]


def away_for(site, changes):
    """The last node was away for so many, and there is a way to it again."""
    away = site.nodes[-1]
    others = [node.address for node in site.nodes if node is not away]
    there = {(away.address, other) for other in others}
    site.network.cuts = there | {(other, one) for one, other in there}
    for _ in range(changes):
        site.nodes[0].post(site.chain.grant())
    site.run(15 * MINUTE)
    site.network.cuts = set()
    return away


def rejoin_of_many(site, figures, name):
    """What the one that comes back sends and is sent itself."""
    counters = site.network.counters[away_for(site, 20).address]

    def so_far():
        sizes = counters.sent_bytes + counters.received_bytes
        return counters.sent + counters.received, sizes, site.network.now

    before = so_far()
    if site.run_until(len(site.chain.raws), 20 * MINUTE) is None:
        raise SystemExit("a node does not come back")
    messages, size, ms = [after - one for after, one in zip(so_far(), before)]
    figures[f"sync.{name}.messages"] = [messages]
    figures[f"sync.{name}.bytes"] = [size]
    figures[f"sync.{name}.protocol_seconds"] = [ms / 1000]


def thousand(figures, loss, of=""):
    """A thousand nodes at this loss; names of figures say ``of``."""
    site = lan(1, 1000, 32, loss)
    changed(site, figures, "grant_to_1000_nodes" + of)
    site.run(20 * MINUTE)
    idle(site, figures, "idle_hour_of_1000_nodes" + of)
    rejoin_of_many(site, figures, "rejoin_of_1000_nodes" + of)


def main():
    figures = {}
    for seed in range(1, SEEDS):
        changed(lan(seed, 32), figures, "grant_to_32_nodes")
    site = lan(0, 32)
    changed(site, figures, "grant_to_32_nodes")
    idle(site, figures, "idle_hour")
    rejoin(site, figures, "rejoin_after_100_changes")
    thousand(figures, 0.1)
    if os.environ.get("HOLDFAST_TORTURE") == "1":
        thousand(figures, 0.0, "_without_loss")
        thousand(figures, 0.4, "_at_40_per_cent")
    found = {}
    for name, values in figures.items():
        # Of time the longest, of cost what is usual.
        is_time = name.endswith("seconds")
        found[name] = round(max(values), 1) if is_time else round(sum(values) / len(values))
    print(json.dumps(found))


main()
