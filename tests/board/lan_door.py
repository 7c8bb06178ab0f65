"""A door whose reader is the board in qemu, on a LAN with another node: a process of this machine.

What the board sends and hears goes by this machine's UDP, in the place of a socket of its own.
"""

import pathlib
import socket
import threading
import time

import small_site as site
from board.door import Door, policy
from board.qemu_board import QUIET_SECONDS, Board, BoardError
from holdfast_host.boards.process import ReaderProcess
from holdfast_host.phone.carrier import Carrier
from holdfast_host.phone.link import TcpLink
from holdfast_host.phone.wallet import Wallet

_HOST = "127.0.0.1"
_OTHER_HOST = "127.0.0.2"
_OTHER_KEY = bytes(range(128, 160))
_PIECE = 64  # bytes of a datagram in a line to the board
_MAX = 2048


def lines_of(source: tuple, data: bytes) -> list:
    """The lines by which the board hears of a datagram of ``source``, (host, port)."""
    pieces = [data[at : at + _PIECE].hex() for at in range(0, len(data), _PIECE)]
    host, port = source
    return ["lan " + piece for piece in pieces[:-1]] + [f"from {host} {port} {pieces[-1]}"]


class Lan:
    """A UDP socket in the board's place, and the settings by which it finds the other node, which
    runs from ``start`` to the end of the ``with`` block in a folder of its own below ``folder``.
    """

    def __init__(self, folder: pathlib.Path):
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind((_HOST, 0))
        self._socket.settimeout(0.1)
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            probe.bind((_OTHER_HOST, 0))
            other = probe.getsockname()
        self.own = self._socket.getsockname()
        self.settings = {17: [[_OTHER_HOST, other[1]]]}
        state = folder / "other"
        state.mkdir()
        changes = {
            3: "reader-2",
            6: site.device_certificate(_OTHER_KEY, {2: "reader-2", 7: bytes(range(8))}),
            17: [[_HOST, self.own[1]]],
        }
        (state / "device.key").write_bytes(_OTHER_KEY)
        (state / "settings.cbor").write_bytes(site.settings_file(changes, private=_OTHER_KEY))
        (state / "policy.cbor").write_bytes(policy())
        ahead = site.NOW - int(time.time())
        self._other = ReaderProcess(state, clock_ahead=ahead, lan=(other[1], _OTHER_HOST))

    def __enter__(self):
        self._other.start()
        return self

    def __exit__(self, *_):
        self._other.stop()
        self._socket.close()

    def bring(self, someone: Wallet, raw: bytes) -> None:
        """A phone brings the changeset ``raw`` to the other node, and not to the board."""
        with TcpLink.connect(_HOST, self._other.port) as link:
            carrier, _ = Carrier.introduced(link, someone.identities(), site.DOOR, site.NOW)
            carrier.post_policy(raw)

    def send(self, line: str) -> None:
        """What the board sent in that line of its console: ``> HOST PORT HEX``."""
        _, host, port, *data = line.split()
        if host != self.own[0] and host.startswith("127."):
            self._socket.sendto(bytes.fromhex("".join(data)), (host, int(port)))

    def receive(self):
        """``((host, port), data)`` of the next datagram for the board, None for now."""
        try:
            data, source = self._socket.recvfrom(_MAX)
            return source, data
        except TimeoutError:
            return None


class LanDoor(Door):
    """A Door on ``lan``."""

    def __init__(self, board: Board, lan: Lan, **told):
        self._lan = lan
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._relay = threading.Thread(target=self._hear, daemon=True)
        super().__init__(board, lan=lan.own, **told)
        self._relay.start()

    def __exit__(self, *exception):
        self._is_over.set()
        self._relay.join()
        super().__exit__(*exception)

    def meet(self, seconds: float = QUIET_SECONDS) -> None:
        """Wait until the board knows the other node. Raises BoardError if that takes too long."""
        end = time.monotonic() + seconds
        while not self.held()[1]:
            if time.monotonic() > end:
                raise BoardError("the board knows nobody")
            time.sleep(0.5)

    def tell(self, line: str) -> None:
        with self._lock:  # nobody's lines between those of a datagram
            super().tell(line)

    def _hear(self):
        while not self._is_over.is_set():
            came = self._lan.receive()
            if came is None:
                continue
            with self._lock:
                for line in lines_of(*came):
                    super().tell(line)

    def _heard(self, line):
        if line.startswith(">"):
            self._lan.send(line)
        super()._heard(line)
