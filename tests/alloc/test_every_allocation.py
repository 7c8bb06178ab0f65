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
    assert not found, "%d of %d, the first: %s" % (len(found), tried, found[:5])


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
            found = await failing.every(kind, chosen, times)
            _judge([one for one in found if not _is_watch(one)], len(chosen))


def _is_watch(found):
    # What watches the time of a connection is cancelled at its end. Without memory for the
    # cancellation it dies of that: at the end of the connection all the same.
    _, wrong, where = found
    died = [one for one in wrong if one.startswith("a task died of MemoryError")]
    return len(died) == len(wrong) == 1 and where.startswith("firmware/holdfast/link/connection")
