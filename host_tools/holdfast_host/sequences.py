"""Files that are CBOR sequences of byte strings: policy and certificates on their way."""

from pathlib import Path

import cbor
from untrusted import InvalidInput

from . import files
from .errors import UsageProblem

_LIMIT = 16 << 20
_POLICY = "give a file that `holdfast policy export` wrote"


def policy(path: Path) -> list[bytes]:
    """The changesets, snapshots and parts of a file of policy, unchecked."""
    return read(path, "policy", _POLICY)


def read(path: Path, what: str, advice: str) -> list[bytes]:
    """The byte strings in the file at ``path``, which is a ``what``; ``advice`` is the next step
    if it is none.
    """
    data = files.read(path, _LIMIT, what, advice)
    found = []
    offset = 0
    try:
        while offset < len(data):
            raw, offset = cbor.decode_prefix(data, offset)
            if not isinstance(raw, bytes):
                raise InvalidInput("something that is no byte string")
            found.append(raw)
    except InvalidInput as error:
        raise UsageProblem(f"{path} is no {what}: {error}", advice) from error
    return found
