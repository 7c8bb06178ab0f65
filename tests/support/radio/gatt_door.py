"""A door whose reader is reached by radio: enrolled by the host, opened by phones over bleak."""

import asyncio
import json
import pathlib
import time

from bleak import BleakClient, BleakScanner

from holdfast.access import advert
from holdfast_host.demo.scenes import advanced
from holdfast_host.demo.stage import DOOR, SITE
from holdfast_host.demo.stage import Stage as Site
from holdfast_host.phone.client import Asked, EchoChallenge, Wish, introduce
from radio.gatt_link import GattLink
from radio.gatt_stage import Stage

_SCRIPT = pathlib.Path(__file__).parent / "gatt_reader.py"
_SCAN_SECONDS = 120


def new_site(folder: pathlib.Path) -> tuple:
    """A site in ``folder``, and where the state of its one reader lies."""
    return Site(folder, lambda: int(time.time())), folder / "reader"


class AirDoor:
    """A door that phones reach by radio, wherever its reader runs; ``now()`` is their time."""

    def __init__(self, now):
        self._now = now

    async def find(self, phone):
        """The reader, by what it advertises of itself and its door."""
        door = advert.door_tag(SITE, DOOR)

        def is_it(_, data):
            said = data.service_data.get(advert.SERVICE)
            return said is not None and door in advert.decode(bytes(said)).doors

        device = await BleakScanner.find_device_by_filter(
            is_it, timeout=_SCAN_SECONDS, backend=phone.scanner
        )
        if device is None:
            raise TimeoutError("the reader does not advertise")
        return device

    async def cold(self, phone, *identities):
        """A full handshake and the wish to open: (the outcome, the session for the next time)."""

        def visit(link):
            checked = introduce(link.request, identities, DOOR, self._now())
            asked = checked.ask(Wish())
            return asked.read(link.request(asked.request)), checked.session

        return await self._visit(phone, visit)

    async def warm(self, phone, session):
        """One request under a kept context: (the outcome, the session for the next time)."""

        def visit(link):
            asked = Asked(session.context(), DOOR, Wish())
            outcome = asked.read(link.request(asked.request))
            if not isinstance(outcome, EchoChallenge):
                return outcome, advanced(session)
            asked = Asked(advanced(session).context(), DOOR, Wish(), outcome.echo)
            return asked.read(link.request(asked.request)), advanced(advanced(session))

        return await self._visit(phone, visit)

    def later(self, session):
        """The session after a visit of which nobody knows how far it came."""
        return advanced(advanced(session))

    async def _visit(self, phone, visit):
        links = []
        device = await self.find(phone)
        client = BleakClient(
            device, lambda _: [link.lost() for link in links], backend=phone.client
        )
        async with client:
            links.append(await GattLink(client).open())
            return await asyncio.to_thread(visit, links[0])


class GattDoor(AirDoor):
    """The reader of ``site``, whose state lies in ``state``, started on ``stage``.

    Its ticks pass ``slowness`` times slower than this machine's (gatt_reader.py).
    """

    def __init__(self, site: Site, state: pathlib.Path, stage: Stage, slowness: int = 1):
        super().__init__(site.now)
        self.site = site
        self._state = state
        self._stage = stage
        self._slowness = slowness
        self.board = None

    async def start(self):
        """Power it on; returns once it serves."""
        self.board = await self._stage.board(_SCRIPT, self._state, self._slowness)
        await self.board.said('"ready"')

    async def heard(self, kind: str, count: int) -> list:
        """Its first ``count`` events of one kind, once it has said them: it says what it did
        after the phone has its answer.
        """
        lines, mark = 0, f'"event": "{kind}"'
        for _ in range(count):
            line = await self.board.said(mark, lines)
            lines = self.board.lines.index(line, lines) + 1
        return self.events(kind)[:count]

    def events(self, kind: str) -> list:
        """What it has said so far of one kind of event."""
        found = []
        for line in self.board.lines:
            event = json.loads(line) if line.startswith("{") else {}
            if event.get("event") == kind:
                found.append(event)
        return found
