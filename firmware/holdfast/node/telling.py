"""What others say of the time: peers and administrators, and the authority's word when asked.

Loaded when somebody asks or says something: a door opens without.
"""

import crypto
from micropython import const

from ..access.clock import word
from ..access.clock.word import NONCE_LENGTH, WordRefused
from ..access.events.event import CLOCK_CORRECTED, CLOCK_REFUSED, CLOCK_SET

_HOLDS_S = const(600)
_NUMBER = const(4)  # bytes, of how many questions there were, and of the uptime
_SECRET = const(16)


class Questions:
    """Nonces, one for each time that somebody asks; no restart knows those before it.

    A nonce says by itself which one it is and when it was given, and is the node's own by a code
    under a secret of this start: so none has to be kept, and nobody's uses up another's place.
    ``uptime()`` is in seconds.
    """

    def __init__(self, random_bytes, uptime):
        self._secret = random_bytes(_SECRET)
        self._uptime = uptime
        self._asked = 0
        self._answered = 0

    def nonce(self, who: bytes) -> bytes:
        """A question for the authority, which ``who`` carries: 16 bytes."""
        self._asked += 1
        head = self._asked.to_bytes(_NUMBER, "big") + self._uptime().to_bytes(_NUMBER, "big")
        return head + self._code(head, who)

    def age(self, nonce: bytes, who: bytes) -> int:
        """How many seconds ago ``nonce`` was given to ``who``.

        Raises WordRefused: it is none of this start, another's, too old, or one up to it was used.
        """
        head = nonce[: 2 * _NUMBER]
        if len(nonce) != NONCE_LENGTH or not crypto.equal(nonce[8:], self._code(head, who)):
            raise WordRefused("an answer to nothing that was asked here")
        if int.from_bytes(head[:_NUMBER], "big") <= self._answered:
            raise WordRefused("an answer that came before")
        age = self._uptime() - int.from_bytes(head[_NUMBER:], "big")
        if age > _HOLDS_S:
            raise WordRefused("asked more than %d minutes ago" % (_HOLDS_S // 60))
        return age

    def answered(self):
        """The clock is right: what was asked until now is over."""
        self._answered = self._asked

    def _code(self, head, who):
        return crypto.hmac_sha256(self._secret, head + who)[: NONCE_LENGTH - 2 * _NUMBER]


class Telling:
    """Who tells the clock of ``node`` (a Node), and what becomes of it."""

    def __init__(self, node):
        self._node = node
        self._questions = Questions(node.hardware.random_bytes, node.timekeeper.uptime)

    def told(self, time: int, error_s: int, by=None) -> bool:
        """Whether it can be ``time``, off by at most ``error_s``, as ``by`` says; OSError."""
        node = self._node
        fields = {"by": by, "old_time": node.timekeeper.read().now}
        if 0 < time < 1 << 32:
            fields["new_time"] = time
        is_believed = node.timekeeper.told(time, error_s)
        if is_believed and node.timekeeper.is_moved:
            fields["detail"] = "none that was thought possible"
        # Whoever may say so may do so all day.
        node.recorder.note(CLOCK_SET if is_believed else CLOCK_REFUSED, fields, anybody=True)
        node.tell_clock()
        return is_believed

    def question(self, credential) -> bytes:
        """A nonce for the authority, which the bearer of ``credential`` carries: 16 bytes."""
        return self._questions.nonce(credential.public_key)

    def corrected(self, raw: bytes, credential):
        """Go by the authority's word ``raw``, for which the bearer of ``credential`` has asked.

        Raises WordRefused, whose text says why not, and OSError: then it is not for good.
        """
        node, rules = self._node, self._node.stores.rules
        nonce = word.nonce_of(raw)
        age = self._questions.age(nonce, credential.public_key)
        site, name = node.settings.site, node.settings.node
        time = word.verify(raw, rules.anchors, site, name, nonce, rules.head)
        fields = {"by": credential.name, "old_time": node.timekeeper.read().now}
        node.timekeeper.corrected(time, age)
        self._questions.answered()
        fields["new_time"] = time
        node.recorder.note(CLOCK_CORRECTED, fields)
        node.tell_clock()
