"""The Initiator: each step checks one message and returns the state that comes after it.

    waiting, message_1 = Initiator(identity, suites).prepare_message_1(x, g_x, c_i)
    received = waiting.parse_message_2(message_2)
    verified = received.verify(credential_for(received.id_cred_r))
    completed, message_3 = verified.prepare_message_3()

A state never changes: a message that is refused leaves nothing behind, and the genuine one is
accepted after it. An ephemeral key pair is for a single call of ``prepare_message_1``.
"""

import crypto

from . import ead, key_schedule, message
from .authentication import METHOD_STAT_STAT, check_peer, initiator_of, responder_of
from .completed import CompletedInitiator
from .error import MALFORMED, UNVERIFIED, EDHOCError
from .sequence import check_identifier


class Initiator:
    """This side: its ``identity``, and what it asks for.

    ``suites`` is SUITES_I: the suites it prefers, best first, down to the one selected, which is
    the last and the identity's (see ``suite.offer``). ``ead_labels`` are the EAD labels the
    application understands. Raises ValueError for an identity that is for another suite or method.
    """

    def __init__(self, identity, suites, method=METHOD_STAT_STAT, ead_labels=()):
        if identity.suite != suites[-1]:
            raise ValueError("identity for another suite than the one selected")
        if method not in identity.methods:
            raise ValueError("identity for another method")
        self.identity = identity
        self.selected = identity.algorithms
        self.ead_labels = ead_labels
        self.method = method
        self._suites = tuple(suites)

    def prepare_message_1(self, ephemeral_private, ephemeral_public, c_i, ead_1=()):
        """``(WaitMessage2, message_1)``. X and G_X are 32 bytes each, ``c_i`` is 0 to 7 bytes.

        Raises ValueError for other lengths.
        """
        check_identifier(c_i)
        self.selected.check_pair(ephemeral_private, ephemeral_public)
        message_1 = message.encode_message_1(
            self.method, self._suites, ephemeral_public, c_i, ead.encode(ead_1)
        )
        h_message_1 = self.selected.hash(message_1)
        return WaitMessage2(self, ephemeral_private, c_i, h_message_1), message_1


class WaitMessage2:
    """message_1 was sent; the next to come is message_2."""

    def __init__(self, own, x, c_i, h_message_1):
        self.c_i = c_i
        self._own = own
        self._x = x
        self._h_message_1 = h_message_1

    def parse_message_2(self, message_2):
        """The ReceivedMessage2. Raises EDHOCError."""
        return crypto.finish(self.parse_message_2_steps(message_2))

    def parse_message_2_steps(self, message_2):
        """``parse_message_2`` in steps, the first of which reads the message."""
        suite = self._own.selected
        g_y, ciphertext_2 = message.decode_message_2(message_2, suite.public_key_length)
        yield
        g_xy = yield from suite.shared_secret_steps(self._x, g_y)
        yield
        th_2 = key_schedule.th_2(suite, g_y, self._h_message_1)
        prk_2e = key_schedule.prk_2e(suite, th_2, g_xy)
        yield
        plaintext_2 = yield from key_schedule.crypt_2_steps(suite, prk_2e, th_2, ciphertext_2)
        yield
        return ReceivedMessage2(self, g_y, th_2, prk_2e, plaintext_2)


