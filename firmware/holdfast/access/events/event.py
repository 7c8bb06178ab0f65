"""What is remembered: a decision (who, where, what, when, why), and what else a node records.

Of a decision all is kept that ``decide`` was told and that the policy does not hold, so that the
same policy comes to it again: again.py.
"""

from .. import request as wish
from ..decision import Decision

# Kinds of events; a number never changes its meaning.
ACCESS = 1
STARTED = 2
POLICY_APPLIED = 3
POLICY_REFUSED = 4
CLOCK_SET = 5
LOG_NEARLY_FULL = 6
OVERWRITTEN = 7
STORAGE_FAULT = 8
LOCKDOWN = 9
LOG_STARTED = 10
FETCHED = 11  # somebody began to collect events
ACKNOWLEDGED = 12  # the auditor's word came
CLOCK_TRUSTED = 13
CLOCK_LOST = 14
DATED_AHEAD = 15  # something signed was dated ahead of a trusted clock
CLOCK_CORRECTED = 16
UNLOCKED_BY_SCHEDULE = 17
LOCKED_BY_SCHEDULE = 18
CONTACT = 19
FORCED = 20
HELD_OPEN = 21
REX = 22
TAMPER = 23
PASSED = 24
CERTIFICATE_ENDING = 25
CERTIFICATE_RENEWED = 26
COPIED = 27  # somebody says to have copied events
ACKNOWLEDGEMENT_REFUSED = 28
CLOCK_REFUSED = 29  # somebody told a time that cannot be
NOT_PASSED = 30  # somebody was let in, and the door was not opened
FIRE = 31  # the fire alarm's input
COPIES_LOST = 32  # copies of another node's events made way, which the auditor has not
CARRIER_TAMPER = 33  # a carrier says that it is being opened, or somebody has cleared that
TWO_CARRIERS = 34  # two that are alive speak under the name of one
LAN_REFUSED = 35  # somebody on the LAN was refused, who is no node of this site or oversteps

# What was shown; a card or a PIN alone are numbered as in a CardRequest.
SHOWN_TOKEN = 0
SHOWN_CARD_AND_PIN = 3  # in the order in which they were asked for
SHOWN_PIN_AND_CARD = 4

# Rules of a token: the bits of the field ``rules``
RULE_NO_SCHEDULE = 1  # it is bound to a schedule that cannot be
RULE_TRUSTED_CLOCK = 2
RULE_USER_VERIFICATION = 4
RULE_UNKNOWN_ZONE = 8  # its scope names a zone that the policy does not know

NO_NAME = bytes(6)  # the tag of an audience that is missing
_SIGNER = 8  # bytes of a key that stand for it, as in a Credential


def kind_name(kind: int) -> str:
    """The name of a kind of event."""
    for word, value in globals().items():
        if value == kind and _is_kind(word, value):
            return word.lower()
    return "unknown_event"


def kinds() -> list:
    """Every kind of event, in order."""
    return sorted([value for word, value in globals().items() if _is_kind(word, value)])


def _is_kind(word, value):
    # A kind is called as its constant is, as reasons are.
    return (
        "A" <= word < "["
        and type(value) is int
        and not word.startswith(("SHOWN_", "RULE_"))
    )


class AccessEvent:
    """One decision at the door of the DoorView ``view``, by its rules and the ClockReading.

    ``request`` is the Request or CardRequest, None when nothing authentic was shown; the
    ``action`` of a Request is None when no wish could be read. ``claimed`` is who somebody says to
    be and has not proven.
    """

    kind = ACCESS
    calls_for_help = None  # of a PIN: whether it is a duress PIN; recorded sealed, and never shown

    def __init__(self, decision, request, view, clock, claimed=None):
        self.decision = decision
        self.is_bounded = True  # kept only as often as strangers' are, if it is of one
        self.credential = getattr(request, "credential", None)
        self._said = request, view, clock, claimed
        self._fields: dict | None = None

    def refuse(self, code: int):
        """What was granted is refused for the exact reason ``code`` after all."""
        self.decision = Decision.refuse(code)
        self._fields = None

    def fields(self) -> dict:
        """What the console shows and the record keeps (record.encode); not to be changed.

        Identifiers are bytes; doors, schedules and audiences go by name, or by tag where only that
        is known. What is usual is left out.
        """
        if self._fields is None:
            self._fields = self._made()
        return self._fields

    def _made(self):
        decision, credential = self.decision, self.credential
        request, view, clock, claimed = self._said
        rules = view.rules
        # In one piece: a dictionary that grows is made anew, six times over. With one entry more,
        # which a recorder adds, it is not full: what is missing in a full one is dear to look for.
        fields = {
            "granted": decision.granted,
            "reason": decision.reason_name,
            "reason_code": decision.reason,
            "door": view.door,
            "way": view.way or None,
            "changeset": rules.number,
            "time": clock.now,
            "clock": clock.source,
            "uncertainty": clock.uncertainty,
            "by_grace": decision.by_grace,
            "holder": credential and credential.holder,
            "cti": credential and credential.cti,
            "action": request and request.action,
            "shown": None if credential is None else SHOWN_TOKEN,
            "expires": None,
            "issued": None,
            "begins": None,
        }
        if claimed is not None:
            fields["claimed"] = claimed
        if request is None:
            return fields
        if request.door != view.door:
            fields["asked"] = request.door
        if clock.grace_used and not clock.is_trusted(rules.max_uncertainty_s):
            fields["grace_used"] = clock.grace_used
        if credential is None:
            _add_card(fields, request, decision.granted)
            return fields
        if credential.guest:
            fields["guest"] = True
        if request.action is not None:
            _add_token(fields, credential, request, view)
        return fields


def _add_token(fields, credential, request, view):
    rules = view.rules
    if request.intent is not True:
        fields["without_intent"] = True
    if request.user_verified is True:
        fields["user_verified"] = True
    permissions = view.permissions(credential)
    if permissions != wish.UNLOCK:
        fields["permissions"] = permissions
    fields["expires"] = credential.expires
    issued = fields["issued"] = credential.issued_at
    begins = credential.not_before or 0
    if begins != issued:
        fields["begins"] = begins
    if credential.audience != rules.site or credential.guest:
        fields["audience"] = NO_NAME if credential.audience is None else credential.audience
    bits = RULE_TRUSTED_CLOCK if credential.clock_rule else 0
    if credential.bound_to_schedule:
        fields["schedule"] = credential.schedule
        if credential.schedule is None:
            bits |= RULE_NO_SCHEDULE
    if credential.needs_user_verification:
        bits |= RULE_USER_VERIFICATION
    if not permissions & wish.UNLOCK and view.names_unknown_zone(credential):
        bits |= RULE_UNKNOWN_ZONE
    if bits:
        fields["rules"] = bits
    if not credential.guest:
        signer = credential.authority
        if not rules.anchors or rules.anchors[0].x[:_SIGNER] != signer:
            fields["authority"] = bytes(_SIGNER) if signer is None else signer


def _add_card(fields, card, is_granted):
    fields["shown"] = card.kind if card.second is None else card.kind + 2
    fields["locked"] = card.locked
    if card.used is not None:
        fields["use"] = card.used + 1
        fields["of"] = card.of
    # A wrong PIN is mostly a right one with a slip in it: whoever can read the log and knows a
    # reader's lookup key could find it out from its key. So none is kept that opened nothing.
    if is_granted or card.kind != wish.PIN:
        fields["card"] = card.key8
    if is_granted or card.kind == wish.PIN:
        fields["second"] = card.second
