"""A Wiegand reader at a door, and a legacy panel behind it; loaded for a board that has one."""

from ..door.wiegand import Format
from ..door.wiegand_in import Patience


class Wiegand:
    """``reader`` is the text of the reader's Format and ``port`` its lines, ``panel`` that of the
    panel and ``lines`` those to it; without either it is None. ``first`` is that of another door
    of the same board. ``pause`` is to be the Node's: any of them has patience with all.

    Raises WiegandError for a text that is no format.
    """

    def __init__(self, hardware, reader=None, port=None, panel=None, lines=None, first=None):
        self._console = hardware.console
        self._form = None if reader is None else Format(reader)
        self._port = port
        self._panel = None if panel is None else Format(panel)
        self._lines = lines
        self._patience = first._patience if first else Patience([], hardware.ticks)
        if reader is not None:
            self._patience.lines.append(port)
        self.pause = self._patience.pause

    def add(self, node, unit, door=""):
        """Have the ``node``'s supervisor run what there is, at the door of ``unit`` (DoorUnit); a
        job is called after the ``door``, of a node that has several.
        """
        of = " of " + door if door else ""
        if self._form is not None:
            job = unit.wiegand_in(self._port, self._form, self._console)
            node.supervisor.add("wiegand" + of, job.run)
        if self._panel is not None:
            out = unit.wiegand_out(self._lines, self._panel)
            self._patience.lines.append(out)
            node.supervisor.add("wiegand out" + of, out.run)
