"""A phone made of strangers' libraries opens a door: what docs/protocol.md says is enough.

The credential is made by ``cwt`` or ``pycose``, the handshake by edhoc_peer.py, OSCORE by aiocoap;
the stream is framed here. Only the reader, a MicroPython process, is ours.
"""

import os
import socket
import time

import aiocoap
import cbor2
import cwt
import pytest
from aiocoap import oscore
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pycose.algorithms import HMAC256, EdDSA
from pycose.headers import Algorithm
from pycose.keys import OKPKey, SymmetricKey
from pycose.messages import Mac0Message, Sign1Message

from holdfast_host.demo.stage import DOOR, SITE, ZONE, Stage
from interop import edhoc_peer
from interop.edhoc_suites import SIGN_SIGN, STAT_STAT, Suite0, Suite2, new_private_key

CSM = b"\x00\xe1"
POST, CHANGED, BAD_REQUEST, FORBIDDEN = 0x02, 0x44, 0x80, 0x83
SECONDS = 30  # a hang must end the test


class Credential(edhoc_peer.Credential):
    """A CWT by value, whatever its key is called."""

    def __init__(self, raw):
        self.raw = raw
        self.claims = cbor2.loads(cbor2.loads(raw).value[2])
        self.public_key = self.claims[8][1][-2]
        self.id_cred = self.id_cred_on_wire = b"\xa1\x0d" + raw


class Initiator(edhoc_peer.Initiator):
    """A phone that learns the reader's certificate from message_2."""

    def find(self, id_cred, encoded):
        assert encoded[:2] == b"\xa1\x0d"
        self.shown = Credential(encoded[2:])
        return self.shown


class Oscore(oscore.CanProtect, oscore.CanUnprotect, oscore.SecurityContextUtils):
    """aiocoap's OSCORE with the keys of a handshake."""

    id_context = None
    echo_recovery = None

    def __init__(self, master_secret, master_salt, sender_id, recipient_id):
        self.alg_aead = oscore.algorithms[oscore.DEFAULT_ALGORITHM]
        self.hashfun = oscore.hashfunctions[oscore.DEFAULT_HASHFUNCTION]
        self.sender_id, self.recipient_id = sender_id, recipient_id
        self.derive_keys(master_salt, master_secret)
        self.sender_sequence_number = 0
        self.recipient_replay_window = oscore.ReplayWindow(32, lambda: None)
        self.recipient_replay_window.initialize_empty()

    def post_seqnoincrease(self):
        pass


def frame(code, body):
    """RFC 8323 section 3.2, without a token."""
    length = len(body)
    if length < 13:
        head = bytes([length << 4])
    elif length < 269:
        head = bytes([13 << 4, length - 13])
    else:
        head = bytes([14 << 4]) + (length - 269).to_bytes(2, "big")
    return head + bytes([code]) + body


