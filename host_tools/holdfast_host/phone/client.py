"""An unlock in steps that do no I/O: each has the next request, and reads the response to it.

    handshake = Handshake(identity, door)                         cold: two round trips
    checked = handshake.read(link.request(handshake.request), now)      (or introduce, below)
    asked = checked.ask(wish)
    outcome = asked.read(link.request(asked.request))

    asked = Asked(context, door, wish)                            warm: one
    outcome = asked.read(link.request(asked.request))

A request is a plain coap.Message: who stands between the steps may record, repeat or change it.
"""

import contextlib
import dataclasses
import os
from collections.abc import Callable, Sequence

import cbor
import coap
import crypto
import edhoc
import oscore
from coap import option
from holdfast.access import Device, Refused, Trust, reason
from holdfast.access.credential import ROLE_CONTROLLER, ROLE_READER
from holdfast.access.request import UNLOCK
from untrusted import InvalidInput

from ..errors import UsageProblem
from .contexts import Partner, Session
from .wallet import Identity

_CBOR_TRUE = b"\xf5"
_WRONG_SUITE = 2  # ERR_CODE
_MOST_OFFERS = 3  # whoever forges errors for ever must not be answered for ever
_KEYS = {0: "X25519", 2: "P-256"}


class Rejected(UsageProblem):
    """The reader refused in the clear, so this may as well be somebody else's word.

    ``response`` is its coap.Message, ``reason_text`` what that says.
    """

    def __init__(self, response: coap.Message):
        self.response = response
        self.reason_text = _diagnosis(response)
        super().__init__(
            f"the reader refused to talk: {self.reason_text}",
            "check that the credential is for this site, or unlock with --cold",
        )


class WrongSuite(Rejected):
    """The reader says that it has other cipher suites: ``suites``. The phone has ``own``."""

    def __init__(self, response: coap.Message, suites: Sequence[int], own: Sequence[int]):
        super().__init__(response)
        self.suites = tuple(suites)
        self.reason_text = f"it knows {_keys_of(self.suites)}, and this phone has {_keys_of(own)}"
        UsageProblem.__init__(
            self,
            f"the reader refused to talk: {self.reason_text}",
            "enrol the reader again (holdfast reader enroll --replace), so that it has a key of"
            " each kind, or give the phone another key (holdfast phone enroll --suite)",
        )


class Impostor(UsageProblem):
    """What answers is not the reader of the door; nothing of the credential was shown to it."""


@dataclasses.dataclass(frozen=True)
class Wish:
    """What the phone asks for: one permission bit, by a person's gesture, who may be verified."""

    action: int = UNLOCK
    intent: bool = True
    user_verified: bool = False

    def encode(self) -> bytes:
        """The payload of the request (docs/protocol.md)."""
        wish: dict[int, int | bool] = {1: self.action, 2: self.intent}
        if self.user_verified:
            wish[3] = True
        return cbor.encode(wish)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The door's protected answer. ``reason`` is a coarse code, ``strike_ms`` 0 unless granted."""

    granted: bool
    reason: int
    strike_ms: int = 0

    @property
    def reason_text(self) -> str:
        """The reason in words."""
        return reason.coarse_name(self.reason)


@dataclasses.dataclass(frozen=True)
class EchoChallenge:
    """The door asks for the same again with ``echo`` in it, to know that the request is fresh."""

    echo: bytes


@dataclasses.dataclass(frozen=True)
class Node:
    """Whom a handshake is for, if not for the reader of a door: the device of the site that has
    this ``name``, or any without one. It may as well be one that opens no door.
    """

    name: str | None = None


