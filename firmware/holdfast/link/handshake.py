"""EDHOC over CoAP, the answering side (RFC 9528 appendix A.2, RFC 9668): who is this peer?"""

from coap import Message, code, option
from cose import cwt
from edhoc import (
    KCWT,
    UNKNOWN_CREDENTIAL,
    UNVERIFIED,
    WRONG_SUITE,
    Credential,
    EDHOCError,
    Identity,
    Responder,
    from_kcwt,
    parse_error,
    split_identifier,
)
from oscore import SecurityContext

from ..access import Refused, reason
from .contexts import DATAGRAMS, ORDERED, Association
from .refusal import LinkRefusal

_CBOR_TRUE = b"\xf5"
_NOT_ACCEPTED = "credential not accepted"


class Handshakes:
    """All handshakes at this node, each of one origin at a time.

    ``keys`` are the device's, each (cipher suite, private key of 32 bytes, certificate): a CWT
    that goes to the peer by value. ``trust`` says whose tokens to believe, ``ephemerals`` gives a
    fresh key pair a handshake, ``contexts`` the identifiers, ``pending`` (PendingHandshakes) keeps
    those under way, ``recent`` remembers first messages, and ``engine`` does the public-key
    operations. ``may_be_remembered(credential)`` says whether a peer is worth a context that
    outlives its origin.

    Whatever is awaited here may be cancelled; ``abandon`` then gives back what is held.
    """

    def __init__(
        self, keys, trust, ephemerals, contexts, pending, recent, engine, may_be_remembered
    ):
        self.show(keys)
        self._trust = trust
        self._ephemerals = ephemerals
        self._contexts = contexts
        self.pending = pending
        self._recent = recent
        self._engine = engine
        self._may_be_remembered = may_be_remembered

    def show(self, keys):
        """Be these ``keys`` with their certificates from the next handshake on."""
        self._responder = Responder(
            [Identity(suite, private, from_kcwt(raw, True)) for suite, private, raw in keys]
        )

    async def respond(self, payload: bytes, origin) -> tuple:
        """``(payload of the answer, whether a handshake has begun)`` for the payload of a POST:
        message_2, or message_4 for a message_3 that comes alone. Raises LinkRefusal.
        """
        # RFC 9528 appendix A.2: true, or the identifier C_R, before the message.
        if payload[:1] == _CBOR_TRUE:
            return await self._start(payload[1:], origin), True
        return await self._finish_alone(payload, origin), False

    async def _start(self, message_1, origin):
        self.abandon(origin)
        try:
            received = self._responder.process_message_1(message_1)
        except EDHOCError as error:
            if error.why == WRONG_SUITE:
                # No end of the connection: the peer knows our suites now, and may have two keys.
                raise _refusal(reason.UNSUPPORTED_ALGORITHM, error, drop=False)
            raise _refusal(reason.HANDSHAKE_FAILED, error)
        if self._recent.seen(message_1):
            raise _refusal(reason.REPLAYED, EDHOCError("message_1 is not fresh"))
        c_r = self._contexts.reserve(received.c_i)
        try:
            entry = self.pending.begin(c_r, origin)
        except MemoryError:
            self._contexts.release(c_r)
            raise
        try:
            steps = self._message_2_steps(received, c_r)
            waiting, message_2 = await self._engine.run(steps, origin, True)
        except EDHOCError as error:
            raise _refusal(reason.HANDSHAKE_FAILED, error)
        if not self.pending.sent(entry, waiting):
            raise _refusal(reason.HANDSHAKE_FAILED, EDHOCError("too many handshakes"))
        return message_2

    def _message_2_steps(self, received, c_r):
        private, public = yield from self._ephemerals.take_steps(received.suite)
        return (yield from received.prepare_message_2_steps(private, public, c_r))

    async def finish(self, c_r: bytes, message_3: bytes, origin) -> tuple:
        """(PendingHandshake, Association, Completed) for a message_3 that proves a credential this
        node believes.

        ``keep`` makes the association known to later requests. Raises LinkRefusal.
        """
        entry = self.pending.take(c_r, origin)
        if entry is None:
            known = self._contexts.find(c_r) is not None
            raise _refusal(
                reason.REPLAYED if known else reason.HANDSHAKE_FAILED,
                EDHOCError("no handshake awaits this message_3"),
            )
        waiting, entry.waiting = entry.waiting, None
        run = self._engine.run
        try:
            received = await run(waiting.parse_message_3_steps(message_3), origin)
        except EDHOCError as error:
            raise _refusal(reason.HANDSHAKE_FAILED, error)
        holder, shown = await self._believe(received.id_cred_i, origin)
        try:
            completed = await run(received.verify_steps(shown), origin)
        except EDHOCError as error:
            if error.why == UNVERIFIED:
                # Told apart from a token that is not believed, a thief would learn that his is.
                raise _refusal(reason.NOT_HOLDER, EDHOCError(_NOT_ACCEPTED), holder.name)
            raise _refusal(reason.HANDSHAKE_FAILED, error, holder.name)
        secret, salt, sender_id, recipient_id = completed.oscore()
        window = ORDERED if origin.is_ordered else DATAGRAMS
        context = SecurityContext(secret, salt, sender_id, recipient_id, window_size=window)
        return entry, Association(context, holder), completed

    async def _finish_alone(self, payload, origin):
        try:
            c_r, message_3 = split_identifier(payload)
        except EDHOCError as error:
            raise _refusal(reason.MALFORMED_MESSAGE, error)
        if _is_error(message_3):
            # The peer gave up. An error is never answered by an error (RFC 9528 section 6).
            raise LinkRefusal(reason.HANDSHAKE_FAILED, Message(code.CHANGED))
        entry, association, completed = await self.finish(c_r, message_3, origin)
        self.keep(entry, association)
        return completed.prepare_message_4()

    def keep(self, entry, association: Association):
        """Remember what ``finish`` gave, under the identifier C_R of that handshake.

        Who is void or over gets an answer and no more: the association ends with its origin, or
        with its next handshake. Raises LinkRefusal if the handshake has ended meanwhile.
        """
        if not self.pending.complete(entry):
            raise _refusal(reason.HANDSHAKE_FAILED, EDHOCError("this handshake has ended"))
        c_r, origin = entry.c_r, entry.origin
        is_kept = False
        try:
            if self._may_be_remembered(association.credential):
                self._contexts.add(c_r, association)
            else:
                origin.passing = c_r, association
            is_kept = True
        finally:
            if not is_kept:
                self._contexts.release(c_r)

    def abandon(self, origin):
        """Forget what ``origin`` has begun, and its identifier unless it was kept. Takes no
        memory.
        """
        self.pending.drop(origin)
        if origin.passing is not None:
            self._contexts.release(origin.passing[0])
            origin.passing = None

    async def _believe(self, id_cred_i, origin):
        if id_cred_i.kind != KCWT:
            error = EDHOCError("only a CWT by value is known", UNKNOWN_CREDENTIAL)
            raise _refusal(reason.UNKNOWN_CREDENTIAL, error)
        if len(id_cred_i.raw) > cwt.MAX_BYTES:
            raise _refusal(reason.INCOMPLETE_TOKEN, EDHOCError("credential is too long"))
        trust = self._trust
        try:
            token = trust.read(id_cred_i.raw)
            steps = trust.authenticate_steps(token, origin.takes_devices)
            holder = await self._engine.run(steps, origin)
        except Refused as refused:
            # The peer learns that its credential is not accepted, not what was wrong with it.
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
    except EDHOCError:
        return False
    return True


def _refusal(why, error, claimed=None, drop=True):
    return LinkRefusal(why, edhoc_response(code.BAD_REQUEST, error.message()), claimed, drop)
