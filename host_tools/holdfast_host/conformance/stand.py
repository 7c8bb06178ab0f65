"""A reader that stands in a real one's place and looks closely: one door of a site of its own.

It answers as a reader does, unless a trial has it lie. What is wrong with a request is raised as
Wrong; what it keeps over the trials are contexts, and which ephemeral keys and Partial IVs it saw.
"""

import dataclasses
import os
import time

import cbor
import coap
import crypto
import edhoc
import oscore
from coap import code, option
from cose import CRV_X25519, Key

from ..credentials import issuing, keys
from ..credentials.authority import Authority
from . import reading
from .schedule import Schedule
from .wrong import Wrong

SITE, DOOR, NODE = "check", "lobby", "check-reader"
GRANTED = (code.CHANGED, {1: True, 2: 0, 3: 3000})
NO_CONTEXT = b"Security context not found"

_DAY = 86400
_EDHOC = (option.CONTENT_FORMAT, bytes([64]))
_SUITES = (0, 2)


@dataclasses.dataclass
class Remembered:
    """What is kept of a phone that was met: its context, the highest Partial IV, the values."""

    context: oscore.SecurityContext
    values: Schedule
    newest: int = -1


class Stand:
    """The reader of DOOR, its site's ``authority``, and what it has seen of the phone.

    What a trial may set: ``suites`` that it has, ``claims`` of its certificate, the ``signer`` of
    it, ``has_key`` (else it cannot prove to be whom the certificate names), ``answer`` (code and
    map), ``forgets`` (kept contexts), ``asks_echo``, and ``spoil(message)``, by which an answer to
    a wish is changed before it leaves.
    """

    def __init__(self) -> None:
        self.authority = Authority.generate()
        self.private = {suite: _private() for suite in _SUITES}
        self.issued: bytes | None = None  # the credential that the phone was given
        self.remembered: dict[bytes, Remembered] = {}
        self.seen: set[bytes] = set()  # ephemeral keys
        self.last: Schedule | None = None
        self.begin()

    def begin(self) -> None:
        """Another trial: an honest reader again."""
        self.suites: tuple[int, ...] = _SUITES
        self.claims: dict = {}
        self.signer = self.authority.signing_key
        self.has_key = True
        self.answer: tuple[int, dict] = GRANTED
        self.forgets = False
        self.asks_echo = False
        self.spoil = lambda message: message
        self.ways: list[str] = []  # what the phone did: message_1, message_3, warm, echo
        self._waiting: Schedule | None = None
        self._echo: bytes | None = None

    def request(self, message: coap.Message) -> coap.Message:
        """The answer to a request. Raises Wrong."""
        if message.option(option.OSCORE) is None:
            return self._message_2(reading.edhoc_message(message))
        if message.option(option.EDHOC) is not None:
            return self._with_message_3(message)
        return self._warm(message)

    def _message_2(self, raw: bytes) -> coap.Message:
        suite, g_x, c_i = reading.message_1(raw, self.suites)
        self.ways.append("message_1")
        if g_x in self.seen:
            raise Wrong("message_1", "g_x", "this ephemeral key was used before", came=g_x.hex())
        if suite not in self.suites:
            # Of a handshake that goes no further the key may be offered again.
            error = edhoc.EDHOCError("no such suite", edhoc.WRONG_SUITE, self.suites)
            return coap.Message(code.BAD_REQUEST, [_EDHOC], error.message())
        self.seen.add(g_x)
        certificate = self._certificate(suite)
        shown = edhoc.from_kcwt(certificate, True)
        y = _private()
        c_r = next(bytes([one]) for one in range(24) if bytes([one]) != c_i)
        known = {
            "message_1": raw,
            "g_x": g_x,
            "c_i": c_i,
            "y": y,
            "g_y": _public(suite, y),
            "r": self.private[suite] if self.has_key else _private(),
            "c_r": c_r,
            "id_cred_r": b"\xa1\x0d" + certificate,
            "cred_r": shown.raw,
        }
        if self.issued is not None:
            known["id_cred_i"] = b"\xa1\x0d" + self.issued
        values = self.last = self._waiting = Schedule(suite, known)
        pairs = zip(values["plaintext_2"], values["keystream_2"], strict=True)
        ciphertext_2 = bytes(a ^ b for a, b in pairs)
        message_2 = cbor.encode(values["g_y"] + ciphertext_2)
        return coap.Message(code.CHANGED, [_EDHOC], message_2)

    def _with_message_3(self, message: coap.Message) -> coap.Message:
        values = self._waiting
        if values is None:
            raise Wrong("message_3", "EDHOC", "no message_1 was before it on this connection")
        self.ways.append("message_3")
        self._waiting = None
        _, kid = reading.protected(message, "message_3")
        if kid != values["c_r"]:
            said = "it is C_I: that is the reader's" if kid == values["c_i"] else "it is not C_R"
            raise Wrong("message_3", "kid", said, values["c_r"].hex(), kid.hex())
        rest = reading.message_3(message, values)
        reading.opened(rest, values, "first request")
        context = oscore.SecurityContext(
            values["master_secret"],
            values["master_salt"],
            values["phone_recipient_id"],
            values["phone_sender_id"],
        )
        met = self.remembered[kid] = Remembered(context, values)
        return self._answered(rest, met, "first request")

    def _warm(self, message: coap.Message) -> coap.Message:
        step = "warm request"
        piv, kid = reading.protected(message, step)
        self.ways.append("warm")
        if self._waiting is not None and kid == self._waiting["c_r"]:
            raise Wrong(
                "message_3",
                "EDHOC",
                "option 21 is not there: it says that message_3 is in front of the ciphertext",
            )
        met = self.remembered.get(kid)
        if met is None or self.forgets:
            self.remembered.pop(kid, None)
            return coap.Message(code.UNAUTHORIZED, (), NO_CONTEXT)
        if int.from_bytes(piv, "big") <= met.newest:
            raise Wrong(
                step,
                "piv",
                "this Partial IV was used before: two messages under one nonce give both away",
                f"above {met.newest}",
                str(int.from_bytes(piv, "big")),
            )
        reading.opened(message, met.values, step)
        return self._answered(message, met, step)

    def _answered(self, message: coap.Message, met: Remembered, step: str) -> coap.Message:
        plain, exchange = oscore.unprotect_request(met.context, message)
        met.newest = int.from_bytes(exchange.request_piv, "big")
        reading.wish(plain, DOOR, step)
        number, said = self.answer
        options: list = []
        payload = cbor.encode(said)
        is_new = self.asks_echo
        if self.asks_echo:
            brought = plain.option(option.ECHO)
            if self._echo is None:
                self._echo = os.urandom(8)
                number, options, payload = code.UNAUTHORIZED, [(option.ECHO, self._echo)], b""
            elif brought != self._echo:
                came = "none" if brought is None else brought.hex()
                raise Wrong("echo", "Echo", "it is not what was asked for", self._echo.hex(), came)
            else:
                self.ways.append("echo")
        answer = coap.Message(number, options, payload)
        sealed = oscore.protect_response(met.context, answer, exchange, new_piv=is_new)
        return self.spoil(sealed)

    def _certificate(self, suite: int) -> bytes:
        now = int(time.time())
        fields = {
            "site": SITE,
            "node": NODE,
            "doors": [DOOR],
            "device_key": _key(suite, self.private[suite]),
            "issued_at": now - _DAY,
            "expires": now + _DAY,
            "cti": os.urandom(8),
            **self.claims,
        }
        return issuing.device_certificate(self.signer, **fields)


def _private() -> bytes:
    return b"\x7f" + os.urandom(31)  # below the order of either curve


def _public(suite: int, private: bytes) -> bytes:
    if suite == 0:
        return crypto.x25519_public_key(private)
    return crypto.p256_public_key(private)[:32]


def _key(suite: int, private: bytes) -> Key:
    if suite == 0:
        return Key.okp(CRV_X25519, crypto.x25519_public_key(private))
    return keys.p256_key(crypto.p256_public_key(private))
