"""EDHOC over CoAP, the reader's side (RFC 9528 appendix A.2, RFC 9668): who is this phone?"""

from coap import Message, code, option
from edhoc import (
    KCWT,
    Credential,
    EDHOCError,
    Identity,
    MalformedError,
    Responder,
    UnknownCredentialError,
    VerificationError,
    WrongSuiteError,
    from_kcwt,
    parse_error,
    split_identifier,
)
from oscore import SecurityContext

from ..access import Refused, reason
from .contexts import Association
from .refusal import LinkRefusal

_CBOR_TRUE = b"\xf5"
# A stream keeps the order, so only a greater Partial IV is news (RFC 8613 section 7.4). A wish
# that someone held back thereby dies with the next one that comes through.
_WINDOW_SIZE = 1
_NOT_ACCEPTED = "credential not accepted"
_MAX_TOKEN = 512  # bytes


class Responders:
    """What every handshake at this reader shares.

    ``keys`` are the device's, each (cipher suite, private key of 32 bytes, certificate): a CWT
    that goes to the phone by value. ``trust`` says whose tokens to believe, ``ephemerals`` gives a
    fresh key pair a handshake, ``contexts`` the identifiers, ``recent`` remembers first messages,
    and ``computing`` does the public-key operations. ``may_be_remembered(credential)`` says
    whether a phone is worth a context that outlives its connection.
    """

    def __init__(self, keys, trust, ephemerals, contexts, recent, computing, may_be_remembered):
        self.show(keys)
        self.trust = trust
        self.ephemerals = ephemerals
        self.contexts = contexts
        self.recent = recent
        self.computing = computing
        self.may_be_remembered = may_be_remembered

    def show(self, keys):
        """Be these ``keys`` with their certificates from the next handshake on."""
        self.responder = Responder(
            [Identity(suite, private, from_kcwt(raw, True)) for suite, private, raw in keys]
        )


