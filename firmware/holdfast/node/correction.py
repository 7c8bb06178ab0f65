"""Having the authority put the clock right: a question for its word, and the word.

Loaded when somebody asks: a door opens without.
"""

import crypto
from micropython import const

from ..access.clock import word
from ..access.clock.word import NONCE_LENGTH, WordRefused

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


def read(raw: bytes, questions: Questions, who: bytes, settings, rules) -> tuple:
    """``(time, age)``: the time that the authority says in its word ``raw``, and for how many
    seconds before now ``who`` has had the question. Raises WordRefused.
    """
    nonce = word.nonce_of(raw)
    age = questions.age(nonce, who)
    time = word.verify(raw, rules.anchors, settings.site, settings.node, nonce, rules.head)
    return time, age
