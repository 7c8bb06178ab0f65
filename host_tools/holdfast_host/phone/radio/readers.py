"""Readers by what they say of themselves: hints, bounded in number, checked before use.

Anybody can advertise anything, from as many addresses as he likes.
"""

import dataclasses
from collections.abc import Callable, Iterable

from holdfast.access import advert
from untrusted import InvalidInput

from .bluetooth import Heard

MOST = 64  # that are remembered at once
GONE_SECONDS = 15.0  # without a word
_SCAN_RESPONSE_SECONDS = 1.0  # which has what a reader says of itself, and may come later


@dataclasses.dataclass(frozen=True)
class Said:
    """What a reader says of itself: whether it is ``offline``, its ``node`` tag of 4 bytes, the
    ``tags`` of its doors, or why that was not understood (``trouble``).
    """

    offline: bool = False
    node: bytes = b""
    tags: tuple[bytes, ...] = ()
    trouble: str | None = None

    @property
    def names_no_door(self) -> bool:
        """Whether it may be the reader of any door, for all that it says."""
        return not self.tags


_NOTHING = Said(trouble="nothing said")


def understood(data: bytes | None) -> Said:
    """What service ``data`` say."""
    if data is None:
        return _NOTHING
    try:
        said = advert.decode(data)
    except InvalidInput as error:
        return Said(trouble=str(error))
    return Said(said.is_offline, said.node, said.doors)


class Names:
    """The names that a phone knows, to tell tags by: the ``doors`` of a ``site``."""

    def __init__(self, site: str, doors: Iterable[str]):
        self._by_tag: dict[bytes, list[str]] = {}
        for door in sorted(set(doors)):
            self._by_tag.setdefault(advert.door_tag(site, door), []).append(door)

    def of(self, said: Said) -> list[str]:
        """The doors it may be the reader of. Two names may have one tag."""
        return [door for tag in said.tags for door in self._by_tag.get(tag, ())]

    def unknown(self, said: Said) -> int:
        """How many doors it names that the phone does not know."""
        return sum(tag not in self._by_tag for tag in said.tags)


@dataclasses.dataclass
class Reader:
    """One that was heard: what came ``last``, and what it ``said`` when it said anything."""

    last: Heard
    said: Said
    first_heard: float
    last_heard: float
    told: Said | None = None

    @property
    def strength(self) -> int:
        """In dBm, of those whose strength is not known the least."""
        return -128 if self.last.rssi is None else self.last.rssi


@dataclasses.dataclass(frozen=True)
class News:
    """``what`` is ``appeared``, ``changed`` or ``gone``."""

    what: str
    reader: Reader


class Readers:
    """Those that are near, at most MOST. ``clock`` gives seconds.

    Where there are more, one that names a door of ``names`` takes the place of one that does not,
    and a stronger one that of a weaker. ``overflowed``: some were not remembered.
    """

    def __init__(self, names: Names, clock: Callable[[], float]):
        self.overflowed = False
        self._names = names
        self._clock = clock
        self._readers: dict[str, Reader] = {}
        self._put_out: list[Reader] = []

    def hear(self, heard: Heard) -> None:
        """Take in what came."""
        now = self._clock()
        known = self._readers.get(heard.address)
        if known is not None:
            known.last, known.last_heard = heard, now
            # An advertisement without its scan response takes nothing back.
            if heard.data is not None:
                known.said = understood(heard.data)
            return
        new = Reader(heard, understood(heard.data), now, now)
        if len(self._readers) >= MOST:
            self.overflowed = True
            least = min(self._readers.values(), key=self._rank)
            if self._rank(new) <= self._rank(least):
                return
            del self._readers[least.last.address]
            if least.told is not None:
                self._put_out.append(least)
        self._readers[heard.address] = new

    def near(self) -> list[Reader]:
        """All of them, those first that name a door the phone knows, then by strength."""
        return sorted(self._readers.values(), key=self._rank, reverse=True)

    def news(self) -> list[News]:
        """What there is to tell since the last time, at most one of a reader."""
        now = self._clock()
        news = [News("gone", reader) for reader in self._put_out]
        self._put_out.clear()
        for address, reader in list(self._readers.items()):
            if now - reader.last_heard > GONE_SECONDS:
                del self._readers[address]
                if reader.told is not None:
                    news.append(News("gone", reader))
            elif reader.told is None:
                waits = now - reader.first_heard < _SCAN_RESPONSE_SECONDS
                if reader.said is not _NOTHING or not waits:
                    reader.told = reader.said
                    news.append(News("appeared", reader))
            elif reader.told != reader.said:
                reader.told = reader.said
                news.append(News("changed", reader))
        return news

    def _rank(self, reader: Reader) -> tuple[bool, bool, int]:
        understood = reader.said.trouble is None
        return bool(self._names.of(reader.said)), understood, reader.strength
