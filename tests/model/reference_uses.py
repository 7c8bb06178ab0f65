"""Grants that count their uses, for the reference model: each granted event is one of them."""

from model import reference as ref
from model.reference_rules import DOOR


class Uses:
    """How often each counted grant of the site was used: (what is shown, group) to how often."""

    def __init__(self, rules):
        self._rules = rules
        self._used = {}

    def tidy(self):
        """The policy has changed: what is taken away, or counts no more, begins anew."""
        self._used = {
            (shown, group): used
            for (shown, group), used in self._used.items()
            if self._uses(shown, group)
        }

    def ask(self, here, shown, reading):
        """(answers, what is counted): the latter None, or (what is shown, group, which use it is,
        of how many).

        Nobody counts before something asks for it: a card that opens by another of its grants
        uses none up.
        """
        answers = ref.ask_card(here, shown, reading)
        if shown.used is not None or not shown.is_uncounted or ref.yes(reading.trusted) == answers:
            return answers, None
        for half in (shown.value, shown.second):
            for group in sorted(here.grants.get(half, {})):
                uses = self._uses(half, group)
                if uses and self._is_only_at(here.door, group):
                    shown.used = self._used.get((half, group), 0)
                    counted = half, group, shown.used + 1, uses
                    return ref.ask_card(here, shown, reading), counted
        return answers, None

    def granted(self, counted):
        """Somebody was let in by this use."""
        shown, group, use, _ = counted
        self._used[shown, group] = use

    def _uses(self, shown, group):
        grant = self._rules.grants.get(shown, {}).get(group)
        return grant.uses if grant is not None else 0

    def _is_only_at(self, door, group):
        places = {place for place, _, _ in self._rules.groups.get(group, ())}
        return places == {(DOOR, door)}
