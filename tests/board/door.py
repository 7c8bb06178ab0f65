"""A door whose reader is the board in qemu, and phones of this machine that come to it."""

import dataclasses
import json
import os
import pathlib
import shutil

import cbor
import small_site as site
from board.qemu_board import (
    FIRMWARE,
    FROZEN,
    GATT,
    JOINED,
    JOINED_MODULES,
    QUIET_SECONDS,
    ROOT,
    Board,
    compile_tree,
    compiled,
    native_modules,
    rom_image,
)
from cose import cwt
from holdfast.access.policy import operations as ops
from holdfast.access.policy import snapshot
from holdfast_host.phone.link import TcpLink
from holdfast_host.phone.unlock import Report, Wish, unlock
from holdfast_host.phone.wallet import Wallet

ON_BOARD = ROOT / "tests" / "board" / "reader_on_board.py"
BESIDE = [ON_BOARD.with_name(name) for name in ("wiegand_on_board.py", "lan_on_board.py")]
GRANTS = 1000
READER_KEY = bytes(range(64, 96))
READER_P256_KEY = bytes(range(96, 128))
ROOMY = 1024 * 1024
_AT_THE_DOOR = site.scope((1, site.DOOR, 1))
_FLASH = 1900 * 1024
_PIECE = 256  # bytes that go to the board at once
_LINE = 64  # bytes of a phone in a line to it: it has other use for half a kilobyte

# While it loads, garbage is swept up at once: what stays then lies close together, and leaves one
# piece of free memory and not a thousand.
_START = """
import gc
gc.threshold(2048)
import reader_on_board
reader_on_board.serve(%d, %s, %r, %s, %r)
"""

# Copies what lies in ROM to flash, in the folder that code in .mpy files is loaded from.
INSTALL = """
import os
def install(source, target):
    os.mkdir(target)
    for name, kind, *_ in os.ilistdir(source):
        if kind & 0x4000:
            install(source + "/" + name, target + "/" + name)
        else:
            with open(source + "/" + name, "rb") as a, open(target + "/" + name, "wb") as b:
                while b.write(a.read(512)):
                    pass
install("/rom/lib", "/lib")
"""


@dataclasses.dataclass(frozen=True)
class Spent:
    """What the reader has spent since it was last asked, in instructions, and held, in bytes.

    ``answered`` is what was spent when the last piece of an answer left; ``longest_step`` what
    other tasks had to wait for at most. ``live`` is 0 unless the door was told to look.
    """

    all: int
    answered: int
    longest_step: int
    live: int


class Serial:
    """Stands for the socket of a TcpLink: a phone's bytes in lines on the board's serial port."""

    def __init__(self, door: "Door"):
        self._door = door
        self._open = True
        door.tell("open")

    def sendall(self, data: bytes) -> None:
        pieces = [data[start : start + _LINE].hex() for start in range(0, len(data), _LINE)]
        for piece in pieces[:-1]:
            self._door.tell("more " + piece)
        self._door.tell("data " + pieces[-1])

    def settimeout(self, seconds: float) -> None:
        """A board that says nothing is its door's to give up."""

    def recv(self, size: int) -> bytes:
        line = self._door.heard("<!")
        if line == "!":
            self._open = False
            return b""
        return bytes.fromhex(line[1:])

    def close(self) -> None:
        if self._open:
            self._door.tell("close")
            self._door.heard("!")


class SerialLink(TcpLink):
    """The phone's own link, without its patience: nothing may depend on this machine's speed."""

    def request(self, message, timeout=QUIET_SECONDS):
        return super().request(message, timeout)


class Door:
    """The reader runs on ``board`` until the end of the ``with`` block.

    ``events`` are all lines of its console, ``loaded`` the live bytes of the heap once it is
    ready. A board that says nothing for ``patience`` seconds raises BoardError, and so does a
    reader that ends. ``sender`` are the arguments of a Sender (wiegand_on_board.py), and ``cards``
    the lines that tell of what it sent. ``contexts`` is how many phones it remembers, if not as
    many as it does, ``lan`` its address among other nodes (lan_door.py).
    """

    def __init__(
        self,
        board: Board,
        *,
        looks_at_heap=False,
        patience=QUIET_SECONDS,
        sender=None,
        contexts=None,
        lan=None,
    ):
        self.events = []
        self.cards = []
        self._patience = patience
        self._board = board
        board.start(_START % (site.NOW, looks_at_heap, sender, contexts, lan))
        self.loaded = self.wait("ready")["heap"]

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if not any(exception):
            self.tell("stop")
            self._board.ended()

    def tell(self, line: str) -> None:
        """Something happens at the board."""
        self._board.write(line.encode() + b"\n")

    def heard(self, begins_with: str) -> str:
        """The next line that begins with one of these characters; what comes before are events."""
        while True:
            line = self._board.line(self._patience)
            self._heard(line)
            if line[:1] in tuple(begins_with):
                return line

    def _heard(self, line):
        if line.startswith("{"):
            self.events.append(json.loads(line))
        elif line[:1] in ("#", "@"):
            self.cards.append(line.split())

    def wait(self, event: str) -> dict:
        """The next line of the console about such an event."""
        while True:
            self.heard("{")
            if self.events[-1].get("event") == event:
                return self.events[-1]

    def read_cards(self, count: int) -> None:
        """Wait until so many cards were sent."""
        while sum(line[0] == "#" for line in self.cards) < count:
            self.heard("#")

    def unlock(self, wallet: Wallet, *, cold: bool = False, wish: Wish | None = None) -> Report:
        """A phone asks the door; the report of the phone's own code."""

        def connect():
            return SerialLink(Serial(self), 244, None)

        return unlock(wallet, connect, site.DOOR, wish or Wish(), now=site.NOW, cold=cold)

    def card(self, number: bytes) -> None:
        """A card is held to the door's antenna; what was decided is among ``events`` then."""
        self.tell("card " + number.hex())
        self.heard("+")

    def held(self) -> tuple:
        """Live bytes of its heap now, and how many other nodes it knows."""
        self.tell("held")
        return tuple(json.loads(self.heard("=")[1:]))

    def spent(self) -> Spent:
        """What it has cost since the last time."""
        self.tell("figures")
        return Spent(*json.loads(self.heard("=")[1:]))


