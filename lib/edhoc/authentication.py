"""How a side proves that it holds its authentication key (RFC 9528 section 3.2).

A method is two of these, one a role. Each says which shared secret enters the key schedule, how
long MAC and proof are, and how the proof is made from the MAC and checked against it. What needs
public-key operations is a generator of steps, as in :mod:`crypto`.
"""

import crypto
from cose import message

from .error import UNVERIFIED, EDHOCError

METHOD_SIGN_SIGN = 0
METHOD_STAT_STAT = 3


class Authentication:
    """One kind of proof. Static Diffie-Hellman: the MAC is the proof, and its key comes from a
    secret shared with the authentication key. A signature of the MAC, which is a hash long: the
    key schedule has no more than the ephemeral secret (RFC 9528 sections 5.3.2 and 5.4.2).
    """

    def __init__(self, signs: bool):
        self._signs = signs

    def public_key(self, suite, credential):
        """The key in ``credential``. Raises EDHOCError if it is none of this suite for this."""
        key = credential.key
        return suite.signature_key(key) if self._signs else suite.agreement_key(key)

    def shared_secret_steps(self, suite, private_key, public_key):
        """G_RX or G_IY, from one side's authentication key and the other's ephemeral key; None for
        a signature, as the key schedule has it.
        """
        return () if self._signs else suite.shared_secret_steps(private_key, public_key)

    def shared_secrets_steps(self, suite, ephemeral_key, private_key, public_key):
        """G_XY, and G_RX as ``shared_secret_steps`` has it, for who answers: both of G_X."""
        if self._signs:
            return (yield from suite.shared_secret_steps(ephemeral_key, public_key)), None
        return (yield from suite.shared_secrets_steps(ephemeral_key, private_key, public_key))

    def mac_length(self, suite) -> int:
        """Length of the MAC in bytes."""
        return suite.hash_length if self._signs else suite.mac_length

    def proof_length(self, suite) -> int:
        """Length of Signature_or_MAC in bytes."""
        return suite.signature_length if self._signs else suite.mac_length

    def prove_steps(self, suite, private_key, id_cred, external_aad, mac):
        """Signature_or_MAC."""
        if not self._signs:
            return mac
        signed = message.structure("Signature1", id_cred, b"".join(external_aad), mac)
        yield
        return (yield from suite.sign_steps(private_key, signed))

    def is_proof_steps(self, suite, public_key, id_cred, external_aad, mac, signature_or_mac):
        """Whether ``signature_or_mac`` is right; for a MAC in the same time whatever it is."""
        if not self._signs:
            return crypto.equal(mac, signature_or_mac)
        signed = message.structure("Signature1", id_cred, b"".join(external_aad), mac)
        yield
        return (yield from suite.is_signature_steps(public_key, signed, signature_or_mac))


_SIGNATURE = Authentication(True)
_STATIC = Authentication(False)

# Of the Initiator and of the Responder.
_METHODS = {
    METHOD_SIGN_SIGN: (_SIGNATURE, _SIGNATURE),
    METHOD_STAT_STAT: (_STATIC, _STATIC),
}


def initiator_of(method):
    """How the Initiator proves itself in ``method``. Raises ValueError for one not known here."""
    return _roles(method)[0]


def responder_of(method):
    """How the Responder proves itself in ``method``. Raises ValueError for one not known here."""
    return _roles(method)[1]


def check_own(suite, methods, private_key, credential):
    """Refuse at the start what could never finish, or should not. Raises ValueError."""
    kinds = set()
    for method in methods:
        for kind in _roles(method):
            kind.public_key(suite, credential)
            kinds.add(kind)
    if len(kinds) != 1:
        raise ValueError("an authentication key either signs or agrees")
    if len(private_key) != suite.private_key_length:
        raise ValueError("authentication key of a wrong length")


def check_peer(own, credential):
    """Refuse our own credential as the peer's: it would prove that nobody else is there (9.2)."""
    # Of a point x alone is compared: with its opposite all secrets are the same.
    if credential.key.x == own.key.x:
        raise EDHOCError("peer uses the credential of this side", UNVERIFIED)


def _roles(method):
    if method not in _METHODS:
        raise ValueError("methods supported are 0, signatures, and 3, static Diffie-Hellman")
    return _METHODS[method]
