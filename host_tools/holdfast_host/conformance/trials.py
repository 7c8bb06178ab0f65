"""What a phone is tried with, one after the other: what the reader does, and what the phone must.

``honest`` is what a phone must open by; of the others a phone may believe nothing.
"""

import dataclasses
import time
from collections.abc import Callable

import cbor
import coap
from coap import code
from holdfast.access.credential import ROLE_CARRIER

from ..credentials.authority import Authority
from .stand import GRANTED, Stand

OUTSIDE_ITS_TIME = 2
REVOKED_CTI = bytes.fromhex("0badc0de0badc0de")  # on the list that the phone is given

_DAY = 86400


@dataclasses.dataclass(frozen=True)
class Trial:
    """``name``, what is ``told`` of it, what it ``prepares``, and whether the phone may say that
    the door ``opens`` (None: it may or may not); ``needs`` what the phone has to have done, and
    must not do what is ``barred``, with why that matters.
    """

    name: str
    told: str
    prepares: Callable[[Stand], None]
    opens: bool | None
    needs: tuple[str, ...] = ()
    barred: str = ""
    why: str = ""


def _honest(stand: Stand) -> None:
    pass


def _echo(stand: Stand) -> None:
    stand.asks_echo = True


def _forgets(stand: Stand) -> None:
    stand.forgets = True


def _refuses(stand: Stand) -> None:
    stand.answer = (code.FORBIDDEN, {1: False, 2: OUTSIDE_ITS_TIME})


def _alters(stand: Stand) -> None:
    def spoil(message: coap.Message) -> coap.Message:
        payload = bytes([message.payload[0] ^ 1]) + message.payload[1:]
        return coap.Message(message.code, message.options, payload, message.token)

    stand.spoil = spoil


def _in_clear(stand: Stand) -> None:
    number, said = GRANTED
    stand.spoil = lambda message: coap.Message(number, (), cbor.encode(said), message.token)


def _shows(**claims) -> Callable[[Stand], None]:
    def prepare(stand: Stand) -> None:
        stand.forgets = True
        stand.claims = {name: one() if callable(one) else one for name, one in claims.items()}

    return prepare


def _other_authority(stand: Stand) -> None:
    stand.forgets = True
    stand.signer = Authority.generate().signing_key


def _no_key(stand: Stand) -> None:
    stand.forgets = True
    stand.has_key = False


def _other_suite(stand: Stand) -> None:
    stand.forgets = True
    stand.suites = (2,) if stand.last is not None and stand.last.suite == 0 else (0,)


def _ago(seconds: int) -> Callable[[], int]:
    return lambda: int(time.time()) - seconds


_SHOWN = "it showed its credential to who is not the reader of this door"

TRIALS = (
    Trial("first", "a full handshake", _honest, True, ("message_3",)),
    Trial("again", "the same door once more", _honest, True),
    Trial(
        "echo",
        "the reader restarted, and asks whether the request is new (4.01 with Echo)",
        _echo,
        True,
        ("echo",),
    ),
    Trial(
        "forgotten",
        "the reader has forgotten the phone (4.01 in the clear)",
        _forgets,
        True,
        ("message_3",),
    ),
    Trial("refused", "the reader refuses, outside its time", _refuses, False),
    Trial("altered", "a byte of the answer was changed", _alters, False),
    Trial("in the clear", "somebody else says granted, unprotected", _in_clear, False),
    Trial(
        "another door",
        "the certificate is for another door",
        _shows(doors=["cellar"]),
        False,
        ("message_1",),
        "message_3",
        _SHOWN,
    ),
    Trial(
        "another site",
        "the certificate is of another site",
        _shows(site="globex"),
        False,
        ("message_1",),
        "message_3",
        _SHOWN,
    ),
    Trial(
        "ended",
        "the certificate ended an hour ago",
        _shows(issued_at=_ago(_DAY), expires=_ago(3600)),
        False,
        ("message_1",),
        "message_3",
        _SHOWN,
    ),
    Trial(
        "revoked",
        "the certificate is on the list of revoked devices",
        _shows(cti=REVOKED_CTI),
        False,
        ("message_1",),
        "message_3",
        _SHOWN,
    ),
    Trial(
        "carrier",
        "the certificate is a carrier's",
        _shows(role=ROLE_CARRIER),
        False,
        ("message_1",),
        "message_3",
        _SHOWN,
    ),
    Trial(
        "another authority",
        "somebody else signed the certificate",
        _other_authority,
        False,
        ("message_1",),
        "message_3",
        _SHOWN,
    ),
    Trial(
        "without its key",
        "the certificate is right, and who shows it has not its key (MAC_2 is wrong)",
        _no_key,
        False,
        ("message_1",),
        "message_3",
        _SHOWN,
    ),
    Trial(
        "another suite",
        "the reader has the other cipher suite only (error 2)",
        _other_suite,
        None,
        ("message_1",),
    ),
)
