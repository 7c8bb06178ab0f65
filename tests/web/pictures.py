"""The pictures in docs/phone.md, made anew after a change of the page:

PYTHONPATH=lib:firmware:host_tools:tests:tests/support .venv/bin/python -m web.pictures docs/phone
"""

import pathlib
import sys
import tempfile
import time

from holdfast.access import place
from holdfast_host.demo.stage import DOOR, ZONE, Stage
from web import browser
from web.phone import Phone, Server

_HEIGHT = {360: 640, 1280: 720}
_SHAPES = [(width, scheme) for width in _HEIGHT for scheme in ("light", "dark")]


def _take(phone: Phone, folder: pathlib.Path, view: str, width: int, scheme: str) -> None:
    phone.look(width, scheme, _HEIGHT[width])
    phone.screenshot(folder / f"{view}-{width}-{scheme}.png")


def make(folder: pathlib.Path) -> None:
    """Write them to ``folder``: each view in each shape."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, browser.Radio() as radio:
        kept = pathlib.Path(work)
        with Stage(kept / "stage", lambda: int(time.time())) as stage:
            radio.tell(f"port {stage.reader.port}")
            server = Server(kept / "page", stage)
            with Phone(kept / "profile", radio, server, stage) as phone:
                for shape in _SHAPES:
                    _take(phone, folder, "begin", *shape)
                phone.key = phone.make_key()
                for shape in _SHAPES:
                    _take(phone, folder, "key", *shape)
                phone.renew(
                    places=[(place.DOOR, DOOR), (place.DOOR, "cellar"), (place.ZONE, ZONE)]
                )
                for shape in _SHAPES:
                    _take(phone, folder, "doors", *shape)
                for button, view in ((DOOR, "open"), ("cellar", "refused")):
                    for shape in _SHAPES:
                        phone.tap(f'button[aria-label="Open {button}"]')
                        _take(phone, folder, view, *shape)
                phone.run("document.querySelector('details').open = true")
                phone.run("import('./view.mjs').then(({ tell }) => tell(''))")
                for shape in _SHAPES:
                    _take(phone, folder, "settings", *shape)
            server.stop()


if __name__ == "__main__":
    make(pathlib.Path(sys.argv[1]))
