"""A door whose reader is a 32-bit board, and phones that come to it: the reader role as it is.

Elsewhere it runs on the unix port, with 64-bit words and any heap. Here a real phone's code, on
this machine, meets the firmware that an ESP32-C3 would run, on LittleFS and in a small heap.
"""

import os

import pytest

import small_site as site
from board.bench_unlock import is_frozen_of_today
from board.crowd import Crowd, faults
from board.door import GRANTS, ROOMY, Door, Firmware, phone, policy, put
from board.qemu_board import JOINED, BoardError, missing
from holdfast.link.limits import Limits
from holdfast_host.phone.unlock import Wish

if missing():
    pytest.skip(missing(), allow_module_level=True)

# An ESP32-C3 has 128 KB beside its radios. That held as many phones as are remembered until a
# reader knew the rules of its whole site; the 8 KB more are to be won back (docs/memory.md).
_FROZEN = 136 * 1024
# The same, and the 90 KB that ROMFS takes more than frozen code.
_TIGHT = _FROZEN + 90 * 1024
# Joined (boards/join): ceilings. Forty phones of both suites in turn, of which 20 are remembered,
# and those who are refused; and the same with a policy that one of them brings.
_JOINED = 84 * 1024
_JOINED_WITH_POLICY = 92 * 1024

# A heap that begins as a C3's and grows in areas, and what the system has beside it: 64 KB more
# than a C3's, for code in ROMFS takes as much more than frozen code does.
_FIRST_AREA = 64 * 1024
_SYSTEM = 225 * 1024
# The three that take the system's memory at a start. Bluetooth takes at least as much of it.
_RADIO = "import qemu_rv32\nqemu_rv32.take(32 * 1024)"
_MACHINE_CODE = """
import crypto
crypto.load(True)
if not crypto.self_test(True) or crypto.backend_name() != "rv32" or crypto.backend_reason():
    raise OSError(crypto.backend_reason())
"""

# Joined into .mpy files on flash, where bytecode lies in the heap: what it took and 4 KB more.
_JOINED_MPY = 318 * 1024

_REMEMBERED = Limits().contexts
_MANY = _REMEMBERED + 4
_IS_TORTURE = os.environ.get("HOLDFAST_TORTURE") == "1"
_VISITS = 5000 if _IS_TORTURE else 200

_is_joined = pytest.mark.skipif(
    not is_frozen_of_today(JOINED), reason="no image of today: run `make rv32-joined`"
)
_is_slow = pytest.mark.skipif(
    os.environ.get("HOLDFAST_RV32") != "1", reason="on the joined form too: run `make rv32-test`"
)
_FORMS = ["rom", pytest.param("joined", marks=[_is_joined, _is_slow])]


@pytest.fixture(scope="module", params=_FORMS)
def firmware(request, tmp_path_factory):
    """As it lies on a board: the sources' own modules, and joined into few."""
    return Firmware(tmp_path_factory.mktemp("firmware"), request.param)


@pytest.fixture
def start(firmware, tmp_path):
    """``start()`` a board with its reader; the same one, its flash as it was left, every time."""
    return lambda: firmware.board(tmp_path, ROOMY)


def access(door):
    """The decisions that the reader has shown so far."""
    return [event for event in door.events if event.get("event") == "access"]


def test_a_phone_never_met_opens_the_door_and_is_known_the_next_time(start, tmp_path):
    """Two round trips, then one, without any public-key operation; the strike moves each time."""
    alice = phone(tmp_path / "alice")
    with start() as board, Door(board) as door:
        for is_warm in (False, True):
            report = door.unlock(alice)
            assert (report.granted, report.protected, report.warm) == (True, True, is_warm)
            assert report.round_trips == (1 if is_warm else 2)
        assert [(event["granted"], event["handshake"]) for event in access(door)] == [
            (True, True),
            (True, False),
        ]
        assert access(door)[1]["public_key_operations"] == 0
        assert {"hal": "strike", "active": True} in door.events


def test_a_phone_is_known_again_after_the_power_was_cut(start, tmp_path):
    """What it takes is in flash before the answer leaves. The first request after a start must
    prove that it is none of before: one round trip more."""
    alice = phone(tmp_path / "alice")
    with start() as board, Door(board) as door:
        assert door.unlock(alice).granted
    with start() as board, Door(board) as door:
        again = door.unlock(alice)
        assert (again.granted, again.warm, again.round_trips) == (True, True, 2)
        assert [event["handshake"] for event in access(door)] == [False]
        assert door.unlock(alice).round_trips == 1


def test_who_may_not_is_refused_and_the_door_stays_shut(start, tmp_path):
    """A holder of another door, a forged guest's credential, a phone that nobody touched: each
    learns no more than that it may not, the log has why, and the next one who may gets in."""
    visitor = phone(tmp_path / "visitor", scope=site.scope((1, "attic", 1)))
    stranger = phone(tmp_path / "stranger", guest_key=site.zone_key(b"\x77" * 32))
    alice = phone(tmp_path / "alice")
    with start() as board, Door(board) as door:
        for someone, wish in ((visitor, Wish()), (stranger, Wish()), (alice, Wish(intent=False))):
            assert not door.unlock(someone, wish=wish).granted
        assert [event["reason"] for event in access(door)] == [
            "wrong_door",
            "bad_signature",
            "no_intent",
        ]
        assert {"hal": "strike", "active": True} not in door.events
        assert door.unlock(alice).granted


@_is_joined
def test_joined_into_the_image_it_opens_in_the_heap_of_an_esp32_c3(tmp_path):
    """What it takes grows unseen, a module here and a table there, until a door stays shut."""
    alice = phone(tmp_path / "alice")
    with Firmware(tmp_path, "joined").board(tmp_path) as board, Door(board) as door:
        assert door.unlock(alice).granted
        assert door.unlock(alice).warm


