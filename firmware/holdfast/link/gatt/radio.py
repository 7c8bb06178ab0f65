"""The one task that owns the radio: lets centrals come, and drops those that only keep a place."""

import asyncio
import gc

from aioble import core, peripheral  # pyright: ignore[reportMissingImports]

from micropython import const

from ...access import advert
from . import payload
from .attempts import Attempts
from .link import Link
from .service import Service

_AHEAD = const(64)  # bytes that may stand in front of a message that has not been read: CSM, Ping

_INTERVAL_US = const(60000)
_LOOK_MS = const(100)
_ASK_EVERY = const(10)  # looks
_ANEW_EVERY = const(50)
# Discovery and subscription cost a phone seconds. In them nothing shows here but its being there.
_SPEAK_MS = const(8000)
_SPEAK_IF_FULL_MS = const(3000)
_SPEAK_IF_BESET_MS = const(1500)
_HURRY_MS = const(1000)
_LEAVE_MS = const(500)
_WAIT_MS = const(20)
_FIRST_PAUSE_MS = const(500)
_LONGEST_PAUSE_MS = const(5000)
_START_ANEW_AFTER = const(3)  # failures in a row
_GIVE_UP_AFTER = const(26)  # two minutes
_BESET_FOR_MS = const(60000)  # after the last that said nothing while there was no other place
_PATIENT_EVERY = const(4)  # rounds, in each of which all places were taken so


