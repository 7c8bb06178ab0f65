"""Names on the command line: each is made normal where it comes in, and none comes in twice."""

from collections.abc import Callable

from ..site import names


def name_of(what: str) -> Callable[[str], str]:
    """What typer parses the name of a ``what`` with."""

    def parse(text: str) -> str:
        return names.normal(text, what)

    return parse


DOOR = name_of("door")
ZONE = name_of("zone")
SCHEDULE = name_of("schedule")
HOLDER = name_of("holder")
SITE = name_of("site")
NODE = name_of("device")
