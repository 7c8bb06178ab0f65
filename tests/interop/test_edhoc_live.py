"""Live handshakes of lib/edhoc, on MicroPython and on CPython, with an independent peer."""

import itertools
import os

import cbor2
import pytest

from interop import edhoc_peer as peers
from interop.edhoc_process import asking
from interop.edhoc_subject import EAD_LABEL
from interop.edhoc_suites import SIGN_SIGN, STAT_STAT, SUITES, new_private_key

HANDSHAKES = 128  # every pair of forms in every profile, twice
IDENTIFIERS = [b"", b"\x00", b"\x17", b"\x18", b"\x37", b"\xff", b"\x00\x01", b"\xab" * 7]
KIDS = [b"\x2b", b"\x18", b"", b"reader-7"]
FORMS = ["ccs by kid", "ccs", "cwt by kid", "cwt"]
PROFILES = [(method, suite) for method in (STAT_STAT, SIGN_SIGN) for suite in (0, 2)]
NAMES = ("phone", "reader")
AUTHORITY = os.urandom(32)


@pytest.fixture(params=["micropython", "cpython"])
def ask(request):
    """Sends the side under test one request and returns its results as bytes."""
    return asking(request)


class Side:
    """Fresh keys and a credential for one side of one handshake."""

    def __init__(self, subject, form, kid, method, suite, y_form=0):
        self.profile = {"suite": suite, "method": method}
        self.private, self.ephemeral = new_private_key(), new_private_key()
        self.by_value = b"" if form.endswith("by kid") else b"\x01"
        key = self.cose_key(method, suite, y_form)
        if form.startswith("ccs"):
            self.raw, kind = peers.ccs(key, kid, subject), peers.KCCS
        else:
            self.raw, kind = peers.cwt(key, kid, subject, AUTHORITY), peers.KCWT
        self.credential = peers.Credential(self.raw, kind if self.by_value else peers.KID)

    def cose_key(self, method, suite, y_form):
        """Of a point, y may be given whole or as its sign; and not at all, where no one signs."""
        key = SUITES[suite].cose_key(self.private, method)
        if suite == 2 and y_form == 1:
            key[-3] = bool(key[-3][-1] & 1)
        if suite == 2 and y_form == 2 and method == STAT_STAT:
            del key[-3]
        return key

    def initiator(self, known, c_i):
        """The independent one."""
        return peers.Initiator(
            self.private, self.credential, known, self.ephemeral, c_i, **self.profile
        )

    def responder(self, known, c_r):
        """The independent one."""
        return peers.Responder(
            self.private, self.credential, known, self.ephemeral, c_r, **self.profile
        )

    def as_subject(self, peer):
        """What the side under test is told if it is to be this one and to believe ``peer``."""
        profile = bytes([self.profile["method"], self.profile["suite"]])
        return profile, self.private, self.raw, self.by_value, peer.raw, self.ephemeral


