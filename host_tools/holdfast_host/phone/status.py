"""How a reader says it is, for who looks after it: ``GET /status`` (docs/protocol.md)."""

import dataclasses

import cbor
from holdfast.access import status
from untrusted import InvalidInput

_LONGEST = 200  # characters of a text that is shown
_HEAD_LENGTH = 32
_MOST_FAULTS = 8
_NAMES = {
    status.DOOR: ("door", str),
    status.FIRMWARE: ("firmware", str),
    status.CRYPTO: ("crypto", str),
    status.CRYPTO_REASON: ("crypto_reason", str),
    status.CLOCK_SOURCE: ("clock", str),
    status.CLOCK_ERROR: ("clock_error_s", int),
    status.REVOCATIONS_AGE: ("revocations_age_s", int),
    status.UPTIME: ("uptime_s", int),
    status.CERTIFICATE_ENDS: ("certificate_ends_s", int),
    status.MICROPYTHON: ("micropython", str),
    status.BOARD: ("board", str),
    status.RESET_CAUSE: ("reset_cause", str),
    status.CRASHES: ("crashes", int),
    status.ENDED_BY: ("ended_by", str),
    status.TIMED: ("timed", str),
    status.WIRING: ("wiring", str),
    status.PEERS: ("peers", int),
    status.KNOWLEDGE_AGE: ("knowledge_age_s", int),
    status.NETWORK: ("network", str),
}
_STATES = ("secured", "released", "unlocked by schedule", "open", "held open", "forced")
_WRONG = ("forced", "held open", "tamper", "fire", "exit button held")  # by bits


@dataclasses.dataclass(frozen=True)
class Fault:
    """``piece`` failed with ``error``, so named, at ``place``, ``count`` times."""

    piece: str
    error: str
    place: str
    count: int


@dataclasses.dataclass(frozen=True)
class Status:
    """What a reader says; ``said`` by the names that --json has, without what it did not say.

    ``number`` and ``head`` are those of the last changeset it followed, ``doorway`` what a door
    with inputs says of itself, as numbers: its state, what is wrong, what was since the start;
    ``controller`` the id of the node that its events go to, and whether that is there.
    """

    said: dict[str, str | int]
    number: int
    head: bytes
    faults: tuple[Fault, ...]
    doorway: tuple[int, int, int] | None = None
    controller: tuple[str, bool] | None = None

    @property
    def facts(self) -> dict[str, object]:
        """It for a machine."""
        faults = [dataclasses.asdict(fault) for fault in self.faults]
        policy = {"policy": self.number, "policy_head": self.head.hex()}
        doorway = {}
        if self.doorway is not None:
            state, wrong, before = self.doorway
            doorway = {"state": _state(state), "wrong": _bits(wrong)}
            doorway["wrong_before"] = _bits(before & ~wrong)
        if self.controller is not None:
            name, is_there = self.controller
            doorway["controller"] = {"id": name, "present": is_there}
        return {**self.said, **policy, **doorway, "faults": faults}

    @property
    def rows(self) -> dict[str, str]:
        """It for a person: a line each."""
        said = self.said
        rows = {name: str(said[name]) for name in ("door", "firmware") if name in said}
        for name in ("micropython", "board"):
            if name in said:
                rows[name] = str(said[name])
        reason = f" ({said['crypto_reason']})" if said.get("crypto_reason") else ""
        rows["cryptography"] = f"{said.get('crypto', 'unknown')}{reason}"
        rows["clock"] = f"{said.get('clock', 'none')}, within {said.get('clock_error_s', 0):,} s"
        rows["policy"] = f"changeset {self.number}"
        if "revocations_age_s" in said:
            rows["policy"] += f", signed {span(said['revocations_age_s'])} ago"
        if "certificate_ends_s" in said:
            rows["certificate"] = f"ends in {span(said['certificate_ends_s'])}: renew it"
        if "peers" in said:
            age = said.get("knowledge_age_s")
            heard = "nobody has shown yet" if age is None else f"shown {span(age)} ago"
            rows["on the LAN"] = f"{said['peers']} other nodes; no later policy: {heard}"
        if "network" in said:
            rows["its address"] = str(said["network"])
        if self.controller is not None:
            name, is_there = self.controller
            rows["controller"] = name if is_there else f"{name}, which is NOT there"
        started = f"{span(said.get('uptime_s', 0))} ago"
        rows["started"] = started + (f" ({said['reset_cause']})" if "reset_cause" in said else "")
        if "ended_by" in said:
            rows["ended before by"] = str(said["ended_by"])
        if "crashes" in said:
            rows["crashes"] = str(said["crashes"])
        if "timed" in said:
            rows["ends by a timer"] = f"{said['timed']}: no channel of the RMT was left"
        if self.doorway is not None:
            state, wrong, before = self.doorway
            rows["it is"] = ", ".join(dict.fromkeys([_state(state), *_bits(wrong)]))
            if before & ~wrong:
                rows["it was"] = ", ".join(_bits(before & ~wrong))
        for number, fault in enumerate(self.faults, 1):
            times = "once" if fault.count == 1 else f"{fault.count} times"
            rows[f"fault {number}"] = f"{fault.piece}: {fault.error} at {fault.place}, {times}"
        return rows


