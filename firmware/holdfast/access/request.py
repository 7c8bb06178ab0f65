"""A wish: who, which door, what; from a protected message, or from a card or a PIN."""

from .tag import CARD, PIN

__all__ = (
    "ADMINISTER",
    "CARD",
    "CARD_AND_PIN",
    "CARRY",
    "CARRY_EVENTS",
    "HOLD_OPEN",
    "LOCKDOWN_OVERRIDE",
    "PIN",
    "UNLOCK",
    "CardRequest",
    "Request",
)

UNLOCK = 1
HOLD_OPEN = 2
LOCKDOWN_OVERRIDE = 4
CARRY_EVENTS = 8
ADMINISTER = 16
CARD_AND_PIN = 32  # of a card's right: it takes both
CARRY = 64  # of a carrier, at the door that the policy gives it; no token grants it


class Request:
    """What ``credential`` asks of ``door``.

    ``action`` is one permission bit, None if no wish could be read; ``intent`` says that a person
    made a gesture for this very request; ``user_verified`` that the phone checked who that
    person is.
    """

    def __init__(
        self, credential, door: str, action, intent: bool, user_verified: bool = False
    ):
        self.credential = credential
        self.door = door
        self.action = action
        self.intent = intent
        self.user_verified = user_verified


class CardRequest:
    """What a card held to the reader of ``door``, or a PIN typed there, asks for.

    ``kind`` is CARD or PIN, ``key8`` what it is looked up by (8 bytes), never its number;
    ``locked`` says that too many wrong PINs came before this one. ``second`` is the key of the
    other half where a card and a PIN were shown together, None if one came alone; ``used`` how
    often a grant that counts was used before, None where nobody counts, and ``of`` how many
    uses it has. ``is_uncounted`` is for ``decide`` to say: it met a grant that counts, and nobody
    did; so is ``is_duress``: it met one of a duress PIN.
    """

    def __init__(
        self,
        kind: int,
        key8: bytes,
        door: str,
        action: int = UNLOCK,
        locked: bool = False,
        second=None,
        used=None,
    ):
        self.kind = kind
        self.key8 = key8
        self.door = door
        self.action = action
        self.locked = locked
        self.second = second
        self.used = used
        self.of = None
        self.is_uncounted = False
        self.is_duress = False
