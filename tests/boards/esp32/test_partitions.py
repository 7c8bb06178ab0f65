"""Where a board's flash goes. A table that moves the files makes a door forget who may open it."""

import subprocess
import sys

import pytest

from esp32_boards import BOARDS, each_board, idf

# Where files lie in every image that was ever made, by the flash a board has. Never change a line.
FILES = {4 << 20: (0x200000, 0x200000), 8 << 20: (0x4F0000, 0x310000)}
_APP = 0x10000


@each_board
def test_it_fits_and_nothing_overlaps(board):
    end = 0x9000  # behind ESP-IDF's loader, and its table at 0x8000
    for name, kind, _, offset, size in board.partitions():
        assert offset >= end, f"{name} begins in the one before"
        assert size > 0 and size % 0x1000 == 0, f"{name} is not of whole sectors"
        assert offset % (_APP if kind == "app" else 0x1000) == 0, f"{name} is not aligned"
        end = offset + size
    assert end == board.flash
    assert len({row[0] for row in board.partitions()}) == len(board.partitions())


@each_board
def test_what_the_system_needs_is_there(board):
    kinds = {name: (kind, subtype) for name, kind, subtype, _, _ in board.partitions()}
    assert kinds["nvs"] == ("data", "nvs")  # Wi-Fi's and Bluetooth's
    assert kinds["phy_init"] == ("data", "phy")
    assert kinds["vfs"] == ("data", "fat")  # by this name the port finds it


@each_board
def test_two_slots_from_8_mb_on(board):
    """Then one image runs while the other is written; with 4 MB there is no room."""
    apps = {subtype: size for _, kind, subtype, _, size in board.partitions() if kind == "app"}
    data = {subtype: size for _, kind, subtype, _, size in board.partitions() if kind == "data"}
    if board.flash >= 8 << 20:
        assert set(apps) == {"ota_0", "ota_1"}
        assert apps["ota_0"] == apps["ota_1"]
        assert data["ota"] == 0x2000
    else:
        assert set(apps) == {"factory"}
        assert "ota" not in data


@each_board
def test_files_stay_where_they_were(board):
    """An update keeps policy, events and keys because it does not know where they are."""
    place = {name: (offset, size) for name, _, _, offset, size in board.partitions()}
    assert place["vfs"] == FILES[board.flash]


@pytest.mark.parametrize("flash", sorted(FILES))
def test_espressif_s_tool_takes_the_table(flash, tmp_path):
    tool = idf() / "components" / "partition_table" / "gen_esp32part.py"
    board = next(board for board in BOARDS if board.flash == flash)
    name = (board.folder / "mpconfigboard.cmake").read_text().split("PARTITIONS ")[1].split(")")[0]
    table = board.folder.parent / "esp32" / name
    size = f"{flash >> 20}MB"
    subprocess.run(
        [sys.executable, tool, "--flash-size", size, table, tmp_path / "table.bin"], check=True
    )
