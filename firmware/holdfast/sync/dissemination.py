"""How a change of the policy comes to every node: hints by Trickle, pulled from known peers.

A hint (hint.py) is believed by nobody. It makes a node say where it is itself, and ask a known
peer in a protected exchange (access/policy/news.py). Without any hint each node asks some peer
every five minutes. What is pulled is signed by the authority: whoever takes it checks that.
"""

from micropython import const
from untrusted import InvalidInput

from ..access.policy import news as formats
from . import hint
from .chance import between
from .sources import Sources
from .trickle import Trickle

IMIN_MS = const(500)  # more than a multicast may be late
DOUBLINGS = const(9)
IMAX_MS = const(256000)
K = const(3)
CONFIGURED = const(4)  # peers that hints go to by unicast, at most

NEWS = const(0)
PART = const(1)

_ASK_MS = const(290000)  # some peer is asked, whatever hints say: at least every five minutes
_ASK_SOONEST_MS = const(240000)
_AGAIN_MS = const(10000)  # and if none answers
_AGAIN_LONGEST_MS = const(160000)
GIVE_UP_MS = const(20000)  # after which a question counts as not answered

_AT_ONCE = const(3)  # questions under way because of hints
_STAGGER_MS = const(1000)  # so long an answer is waited for before somebody else is asked
_PART_TRIES = const(3)
_RUMOUR_MS = const(15000)  # between questions because of hints of unknown nodes
_SAID_OFTEN = const(3)
_BESIDE = const(2)  # so many are told by unicast what is new: multicasts get lost for seconds
_UNHEARD_MS = const(3600000)


class Ask:
    """A question to the known ``peer`` (its tag): NEWS after the changeset ``number``, or PART
    ``number`` of its snapshot, of which 0 is the head. ``at`` is the changeset in force here then.
    """

    def __init__(self, kind: int, peer: bytes, number: int, by_hint: bool, at: int):
        self.kind = kind
        self.peer = peer
        self.number = number
        self.by_hint = by_hint
        self.at = at


