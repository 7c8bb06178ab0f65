"""Room on a full flash that is for events alone: a file that goes when there is no other."""

import os

from micropython import const

RESERVE_BYTES = const(8188)  # two littlefs blocks of 4096 bytes, with the pointer in one of them
_PIECE = const(89)  # a 92nd of that


class Reserve:
    """The file at ``path``; what is in it does not matter."""

    def __init__(self, path: str):
        self._path = path
        try:
            self.is_there = os.stat(path)[6] == RESERVE_BYTES
        except OSError:
            self.is_there = False

    def spend(self) -> bool:
        """Give its room to who needs it now; whether there was some. Raises nothing."""
        if not self.is_there:
            return False
        self.is_there = False
        try:
            os.remove(self._path)
        except OSError:
            return False
        return True

    def save(self):
        """Make it again if there is room. Raises nothing."""
        if self.is_there:
            return
        piece = bytes(_PIECE)
        try:
            with open(self._path, "wb") as file:
                for _ in range(RESERVE_BYTES // _PIECE):
                    file.write(piece)
            self.is_there = True
        except OSError:
            try:
                os.remove(self._path)
            except OSError:
                pass  # there is none to be had, or flash fails: the next event meets that
