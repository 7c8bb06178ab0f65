"""From whom a node pulls: its known peers, and how often hints may send it to each of them."""

from micropython import const

from .chance import between

EVERY_MS = const(60000)  # one pull a peer that brings nothing
_MOST = const(64)  # peers that are told apart
_LONGEST = const(5)  # such pauses, for who was named in vain again and again


class Source:
    """What is known of one peer: ``newer`` is the highest number above ours that it is said to be
    at, 0 for none; ``pull_at`` from when on hints may send us to it.
    """

    def __init__(self):
        self.newer = 0
        self.pull_at = 0
        self.vain = 0
        self.is_asked = False


class Sources:
    """The peers that ``known()`` names by their tags, those proven to be nodes of this site.

    ``random_bytes(n)`` chooses among them.
    """

    def __init__(self, known, random_bytes):
        self._known = known
        self._random_bytes = random_bytes
        self._sources = {}

    def get(self, tag):
        """The Source of a known peer, else None."""
        found = self._sources.get(tag)
        if tag not in self._known():
            if found is not None:
                del self._sources[tag]
            return None
        return found or self._made(tag)

    def newest(self) -> int:
        """The highest number that a known peer is said to be at above ours, 0 for none."""
        return max([source.newer for source in self._sources.values()] or [0])

    def reached(self, number: int):
        """We are at ``number``: who was said to be there, or below, is no more ahead."""
        for source in self._sources.values():
            if source.newer <= number:
                source.newer = 0

    def choose(self, now: int, is_rumour: bool):
        """``(tag, whether it is said to be ahead)`` of a peer to pull from because of a hint; it
        is marked so. None if there is none.

        If ``is_rumour``, somebody unknown was said to be ahead, and any known peer may be too.
        """
        ahead, others = [], []
        for tag in self._known():
            source = self._sources.get(tag)
            if source is None:
                others.append(tag)
            elif not source.is_asked and source.pull_at <= now:
                (ahead if source.newer else others).append(tag)
        tag = self._one_of(ahead or (others if is_rumour else ahead))
        if tag is None:
            return None
        self._sources[tag].pull_at = now + EVERY_MS
        return tag, bool(ahead)

    def any(self):
        """The tag of any known peer that is not being asked, for what no hint brings about; or
        None.
        """
        free = []
        for tag in self._known():
            source = self._sources.get(tag)
            if source is None or not source.is_asked:
                free.append(tag)
        return self._one_of(free)

    def some(self, count: int) -> list:
        """Up to ``count`` known peers, chosen at random."""
        tags = list(self._known())
        while len(tags) > count:
            tags.pop(between(self._random_bytes, 0, len(tags)))
        return tags

    def next_at(self):
        """When the first of those that are ahead may be pulled from; None if none is."""
        found = None
        for source in self._sources.values():
            if source.newer and not source.is_asked:
                if found is None or source.pull_at < found:
                    found = source.pull_at
        return found

    def answered(self, tag, now: int, brought: bool, by_hint: bool):
        """``tag`` is not being asked any more. What brought something does not count: the
        authority signed it, and so often it can happen.
        """
        source = self._sources.get(tag)
        if source is None:
            return
        source.is_asked = False
        if brought:
            source.vain = 0
            source.pull_at = now
        elif by_hint:
            source.vain = min(source.vain + 1, _LONGEST)
            source.pull_at = now + EVERY_MS * source.vain

    def _one_of(self, tags):
        if not tags:
            return None
        tag = tags[between(self._random_bytes, 0, len(tags))]
        source = self._sources.get(tag) or self._made(tag)
        source.is_asked = True
        return tag

    def _made(self, tag):
        if len(self._sources) >= _MOST:
            known = self._known()
            for one in list(self._sources):
                if one not in known:
                    del self._sources[one]
        if len(self._sources) >= _MOST:
            del self._sources[next(iter(self._sources))]
        source = self._sources[tag] = Source()
        return source
