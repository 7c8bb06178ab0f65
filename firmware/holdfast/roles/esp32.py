"""A device on an ESP32: a carrier where its settings say so, or who decides. Loads nothing that
decides before it knows.
"""

from ..hal.esp32 import flash
from . import esp32_start


def main(arguments=()):
    """Be it for ever, as of ``esp32_start``."""
    return esp32_start.main(_choose)


def _choose(board):
    from .which import carries

    if carries(flash.HOME, board.random_bytes):
        from .esp32_carrier import make as carrier

        return carrier
    from .esp32_doors import make as doors

    return doors
