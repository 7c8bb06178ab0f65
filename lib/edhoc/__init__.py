"""EDHOC, RFC 9528: an authenticated key exchange in three small messages, both roles.

Methods 0 (signatures) and 3 (static Diffie-Hellman) with cipher suites 0 (X25519, EdDSA) and 2
(P-256, ES256). What takes a public-key operation has a twin whose name ends in ``_steps``, a
generator as in :mod:`crypto`, for a caller that serves others meanwhile. Keys, identifiers and
trust are passed in; nothing here draws random numbers, reads a clock or keeps state.

``Initiator``, ``WaitMessage2``, ``ReceivedMessage2`` and ``VerifiedMessage2`` are here as well:
they load at their first use, because a reader's memory has no room for the phone's half.
"""

from .authentication import METHOD_SIGN_SIGN, METHOD_STAT_STAT
from .completed import Completed, CompletedInitiator, CompletedResponder
from .credential import KCCS, KCWT, KID, Credential, IdCred, from_kccs, from_kcwt
from .error import (
    MALFORMED,
    REFUSED,
    UNKNOWN_CREDENTIAL,
    UNVERIFIED,
    WRONG_SUITE,
    EDHOCError,
)
from .error import parse as parse_error
from .identity import Identity
from .responder import ReceivedMessage1, ReceivedMessage3, Responder, WaitMessage3
from .sequence import MAX_IDENTIFIER, encode_identifier, split_identifier
from .suite import offer as offer_suites

__all__ = (
    "KCCS",
    "KCWT",
    "KID",
    "MALFORMED",
    "MAX_IDENTIFIER",
    "METHOD_SIGN_SIGN",
    "METHOD_STAT_STAT",
    "REFUSED",
    "UNKNOWN_CREDENTIAL",
    "UNVERIFIED",
    "WRONG_SUITE",
    "Completed",
    "CompletedInitiator",
    "CompletedResponder",
    "Credential",
    "EDHOCError",
    "IdCred",
    "Identity",
    "ReceivedMessage1",
    "ReceivedMessage3",
    "Responder",
    "WaitMessage3",
    "encode_identifier",
    "from_kccs",
    "from_kcwt",
    "offer_suites",
    "parse_error",
    "split_identifier",
)


def __getattr__(name: str):
    if name in ("Initiator", "WaitMessage2", "ReceivedMessage2", "VerifiedMessage2"):
        import edhoc.initiator as initiator  # MicroPython would ask here for one "from ."

        return getattr(initiator, name)
    raise AttributeError(name)
