"""Each board says which form it takes, and `make firmware` lays that out whole.

Whoever copies a folder to a board or has it frozen has nothing else to go by: a module that is
missing there, or code for another processor, shows at a door.
"""

import json

import pytest
from forms import board as boards
from forms.__main__ import main
from forms.lay_out import lay_out

from esp32_boards import BOARDS, ROOT, each_board

# In the header of an .mpy file (docs of MicroPython, "MicroPython .mpy files").
_PROCESSORS = {"xtensawin": 10, "rv32imc": 11}
_is_built = pytest.mark.skipif(
    not (ROOT / "build" / "joined" / "esp32" / "modules").is_dir()
    or not (ROOT / "build" / "native" / "xtensawin" / "crypto").is_dir(),
    reason="nothing to lay out: make native esp32-joined",
)


@each_board
def test_every_board_says_its_form_and_why(board):
    """A stock image is for boards with PSRAM alone; all others take one that is built for them."""
    told = boards.boards()[board.name]
    assert told.processor == board.architecture and told.goals() == ["native", "esp32-joined"]
    for form in told.forms:
        assert form.form in (boards.FROZEN, boards.MPY) and form.on and len(form.why) > 40
        assert (form.stock is not None) == (form.form == boards.MPY)
        assert form.stock is None or ("PSRAM" in form.on and form.stock.startswith(board.name))


def test_an_image_may_be_a_carriers_alone(capsys):
    """Any other role is what settings say, and a word that is none is named."""
    assert main(["ESP32_GENERIC_C3", "carrier"]) == 0
    assert capsys.readouterr().out.split() == ["native", "esp32-carrier"]
    assert main(["ESP32_GENERIC_C3", "reader"]) == 2
    assert "no role reader" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", ([], ["ESP8266"], ["qemu_rv32", "out"]))
def test_who_names_no_board_is_told_which_there_are(capsys, arguments):
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert not said.out
    assert all(board.name in said.err for board in BOARDS)
    assert "frozen or mpy" in said.err and "sources" in said.err


def test_sources_need_nothing_made(capsys, tmp_path):
    assert main(["unix"]) == 0 and capsys.readouterr().out.split() == []
    assert main(["unix", "", str(tmp_path)]) == 0
    assert "sources" in capsys.readouterr().out and not list(tmp_path.iterdir())


@_is_built
@pytest.mark.parametrize("name", ("ESP32_GENERIC", "ESP32_GENERIC_C3"))
def test_what_is_laid_out_is_whole(tmp_path, name):
    """All that was joined, for the board's own processor, each file with its size."""
    told = boards.boards()[name]
    modules = ROOT / "build" / "joined" / "esp32" / "modules"
    joined = {path.relative_to(modules).with_suffix("") for path in modules.rglob("*.py")}
    for form in told.forms:
        to = tmp_path / form.form
        sizes = lay_out(told, form, to)
        assert json.loads((to / "sizes.json").read_text()) == sizes
        code = to / "lib"
        if form.form == boards.FROZEN:
            assert {p.relative_to(to / "modules") for p in (to / "modules").rglob("*.py")} >= {
                name.with_suffix(".py") for name in joined
            }
            assert (to / "modules" / "main.py").exists() and (to / "manifest.py").exists()
            code = to / "machine_code"
        else:
            assert (to / "main.py").exists()
            assert {p.relative_to(code).with_suffix("") for p in code.rglob("*.mpy")} >= joined
            assert not list(code.rglob("*.py"))
        native = sorted((code / "crypto" / "native").glob("*.mpy"))
        processors = {path.read_bytes()[2] >> 2 & 0xF for path in native}
        assert processors - {0} == {_PROCESSORS[told.processor]}  # 0: nothing but constants
        assert all(0 < size < 1 << 20 for size in sizes.values())
        assert {"hf.mpy", *(f"crypto/native/{path.name}" for path in native)} <= set(sizes)


def test_without_the_modules_there_is_nothing_to_lay_out(tmp_path, monkeypatch):
    monkeypatch.setattr("forms.lay_out._JOINED", tmp_path / "none")
    told = boards.boards()["ESP32_GENERIC_C3"]
    with pytest.raises(OSError, match="make native esp32-joined"):
        lay_out(told, told.forms[0], tmp_path / "out")
    assert not (tmp_path / "out").exists()
