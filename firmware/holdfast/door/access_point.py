"""Where every wish to pass this door is decided, kept, carried out and told, in that order."""

from ..access import Decision, decide, reason
from ..access.events.event import AccessEvent
from ..access.request import CardRequest


class AccessPoint:
    """One access point for phones, cards and PINs.

    ``rules`` has ``policy``, the Policy in force, and ``cache``, what knows cards, or None;
    ``timekeeper`` has ``read()``, the ClockReading to decide with, and ``heard_token`` for each
    credential; ``door`` is the Doorway to move. ``chronicle`` has ``keep(event)``, which must have
    the event on flash when it returns or raise OSError, and ``tell(event, about)``, which shows
    it with what else is known ``about`` it, and ``settle()``.
    """

    def __init__(self, rules, timekeeper, door, chronicle):
        self._rules = rules
        self._timekeeper = timekeeper
        self._door = door
        self._chronicle = chronicle

    def ask(self, request, about: dict) -> Decision:
        """Decide ``request`` (a Request or CardRequest) and act on it; what was carried out."""
        card = credential = None
        if isinstance(request, CardRequest):
            card = request
        else:
            credential = request.credential
            self._timekeeper.heard_token(credential)
        clock = self._timekeeper.read()
        decision = decide(request, self._rules.policy, self._rules.cache, clock)
        event = AccessEvent(decision, request.door, credential, request.action, clock, card)
        return self._carry_out(event, about)

    def refuse(self, code: int, credential, about: dict, door=None) -> Decision:
        """Refuse for the exact reason ``code`` what could not even be decided.

        ``credential`` is None for a stranger, ``door`` the door that was asked for, if any.
        """
        decision = Decision.refuse(code)
        place = self._rules.policy.door if door is None else door
        event = AccessEvent(decision, place, credential, None, self._timekeeper.read())
        return self._carry_out(event, about)

    def settle(self):
        """To be called once who asked has the answer: what could wait for that is done now."""
        self._chronicle.settle()

    def _carry_out(self, event, about):
        # Kept first: nobody enters unseen. An answer that cannot be kept becomes a no.
        try:
            self._chronicle.keep(event)
        except OSError as error:
            about["not_kept"] = str(error)
            if event.decision.granted:
                event.decision = Decision.refuse(reason.EVENT_LOG_FAILED)
        if event.decision.granted:
            self._door.grant(event.decision.strike_ms)
        else:
            self._door.refuse()
        try:
            self._chronicle.tell(event, about)
        except (MemoryError, OSError):
            pass  # the door has moved: who asked for it must hear so
        return event.decision
