"""The page's core and the firmware's libraries, which share no line: each understands the other.

Keys, names, doors, identifiers and answers are drawn at random, the same in each run but for the
phones' keys, which nobody outside of WebCrypto can choose.
"""

import os
import random

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

import cbor
import coap
import crypto
import oscore
from coap import option, stream
from cose import CRV_ED25519, Key, cwt
from edhoc import Identity, Responder, from_kcwt
from web import node

HANDSHAKES = 1000 if os.environ.get("HOLDFAST_TORTURE") == "1" else 50
NOW = 1_800_000_000
_AT_ONCE = 25
_SECRET = bytes(range(32))
AUTHORITY = Key.okp(CRV_ED25519, crypto.ed25519_public_key(_SECRET), d=_SECRET)
AUTHORITY_PUB = cbor.encode(Key.okp(CRV_ED25519, AUTHORITY.x or b"").to_map())


@pytest.fixture
def peer():
    with node.Peer() as started:
        yield started


def test_aes_ccm_is_that_of_openssl(peer):
    """Every length around a block, with and without associated data, both ways; a bit changed is
    refused.
    """
    source = random.Random(1)
    cases = [
        {
            "key": source.randbytes(16),
            "nonce": source.randbytes(13),
            "text": source.randbytes(length),
            "aad": source.randbytes(source.choice((0, 1, 13, 14, 15, 30, 45, 300))),
        }
        for length in (*range(50), *(source.randrange(1100) for _ in range(150)))
    ]
    sealed = [
        AESCCM(one["key"], tag_length=8).encrypt(one["nonce"], one["text"], one["aad"])
        for one in cases
    ]
    assert peer.call("seal", cases) == [{"ok": text.hex()} for text in sealed]
    received = [{**one, "text": text} for one, text in zip(cases, sealed, strict=True)]
    assert peer.call("open", received) == [{"ok": one["text"].hex()} for one in cases]
    spoilt = [{**one, "text": _one_bit_changed(one["text"], source)} for one in received]
    assert peer.call("open", spoilt) == [{"refused": "not-authentic"}] * len(cases)


@pytest.mark.parametrize("suite", [0, 2])
def test_random_handshakes_and_what_follows(peer, suite):
    """Cold, warm, and the Echo after a restart: each side reads what the other has said."""
    source = random.Random(suite)
    for first in range(0, HANDSHAKES, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, HANDSHAKES))
        readers = [Reader(number, suite, source) for number in numbers]
        _opened(peer, readers, source)


def _opened(peer, readers, source):
    def all_of(name, arguments):
        calls = [
            {"phone": reader.number, **one} for reader, one in zip(readers, arguments, strict=True)
        ]
        results = peer.call(name, calls)
        assert all("ok" in result for result in results), results
        return [result["ok"] for result in results]

    public = all_of("make", [{"suite": reader.suite} for reader in readers])
    tokens = [
        reader.issue(bytes.fromhex(key)) for reader, key in zip(readers, public, strict=True)
    ]
    enrolled = [
        {
            "token": token,
            "authority": AUTHORITY_PUB,
            "site": reader.site,
            "door": reader.door,
            "now": NOW,
        }
        for reader, token in zip(readers, tokens, strict=True)
    ]
    requests = all_of("start", enrolled)
    answers = [
        reader.message_2(request) for reader, request in zip(readers, requests, strict=True)
    ]
    for step in range(4):
        verified = [source.random() < 0.5 for _ in readers]
        wishes = [{"intent": True, "userVerified": said} for said in verified]
        if step == 0:
            arguments = [
                {"frame": answer, "now": NOW, "wish": wish}
                for answer, wish in zip(answers, wishes, strict=True)
            ]
            requests = all_of("proceed", arguments)
        else:
            arguments = [
                {"number": reader.later(source), "wish": wish, "echo": reader.echo}
                for reader, wish in zip(readers, wishes, strict=True)
            ]
            requests = all_of("again", arguments)
        if step == 2:
            for reader in readers:
                reader.restart()
        frames = [
            reader.answer(request, said)
            for reader, request, said in zip(readers, requests, verified, strict=True)
        ]
        outcomes = all_of("finish", [{"frame": frame} for frame in frames])
        assert outcomes == [reader.said for reader in readers]


