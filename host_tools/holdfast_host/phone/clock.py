"""Having the site's authority put a reader's clock right: what the reader asks, and what for.

The authority signs for a reader of its own alone, and for the question that this reader asked:
what that says of itself is held against the certificate it has proven and the site's policy.
"""

import dataclasses
from collections.abc import Collection

import cbor
import crypto
from holdfast.access import Trust
from holdfast.access.clock import word
from untrusted import InvalidInput

from ..credentials import lifetime
from ..errors import UsageProblem
from ..policy import compare
from ..policy.history import History
from .client import Checked

_TIME, _ERROR, _SOURCE = 1, 2, 3
_NONCE, _NUMBER, _HEAD, _NODE = 4, 5, 6, 7
_HEAD_LENGTH = 32
_NO_POLICY = bytes(_HEAD_LENGTH)


@dataclasses.dataclass(frozen=True)
class Shown:
    """What a reader says its clock shows: ``time`` in seconds since 1970, None if it does not
    know; by how many seconds it may be off; where it has that from.
    """

    time: int | None
    uncertainty_s: int
    source: str

    @property
    def text(self) -> str:
        """It for a person."""
        if self.time is None:
            return "unknown"
        if self.source in ("floor", "token"):
            return f"not before {lifetime.iso(self.time)}"
        return f"{lifetime.iso(self.time)}, within {self.uncertainty_s:,} s"

    @property
    def facts(self) -> dict[str, object]:
        """It for a machine."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Question:
    """What the authority's word must be about: the ``node``, its ``nonce`` (16 bytes), number and
    ``head`` (32 bytes) of the policy it goes by.
    """

    node: str
    nonce: bytes
    number: int
    head: bytes


def read_clock(payload: bytes) -> Shown:
    """What a reader answers when asked for the time. Raises InvalidInput."""
    said = _map(payload, {_TIME, _ERROR, _SOURCE})
    time, error, source = said[_TIME], said[_ERROR], said[_SOURCE]
    if time is not None and (type(time) is not int or not 0 <= time <= word.LATEST):
        raise InvalidInput("no time")
    if type(error) is not int or error < 0 or not isinstance(source, str):
        raise InvalidInput("no time")
    return Shown(time, error, source)


def read_question(payload: bytes) -> Question:
    """What a reader asks the authority. Raises InvalidInput."""
    said = _map(payload, {_NONCE, _NUMBER, _HEAD, _NODE})
    node, nonce, number, head = said[_NODE], said[_NONCE], said[_NUMBER], said[_HEAD]
    if not isinstance(node, str) or type(number) is not int or number < 0:
        raise InvalidInput("no question for the time")
    for value, length in ((nonce, word.NONCE_LENGTH), (head, _HEAD_LENGTH)):
        if not isinstance(value, bytes) or len(value) != length:
            raise InvalidInput("no question for the time")
    return Question(node, nonce, number, head)


def require_ours(
    question: Question, history: History, checked: Checked, revoked: Collection[str] = ()
) -> None:
    """Refuse to sign for a reader that is not the one that proved itself, does not go by this
    policy, or is one of those ``revoked``.
    """
    trust = Trust(history.site, history.anchors)
    try:
        proven = trust.authenticate_device(checked.certificate).name
    except InvalidInput as error:
        raise UsageProblem(
            f"the reader's certificate is not of site {history.site}: nothing is signed for it",
            "give the folder of the site that the reader is of: --site DIR",
        ) from error
    if question.node != proven:
        raise UsageProblem(
            f"the reader {proven!r} asks for {question.node!r}: nothing is signed for it",
            "report this reader",
        )
    if proven in revoked:
        raise UsageProblem(
            f"the site has revoked the reader {proven!r}: nothing is signed for it",
            "do not use this door, and enrol another reader there",
        )
    known = history.changesets
    if question.number > len(known):
        raise compare.ahead(question.number, len(known), "this site")
    number = question.number
    head = crypto.sha256(known[number - 1]) if number else _NO_POLICY
    if question.head != head:
        raise compare.forked(number)


def _map(payload: bytes, labels: set[int]) -> dict:
    said = cbor.decode(payload, max_depth=2, max_items=16)
    if not isinstance(said, dict) or not labels <= set(said):
        raise InvalidInput("not what was asked for")
    return said
