"""The OSCORE contexts the reader remembers, found by the ``kid`` that a phone sends."""

from oscore import ReplayError, echo_challenge

from ..access.credential import Unpacked


class Association:
    """One phone that has been authenticated: its OSCORE ``context`` and its ``credential``.

    ``seed`` is what a store needs to make it again after a restart: Master Secret, Master Salt,
    size of the replay window and the token that the credential came in.

    A reader keeps many of them in little memory: the credential lies packed, and what is mostly as
    it was at first lies in the class.
    """

    seed = None
    has_opened = False  # something was done for this phone
    newest_challenged = -1  # highest Partial IV that was asked to prove itself fresh

    def __init__(self, context, credential, seed=None):
        self.context = context
        self._packed = credential.packed()
        self._authority = credential.authority
        if seed:
            self.seed = seed

    @property
    def credential(self):
        """The access.Credential, made anew each time."""
        return Unpacked(self._packed, self._authority)

    def moved(self):
        """The same elsewhere in memory; this one must not be used any more."""
        there = Association(self.context.moved(), self.credential, self.seed)
        if self.has_opened:
            there.has_opened = True
        if self.newest_challenged >= 0:
            there.newest_challenged = self.newest_challenged
        return there


class _NoStore:
    """What is kept over a restart where there is nothing to keep it on."""

    def load(self, capacity):
        return ()

    def keep(self, c_r, context, credential, seed):
        pass

    def forget(self, c_r):
        pass

    def echo(self) -> bytes:
        raise ValueError("no association of an earlier start")