class Radio:
    """The GATT service, its advertisement and the centrals that come.

    ``ble`` is the hal's: ``start(handler)``, ``is_active``, ``uuid(text)``, ``advertise(us, adv,
    resp)``, ``disconnect(handle)``. Its stack must hold ``limits.connections`` and one more, who
    is heard before room is made for it. ``advertisement()`` gives the service data of this moment
    (``access.advert.encode``) and is asked once a second. ``console.line(fields)`` is told of
    centrals that are dropped before they are served, and of the radio's faults.

    There can be one Radio. What it needs of memory is taken here, but for the rings of further
    centrals at a time, and what aioble takes for each that comes.
    """

    def __init__(self, ble, ticks, limits, advertisement, console):
        self._ble = ble
        self._ticks = ticks
        self._advertisement = advertisement
        self._console = console
        self._attempts = Attempts(ticks)
        self._last_ms = limits.last_ms
        self._service = Service(ble)
        size = limits.message_size + _AHEAD
        self._links = [
            Link(ble, self._service.tx, ticks, size) for _ in range(limits.connections + 1)
        ]
        self._links[0].prepare()
        self._service.links = self._links
        self._adv_data = payload.advertisement(advert.SERVICE)
        self._said = self._resp_data = None
        self._connected = None
        self._silent = 0  # centrals that kept the last place and said nothing, lately
        self._silent_at = 0  # when the last of them was seen
        self._has_stayed = False  # whether one of them did not leave
        self._is_up = False
        self._is_wanted = False  # whether the task that advertises is to go on
        self._advertising = None  # that task
        self._error = None  # that it ended with
        self._looks = 0
        self._failures = 0  # in a row
        self._pause = 0  # after them: the tick at which another attempt is made

    async def run(self, connected):
        """Await ``connected(link)`` for each central that speaks, in a task of its own; it gives
        whether the central has shown who it is.

        Runs for ever, and may be run again when it was ended: who is connected stays so. Raises
        OSError if the radio is of no use for two minutes.
        """
        self._connected = connected
        try:
            while True:
                try:
                    self._look()
                    if not self._failures or self._ticks.until(self._pause) <= 0:
                        if not (self._is_up and self._ble.is_active):
                            await self._start()
                        self._show()
                except MemoryError:
                    gc.collect()
                except (OSError, ValueError, core.GattError) as error:
                    self._failed(error)
                await asyncio.sleep_ms(_LOOK_MS)
        finally:
            self._hush()

    async def _start(self):
        self._is_up = False
        self._hush()
        self._service.end_all()
        await asyncio.sleep_ms(_LOOK_MS)  # in which aioble's tasks for them end
        self._service.start()
        self._is_up = True

    def _failed(self, error):
        self._hush()
        self._failures += 1
        self._tell("radio_failed", str(error))
        if not self._served():
            if self._failures >= _GIVE_UP_AFTER:
                self._failures = 0
                raise OSError(str(error))
            if self._failures >= _START_ANEW_AFTER:
                self._is_up = False
        pause = min(_FIRST_PAUSE_MS << self._failures - 1, _LONGEST_PAUSE_MS)
        self._pause = self._ticks.add(pause)

    def _tell(self, event, detail):
        try:
            self._console.line({"event": event, "reason": detail})
        except (MemoryError, OSError):
            pass

    def _look(self):
        self._welcome()
        self._drop()
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        if self._service.has_stumbled:
            self._service.has_stumbled = False
            self._hush()

    def _welcome(self):
        for link in self._links:
            if link.is_new:
                link.is_hurried = not self._attempts.came(link.address)
                link.task = asyncio.create_task(self._serve(link, self._connected))

    async def _serve(self, link, connected):
        try:
            if await link.heard():
                await self._turn()
                link.is_served = await link.heard()  # unless it has left meanwhile
                if link.is_served and await connected(link):
                    self._attempts.proved(link.address)
        finally:
            link.is_served = False
            link.close()
            if link.is_spilt:
                self._tell("central_dropped", "it writes faster than it is read")
            link.task = None

    async def _turn(self):
        """Wait until one place less than all is taken by those who are served. Who has had its
        time makes room; if all of them have shown who they are, none is there for long enough.
        """
        since = self._ticks.add(0)
        while self._served() >= len(self._links) - 1 and self._age(since) < self._last_ms:
            self._make_room()
            await asyncio.sleep_ms(_WAIT_MS)

    def _make_room(self):
        for link in self._links:
            if link.is_served and link.make_room is not None:
                link.make_room()
                return

    def _served(self) -> int:
        count = 0
        for link in self._links:
            count += link.is_served
        return count

    def _drop(self):
        """End what only keeps a place; sooner where there is no other."""
        free = leaving = lingering = busy = 0
        for link in self._links:
            if link.is_free:
                free += 1
            elif link.closed_at is not None:
                if self._age(link.closed_at) <= _LEAVE_MS:
                    leaving += 1
                else:
                    lingering += 1
                    link.close()  # which sees whether it has gone without a word
        # One that does not leave will be followed by others.
        is_full = not free and (lingering > 0 or not leaving)
        latest, longest = None, 0
        for link in self._links:
            over = 0
            if link.is_arriving:
                over = self._age(link.since) - self._may_be_silent(link, is_full)
            if over > longest:
                latest, longest = link, over
            elif over <= 0 and link.closed_at is None:
                busy += 1
        is_beset = self._is_beset()
        if not free and (lingering or is_beset and self._has_stayed):
            self._loosen(busy)
        elif latest is not None:
            self._tell("central_dropped", "it says nothing")
            latest.close()
            if is_full:
                self._said_nothing(1)

    def _loosen(self, busy):
        """Nobody can come: there is no place, and who is dropped stays."""
        if busy:
            self._make_room()
        else:
            # A central that is dropped stays until it says so, or for as long as it asked for when
            # it came, up to 32 s. Where no place is kept by anything else, nothing is lost by a
            # new start. Which of those that come then is a phone shows in its first write alone.
            self._tell("radio_failed", "no central leaves")
            self._said_nothing(len(self._links))
            self._has_stayed = True
            self._is_up = False

    def _said_nothing(self, count):
        self._silent += count
        self._silent_at = self._ticks.add(0)

    def _is_beset(self) -> bool:
        if self._silent and self._age(self._silent_at) > _BESET_FOR_MS:
            self._silent = 0
            self._has_stayed = False
        return self._silent >= len(self._links)

    def _age(self, tick):
        return -self._ticks.until(tick)

    def _may_be_silent(self, link, is_full):
        if not is_full:
            return _SPEAK_MS
        if link.is_hurried:
            return _HURRY_MS
        # Now and then all have the time that a slow phone takes to discover the service.
        if self._is_beset() and self._silent // len(self._links) % _PATIENT_EVERY:
            return _SPEAK_IF_BESET_MS
        return _SPEAK_IF_FULL_MS

    def _show(self):
        """See to it that the reader can be found while there is a place."""
        self._looks += 1
        if not self._is_wanted and self._advertising is not None:
            return  # it is about to end
        if self._advertising is None:
            if self._has_place():
                self._is_wanted = True
                self._advertising = asyncio.create_task(self._advertise())
            return
        self._failures = 0
        if self._looks % _ASK_EVERY or any(link.is_new for link in self._links):
            return  # one that has come has ended the advertising, and aioble is told next
        if self._has_news() or not self._looks % _ANEW_EVERY:
            # Anew as well, since a connection that failed while it was made ends it unseen.
            self._ble.advertise(_INTERVAL_US, self._adv_data, self._resp_data)

    async def _advertise(self):
        try:
            while self._is_wanted and self._has_place():
                self._has_news()
                await peripheral.advertise(
                    _INTERVAL_US, adv_data=self._adv_data, resp_data=self._resp_data
                )
                self._welcome()
        except (OSError, ValueError, MemoryError, AttributeError, core.GattError) as error:
            self._error = error
        finally:
            self._advertising = None

    def _hush(self):
        # aioble's advertise takes a cancellation for its end and gives None.
        self._is_wanted = False
        if self._advertising is not None:
            self._advertising.cancel()

    def _has_place(self) -> bool:
        for link in self._links:
            if link.is_free:
                link.prepare()
                return True
        return False

    def _has_news(self) -> bool:
        """Bring what is broadcast up to date. Says whether it has changed."""
        said = self._advertisement()
        if said == self._said:
            return False
        self._resp_data = payload.scan_response(advert.SERVICE, said)
        self._said = said
        return True
