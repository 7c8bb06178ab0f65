"""How a side proves that it holds its authentication key (RFC 9528 section 3.2).

A method is two of these, one a role. Each says which shared secret enters the key schedule, how
long MAC and proof are, and how the proof is made from the MAC and checked against it.
"""

import crypto

from .error import EDHOCError, VerificationError

METHOD_STAT_STAT = 3


class StaticDiffieHellman:
    """The MAC is the proof: its key comes from a secret shared with the authentication key."""

    @staticmethod
    def public_key(suite, credential) -> bytes:
        """The key in ``credential``. Raises EDHOCError if it is not on the suite's curve."""
        if credential.key.crv != suite.crv:
            raise EDHOCError("credential key does not fit the cipher suite")
        return credential.public_key

    @staticmethod
    def shared_secret(suite, private_key, public_key) -> bytes:
        """G_RX or G_IY, from one side's authentication key and the other's ephemeral key."""
        return suite.shared_secret(private_key, public_key)

    @staticmethod
    def mac_length(suite) -> int:
        """Length of the MAC in bytes."""
        return suite.mac_length

    @staticmethod
    def proof_length(suite) -> int:
        """Length of Signature_or_MAC in bytes."""
        return suite.mac_length

    @staticmethod
    def prove(suite, private_key, id_cred, external_aad, mac) -> bytes:
        """Signature_or_MAC."""
        return mac

    @staticmethod
    def is_proof(suite, public_key, id_cred, external_aad, mac, signature_or_mac) -> bool:
        """Whether ``signature_or_mac`` is right; takes the same time whatever it is."""
        return crypto.equal(mac, signature_or_mac)


# Of the Initiator and of the Responder.
_METHODS = {METHOD_STAT_STAT: (StaticDiffieHellman, StaticDiffieHellman)}


def initiator_of(method):
    """How the Initiator proves itself in ``method``. Raises ValueError for one not known here."""
    return _roles(method)[0]


def responder_of(method):
    """How the Responder proves itself in ``method``. Raises ValueError for one not known here."""
    return _roles(method)[1]


def check_own(suite, methods, private_key, credential):
    """Refuse at the start what could never finish. Raises ValueError."""
    for method in methods:
        initiator_of(method).public_key(suite, credential)
        responder_of(method).public_key(suite, credential)
    if len(private_key) != suite.private_key_length:
        raise ValueError("authentication key of a wrong length")


def check_peer(own, credential):
    """Refuse our own credential as the peer's: it would prove that nobody else is there (9.2)."""
    if credential.public_key == own.public_key:
        raise VerificationError("peer uses the credential of this side")


def _roles(method):
    if method not in _METHODS:
        raise ValueError("no such method")
    return _METHODS[method]
