"""``holdfast phone page``: a phone that is a page, as files for a web server."""

from pathlib import Path
from typing import Annotated

import typer

from .. import files
from ..errors import UsageProblem
from ..phone import webpage
from ..site import site as sites
from .output import AsJson, say, say_json


def page(
    site: Annotated[
        list[Path], typer.Argument(metavar="SITE_DIR...", help="The site's folder, or several.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write the page.")],
    serve: Annotated[
        int | None,
        typer.Option(
            metavar="PORT", min=0, max=65535, help="Serve it on this machine, until Ctrl-C."
        ),
    ] = None,
    qr_reader: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="jsQR.js, for browsers that read no QR codes."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the page that is a phone for the doors of a site, for any web server.

    It wants an origin of its own, with https: whoever serves it, or another page there, can use
    the keys of those who have it open. The site's name and its authority's public key are in it,
    and nothing secret. Run it again after the authority's key was replaced.
    """
    found = {one.id: one.authority_keys for one in map(sites.load, site)}
    if len(found) < len(site):
        raise UsageProblem("two of these sites have one name", "give them pages of their own")
    reader = None
    if qr_reader is not None:
        data = files.read(qr_reader, webpage.MOST_QR_READER, "QR reader", webpage.GET_QR_READER)
        reader = webpage.require_qr_reader(data, str(qr_reader))
    sizes = webpage.write(out, found, reader)
    facts = {"folder": str(out), "files": len(sizes), "bytes": sum(sizes.values())}
    if as_json and serve is None:
        say_json(facts)
        return
    if serve is None:
        say(f"{len(sizes)} files, {sum(sizes.values())} bytes, are in {out}")
        return
    with webpage.server(out, serve) as running:
        url = f"http://localhost:{running.server_address[1]}/"
        if as_json:
            say_json({**facts, "url": url})
        else:
            say(f"The page is at {url} for browsers on this machine. Ctrl-C ends it.")
        running.serve_forever()
