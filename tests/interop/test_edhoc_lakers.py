"""Live handshakes of lib/edhoc with lakers, the Rust implementation of EDHOC: method 3, suite 2.

Lakers is a partner for good messages only: what is malformed makes it panic. And for short ones:
over a context of more than 255 bytes its MACs are not those of RFC 9529's trace 1, in both roles
alike (version 0.6.2), so a credential and the EAD together are kept below that.
"""

import os

import lakers
import pytest

from interop import edhoc_peer as peers
from interop.edhoc_process import asking
from interop.edhoc_subject import EAD_LABEL
from interop.edhoc_suites import STAT_STAT, Suite2, new_private_key

HANDSHAKES = 1000 if os.environ.get("HOLDFAST_TORTURE") == "1" else 25
PROFILE = bytes([STAT_STAT, 2])
IDENTIFIERS = [b"", b"\x00", b"\x17", b"\x18", b"\x37", b"\xff", b"\x00\x01", b"\xab" * 7]
KIDS = [b"\x2b", b"\x05", b"\x12\x34", b"reader-7"]


@pytest.fixture(params=["micropython", "cpython"])
def ask(request):
    """Sends the side under test one request and returns its results as bytes."""
    return asking(request)


class Side:
    """Fresh keys and a CCS for one side of one handshake; lakers reads no other credentials."""

    def __init__(self, subject, number):
        self.private, self.ephemeral = new_private_key(), new_private_key()
        key = Suite2.cose_key(self.private, STAT_STAT)
        by_value = number // 8 % 2
        if by_value or number & 1:
            del key[-3]
        self.raw = peers.ccs(key, KIDS[number // 2 % 4], subject + "-" * (number % 10))
        self.by_value = b"\x01" if by_value else b""
        transfer = lakers.CredentialTransfer
        self.transfer = transfer.ByValue if by_value else transfer.ByReference

    def as_subject(self, peer):
        """What the side under test is told if it is to be this one and to believe ``peer``."""
        return PROFILE, self.private, self.raw, self.by_value, peer.raw, self.ephemeral


def cases():
    """Forms of credential, identifiers and EAD fields change at different paces."""
    for index in range(HANDSHAKES):
        c_i = IDENTIFIERS[index % len(IDENTIFIERS)]
        c_r = IDENTIFIERS[(index // 3 + index + 1) % len(IDENTIFIERS)]
        if c_i == c_r:
            c_r = b"\x01"
        eads = [os.urandom(index % 30 + 1) if index >> field & 1 else b"" for field in range(4)]
        yield Side("phone", index), Side("reader", index // 3), c_i, c_r, eads


def items(value):
    """A critical EAD item for lakers to send."""
    return [lakers.EADItem(EAD_LABEL, True, value)] if value else []


def value(received):
    """What the side under test put into an EAD field, as lakers read it; the padding is gone."""
    for item in received:
        if item.label() == EAD_LABEL:
            assert item.is_critical()
            return bytes(item.value())
    return b""


def test_our_initiator_and_lakers(ask):
    """Fresh keys each time; EAD fields, OSCORE keys and exported keys are compared."""
    for phone, reader, c_i, c_r, eads in cases():
        peer = lakers.EdhocResponder(reader.private, reader.raw)
        (message_1,) = ask("initiator", *phone.as_subject(reader), c_i, eads[0])
        got_c_i, ead_1 = peer.process_message_1(message_1)
        message_2 = peer.prepare_message_2(reader.transfer, c_r, items(eads[1]))
        message_3, ead_2 = ask("message_2", message_2, eads[2])
        id_cred_i, ead_3 = peer.parse_message_3(message_3)
        peer.verify_message_3(lakers.credential_check_or_fetch(id_cred_i, phone.raw))
        (ead_4,) = ask("message_4", peer.prepare_message_4(items(eads[3])))
        assert bytes(got_c_i) == c_i
        assert [value(ead_1), ead_2, value(ead_3), ead_4] == eads
        check_keys(ask, peer, c_r, c_i)


def test_our_responder_and_lakers(ask):
    """The other way round."""
    for phone, reader, c_i, c_r, eads in cases():
        peer = lakers.EdhocInitiator()
        message_1 = peer.prepare_message_1(c_i, items(eads[0]))
        message_2, ead_1 = ask("responder", *reader.as_subject(phone), c_r, eads[1], message_1)
        got_c_r, id_cred_r, ead_2 = peer.parse_message_2(message_2)
        shown = lakers.credential_check_or_fetch(id_cred_r, reader.raw)
        peer.verify_message_2(phone.private, phone.raw, shown)
        message_3, _ = peer.prepare_message_3(phone.transfer, items(eads[2]))
        message_4, ead_3 = ask("message_3", message_3, eads[3])
        ead_4 = peer.process_message_4(message_4)
        assert bytes(got_c_r) == c_r
        assert [ead_1, value(ead_2), ead_3, value(ead_4)] == eads
        check_keys(ask, peer, c_i, c_r)


def check_keys(ask, peer, sender, recipient):
    """``sender`` and ``recipient`` are the OSCORE identifiers of the side under test.

    The label is a small one: lakers 0.6.2 writes each as one byte.
    """
    context = os.urandom(5)
    *secrets, own_sender, own_recipient, exported = ask("keys", b"\x09", context)
    assert secrets == [bytes(peer.edhoc_exporter(label, b"", n)) for label, n in ((0, 16), (1, 8))]
    assert exported == bytes(peer.edhoc_exporter(9, context, 40))
    assert (own_sender, own_recipient) == (sender, recipient)


def test_each_refuses_the_other_without_the_key(ask):
    """A comparison that never fails would prove nothing."""
    phone, reader = Side("phone", 0), Side("reader", 0)
    thief = lakers.EdhocResponder(new_private_key(), reader.raw)
    (message_1,) = ask("initiator", *phone.as_subject(reader), b"\x0a", b"")
    thief.process_message_1(message_1)
    message_2 = thief.prepare_message_2(reader.transfer, b"\x0b", [])
    with pytest.raises(peers.Refused, match="message_2 is not from the holder"):
        ask("message_2", message_2, b"")

    peer = lakers.EdhocInitiator()
    message_1 = peer.prepare_message_1(b"\x0a", [])
    profile, _, *own = reader.as_subject(phone)
    message_2, _ = ask("responder", profile, new_private_key(), *own, b"\x0b", b"", message_1)
    peer.parse_message_2(message_2)
    with pytest.raises(ValueError, match="MacVerificationFailed"):
        peer.verify_message_2(phone.private, phone.raw, lakers.Credential(reader.raw))
