"""Whom a node knows, in little memory: OSCORE contexts with the credential each was made with."""

from micropython import const
from oscore import SecurityContext, Table, echo_challenge
from oscore.context import length
from oscore.table import kid_of, number_of

from ..access.credential import Credential, ends, proven_key

# Replay windows. A stream keeps the order, so only a greater Partial IV is news (RFC 8613 section
# 7.4): a wish that someone held back dies with the next one that comes through.
ORDERED = const(1)
DATAGRAMS = const(32)

_MOST_A_KEY = const(2)
_HAS_OPENED = const(1)
# Where the role is, beyond the context: after the byte for what was done, and the credential's own
# first (access/credential.py).
_ROLE = const(2)


class Association:
    """Somebody who has been authenticated: the OSCORE ``context`` and the ``credential``.

    All of it is one string of bytes, ``context.packed``: the context, a byte for what was done,
    the credential. That is what is remembered, in RAM and on flash; this object is only a view
    over it, made anew by each ``Contexts.find``.
    """

    def __init__(self, context, credential):
        """Takes the ``context`` over, with its bytes: it has none of its own any more."""
        self.context = context
        context.packed = bytearray(bytes(context.packed) + b"\0" + credential.packed())
        self._credential = credential

    @classmethod
    def over(cls, packed: bytearray):
        """The association in ``packed``, not a copy of it."""
        self = object.__new__(cls)
        self.context = SecurityContext.over(packed)
        self._credential = None
        return self

    @property
    def credential(self):
        """The access.Credential."""
        if self._credential is None:
            self._credential = Credential.over(_credential(self.context.packed))
        return self._credential


