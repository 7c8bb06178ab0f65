"""docs/hardware: pages and drawings that people solder by, held to the files they speak of."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from esp32_boards import BOARDS, ROOT

DOCS = ROOT / "docs" / "hardware"
PAGES = sorted([*DOCS.glob("*.md"), ROOT / "docs" / "boards.md"])
DRAWINGS = sorted(DOCS.glob("*.svg"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda drawing: drawing.name)
def test_drawings_are_whole_and_shown(drawing):
    """Who cannot see one is told what it shows; each symbol is defined, and a page has it."""
    root = ElementTree.fromstring(drawing.read_text())
    name = "{http://www.w3.org/2000/svg}"
    assert root.find(f"{name}title").text and root.find(f"{name}desc").text
    defined = {element.get("id") for element in root.iter(f"{name}g") if element.get("id")}
    for use in root.iter(f"{name}use"):
        assert use.get("href").removeprefix("#") in defined
    assert any(f"]({drawing.name})" in page.read_text() for page in PAGES)


def _extent(text: ElementTree.Element) -> tuple:
    """(left, right, top, bottom) of a text, by what a letter of that font takes."""
    kinds = text.get("class", "").split()
    size = 15 if "h" in kinds else 11 if "v" in kinds or "n" in kinds else 12
    width = len(text.text) * size * (0.66 if "b" in kinds else 0.58)
    x, y = float(text.get("x")), float(text.get("y"))
    left = x - {"start": 0, "middle": width / 2, "end": width}[text.get("text-anchor")]
    return left, left + width, y - size, y


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda drawing: drawing.name)
def test_no_text_crosses_the_edge_of_a_box(drawing):
    """It is either beside a part or in it: half of it in a board is read as a name of a pin."""
    root = ElementTree.fromstring(drawing.read_text())
    name = "{http://www.w3.org/2000/svg}"
    boxes = [
        [float(box.get(key)) for key in ("x", "y", "width", "height")]
        for box in root.iter(f"{name}rect")
        if box.get("class") in ("box", "zone")
    ]
    assert boxes
    for text in root.iter(f"{name}text"):
        left, right, top, bottom = _extent(text)
        for x, y, width, height in boxes:
            if y < bottom and top < y + height:
                for edge in (x, x + width):
                    assert not left + 4 < edge < right - 4, text.text


def test_names_of_pins_are_those_of_the_boards():
    known = {name for board in BOARDS for name in board.pins()}
    for drawing in DRAWINGS:
        texts = re.findall(r"<text[^>]*>([^<]+)</text>", drawing.read_text())
        for word in re.findall(r"\b(?:STRIKE|WIEGAND_\w+|[A-Z]{4,})\b", " ".join(texts)):
            assert word in known | {"BUZZER", "ESP32"}, f"{drawing.name}: {word}"


def test_boards_page_has_each_board_as_it_is():
    """Chip's memory, table of partitions and Ethernet, as the folder has them."""
    rows = {
        cells[1].strip("` "): [cell.strip("` ") for cell in cells[2:-1]]
        for cells in (
            line.split("|") for line in (ROOT / "docs/boards.md").read_text().splitlines()
        )
        if len(cells) == 8
    }
    for board in BOARDS:
        _, flash, table, ethernet, clock = rows[board.name]
        cmake = (board.folder / "mpconfigboard.cmake").read_text()
        assert flash == f"{board.flash >> 20} MB"
        assert f"HOLDFAST_PARTITIONS {table})" in cmake
        assert (ethernet != "-") == ("ETH_MDC" in board.pins())
        assert clock == ("240 MHz" if "240mhz" in cmake else "160 MHz")


def test_boards_page_goes_by_what_was_counted():
    """Which board takes a stock image rests on the smallest heap of each form."""

    def figures(text: str) -> list:
        return [int(cell.strip().replace(",", "")) for cell in text.strip("|").split("|")]

    memory = (ROOT / "docs" / "memory.md").read_text()
    counted = re.search(r"\| smallest heap in which it opens (\|.*)", memory).group(1)
    page = (ROOT / "docs" / "boards.md").read_text()
    table = page.split("| form | smallest heap in which it opens |")[1].split("\n\n")[0]
    said = [figures(line.rsplit("|", 2)[1])[0] for line in table.splitlines()[2:]]
    assert said == figures(counted)
    # Most that the heap of a stock image grows to; the other forms are what a board can hold.
    assert said[0] > 221824 > said[-1]