class Reader:
    """The firmware's Responder and OSCORE, with a certificate of any shape that there may be."""

    def __init__(self, number, suite, source):
        self.number, self.suite = number, suite
        self.site = _name(source)
        doors = list({_name(source) for _ in range(source.randrange(1, 6))})
        self.door = source.choice(doors)
        self.echo = None
        self.said = None
        self._number = 0
        self._source = source
        self._private = _private(source)
        claims = {
            1: self.site,
            2: _name(source),
            4: NOW + source.randrange(1, 1 << 33),
            7: source.randbytes(8),
            8: {1: _public(suite, self._private, source)},
            9: cbor.encode([[[1, door], 1] for door in doors]),
            -65537: source.choice((1, 2)),
        }
        if source.random() < 0.5:
            claims[6] = NOW - 1
        kid = source.choice((None, b"", source.randbytes(8)))
        certificate = cwt.issue(claims, AUTHORITY, kid=kid)
        tag = source.choice((b"", b"\xd8\x3d"))
        credential = from_kcwt(certificate, True)
        credential.id_cred = credential.id_cred_on_wire = b"\xa1\x0d" + tag + certificate
        self._responder = Responder([Identity(suite, self._private, credential)])
        self._waiting = self._context = None

    def issue(self, phone_pub):
        """A credential for the phone's key."""
        source = self._source
        claims = {
            1: self.site,
            2: _name(source),
            3: self.site,
            4: NOW + source.randrange(1, 1 << 33),
            7: source.randbytes(8),
            8: {1: cbor.decode(phone_pub)},
            9: cbor.encode([[[1, self.door], 1]]),
        }
        self._token = cwt.issue(claims, AUTHORITY)
        return self._token

    def message_2(self, frame):
        """The answer to the first request."""
        request = _message(frame)
        assert request.code == coap.code.POST
        assert [value for number, value in request.options if number == option.URI_PATH] == [
            b".well-known",
            b"edhoc",
        ]
        assert request.payload[:1] == b"\xf5"
        received = self._responder.process_message_1(request.payload[1:])
        private = _private(self._source)
        public = (
            crypto.p256_public_key(private)[:32]
            if self.suite
            else crypto.x25519_public_key(private)
        )
        c_r = self._c_r(received.c_i)
        self._waiting, message_2 = received.prepare_message_2(private, public, c_r)
        options = [(option.CONTENT_FORMAT, option.encode_uint(option.CF_EDHOC))]
        return stream.encode(coap.Message(coap.code.CHANGED, options, message_2))

    def answer(self, frame, verified):
        """The answer to a wish, which must be the right one; ``said`` is what is in it."""
        request = _message(frame)
        if self._context is None:
            message_3, request = oscore.split(request)
            received = self._waiting.parse_message_3(message_3)
            assert received.id_cred_i.raw == self._token
            completed = received.verify(from_kcwt(received.id_cred_i.raw, True))
            self._context = oscore.SecurityContext(*completed.oscore())
        try:
            wish, exchange = oscore.unprotect_request(self._context, request)
        except oscore.EchoNeeded as needed:
            self.echo = self._source.randbytes(self._source.randrange(1, 41))
            self.said = {"echo": self.echo.hex()}
            challenge = oscore.echo_challenge(self._context, needed.exchange, self.echo)
            return stream.encode(challenge)
        self.echo = None
        assert wish.code == coap.code.PUT
        assert wish.options[:2] == [
            (option.URI_PATH, b"doors"),
            (option.URI_PATH, self.door.encode()),
        ]
        assert cbor.decode(wish.payload) == (
            {1: 1, 2: True, 3: True} if verified else {1: 1, 2: True}
        )
        return self._word(exchange)

    def later(self, source):
        """The Partial IV of the next request: with gaps, as after a crash."""
        self._number += source.choice((1, 1, 2, 300, 70_000))
        return self._number

    def restart(self):
        """It knows its context, and no more which requests it has heard."""
        self._context.lose_window()

    def _word(self, exchange):
        granted = self._source.random() < 0.7
        reason = 0 if granted else self._source.randrange(1, 7)
        body = {1: granted, 2: reason}
        if granted:
            body[3] = self._source.choice((1, 500, 3000, 60_000))
        self.said = {"granted": granted, "reason": reason, "strikeMs": body.get(3, 0)}
        code = coap.code.CHANGED if granted else coap.code.FORBIDDEN
        plain = coap.Message(code, [], cbor.encode(body))
        has_own = self._source.random() < 0.3
        protected = oscore.protect_response(self._context, plain, exchange, new_piv=has_own)
        return stream.encode(protected)

    def _c_r(self, c_i):
        while True:
            c_r = self._source.choice(
                (b"\x01", b"\x37", b"", self._source.randbytes(1), self._source.randbytes(7))
            )
            if c_r != c_i:
                return c_r


def _message(frame):
    (message,) = stream.Decoder().feed(bytes.fromhex(frame))
    return message


def _name(source):
    alphabet = "abz09 -_/é本🚪"
    return "".join(source.choice(alphabet) for _ in range(source.randrange(1, 12)))


def _private(source):
    return b"\x7f" + source.randbytes(31)  # a key on both curves


def _public(suite, private, source):
    """A COSE_Key: of P-256 with the whole point, its sign, or x alone."""
    if suite == 0:
        return {1: 1, -1: 4, -2: crypto.x25519_public_key(private)}
    point = crypto.p256_public_key(private)
    key = {1: 2, -1: 1, -2: point[:32]}
    y = source.choice((point[32:], bool(point[63] & 1), None))
    return key if y is None else {**key, -3: y}


def _one_bit_changed(data, source):
    bit = source.randrange(8 * len(data))
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
