"""Nobody is locked in by what is full: the exit button of a whole reader, whose memory is a real
littlefs that others have filled, and a log that has to give up its oldest events.
"""

INTERPRETERS = ("micropython",)
HEAP = "8M"

import os

from flash_in_ram import Flash, fill, free, mounted
from holdfast.access.events import event
from memory_phone import make_reader
from small_log import access, audit, batch
from watched_door import Hardware

ROOT = "/full"
MS = 3000  # of a release, as the door's settings say


def leave(reader, hardware):
    """Somebody presses the button, and has the door for its whole time."""
    watched = reader.doors["lobby"].watched
    hardware.inputs["rex"].set(True)
    assert hardware.released, "not at once"
    hardware.inputs["rex"].set(False)
    watched.look()
    hardware.wait(MS - 50)
    assert hardware.released
    hardware.wait(100)
    watched.look()
    assert not hardware.released


def kinds(reader):
    """Those of all events that the log has, each proven."""
    return [one.kind for one in audit(batch(reader.stores.events()))]


def test_on_a_flash_that_is_full_with_a_log_that_is():
    """Each is let out and recorded; the oldest events go for it, which is told."""
    with mounted(Flash(96), ROOT):
        hardware = Hardware()
        reader = make_reader(hardware, directory=ROOT)
        leave(reader, hardware)
        fill(ROOT)
        assert free(ROOT) == 0
        log = reader.stores.events()
        while not log.kept:
            log.append(event.ACCESS, access(log.head[0]))
            log.flush()
        fill(ROOT, "more")
        before = log.head[0]
        for _ in range(20):
            leave(reader, hardware)
        assert kinds(reader)[-20:] == [event.REX] * 20 and log.head[0] == before + 20
        assert event.OVERWRITTEN in kinds(reader)


def test_on_a_flash_without_room_for_any_event():
    """The log cannot even be opened, nobody is let in, and everybody is let out. What is owed is
    recorded with the first bit of room.
    """
    with mounted(Flash(96), ROOT):
        hardware = Hardware()
        reader = make_reader(hardware, directory=ROOT)
        (place,) = [name for name in os.listdir(ROOT) if len(name) > 8]
        events = ROOT + "/" + place + "/events"
        erase(events)
        fill(ROOT)
        reader = make_reader(hardware, directory=ROOT, policy=False)
        for _ in range(20):
            leave(reader, hardware)
        try:
            reader.stores.events()
            raise AssertionError("there was room")
        except OSError:
            pass
        os.remove(ROOT + "/others")
        reader.recorder.pay()
        # Eight are owed, of which the first is the start.
        assert kinds(reader)[1:] == [event.STARTED] + 7 * [event.REX]


def erase(path):
    if os.stat(path)[0] & 0x4000:
        for name in os.listdir(path):
            erase(path + "/" + name)
        os.rmdir(path)
    else:
        os.remove(path)
