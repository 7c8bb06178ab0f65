"""A phone in the tests: a browser with the page open, what its person does, what it says then."""

import json
import pathlib
import threading
from collections.abc import Mapping, Sequence

from cose import Key
from holdfast_host.demo.stage import DOOR, SITE, Stage
from holdfast_host.phone import webpage
from holdfast_host.phone.wallet import Identity
from web.browser import Browser, Radio

RESULT = "document.querySelector('#status').dataset.result"
_SAID = "document.querySelector('#status').textContent"

# A key as an older page or another wrapping may have made it, of another suite.
_OWN_KEY = """(async () => {
  const core = await import('./core.mjs');
  const pair = await core.generateKeyPair(SUITE);
  const { publicKey } = await core.agreementKey(SUITE, pair);
  const { addKeys } = await import('./database.mjs');
  await addKeys({ suite: SUITE, publicKey, privateKey: pair.privateKey });
})()"""


class Server:
    """The page of the stage's site on this machine, while it is not stopped."""

    def __init__(
        self,
        folder: pathlib.Path,
        stage: Stage,
        others: Mapping[str, Sequence[Key]] | None = None,
        qr_reader: bytes | None = None,
    ):
        sites = {SITE: [stage.authority.public_key], **(others or {})}
        webpage.write(folder, sites, qr_reader)
        self._server = webpage.server(folder, 0)
        self.url = f"http://localhost:{self._server.server_address[1]}/"
        self._is_on = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Nobody answers there any more."""
        if self._is_on:
            self._is_on = False
            self._server.shutdown()
            self._server.server_close()


class Phone(Browser):
    """A browser with the page open; a context manager."""

    def __init__(
        self,
        folder: pathlib.Path,
        radio: Radio,
        server: Server,
        stage: Stage,
        language: str = "en",
        arguments: Sequence[str] = (),
    ):
        super().__init__(folder, radio.environment, language, arguments)
        self.radio, self.server, self.stage = radio, server, stage

    def __enter__(self) -> "Phone":
        super().__enter__()
        self.go(self.server.url)
        return self

    def make_key(self, suite: int = 2) -> Key:
        """Its new key: the page's own, of P-256, or one of suite 0 that is put there."""
        if suite == 2:
            self.run("document.querySelector('main button').click()")
        else:
            self.run(_OWN_KEY.replace("SUITE", str(suite)))
            self.go(self.server.url)
        self.wait("document.querySelector('#key')")
        digits = bytes.fromhex(self.run("document.querySelector('#key').textContent"))
        return Key.ec2(digits[1:33], digits[33:]) if suite == 2 else Key.okp(4, digits)

    def enrol(self, suite: int = 2, **changes) -> Identity:
        """Make its key, and open the manager's link; ``changes`` are Grant's fields."""
        self.key = self.make_key(suite)
        return self.renew(suite, **changes)

    def renew(self, suite: int = 2, **changes) -> Identity:
        """Open the link to another credential for the same key."""
        made = self.stage.holder("alice", holder_key=self.key, suite=suite, **changes)
        self.go(f"{self.server.url}#credential={made.token.hex()}")
        assert "credential" not in self.run("location.href")
        return made

    def tap(self, button: str = "button.door"):
        """One tap on a door's button: what came of it, and what is said."""
        self.run(f"delete {RESULT}")
        self.run(f"document.querySelector('{button}').click()")
        self.wait(RESULT)
        result = self.run(f"JSON.parse({RESULT})")
        return result, self.run(_SAID)

    def forget_session(self) -> None:
        """The next visit to the door is a cold one."""
        names = f"'{SITE}', '{DOOR}', null"
        self.run(f"import('./database.mjs').then((kept) => kept.saveSession({names}))")

    @property
    def said(self) -> str:
        """What the line says that tells what happens."""
        return self.run(_SAID)

    def buttons(self) -> list[str]:
        """The doors' buttons, as they are read aloud."""
        return json.loads(
            self.run(
                "JSON.stringify([...document.querySelectorAll('button.door')].map("
                "(one) => one.getAttribute('aria-label') ?? one.textContent))"
            )
        )
