"""Two sides of an EDHOC handshake, with fixed keys and every form of credential.

Runs on both interpreters. ``phone`` is the Initiator and ``reader`` the Responder. Where suite and
method are not named they are 0 and 3.
"""

import cbor
import crypto
from cose import CRV_ED25519, Key, cwt
from edhoc import (
    KCCS,
    KCWT,
    METHOD_SIGN_SIGN,
    METHOD_STAT_STAT,
    UNKNOWN_CREDENTIAL,
    EDHOCError,
    Identity,
    Initiator,
    Responder,
    from_kccs,
    from_kcwt,
    key_schedule,
    message,
)
from edhoc.suite import find as find_suite

FORMS = ("kid", "kccs", "kcwt")
KIDS = {"phone": b"\x2b", "reader": b"\x32"}
C_I = b"\x37"
C_R = b"\x27"

# Suite and method.
PROFILES = tuple((suite, method) for suite in (0, 2) for method in (3, 0))


def private(name):
    """A private key that is always the same for ``name``, good for every curve."""
    return crypto.sha256(b"private key of " + name.encode())


def ephemeral(name, suite=0):
    """A key pair, as a pair; of a P-256 public key x alone."""
    if suite == 2:
        return private(name), crypto.p256_public_key(private(name))[:32]
    return private(name), crypto.x25519_public_key(private(name))


def cose_key(name, kid=None, suite=0, method=METHOD_STAT_STAT):
    """The COSE_Key of ``name``, as a map."""
    if suite == 2:
        point = crypto.p256_public_key(private(name))
        key = {1: 2, -1: 1, -2: point[:32], -3: point[32:]}
    elif method == METHOD_SIGN_SIGN:
        key = {1: 1, -1: 6, -2: crypto.ed25519_public_key(private(name))}
    else:
        key = {1: 1, -1: 4, -2: crypto.x25519_public_key(private(name))}
    if kid is not None:
        key[2] = kid
    return key


def ccs(name, kid, suite=0, method=METHOD_STAT_STAT):
    """A CWT claims set for ``name``."""
    return cbor.encode({2: name, 8: {1: cose_key(name, kid, suite, method)}})


def token(name, changes=None, suite=0, method=METHOD_STAT_STAT):
    """A CWT for ``name``, of 180 bytes in suite 0, from an authority that lives only here."""
    claims = {1: "acme", 2: (name + "--")[:7], 3: "lobby", 7: bytes(8)}
    claims.update({4: 1800000000, 5: 1790000000, 6: 1790000000, 9: cbor.encode([["lobby", 1]])})
    claims[8] = {1: cose_key(name, None, suite, method)}
    claims.update(changes or {})
    seed = private("authority")
    return cwt.issue(claims, Key.okp(CRV_ED25519, crypto.ed25519_public_key(seed), d=seed))


def credential(name, form, suite=0, method=METHOD_STAT_STAT):
    """``name``'s own credential, sent as ``form`` says."""
    if form == "kcwt":
        return from_kcwt(token(name, None, suite, method), True)
    return from_kccs(ccs(name, KIDS[name], suite, method), form == "kccs")


def believed(id_cred, suite=0, method=METHOD_STAT_STAT):
    """What an application without any doubts would find for ``id_cred``; EDHOCError if nothing."""
    if id_cred.kind == KCWT:
        return from_kcwt(id_cred.raw, True)
    if id_cred.kind == KCCS:
        return from_kccs(id_cred.raw, True)
    for name, kid in KIDS.items():
        if kid == id_cred.kid:
            return credential(name, "kid", suite, method)
    raise EDHOCError("kid not known", UNKNOWN_CREDENTIAL)


def verified_2(waiting, message_2, suite=0, method=METHOD_STAT_STAT):
    """What an Initiator that believes any credential makes of ``message_2``."""
    received = waiting.parse_message_2(message_2)
    return received.verify(believed(received.id_cred_r, suite, method))


def verified_3(waiting, message_3, suite=0, method=METHOD_STAT_STAT):
    """What a Responder that believes any credential makes of ``message_3``."""
    received = waiting.parse_message_3(message_3)
    return received.verify(believed(received.id_cred_i, suite, method))


def identity(name, form="kid", suite=0, method=METHOD_STAT_STAT):
    """``name`` with its own key, showing itself as ``form`` says."""
    return Identity(suite, private(name), credential(name, form, suite, method), (method,))


def phone(form="kid", suites=(0,), method=METHOD_STAT_STAT, **options):
    """The Initiator."""
    return Initiator(identity("phone", form, suites[-1], method), suites, method, **options)


def reader(form="kid", suite=0, method=METHOD_STAT_STAT, **options):
    """The Responder, with one identity."""
    return Responder([identity("reader", form, suite, method)], **options)


class Handshake:
    """All states and messages of one handshake that went well, under the names of the RFC."""

    def __init__(self, initiator, responder, ead_1=(), ead_2=(), ead_3=()):
        self.initiator, self.responder = initiator, responder
        self.suite, self.method = initiator.identity.suite, initiator.method
        self.wait_2, self.message_1 = initiator.prepare_message_1(
            *ephemeral("x", self.suite), C_I, ead_1
        )
        self.received_1 = responder.process_message_1(self.message_1)
        self.wait_3, self.message_2 = self.received_1.prepare_message_2(
            *ephemeral("y", self.suite), C_R, ead_2
        )
        self.received_2 = self.wait_2.parse_message_2(self.message_2)
        self.verified_2 = self.received_2.verify(self.believed(self.received_2.id_cred_r))
        self.completed_i, self.message_3 = self.verified_2.prepare_message_3(ead_3)
        self.received_3 = self.wait_3.parse_message_3(self.message_3)
        self.completed_r = self.received_3.verify(self.believed(self.received_3.id_cred_i))

    def believed(self, id_cred):
        """What an application without any doubts would find here for ``id_cred``."""
        return believed(id_cred, self.suite, self.method)

    def forged_message_2(self, plaintext_2):
        """A message_2 that decrypts to ``plaintext_2``: anyone who saw message_1 can make one."""
        suite = find_suite(self.suite)
        y, g_y = ephemeral("y", self.suite)
        g_x = self.message_1[4:36]
        agree = crypto.p256_ecdh if self.suite == 2 else crypto.x25519
        th_2 = key_schedule.th_2(suite, g_y, suite.hash(self.message_1))
        prk_2e = key_schedule.prk_2e(suite, th_2, agree(y, g_x))
        steps = key_schedule.crypt_2_steps(suite, prk_2e, th_2, plaintext_2)
        return message.encode_message_2(g_y, crypto.finish(steps))

    def forged_message_3(self, plaintext_3):
        """A message_3 that decrypts to ``plaintext_3``: an Initiator can send what it wants."""
        suite = find_suite(self.suite)
        prk_3e2m, th_3 = self.verified_2._prk_3e2m, self.verified_2._th_3
        k_3 = key_schedule.k_3(suite, prk_3e2m, th_3)
        iv_3 = key_schedule.iv_3(suite, prk_3e2m, th_3)
        return message.seal(suite, k_3, iv_3, th_3, plaintext_3)
