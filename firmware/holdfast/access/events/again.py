"""What was asked at a door, made anew from the event of it, so that it can be decided again.

For the host and for tests: no board loads this to open a door.
"""

from .. import reason
from ..clock.reading import ClockReading
from ..place import DOOR, ZONE
from ..request import CARD, PIN, UNLOCK, CardRequest, Request
from ..tag import name_tag
from . import event as kinds

# What the node itself lacked or suffered: neither the event nor the policy tells.
_OWN_FAULTS = (
    reason.FAULT,
    reason.POLICY_DAMAGED,
    reason.CACHE_DAMAGED,
    reason.KEY_DAMAGED,
    reason.STORAGE_FAILED,
    reason.EVENT_LOG_FAILED,
    reason.COUNTS_FULL,
    reason.CARRIER_TAMPERED,
    reason.CARRIER_LIMIT,
)

# A PIN that opened nothing is not kept. For these reasons any that the policy does not know is
# answered alike.
_WITHOUT_PIN = (
    reason.PIN_LOCKED,
    reason.WRONG_PIN,
    reason.UNKNOWN_CARD,
    reason.OTHER_PERSON,
    reason.LOCKED_DOWN,
    reason.POLICY_MISSING,
    reason.DOOR_UNKNOWN,
)

_NO_KEY = bytes(8)
_UNKNOWN_ZONE = bytes(6)


class RecordedCredential:
    """A token as far as an event tells of it: all that ``decide`` reads at the door of a view.

    Names that are known by their tags alone are 6 bytes: name_tag takes those as they are.
    """

    public_key = None
    role = 0  # a device opens nothing, so that no event is of one

    def __init__(self, fields: dict, view):
        rules = view.rules
        bits = fields.get("rules", 0)
        self.holder = fields.get("holder")
        self.cti = fields["cti"]
        self.guest = fields.get("guest", False)
        self.expires = fields["expires"]
        self.issued_at = fields.get("issued")
        self.not_before = fields.get("begins", self.issued_at)
        self.audience = _audience(fields.get("audience"), rules)
        self.schedule = fields.get("schedule")
        self.bound_to_schedule = self.schedule is not None or bits & kinds.RULE_NO_SCHEDULE > 0
        self.clock_rule = 1 if bits & kinds.RULE_TRUSTED_CLOCK else 0
        self.needs_user_verification = bits & kinds.RULE_USER_VERIFICATION > 0
        permissions = fields.get("permissions", UNLOCK)
        self.scope = [(DOOR, view.door, permissions)] if permissions else []
        if bits & kinds.RULE_UNKNOWN_ZONE:
            self.scope.append((ZONE, _UNKNOWN_ZONE, UNLOCK))
        self.authority = None if self.guest else _authority(fields.get("authority"), rules)

    def is_from(self, anchors) -> bool:
        """Whether the authority signed it with one of the keys ``anchors`` (cose.Key)."""
        return any(anchor.x == self.authority for anchor in anchors)


def request_of(event, view, pin=None) -> tuple:
    """``(request, clock, "")``: the Request or CardRequest and the ClockReading that the decoded
    Event tells of, for ``decide(request, view, cache, clock)``.

    ``view`` is the DoorView of the door and of the policy that the event names. Where the event
    cannot be decided again it is ``(None, None, why)``, in words. ``pin`` is the key (8 bytes) of
    a PIN that it may have been, for an event that does not keep its PIN.
    """
    fields = event.fields
    why = _refusal(event, view, pin)
    if why:
        return None, None, why
    if fields["reason_code"] == reason.CLOCK_DAMAGED:
        clock = ClockReading.damaged()
    else:
        used = fields.get("grace_used", 0)
        clock = ClockReading(event.time, event.source, event.uncertainty, used)
    door = fields.get("asked", view.door)
    if fields["shown"] == kinds.SHOWN_TOKEN:
        request = Request(
            RecordedCredential(fields, view),
            door,
            fields["action"],
            not fields.get("without_intent", False),
            fields.get("user_verified", False),
        )
        return request, clock, ""
    shown = fields["shown"]
    is_pair = shown > PIN
    kind = shown - 2 if is_pair else shown
    use = fields.get("use")
    first = pin if kind == PIN else None
    second = pin if kind == CARD else None
    request = CardRequest(
        kind,
        fields.get("card", first or _NO_KEY),
        door,
        fields["action"],
        fields.get("locked", False),
        fields.get("second", second or _NO_KEY) if is_pair else None,
        None if use is None else use - 1,
    )
    return request, clock, ""


def _refusal(event, view, pin):
    """Why this event cannot be decided again; empty if it can."""
    fields = event.fields
    if event.kind != kinds.ACCESS or "reason_code" not in fields:
        return "it is no decision"
    if fields.get("door") != name_tag(view.door):
        return "it is of another door"
    if fields.get("changeset") != view.rules.number:
        return "it was decided by changeset %s" % fields.get("changeset")
    code = fields["reason_code"]
    if code in _OWN_FAULTS:
        return "the node was at fault: " + reason.name(code)
    if "action" not in fields or "shown" not in fields:
        return "the link refused it before anything was asked"
    shown = fields["shown"]
    if shown == kinds.SHOWN_TOKEN:
        return "" if "cti" in fields and "expires" in fields else "the token is not told"
    if shown > kinds.SHOWN_PIN_AND_CARD:
        return "it shows what is not known here"
    is_known = "card" in fields and (shown == CARD or shown == PIN or "second" in fields)
    if is_known or pin is not None:
        return ""
    # Whose person is another's, only the half tells that was shown first.
    if code in _WITHOUT_PIN and (code != reason.OTHER_PERSON or "card" in fields):
        return ""
    return "a PIN that opened nothing is not kept"


def _audience(tag, rules):
    """The audience, or its tag; the site itself is not told."""
    if tag is None or tag == name_tag(rules.site):
        return rules.site
    return None if tag == kinds.NO_NAME else tag


def _authority(short, rules):
    """The key that signed, from what tells it from the others; what none has, if it is none."""
    if short is None:
        return rules.anchors[0].x if rules.anchors else b""
    for anchor in rules.anchors:
        if anchor.x[: len(short)] == short:
            return anchor.x
    return short