def phone(
    folder: pathlib.Path, *, scope: bytes = _AT_THE_DOOR, guest_key=None, suite: int = 0
) -> Wallet:
    """A phone with a key for that EDHOC ``suite`` and a credential from the site's authority, or
    with one that ``guest_key`` made.
    """
    wallet = Wallet.create(folder, suite)
    changes = {7: os.urandom(8), 9: scope}
    claims = site.guest_claims if guest_key else site.holder_claims
    changes[8] = {1: wallet.public_keys[suite].to_map()}
    token = cwt.issue(claims(changes=changes), guest_key or site.authority())
    wallet.enrol(token, site.authority_public(), site.NOW)
    return wallet


def policy(grants: int = GRANTS, number: int = 7) -> bytes:
    """A policy.cbor as of changeset ``number``, that knows the door, its zone, whose key it hands
    on, and so many cards.
    """
    operations = site.HERE + site.zone_key_operations(private=READER_KEY)
    operations += [[ops.GROUP, 1, [[[1, site.DOOR], 1, None]]]]
    operations += [[ops.GRANT, b"card%04d" % number, 1, None] for number in range(grants)]
    pieces = snapshot.make(
        site.authority(), site.SITE, number, bytes(32), site.NOW - site.DAY, operations
    )
    return b"".join(cbor.encode(piece) for piece in pieces)


class Firmware:
    """The firmware as it goes to a board, and the flash of one that was provisioned with it.

    Made in ``folder``. ``where`` it lies: in ``rom``, in .mpy files on the flash (``mpy``), joined
    into few of those (``joined_mpy``), as a stock image takes it, or in the image: ``frozen``, and
    then the ROM has nothing but the test's own module, or ``joined`` with that, or with the
    radio's as well (``gatt``), and there is nothing in the ROM.
    ``add(tree)`` puts more beside it. With ``p256`` the reader has a key for suite 2, too, and
    ``settings`` are more entries of those.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        where: str = "rom",
        add=None,
        p256: bool = False,
        settings: dict | None = None,
    ):
        compile_tree(folder / "tree", [ON_BOARD, *BESIDE])
        if add:
            add(folder / "tree")
        self.rom = rom_image(folder / "tree")
        self.where = where
        self.image = {"frozen": FROZEN, "joined": JOINED, "gatt": GATT}.get(where, FIRMWARE)
        self._flash = folder / "flash"
        self._flash.mkdir()
        # As the file system of a 4 MB chip: .mpy files, a block or more each, take 1 MB of it.
        with open(self._flash / "flash.img", "wb") as flash:
            flash.truncate(_FLASH)
        with Board(self._flash, self.rom, ROOMY) as board:
            changes = dict(settings or {})
            if p256:
                changes[11] = site.p256_certificate(READER_P256_KEY)
            files = {
                "device.key": READER_KEY,
                "settings.cbor": site.settings_file(changes, private=READER_KEY),
                "policy.cbor": policy(),
            }
            if p256:
                files["device_p256.key"] = READER_P256_KEY
            board.run("import os\nos.mkdir('/state')")
            for name, data in files.items():
                put(board, "/state/" + name, data)
            kept = board.run(f"import reader_on_board\nreader_on_board.provision({site.NOW})")
            if int(kept.split()[-1]) != GRANTS:
                raise RuntimeError("the board did not take the policy: " + kept)
            if where == "mpy":
                board.run(INSTALL)
        if where == "joined_mpy":
            self._install_joined(folder)
        if where in ("mpy", "frozen"):
            shutil.rmtree(folder / "tree" / "lib")
            self.rom = rom_image(folder / "tree")
        if where in ("joined", "gatt", "joined_mpy"):
            self.rom = b""

    def _install_joined(self, folder):
        shutil.rmtree(folder / "tree" / "lib")
        for module in sorted(JOINED_MODULES.rglob("*.py")):
            name = module.relative_to(JOINED_MODULES)
            compiled(module, name.as_posix(), (folder / "tree" / "lib" / name).with_suffix(".mpy"))
        native_modules(folder / "tree" / "lib" / "crypto" / "native")
        with Board(self._flash, rom_image(folder / "tree"), ROOMY) as board:
            board.run(INSTALL)

    def board(self, folder: pathlib.Path, heap: int = 0, **told) -> Board:
        """A board in ``folder`` with a flash of its own, as provisioned, unless it has one."""
        if not (folder / "flash.img").exists():
            shutil.copy(self._flash / "flash.img", folder)
        return Board(folder, self.rom, heap, self.image, **told)


def put(board: Board, path: str, data: bytes) -> None:
    """Write a file on the board."""
    board.run(f"file = open({path!r}, 'wb')")
    for start in range(0, len(data), _PIECE):
        board.run(f"file.write({data[start : start + _PIECE]!r})")
    board.run("file.close()")
