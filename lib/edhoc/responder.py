"""The Responder: each step checks one message and returns the state that comes after it.

    received = Responder([identity]).process_message_1(message_1)
    waiting, message_2 = received.prepare_message_2(y, g_y, c_r)
    received = waiting.parse_message_3(message_3)
    completed = received.verify(credential_for(received.id_cred_i))

A state never changes: a message that is refused leaves nothing behind, and the genuine one is
accepted after it. An ephemeral key pair is for a single call of ``prepare_message_2``.
"""

import crypto

from . import ead, key_schedule, message
from .authentication import check_peer, initiator_of, responder_of
from .completed import CompletedResponder
from .error import MALFORMED, UNVERIFIED, WRONG_SUITE, EDHOCError
from .sequence import check_identifier


class Responder:
    """This side: ``identities``, each a key of it for one cipher suite, are what it supports.

    ``ead_labels`` are the EAD labels that the application understands. Raises ValueError for two
    identities that could both answer.
    """

    def __init__(self, identities, ead_labels=()):
        uses = [(own.suite, method) for own in identities for method in own.methods]
        if len(uses) != len(set(uses)):
            raise ValueError("two identities for one suite and method")
        self.ead_labels = ead_labels
        self._identities = tuple(identities)

    def process_message_1(self, message_1):
        """The ReceivedMessage1. Raises EDHOCError; WRONG_SUITE says what we support."""
        method, suites_i, g_x, c_i, ead_items = message.decode_message_1(message_1)
        # What is not there for this method is no help to who asks for it, so it is not offered.
        usable = [own for own in self._identities if method in own.methods]
        if not usable:
            raise EDHOCError("method not supported")
        own = _agree(usable, suites_i)
        if len(g_x) != own.algorithms.public_key_length:
            raise EDHOCError("G_X has the wrong length", MALFORMED)
        ead_1 = ead.recognise(ead_items, self.ead_labels)
        h_message_1 = own.algorithms.hash(message_1)
        return ReceivedMessage1(own, self.ead_labels, method, g_x, c_i, ead_1, h_message_1)


def _agree(usable, suites_i):
    """The identity for the suite selected in SUITES_I, its last one."""
    selected = {own.suite: own for own in usable}
    for label in suites_i:
        if label in selected:
            if label == suites_i[-1]:
                return selected[label]
            # It should have been selected: either the Initiator did not know that we support it,
            # or someone changed the order.
            break
    suites_r = tuple([own.suite for own in usable])
    raise EDHOCError("cipher suite not supported", WRONG_SUITE, suites_r)


class ReceivedMessage1:
    """message_1 was read, and nothing in it is authenticated.

    ``method`` and ``suite`` (labels), ``c_i`` (0 to 7 bytes) and ``ead_1`` are the peer's.
    """

    def __init__(self, own, ead_labels, method, g_x, c_i, ead_1, h_message_1):
        self.method = method
        self.suite = own.suite
        self.c_i = c_i
        self.ead_1 = ead_1
        self._own = own
        self._ead_labels = ead_labels
        self._g_x = g_x
        self._h_message_1 = h_message_1

    def prepare_message_2(self, ephemeral_private, ephemeral_public, c_r, ead_2=()):
        """``(WaitMessage3, message_2)``. Raises EDHOCError if G_X gives no secret.

        Y and G_Y are 32 bytes each. ``c_r`` is 0 to 7 bytes and not ``c_i``, since both become
        OSCORE identifiers: ValueError otherwise, also for keys of other lengths.
        """
        return crypto.finish(
            self.prepare_message_2_steps(ephemeral_private, ephemeral_public, c_r, ead_2)
        )

    def prepare_message_2_steps(self, ephemeral_private, ephemeral_public, c_r, ead_2=()):
        """``prepare_message_2`` in steps."""
        check_identifier(c_r)
        if c_r == self.c_i:
            raise ValueError("C_R must differ from C_I")
        own, suite = self._own, self._own.algorithms
        suite.check_pair(ephemeral_private, ephemeral_public)
        authentication = responder_of(self.method)
        id_cred_r, cred_r = own.credential.id_cred, own.credential.raw
        ead_2 = ead.encode(ead_2)
        yield

        g_xy, g_rx = yield from authentication.shared_secrets_steps(
            suite, ephemeral_private, own.private_key, self._g_x
        )
        yield
        th_2 = key_schedule.th_2(suite, ephemeral_public, self._h_message_1)
        prk_2e = suite.prepared(key_schedule.prk_2e(suite, th_2, g_xy))
        prk_3e2m = key_schedule.prk_3e2m(suite, prk_2e, th_2, g_rx)
        if g_rx is not None:
            prk_3e2m = suite.prepared(prk_3e2m)
        yield

        external_aad = key_schedule.external_aad(th_2, cred_r, ead_2)
        mac_length = authentication.mac_length(suite)
        mac_2 = key_schedule.mac_2(suite, prk_3e2m, c_r, id_cred_r, external_aad, mac_length)
        proof = yield from authentication.prove_steps(
            suite, own.private_key, id_cred_r, external_aad, mac_2
        )
        plaintext_2 = message.encode_plaintext_2(c_r, own.credential.id_cred_on_wire, proof, ead_2)
        yield
        ciphertext_2 = yield from key_schedule.crypt_2_steps(suite, prk_2e, th_2, plaintext_2)
        yield
        th_3 = key_schedule.th_3(suite, th_2, plaintext_2, cred_r)
        yield
        waiting = WaitMessage3(self, ephemeral_private, c_r, prk_3e2m, th_3)
        return waiting, message.encode_message_2(ephemeral_public, ciphertext_2)