class Stream:
    """A connection that writes 20 bytes at a time."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), SECONDS)
        self._held = b""
        self._send(CSM)

    def close(self):
        self._socket.close()

    def ask(self, code, body):
        """(code, options and payload) of the response."""
        self._send(frame(code, body))
        while True:
            code, body = self._receive()
            if code < 0xE0:
                return code, body

    def _send(self, data):
        for start in range(0, len(data), 20):
            self._socket.sendall(data[start : start + 20])

    def _take(self, count):
        while len(self._held) < count:
            chunk = self._socket.recv(4096)
            assert chunk, "the reader closed the connection"
            self._held += chunk
        taken, self._held = self._held[:count], self._held[count:]
        return taken

    def _receive(self):
        first = self._take(1)[0]
        length = first >> 4
        if length == 13:
            length = 13 + self._take(1)[0]
        elif length == 14:
            length = 269 + int.from_bytes(self._take(2), "big")
        code = self._take(1)[0]
        self._take(first & 15)
        return code, self._take(length)


def _protect(context):
    """(outer options, ciphertext, what the response needs) of the wish to open the door."""
    wish = aiocoap.Message(
        code=aiocoap.PUT,
        uri_path=["doors", DOOR],
        content_format=60,
        payload=cbor2.dumps({1: 1, 2: True}),
    )
    protected, request_id = context.protect(wish)
    return protected.opt.encode(), protected.payload, request_id


def _answer(context, code, body, request_id):
    """(code, map) of a protected response; aiocoap reads it as the datagram it would have been."""
    response = aiocoap.Message.decode(b"\x50" + bytes([code]) + b"\x00\x01" + body)
    response.direction = aiocoap.message.Direction.INCOMING
    plain, _ = context.unprotect(response, request_id)
    return int(plain.code), cbor2.loads(plain.payload)


def _start(stream, message_1):
    """(code, EDHOC message) of the answer to ``message_1``."""
    body = bytes.fromhex("bb") + b".well-known" + b"\x05edhoc" + b"\x11\x41\xff\xf5"
    code, answer = stream.ask(POST, body + message_1)
    assert answer.startswith(b"\xc1\x40\xff")
    return code, answer[3:]


def _handshake(stream, phone, suites_i=None):
    """Messages 1 to 3; (OSCORE context, message_3)."""
    code, message_2 = _start(stream, phone.message_1(suites_i=suites_i))
    assert code == CHANGED
    message_3 = phone.message_3(message_2)
    return Oscore(*phone.oscore()), message_3


@pytest.fixture
def stage(tmp_path):
    """A site and its running reader."""
    with Stage(tmp_path, lambda: int(time.time())) as running:
        yield running


def _claims(private, changes=None):
    now = int(time.time())
    claims = {
        1: SITE,
        2: "stranger",
        3: SITE,
        4: now + 3600,
        5: now - 60,
        6: now - 60,
        7: os.urandom(8),
        8: {1: Suite0.cose_key(private, STAT_STAT)},
        9: cbor2.dumps([[[1, DOOR], 1]]),
    }
    return {**claims, **(changes or {})}


def _by_cwt(stage, private, changes=None):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.from_private_bytes(stage.authority.signing_key.d)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return cwt.encode(_claims(private, changes), cwt.COSEKey.from_pem(pem, kid="authority"))


def _by_pycose(stage, private, changes=None):
    key = stage.authority.signing_key
    payload = cbor2.dumps(_claims(private, changes))
    message = Sign1Message(phdr={Algorithm: EdDSA}, payload=payload)
    message.key = OKPKey(crv="ED25519", x=key.x, d=key.d)
    return message.encode()  # pyright: ignore[reportCallIssue]


def _guest_by_pycose(stage, private, changes=None):
    zone_key = stage.secret.zone_key(ZONE, 1)
    claims = _claims(private, {3: ZONE, **(changes or {})})
    message = Mac0Message(phdr={Algorithm: HMAC256}, payload=cbor2.dumps(claims))
    message.key = SymmetricKey(k=zone_key.k)
    return message.encode()  # pyright: ignore[reportCallIssue]


@pytest.mark.parametrize("issue", [_by_cwt, _by_pycose, _guest_by_pycose])
def test_a_phone_that_shares_no_code_with_us_gets_in(stage, issue):
    """Cold with the combined request, then warm: the wire is the standard's and not ours."""
    private = os.urandom(32)
    own = Credential(issue(stage, private))
    phone = Initiator(private, own, (), os.urandom(32), b"\x0c")
    _get_in(stage, phone, Stream(stage.reader.port))


@pytest.mark.parametrize("y_form", ["whole", "sign", "absent"])
@pytest.mark.parametrize("issue", [_by_cwt, _by_pycose, _guest_by_pycose])
def test_a_phone_with_a_p256_key_gets_in(stage, issue, y_form):
    """In cipher suite 2, however its credential writes the point."""
    private = new_private_key()
    key = Suite2.cose_key(private, STAT_STAT)
    if y_form == "sign":
        key[-3] = bool(key[-3][-1] & 1)
    elif y_form == "absent":
        del key[-3]
    own = Credential(issue(stage, private, {8: {1: key}}))
    phone = Initiator(private, own, (), new_private_key(), b"\x0c", suite=2)
    _get_in(stage, phone, Stream(stage.reader.port))


