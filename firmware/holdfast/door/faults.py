"""Pieces of a door that fail are told of and never stop it."""


class Faults:
    """Hands each piece that fails to ``tell(piece, error)``, once until it works again; with None
    as the error when it does. ``tell`` None: nobody wants to know. What is told of begins with
    ``where``, so that two doors' lamps are two pieces.
    """

    def __init__(self, tell=None, where: str = ""):
        self._tell = tell
        self._where = where
        self._failing = []

    def heard(self, piece: str, error):
        """A piece failed with ``error``, or worked if that is None; never raises."""
        if (piece in self._failing) == (error is not None):
            return
        try:
            if self._tell is not None:
                self._tell(self._where + piece, error)
            if error is None:
                self._failing.remove(piece)
            else:
                self._failing.append(piece)
        except Exception:
            pass  # not told: so it is the next time
