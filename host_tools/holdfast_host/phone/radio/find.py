"""Which readers to try for a door, by what they say of themselves."""

import asyncio
import contextlib

from holdfast.access import advert

from ...errors import LinkClosed
from .bluetooth import Bluetooth
from .readers import Names, Reader, Readers

MOST_TRIED = 4
_OTHERS_SECONDS = 3.0  # so long one that names the door is waited for, where others are heard
_STRONGER_SECONDS = 0.25  # so long a stronger one is waited for, when one names it


async def for_door(
    bluetooth: Bluetooth, site: str, door: str, seconds: float, address: str | None = None
) -> list[Reader]:
    """Those to try for ``door`` of ``site``, the best first: at least one, at most MOST_TRIED.

    Those that name the door, the strongest first; if there is none, those that name no door at
    all. With an ``address`` that one alone, whatever it says. Raises LinkClosed if there is none
    within ``seconds``.
    """
    loop = asyncio.get_running_loop()
    tag = advert.door_tag(site, door)
    readers = Readers(Names(site, [door]), loop.time)
    found = asyncio.Event()

    def named() -> list[Reader]:
        if address is not None:
            return [one for one in readers.near() if _is_at(one, address)]
        return [one for one in readers.near() if tag in one.said.tags]

    def others() -> list[Reader]:
        if address is not None:
            return []
        return [one for one in readers.near() if one.said.names_no_door]

    def hear(heard) -> None:
        readers.hear(heard)
        if named():
            found.set()

    async def until(end: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(end):
                await found.wait()
        return found.is_set()

    async with bluetooth.scanning(hear):
        begin = loop.time()
        if await until(begin + min(_OTHERS_SECONDS, seconds)):
            await asyncio.sleep(_STRONGER_SECONDS if address is None else 0)
        elif not others():
            await until(begin + seconds)
    candidates = named() or others()
    if not candidates:
        raise _nobody(readers.near(), door, seconds, address)
    return candidates[:MOST_TRIED]


def _is_at(reader: Reader, address: str) -> bool:
    return reader.last.address.lower() == address.lower()


def _nobody(near: list[Reader], door: str, seconds: float, address: str | None) -> LinkClosed:
    if address is not None:
        return LinkClosed(
            f"no reader at {address} was heard within {seconds:g} s",
            "go nearer to it, or see who is there: holdfast phone scan",
        )
    if not near:
        return LinkClosed(
            f"no reader was heard within {seconds:g} s",
            "go nearer to the door; its reader must have power, and Bluetooth in its settings",
        )
    heard = "a reader was" if len(near) == 1 else f"{len(near)} readers were"
    return LinkClosed(
        f"{heard} heard, and none is of {door!r}: other doors, or another site",
        "check the door's name, go nearer to it, or see who is there: holdfast phone scan",
    )
