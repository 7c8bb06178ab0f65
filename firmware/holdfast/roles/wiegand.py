"""A Wiegand reader at a door, and a legacy panel behind it; loaded for a board that has one."""

from ..door.wiegand import Format
from ..door.wiegand_in import Patience


class Wiegand:
    """``reader`` is the text of the reader's Format and ``port`` its lines, ``panel`` that of the
    panel and ``lines`` those to it; without either it is None. ``pause`` is to be the Node's.

    Raises WiegandError for a text that is no format.
    """

    def __init__(self, hardware, reader=None, port=None, panel=None, lines=None):
        self._console = hardware.console
        self._form = None if reader is None else Format(reader)
        self._port = port
        self._panel = None if panel is None else Format(panel)
        self._lines = lines
        self._patience = Patience([] if reader is None else [port], hardware.ticks)
        self.pause = self._patience.pause

    def add(self, node, unit):
        """Have the ``node``'s supervisor run what there is, at the door of ``unit`` (DoorUnit)."""
        if self._form is not None:
            job = unit.wiegand_in(self._port, self._form, self._console)
            node.supervisor.add("wiegand", job.run)
        if self._panel is not None:
            out = unit.wiegand_out(self._lines, self._panel)
            self._patience.lines.append(out)
            node.supervisor.add("wiegand out", out.run)
