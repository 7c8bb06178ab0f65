"""The IPv4 networks of this computer, with their masks."""

import contextlib
import dataclasses
import fcntl
import ipaddress
import socket
import struct
import sys

_NAME = 16  # bytes of an interface's name, as the system takes it
# Linux numbers (netdevice(7)); elsewhere only the addresses are known, not the masks.
_GET_ADDRESS, _GET_MASK, _GET_FLAGS = 0x8915, 0x891B, 0x8913
_UP = 1


@dataclasses.dataclass(frozen=True)
class Interface:
    """The interface ``name`` with its address and mask."""

    name: str
    address: ipaddress.IPv4Interface

    @property
    def network(self) -> ipaddress.IPv4Network:
        """Those that are reached without a router."""
        return self.address.network


def interfaces() -> list[Interface]:
    """Of this computer, those that are up; none where the system does not tell."""
    if not sys.platform.startswith("linux"):
        return []
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, name in socket.if_nameindex():
            # One without an IPv4 address has nothing to say.
            with contextlib.suppress(OSError, ValueError):
                flags = struct.unpack_from("=H", _told(asking, name, _GET_FLAGS), _NAME)[0]
                if flags & _UP:
                    address = _address(asking, name, _GET_ADDRESS)
                    mask = _address(asking, name, _GET_MASK)
                    found.append(Interface(name, ipaddress.IPv4Interface(f"{address}/{mask}")))
    return found


def _told(asking: socket.socket, name: str, what: int) -> bytes:
    return fcntl.ioctl(asking.fileno(), what, name.encode()[: _NAME - 1].ljust(256, b"\0"))


def _address(asking: socket.socket, name: str, what: int) -> str:
    return socket.inet_ntoa(_told(asking, name, what)[_NAME + 4 : _NAME + 8])