class WaitMessage3:
    """message_2 was sent; the next to come is message_3, for ``c_r``."""

    def __init__(self, received, y, c_r, prk_3e2m, th_3):
        self.c_i = received.c_i
        self.c_r = c_r
        self._own = received._own
        self._ead_labels = received._ead_labels
        self._suite = received._own.algorithms
        self._authentication = initiator_of(received.method)
        self._y = y
        self._prk_3e2m = prk_3e2m
        self._th_3 = th_3
        self._k_3 = key_schedule.k_3(self._suite, prk_3e2m, th_3)
        self._iv_3 = key_schedule.iv_3(self._suite, prk_3e2m, th_3)

    def parse_message_3(self, message_3):
        """The ReceivedMessage3. Raises EDHOCError, and does no public-key operation."""
        return crypto.finish(self.parse_message_3_steps(message_3))

    def parse_message_3_steps(self, message_3):
        """``parse_message_3`` in steps, the first of which reads the message: with a credential by
        value it is no public-key operation, but long all the same.
        """
        plaintext_3 = message.unseal(
            self._suite, self._k_3, self._iv_3, self._th_3, message_3, "message_3"
        )
        yield
        return ReceivedMessage3(self, plaintext_3)


class ReceivedMessage3:
    """message_3 was decrypted: whoever sent message_1 sent it, but who that is, is not proven.

    ``id_cred_i`` (IdCred) is who it claims to be, ``ead_3`` what it adds.
    """

    def __init__(self, waiting, plaintext_3):
        proof_length = waiting._authentication.proof_length(waiting._suite)
        id_cred_i, proof, items, ead_3 = message.decode_plaintext_3(plaintext_3, proof_length)
        self.id_cred_i = id_cred_i
        self.ead_3 = ead.recognise(items, waiting._ead_labels)
        self._waiting = waiting
        self._plaintext_3 = plaintext_3
        self._proof = proof
        self._raw_ead_3 = ead_3

    def verify(self, credential):
        """The CompletedResponder, if the sender holds the private key of ``credential``.

        ``credential`` is what the application found for ``id_cred_i`` and trusts. Raises
        EDHOCError if message_3 is not from its holder.
        """
        return crypto.finish(self.verify_steps(credential))

    def verify_steps(self, credential):
        """``verify`` in steps."""
        waiting = self._waiting
        suite, authentication = waiting._suite, waiting._authentication
        check_peer(waiting._own.credential, credential)
        g_i = authentication.public_key(suite, credential)
        yield
        g_iy = yield from authentication.shared_secret_steps(suite, waiting._y, g_i)
        yield
        prk_4e3m = key_schedule.prk_4e3m(suite, waiting._prk_3e2m, waiting._th_3, g_iy)
        if g_iy is not None:
            prk_4e3m = suite.prepared(prk_4e3m)

        id_cred_i = self.id_cred_i.encoded
        external_aad = key_schedule.external_aad(waiting._th_3, credential.raw, self._raw_ead_3)
        mac_length = authentication.mac_length(suite)
        mac_3 = key_schedule.mac_3(suite, prk_4e3m, id_cred_i, external_aad, mac_length)
        yield
        is_proof = yield from authentication.is_proof_steps(
            suite, g_i, id_cred_i, external_aad, mac_3, self._proof
        )
        if not is_proof:
            raise EDHOCError("message_3 is not from the holder of its credential", UNVERIFIED)
        th_4 = key_schedule.th_4(suite, waiting._th_3, self._plaintext_3, credential.raw)
        yield
        return CompletedResponder(suite, prk_4e3m, th_4, waiting.c_i, waiting.c_r)