class ReceivedMessage2:
    """message_2 was decrypted, and nothing in it is authenticated.

    ``c_r`` (0 to 7 bytes), ``id_cred_r`` (IdCred) and ``ead_2`` are the peer's.
    """

    def __init__(self, waiting, g_y, th_2, prk_2e, plaintext_2):
        own = waiting._own
        authentication = responder_of(own.method)
        c_r, id_cred_r, proof, items, ead_2 = message.decode_plaintext_2(
            plaintext_2, authentication.proof_length(own.selected)
        )
        if c_r == waiting.c_i:
            raise EDHOCError("C_R equals C_I", MALFORMED)
        self.c_r = c_r
        self.id_cred_r = id_cred_r
        self.ead_2 = ead.recognise(items, own.ead_labels)
        self._waiting = waiting
        self._g_y = g_y
        self._th_2 = th_2
        self._prk_2e = prk_2e
        self._plaintext_2 = plaintext_2
        self._proof = proof
        self._raw_ead_2 = ead_2

    def verify(self, credential):
        """The VerifiedMessage2, if the sender holds the private key of ``credential``.

        ``credential`` is what the application found for ``id_cred_r`` and trusts. Raises
        EDHOCError if message_2 is not from its holder.
        """
        return crypto.finish(self.verify_steps(credential))

    def verify_steps(self, credential):
        """``verify`` in steps."""
        own = self._waiting._own
        suite = own.selected
        authentication = responder_of(own.method)
        check_peer(own.identity.credential, credential)
        g_r = authentication.public_key(suite, credential)
        yield
        g_rx = yield from authentication.shared_secret_steps(suite, self._waiting._x, g_r)
        yield
        prk_3e2m = key_schedule.prk_3e2m(suite, self._prk_2e, self._th_2, g_rx)
        yield

        id_cred_r = self.id_cred_r.encoded
        external_aad = key_schedule.external_aad(self._th_2, credential.raw, self._raw_ead_2)
        mac_length = authentication.mac_length(suite)
        mac_2 = key_schedule.mac_2(suite, prk_3e2m, self.c_r, id_cred_r, external_aad, mac_length)
        yield
        is_proof = yield from authentication.is_proof_steps(
            suite, g_r, id_cred_r, external_aad, mac_2, self._proof
        )
        if not is_proof:
            raise EDHOCError("message_2 is not from the holder of its credential", UNVERIFIED)
        yield
        th_3 = key_schedule.th_3(suite, self._th_2, self._plaintext_2, credential.raw)
        return VerifiedMessage2(own, self._g_y, self._waiting.c_i, self.c_r, prk_3e2m, th_3)


class VerifiedMessage2:
    """The Responder is authenticated; message_3 shows it who this side is."""

    def __init__(self, own, g_y, c_i, c_r, prk_3e2m, th_3):
        self.c_i = c_i
        self.c_r = c_r
        self._own = own
        self._g_y = g_y
        self._prk_3e2m = prk_3e2m
        self._th_3 = th_3

    def prepare_message_3(self, ead_3=()):
        """``(CompletedInitiator, message_3)``.

        The same ``ead_3`` gives the same message again, for a retransmission. Another one must
        not be sent: it would be encrypted under the same key and nonce.
        """
        return crypto.finish(self.prepare_message_3_steps(ead_3))

    def prepare_message_3_steps(self, ead_3=()):
        """``prepare_message_3`` in steps."""
        own, th_3, prk_3e2m = self._own, self._th_3, self._prk_3e2m
        suite = own.selected
        authentication = initiator_of(own.method)
        private_key, shown = own.identity.private_key, own.identity.credential
        id_cred_i, cred_i = shown.id_cred, shown.raw
        ead_3 = ead.encode(ead_3)

        yield
        g_iy = yield from authentication.shared_secret_steps(suite, private_key, self._g_y)
        yield
        prk_4e3m = key_schedule.prk_4e3m(suite, prk_3e2m, th_3, g_iy)
        yield
        external_aad = key_schedule.external_aad(th_3, cred_i, ead_3)
        mac_length = authentication.mac_length(suite)
        mac_3 = key_schedule.mac_3(suite, prk_4e3m, id_cred_i, external_aad, mac_length)
        yield
        proof = yield from authentication.prove_steps(
            suite, private_key, id_cred_i, external_aad, mac_3
        )
        plaintext_3 = message.encode_plaintext_3(shown.id_cred_on_wire, proof, ead_3)

        yield
        k_3 = key_schedule.k_3(suite, prk_3e2m, th_3)
        iv_3 = key_schedule.iv_3(suite, prk_3e2m, th_3)
        yield
        message_3 = message.seal(suite, k_3, iv_3, th_3, plaintext_3)
        yield
        th_4 = key_schedule.th_4(suite, th_3, plaintext_3, cred_i)
        yield
        completed = CompletedInitiator(suite, prk_4e3m, th_4, self.c_i, self.c_r, own.ead_labels)
        return completed, message_3