@_is_joined
def test_joined_into_mpy_files_on_flash_it_opens_as_a_stock_image_runs_it(tmp_path):
    """229,376 bytes were asked for (docs/memory.md); this is what it must not take more than."""
    alice = phone(tmp_path / "alice")
    with Firmware(tmp_path, "joined_mpy").board(tmp_path, _JOINED_MPY) as board:
        with Door(board) as door:
            assert door.unlock(alice).granted
            assert door.unlock(alice).warm
            assert faults(door) == []


@_is_joined
def test_joined_it_takes_policy_and_gives_events_by_what_is_late(tmp_path):
    """What it takes for that is not there while it waits (boards/late.toml), and comes from the
    image, for a policy in whose place another is put, for events, and for a start after that.
    """
    alice = phone(tmp_path / "alice")
    firmware = Firmware(tmp_path, "joined")
    with firmware.board(tmp_path, ROOMY) as board:
        put(board, "/state/policy.cbor", policy(number=8, grants=GRANTS - 1))
        kept = board.run(f"import reader_on_board\nreader_on_board.provision({site.NOW})")
        assert int(kept.split()[-1]) == GRANTS - 1
        served = board.run(
            f"log = reader_on_board.make_reader({site.NOW}).stores.events()\n"
            "print(log.served(-1, 1000)[1], log.oldest)"
        )
        last, oldest = map(int, served.split()[-2:])
        assert last > oldest == 0
    with firmware.board(tmp_path, _JOINED) as board, Door(board) as door:
        assert door.unlock(alice).granted


@pytest.mark.skipif(not is_frozen_of_today(), reason="no image of today: run `make rv32-frozen`")
def test_frozen_it_opens_for_more_phones_than_it_remembers_in_a_small_heap(tmp_path):
    """What each phone leaves behind must leave room for the next: it was five once."""
    firmware = Firmware(tmp_path, "frozen")
    Crowd(firmware, tmp_path, _FROZEN, remembered=_REMEMBERED, count=_MANY).gets_in()


@_is_joined
@pytest.mark.parametrize("with_policy", [False, True])
def test_forty_phones_in_turn_get_in_joined_and_who_may_not_does_not(tmp_path, with_policy):
    """In what an ESP32 has left beside its radio: the budget of docs/memory.md, or near it. Of
    both suites, and 20 are remembered; a policy takes more than any phone, and is brought to a
    reader that remembers as many as it can.
    """
    heap = _JOINED_WITH_POLICY if with_policy else _JOINED
    count = 22 if with_policy and not _IS_TORTURE else 40
    firmware = Firmware(tmp_path, "joined", p256=True)
    crowd = Crowd(firmware, tmp_path, heap, remembered=20, count=count, suites=(0, 2))
    crowd.gets_in_unless_it_may_not(with_policy=with_policy)


def test_it_opens_for_more_phones_than_it_remembers_in_a_heap_as_tight(firmware, tmp_path):
    """In ROMFS the same code takes more, and leaves as little free as frozen code does; joined it
    takes less."""
    heap = {"rom": _TIGHT, "joined": _JOINED}[firmware.where]
    Crowd(firmware, tmp_path, heap, remembered=_REMEMBERED, count=_MANY).gets_in()


@_is_joined
@_is_slow
def test_visits_without_end_leave_a_small_heap_as_it_was(tmp_path):
    """A board is started once and runs for years, in a heap in which a hundred visits that each
    left a few bytes would be noticed by the next phone."""
    phones = [phone(tmp_path / f"phone{number}") for number in range(4)]
    with Firmware(tmp_path, "joined").board(tmp_path, _JOINED) as board, Door(board) as door:
        for number in range(_VISITS):
            report = door.unlock(phones[number % len(phones)])
            assert (report.granted, report.warm) == (True, number >= len(phones)), number
        assert faults(door) == []


_ORDERS = {
    "radio, machine code, reader": None,
    "radio, reader, machine code": "MemoryError",
    "machine code, reader, radio": "OSError: 257",  # 0x101, as Wi-Fi says it
}


@pytest.mark.parametrize("order", _ORDERS)
def test_in_a_heap_that_grows_the_radio_is_first_then_machine_code_then_the_rest(
    order, firmware, tmp_path
):
    """The reader takes all that the system has, and gives none of it back. In the order that the
    role for an ESP32 keeps to all three have what they need, in memory as large; in another one
    what is last has nothing, P-256 included.
    """
    if firmware.where != "rom":
        pytest.skip("frozen, machine code takes no memory")
    parts = {"radio": _RADIO, "machine code": _MACHINE_CODE}

    def start_all(board):
        for part in order.split(", "):
            if part == "reader":
                with Door(board) as door:
                    assert door.unlock(phone(tmp_path / "alice")).granted
                    assert faults(door) == []
            else:
                board.run(parts[part])

    with firmware.board(tmp_path, _FIRST_AREA, system=_SYSTEM) as board:
        if _ORDERS[order] is None:
            start_all(board)
        else:
            with pytest.raises(BoardError, match=_ORDERS[order]):
                start_all(board)


def test_what_it_spends_is_the_same_in_every_run(start, tmp_path):
    """Instructions are counted, not time: a warm unlock costs the same today and tomorrow, but for
    the collections of garbage. It is a small part of a cold one."""
    alice = phone(tmp_path / "alice")
    with start() as board, Door(board) as door:
        door.spent()
        door.unlock(alice)
        cold = door.spent()
        assert cold.longest_step <= cold.answered < cold.all
        counts = []
        for _ in range(3):
            door.unlock(alice)
            counts.append(door.spent().answered)
        assert max(counts) < 1.1 * min(counts), counts
        assert 4 * max(counts) < cold.answered
