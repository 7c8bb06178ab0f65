"""Where the chain of events stands: the key of the next event, in a file that forgets the last."""

import errno
import struct

import crypto
from micropython import const

from ...access.events import record as event_record
from .. import files
from ..sealed import DamagedError

# littlefs keeps a file of up to 128 bytes beside its name (its cache size): no block of its own.
_FORM = ">BBHIIIII32s32s16s16s"
_BODY = const(120)
_CHECK = const(8)
_VERSION = const(2)
_KEY = const(32)
# How often a state is written over the last one: as much of a directory's log as a new file and a
# rename took before. Written once, littlefs would keep the keys of three times as many events.
_TIMES = const(3)

_WARNED = const(1)
_BEFORE_KNOWN = const(2)
_UNTOLD = const(4)
_UNCOUNTED = const(8)


class ChainState:
    """What the log must know to go on, apart from its records.

    ``root`` is the chain's ephemeral public key and ``base`` the number of its first event;
    ``key`` is that of event ``next`` and ``code`` that of the event before it. Events below
    ``acked`` the auditor has acknowledged, those below ``copied`` somebody has. Those from
    ``acked`` to ``kept`` are given up, and ``untold``: no event says so yet; ``before`` is the
    code of the one before ``kept``, None if unknown. ``warned``: an event says that the log is
    nearly full; ``damaged``: how many damaged places were told; ``uncounted``: the use of a grant
    that an event tells of may not be counted yet.
    """

    def __init__(self, root: bytes, key: bytes, base: int, kept: int, before=None):
        self.root = root
        self.base = base
        self.next = base
        self.key = key
        self.code = event_record.FIRST_CODE
        self.kept = kept
        self.acked = kept
        self.copied = kept
        self.before = before
        self.untold = False
        self.uncounted = False
        self.warned = False
        self.damaged = 0

    def advance(self, key: bytes, code: bytes):
        """Event ``next`` is recorded with this ``code``; the one after it has this ``key``."""
        self.key = key
        self.code = code
        self.next += 1

    def copy(self):
        """Another state that says the same."""
        return decode(self.encode())

    def encode(self) -> bytes:
        """120 bytes, integers big-endian."""
        flags = _WARNED if self.warned else 0
        if self.before is not None:
            flags |= _BEFORE_KNOWN
        if self.untold:
            flags |= _UNTOLD
        if self.uncounted:
            flags |= _UNCOUNTED
        return struct.pack(
            _FORM,
            _VERSION,
            flags,
            min(self.damaged, 0xFFFF),
            self.base,
            self.next,
            self.kept,
            self.acked,
            self.copied,
            self.root,
            self.key,
            self.code,
            self.before or event_record.FIRST_CODE,
        )


def decode(body: bytes) -> ChainState:
    """The state in what ``ChainState.encode`` made. Raises DamagedError."""
    version, flags, damaged, base, following, kept, acked, copied, root, key, code, before = (
        struct.unpack(_FORM, body)
    )
    if (
        version != _VERSION
        or base > following
        or not (acked <= kept <= following and copied <= following)
    ):
        raise DamagedError("the state of the event chain is none")
    state = ChainState(root, key, base, kept, before if flags & _BEFORE_KNOWN else None)
    state.next = following
    state.code = code
    state.acked = acked
    state.copied = copied
    state.untold = bool(flags & _UNTOLD)
    state.uncounted = bool(flags & _UNCOUNTED)
    state.warned = bool(flags & _WARNED)
    state.damaged = damaged
    return state


class ChainStore:
    """Keeps the state in one file, for one reader (its private key) and one auditor (public).

    The file ends in a code under the device's key: one that was damaged, or belongs to another
    device or auditor, is refused. Beside it lies, for as long as the chain goes on, the key that
    the auditor's acknowledgements are checked with: together they would need a block of flash.
    """

    def __init__(self, path: str, device_key: bytes, audit_key: bytes):
        self._path = path
        self._key_path = path + ".auditor"
        self._device_key = device_key
        self._audit_key = audit_key
        self._file = None  # the one at ``path``, once it was written over and all went well

    def load(self):
        """The ChainState, or None if there is none. Raises DamagedError and OSError."""
        data = files.read(self._path, _BODY + _CHECK)
        if data is None:
            return None
        if len(data) != _BODY + _CHECK:
            raise DamagedError("the state of the event chain is not %d bytes" % (_BODY + _CHECK))
        body = data[:_BODY]
        if not crypto.equal(data[_BODY:], self._check(body)):
            raise DamagedError("the state of the event chain is not this reader's")
        return decode(body)

    def save(self, state: ChainState):
        """Replace the file by ``state``, or leave it as it was. Raises OSError."""
        body = state.encode()
        data = body + self._check(body)
        file, self._file = self._file, None
        try:
            if file is None:
                file = _opened(self._path)
            if file is None:
                files.write(self._path, data)
                return
            for _ in range(_TIMES):
                file.seek(0)
                file.write(data)
                file.flush()  # all or nothing: littlefs has it beside the name
            self._file, file = file, None
        finally:
            if file is not None:
                file.close()

    def begin(self, state: ChainState, auditor_key: bytes):
        """Save the first state of a chain, and its acknowledgement key before it. OSError."""
        files.write(self._key_path, auditor_key + self._check(auditor_key + state.root))
        self.save(state)

    def auditor_key(self, root: bytes) -> bytes:
        """The acknowledgement key, 32 bytes, of the chain from ``root``. Raises DamagedError and
        OSError.
        """
        data = files.read(self._key_path, _KEY + _CHECK) or b""
        key = data[:_KEY]
        if not crypto.equal(data[_KEY:], self._check(key + root)):
            raise DamagedError("the auditor's key for this event chain is damaged")
        return key

    def _check(self, body):
        return crypto.hmac_sha256(self._device_key, b"event chain" + self._audit_key + body)[
            :_CHECK
        ]


def _opened(path):
    """The file, if there is one of this size that can be written over; else None. OSError."""
    try:
        file = open(path, "r+b")
    except OSError as error:
        if error.errno == errno.ENOENT:
            return None
        raise
    # What has a number of the system's is no littlefs's, and could be torn.
    if not hasattr(file, "fileno") and file.seek(0, 2) == _BODY + _CHECK:
        return file
    file.close()
    return None