class Contexts(Table):
    """At most ``capacity`` associations with people and ``devices`` with other nodes, by
    identifier; the longest unused of the same kind goes first: however many nodes ask, nobody's
    phone is forgotten for them, and no crowd at a door makes a node forget the others.

    Before any that has opened something go those that have not: a phone whose every wish is
    refused must not be able to make the reader forget the others. And of one key there are at most
    two, so that who makes a handshake for each visit takes no room from anybody else. The
    ``store`` (storage/contexts.py) keeps those that have opened something over a restart.

    An entry that memory had no room for is None: it lies in the store alone, and comes back with a
    restart. It counts as the least wanted of either kind, so that the store never holds more than
    both numbers.
    """

    def __init__(self, capacity: int, first: int, store, devices: int):
        super().__init__(first)
        self._most = capacity, devices
        self._store = store
        self._echo = None  # the same for all until the next start
        self._unkept = []  # identifiers of those that have opened something and are not stored yet
        self._unwanted = []  # and of those that are stored and were given up
        self._unmoved = []  # identifiers of those that were made in the midst of a handshake
        for packed in self._store.load(capacity + devices):
            kid = SecurityContext.over(packed).recipient_id
            self._keep_to_two(packed)
            self._make_place(_is_device(packed))
            self.put(kid, packed)
        self.flush()

    def find(self, c_r: bytes):
        """The association with this identifier in memory, or None."""
        packed = self.packed(c_r)
        return None if packed is None else self._bound(Association.over(packed))

    def with_device(self, name: str):
        """The identifier of the association with the device ``name`` that was used last, or
        None.
        """
        for number in reversed(self.order):
            packed = self.entries[number]
            if packed is not None and Credential.over(_credential(packed)).device == name:
                return kid_of(number)
        return None

    def add(self, c_r: bytes, association: Association, window=None):
        """Remember an association under an identifier reserved for it.

        ``window`` is ORDERED or DATAGRAMS, by what its transport keeps; None leaves what it has.
        """
        context = self._bound(association).context
        if window is not None:
            context.resize_window(window)
        self._keep_to_two(context.packed)
        self._make_place(_is_device(context.packed))
        self.put(c_r, context.packed)
        self._unmoved.append(c_r)

    def opened(self, c_r: bytes, association: Association):
        """Note that something was done for this phone: ``flush`` stores it, the first time."""
        packed = association.context.packed
        if self.packed(c_r) is packed and not has_opened(packed):
            packed[length(packed)] |= _HAS_OPENED
            self._unkept.append(c_r)

    def flush(self):
        """Store what ``opened`` noted, and remove what was given up, once the phone has its
        answer.

        Raises nothing: what cannot be stored, or not before a power cut, lives until the next
        restart.
        """
        while self._unwanted:
            self._store.forget(self._unwanted.pop())
        while self._unkept:
            association = self.find(self._unkept.pop())
            # It may have gone, and another one come under its identifier.
            if association is not None and has_opened(association.context.packed):
                self._store.keep(association.context)

    def move(self):
        """Put what was added lately where the lowest memory is free, just after a collection.

        What a handshake leaves lies among what it took, a few bytes here and there, until in the
        end no larger piece is free between them. Only while no connection is open: whoever has an
        association in hand could do nothing more with it. Raises nothing.
        """
        try:
            while self._unmoved:
                c_r = self._unmoved[-1]
                packed = self.packed(c_r)
                if packed is not None:
                    self.entries[number_of(c_r)] = SecurityContext.over(packed).moved()
                self._unmoved.pop()
        except MemoryError:
            pass  # the next time

    def forget(self, c_r: bytes):
        """Forget an association, in memory and on flash."""
        is_stored = self._is_stored(number_of(c_r))
        self.remove(c_r)
        if is_stored:
            self._store.forget(c_r)

    def make_room(self):
        """Memory did not suffice: forget those that have opened nothing, and one that has.

        That one, the longest unused, stays in the store: a crowd of strangers can fill the memory,
        and must not be able to do more to a phone than make it introduce itself once more. Takes
        no memory itself, and raises nothing.
        """
        one_has_gone = False
        at = 0
        while at < len(self.order):
            number = self.order[at]
            packed = self.entries[number]
            at += 1
            if packed is None:
                continue
            if not has_opened(packed):
                at -= 1
                del self.order[at]
                del self.entries[number]
            elif not one_has_gone:
                self.entries[number] = None
                one_has_gone = True

    def forget_credentials(self, is_void):
        """Forget every association for whose credential ``is_void(credential)`` is true."""
        for number in list(self.order):
            packed = self.entries[number]
            # What is in the store alone is asked about when it comes back.
            if packed is not None and is_void(Credential.over(_credential(packed))):
                self.forget(kid_of(number))

    def forget_ended(self, now: int):
        """Forget every association whose credential has ended at ``now``, seconds since 1970."""
        for number in list(self.order):
            packed = self.entries[number]
            if packed is not None and ends(_credential(packed)) <= now:
                self.forget(kid_of(number))

    def challenge(self, c_r: bytes, association: Association, needed):
        """The protected answer to a request that raised EchoNeeded (RFC 8613 appendix B.1.2).

        Raises OSCOREError: REPLAYED for one not newer than the last that was challenged, which may
        be a recording, and a recording is good for one challenge a restart; EXHAUSTED. Raises
        what the store does when it cannot reserve the Partial IV that the challenge takes.
        """
        context = association.context
        context.challenge(int.from_bytes(needed.exchange.request_piv, "big"))
        # The same for all, so that a recording in between takes nothing away: what a request must
        # carry to be fresh is the word of this start, under the key of its own context.
        if self._echo is None:
            self._echo = self._store.echo()
        return echo_challenge(context, needed.exchange, self._echo)

    def _bound(self, association):
        association.context.reserve = self._store.reserve
        association.context.expected_echo = self._echo
        return association

    def _is_stored(self, number):
        if number not in self.entries:
            return False
        packed = self.entries[number]
        return packed is None or has_opened(packed)

    def _give_up(self, number):
        # From flash after the answer: who waits for the door does not wait for that.
        kid = kid_of(number)
        if self._is_stored(number):
            self._unwanted.append(kid)
        self.remove(kid)

    def _keep_to_two(self, packed):
        # The key and not the token: with each renewal there is another token.
        key = proven_key(_credential(packed))
        others = []
        for number in self.order:
            other = self.entries[number]
            if other is not None and proven_key(_credential(other)) == key:
                others.append(number)
        while len(others) >= _MOST_A_KEY:
            self._give_up(others.pop(0))

    def _make_place(self, for_device):
        while True:
            count, least, lowest = 0, None, 3
            for number in self.order:
                packed = self.entries[number]
                rank = 0
                if packed is not None:
                    if _is_device(packed) is not for_device:
                        continue
                    rank = 2 if has_opened(packed) else 1
                count += 1
                if rank < lowest:
                    least, lowest = number, rank
            if count < self._most[for_device] or least is None:
                return
            self._give_up(least)


def has_opened(packed) -> bool:
    """Whether something was done for whom the association in ``packed`` is with."""
    return packed[length(packed)] & _HAS_OPENED != 0


def _is_device(packed):
    return packed[length(packed) + _ROLE] != 0


def _credential(packed):
    return bytes(memoryview(packed)[length(packed) + 1 :])
