"""Decided, kept, carried out, told, in that order: the strike moves for nobody whose event is not
kept, whatever it is that fails.
"""

INTERPRETERS = ("micropython", "cpython")

import small_site as site
from access_rules import holder, rtc, rules
from carrier import StillHardware
from harness import raises
from holdfast.access import Request, reason
from holdfast.access.request import CARD, CardRequest
from holdfast.door.access_point import AccessPoint
from holdfast.door.doorway import Doorway
from holdfast.door.faults import Faults
from holdfast.door.indicator import Indicator


class _World:
    """All that an AccessPoint has around it; ``steps`` is what was done, in order."""

    is_faulty = False

    def __init__(self, in_force=None):
        self.rules = in_force or rules()
        self.steps = []
        self.failing = {}  # step: exception
        self.access_point = AccessPoint(site.DOOR, 3000, self, self, self, self)

    def moment(self):
        return self.rules, None

    def _step(self, name, *about):
        if name in self.failing:
            raise self.failing[name]
        self.steps.append((name,) + about)

    def heard_token(self, credential):
        self._step("heard")

    def read(self):
        self._step("read")
        return rtc()

    def keep(self, event):
        self._step("keep", event.decision.reason)

    def tell(self, event, about):
        self._step("tell", event.decision.reason, about)

    def flush(self):
        self._step("flush")

    def grant(self, strike_ms):
        self._step("grant", strike_ms)

    def refuse(self):
        self._step("refuse")

    def ask(self, request):
        """The decision, once who asked has the answer."""
        decision = self.access_point.ask(request, {})
        self.access_point.show()
        return decision

    def names(self):
        return [step[0] for step in self.steps]


def _wish(**changes):
    fields = {"door": site.DOOR, "action": 1, "intent": True}
    fields.update(changes)
    return Request(holder(), **fields)


def test_kept_before_opened_and_told_after():
    """Nobody enters unseen, not even for the time that a power cut takes."""
    world = _World()
    decision = world.access_point.ask(_wish(), {"connection": 1})
    assert decision.granted
    assert world.names() == ["heard", "read", "keep", "grant"]
    world.access_point.show()
    world.access_point.show()
    assert world.names() == ["heard", "read", "keep", "grant", "tell"]
    assert world.steps[-1] == ("tell", reason.GRANTED, {"connection": 1})
    world.steps.clear()
    assert not world.ask(_wish(intent=False)).granted
    assert world.names() == ["heard", "read", "keep", "refuse", "tell"]


def test_an_event_that_cannot_be_kept_makes_a_no():
    """And the reason says that it is the reader's fault; the phone is told so, too."""
    world = _World()
    world.failing["keep"] = OSError(28)
    decision = world.ask(_wish())
    assert not decision.granted and decision.reason == reason.EVENT_LOG_FAILED
    assert decision.coarse == reason.COARSE_READER
    assert world.names() == ["heard", "read", "refuse", "tell"]
    assert "28" in world.steps[-1][2]["not_kept"]
    # A no stays the no that it was.
    for ask in (
        lambda: world.access_point.ask(_wish(door="cellar"), {}),
        lambda: world.access_point.refuse(reason.NO_SUCH_DOOR, None, {}),
    ):
        assert ask().reason == reason.NO_SUCH_DOOR
        assert "grant" not in world.names()


def test_whoever_comes_next_finds_the_one_before_told_of():
    """Two connections may be answered at once: each has its line, in the order of decisions."""
    world = _World()
    for number in range(2):
        world.access_point.ask(_wish(), {"connection": number})
    world.access_point.flush()
    told = [step[2]["connection"] for step in world.steps if step[0] == "tell"]
    assert told == [0, 1]


def test_a_bug_in_keeping_opens_nothing():
    """Whatever escapes from there leaves before the door is asked to move."""
    for error in (ValueError(), RuntimeError(), MemoryError(), KeyError()):
        world = _World()
        world.failing["keep"] = error
        raises(type(error), world.access_point.ask, _wish(), {})
        assert "grant" not in world.names()


def test_no_memory_between_keep_and_grant_leaves_the_door_shut():
    """The event then says more than happened, never less."""
    world = _World()
    world.failing["grant"] = MemoryError()
    raises(MemoryError, world.access_point.ask, _wish(), {})
    assert world.names()[-1] == "keep"


def test_a_grant_that_cannot_be_shown_is_a_grant():
    """The strike has moved: whoever asked must hear so, or will ask again and wonder."""
    for error in (MemoryError(), OSError(5), ValueError(), RuntimeError()):
        world = _World()
        world.failing["tell"] = error
        assert world.ask(_wish()).granted
        assert world.names()[-1] == "grant"


def test_a_strike_that_was_released_has_its_end_whatever_fails_then():
    """With the genuine door: everything fails behind it, and the pulse is as long as it was asked
    to be.
    """

    class Full(StillHardware):
        def show(self, colour, effect):
            raise MemoryError

    hardware = Full()
    world = _World()
    door = Doorway(hardware, Indicator(hardware, hardware, Faults()), hardware)
    world.grant, world.refuse = door.grant, door.refuse
    world.failing["tell"] = MemoryError()
    assert world.ask(_wish()).granted
    assert hardware.strikes == [3000] and hardware.released
    hardware.pass_time(3)
    assert not hardware.released


def test_what_could_not_even_be_decided_is_kept_and_told_alike():
    """A refusal of the link, for a stranger or a holder, at this door or at one of any name."""
    world = _World()
    for credential in (None, holder()):
        for door in (None, site.DOOR, "", "\x00", "ä" * 300):
            world.steps.clear()
            decision = world.access_point.refuse(reason.REPLAYED, credential, {}, door)
            world.access_point.flush()
            assert decision.reason == reason.REPLAYED
            assert world.names() == ["read", "keep", "refuse", "tell", "flush"]


def test_a_policy_that_cannot_be_read_refuses_cards_and_tokens_alike():
    """Storage that fails is a reason, not an exception."""
    world = _World(rules().changed(fault=reason.STORAGE_FAILED))
    for request in (_wish(), CardRequest(CARD, b"8 bytes.", site.DOOR)):
        assert world.access_point.ask(request, {}).reason == reason.STORAGE_FAILED
