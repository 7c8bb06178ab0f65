"""What one scene came to, and whether it is what was promised."""

import dataclasses

from holdfast.access import reason


@dataclasses.dataclass(frozen=True)
class Promise:
    """How a scene must end: its title, ``granted`` or refused, and the reader's exact reason."""

    title: str
    granted: bool
    reason: str


@dataclasses.dataclass(frozen=True)
class Result:
    """One line of the demonstration.

    ``granted``, ``reason`` and ``public_key_operations`` are what the reader logged, ``told`` is
    what it answered to the phone, None where nobody listened; round trips and bytes (both ways,
    framing included) are the reader's count for the connection. ``problems`` is empty if the
    promise was kept.
    """

    promise: Promise
    granted: bool | None
    reason: str | None
    told: str | None
    round_trips: int
    bytes: int
    public_key_operations: int
    problems: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether the reader did what was promised."""
        return not self.problems

    def as_json(self) -> dict:
        """The line for machines."""
        return {
            "scene": self.promise.title,
            "kept": self.kept,
            "decision": decision_word(self.granted),
            "reason": self.reason,
            "told": self.told,
            "round_trips": self.round_trips,
            "bytes": self.bytes,
            "public_key_operations": self.public_key_operations,
            "problems": list(self.problems),
        }


def decision_word(granted: bool | None) -> str:
    """A decision in one word."""
    return {True: "granted", False: "refused", None: "-"}[granted]


def told_word(granted: bool, coarse: int) -> str:
    """What a phone was told in a protected answer."""
    return "granted" if granted else reason.coarse_name(coarse)


def judge_shown(promise: Promise, said: dict) -> Result:
    """The line for a card or a PIN: what the reader said of it against ``promise``."""
    problems = []
    if (said["granted"], said["reason"]) != (promise.granted, promise.reason):
        problems.append(f"{said['reason']}, not {promise.reason}")
    return Result(promise, said["granted"], said["reason"], None, 0, 0, 0, tuple(problems))
