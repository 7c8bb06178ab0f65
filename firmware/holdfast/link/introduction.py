"""EDHOC over CoAP, the asking side (RFC 9528 appendix A.2.1): this node makes itself known.

Loaded by who asks other nodes: a reader that phones come to does not.
"""

from coap import Message, code, option, path_options
from cose import cwt
from edhoc import KCWT, Credential, EDHOCError, Identity, from_kcwt
from edhoc.initiator import Initiator
from oscore import SecurityContext
from untrusted import InvalidInput

from ..access import Refused, reason
from .contexts import DATAGRAMS, Association
from .origin import Origin

_CBOR_TRUE = b"\xf5"
_SUITE = 0  # which every device has a key for


class NotIntroduced(InvalidInput):
    """What answered is not the node that was asked for, or does not want to be."""


class Introductions:
    """Makes associations with other nodes, one handshake each, in the table of those that come.

    ``trust``, ``ephemerals``, ``contexts`` and ``engine`` are the node's; ``own()`` gives its
    (X25519 private key of 32 bytes, certificate) in force, and ``is_welcome(credential)`` says
    whether it has anything to do with a device that was authenticated, which may be revoked.
    """

    def __init__(self, trust, ephemerals, contexts, engine, own, is_welcome):
        self._trust = trust
        self._ephemerals = ephemerals
        self._contexts = contexts
        self._engine = engine
        self._own = own
        self._is_welcome = is_welcome

    async def introduce(self, name, send) -> tuple:
        """``(kid, message_3)`` for the device ``name``, which has proven that it is that one; for
        any device that is welcome if that is None.

        Requests are made under ``kid`` from now on; the first of them takes message_3 along
        (RFC 9668). ``await send(request)`` gives the response Message. Raises NotIntroduced, and
        what ``send`` raises. Nothing is kept of what fails, or is cancelled.
        """
        c_i = self._contexts.reserve(b"")
        is_kept = False
        try:
            association, message_3 = await self._handshake(name, send, c_i)
            self._contexts.add(c_i, association)
            is_kept = True
        except (EDHOCError, Refused) as error:
            raise NotIntroduced("%s is not introduced: %s" % (name or "a node", error))
        finally:
            if not is_kept:
                self._contexts.release(c_i)
        return c_i, message_3

    async def _handshake(self, name, send, c_i):
        run, nobody = self._engine.run, Origin(0)
        private_key, certificate = self._own()
        own = Identity(_SUITE, private_key, from_kcwt(certificate, True))
        private, public = await run(self._ephemerals.take_steps(_SUITE), nobody)
        initiator = Initiator(own, (_SUITE,))
        waiting, message_1 = initiator.prepare_message_1(private, public, c_i)
        content_format = option.encode_uint(option.CF_CID_EDHOC)
        options = path_options(".well-known", "edhoc")
        options.append((option.CONTENT_FORMAT, content_format))
        response = await send(Message(code.POST, options, _CBOR_TRUE + message_1))
        if response.code != code.CHANGED:
            told = name or "a node", code.text(response.code)
            raise NotIntroduced("%s takes no handshake: %s" % told)
        received = await run(waiting.parse_message_2_steps(response.payload), nobody)
        shown = received.id_cred_r
        if shown.kind != KCWT or len(shown.raw) > cwt.MAX_BYTES:
            raise NotIntroduced("%s shows no certificate" % (name or "a node"))
        token = self._trust.read(shown.raw)
        device = await run(self._trust.authenticate_steps(token, True), nobody)
        # What it says of itself counts once it is proven; that it is another one needs no proof.
        if name is not None and device.device != name:
            raise NotIntroduced("what answers for %s is another" % name)
        if not self._is_welcome(device):
            raise Refused(reason.REVOKED)
        credential = Credential(token.raw, KCWT, token.claims.cnf, True)
        verified = await run(received.verify_steps(credential), nobody)
        completed, message_3 = await run(verified.prepare_message_3_steps(), nobody)
        secret, salt, sender_id, recipient_id = completed.oscore()
        context = SecurityContext(secret, salt, sender_id, recipient_id, window_size=DATAGRAMS)
        return Association(context, device), message_3
