"""Tables as spreadsheets and consoles write them come to the same cells, or are refused."""

import datetime
import io
import re
import zipfile

import openpyxl
import pytest

from holdfast_host.errors import UsageProblem
from holdfast_host.people import columns
from holdfast_host.people.tables import files, text, xlsx

ROWS = [["name", "cards", "groups"], ["Zoë Đ.", "04a1b2c3", "staff; guests"], ["Bo", "", "8"]]


def _cells(path, **options):
    table = files.read(path, columns.knows, **options)
    return [[cell.text for cell in row.cells] for row in table.rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_whatever_writes_it_it_is_the_same_table(tmp_path, delimiter, ends, encoding):
    """Each of these is what some program calls CSV."""
    quoted = [[f'"{cell}"' for cell in row] for row in ROWS]
    whole = ends.join(delimiter.join(row) for row in quoted) + ends
    (tmp_path / "list").write_bytes(whole.encode(encoding))
    assert _cells(tmp_path / "list") == ROWS


def test_the_delimiter_is_that_of_the_heads(tmp_path):
    """German decimal commas and lists in cells outnumber it; and Excel's first line says it."""
    (tmp_path / "list").write_text("name;cards\nZoë;12,34567\nBo;1,2\n")
    assert _cells(tmp_path / "list") == [["name", "cards"], ["Zoë", "12,34567"], ["Bo", "1,2"]]
    (tmp_path / "list").write_text('sep=|\r\nname|cards\r\n"A | B"|04a1\r\n')
    assert _cells(tmp_path / "list")[1] == ["A | B", "04a1"]
    table = files.read(tmp_path / "list", columns.knows)
    assert [row.line for row in table.rows] == [2, 3], "lines are those of the file"


def test_lines_are_those_that_an_editor_shows(tmp_path):
    """Empty lines are skipped, cells may hold line ends."""
    (tmp_path / "list").write_text('\nname,cards\n\n"Zoë\nĐ.",04a1\n,,\nBo,04a2\n')
    table = files.read(tmp_path / "list", columns.knows)
    assert [row.line for row in table.rows] == [2, 4, 7]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"name\nZo\xeb\n", "line 2"),
        (b'name\n"Zoe\n', "line 2"),
        (b'name\n"Zoe"y\n', "line 2"),
        (b"PK\x03\x04 and no more", "cannot be read as XLSX"),
        (b"name\n" + b"x" * 2000, "no list of people"),
        (b"na\x00me\n" * 3, "no text file"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, data, words):
    """With where, and never with a traceback."""
    (tmp_path / "list").write_bytes(data)
    with pytest.raises(UsageProblem, match=words):
        _cells(tmp_path / "list")


def test_another_encoding_is_said_not_guessed(tmp_path):
    """Windows' own CSV: in Poland and in France the same byte is another letter."""
    (tmp_path / "list").write_bytes("name\nZoë\n".encode("cp1252"))
    with pytest.raises(UsageProblem) as refused:
        _cells(tmp_path / "list")
    assert "--encoding" in refused.value.next_step
    assert _cells(tmp_path / "list", encoding="cp1252") == [["name"], ["Zoë"]]


def _book(*rows, **formats):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cell, shown_as in formats.items():
        book.active[cell].number_format = shown_as
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def test_xlsx_is_read_as_it_is_shown(tmp_path):
    """Numbers are told from text, dates are days, and what is formatted with zeros has them."""
    day = datetime.datetime(2027, 12, 31)
    rows = _book(["name", "cards", "until"], ["Zoë", 10058400, day], ["Bo", 5, None], B3="0000")
    table = xlsx.read(rows, "list.xlsx")
    _, zoe, bo = [row.cells for row in table.rows]
    assert (zoe[1].text, zoe[1].is_number, zoe[1].column) == ("10058400", True, "B")
    assert zoe[2].text == "2027-12-31"
    assert (bo[1].text, bo[1].is_number) == ("0005", False)


def test_a_formula_without_its_result_is_refused():
    """It reads as empty, and an end that is empty is none. Worked out it is a value like others;
    one that comes to nothing is told from one that nobody has opened.
    """
    rows = _book(["name", "until"], ["Zoë", "=DATE(2027,12,31)"])
    with pytest.raises(UsageProblem, match="line 2, column B: '=DATE.*without its result"):
        xlsx.read(rows, "list.xlsx")
    with zipfile.ZipFile(io.BytesIO(rows)) as parts:
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as copy:
            for one in parts.namelist():
                part = parts.read(one)
                copy.writestr(one, re.sub(rb"</f><v ?/>", b"</f><v>46752</v>", part))
    assert [row.cells[1].text for row in xlsx.read(data.getvalue(), "list.xlsx").rows] == [
        "until",
        "46752",
    ]


def test_text_is_text_however_it_says_so(tmp_path):
    """Programs write ="0012" so that a spreadsheet leaves the zeros."""
    (tmp_path / "list").write_text('name,cards\n="Zoë ""Z""","=""0012"""\n')
    assert _cells(tmp_path / "list")[1] == ['Zoë "Z"', "0012"]


def test_of_several_sheets_one_is_named():
    """The first one is often a cover."""
    book = openpyxl.Workbook()
    book.active.append(["name"])
    book.create_sheet("guests").append(["name"])
    data = io.BytesIO()
    book.save(data)
    with pytest.raises(UsageProblem, match="several sheets"):
        xlsx.read(data.getvalue(), "list.xlsx")
    assert len(xlsx.read(data.getvalue(), "list.xlsx", "guests").rows) == 1
    with pytest.raises(UsageProblem, match="no sheet"):
        xlsx.read(data.getvalue(), "list.xlsx", "staff")


def test_a_file_that_unpacks_to_gigabytes_is_not_unpacked():
    """Sizes are read before anything is."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as parts:
        with parts.open("xl/workbook.xml", "w", force_zip64=True) as part:
            for _ in range(300):
                part.write(bytes(1 << 20))
    with pytest.raises(UsageProblem, match="larger than"):
        xlsx.read(data.getvalue(), "list.xlsx")


def test_heads_are_known_in_many_spellings():
    """And never two of them as the same column."""
    for head, column in {
        "Card Number": columns.CARDS,
        "UID": columns.CARDS,
        "Valid until": columns.UNTIL,
        " Staff-ID ": columns.REF,
        "NAME": columns.NAME,
        "Phone key": columns.PHONE,
    }.items():
        assert columns.column_of(head) == column
    assert columns.column_of("Lobby") is None
    with pytest.raises(UsageProblem, match="'Lobby'"):
        columns.heads(text.read("name,Lobby\nZoe,Y\n", "list", columns.knows), [])
    table = text.read("name,Lobby\nZoe,Y\n", "list", columns.knows)
    assert columns.heads(table, ["lobby"]) == {columns.NAME: 0}
    with pytest.raises(UsageProblem, match="second column"):
        columns.heads(text.read("name,uid,card\n", "list", columns.knows), [])
    with pytest.raises(UsageProblem, match="no column is headed name"):
        columns.heads(text.read("cards,groups\n", "list", columns.knows), [])
