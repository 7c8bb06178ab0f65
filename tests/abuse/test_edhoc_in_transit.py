"""Live handshakes of lib/edhoc and an independent peer, with one bit of them changed on the way.

The peer shares no code with us, so it is the judge of ours: whatever was changed, the two never
end up both believing that they are done, nor does one of them accept what is not the other's.
"""

import itertools

import cbor2
import pytest
from cryptography.exceptions import InvalidSignature

import crypto
from edhoc import EDHOCError, Identity, Initiator, Responder, from_kccs
from harness import bit_flips, truncations
from interop import edhoc_peer as peers
from interop.edhoc_suites import SIGN_SIGN, STAT_STAT, SUITES, new_private_key

C_I, C_R = b"\x0a", b"\x0b"
EAD = peers.encode(7, b"item")  # not critical, so it is passed over
PROFILES = list(itertools.product((0, 2), (STAT_STAT, SIGN_SIGN)))

# What cbor2 and OpenSSL say of what is malformed, or the peer of what it does not know.
REFUSED_BY_PEER = (
    peers.Refused,
    InvalidSignature,
    cbor2.CBORDecodeError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    AttributeError,
    OverflowError,
)


class Side:
    """One side's keys and its credential, in our form and in the peer's."""

    def __init__(self, name, suite, method, by_value):
        self.suite, self.method = suite, method
        self.private, self.ephemeral = new_private_key(), new_private_key()
        key = SUITES[suite].cose_key(self.private, method)
        self.raw = peers.ccs(key, name[:1].encode(), name)
        self.ours = from_kccs(self.raw, by_value)
        self.theirs = peers.Credential(self.raw, peers.KCCS if by_value else peers.KID)
        self.identity = Identity(suite, self.private, self.ours, (method,))

    def pair(self):
        """The ephemeral key pair."""
        return self.ephemeral, SUITES[self.suite].public_key(self.ephemeral)

    def peer(self, role, known, identifier):
        """The independent implementation as this side."""
        own = self.private, self.theirs, [known.raw], self.ephemeral, identifier
        return role(*own, self.suite, self.method)


def sides(suite, method, by_value):
    return (Side(name, suite, method, by_value) for name in ("phone", "reader"))


def refused(step, *arguments):
    """Whether the peer refuses, in whatever way."""
    try:
        step(*arguments)
    except REFUSED_BY_PEER:
        return True
    return False


def mutants(message):
    yield from bit_flips(message)
    yield from itertools.islice(truncations(message), 0, None, 7)


def found(id_cred, side):
    """What an application that knows ``side`` alone finds; EDHOCError for anything else."""
    if id_cred.kid is not None and id_cred.kid == side.ours.key.kid:
        return from_kccs(side.raw, False)
    if id_cred.raw == side.raw:
        return side.ours
    raise EDHOCError("unknown")


@pytest.mark.parametrize("by_value", [False, True], ids=["by name", "by value"])
@pytest.mark.parametrize(("suite", "method"), PROFILES)
def test_between_our_phone_and_a_foreign_reader(suite, method, by_value):
    phone, reader = sides(suite, method, by_value)
    initiator = Initiator(phone.identity, (suite,), method)
    waiting, message_1 = initiator.prepare_message_1(*phone.pair(), C_I, [(7, False, b"item")])

    def verified(message_2):
        received = waiting.parse_message_2(message_2)
        return received.verify(found(received.id_cred_r, reader))

    answered = 0
    for mutant in mutants(message_1):
        peer = reader.peer(peers.Responder, phone, C_R)
        try:
            message_2 = peer.message_2(mutant, EAD)
        except REFUSED_BY_PEER:
            continue
        answered += 1
        with pytest.raises(EDHOCError):
            verified(message_2)
    assert answered > 64

    peer = reader.peer(peers.Responder, phone, C_R)
    message_2 = peer.message_2(message_1, EAD)
    for mutant in mutants(message_2):
        with pytest.raises(EDHOCError):
            verified(mutant)

    completed, message_3 = verified(message_2).prepare_message_3([(7, False, b"item")])
    for mutant in mutants(message_3):
        assert refused(peer.check, mutant)
    peer.check(message_3)
    assert peer.oscore() == completed.oscore()[:2] + (C_I, C_R)
    message_4 = peer.message_4(EAD)
    for mutant in mutants(message_4):
        with pytest.raises(EDHOCError):
            completed.process_message_4(mutant)
    assert completed.process_message_4(message_4) == []


@pytest.mark.parametrize("by_value", [False, True], ids=["by name", "by value"])
@pytest.mark.parametrize(("suite", "method"), PROFILES)
def test_between_a_foreign_phone_and_our_reader(suite, method, by_value):
    phone, reader = sides(suite, method, by_value)
    responder = Responder([reader.identity])
    peer = phone.peer(peers.Initiator, reader, C_I)
    message_1 = peer.message_1(EAD)

    answered = 0
    for mutant in mutants(message_1):
        try:
            received = responder.process_message_1(mutant)
            c_r = C_R if received.c_i != C_R else b"\x0c"
            _, message_2 = received.prepare_message_2(*reader.pair(), c_r)
        except EDHOCError:
            continue
        answered += 1
        assert refused(peer.message_3, message_2)
    assert answered > 64

    received = responder.process_message_1(message_1)
    waiting, message_2 = received.prepare_message_2(*reader.pair(), C_R, [(7, False, b"item")])
    for mutant in mutants(message_2):
        assert refused(peer.message_3, mutant)

    message_3 = peer.message_3(message_2, EAD)
    operations = crypto.public_key_operations()
    for mutant in mutants(message_3):
        with pytest.raises(EDHOCError):
            waiting.parse_message_3(mutant)
    assert crypto.public_key_operations() == operations
    received = waiting.parse_message_3(message_3)
    completed = received.verify(found(received.id_cred_i, phone))
    assert peer.oscore() == completed.oscore()[:2] + (C_R, C_I)
    message_4 = completed.prepare_message_4()
    for mutant in mutants(message_4):
        assert refused(peer.confirm, mutant)
    assert peer.confirm(message_4) == b""