def cases():
    """Every pair of forms in every profile, with identifiers, kids, EAD fields and ways to write a
    point changing at other paces.
    """
    pairs = itertools.cycle(itertools.product(FORMS, FORMS))
    for index, (form_i, form_r) in enumerate(itertools.islice(pairs, HANDSHAKES)):
        profile = PROFILES[(index + index // 16) % 4]
        c_i = IDENTIFIERS[index % len(IDENTIFIERS)]
        c_r = IDENTIFIERS[(index // 3 + index + 1) % len(IDENTIFIERS)]
        if c_i == c_r:
            c_r = b"\x01"
        phone = Side("phone", form_i, KIDS[index % 4], *profile, index // 5 % 3)
        reader = Side("reader", form_r, KIDS[index // 4 % 4], *profile, index // 7 % 3)
        eads = [os.urandom(index) if index >> field & 1 else b"" for field in range(4)]
        yield phone, reader, c_i, c_r, eads


def one_of_each():
    """A handshake for each profile, without EAD."""
    for profile in PROFILES:
        phone, reader = (Side(name, "ccs by kid", name.encode(), *profile) for name in NAMES)
        yield phone, reader, b"\x0a", b"\x0b"


def field(value):
    """An EAD field as the side under test makes it: a critical item and padding."""
    return peers.encode(-EAD_LABEL, value, 0, b"pad") if value else b""


def item(encoded):
    """The value in such a field."""
    return cbor2.loads(encoded[3:-5]) if encoded else b""


def test_our_initiator_and_an_independent_responder(ask):
    """Fresh keys each time; messages, EAD fields, OSCORE keys and exported keys are compared."""
    sizes = set()
    for phone, reader, c_i, c_r, eads in cases():
        peer = reader.responder([phone.raw], c_r)
        (message_1,) = ask("initiator", *phone.as_subject(reader), c_i, eads[0])
        message_2 = peer.message_2(message_1, field(eads[1]))
        message_3, ead_2 = ask("message_2", message_2, eads[2])
        peer.check(message_3)
        (ead_4,) = ask("message_4", peer.message_4(field(eads[3])))
        assert [item(peer.ead_1), ead_2, item(peer.ead_3), ead_4] == eads
        check_keys(ask, peer)
        sizes.add((len(message_2), len(message_3)))
    assert len(sizes) > HANDSHAKES // 2


def test_our_responder_and_an_independent_initiator(ask):
    """The other way round."""
    for phone, reader, c_i, c_r, eads in cases():
        peer = phone.initiator([reader.raw], c_i)
        message_1 = peer.message_1(field(eads[0]))
        message_2, ead_1 = ask("responder", *reader.as_subject(phone), c_r, eads[1], message_1)
        message_3 = peer.message_3(message_2, field(eads[2]))
        message_4, ead_3 = ask("message_3", message_3, eads[3])
        assert [ead_1, item(peer.ead_2), ead_3, item(peer.confirm(message_4))] == eads
        check_keys(ask, peer)


def check_keys(ask, peer):
    context = os.urandom(5)
    secret, salt, sender, recipient, exported = ask("keys", b"\x80\x00", context)
    assert (secret, salt, recipient, sender) == peer.oscore()
    assert exported == peer.exporter(32768, context, 40)


def test_suites_are_negotiated_with_an_independent_peer(ask):
    """Better suites, which the other side does not have, stand before the one that is used, and
    are part of what is agreed.
    """
    for phone, reader, c_i, c_r in one_of_each():
        peer = reader.responder([phone.raw], c_r)
        (method, suite), *own = phone.as_subject(reader)
        (message_1,) = ask("initiator", bytes([method, 6, 24, suite]), *own, c_i, b"")
        assert cbor2.loads(message_1[1:]) == [6, 24, suite]
        message_3, _ = ask("message_2", peer.message_2(message_1), b"")
        peer.check(message_3)
        check_keys(ask, peer)
        for better in (6,), (-21, 25, 3), range(100, 115):
            peer = phone.initiator([reader.raw], c_i)
            message_1 = peer.message_1(suites_i=[*better, peer.suite])
            message_2, _ = ask("responder", *reader.as_subject(phone), c_r, b"", message_1)
            ask("message_3", peer.message_3(message_2), b"")
            check_keys(ask, peer)


def test_each_refuses_a_peer_without_the_key(ask):
    """A comparison that never fails would prove nothing: here the peer has a wrong private key."""
    for phone, reader, c_i, c_r in one_of_each():
        thief = reader.responder([phone.raw], c_r)
        thief.private = new_private_key()
        (message_1,) = ask("initiator", *phone.as_subject(reader), c_i, b"")
        with pytest.raises(peers.Refused, match="message_2 is not from the holder"):
            ask("message_2", thief.message_2(message_1), b"")

        thief = phone.initiator([reader.raw], c_i)
        thief.private = new_private_key()
        own = reader.as_subject(phone)
        message_2, _ = ask("responder", *own, c_r, b"", thief.message_1())
        with pytest.raises(peers.Refused, match="message_3 is not from the holder"):
            ask("message_3", thief.message_3(message_2), b"")

        said = "signature" if phone.profile["method"] == SIGN_SIGN else "MAC"
        peer = phone.initiator([reader.raw], c_i)
        own = own[0], new_private_key(), *own[2:]
        message_2, _ = ask("responder", *own, c_r, b"", peer.message_1())
        with pytest.raises(peers.Refused, match=said):
            peer.message_3(message_2)

        peer = reader.responder([phone.raw], c_r)
        own = phone.as_subject(reader)
        own = own[0], new_private_key(), *own[2:]
        (message_1,) = ask("initiator", *own, c_i, b"")
        message_3, _ = ask("message_2", peer.message_2(message_1), b"")
        with pytest.raises(peers.Refused, match=said):
            peer.check(message_3)
