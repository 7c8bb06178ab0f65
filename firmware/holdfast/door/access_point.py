"""Where every wish to pass a door is decided, kept, carried out and told, in that order: told once
who asked has the answer.
"""

from ..access import Decision, Request, reason
from ..access.decide import decide
from ..access.events.event import AccessEvent
from ..access.policy.view import DoorView
from ..access.request import CARD, PIN, CardRequest
from .faults import Faults

SECOND_MS = 10000  # how long a card waits for its PIN, and a PIN for its card


class AccessPoint:
    """One access point for phones, cards and PINs, at the door ``name``.

    ``stores`` has ``moment()``, the SiteRules in force and what knows cards, or None, of one
    changeset, and ``use_of(request, door)`` and ``settle_uses()`` for grants that count (Stores);
    ``strike_ms`` is how long a grant releases the strike. ``timekeeper`` has
    ``read()``, the ClockReading to decide with, and ``heard_token`` for each credential;
    ``doorway`` is the Doorway to move. ``recorder`` has ``keep(event)``, which must have the event
    on flash when it returns or raise OSError, and ``tell(event, about)``, which shows it with what
    else is known ``about`` it, and ``flush()``; what ``tell`` raises is for ``faults`` (Faults).

    Something was done for who asked if, and only if, the Decision that ``ask`` gives is
    ``granted``: then the event is on flash and the strike was released.
    """

    def __init__(
        self, name: str, strike_ms: int, stores, timekeeper, doorway, recorder, faults=None
    ):
        self.name = name
        self._strike_ms = strike_ms
        self._stores = stores
        self._timekeeper = timekeeper
        self._doorway = doorway
        self._recorder = recorder
        self._faults = faults or Faults()
        self._view = None
        self.way = 0  # the side that who asks stands on: of a DoorView
        self.last = None  # the Decision that was carried out last
        self.standing = None  # the Standing of a door that is unlocked by schedule
        self._takes_both = False  # a card here wanted its PIN
        self._owes_use = False
        self._untold = None  # (event, about) of whom the answer is on its way to

    def moment(self) -> tuple:
        """``(DoorView, what knows cards or None)``, of one changeset."""
        rules, cache = self._stores.moment()
        view = self._view
        if view is None or view.rules is not rules or view.way != self.way:
            self._view = DoorView(rules, self.name, self._strike_ms, self.way)
        return self._view, cache

    def ask(self, request, about: dict, before=None, instead=None) -> Decision:
        """Decide ``request`` (a Request or CardRequest) and act on it; what was carried out.

        ``instead(decision)`` may give another CardRequest, to be decided in the place of that one.
        ``before(decision)`` is called before anybody can learn of the Decision, and gives whether
        its event is kept whatever came before, and not only as often as strangers' are.
        """
        is_card = isinstance(request, CardRequest)
        if not is_card:
            self._timekeeper.heard_token(request.credential)
        clock = self._timekeeper.read()
        view, cache = self.moment()
        decision = self._decide(request, view, cache, clock)
        other = None if instead is None else instead(decision)
        if other is not None:
            request = other
            decision = self._decide(request, view, cache, clock)
        if decision.granted and self._doorway.is_faulty:
            decision = Decision.refuse(reason.FAULT)
        event = AccessEvent(decision, request, view, clock)
        if is_card and (request.kind == PIN or request.second is not None):
            event.calls_for_help = request.is_duress
        if before is not None and before(decision):
            event.is_bounded = False
        waits = is_card and self._waits(request, decision.reason)
        decision = self._carry_out(event, about, waits)
        if decision.granted:
            if is_card and request.used is not None:
                self._owes_use = True
            if self.standing is not None:
                self._told_standing(self.standing.granted, view, clock)
        return decision

    def _decide(self, request, view, cache, clock):
        """What is decided where the uses of what is shown are counted, if it is only for some."""
        decision = decide(request, view, cache, clock)
        if decision.granted or not getattr(request, "is_uncounted", False):
            return decision
        why = self._stores.use_of(request, view.door)
        if request.used is not None:
            decision = decide(request, view, cache, clock)
        if why and (decision.granted or request.used is None):
            decision = Decision.refuse(why)
        return decision

    def refuse(self, code: int, credential, about: dict, door=None, claimed=None) -> Decision:
        """Refuse for the exact reason ``code`` what could not even be decided.

        ``credential`` is None for a stranger, ``claimed`` who a stranger says to be, ``door`` the
        door that was asked for, if any.
        """
        request = None
        if credential is not None:
            request = Request(credential, self.name if door is None else door, None, False)
        view, _ = self.moment()
        event = AccessEvent(
            Decision.refuse(code), request, view, self._timekeeper.read(), claimed
        )
        return self._carry_out(event, about)

    def show(self):
        """Tell of who was answered last. Raises nothing: what fails is the console's fault."""
        if self._untold is None:
            return
        event, about = self._untold
        self._untold = error = None
        try:
            self._recorder.tell(event, about)
        except Exception as failed:
            error = failed
        self._faults.heard("console", error)

    def deny(self):
        """Show a no to whom nothing else can be said: nothing is decided or kept."""
        self._doorway.refuse()

    def flush(self):
        """To be called once who asked has the answer: what could wait for that is done now."""
        self.show()
        if self._owes_use:
            self._owes_use = not self._stores.settle_uses()
        self._recorder.flush()
        if self.standing is not None:
            self._told_standing(self.standing.look)

    def stand(self, ticks):
        """Unlock the door or secure it, as its schedule says: see Standing.look, which is loaded
        for a door that has a mode. ``ticks`` is the hal's monotonic clock. Raises nothing: what
        fails is told, tried again the next time, and meanwhile the strike's pulse ends.
        """
        if self.standing is not None or self.moment()[0].mode() is not None:
            self._told_standing(self._look, ticks)

    def _look(self, ticks):
        if self.standing is None:
            from .standing import Standing

            self.standing = Standing(
                self, self._doorway, self._timekeeper, self._recorder, ticks, self._faults
            )
        self.standing.look()

    def _told_standing(self, act, *about):
        try:
            act(*about)
            error = None
        except MemoryError:
            return  # there may be some the next time
        except Exception as failed:
            error = failed
        self._faults.heard("standing", error)

    def _waits(self, request, code):
        """Whether the other half may follow; of a PIN nothing else is shown, right or wrong."""
        if request.second is not None:
            return False
        if request.kind == CARD:
            wants_pin = code == reason.SECOND_NEEDED
            self._takes_both = self._takes_both or wants_pin
            return wants_pin
        # What the reader lacks, or a lockdown, is the same for each PIN.
        return self._takes_both and not request.locked and code < reason.POLICY_MISSING

    def _carry_out(self, event, about, waits=False):
        # Kept first: nobody enters unseen. An answer that cannot be kept becomes a no.
        try:
            self._recorder.keep(event)
        except OSError as error:
            about["not_kept"] = str(error)
            if event.decision.granted:
                event.refuse(reason.EVENT_LOG_FAILED)
        if event.decision.granted:
            self._release(event.decision.strike_ms)
        elif waits:
            self._doorway.deciding(SECOND_MS)
        else:
            self._doorway.refuse()
        # A line of the console is 0.15 M instructions: nobody waits for it at the door.
        self.show()
        self._untold = event, about
        self.last = event.decision
        return event.decision

    def _release(self, strike_ms):
        try:
            self._doorway.grant(strike_ms)
        except Exception as error:
            self._faults.heard("strike", error)
            raise
        self._faults.heard("strike", None)
