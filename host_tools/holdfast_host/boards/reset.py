"""A reader taken back to what it was in the factory: its keys and rules erased by itself."""

import dataclasses
from pathlib import Path

from .. import files, folders, locks
from ..errors import UsageProblem
from .process import ReaderProcess

# As in firmware/holdfast/storage/factory_reset.py
REQUEST = "factory-reset"
BEGUN = "factory-reset.begun"
DISCARD = b"discard-events"


@dataclasses.dataclass(frozen=True)
class Reset:
    """What came of it: the ``public_key`` that the reader has made since, X25519, in hexadecimal,
    and how many events nobody had acknowledged that it has ``given_up``.
    """

    public_key: str
    given_up: int


def reset(state_folder: Path, *, discard_events: bool = False) -> Reset:
    """Have the reader in ``state_folder`` erase its keys and rules, and make new keys.

    Refused while it has events that nobody has acknowledged, unless these are to be discarded.
    Once it has begun it goes on at each start of the reader, whatever cuts it.
    """
    other = folders.instead(state_folder, folders.READER)
    if other or not state_folder.is_dir():
        raise UsageProblem(
            f"there is no reader in {state_folder}{other}", "give the folder of a reader"
        )
    with locks.hold(state_folder) as held:
        request = DISCARD if discard_events else b""
        files.write(state_folder / REQUEST, request, files.PRIVATE)
        reader = ReaderProcess(state_folder, held=held)
        begin = reader.launch()
        try:
            reader.wait(_has_answered, since=begin)
        finally:
            reader.stop()
        said = {event.get("event"): event for event in reader.events[begin:]}
        if "reset_refused" in said:
            count = said["reset_refused"].get("events")
            raise UsageProblem(
                f"the reader in {state_folder} has {count} events that are not home",
                "run it, and bring them home: holdfast phone carry PHONE_DIR --events FILE --site"
                " SITE_DIR; or give them up with --discard-events",
            )
        if "reset" not in said or "unprovisioned" not in said:
            raise reader.failure(begin)
    given_up = said["reset"].get("events_given_up")
    return Reset(
        str(said["unprovisioned"].get("public_key")), given_up if type(given_up) is int else 0
    )


def require_none(state_folder: Path) -> None:
    """Refuse a reader that is to be reset: what is certified now would be for keys that go."""
    if any((state_folder / name).exists() for name in (REQUEST, BEGUN)):
        raise UsageProblem(
            f"the reader in {state_folder} is about to erase its keys",
            f"let it: holdfast reader reset {state_folder}",
        )


def _has_answered(event: dict) -> bool:
    return event.get("event") in ("unprovisioned", "reset_refused", "ready", "storage_refused")
