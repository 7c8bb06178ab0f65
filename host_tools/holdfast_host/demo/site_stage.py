"""The stage of a site: a controller and readers as processes on one LAN, which is loopback."""

import secrets
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

from holdfast.access.credential import ROLE_CARRIER, ROLE_CONTROLLER, ROLE_READER
from holdfast.access.events import batch as event_batch
from holdfast.access.events import record as event_record
from holdfast.access.policy import limits
from holdfast.access.request import ADMINISTER, CARRY_EVENTS
from holdfast.access.tag import CARD, card_key

from .. import files
from ..boards import enrol
from ..boards.process import ReaderProcess
from ..boards.settings import Placement
from ..credentials.authority import Authority
from ..credentials.secret import Secret
from ..events import files as event_files
from ..events import home as coming_home
from ..lan import places
from ..phone.carrier import Carrier
from ..phone.wallet import Wallet
from ..policy import changes
from ..policy.state import State
from ..site import site as sites
from ..site.keys import Keys
from . import command
from .command import Ended
from .entrance import CHUNK, Entrance
from .outside import Outside
from .people import DAY_S, SITE, People

CONTROLLER = "controller"
CARRIER = "outside"  # before the controller's door
READERS = ("front", "annex")
_DOORS = {CONTROLLER: "plant", **{name: name for name in READERS}}  # by the node that decides
_STRIKE_MS = 500
_KDF_ROUNDS = 4  # nobody guesses this passphrase, so guesses need not be slow
_KNOWLEDGE_S = 7 * DAY_S


