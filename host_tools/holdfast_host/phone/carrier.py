"""A phone that carries for the site: policy to a reader, events away from it.

Any believed holder may bring policy, which carries its own signature; events go only to who may
carry them.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import TypeVar

import cbor
import coap
import oscore
from coap import option
from holdfast.access.events import batch as event_batch
from holdfast.access.events.record import MAX_NUMBER
from untrusted import InvalidInput

from ..errors import UsageProblem
from . import clock, status
from .client import Checked, Node, Rejected, introduce
from .contexts import Session
from .unlock import Link
from .wallet import Identity

_CARRY = ("carry",)
_CERTIFICATE = ("certificate",)
_EVENTS = ("events",)
_LEFT = ("events", "left")
_COLLECTED = ("events", "of")
_COLLECTED_LEFT = ("events", "of", "left")
_POLICY = ("policy",)
_SNAPSHOT = ("policy", "snapshot")
_STATUS = ("status",)
_TIME = ("time",)

# Bytes of a payload that one message has room for together with message_3, whose credential alone
# may have 512; the largest of both do not fit.
_BESIDE_MESSAGE_3 = 256

_OLD_FIRMWARE = "its firmware is from before that could be: give it a newer one"
_FLASH = "its flash fails: try again; if it stays so, replace the board"
_ADMINISTER = "it tells that to who administers it: holdfast credential issue --may administer"
_ASK_AGAIN = "run the command again; if it says the same, bring the policy first: --policy FILE"


_Said = TypeVar("_Said")


class Refused(UsageProblem):
    """The reader said no, and said so protected; ``text`` is its reason."""

    def __init__(
        self, what: str, response: coap.Message, next_step: str = "see the reader's events"
    ):
        self.text = response.payload.decode(errors="replace") or coap.code.text(response.code)
        super().__init__(f"the reader refused {what}: {self.text}", next_step)


class Carrier:
    """Protected requests over ``link`` under the context of ``session``.

    ``session`` is what must be kept for the next time: its sequence number rises. ``message_3`` of
    a handshake that it ends goes with the first request (RFC 9668). Where others use the same
    context, ``number()`` gives the sequence number of each request.
    """

    def __init__(
        self,
        link: Link,
        session: Session,
        message_3: bytes = b"",
        number: Callable[[], int] | None = None,
    ):
        self._number = number
        self._link = link
        self._message_3 = message_3
        self.session = session
        self._log = _EVENTS
        self._of: tuple[tuple[int, bytes], ...] = ()

    def turn_to_left(self, left: bool = True) -> None:
        """What follows of events is of those of the place that the reader's board has left."""
        self._log = _LEFT if left else _EVENTS
        self._of = ()

    def turn_to_node(self, name: str, earlier: bool = False) -> None:
        """What follows of events is of those of the node ``name``, of which this one, a
        controller, has copies; ``earlier``: of the chain that it had before its present one.
        """
        self._log = _COLLECTED_LEFT if earlier else _COLLECTED
        self._of = ((option.URI_QUERY, b"node=" + name.encode()),)

    def nodes(self) -> list[str]:
        """Names of all nodes of whose events this one has copies; none if it is no controller."""
        found: list[str] = []
        while True:
            query = [(option.URI_QUERY, b"after=%d" % len(found))]
            answer = self._request(coap.code.GET, _COLLECTED, query)
            if answer.code == coap.code.NOT_FOUND:
                return found
            if answer.code != coap.code.CONTENT:
                raise Refused("to name the nodes whose events it has", answer)
            names = _decoded(answer)
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise _nonsense()
            if not names:
                return found
            found += names

    @classmethod
    def introduced(
        cls, link: Link, identities: Sequence[Identity], door: str | Node, now: int
    ) -> "tuple[Carrier, Checked]":
        """A carrier after a handshake with the reader of ``door`` or a Node, and what it gave."""
        checked = introduce(link.request, identities, door, now, carrying=True)
        return cls(link, checked.session, checked.message_3), checked

    def events_certificate(self, checked: Checked) -> bytes:
        """The certificate of the key that the reader's events are proven with, its X25519 key.

        Another may have been shown in the handshake. It is checked when the events are.
        """
        return checked.certificate if checked.identity.suite == 0 else self.certificate()

    def certificate(self) -> bytes:
        """The certificate of the reader's X25519 key, unchecked."""
        answer = self._request(coap.code.GET, _CERTIFICATE)
        if answer.code != coap.code.CONTENT:
            raise Refused("to show its certificate", answer)
        return answer.payload

    def put_certificate(self, raw: bytes) -> None:
        """Bring a later certificate for one of the reader's keys."""
        answer = self._request(coap.code.POST, _CERTIFICATE, payload=raw)
        if answer.code != coap.code.CHANGED:
            raise Refused("the certificate", answer)

    def post_policy(self, raw: bytes) -> tuple[int, bytes] | int:
        """Bring a changeset, the head of a snapshot or a part of it.

        What is in force then, number and hash of the last changeset; or, while a snapshot is under
        way, the number of the part that is wanted next.
        """
        answer = self._request(coap.code.POST, _POLICY, payload=raw)
        if answer.code not in (coap.code.CHANGED, coap.code.CONTINUE):
            raise Refused("the policy", answer)
        said = _decoded(answer)
        if not isinstance(said, list) or not said or type(said[0]) is not int:
            raise _nonsense()
        if answer.code == coap.code.CONTINUE and len(said) == 1:
            return said[0]
        if answer.code == coap.code.CONTINUE or len(said) != 2 or not isinstance(said[1], bytes):
            raise _nonsense()
        return said[0], said[1]

    def changesets(self, after: int) -> list[bytes]:
        """Changesets after number ``after`` that are kept, as many as fit, unchecked."""
        query = [(option.URI_QUERY, b"after=%d" % after)]
        answer = self._request(coap.code.GET, _POLICY, query)
        if answer.code != coap.code.CONTENT:
            raise Refused("to show its policy", answer, _ADMINISTER)
        found = _decoded(answer)
        if not isinstance(found, list) or not all(isinstance(raw, bytes) for raw in found):
            raise _nonsense()
        return found

    def snapshot_part(self, number: int) -> bytes | None:
        """Part ``number`` of the snapshot that can be had, 0 for its head; None without one."""
        query = [(option.URI_QUERY, b"part=%d" % number)]
        answer = self._request(coap.code.GET, _SNAPSHOT, query)
        if answer.code == coap.code.NOT_FOUND:
            return None
        if answer.code != coap.code.CONTENT:
            raise Refused("to show its policy", answer, _ADMINISTER)
        return answer.payload

    def put_time(self, now: int, error_s: int) -> None:
        """Tell the reader that it is ``now`` (seconds since 1970), within ``error_s``."""
        payload = cbor.encode({1: now, 2: error_s})
        answer = self._request(coap.code.PUT, _TIME, payload=payload)
        if answer.code != coap.code.CHANGED:
            raise Refused("the time", answer)

    def time(self) -> clock.Shown:
        """What the reader's clock shows."""
        answer = self._request(coap.code.GET, _TIME)
        if answer.code != coap.code.CONTENT:
            raise Refused("to show its time", answer)
        return _read(clock.read_clock, answer)

    def clear_tamper(self, node: str) -> bool:
        """Say that the carrier ``node`` was looked after; False if it says of no tamper there."""
        answer = self._request(coap.code.PUT, _CARRY, payload=cbor.encode({1: node}))
        if answer.code == coap.code.NOT_FOUND:
            return False
        if answer.code != coap.code.CHANGED:
            raise Refused("to clear a tamper", answer, _ADMINISTER)
        return True

    def status(self) -> status.Status:
        """How the reader is."""
        answer = self._request(coap.code.GET, _STATUS)
        if answer.code != coap.code.CONTENT:
            raise Refused("to say how it is", answer, _ADMINISTER)
        return _read(status.read, answer)

    def ask_time(self) -> clock.Question:
        """Have the reader ask the authority for the time; it waits ten minutes for the word."""
        answer = self._request(coap.code.POST, _TIME)
        if answer.code == coap.code.METHOD_NOT_ALLOWED:
            raise Refused("to ask the site's authority for the time", answer, _OLD_FIRMWARE)
        if answer.code != coap.code.CHANGED:
            raise Refused("to ask the site's authority for the time", answer)
        return _read(clock.read_question, answer)

    def put_word(self, raw: bytes) -> None:
        """Bring the authority's ``raw`` word for what time it is, to the question asked before."""
        form = [(option.CONTENT_FORMAT, option.encode_uint(option.CF_COSE_SIGN1))]
        answer = self._request(coap.code.PUT, _TIME, form, raw)
        if answer.code == coap.code.SERVICE_UNAVAILABLE:
            raise Refused("the authority's word", answer, _FLASH)
        if answer.code != coap.code.CHANGED:
            raise Refused("the authority's word", answer, _ASK_AGAIN)

    def events(self, after: int | None = None) -> bytes:
        """One batch of the events after number ``after`` (holdfast.access.events.batch)."""
        query = [] if after is None else [(option.URI_QUERY, b"after=%d" % after)]
        answer = self._request(coap.code.GET, self._log, [*self._of, *query])
        if answer.code != coap.code.CONTENT:
            raise Refused("to show its events", answer)
        return answer.payload

    def copied(self, number: int, code: bytes) -> None:
        """Tell the reader that its events up to ``number``, with this ``code``, are copied."""
        said = cbor.encode({1: number, 2: code})
        answer = self._request(coap.code.POST, self._log, payload=said)
        if answer.code != coap.code.CHANGED:
            raise Refused("what was copied", answer)

    def log(self) -> event_batch.Batch:
        """Which chain the events are of, and which is the last, without any event: no collection
        begins by this.
        """
        try:
            (batch,) = event_batch.decode(self.events(MAX_NUMBER))
        except (InvalidInput, ValueError) as error:
            raise _nonsense() from error
        return batch

    def root(self) -> bytes:
        """The root of the chain that the events are of, which names their log: 32 bytes."""
        return self.log().root[1]

    def acknowledge(self, word: bytes) -> None:
        """Bring the auditor's ``word`` (holdfast.access.events.acknowledgement): what it is about
        the reader need not keep.
        """
        answer = self._request(coap.code.POST, self._log, self._of, payload=word)
        if answer.code != coap.code.CHANGED:
            raise Refused("the acknowledgement", answer)

    def _request(self, method, path, options=(), payload=b"") -> coap.Message:
        if len(payload) > _BESIDE_MESSAGE_3 and self._message_3:
            self.time()  # anybody may ask, and it is small
        answer = self._ask(method, path, options, payload)
        echo = answer.option(option.ECHO)
        if answer.code == coap.code.UNAUTHORIZED and echo is not None:
            answer = self._ask(method, path, [*options, (option.ECHO, echo)], payload)
        return answer

    def _ask(self, method, path, options, payload) -> coap.Message:
        if self._number is not None:
            self.session = dataclasses.replace(self.session, sequence_number=self._number())
        context = self.session.context()
        following = self.session.sequence_number + 1
        self.session = dataclasses.replace(self.session, sequence_number=following)
        plain = coap.Message(method, [*coap.path_options(*path), *options], payload)
        request, exchange = oscore.protect_request(context, plain)
        if self._message_3:
            request = oscore.combine(self._message_3, request)
            self._message_3 = b""
        response = self._link.request(request)
        if response.option(option.OSCORE) is None:
            raise Rejected(response)
        try:
            return oscore.unprotect_response(context, response, exchange)
        except InvalidInput as error:
            raise _nonsense() from error


def _decoded(answer: coap.Message):
    try:
        return cbor.decode(answer.payload)
    except InvalidInput as error:
        raise _nonsense() from error


def _read(parse: Callable[[bytes], _Said], answer: coap.Message) -> _Said:
    try:
        return parse(answer.payload)
    except InvalidInput as error:
        raise _nonsense() from error


def _nonsense() -> UsageProblem:
    return UsageProblem("the reader's answer cannot be believed", "try again")
