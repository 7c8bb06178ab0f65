"""Events in words: what one says, for a person who reads a list of them."""

from holdfast.access import reason
from holdfast.access.events import event
from holdfast.access.events.record import Event

from ..credentials import lifetime
from ..credentials.dates import Dates

_WAYS = {1: "in", 2: "out"}
_SHOWN = {
    event.SHOWN_TOKEN: "phone",
    1: "card",
    2: "PIN",
    event.SHOWN_CARD_AND_PIN: "card and PIN",
    event.SHOWN_PIN_AND_CARD: "PIN and card",
}
_MARKS = {
    "duress": "DURESS: calls for help",
    "late": "late",
    "guest": "guest",
    "by_grace": "by grace",
    "without_intent": "without intent",
    "user_verified": "user verified",
    "locked": "too many wrong PINs before",
}
_DATES = ("old_time", "new_time")


def told(happened: Event) -> dict[str, object]:
    """All that an event says, under names and in values that fit JSON."""
    said: dict[str, object] = {
        "number": happened.number,
        "kind": event.kind_name(happened.kind),
        "time": happened.time,
        "clock": happened.source,
        "uncertainty": happened.uncertainty,
        "uptime": happened.uptime,
    }
    for name, value in happened.fields.items():
        said[str(name)] = value.hex() if isinstance(value, bytes) else value
    if happened.kind == event.ACCESS and "reason_code" in happened.fields:
        code = happened.fields["reason_code"]
        said["reason"] = reason.name(code)
        said["granted"] = code == reason.GRANTED
    return said


def what(said: dict) -> str:
    """What happened."""
    words = str(said.get("reason", said["kind"])).replace("_", " ")
    side = way(said)
    return f"{words}, {side}" if side else words


def way(said: dict) -> str:
    """Which way: in, out, or empty where the door does not tell."""
    return _WAYS.get(said.get("way", 0), "")


def shown(said: dict) -> str:
    """What was shown: a phone, a card, a PIN, both; empty for what is no visit."""
    if said["kind"] != "access":
        return ""
    return _SHOWN.get(said.get("shown", -1), "phone" if said.get("holder") else "")


def decision(said: dict) -> str:
    """What the door said: granted, refused; empty for what is no decision."""
    if "granted" not in said:
        return ""
    return "granted" if said["granted"] else "refused"


def who(said: dict) -> str:
    """Who or which: the holder if one was proven, else what is known of who asked."""
    if said.get("person"):
        shown = _SHOWN.get(said.get("shown", 1), "card")
        formerly = ", formerly" if said.get("formerly") else ""
        return f"{said['person']}{formerly} ({'phone' if said.get('holder') else shown})"
    if said.get("holder"):
        return str(said["holder"])
    if said.get("claimed"):
        return f"somebody who says to be {said['claimed']}"
    if said.get("by"):
        last = f", up to event {said['last']}" if "last" in said else ""
        detail = f", {said['detail']}" if "detail" in said else ""
        return f"by {said['by']}{last}{detail}"
    if said.get("short"):
        whose = "" if said.get("granted") else "unknown "
        return f"{whose}{_SHOWN.get(said.get('shown', 1), 'card')} {said['short']}"
    if said.get("card"):
        return f"{_SHOWN.get(said.get('shown', 1), 'card')} {said['card']}"
    if said["kind"] == "access" and said.get("shown") in _SHOWN:
        return f"unknown {_SHOWN[said['shown']]}"
    return _rest(said)


def marks(said: dict) -> str:
    """What is remarkable about it."""
    found = [words for name, words in _MARKS.items() if said.get(name)]
    if said.get("use"):
        of = f" of {said['of']}" if said.get("of") else ""
        found.append(f"use {said['use']}{of}")
    if said["kind"] == "access" and said.get("count"):
        found.append(f"after {said['count']} refusals that were not kept")
    return ", ".join(found)


def when(said: dict, dates: Dates | None = None) -> str:
    """The time, as far as the reader knew it; by the site's ``dates``, or in UTC."""
    if said["time"] is None:
        return "unknown"
    time = lifetime.iso(said["time"]) if dates is None else dates.text(said["time"])
    return f"after {time}" if said["clock"] in ("floor", "token") else time


def _rest(said):
    names = ("detail", "count", "last", "changeset")
    found = [f"{name} {said[name]}" for name in names if name in said]
    if "on" in said:
        found.append("on" if said["on"] else "off")
    found += [
        f"{name.replace('_', ' ')} {lifetime.iso(said[name])}" for name in _DATES if name in said
    ]
    return ", ".join(found)
