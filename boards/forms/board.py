"""What a board's board.json says of the form that it takes, under the key ``holdfast``."""

import dataclasses
import json
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parent.parent
FROZEN, MPY, SOURCES = "frozen", "mpy", "sources"

# Who it is, as its settings say, or a carrier and nobody else.
ANY, CARRIER = "", "carrier"

# What has to be built before the files of a form can be laid out: goals of the Makefile.
_JOINED = {ANY: "esp32-joined", CARRIER: "esp32-carrier"}


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
    """``processor`` is mpy-cross's name for it, empty where there is no machine code for it;
    ``mcu`` MicroPython's name for its chip.
    """

    name: str
    product: str
    processor: str
    forms: tuple[Form, ...]
    mcu: str = ""

    def goals(self, role: str = ANY) -> list[str]:
        """What to make first, each once, for an image of this ``role``."""
        is_joined = any(form.form != SOURCES for form in self.forms)
        return ["native", _JOINED[role]] if is_joined else []


def boards() -> dict[str, Board]:
    """Name to Board, of all that say which form they take."""
    found = {}
    for path in sorted(FOLDER.glob("*/board.json")):
        said = json.loads(path.read_text())
        if "holdfast" in said:
            ours = said["holdfast"]
            forms = tuple(Form(**form) for form in ours["forms"])
            name = path.parent.name
            found[name] = Board(name, said["product"], ours["processor"], forms, said["mcu"])
    return found
