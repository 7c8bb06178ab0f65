"""Who comes to one door of a random history, and whether the node answers as the reference does.

What is asked goes through the door's own desk and card reader, as it does from the link and the
antenna; only the strike is played.
"""

from holdfast.access import Refused, Request, reason
from holdfast.access.request import CardRequest
from holdfast.access.tag import CARD, PIN
from memory_phone import show_card
from model import reference as ref
from model.authority import CARDS, PINS
from model.decided_again import Difference
from model.in_bytes import shown_key
from model.reference_keypads import WRONG_ALONE, WRONG_WITH_CARD, Keypads
from model.reference_standing import Standing
from model.three_doors import DoorBoard

SECOND_MS = 10_000  # that a card waits for its PIN, and a PIN for its card


class AtTheDoor:
    """The door ``name`` of the ``world``, its DoorUnit ``unit`` and what the reference knows of
    it.
    """

    def __init__(self, world, name):
        self.world = world
        self.name = name
        self.rules = world.rules.at(name)
        self.board = DoorBoard(world.hardware)
        self.keypads = Keypads()
        self.standing = Standing(self.rules)
        self.granted = 0
        self.asked = None

    with_pin = ()  # the PIN that was typed and what came with it; the next answer is to that

    def started(self, unit):
        """The node has started, and its door is ``unit``."""
        self.unit = unit
        self.counted = None  # which use of a grant that counts this is
        self.standing.started()
        self.keypads = self.keypads.restarted()
        self.waiting = None  # the card that wants its PIN, and until which tick
        self.typed = None  # the PIN that opened nothing alone, likewise, and if it was counted

    def token(self):
        """A holder whose phone is known, or shows its token for the first time."""
        world = self.world
        pick, reader = world.pick, world.reader
        issued = pick(world.authority.tokens)
        token, credential = issued.token, issued.credential
        door = pick((self.name,) * 7 + ("garage",))
        action = pick((1,) * 7 + (2,))
        intent, verified = pick((True,) * 7 + (False,)), pick((False, True))
        if credential is None or pick((0, 0, 0, 1)):
            refused = ref.authentic(token, self.rules)
            try:
                credential = reader.trust.authenticate(issued.raw)
                found = []
            except Refused as error:
                found = [reason.name(error.reason)]
            if bool(found) != bool(refused) or not set(found) <= set(refused):
                raise Difference(f"token {found}, and the reference says {refused}")
            if found:
                # Of which door it is nobody knows yet: it is told as the first one's.
                reader.refused(error_code(found), 0, None, None)
                return world.first._recorded(None, found[0], {"shown": None})
        if token.signer in self.rules.anchors and token.issued is not None:
            world.heard(token.issued)
        wish = Request(credential, door, action, intent, verified)
        decision = self.unit.access_point.ask(wish, {})
        reading = world.look()
        answers = ref.ask_token(self.rules, token, reading, door, action, intent, verified)
        self.asked = lambda rules: ref.ask_token(
            rules, token, reading.by(rules.max_uncertainty_s), door, action, intent, verified
        )
        about = {"shown": 0, "cti": token.cti, "action": action, "guest": token.signer is None}
        return self._agree(decision, answers, about)

    def card(self, number=None):
        """A card, this one or any, is held to the reader."""
        if number is None:
            number = self.world.pick((CARDS[0],) * 4 + (CARDS[1],) * 3 + CARDS[2:])
        uptime, typed = self.world.uptime, self._still(self.typed)
        self.waiting = self.typed = None
        self.keypads.shown(uptime, False)
        show_card(self.unit, number)
        alone = self._card_answers(ref.Shown(number))
        if typed is None or {why for _, why, _ in alone} != {"second_needed"}:
            # One that opens by itself, or not even with a PIN, is asked nothing more.
            why = self._agree_shown(alone, {"shown": CARD, "action": 1})
        else:
            why = self._together(number, typed, uptime)
        if why == "second_needed":
            self.waiting = (number, self.world.hardware.ticks_ms + SECOND_MS)

    def _together(self, card, typed, uptime):
        """The card comes within ten seconds after the PIN that was ``typed``."""
        digits, _, is_counted = typed
        keypad = self.keypads.of(card)
        locked = keypad.is_locked(uptime, self._a_day())
        shown = ref.Shown(card, locked, digits)
        self.with_pin = (digits, card)
        about = {"shown": CARD + 2, "action": 1}
        why = self._agree_shown(self._card_answers(shown), about)
        if not locked and why in WRONG_WITH_CARD:
            self.keypads.tried_wrong(card, uptime)
        if why == "granted" and is_counted:
            self.keypads.take_back(uptime)
        self.world.seen["PIN, then card: " + why] += 1
        return why

    def _still(self, entry):
        """The ``entry`` if its ten seconds are not over."""
        is_on = entry is not None and self.world.hardware.ticks_ms < entry[1]
        return entry if is_on else None

    def _a_day(self):
        return self.world.reader.stores.rules.wrong_pins_a_day

    def pin(self, digits=None):
        """A PIN, this one or any, is typed, perhaps that of the card that waits for one."""
        uptime = self.world.uptime
        if digits is None:
            digits = self.world.pick((PINS[0],) * 3 + PINS)
        waiting = self._still(self.waiting)
        card = waiting and waiting[0]
        self.waiting = self.typed = None
        self.keypads.shown(uptime, True)
        locked = self.keypads.of(card).is_locked(uptime, self._a_day())
        for visit in self.unit.card_reader._visits:
            visit[0] = None  # it was not typed just before
        self.with_pin = (digits, card)
        self.unit.card_reader.pin(digits)
        if card is None:
            shown, kind, wrong = ref.Shown(digits, locked), PIN, WRONG_ALONE
        else:
            shown, kind, wrong = ref.Shown(card, locked, digits), CARD + 2, WRONG_WITH_CARD
        why = self._agree_shown(self._card_answers(shown), {"shown": kind, "action": 1})
        if not locked and why in wrong:
            self.keypads.tried_wrong(card, uptime)
        if card is not None:
            self.world.seen["card, then PIN: " + why] += 1
        elif not locked and why != "granted":
            until = self.world.hardware.ticks_ms + SECOND_MS
            self.typed = (digits, until, why == "second_needed")

    def pair(self):
        """A card and a PIN together, or one alone, where somebody counts uses."""
        pick = self.world.pick
        pair = [pick(CARDS[:2]), pick((PINS[1], PINS[1], PINS[0], PINS[2]))]
        first, second = pick((pair, pair, pair, pair[::-1], [pair[0], None]))
        locked, used = pick((False,) * 7 + (True,)), pick((1, 0, None, 1, 2))
        shown = ref.Shown(first, locked, second, used)
        kind = PIN if shown.is_pin else CARD
        if shown.is_pin or second is not None:
            self.with_pin = (first, second)
        key = second and shown_key(second)
        wish = CardRequest(
            kind, shown_key(first), self.name, locked=shown.locked, second=key, used=used
        )
        decision = self.unit.access_point.ask(wish, {})
        about = {"shown": kind if second is None else kind + 2, "action": 1}
        if used is not None:
            about["use"] = used + 1
        self._agree(decision, self._card_answers(shown), about)
        self.world.seen["pair " + decision.reason_name] += second is not None

    def _card_answers(self, shown):
        reading = self.world.look()
        answers, self.counted = self.world.uses.ask(self.rules, shown, reading)
        again = ref.Shown(shown.value, shown.locked, shown.second, shown.used)
        self.asked = lambda rules: ref.ask_card(
            rules, again, reading.by(rules.max_uncertainty_s)
        )
        return answers

    def _agree_shown(self, answers, about):
        line = [line for line in self.board.lines if line["event"] == "access"][-1]
        if line["door"] != self.name:
            raise Difference(f"shown at {self.name}, and told of {line['door']}")
        told = (line["granted"], line["reason"], line["by_grace"])
        return self._compare(told, answers, about)

    def _agree(self, decision, answers, about):
        told = (decision.granted, decision.reason_name, decision.by_grace)
        return self._compare(told, answers, about)

    def _compare(self, told, answers, about):
        seen = self.world.seen
        seen["decisions"] += 1
        seen["two reasons"] += len(answers) > 1
        if told not in answers:
            raise Difference(
                f"{self.name}: the node {told}; the reference: {sorted(answers)}; {about}"
            )
        return self._recorded(told, told[1], about)

    def _recorded(self, told, why, about):
        if told and told[0]:
            self.granted += 1
            self.world.seen["granted at " + self.name] += 1
            self.standing.granted(self.world.look())
            if self.counted is not None:
                self.world.uses.granted(self.counted)
                self.world.seen["a use"] += 1
        about["door"] = self.name
        about["by_grace"] = bool(told and told[2])
        if self.counted is not None:
            about["use"], about["of"] = self.counted[2:]
            self.counted = None
        # A duress PIN that opens by itself is one in the log; others may be, and no other PIN is.
        calls = any(map(self.world.is_duress, self.with_pin))
        must = calls and why == "granted" and about["shown"] == PIN
        self.with_pin = ()
        self.world.happened_at_a_door(why, about, (must, calls), self.asked)
        self.asked = None
        self.stand()
        return why

    def stand(self):
        """It stands unlocked by its schedule, or does not, as the reference has it."""
        ticks, seen = self.world.hardware.ticks_ms, self.world.seen
        before = self.standing.stands
        self.unit.access_point.stand(self.world.hardware)
        self.standing.look(self.world.look(), ticks)
        stands = self.unit.doorway.unlocked_ms > 0
        if stands != self.standing.stands:
            raise Difference(f"{self.name} stands unlocked: {stands}; {vars(self.standing)}")
        if before != stands:
            seen["stands unlocked" if stands else "secured: " + self.standing.told[-1][1]] += 1

    def go_on_standing(self):
        """The strike's pulse is asked for again and again while time passes."""
        if self.standing.stands:
            self.unit.doorway._unlocked_until = self.world.hardware.ticks_ms + 4000


def error_code(names):
    """The code of the one reason in ``names``."""
    (code,) = [code for code in reason.codes() if reason.name(code) == names[0]]
    return code

