"""Leads what a joined program says of itself back to the files it was joined from."""

import re

# A traceback's line, and FILE:LINE as programs write it themselves
_TRACE = re.compile(r'File "([^"]*?)(\w+)\.m?py", line (\d+)(, in (\w+))?')
_PLACE = re.compile(r"(?<![\w/.])(\w+)\.m?py:(\d+)")


def back(text: str, joined: dict) -> str:
    """``text`` with each place in a unit of the map ``joined`` as the place in its file.

    What is no place in a unit stays as it is.
    """

    def place(unit, line):
        lines = joined["units"].get(unit)
        found = lines[line - 1] if lines and 0 < line <= len(lines) else None
        return found and (joined["files"][found[0]], found[1])

    def trace(match):
        found = place(match[2], int(match[3]))
        if not found:
            return match[0]
        function = match[5] and joined["names"].get(match[2], {}).get(match[5], match[5])
        return f'File "{found[0]}", line {found[1]}' + (f", in {function}" if function else "")

    def short(match):
        found = place(match[1], int(match[2]))
        return f"{found[0]}:{found[1]}" if found else match[0]

    return _PLACE.sub(short, _TRACE.sub(trace, text))
