"""Hints of nodes, heard by multicast: where to look for one, and whether multicast passes here.

In a quiet site hints are minutes apart. So a hint is told first, of a policy that is older than
any: who hears it says within a second where it is itself (docs/protocol.md). Among many most leave
that to others; those who are known and were not heard are asked for by name. Nobody is believed.
"""

import contextlib
import dataclasses
import os
import selectors
import socket
import struct
import time
from collections.abc import Callable, Collection, Sequence

import cbor
import coap
from coap import datagram, option
from holdfast.access.tag import NAME_TAG
from untrusted import InvalidInput

from .networks import Interface
from .places import PORT, Place

GROUP = "239.255.243.227"  # where nodes tell their hints
SECONDS = 3.0

_READ = 2048
_VERSION = 1
_HEAD = 8  # bytes
_NOBODY = bytes(NAME_TAG)  # the tag of a teller that is no node
_NO_ANSWER = b"\x1a"
_MOST = 256  # places: anybody can say anything, from anywhere
_PAUSE = 0.5  # seconds between two of our own
_ASKED_FOR = 32  # nodes at a time: a node answers eight such questions a second, and only its own
_LINK_ONLY = 1  # TTL


@dataclasses.dataclass(frozen=True)
class Heard:
    """A hint came from ``place`` that names a node by its ``tag``, at changeset ``number``."""

    place: Place
    tag: bytes
    number: int


@dataclasses.dataclass(frozen=True)
class Hearing:
    """All that was ``heard``, each place once. ``problem`` says why nothing could be, if so."""

    heard: tuple[Heard, ...] = ()
    problem: str = ""


def listen(
    interfaces: Sequence[Interface],
    seconds: float = SECONDS,
    group: tuple[str, int] = (GROUP, PORT),
    enough: Callable[[Sequence[Heard]], bool] = lambda heard: False,
    sought: Collection[bytes] = (),
) -> Hearing:
    """Tell a hint on each of the ``interfaces`` and hear what comes to the ``group`` for so many
    ``seconds``, or until it is ``enough``. The nodes with the tags ``sought`` are asked where they
    are if they did not say it.
    """
    try:
        with _joined(interfaces, group) as listening, contextlib.ExitStack() as stack:
            telling = [stack.enter_context(_teller(one)) for one in interfaces]
            own = {_place(one.getsockname()) for one in telling}
            heard: dict[Place, Heard] = {}

            def missing() -> list[bytes]:
                found = {one.tag for one in heard.values()}
                return [tag for tag in sought if tag not in found]

            for data, source in _come(listening, telling, group, seconds, missing):
                found = parse(data)
                place = _place(source)
                if found is not None and place not in own and len(heard) < _MOST:
                    heard[place] = Heard(place, *found)
                    if enough(tuple(heard.values())):
                        break
            return Hearing(tuple(heard.values()))
    except OSError as error:
        return Hearing(problem=error.strerror or str(error))


def parse(data: bytes) -> tuple[bytes, int] | None:
    """``(tag, number)`` of a hint in a datagram, None for anything else."""
    try:
        message, kind, _ = datagram.decode(data)
        if kind != datagram.NON or message.code != coap.code.POST:
            return None
        if message.uri_path() != ("hint",):
            return None
        items = cbor.decode(message.payload, deterministic=True, max_depth=1, max_items=7)
    except InvalidInput:
        return None
    form = [int, int, bytes, bytes, bool, bytes]
    if not isinstance(items, list) or list(map(type, items)) not in (form[:5], form):
        return None
    version, number, head, tag = items[:4]
    is_sound = version == _VERSION and 0 <= number < 1 << 32 and len(head) == _HEAD
    return (tag, number) if is_sound and len(tag) == NAME_TAG else None


def _hint(*sought: bytes) -> bytes:
    options = [
        *coap.path_options("hint"),
        (option.CONTENT_FORMAT, option.encode_uint(option.CF_CBOR)),
        (option.NO_RESPONSE, _NO_ANSWER),
    ]
    payload = cbor.encode([_VERSION, 0, bytes(_HEAD), _NOBODY, True, *sought])
    message = coap.Message(coap.code.POST, options, payload)
    return datagram.encode(message, datagram.NON, int.from_bytes(os.urandom(2), "big"))


def _come(listening, telling, group, seconds, missing):
    deadline = time.monotonic() + seconds
    tell_at, asked = 0.0, -1
    with selectors.DefaultSelector() as selector:
        for one in (listening, *telling):
            selector.register(one, selectors.EVENT_READ, one)
        while (now := time.monotonic()) < deadline:
            if now >= tell_at:
                tell_at = now + _PAUSE
                _tell(telling, group, _hint())
                asked += 1
                # The first time all have had their half a second.
                tags = missing() if asked else []
                begin = (asked - 1) * _ASKED_FOR % max(1, len(tags))
                for tag in (tags + tags)[begin : begin + min(_ASKED_FOR, len(tags))]:
                    _tell(telling, group, _hint(tag))
            for key, _ in selector.select(max(0.0, min(deadline, tell_at) - now)):
                with contextlib.suppress(OSError):
                    yield key.data.recvfrom(_READ)


def _tell(telling, group, data):
    for one in telling:
        with contextlib.suppress(OSError):  # one that has no way to the group
            one.sendto(data, group)


@contextlib.contextmanager
def _joined(interfaces, group):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setblocking(False)
        # The group's address, so that a node on this computer keeps the port for itself.
        listening.bind(group)
        for one in interfaces:
            member = struct.pack("4s4s", *map(socket.inet_aton, (group[0], str(one.address.ip))))
            listening.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        yield listening


def _teller(one: Interface) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind((str(one.address.ip), 0))
    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, one.address.ip.packed)
    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, _LINK_ONLY)
    return made


def _place(address) -> Place:
    return Place(address[0], address[1])