def test_a_phone_that_prefers_what_the_reader_lacks_finds_out_and_gets_in(stage):
    """On one connection: error 2 names the suites, and the second offer has them after its own.
    Neither what the reader has of the phone's nor the method can be passed over.
    """
    private = new_private_key()
    claims = {8: {1: Suite2.cose_key(private, STAT_STAT)}}
    own = Credential(_by_pycose(stage, private, claims))
    phone = Initiator(private, own, (), new_private_key(), b"\x0c", suite=2)
    stream = Stream(stage.reader.port)
    for suites_i in (24, [24, 25], [0, 2], [2, 24]):
        answer = _start(stream, phone.message_1(suites_i=suites_i))
        assert answer == (BAD_REQUEST, b"\x02\x82\x00\x02")
    phone = Initiator(private, own, (), new_private_key(), b"\x0c", suite=2)
    _get_in(stage, phone, stream, [24, 25, 2])

    stream = Stream(stage.reader.port)
    phone = Initiator(private, own, (), new_private_key(), b"\x0c", suite=2, method=SIGN_SIGN)
    assert _start(stream, phone.message_1()) == (BAD_REQUEST, b"\x01\x74method not supported")
    stream.close()


def _get_in(stage, phone, stream, suites_i=None):
    context, message_3 = _handshake(stream, phone, suites_i)
    # The certificate, checked as the document says.
    tagged = cbor2.loads(phone.shown.raw)
    protected, _, payload, signature = tagged.value
    to_be_signed = cbor2.dumps(["Signature1", protected, b"", payload], canonical=True)
    Ed25519PublicKey.from_public_bytes(stage.authority.public_key.x).verify(
        signature, to_be_signed
    )
    assert (phone.shown.claims[1], phone.shown.claims[2]) == (SITE, DOOR)
    assert phone.shown.claims[-65537] == 1

    options, ciphertext, request_id = _protect(context)
    code, body = stream.ask(POST, options + b"\xc0\xff" + message_3 + ciphertext)
    assert _answer(context, code, body, request_id) == (CHANGED, {1: True, 2: 0, 3: 500})

    options, ciphertext, request_id = _protect(context)
    code, body = stream.ask(POST, options + b"\xff" + ciphertext)
    assert _answer(context, code, body, request_id)[0] == CHANGED
    stream.close()


def test_a_stranger_is_refused_by_the_same_rules(stage):
    """The protected answer to an expired credential reads as the document says."""
    private = os.urandom(32)
    now = int(time.time())
    own = Credential(_by_pycose(stage, private, {4: now - 1, 5: now - 60}))
    phone = Initiator(private, own, (), os.urandom(32), b"\x0c")
    stream = Stream(stage.reader.port)
    context, message_3 = _handshake(stream, phone)
    options, ciphertext, request_id = _protect(context)
    code, body = stream.ask(POST, options + b"\xc0\xff" + message_3 + ciphertext)
    assert _answer(context, code, body, request_id) == (FORBIDDEN, {1: False, 2: 2})
    stream.close()


def test_message_3_by_itself_and_message_4(stage):
    """The base flow of RFC 9528 appendix A.2.1: message_4 confirms, then the wish follows."""
    private = os.urandom(32)
    phone = Initiator(private, Credential(_by_pycose(stage, private)), (), os.urandom(32), b"\x0c")
    stream = Stream(stage.reader.port)
    context, message_3 = _handshake(stream, phone)
    body = bytes.fromhex("bb") + b".well-known" + b"\x05edhoc" + b"\x11\x41\xff"
    code, answer = stream.ask(POST, body + edhoc_peer.identifier_to_wire(phone.c_r) + message_3)
    assert code == CHANGED
    assert phone.confirm(answer[3:]) == b""
    options, ciphertext, request_id = _protect(context)
    code, body = stream.ask(POST, options + b"\xff" + ciphertext)
    assert _answer(context, code, body, request_id)[0] == CHANGED
    stream.close()