class Dissemination:
    """The part of one node, whose own tag is ``node`` (6 bytes).

    ``position()`` gives (number, head) of the policy in force. ``known()`` gives the tags of the
    peers that are proven to be nodes of this site, ``configured()`` those of them, up to four,
    to which hints go by unicast where multicast fails. ``say(hint, peer)`` sends a CoAP message
    as NON, by multicast if ``peer`` is None.

    ``node`` is its tag. ``confirmed_at`` is when a peer last showed, in a protected answer, that
    it knows no more than we, None before that; ``forked`` the tag of a peer that has another
    changeset of our number; ``needs_snapshot`` says that nobody who answered has the changesets
    that are missing.
    """

    def __init__(self, node, position, known, say, random_bytes, now: int, configured=tuple):
        self.node = node
        self._position = position
        self._say = say
        self._random_bytes = random_bytes
        self._configured = configured
        self._trickle = Trickle(IMIN_MS, DOUBLINGS, K, random_bytes, now)
        self._sources = Sources(known, random_bytes)
        self._at = position()
        self._asks = 0  # under way because of hints
        self._pull_at = None  # because of a hint
        self._is_rumour = False
        self._rumour_at = now
        self._ask_at = now + between(random_bytes, 0, _AGAIN_MS)
        self._unanswered = 0
        self._parts = None  # the next Ask of a snapshot that is being fetched
        self._part_fails = 0
        self._fetching_until = now  # and while one is, nobody else is pulled from
        self._multicast_at = None  # when the last one was heard
        self._unheard_until = now  # peers seem not to hear ours
        self._said = 0  # how often, since the last change
        self.confirmed_at = None
        self.forked = None
        self.needs_snapshot = False

    # What comes

    def heard(self, said: tuple, now: int):
        """A hint came (``said`` as ``hint.parse`` gives it): the tag of whom it names, None if
        that is we, or nobody who has a policy.
        """
        number, head, node, by_multicast, sought = said
        if node == self.node or sought is not None and not number:
            return None
        if by_multicast:
            self._multicast_at = now
        ours, our_head = self._at
        if number == ours and head == our_head[: hint.HEAD]:
            self._trickle.consistent()
            return node
        self._trickle.inconsistent(now)
        if number < ours:
            return node  # ours tells it
        source = self._sources.get(node)
        if source is not None:
            # Also with our number and another head: whoever it was, the peer itself will tell.
            source.newer = number
        else:
            self._is_rumour = True
        self._want(now + between(self._random_bytes, 0, IMIN_MS))
        return node

    def asked(self, peer: bytes, number: int, now: int):
        """The known ``peer`` asks, in a protected request, for what comes after ``number``."""
        ours = self._at[0]
        source = self._sources.get(peer)
        if number > ours and source is not None:
            source.newer = number
            self._want(now)
        elif number < ours and self._said >= _SAID_OFTEN:
            # It has had every chance to hear of it.
            self._unheard_until = now + _UNHEARD_MS

    def changed(self, now: int):
        """Another policy may be in force, wherever it came from."""
        position = self._position()
        if position == self._at:
            return
        self._at = position
        self._said = 0
        self._parts = None
        self.needs_snapshot = False
        self.forked = None
        self._sources.reached(position[0])
        self._trickle.inconsistent(now)
        self._trickle.c = 0  # what was heard of the policy before tells nobody of this one
        if not self._sources.newest():
            # Whoever was unknown and ahead is where we are, or will say so again.
            self._is_rumour = False
            self._pull_at = None

    # What is to be done

    @property
    def due(self) -> int:
        """When ``run`` is to be called next."""
        if self._parts is not None:
            return 0  # at once
        times = [self._trickle.due, self._ask_at]
        silenced = self._trickle.silenced_at
        if silenced is not None:
            times.append(silenced)
        if self._asks < _AT_ONCE and self._pull_at is not None:
            times.append(self._pull_at)
        return min(times)

    def run(self, now: int):
        """Say what is due, and give an Ask that is to be made now, or None. To be called again
        after each Ask; each is answered (``answered``), if only with None.
        """
        if self._trickle.run(now):
            self._hint(None)
            peers = ()
            if self._is_multicast_failing(now):
                # Those that somebody named, and others: or these would hear from nobody.
                configured = list(self._configured())[:CONFIGURED]
                peers = self._sources.some(CONFIGURED - len(configured))
                peers.extend(configured)
            elif self._said < _SAID_OFTEN:
                peers = self._sources.some(_BESIDE)
            for peer in peers:
                self._hint(peer)
            self._said += 1
        elif self._trickle.is_silenced(now):
            # To one of them, so that a crowd does not tell the crowd what all know.
            for peer in self._sources.some(1):
                self._hint(peer)
            self._trickle.spoke()
        ask = self._next(now)
        if ask is not None and ask.by_hint:
            self._asks += 1
        return ask

    def answered(self, ask: Ask, payload, now: int):
        """The answer to ``ask``, None if there was none: raw changesets, or a part, to be taken in
        this order. Then ``changed`` is to be called, and ``taken`` whatever became of them.
        """
        if ask.by_hint:
            self._asks -= 1
        if ask.kind == PART:
            return self._part(ask, payload, now)
        news = None
        if payload is not None:
            try:
                news = formats.parse(payload)
            except InvalidInput:
                pass  # a peer that tells no news is none that answers
        if not ask.by_hint:
            self._asked_by_turn(news is not None, now)
        found = ()
        if news is not None:
            found = self._news(ask, news, now)
        if not found:
            self._sources.answered(ask.peer, now, self._parts is not None, ask.by_hint)
            self._go_on()
        return found

    def taken(self, ask: Ask, now: int, wanted=None):
        """What came for ``ask`` was taken, or refused: ``wanted`` is the next part of the snapshot
        under way, None if there is none.
        """
        brought = self._at[0] > ask.at
        if ask.kind == PART:
            self._fetching_until = now
            # The same part again is no progress: who gave it has another one.
            if wanted is not None and wanted != ask.number:
                brought = True
                self._parts = Ask(PART, ask.peer, wanted, ask.by_hint, ask.at)
        self._sources.answered(ask.peer, now, brought, ask.by_hint)
        self._go_on()

    def age(self, now: int):
        """Milliseconds since a peer last showed that it knows no more than we, or None."""
        return None if self.confirmed_at is None else now - self.confirmed_at

    # How

    def hint(self, to_all: bool, sought=None):
        """The Message that says at which policy this node is, and asks for the tag ``sought``."""
        number, head = self._at
        return hint.message(number, head, self.node, to_all, sought)

    def _hint(self, peer):
        self._say(self.hint(peer is None), peer)

    def _is_multicast_failing(self, now):
        at = self._multicast_at
        return at is None or now - at > 2 * IMAX_MS or now < self._unheard_until

    def _want(self, at):
        if self._pull_at is None or at < self._pull_at:
            self._pull_at = at

    def _go_on(self):
        at = self._sources.next_at()
        if at is not None:
            self._want(at)

    def _next(self, now):
        if self._parts is not None:
            ask, self._parts = self._parts, None
            self._fetching_until = now + GIVE_UP_MS
            return ask
        if now >= self._ask_at:
            self._ask_at = now + _ASK_MS
            peer = self._sources.any()
            if peer is not None:
                return Ask(NEWS, peer, self._at[0], False, self._at[0])
            self._ask_at = now + _AGAIN_MS
        if self._pull_at is None or now < self._pull_at or self._asks >= _AT_ONCE:
            return None
        if now < self._fetching_until:
            self._pull_at = self._fetching_until
            return None
        may_follow_rumour = self._is_rumour and now >= self._rumour_at
        # Who was asked has not answered for a while: others may have it by now.
        is_late = self._asks > 0
        chosen = self._sources.choose(now, may_follow_rumour or is_late)
        if chosen is None:
            self._pull_at = self._sources.next_at()
            if self._is_rumour and not may_follow_rumour:
                self._want(self._rumour_at)
            elif self._is_rumour:
                self._is_rumour = False  # everybody was asked lately
            if self._pull_at is not None:
                self._pull_at = max(self._pull_at, now + _STAGGER_MS)
            return None
        peer, is_ahead = chosen
        if not (is_late or is_ahead):
            self._is_rumour = False
            self._rumour_at = now + _RUMOUR_MS
        self._pull_at = now + _STAGGER_MS  # unless it is here by then
        return Ask(NEWS, peer, self._at[0], True, self._at[0])

    def _asked_by_turn(self, is_answered, now):
        if is_answered:
            self._unanswered = 0
            self._ask_at = now + between(self._random_bytes, _ASK_SOONEST_MS, _ASK_MS)
        else:
            pause = min(_AGAIN_MS << self._unanswered, _AGAIN_LONGEST_MS)
            self._unanswered = min(self._unanswered + 1, 4)
            self._ask_at = now + between(self._random_bytes, pause // 2, pause)

    def _news(self, ask, news, now):
        number, head = self._at
        source = self._sources.get(ask.peer)
        if source is not None:
            source.newer = news.number if news.number > number else 0
        if news.number == number and news.head == head:
            self.confirmed_at = now
            self.forked = None
        elif news.number == number:
            self.forked = ask.peer
        elif news.number < number:
            self._trickle.inconsistent(now)  # it must hear ours
        else:
            missing = news.changesets[number - ask.number :] if number >= ask.number else ()
            if missing:
                return missing
            if news.snapshot is not None and news.snapshot > number:
                self._parts = Ask(PART, ask.peer, 0, ask.by_hint, number)
            elif not news.changesets:
                self.needs_snapshot = True
                if source is not None:
                    source.newer = 0
        return ()

    def _part(self, ask, payload, now):
        if payload is None and self._part_fails < _PART_TRIES and self._at[0] == ask.at:
            # Sooner than to begin again with another snapshot.
            self._part_fails += 1
            self._parts = Ask(PART, ask.peer, ask.number, ask.by_hint, ask.at)
            return ()
        self._part_fails = 0
        if payload is None or not payload or len(payload) > formats.ROOM:
            self._parts = None
            self._fetching_until = now
            self._sources.answered(ask.peer, now, False, True)
            self._go_on()
            return ()
        return (payload,)
