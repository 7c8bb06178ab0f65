"""Cards at a Wiegand reader whose door is a 32-bit board, while it works for phones.

The board's lines (boards/qemu_rv32) ask for calls of a pin's handler as an ESP32's do: eight wait
for the interpreter, and one more is lost. An instruction takes 8 ns here: that is an ESP32-C3 at
160 MHz with 1.3 cycles an instruction.
"""

import pytest

from board.bench_unlock import is_frozen_of_today
from board.door import Door, Firmware, phone
from board.qemu_board import JOINED, missing

if missing():
    pytest.skip(missing(), allow_module_level=True)
if not is_frozen_of_today(JOINED):
    pytest.skip("no image of today: run `make rv32-joined`", allow_module_level=True)

_SHIFT = 3
_WAIT = 8  # MICROPY_SCHEDULER_DEPTH


@pytest.fixture(scope="module")
def firmware(tmp_path_factory):
    return Firmware(tmp_path_factory.mktemp("firmware"), "joined")


def _cards(door):
    """Of each card that was sent, by its number: edges that were lost and microseconds for which
    the interpreter was blocked; and the numbers that were read, with whether a phone was served.
    """
    sent = {card[1]: (int(card[2]), int(card[3])) for card in door.cards if card[0] == "#"}
    read = [(card[1], card[2] == "1") for card in door.cards if card[0] == "@"]
    return sent, read


def _is_told(door):
    """Whether a card was to be presented again, of those that came in a second."""
    return any(event.get("event") == "present_again" for event in door.events)


@pytest.mark.parametrize("every", [200, 1000, 2000])
def test_eight_edges_wait_and_the_ninth_is_told(firmware, tmp_path, every):
    """So the interpreter may be blocked for eight pulses: 1.6 ms with the fastest reader there is,
    8 ms with most. Longer, the frame is no card's."""
    tenths = (10, 1, 40, 60, 70, 74, 94, 105, 120)  # of the time between two edges, times ten
    blocks = [every * tenth // 10 for tenth in tenths]
    sender = ("26", every, 300, blocks)
    with firmware.board(tmp_path, shift=_SHIFT) as board, Door(board, sender=sender) as door:
        door.read_cards(len(blocks))
    sent, read = _cards(door)
    del sent["000001"]  # it came while code for cards was loaded
    for lost, blocked in sent.values():
        assert (lost > 0) == (blocked > (_WAIT + 1) * every), (every, sent)
    assert {number for number, _ in read} - {"000001"} == {
        number for number, (lost, _) in sent.items() if not lost
    }
    assert _is_told(door)


@pytest.mark.parametrize("form", ["26", "37"])
def test_cards_that_come_while_phones_are_served_are_whole_or_told(firmware, tmp_path, form):
    """Phones never met, one after the other without a break, and a card three times a second.
    Each card that is read is the one that was sent, in order; one that lost an edge, while the
    flash's file system worked for longer than eight pulses, is to be presented again."""
    with (
        firmware.board(tmp_path, shift=_SHIFT) as board,
        Door(board, sender=(form, 1000, 300)) as door,
    ):
        for number in range(8):
            report = door.unlock(phone(tmp_path / f"phone{number}"))
            assert report.granted and not report.warm
        door.read_cards(1 + sum(card[0] == "#" for card in door.cards))
    sent, read = _cards(door)
    numbers = [number for number, _ in read if number in sent]
    assert numbers == [number for number, (lost, _) in sent.items() if not lost]
    assert _is_told(door) == any(lost for lost, _ in sent.values()), (sent, door.events)
    assert 4 * len(numbers) >= 3 * len(sent), sent
    assert sum(busy for _, busy in read) >= 3, read
