"""The page of reasons is what a technician reads at the door: it must be the firmware's own."""

import pathlib
import re

from holdfast.access import reason

PAGE = pathlib.Path(__file__).resolve().parents[4] / "docs" / "reasons.md"
ROW = re.compile(r"\| (\d+) \| `(\w+)` \| (.+) \| (\d) (.+) \|")


def test_the_page_has_every_code_with_its_name_and_what_the_phone_is_told():
    """A code that is missing or has another name there sends people after the wrong thing."""
    rows = [match.groups() for match in map(ROW.fullmatch, PAGE.read_text().splitlines()) if match]
    codes = [int(code) for code, *_ in rows]
    assert codes == reason.codes()
    for code, name, when, coarse, told in rows:
        assert name == reason.name(int(code))
        assert int(coarse) == reason.coarse(int(code)) and told == reason.coarse_name(int(coarse))
        assert when[0].isupper() and when.endswith(".") and len(when) > 15
    # No row escapes the pattern.
    lines = [line for line in PAGE.read_text().splitlines() if re.match(r"\| \d", line)]
    assert len(lines) == len(rows) == len(reason.codes()) > 45
