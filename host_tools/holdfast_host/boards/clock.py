"""A board's own clock beside the host's, when the board is enrolled: how far it is off, and what
the board is told of that.

Who asks the board is not known here: a process on this machine says its time among its events, a
board on a cable will say it over that.
"""

import dataclasses

RIGHT_S = 2  # two clocks, each read in whole seconds
# A clock that is further off tells no time: it began anew when the power came, and will again,
# at another distance. As in firmware/holdfast/storage/settings_file.py.
MOST_OFF_S = 86400

RIGHT, SET, LOST, UNSAID = "right", "set", "lost", "unsaid"


@dataclasses.dataclass(frozen=True)
class Found:
    """What came of comparing a board's clock.

    ``standing`` is RIGHT; SET, for one whose error is known to the board from now on; LOST, for
    one that tells no time; UNSAID, for a board that does not say its time. ``ahead`` is by how
    many seconds it is ahead of the host's, negative if it is behind; None if it has no time.
    ``offset`` is what the board adds to it from now on, in seconds; None if it is not to believe
    it.
    """

    standing: str
    ahead: int | None
    offset: int | None

    @property
    def text(self) -> str:
        """What was found, for a person: one line."""
        if self.standing == RIGHT:
            return "clock right"
        if self.standing == UNSAID:
            return "the board does not say its time: check its clock by hand"
        lost = "it will not know the time after a power cut until told"
        if self.ahead is None:
            return f"this board has no clock that runs: {lost}"
        if self.standing == LOST:
            return f"this board's clock does not tell the time, it is {self._far}: {lost}"
        return f"the board's clock is {self._far}: set"

    @property
    def facts(self) -> dict[str, object]:
        """What was found, for a machine."""
        return {"standing": self.standing, "ahead_s": self.ahead, "offset_s": self.offset}

    @property
    def _far(self) -> str:
        ahead = self.ahead or 0
        return f"{abs(ahead):,} s {'ahead' if ahead > 0 else 'behind'}"


def compare(said: object, begun: float, heard: float) -> Found:
    """Compare a clock that ``said`` a time, in whole seconds since 1970 or None, at some moment
    between ``begun`` and ``heard`` by the host's clock.
    """
    if type(said) is not int:
        return Found(LOST, None, None)
    ahead = said - int(heard)
    if int(begun) - RIGHT_S <= said <= int(heard) + RIGHT_S:
        return Found(RIGHT, ahead, 0)
    if abs(ahead) > MOST_OFF_S:
        return Found(LOST, ahead, None)
    return Found(SET, ahead, -ahead)


def unsaid() -> Found:
    """Of a board with firmware from before boards told their time: it goes by its clock."""
    return Found(UNSAID, None, 0)
