"""Tokens whose signature was verified here before, so that it need not be a second time."""

import crypto
from micropython import const
from untrusted import InvalidInput

from .records import VERIFIED

_TAG = const(8)
_PENDING = const(4)  # tokens that wait for an idle moment


class VerifiedTokens:
    """Remembers tokens in the credential cache that ``cache()`` gives (None: there is none now).

    ``key``, 32 bytes, is the board's own, so that nobody else can make a token's tag; the tag also
    binds the authority's key, so that a token does not outlive its trust. ``now()`` gives seconds
    since 1970 or None, ``retention_s()`` how long an entry is kept. What only saves work never
    raises.
    """

    def __init__(self, key: bytes, cache, now, retention_s):
        self._key = key
        self._cache = cache
        self._now = now
        self._retention_s = retention_s
        self._pending = []

    def knows(self, raw: bytes, authority: bytes) -> bool:
        """Whether the signature on the token ``raw`` by the key ``authority`` was verified."""
        cache = self._cache()
        if cache is None:
            return False
        tag = self._tag(raw, authority)
        try:
            is_known = cache.knows(tag, self._now())
        except OSError:
            return False
        if is_known:
            self._note(tag, None)
        return is_known

    def verified(self, raw: bytes, authority: bytes, expires: int):
        """That signature was verified now; the token expires at ``expires``."""
        self._note(self._tag(raw, authority), expires)

    def settle(self):
        """Write down what was noted, in an idle moment."""
        pending, self._pending = self._pending, []
        cache = self._cache()
        now = self._now()
        if cache is None or now is None:
            return
        for tag, expires in pending:
            try:
                if expires is None:
                    cache.touch(tag, now)
                else:
                    until = min(expires, now + self._retention_s())
                    cache.remember(tag, VERIFIED, 0, until, now)
            except (OSError, ValueError, InvalidInput):
                return

    def _note(self, tag, expires):
        if len(self._pending) < _PENDING:
            self._pending.append((tag, expires))

    def _tag(self, raw, authority):
        return crypto.hmac_sha256(self._key, authority + raw)[:_TAG]
