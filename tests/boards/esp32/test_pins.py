"""A board's pins against its chip: what would keep it from starting, or move a strike meanwhile.

A pin that the chip reads at power-on, on which its flash hangs or which cannot drive anything is
found on a desk at best, and at worst on a door after a power cut.
"""

import ast
import re
import subprocess
import sys

import pytest

from esp32_boards import BOARDS, CHIPS, ROOT, each_board, source

NAMES = {
    *("STRIKE", "CONTACT", "REX", "TAMPER", "FIRE", "RING", "LED_R", "LED_G", "LED_B", "BUZZER"),
    *("WIEGAND_D0", "WIEGAND_D1", "SAFE", "SDA", "SCL"),
}
BY_NUMBER = {"PANEL_D0", "PANEL_D1"}  # which no image names: pins.json says them
EVERYWHERE = {
    *("STRIKE", "CONTACT", "REX", "TAMPER", "RING", "WIEGAND_D0", "WIEGAND_D1", "SAFE"),
}
INPUTS = {"CONTACT", "REX", "TAMPER", "FIRE", "SAFE", "ETH_RXD0", "ETH_RXD1", "ETH_CRS_DV"}
# By edges, which are interrupts.
EDGES = {"REX", "WIEGAND_D0", "WIEGAND_D1"}
# An ESP32's Ethernet is at these and no others; clock, MDC, MDIO and power are the maker's choice.
RMII = dict(ETH_TXD0=19, ETH_TX_EN=21, ETH_TXD1=22, ETH_RXD0=25, ETH_RXD1=26, ETH_CRS_DV=27)
ETHERNET = {*RMII, "ETH_MDC", "ETH_MDIO", "ETH_POWER", "ETH_CLK"}


def ours(board) -> dict:
    """What we put there; the rest is soldered."""
    return {name: pin for name, pin in board.pins().items() if name not in ETHERNET}


@each_board
def test_names_are_the_fields_own(board):
    """A door has a strike and its inputs on every board, under one name everywhere."""
    names = set(board.pins())
    assert EVERYWHERE <= names
    assert names <= NAMES | ETHERNET
    assert len({"LED_R", "LED_G", "LED_B"} & names) in (0, 3)
    assert len({"SDA", "SCL"} & names) in (0, 2)


@each_board
def test_no_pin_and_no_name_is_there_twice(board):
    rows = board.rows()
    assert len({name for name, _ in rows}) == len(rows)
    assert len({gpio for _, gpio in rows}) == len(rows)


@each_board
def test_chip_keeps_what_it_needs(board):
    """Flash, PSRAM, USB and the console's line, on each module that is sold under the name."""
    chip = CHIPS[board.chip]
    needed = chip.flash | chip.usb | chip.console
    if ETHERNET & set(board.pins()):
        needed -= {16, 17}  # the makers put modules without PSRAM there
    for name, pin in board.pins().items():
        assert pin in chip.pins, name
        assert pin not in needed, name


@each_board
def test_nothing_of_ours_speaks_when_the_chip_asks_how_to_start(board):
    """A strapping pin carries the button that boards have there, and nothing else."""
    chip = CHIPS[board.chip]
    for name, pin in ours(board).items():
        assert pin not in chip.strapping or (name, pin) == ("SAFE", chip.button), name


@each_board
def test_strike_does_not_move_while_the_chip_starts(board):
    """Its pin is neither pulled up nor driven; the driver's own pull-down does the rest."""
    assert board.pins()["STRIKE"] not in CHIPS[board.chip].started | CHIPS[board.chip].strapping


@each_board
def test_outputs_can_drive_and_edges_are_heard(board):
    chip = CHIPS[board.chip]
    for name, pin in board.pins().items():
        assert name in INPUTS or pin not in chip.inputs, name
        assert name not in EDGES or pin not in chip.polled, name


@each_board
def test_nobody_who_wired_nothing_is_heard(board):
    """Buttons and card reader are listened to on every board, so their pins are pulled up inside.

    A pin that floats would hold a board in safe mode, or its door open. The Olimex's button has a
    pull-up beside it.
    """
    pins = board.pins()
    for name in ("REX", "SAFE", "WIEGAND_D0", "WIEGAND_D1"):
        is_soldered = (board.name, name) == ("OLIMEX_ESP32_POE", "SAFE")
        assert is_soldered or pins[name] not in CHIPS[board.chip].inputs, name


@each_board
def test_ethernet_is_where_the_chip_has_it(board):
    """All of it or nothing; RMII cannot be moved, and its clock is at 0, 16 or 17."""
    pins = board.pins()
    wired = ETHERNET & set(pins)
    if not wired:
        pytest.skip("no Ethernet on this board")
    assert wired >= ETHERNET - {"ETH_POWER"}
    assert {name: pins[name] for name in RMII} == RMII
    assert pins["ETH_CLK"] in (0, 16, 17)
    config = (board.folder / "sdkconfig.board").read_text()
    if pins["ETH_CLK"] == 0:
        assert "CONFIG_ETH_RMII_CLK_INPUT=y" in config
    else:
        assert f"CONFIG_ETH_RMII_CLK_OUT_GPIO={pins['ETH_CLK']}" in config


@each_board
def test_micropython_makes_the_same_of_it(board, tmp_path):
    """The port's own generator reads the table, and knows each name."""
    port = source() / "ports" / "esp32"
    made = tmp_path / "pins.c"
    boards = port / "boards"
    command = [sys.executable, boards / "make-pins.py"]
    command += ["--board-csv", board.folder / "pins.csv", "--prefix", boards / "pins_prefix.c"]
    command += ["--output-source", made, "--output-header", tmp_path / "pins.h"]
    subprocess.run(command, check=True)
    written = made.read_text()
    for name, pin in board.pins().items():
        assert f"MP_ROM_QSTR(MP_QSTR_{name}), MP_ROM_PTR(pin_GPIO{pin})" in written, name


@each_board
def test_firmware_allows_what_the_image_names(board):
    """The image names no pin that the firmware would refuse at boot: two tables of one chip."""
    path = ROOT / "firmware" / "holdfast" / "hal" / "esp32" / "pins.py"
    if not path.exists():
        pytest.skip("no holdfast/hal/esp32/pins.py")
    tables = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign) and node.targets[0].id in ("_CHIPS", "_NAMES")
    }
    assert set(tables["_NAMES"]) == NAMES | BY_NUMBER
    header = (board.folder / "mpconfigboard.h").read_text()
    named = re.search(r'MICROPY_HW_MCU_NAME "(\w+)"', header).group(1)
    highest, forbidden, strapping, inputs = tables["_CHIPS"][named]
    for name, pin in ours(board).items():
        is_output = tables["_NAMES"][name][1]
        assert pin <= highest and not forbidden >> pin & 1, name
        assert not strapping >> pin & 1 or name == "SAFE", name
        assert not (is_output and inputs >> pin & 1), name
    chip = CHIPS[board.chip]
    assert {pin for pin in chip.pins if strapping >> pin & 1} == chip.strapping
    assert {pin for pin in chip.pins if inputs >> pin & 1} == chip.inputs
    kept = {pin for pin in chip.pins if forbidden >> pin & 1}
    assert chip.usb | chip.console <= kept <= chip.flash | chip.usb | chip.console


def test_every_board_is_held_to_this():
    """A folder that nobody tests is a board that nobody looked at."""
    folders = {path.parent.name for path in BOARDS[0].folder.parent.glob("*/pins.csv")}
    assert folders == {board.name for board in BOARDS}
