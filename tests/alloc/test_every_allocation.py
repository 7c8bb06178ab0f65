"""Every allocation of a visit failing once: neither strike, log nor next visitor may feel it.

In a cold unlock, a warm unlock, a card, a PIN, a policy change and ten idle seconds. Each n-th
allocation that the firmware makes fails in a visit of its own, as it would on a board whose heap
is full or in pieces; after it the strike comes to rest, no release is without its event on flash,
a phone of somebody else is served, and no task of the reader has ended. Outside lib/crypto it is
every n, inside it one in fifty, or all with HOLDFAST_TORTURE=1. Public keys are computed by a toy
here (tests/support/toy_crypto.py); the real ones fail in test_crypto.py.
"""

INTERPRETERS = ("alloc",)

import os

import failing

_INSIDE = 2
_ONE_IN = 1 if os.getenv("HOLDFAST_TORTURE") == "1" else 50

# What is known to go wrong, as (what is said, a file on the way): to become shorter.
ALLOWED = (
    # Not yet a job of the supervisor's: whoever polls the antenna gets it.
    ("came out of the card reader", "holdfast/"),
    # A connection's task ends before it serves: its link stays open and nobody reads it.
    ("a task died of MemoryError", "holdfast/roles/reader.py"),
    ("TimeoutError() came out", "holdfast/roles/reader.py"),
    # A wait_for that had no memory in its middle leaves a task behind, which cancels its waiter.
    ("CancelledError(True, None) came out", "holdfast/link/connection.py"),
    # What is told once a phone has gone, with no memory left for a hundred allocations.
    ("a task died of MemoryError", "holdfast/link/listener.py"),
    ("a task died of MemoryError", "holdfast/node/node.py"),
)


async def _every(kind, part=0, parts=1):
    failing.be_ready()
    count, marks = await failing.allocations(kind)
    assert count > 50, count
    chosen = []
    inside = 0
    for n in range(1, count + 1):
        if marks[n] == _INSIDE:
            inside += 1
            if inside % _ONE_IN:
                continue
        if n % parts == part:
            chosen.append(n)
    _judge(await failing.every(kind, chosen), len(chosen))


def _judge(found, tried):
    found = [one for one in found if not _is_allowed(one)]
    assert not found, "%d of %d, the first: %s" % (len(found), tried, found[:5])


def _is_allowed(found):
    _, wrong, where = found
    return all([any([text in one and place in where for text, place in ALLOWED]) for one in wrong])


async def test_a_cold_unlock_1_of_4():
    await _every("cold", 0, 4)


async def test_a_cold_unlock_2_of_4():
    await _every("cold", 1, 4)


async def test_a_cold_unlock_3_of_4():
    await _every("cold", 2, 4)


async def test_a_cold_unlock_4_of_4():
    await _every("cold", 3, 4)


async def test_a_warm_unlock_1_of_2():
    await _every("warm", 0, 2)


async def test_a_warm_unlock_2_of_2():
    await _every("warm", 1, 2)


async def test_a_card():
    await _every("card")


async def test_a_pin():
    await _every("pin")


async def test_a_policy_change_1_of_2():
    await _every("policy", 0, 2)


async def test_a_policy_change_2_of_2():
    await _every("policy", 1, 2)


async def test_ten_idle_seconds():
    await _every("idle")


async def test_memory_that_is_gone_for_a_while():
    """What answers a failed allocation finds none either: 2, 10 or 100 fail in a row."""
    failing.be_ready()
    for kind in ("warm", "card", "policy"):
        count, marks = await failing.allocations(kind)
        outside = [n for n in range(1, count + 1) if marks[n] != _INSIDE]
        for times in (2, 10, 100):
            chosen = outside[:: 1 if _ONE_IN == 1 else 40]
            _judge(await failing.every(kind, chosen, times), len(chosen))
