"""Live handshakes of lib/edhoc, on MicroPython and on CPython, with an independent peer."""

import itertools
import os
import subprocess

import cbor2
import pytest

from conftest import ROOT, environment, micropython
from interop import edhoc_peer as peers
from interop.edhoc_subject import EAD_LABEL, Subject

HANDSHAKES = 100
IDENTIFIERS = [b"", b"\x00", b"\x17", b"\x18", b"\x37", b"\xff", b"\x00\x01", b"\xab" * 7]
KIDS = [b"\x2b", b"\x18", b"", b"reader-7"]
FORMS = ["ccs by kid", "ccs", "cwt by kid", "cwt"]
AUTHORITY = os.urandom(32)


class Process:
    """A Subject in a MicroPython of its own."""

    def __init__(self):
        script = ROOT / "tests" / "interop" / "edhoc_subject.py"
        self._process = subprocess.Popen(
            [micropython(), "-X", "heapsize=512K", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment("micropython"),
            text=True,
        )

    def handle(self, line):
        print(line, file=self._process.stdin, flush=True)
        return self._process.stdout.readline().strip()

    def close(self):
        self._process.stdin.close()
        assert self._process.wait(timeout=10) == 0


@pytest.fixture(params=["micropython", "cpython"])
def ask(request):
    """A function that sends the side under test one request and returns its results as bytes."""
    if request.param == "micropython":
        subject = Process()
        request.addfinalizer(subject.close)
    else:
        subject = Subject()

    def call(name, *arguments):
        words = [argument.hex() or "-" for argument in arguments]
        state, *results = subject.handle(" ".join([name, *words])).split(" ")
        if state == "refused":
            raise peers.Refused(" ".join(results))
        assert state == "ok", (state, results)
        return [b"" if text == "-" else bytes.fromhex(text) for text in results]

    return call


class Side:
    """Fresh keys and a credential for one side of one handshake."""

    def __init__(self, subject, form, kid):
        self.private, self.ephemeral = os.urandom(32), os.urandom(32)
        self.by_value = b"" if form.endswith("by kid") else b"\x01"
        if form.startswith("ccs"):
            self.raw, kind = peers.ccs(self.private, kid, subject), peers.KCCS
        else:
            self.raw, kind = peers.cwt(self.private, kid, subject, AUTHORITY), peers.KCWT
        self.credential = peers.Credential(self.raw, kind if self.by_value else peers.KID)


def cases():
    """Every pair of forms, with identifiers, kids and EAD fields changing at other paces."""
    pairs = itertools.cycle(itertools.product(FORMS, FORMS))
    for index, (form_i, form_r) in enumerate(itertools.islice(pairs, HANDSHAKES)):
        c_i = IDENTIFIERS[index % len(IDENTIFIERS)]
        c_r = IDENTIFIERS[(index // 3 + index + 1) % len(IDENTIFIERS)]
        if c_i == c_r:
            c_r = b"\x01"
        phone = Side("phone", form_i, KIDS[index % 4])
        reader = Side("reader", form_r, KIDS[index // 4 % 4])
        eads = [os.urandom(index) if index >> field & 1 else b"" for field in range(4)]
        yield phone, reader, c_i, c_r, eads


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
        peer = peers.Responder(
            reader.private, reader.credential, [phone.raw], reader.ephemeral, c_r
        )
        own = phone.private, phone.raw, phone.by_value, reader.raw, phone.ephemeral
        (message_1,) = ask("initiator", *own, c_i, eads[0])
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
        peer = peers.Initiator(phone.private, phone.credential, [reader.raw], phone.ephemeral, c_i)
        own = reader.private, reader.raw, reader.by_value, phone.raw, reader.ephemeral
        message_1 = peer.message_1(field(eads[0]))
        message_2, ead_1 = ask("responder", *own, c_r, eads[1], message_1)
        message_3 = peer.message_3(message_2, field(eads[2]))
        message_4, ead_3 = ask("message_3", message_3, eads[3])
        assert [ead_1, item(peer.ead_2), ead_3, item(peer.confirm(message_4))] == eads
        check_keys(ask, peer)


def check_keys(ask, peer):
    context = os.urandom(5)
    secret, salt, sender, recipient, exported = ask("keys", context)
    assert (secret, salt, recipient, sender) == peer.oscore()
    assert exported == peer.exporter(32768, context, 40)


def test_each_refuses_a_peer_without_the_key(ask):
    """A comparison that never fails would prove nothing: here the peer has a wrong private key."""
    phone, reader, c_i, c_r, _ = next(cases())
    thief = peers.Responder(os.urandom(32), reader.credential, [phone.raw], os.urandom(32), c_r)
    own = phone.private, phone.raw, phone.by_value, reader.raw, phone.ephemeral
    (message_1,) = ask("initiator", *own, c_i, b"")
    with pytest.raises(peers.Refused, match="message_2 is not from the holder"):
        ask("message_2", thief.message_2(message_1), b"")

    thief = peers.Initiator(os.urandom(32), phone.credential, [reader.raw], os.urandom(32), c_i)
    own = reader.private, reader.raw, reader.by_value, phone.raw, reader.ephemeral
    message_2, _ = ask("responder", *own, c_r, b"", thief.message_1())
    with pytest.raises(peers.Refused, match="message_3 is not from the holder"):
        ask("message_3", thief.message_3(message_2), b"")

    own = os.urandom(32), reader.raw, reader.by_value, phone.raw, reader.ephemeral
    peer = peers.Initiator(phone.private, phone.credential, [reader.raw], phone.ephemeral, c_i)
    message_2, _ = ask("responder", *own, c_r, b"", peer.message_1())
    with pytest.raises(peers.Refused, match="MAC_2"):
        peer.message_3(message_2)

    own = os.urandom(32), phone.raw, phone.by_value, reader.raw, phone.ephemeral
    peer = peers.Responder(reader.private, reader.credential, [phone.raw], reader.ephemeral, c_r)
    (message_1,) = ask("initiator", *own, c_i, b"")
    message_3, _ = ask("message_2", peer.message_2(message_1), b"")
    with pytest.raises(peers.Refused, match="MAC_3"):
        peer.check(message_3)