class Handshake:
    """At most one handshake under way on one connection, whose ``bill`` it fills.

    Whatever is awaited here may be cancelled; ``abandon`` then gives back what is held.
    """

    def __init__(self, shared: Responders, bill):
        self._shared = shared
        self._bill = bill
        self._waiting = None
        self._c_r = None
        self._passing = None  # an association that this connection alone knows

    @property
    def is_waiting(self) -> bool:
        """Whether message_2 is out and message_3 is awaited."""
        return self._waiting is not None

    @staticmethod
    def is_start(payload: bytes) -> bool:
        """Whether a POST payload is ``true || message_1``; else an identifier comes first."""
        return payload[:1] == _CBOR_TRUE

    async def start(self, payload: bytes) -> bytes:
        """message_2 for a POST payload ``true || message_1``; raises LinkRefusal."""
        self.abandon()
        message_1 = payload[1:]
        try:
            received = self._shared.responder.process_message_1(message_1)
        except WrongSuiteError as error:
            # No end of the connection: the phone now knows our suites, and may have another key.
            raise _refusal(reason.UNSUPPORTED_ALGORITHM, error, drop=False)
        except EDHOCError as error:
            raise _refusal(reason.HANDSHAKE_FAILED, error)
        if self._shared.recent.seen(message_1):
            raise _refusal(reason.REPLAYED, EDHOCError("message_1 is not fresh"))
        # Held here from the first: whatever ends the handshake, abandon gives it back.
        self._c_r = self._shared.contexts.reserve(received.c_i)
        try:
            self._waiting, message_2 = await self._compute(self._message_2_steps(received))
        except EDHOCError as error:
            raise _refusal(reason.HANDSHAKE_FAILED, error)
        return message_2

    def _message_2_steps(self, received):
        private, public = yield from self._shared.ephemerals.take_steps(received.suite)
        return (yield from received.prepare_message_2_steps(private, public, self._c_r))

    async def finish(self, c_r: bytes, message_3: bytes) -> tuple:
        """(Association, Completed) for a message_3 that proves a credential this reader believes.

        ``keep`` makes the association known to later requests. Raises LinkRefusal.
        """
        waiting = self._waiting
        if waiting is None or c_r != self._c_r:
            known = self._shared.contexts.find(c_r) is not None
            raise _refusal(
                reason.REPLAYED if known else reason.HANDSHAKE_FAILED,
                EDHOCError("no handshake awaits this message_3"),
            )
        self._waiting = None
        try:
            received = await self._compute(waiting.parse_message_3_steps(message_3))
        except EDHOCError as error:
            raise _refusal(reason.HANDSHAKE_FAILED, error)
        holder, shown = await self._believe(received.id_cred_i)
        try:
            completed = await self._compute(received.verify_steps(shown))
        except VerificationError:
            # Told apart from a token that is not believed, a thief would learn that his is.
            raise _refusal(reason.NOT_HOLDER, EDHOCError(_NOT_ACCEPTED), holder.holder)
        except EDHOCError as error:
            raise _refusal(reason.HANDSHAKE_FAILED, error, holder.holder)
        secret, salt, sender_id, recipient_id = completed.oscore()
        context = SecurityContext(secret, salt, sender_id, recipient_id, window_size=_WINDOW_SIZE)
        seed = secret, salt, _WINDOW_SIZE, received.id_cred_i.raw
        return Association(context, holder, seed), completed

    async def finish_alone(self, payload: bytes) -> bytes:
        """message_4 for a POST payload ``C_R || message_3``; raises LinkRefusal."""
        try:
            c_r, message_3 = split_identifier(payload)
        except MalformedError as error:
            raise _refusal(reason.MALFORMED_MESSAGE, error)
        if _is_error(message_3):
            # The phone gave up. An error is never answered by an error (RFC 9528 section 6).
            raise LinkRefusal(reason.HANDSHAKE_FAILED, Message(code.CHANGED))
        association, completed = await self.finish(c_r, message_3)
        self.keep(association)
        return completed.prepare_message_4()

    def keep(self, association: Association):
        """Remember what ``finish`` gave, under the identifier C_R of this handshake.

        Who is void or over gets an answer and no more: the association ends with the connection,
        or with its next handshake.
        """
        if self._shared.may_be_remembered(association.credential):
            self._shared.contexts.add(self._c_r, association)
            self._c_r = None
        else:
            self._passing = association

    def passing(self, c_r: bytes):
        """The association with this identifier that is not remembered beyond here, or None."""
        return self._passing if c_r == self._c_r else None

    def abandon(self):
        """Forget a handshake under way, and its identifier unless it was kept."""
        self._waiting = None
        self._passing = None
        if self._c_r is not None:
            self._shared.contexts.release(self._c_r)
            self._c_r = None

    async def _compute(self, steps):
        return await self._shared.computing.run(steps, self._bill)

    async def _believe(self, id_cred_i):
        if id_cred_i.kind != KCWT:
            raise _refusal(
                reason.UNKNOWN_CREDENTIAL, UnknownCredentialError("only a CWT by value is known")
            )
        if len(id_cred_i.raw) > _MAX_TOKEN:
            raise _refusal(reason.INCOMPLETE_TOKEN, MalformedError("credential is too long"))
        trust = self._shared.trust
        try:
            token = trust.read(id_cred_i.raw)
            holder = await self._compute(trust.authenticate_steps(token))
        except Refused as refused:
            # The phone learns that its credential is not accepted, not what was wrong with it.
            raise _refusal(refused.reason, EDHOCError(_NOT_ACCEPTED))
        # As from_kcwt would make it, without reading the token twice.
        return holder, Credential(token.raw, KCWT, token.claims.cnf, True)


def edhoc_response(response_code: int, payload: bytes) -> Message:
    """A response that carries an EDHOC message, an error message among them."""
    content_format = option.encode_uint(option.CF_EDHOC)
    return Message(response_code, [(option.CONTENT_FORMAT, content_format)], payload)


def _is_error(message) -> bool:
    try:
        parse_error(message)
    except MalformedError:
        return False
    return True


def _refusal(why, error, claimed=None, drop=True):
    return LinkRefusal(why, edhoc_response(code.BAD_REQUEST, error.message()), claimed, drop)
