"""Drawing PINs that nobody has, each as likely as any other."""

import secrets
from collections.abc import Collection

from holdfast.access import tag

from ..errors import UsageProblem
from .register import Entry

DIGITS = 6


def draw_pin(digits: int, taken: Collection[Entry]) -> bytes:
    """A PIN of so many ``digits`` that is none of those ``taken``.

    Raises UsageProblem if half of all are taken: then whoever types one at random gets in.
    """
    return draw(digits, {value for kind, value in taken if kind == tag.PIN})


def draw(digits: int, taken: Collection[bytes]) -> bytes:
    """The same, of the digits of PINs alone."""
    count = 10**digits
    if 2 * len(taken) >= count and 2 * sum(len(one) == digits for one in taken) >= count:
        raise UsageProblem(
            f"half of all PINs of {digits} digits are taken", "draw one with more --digits"
        )
    while True:
        value = f"{secrets.randbelow(count):0{digits}}".encode()
        if value not in taken:
            return value