class SiteStage(People):
    """A controller with a door of its own, and the READERS, whose events go to it; a context
    manager that starts and ends them. ``entrances`` are their doors, by the names of the nodes.

    ``outside`` is a reader without a strike, which carries to the controller.

    Also the computer of whoever runs the site, with the folder of the site and a phone that may
    administer and carry events. ``now`` gives the time in seconds since 1970; state lies in
    ``folder``.
    """

    def __init__(self, folder: Path, now: Callable[[], int]):
        super().__init__(Authority.generate(), tuple(_DOORS.values()), now)
        files.make_folder(folder)
        self._folder = folder
        self._home = folder / SITE
        self._opened = Keys(self.authority, Secret.generate())
        passphrase = secrets.token_urlsafe()
        self._passphrase = folder / "passphrase"
        files.write(self._passphrase, passphrase.encode(), files.PRIVATE)
        sites.create(
            self._home,
            SITE,
            [],
            self.authority,
            passphrase,
            secret=self._opened.secret,
            kdf_rounds=_KDF_ROUNDS,
        )
        self.change_policy(
            lambda state: changes.set_limits(state, {limits.KNOWLEDGE_S: _KNOWLEDGE_S})
        )
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.entrances = {}
        for place, (name, door) in enumerate(_DOORS.items(), 1):
            reader = self._enrolled(name, f"127.0.0.{place}")
            self.entrances[name] = Entrance(reader, door, now)
            if name == CONTROLLER:
                self._hang_outside()
        self._phone = self._caretaker()

    def __enter__(self) -> "SiteStage":
        for entrance in self.entrances.values():
            entrance.reader.start()
        self.outside.reader.start()
        return self

    def __exit__(self, *exception) -> None:
        for entrance in (*self.entrances.values(), self.outside):
            entrance.reader.stop()

    @property
    def controller(self) -> ReaderProcess:
        """The controller's process."""
        return self.entrances[CONTROLLER].reader

    @property
    def readers(self) -> dict[str, ReaderProcess]:
        """The readers' processes by their names."""
        return {name: self.entrances[name].reader for name in READERS}

    def marks(self) -> dict[str, int]:
        """How many lines each reader has said so far, the one outside as well."""
        readers = {**self.readers, CARRIER: self.outside.reader}
        return {name: len(reader.events) for name, reader in readers.items()}

    def place_of(self, name: str) -> str:
        """Where the node of this name is, as commands take it."""
        lan = self.entrances[name].reader.lan
        if lan is None:
            raise RuntimeError(f"{name} is on no LAN")
        return f"{lan[1]}:{lan[0]}"

    @property
    def number(self) -> int:
        """The number of the last changeset that the site has signed."""
        return sites.load(self._home).policy().number

    def change_policy(self, *rules: Callable[[State], list[list]]) -> None:
        """Sign what each of the ``rules`` makes of the site's policy. Nobody is told."""
        for rule in rules:
            sites.load(self._home).change_policy(self.authority, rule, self.now())

    def card_key(self, number: bytes) -> bytes:
        """How the policy calls the card with this ``number``."""
        return card_key(sites.load(self._home).lookup_key(self._opened.secret), CARD, number)

    def command(self, *words: str, at: tuple[str, ...] = (), unlocks: bool = False) -> Ended:
        """``holdfast`` with these ``words`` about this site, at the nodes named ``at``, or at all
        that were met before; it is told the passphrase if it ``unlocks`` the site's keys.
        """
        options: list[object] = ["--as", self._phone.folder, "--listen", "0"]
        for name in at:
            options += ["--node", self.place_of(name)]
        if unlocks:
            options += ["--passphrase-file", self._passphrase]
        return command.run(*words, self._home, *options)

    def verify(self, batches: dict[str, list[bytes]]) -> Ended:
        """``holdfast events verify`` of these batches, a file a node."""
        paths = []
        for name, raw in batches.items():
            paths.append(self._folder / f"{name}.events")
            files.write(paths[-1], b"".join(raw), files.PRIVATE)
        options = ["--site", self._home, "--passphrase-file", self._passphrase]
        return command.run("events", "verify", *paths, *options)

    def met(self) -> set[str]:
        """The nodes to which any command has gone so far."""
        return {one.id for one in places.load(self._home)}

    def home(self) -> dict[str, list[int]]:
        """The numbers of the events of each node that are kept in the site's folder."""
        home = sites.load(self._home)
        kept = event_files.read(sorted((self._home / coming_home.FOLDER).glob("*.events")))
        return {
            reader.node: sorted(
                event_record.number_of(raw) for batch in reader.batches for raw in batch.records
            )
            for reader in event_files.by_reader(kept, home)
        }

    def decisions(self, name: str) -> list[dict]:
        """What the node of this name told of who came to its door."""
        said = self.entrances[name].reader.events
        return [one for one in said if one.get("event") == "access"]

    def events_of(self, name: str) -> list[bytes]:
        """Batches of all events that the node of this name has of itself."""
        return self._events(name)

    def copies(self, name: str) -> list[bytes]:
        """Batches of all events of that node that the controller has."""
        return self._events(CONTROLLER, name)

    def _events(self, where: str, of: str | None = None) -> list[bytes]:
        entrance = self.entrances[where]
        with entrance.call() as link:
            identities = self._phone.identities()
            carrier, _ = Carrier.introduced(link, identities, entrance.door, self.now())
            if of is not None:
                if of not in carrier.nodes():
                    return []
                carrier.turn_to_node(of)
            found, after = [], None
            while True:
                found.append(carrier.events(after))
                records = records_of(found[-1:])
                if not records:
                    return found
                after = event_record.number_of(records[-1])

    def _enrolled(self, name: str, address: str) -> ReaderProcess:
        is_controller = name == CONTROLLER
        placement = Placement(
            _DOORS[name],
            strike_ms=_STRIKE_MS,
            node=name,
            controller="" if is_controller else CONTROLLER,
            role=ROLE_CONTROLLER if is_controller else ROLE_READER,
        )
        state, home = self._folder / name, sites.load(self._home)
        enrol.enroll(state, home, self._opened, placement, now=self.now())
        return ReaderProcess(state, chunk=CHUNK, lan=(self._port, address))

    def _hang_outside(self) -> None:
        """A reader that carries, outside at the controller's door: by the policy, and by its own
        settings it knows where the controller is.
        """
        placement = Placement(
            _DOORS[CONTROLLER],
            node=CARRIER,
            wiring="carries",
            controller=CONTROLLER,
            peers=(("127.0.0.1", self._port),),
            role=ROLE_CARRIER,
        )
        state, home = self._folder / CARRIER, sites.load(self._home)
        enrol.enroll(state, home, self._opened, placement, now=self.now())
        self.outside = Outside(self._carrying(CARRIER, 8), self.entrances[CONTROLLER])

    def clone(self) -> ReaderProcess:
        """Another device with all that the carrying reader has on its flash: its key, its
        certificate, what it remembers of its controller.
        """
        shutil.copytree(self._folder / CARRIER, self._folder / "clone")
        return self._carrying("clone", 9)

    def _carrying(self, folder: str, place: int) -> ReaderProcess:
        lan = (self._port, f"127.0.0.{place}")
        return ReaderProcess(self._folder / folder, chunk=CHUNK, lan=lan)

    def _caretaker(self) -> Wallet:
        phone = Wallet.create(self._folder / "caretaker")
        may = ADMINISTER | CARRY_EVENTS
        grant = self.holder("caretaker", holder_key=phone.public_key, permissions=may)
        phone.enrol(grant.token, self.authority.public_key, self.now())
        return phone


def records_of(batches: list[bytes]) -> list[bytes]:
    """The raw records of all events in these batches."""
    return [record for raw in batches for one in event_batch.decode(raw) for record in one.records]