class Handshake:
    """message_1 is made: for ``door`` of the identity's site, or a Node of it, with a new
    ephemeral key.

    ``suites`` are SUITES_I, the last of them the identity's; what stands before it the phone would
    rather have had. Who is ``carrying``, and opens nothing, also talks to a reader whose
    certificate has ended: a later one must be able to reach it.
    """

    def __init__(
        self,
        identity: Identity,
        door: str | Node,
        suites: Sequence[int] | None = None,
        *,
        carrying: bool = False,
    ):
        self._identity = identity
        self._carrying = carrying
        self._door = door
        own = edhoc.from_kcwt(identity.token, True)
        initiator = edhoc.Initiator(
            edhoc.Identity(identity.suite, identity.private_key, own),
            tuple(suites or (identity.suite,)),
        )
        self._waiting, self.message_1 = initiator.prepare_message_1(
            *_ephemeral(identity.suite), _connection_id()
        )
        self.request = coap.Message(
            coap.code.POST,
            [
                *coap.path_options(".well-known", "edhoc"),
                (option.CONTENT_FORMAT, option.encode_uint(option.CF_CID_EDHOC)),
            ],
            _CBOR_TRUE + self.message_1,
        )

    def read(self, response: coap.Message, now: int) -> "Checked":
        """Check message_2 in ``response``, and that the reader's certificate holds ``now``.

        Raises WrongSuite, Rejected or Impostor.
        """
        if response.code != coap.code.CHANGED:
            suites = _suites_r(response)
            if suites is None:
                raise Rejected(response)
            raise WrongSuite(response, suites, [self._identity.suite])
        try:
            received = self._waiting.parse_message_2(response.payload)
            shown = received.id_cred_r
            if shown.kind != edhoc.KCWT:
                raise Impostor(
                    "the reader shows no certificate", "check the address, and report this reader"
                )
            device = self._check_certificate(shown.raw, now)
            verified = received.verify(edhoc.from_kcwt(shown.raw, True))
        except InvalidInput as error:
            raise Impostor(
                f"the reader does not prove who it is: {error}",
                "try again; if it stays so, report this reader",
            ) from error
        completed, message_3 = verified.prepare_message_3()
        return Checked(self._identity, self._door, completed, message_3, shown.raw, device)

    def _check_certificate(self, certificate: bytes, now: int) -> Device:
        identity = self._identity
        try:
            trust = Trust(identity.site, identity.authority_keys)
            device = trust.authenticate_device(certificate)
        except Refused as refused:
            raise Impostor(
                f"the reader's certificate is not of site {identity.site}:"
                f" {reason.name(refused.reason).replace('_', ' ')}",
                "check the address, and report this reader",
            ) from refused
        if device.cti in identity.revoked:
            raise Impostor(
                f"the site has revoked {device.name!r}, the reader there",
                "do not use this door, and tell the site's manager",
            )
        if isinstance(self._door, Node):
            _require_named(device, self._door)
        else:
            _require_door(device, self._door)
        if now >= device.expires and not self._carrying:
            raise Impostor(
                "the reader's certificate has expired",
                "have the site's manager renew it (holdfast reader renew) and carry it there"
                " (holdfast phone carry --certificate)",
            )
        return device


def _require_named(device: Device, wanted: Node) -> None:
    if wanted.name is not None and device.name != wanted.name:
        raise Impostor(
            f"what is there is {device.name!r}, not {wanted.name!r}", "check the address"
        )


def _require_door(device: Device, door: str) -> None:
    if device.role not in (ROLE_READER, ROLE_CONTROLLER):
        raise Impostor(
            f"what is there, {device.name!r}, only carries and opens no door",
            "check the address; if it is right, report this reader",
        )
    if door not in device.doors:
        its = ", ".join(map(repr, device.doors)) or "none"
        raise Impostor(
            f"the reader there is the one of door {its}, not of {door!r}",
            "check the address and the door's name",
        )


class Checked:
    """The reader, whose ``certificate`` (a CWT) this is, is the right one; message_3 is made.

    ``identity`` is what the phone shows to it, ``device`` what the certificate says.
    """

    def __init__(
        self,
        identity: Identity,
        door: str | Node,
        completed,
        message_3: bytes,
        certificate: bytes,
        device: Device,
    ):
        self.identity = identity
        self.device = device
        self.message_3 = message_3
        self.certificate = certificate
        self._door = door
        secret, salt, sender_id, recipient_id = completed.oscore()
        partner = Partner(device.cti, device.expires, tuple(device.doors))
        self.session = Session(secret, salt, sender_id, recipient_id, 0, partner)

    def ask(self, wish: Wish) -> "Asked":
        """The wish and message_3 in one request (RFC 9668); ValueError if it was for a Node."""
        if isinstance(self._door, Node):
            raise ValueError("no door was meant")
        asked = Asked(self.session.context(), self._door, wish)
        asked.request = oscore.combine(self.message_3, asked.request)
        # Whoever keeps the session, or asks again, must go on after the number used here.
        following = self.session.sequence_number + 1
        self.session = dataclasses.replace(self.session, sequence_number=following)
        return asked