def read(payload: bytes) -> Status:
    """What the ``payload`` of an answer says. Raises InvalidInput.

    Keys that are not known are of newer firmware, and passed over.
    """
    answer = cbor.decode(payload, max_depth=3, max_items=128)
    if not isinstance(answer, dict):
        raise InvalidInput("no status")
    said: dict[str, str | int] = {}
    for key, (name, kind) in _NAMES.items():
        value = answer.get(key)
        if value is None:
            continue
        if type(value) is not kind or (isinstance(value, int) and value < 0):
            raise InvalidInput(f"no {name}")
        said[name] = _shown(value) if isinstance(value, str) else value
    policy = answer.get(status.POLICY)
    if not isinstance(policy, list) or len(policy) != 2:
        raise InvalidInput("no policy")
    number, head = policy
    if type(number) is not int or not isinstance(head, bytes) or len(head) != _HEAD_LENGTH:
        raise InvalidInput("no policy")
    faults = _faults(answer.get(status.FAULTS, []))
    doorway = _doorway(answer.get(status.DOORWAY))
    return Status(said, number, head, faults, doorway, _controller(answer.get(status.CONTROLLER)))


def _controller(said) -> tuple[str, bool] | None:
    if said is None:
        return None
    if not isinstance(said, list) or [type(value) for value in said] != [str, bool]:
        raise InvalidInput("no controller")
    return _shown(said[0]), said[1]


def _doorway(said) -> tuple[int, int, int] | None:
    if said is None:
        return None
    if not isinstance(said, list) or len(said) != 3:
        raise InvalidInput("no doorway")
    if not all(type(value) is int and 0 <= value < 1 << 16 for value in said):
        raise InvalidInput("no doorway")
    return said[0], said[1], said[2]


def _state(value: int) -> str:
    return _STATES[value] if value < len(_STATES) else f"state {value}"


def _bits(value: int) -> list[str]:
    names = [name for place, name in enumerate(_WRONG) if value >> place & 1]
    return names + (["something newer"] if value >> len(_WRONG) else [])


def _faults(said) -> tuple[Fault, ...]:
    if not isinstance(said, list) or len(said) > _MOST_FAULTS:
        raise InvalidInput("no faults")
    faults = []
    for entry in said:
        if not isinstance(entry, list) or len(entry) != 4 or type(entry[3]) is not int:
            raise InvalidInput("no fault")
        if not all(isinstance(text, str) for text in entry[:3]):
            raise InvalidInput("no fault")
        piece, error, place = map(_shown, entry[:3])
        faults.append(Fault(piece, error, place, entry[3]))
    return tuple(faults)


def _shown(text: str) -> str:
    # A terminal must not be told what to do by a reader.
    return "".join(one if one.isprintable() else "?" for one in text[:_LONGEST])


def span(seconds) -> str:
    """So many seconds, for a person."""
    for name, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:,} {name}"
    return f"{seconds:,} s"
