"""A PIN that calls for help opens as any other does; the auditor alone is told, and first."""

INTERPRETERS = ("micropython", "cpython")

import json

import small_log
import small_site as site
from card_door import CARD_NUMBER, THE_PIN, Door, key_of
from holdfast.access.events import batch as event_batch
from holdfast.access.events import record as event_record
from holdfast.access.request import CARD, PIN
from holdfast.storage import files

_HELP, _HER_CARD, _HER_PIN, _HER_HELP = "16180339", b"\x04hers", "31415926", "66743015"


def _door():
    person = {3: b"her."}
    help_me = {3: b"her.", 5: True}
    return Door(
        [6, key_of(PIN, _HELP.encode()), 1, None, {5: True}],
        [5, 2, [[[1, site.DOOR], 33, None]]],
        [6, key_of(CARD, _HER_CARD), 2, None, person],
        [6, key_of(PIN, _HER_PIN.encode()), 2, None, person],
        [6, key_of(PIN, _HER_HELP.encode()), 2, None, help_me],
    )


def _calls(door):
    """For each event with a mark, whether it calls for help, as the auditor finds out."""
    log = door.reader.stores.events()
    base, root = log.root
    key = event_record.auditor_root(site.AUDIT_PRIVATE, root, small_log.READER_PUBLIC)
    found = []
    for one in small_log.audit(small_log.batch(log)):
        assert one.number >= base
        if "mark" in one.fields:
            marks = event_record.mark(key, False), event_record.mark(key, True)
            found.append(marks.index(one.fields["mark"]) == 1)
        key = event_record.next_key(key)
    return found


def test_the_auditor_tells_it_from_others_and_nothing_else_does():
    """Light, sound, console, what is written and how often: all the same, but for the key that
    the PIN is known by, and 8 bytes in each event of a PIN.
    """
    seen = []
    genuine = files.write
    for alone, other in ((THE_PIN, _HER_PIN), (_HELP, _HER_HELP)):
        door = _door()
        told = []
        door.hardware.show = lambda colour, effect, told=told: told.append((colour, effect))
        door.hardware.beep = lambda count, told=told: told.append(count)

        def write(path, data, told=told):
            told.append((path.rsplit("/", 1)[1], len(data)))
            genuine(path, data)

        files.write = write
        try:
            assert door.pin(alone) == "granted"
            door.hardware.wait(5000)
            door.card(_HER_CARD)
            assert door.pin(other) == "granted"
            door.hardware.wait(5000)
            door.pin(other)
            assert door.card(_HER_CARD) == "granted"
            door.pin("0000")
        finally:
            files.write = genuine
        lines = [line for line in door.hardware.lines if line["event"] == "access"]
        for line in lines:
            # Which PIN of the site it was, as ever.
            for name in ("card", "second"):
                if name in line and line["shown"] != "card":
                    line[name] = len(line[name] or "")
        told.append([sorted(line.items(), key=lambda item: item[0]) for line in lines])
        events = small_log.batch(door.reader.stores.events()).records
        told.append([len(raw) for raw in events])
        seen.append(told)
        assert "mark" not in json.dumps(lines) and "duress" not in json.dumps(lines)
        is_help = alone == _HELP
        assert _calls(door) == [is_help, is_help, is_help, is_help, False]
        assert len(set([raw[-24:] for raw in events])) == len(events)
    assert seen[0] == seen[1]


def test_an_event_without_a_pin_has_no_mark():
    """There is nothing that it could tell."""
    door = _door()
    door.card(CARD_NUMBER)
    assert _calls(door) == [] and "mark" not in door.recorded()[-1]


def _urgent(door, after=-1, room=700):
    """(number, calls for help) of what goes up first, each proven by the code before it."""
    log = door.reader.stores.events()
    raw, last = log.served(after, room, 10)
    assert len(raw) <= room
    (got,) = event_batch.decode(raw)
    base, root = log.root
    found = []
    for at in range(0, len(got.urgent), 2):
        before, one = got.urgent[at : at + 2]
        number = event_record.number_of(one)
        key = event_record.auditor_root(site.AUDIT_PRIVATE, root, small_log.READER_PUBLIC)
        for _ in range(number - base):
            key = event_record.next_key(key)
        assert event_record.is_authentic(one, key, before) and number > last
        fields = event_record.decode(event_record.split(one)[0]).fields
        found.append((number, fields["mark"] == event_record.mark(key, True)))
    return found


def test_its_event_goes_up_first():
    """In the first batch, however many came before and after it, over a restart, too; where
    nobody called others stand in its place, so that the batch says nothing.
    """
    door = _door()

    def passes(count, pin=None):
        for _ in range(count):
            door.hardware.wait(5000)
            if pin:
                door.pin(pin)
            else:
                door.card(CARD_NUMBER)

    passes(30)
    assert _urgent(door) == []
    passes(3, THE_PIN)
    passes(10)
    quiet = _urgent(door)
    assert [calls for _, calls in quiet] == [False, False]
    passes(1, _HELP)
    help_number = door.reader.stores.events().head[0]
    passes(12, THE_PIN)
    passes(10)
    first = _urgent(door)
    assert len(first) == len(quiet) and (help_number, True) in first
    door.start()
    assert (help_number, True) in _urgent(door)
    # What comes in its turn is not said twice, and what is known is not said again.
    assert (help_number, True) not in _urgent(door, after=help_number)
    log = door.reader.stores.events()
    small_log.acknowledge(log, *log.head)
    assert _urgent(door, after=log.head[0]) == []
