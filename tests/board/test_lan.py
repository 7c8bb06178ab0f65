"""The reader among the nodes of a LAN, in the heap of a 32-bit board: another node is a process of
this machine, and what the two say to each other goes by its UDP.
"""

import os

import pytest

from board.bench_unlock import is_frozen_of_today
from board.crowd import Crowd, change, faults
from board.door import Firmware, phone
from board.lan_door import Lan, LanDoor
from board.qemu_board import JOINED, missing

if missing():
    pytest.skip(missing(), allow_module_level=True)
if not is_frozen_of_today(JOINED):
    pytest.skip("no image of today: run `make rv32-joined`", allow_module_level=True)

# A ceiling: forty phones of both suites in turn, of which 20 are remembered, those who are
# refused, and a policy that comes from the other node (docs/memory.md).
_HEAP = int(os.environ.get("HOLDFAST_LAN_HEAP", 100 * 1024))
_LEFT = 1024  # bytes
_COUNT = 40 if os.environ.get("HOLDFAST_TORTURE") == "1" else 22


@pytest.fixture
def lan(tmp_path):
    with Lan(tmp_path) as lan:
        yield lan


@pytest.fixture
def firmware(lan, tmp_path):
    return Firmware(tmp_path, "joined", p256=True, settings=lan.settings)


@pytest.mark.skipif(
    os.environ.get("HOLDFAST_RV32") != "1", reason="the crowd meets it, too: run `make rv32-test`"
)
def test_it_finds_the_other_node_and_opens_meanwhile(lan, firmware, tmp_path):
    """What it holds then is told: the LAN is loaded, and another node known. A policy that comes
    from there leaves no more of what it needed than a visit after it would: the phone that came
    next found no memory once."""
    alice, bob = (phone(tmp_path / name) for name in ("alice", "bob"))
    with firmware.board(tmp_path) as board, LanDoor(board, lan) as door:
        assert door.unlock(alice).granted
        door.meet()
        assert door.unlock(alice).warm
        held = door.held()
        lan.bring(alice, change(bob))
        door.wait("policy_applied")
        followed = door.held()[0]
        assert door.unlock(alice).warm
        left = followed - door.held()[0]
        print(f"waits {door.loaded}, with another node and one phone {held}, then {followed}")
        assert left < _LEFT, left
        assert faults(door) == []


def test_phones_in_turn_get_in_and_a_policy_comes_by_the_lan(lan, firmware, tmp_path):
    """Whoever was let in may not any more once the other node knows so, also after a power cut."""
    crowd = Crowd(firmware, tmp_path, _HEAP, remembered=20, count=_COUNT, suites=(0, 2), lan=lan)
    crowd.gets_in_unless_it_may_not(with_policy=True)