class Asked:
    """A protected request under ``context``, which takes its next sequence number."""

    def __init__(
        self, context: oscore.SecurityContext, door: str, wish: Wish, echo: bytes | None = None
    ):
        options = [
            *coap.path_options("doors", door),
            (option.CONTENT_FORMAT, option.encode_uint(option.CF_CBOR)),
        ]
        if echo is not None:
            options.append((option.ECHO, echo))
        plain = coap.Message(coap.code.PUT, options, wish.encode())
        self._context = context
        self.request, self._exchange = oscore.protect_request(context, plain)

    def read(self, response: coap.Message) -> Outcome | EchoChallenge:
        """The door's answer. Raises Rejected if ``response`` is not protected, or not readable."""
        if response.option(option.OSCORE) is None:
            raise Rejected(response)
        try:
            answer = oscore.unprotect_response(self._context, response, self._exchange)
            echo = answer.option(option.ECHO)
            if answer.code == coap.code.UNAUTHORIZED and echo is not None:
                return EchoChallenge(echo)
            return _outcome(answer)
        except InvalidInput as error:
            raise UsageProblem(
                f"the reader's answer cannot be believed: {error}",
                "look at the door; if it is shut, try again",
            ) from error


def _outcome(answer: coap.Message) -> Outcome:
    body = cbor.decode(answer.payload)
    if not isinstance(body, dict):
        raise InvalidInput("no answer to the request, but " + coap.code.text(answer.code))
    granted, coarse, strike_ms = body.get(1), body.get(2), body.get(3, 0)
    if type(granted) is not bool or type(coarse) is not int or type(strike_ms) is not int:
        raise InvalidInput("no answer to the request")
    if granted != (answer.code == coap.code.CHANGED):
        raise InvalidInput("an answer that contradicts itself")
    return Outcome(granted, coarse, strike_ms)


def introduce(
    request: Callable[[coap.Message], coap.Message],
    identities: Sequence[Identity],
    door: str | Node,
    now: int,
    *,
    carrying: bool = False,
) -> Checked:
    """A handshake in the best suite that phone and reader both have (RFC 9528 section 6.3).

    ``identities`` are the phone's, the preferred first; ``request`` sends and gives the response.
    A reader's word on its suites may be forged, but all that the phone would rather have had goes
    along in the next message_1, and a reader that has one of these refuses: nobody is talked down.
    Raises Rejected or Impostor.
    """
    own = {identity.suite: identity for identity in identities}
    preferred = tuple(own)
    suites = preferred[:1]
    rejected = None
    for _ in range(_MOST_OFFERS):
        handshake = Handshake(own[suites[-1]], door, suites, carrying=carrying)
        try:
            return handshake.read(request(handshake.request), now)
        except WrongSuite as refused:
            following = edhoc.offer_suites(preferred, refused.suites, suites)
            if not following:
                raise WrongSuite(refused.response, refused.suites, preferred) from None
            rejected, suites = Rejected(refused.response), following
    raise rejected or ValueError("no identity")


def _ephemeral(suite: int) -> tuple[bytes, bytes]:
    """A new key pair; the public half of P-256 is x alone."""
    private = os.urandom(32)
    if suite == 0:
        return private, crypto.x25519_public_key(private)
    return private, crypto.p256_public_key(private)[:32]


def _suites_r(response: coap.Message) -> tuple[int, ...] | None:
    """SUITES_R, if ``response`` is an EDHOC error that brings them."""
    with contextlib.suppress(InvalidInput):
        err_code, err_info = edhoc.parse_error(response.payload)
        if err_code == _WRONG_SUITE:
            return err_info
    return None


def _keys_of(suites: Sequence[int]) -> str:
    names = [f"{_KEYS.get(suite, 'other')} keys (suite {suite})" for suite in suites[:4]]
    return " and ".join(names) or "none"


def _connection_id() -> bytes:
    """C_I: one of the 48 that are a single byte on the wire (RFC 9528 section 3.3.2)."""
    number = os.urandom(1)[0] % 48
    return bytes([number if number < 24 else number + 8])


def _diagnosis(response: coap.Message) -> str:
    """What an error response says, in one printable line."""
    text = ""
    if response.uint_option(option.CONTENT_FORMAT) == option.CF_EDHOC:
        with contextlib.suppress(InvalidInput):
            text = str(edhoc.parse_error(response.payload)[1])
    elif response.option(option.CONTENT_FORMAT) is None:
        text = response.payload.decode(errors="replace")
    printable = "".join(character for character in text[:200] if character.isprintable())
    return printable or f"code {coap.code.text(response.code)}"
