"""The phone's page as files for any web server: those in ``page/``, and whose doors they are for.

An origin is one site's: its name and its authority's public key lie beside the page, in site.json,
and are kept on the phone with it. Nothing in the folder is a secret.
"""

import hashlib
import http.server
import json
import re
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from cose import Key

from .. import files, folders
from ..credentials.keys import encode_authority_keys
from ..errors import UsageProblem

SOURCE = Path(__file__).parent / "page"
SITE_FILE = "site.json"
WORKER = "sw.js"

_KINDS = (".html", ".css", ".mjs", ".js", ".svg", ".webmanifest")
_LOCALHOST = "127.0.0.1"


def contents(site: str, authority_keys: Sequence[Key]) -> dict[str, bytes]:
    """All files of the page for the site of that name, by their path in its folder."""
    made = {
        str(path.relative_to(SOURCE)): _slim(path)
        for path in sorted(SOURCE.rglob("*"))
        if path.suffix in _KINDS
    }
    about = {"site": site, "authority": encode_authority_keys(authority_keys).hex()}
    made[SITE_FILE] = json.dumps(about, ensure_ascii=False).encode()
    made[WORKER] = _with_list(made.pop(WORKER), made)
    return made


def write(folder: Path, site: str, authority_keys: Sequence[Key]) -> dict[str, int]:
    """Write the page for that site to ``folder``, over a page that is there; sizes by path.

    The worker comes last: a phone that looks meanwhile finds the version that it has. Raises
    UsageProblem, and writes nothing, where a file by the name of one of the page's is another's.
    """
    made = contents(site, authority_keys)
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
        about = json.loads((folder / SITE_FILE).read_text())
    except (OSError, ValueError):
        return False
    return isinstance(about, dict) and set(about) == {"site", "authority"}


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


def _slim(path: Path) -> bytes:
    """A script without the comments that begin a line, which are half of it, and unindented."""
    if path.suffix not in (".mjs", ".js"):
        return path.read_bytes()
    kept = []
    inside = False
    for line in path.read_text("utf-8").splitlines():  # no text there goes over several
        text = line.strip()
        if inside or text.startswith("/*"):
            before, end, behind = text.partition("*/")
            inside = not end
            text = behind.strip()
        if text and not text.startswith("//"):
            kept.append(text)
    return ("\n".join(kept) + "\n").encode()


def _with_list(worker: bytes, others: Mapping[str, bytes]) -> bytes:
    """The service worker, which knows all files and has a name for just these."""
    digest = hashlib.sha256(worker)
    for name, data in sorted(others.items()):
        digest.update(f"{name} {len(data)} ".encode() + data)
    listed = json.dumps(["./", *sorted(others)])
    text = worker.decode().replace("@VERSION@", f"holdfast {digest.hexdigest()[:16]}")
    return re.sub(r'\["@FILES@"\]', lambda _: listed, text).encode()
