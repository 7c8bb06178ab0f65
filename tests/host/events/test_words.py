"""What a person reads of an event: who is proven and who only says so, which way, by whom."""

from holdfast.access.events import event
from holdfast.access.events import record as event_record
from holdfast_host.events import words


def said(kind, **fields):
    """What an event says after its bytes."""
    made = event_record.decode(event_record.encode(7, kind, fields))
    return words.told(made)


def test_a_claim_is_never_shown_as_a_holder():
    """A list of who came in must not have the name that a thief sent along."""
    refused = said(event.ACCESS, reason_code=15, claimed="alice")
    assert words.who(refused) == "somebody who says to be alice"
    assert words.what(refused) == "not holder" and refused["granted"] is False
    opened = said(event.ACCESS, reason_code=0, holder="alice", shown=0, way=1, door="lobby")
    assert words.who(opened) == "alice" and words.what(opened) == "granted, in"
    assert len(opened["door"]) == 12


def test_cards_and_pins_are_told_by_what_they_are():
    """A PIN that opened nothing has no key to show."""
    card = said(event.ACCESS, reason_code=0, shown=1, card=bytes(8))
    assert words.who(card) == "card 0000000000000000"
    assert words.who(said(event.ACCESS, reason_code=54, shown=2)) == "unknown PIN"
    both = said(event.ACCESS, reason_code=0, shown=3, card=bytes(8), second=bytes(8), use=2, of=5)
    assert words.who(both).startswith("card and PIN ") and words.marks(both) == "use 2 of 5"


def test_who_collected_and_acknowledged_is_told():
    """Reading the log is part of what happened."""
    assert words.who(said(event.FETCHED, by="carla")) == "by carla"
    done = said(event.ACKNOWLEDGED, by="carla", last=41)
    assert words.who(done) == "by carla, up to event 41" and words.what(done) == "acknowledged"


def test_a_corrected_clock_tells_both_times():
    """Everything before it was dated by the old one."""
    moved = said(event.CLOCK_CORRECTED, old_time=0, new_time=86400)
    text = words.who(moved)
    assert "1970-01-01" in text and "1970-01-02" in text
    for kind in event.kinds():
        assert words.what(said(kind)).replace(" ", "_") == event.kind_name(kind)
        assert words.who(said(kind)) == "" and words.marks(said(kind)) == ""


def test_what_the_inputs_of_a_door_tell():
    """A tamper switch that is closed again reads otherwise than one that was opened."""
    assert words.what(said(event.REX, way=2, door="lobby")) == "rex, out"
    stuck = said(event.REX, way=2, on=True, detail="held")
    assert words.who(stuck) == "detail held, on"
    assert words.who(said(event.TAMPER, on=False, count=3)) == "count 3, off"


def test_what_is_remarkable_stands_beside_it():
    """In words that need no table of the format."""
    odd = said(event.ACCESS, reason_code=32, holder="a", without_intent=True, guest=True, count=9)
    assert words.marks(odd) == "guest, without intent, after 9 refusals that were not kept"
    assert words.when(said(event.STARTED, time=0, clock="floor")).startswith("after 1970")
    assert words.when(said(event.STARTED)) == "unknown"
