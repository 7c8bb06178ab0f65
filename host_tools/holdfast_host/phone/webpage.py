"""The phone's page as files for any web server: those in ``page/``, and whose doors they are for.

All modules come as they are in the source, comments and all, in one packed file: gzip of a JSON
object, path to text, which the page's service worker unpacks. Names and public keys of the sites
lie beside it, in sites.json. Nothing in the folder is a secret.
"""

import gzip
import hashlib
import http.server
import json
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from cose import Key

from .. import files, folders
from ..credentials.keys import encode_authority_keys
from ..errors import UsageProblem

SOURCE = Path(__file__).parent / "page"
SITES_FILE = "sites.json"
WORKER = "sw.js"
PACK = "page.pack"
QR_READER = "jsQR.js"
MOST_QR_READER = 1 << 20

_JSQR = "1.4.0"
GET_QR_READER = f"get it with `npm pack jsqr@{_JSQR}`"
_JSQR_SHA256 = "bc40c8a15196236b2314db0856f72ca0b49980cd5413b8c852a7349f5fee0859"

_BARE = ("boot.mjs",)  # what a browser asks for before there is a worker
_KINDS = (".html", ".css", ".svg", ".png", ".webmanifest")
_LOCALHOST = "127.0.0.1"


def contents(
    sites: Mapping[str, Sequence[Key]], qr_reader: bytes | None = None
) -> dict[str, bytes]:
    """All files of the page for sites by name with their authorities' keys, by path.

    ``qr_reader`` is jsQR, for browsers that read no codes of themselves.
    """
    paths = {str(path.relative_to(SOURCE)): path for path in sorted(SOURCE.rglob("*"))}
    made = {
        name: path.read_bytes()
        for name, path in paths.items()
        if path.suffix in _KINDS or name in _BARE
    }
    listed = [
        {"site": site, "authority": encode_authority_keys(keys).hex()}
        for site, keys in sites.items()
    ]
    about = {"sites": listed, "qrReader": qr_reader is not None}
    made[SITES_FILE] = json.dumps(about, ensure_ascii=False).encode()
    if qr_reader is not None:
        made[QR_READER] = qr_reader
    modules = {
        name: path.read_text("utf-8")
        for name, path in paths.items()
        if path.suffix == ".mjs" and name not in _BARE
    }
    packed = json.dumps(modules, ensure_ascii=False).encode()
    made[PACK] = gzip.compress(packed, mtime=0)  # no time in it: the same is the same
    made[WORKER] = _with_list(paths[WORKER].read_text("utf-8"), made)
    return made


def require_qr_reader(data: bytes, what: str) -> bytes:
    """``data`` if it is jsQR as it was published: a script in the page could use a phone's key."""
    if hashlib.sha256(data).hexdigest() != _JSQR_SHA256:
        raise UsageProblem(
            f"{what} is not dist/jsQR.js of jsQR {_JSQR}",
            GET_QR_READER,
        )
    return data


def write(
    folder: Path, sites: Mapping[str, Sequence[Key]], qr_reader: bytes | None = None
) -> dict[str, int]:
    """Write the page for those sites to ``folder``, over a page that is there; sizes by path.

    The worker comes last: a phone that looks meanwhile finds the version that it has. Raises
    UsageProblem, and writes nothing, where a file by the name of one of the page's is another's.
    """
    made = contents(sites, qr_reader)
    _require(folder, made)
    files.make_folder(folder, 0o755)
    for name, data in sorted(made.items(), key=lambda item: item[0] == WORKER):
        path = folder / name
        if path.parent != folder:
            files.make_folder(path.parent, 0o755)
        files.write(path, data, files.PUBLIC)
    return {name: len(data) for name, data in made.items()}


def _require(folder: Path, names: Iterable[str]) -> None:
    theirs = [name for name in sorted(names) if (folder / name).exists()]
    if not _is_page(folder) and (theirs or folders.kind(folder) is not None):
        what = theirs[0] if theirs else folder.name
        raise UsageProblem(
            f"{folder / what} is there already, and it is no such page's",
            "give a folder of the page's own",
        )


def _is_page(folder: Path) -> bool:
    try:
        about = json.loads((folder / SITES_FILE).read_text())
    except (OSError, ValueError):
        return False
    return isinstance(about, dict) and "sites" in about


def server(folder: Path, port: int) -> http.server.ThreadingHTTPServer:
    """A web server on this machine alone for the page in ``folder``; port 0 takes a free one.

    To try it: a browser takes http for safe on localhost and nowhere else.
    """
    return http.server.ThreadingHTTPServer(
        (_LOCALHOST, port), partial(_Handler, directory=str(folder))
    )


def require_address(url: str) -> None:
    """Refuse what cannot be where a page is: Web Bluetooth is for https alone, and localhost."""
    parts = urllib.parse.urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname == "localhost")
    if not (is_safe and parts.netloc) or "?" in url or "#" in url:
        raise UsageProblem(
            f"{url!r} is no address of a page",
            "give one such as https://doors.example.org/, without ? and #",
        )


def link(url: str, token: bytes, devices: bytes) -> str:
    """A link to the page at ``url`` that brings it a credential and the list of revoked devices.

    They stand behind the #, which no browser sends to a server.
    """
    return f"{url}#credential={token.hex()}&devices={devices.hex()}"


class _Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".webmanifest": "application/manifest+json",
    }

    def end_headers(self):
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format, *args):
        pass  # who asked for what is nobody's business


def _with_list(worker: str, others: Mapping[str, bytes]) -> bytes:
    """The service worker, which knows all files and has a name for just these."""
    digest = hashlib.sha256(worker.encode())
    for name, data in sorted(others.items()):
        digest.update(f"{name} {len(data)} ".encode() + data)
    listed = json.dumps(["./", *sorted(name for name in others if name != PACK)])
    filled = {
        "@VERSION@": f"holdfast {digest.hexdigest()[:16]}",
        '["@FILES@"]': listed,
        "@PACK@": PACK,
        "@DIGEST@": hashlib.sha256(others[PACK]).hexdigest(),
    }
    for mark, value in filled.items():
        worker = worker.replace(mark, value)
    return worker.encode()
