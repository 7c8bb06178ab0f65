"""Tokens whose signature was verified here before, so that it need not be a second time."""

import crypto
from micropython import const
from untrusted import InvalidInput

from .. import files
from ..sealed import OVERHEAD

_TAG = const(8)
_ROOM = const(512)  # bytes of tags: 64, on flash and in RAM
_PENDING = const(4)  # tokens that wait for an idle moment
_BETWEEN = const(3)  # visits from one writing to the next
_AAD = b"holdfast tokens\x01"  # the last byte is the version of the format


class VerifiedTokens:
    """Remembers the last 64 tokens in the file at ``path``, sealed with ``sealer``.

    ``key``, 32 bytes, is the board's own, so that nobody else can make a token's tag; the tag also
    binds the authority's key, so that a token does not outlive its trust. When a token ends is not
    kept: whoever decides looks that up in the token itself. Nothing here ever raises for a file
    that is damaged or flash that fails: what is not known is verified again.
    """

    def __init__(self, path: str, sealer, key: bytes):
        self._path = path
        self._sealer = sealer
        self._key = key
        self._tags = None  # those known, oldest first, once they were read
        self._pending = []
        self._asked = None  # (token, authority, tag) of the one that was not known last
        self._is_new = False  # flash does not have all of them
        self._visits = _BETWEEN  # since they were written

    def knows(self, raw: bytes, authority: bytes) -> bool:
        """Whether the signature on the token ``raw`` by the key ``authority`` was verified."""
        tag = self._tag(raw, authority)
        tags = self._known()
        at = _find(tags, tag)
        self._asked = (raw, authority, tag) if at < 0 else None
        if 0 <= at < len(tags) - _ROOM // 2:
            self._note(tag)  # it had better not be among the next to go
        return at >= 0

    def verified(self, raw: bytes, authority: bytes, expires: int):
        """That signature was verified now, on a token that ends at ``expires``."""
        asked = self._asked
        if asked is not None and asked[0] is raw and asked[1] is authority:
            self._note(asked[2])  # as a rule: a tag takes as long as many a step of a handshake
        else:
            self._note(self._tag(raw, authority))

    def flush(self):
        """Take in what was noted, in an idle moment; write it down, after every few visits."""
        self._visits += 1
        self._asked = None
        pending, self._pending = self._pending, []
        for tag in pending:
            tags = self._known()
            at = _find(tags, tag)
            if at >= 0:
                tags = tags[:at] + tags[at + _TAG :]
            else:
                self._is_new = True
            self._tags = (tags + tag)[-_ROOM:]
        if not self._is_new or self._visits < _BETWEEN:
            return
        self._visits = 0
        self._is_new = False
        try:
            files.write(self._path, self._sealer.seal(self._tags, _AAD))
        except OSError:
            self._is_new = True  # after as many visits again

    def _known(self):
        if self._tags is None:
            self._tags = b""
            try:
                sealed = files.read(self._path, OVERHEAD + _ROOM)
                if sealed is not None:
                    tags = self._sealer.open(sealed, _AAD)
                    self._tags = bytes(tags[: len(tags) // _TAG * _TAG])
            except (OSError, InvalidInput):
                pass
        return self._tags

    def _note(self, tag):
        if len(self._pending) < _PENDING and tag not in self._pending:
            self._pending.append(tag)

    def _tag(self, raw, authority):
        return crypto.hmac_sha256(self._key, authority + raw)[:_TAG]


def _find(tags, tag):
    """Where in ``tags`` the tag is, -1 if nowhere."""
    at = tags.find(tag)
    while at >= 0 and at % _TAG:
        at = tags.find(tag, at + 1)
    return at
