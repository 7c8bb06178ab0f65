"""Where nodes are: what is given on the command line, and what was met before.

``nodes.json`` in the site's folder: {"version": 1, "nodes": [{"id", "host", "port", "seen"},
...]}. It says where to look and nothing more: whoever is there proves who it is.
"""

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path

from .. import files, locks
from ..errors import UsageProblem
from ..site import names

FILE = "nodes.json"
PORT = 62435

_VERSION = 1
_LIMIT = 1 << 20
_MOST = 1000
_LONGEST_HOST = 253


@dataclasses.dataclass(frozen=True)
class Place:
    """Host (a name or an address) and UDP port."""

    host: str
    port: int = PORT

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclasses.dataclass(frozen=True)
class Known:
    """The node ``id`` was met at ``place``, last at ``seen`` (seconds since 1970)."""

    id: str
    place: Place
    seen: int


def parse(text: str) -> Place:
    """The place in ``HOST[:PORT]``; IPv6 in brackets. Raises UsageProblem."""
    host, port = text, ""
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":") if port.startswith(":") else ("" if not port else "?")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
        port = port or "?"
    number = int(port) if port.isascii() and port.isdigit() else 0 if port else PORT
    is_host = 0 < len(host) <= _LONGEST_HOST and host.isprintable() and " " not in host
    if not is_host or not 0 < number < 1 << 16:
        raise UsageProblem(
            f"{text!r} is no place of a node", "give HOST or HOST:PORT, such as 192.168.1.20"
        )
    return Place(host, number)


def load(folder: Path) -> list[Known]:
    """The nodes that were met before, of the site in ``folder``."""
    path = folder / FILE
    if not path.exists():
        return []
    advice = "remove it, and name the nodes once with --node: it is written anew"
    data = files.read(path, _LIMIT, "list of nodes", advice)
    try:
        content = json.loads(data)
        if content["version"] != _VERSION:
            raise ValueError("another version")
        return [_known(entry) for entry in content["nodes"]]
    except (ValueError, KeyError, TypeError, RecursionError, UsageProblem) as error:
        raise UsageProblem(f"{path} is damaged: {error}", advice) from error


def remember(folder: Path, met: Iterable[Known]) -> None:
    """Keep where these nodes of the site in ``folder`` are now. A place has one node."""
    met = list(met)
    if not met:
        return
    with locks.changing(folder):
        ids, places = {one.id for one in met}, {one.place for one in met}
        others = [one for one in load(folder) if one.id not in ids and one.place not in places]
        kept = sorted([*others, *met], key=lambda one: one.seen)[-_MOST:]
        entries = [
            {"id": one.id, "host": one.place.host, "port": one.place.port, "seen": one.seen}
            for one in sorted(kept, key=lambda one: one.id)
        ]
        content = {"version": _VERSION, "nodes": entries}
        data = json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"
        files.write(folder / FILE, data, files.PUBLIC)


def _known(entry) -> Known:
    node, host, port, seen = entry["id"], entry["host"], entry["port"], entry["seen"]
    if not names.is_normal(node) or not isinstance(host, str):
        raise ValueError("no name of a node")
    if type(port) is not int or type(seen) is not int or seen < 0:
        raise ValueError(f"no place of {node}")
    return Known(node, parse(str(Place(host, port))), seen)
