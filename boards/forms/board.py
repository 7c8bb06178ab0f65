"""What a board's board.json says of the form that it takes, under the key ``holdfast``."""

import dataclasses
import json
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parent.parent
FROZEN, MPY, SOURCES = "frozen", "mpy", "sources"

# What has to be built before the files of a form can be laid out: goals of the Makefile.
GOALS = {FROZEN: ("native", "esp32-joined"), MPY: ("native", "esp32-joined"), SOURCES: ()}


@dataclasses.dataclass(frozen=True)
class Form:
    """One way for a board to run the firmware.

    ``form`` is FROZEN, MPY or SOURCES; ``on`` which of the boards of that name, ``why`` a
    sentence; ``stock`` the image of MicroPython's own that it goes on, or None.
    """

    form: str
    on: str
    why: str
    stock: str | None = None


@dataclasses.dataclass(frozen=True)
class Board:
    """``processor`` is mpy-cross's name for it, empty where there is no machine code for it."""

    name: str
    product: str
    processor: str
    forms: tuple[Form, ...]

    @property
    def goals(self) -> list[str]:
        """What to make first, each once."""
        return list(dict.fromkeys(goal for form in self.forms for goal in GOALS[form.form]))


def boards() -> dict[str, Board]:
    """Name to Board, of all that say which form they take."""
    found = {}
    for path in sorted(FOLDER.glob("*/board.json")):
        said = json.loads(path.read_text())
        if "holdfast" in said:
            ours = said["holdfast"]
            forms = tuple(Form(**form) for form in ours["forms"])
            name = path.parent.name
            found[name] = Board(name, said["product"], ours["processor"], forms)
    return found