class Contexts:
    """At most ``capacity`` associations by identifier C_R; the longest unused goes first.

    Before any that has opened something go those that have not: a phone whose every wish is
    refused must not be able to make the reader forget the others.

    Identifiers are the 48 one-byte integers of RFC 9528 section 3.3.2, the shortest on the wire.
    They start at a random one, so that after a restart an old phone rarely meets another's
    context. With a ``store`` (storage/contexts.py) those that have opened something are kept
    over a restart.

    One that memory had no room for is None: it lies in the store alone, and comes back with a
    restart. It counts as the least wanted, so that the store never holds more than ``capacity``.
    """

    def __init__(self, capacity: int, first: int, store=None):
        self._capacity = capacity
        self._next = first
        self._store = store or _NoStore()
        self._associations = {}
        self._recent = []  # identifiers, longest unused first
        self._reserved = set()
        self._unkept = []  # identifiers of those that have opened something and are not stored yet
        self._unmoved = []  # identifiers of those that were made in the midst of a handshake
        for c_r, context, credential in self._store.load(capacity):
            association = Association(context, credential)
            association.has_opened = True
            self._recent.append(c_r)
            self._associations[c_r] = association

    def find(self, c_r: bytes):
        """The association with this identifier in memory, or None."""
        return self._associations.get(c_r)

    def used(self, c_r: bytes):
        """Note that the phone itself was here: ``find`` does not, since anyone can name it."""
        if c_r in self._recent:
            self._recent.remove(c_r)
            self._recent.append(c_r)

    def reserve(self, c_i: bytes) -> bytes:
        """An identifier for a handshake that nobody uses and that differs from ``c_i``.

        RFC 9528 appendix A.1 forbids C_I = C_R: both would be the same OSCORE id. None is free
        only if ``capacity`` and the handshakes under way together pass 47, which the limits
        prevent.
        """
        for _ in range(48):
            number = self._next = (self._next + 1) % 48
            c_r = bytes((number if number < 24 else number - 24 + 0x20,))
            if c_r != c_i and c_r not in self._reserved and c_r not in self._associations:
                self._reserved.add(c_r)
                return c_r
        raise RuntimeError("no connection identifier is free")

    def release(self, c_r: bytes):
        """Give back a reserved identifier whose handshake came to nothing."""
        self._reserved.discard(c_r)

    def add(self, c_r: bytes, association: Association):
        """Remember an association under an identifier reserved for it."""
        self._reserved.discard(c_r)
        if len(self._associations) >= self._capacity:
            self.forget(self._least_wanted())
        # In this order: without memory for the second step nothing is found that cannot go again.
        self._recent.append(c_r)
        self._associations[c_r] = association
        self._unmoved.append(c_r)

    def opened(self, c_r: bytes, association: Association):
        """Note that something was done for this phone: ``settle`` stores it, the first time."""
        if not association.has_opened and self._associations.get(c_r) is association:
            association.has_opened = True
            self._unkept.append(c_r)

    def settle(self):
        """Store what ``opened`` noted, once the phone has its answer.

        Raises nothing: what cannot be stored, or not before a power cut, lives until the next
        restart.
        """
        while self._unkept:
            c_r = self._unkept.pop()
            association = self._associations.get(c_r)
            if association is not None and association.seed:
                seed, association.seed = association.seed, None
                self._store.keep(c_r, association.context, association.credential, seed)

    def move(self):
        """Put what was added lately where the lowest memory is free, just after a collection.

        What a handshake leaves lies among what it took, a few bytes here and there, until in the
        end no larger piece is free between them. Only while no connection is open: whoever has an
        association in hand would go on with one that is no longer found. Raises nothing.
        """
        try:
            while self._unmoved:
                c_r = self._unmoved[-1]
                association = self._associations.get(c_r)
                if association is not None:
                    self._associations[c_r] = association.moved()
                self._unmoved.pop()
        except MemoryError:
            pass  # the next time

    def forget(self, c_r: bytes):
        """Forget an association, in memory and on flash."""
        if c_r in self._recent:
            self._recent.remove(c_r)
        if c_r in self._associations:
            association = self._associations.pop(c_r)
            if association is None or association.has_opened:
                self._store.forget(c_r)

    def make_room(self):
        """Memory did not suffice: forget those that have opened nothing, and one that has.

        That one, the longest unused, stays in the store: a crowd of strangers can fill the memory,
        and must not be able to do more to a phone than make it introduce itself once more. Takes
        no memory itself, and raises nothing.
        """
        one_has_gone = False
        at = 0
        while at < len(self._recent):
            c_r = self._recent[at]
            association = self._associations[c_r]
            at += 1
            if association is None:
                continue
            if not association.has_opened:
                at -= 1
                del self._recent[at]
                del self._associations[c_r]
            elif not one_has_gone:
                self._associations[c_r] = None
                one_has_gone = True

    def forget_credentials(self, is_void):
        """Forget every association for whose credential ``is_void(credential)`` is true."""
        for c_r in list(self._recent):
            association = self._associations[c_r]
            # What is in the store alone is asked about when it comes back.
            if association is not None and is_void(association.credential):
                self.forget(c_r)

    def challenge(self, c_r: bytes, association: Association, needed):
        """The protected answer to a request that raised EchoNeeded (RFC 8613 appendix B.1.2).

        Raises ReplayError for one not newer than the last that was challenged: the stream keeps
        the order, so it is a recording, and a recording is good for one challenge a restart.
        Raises SequenceExhausted, or what the store raises when it cannot reserve the Partial IV
        that the challenge takes.
        """
        context = association.context
        number = int.from_bytes(needed.exchange.request_piv, "big")
        if number <= association.newest_challenged:
            raise ReplayError("not newer than a request that was challenged")
        association.newest_challenged = number
        # The same for all until one comes back, so that a recording in between takes nothing away.
        echo = context.expected_echo or self._store.echo()
        return echo_challenge(context, needed.exchange, echo)

    def _least_wanted(self):
        for c_r in self._recent:
            if self._associations[c_r] is None:
                return c_r
        for c_r in self._recent:
            if not self._associations[c_r].has_opened:
                return c_r
        return self._recent[0]
