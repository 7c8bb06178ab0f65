"""The page is tried as a stranger's phone is, by `holdfast reader check-phone` and by radio.

The page is another work than the phones that the trials were written with, and a browser lies
between. Were it to believe one of the readers that lie there, or to use a Partial IV or an
ephemeral key twice, its own tests at honest readers would not show it.
"""

import json
import pathlib
import socket
import subprocess
import sys

from holdfast_host.conformance.trials import TRIALS
from holdfast_host.credentials.keys import read_authority_keys
from holdfast_host.demo.stage import SITE
from holdfast_host.phone import webpage

_MAIN = "from holdfast_host.start import main; raise SystemExit(main())"
_ASK = pathlib.Path(__file__).parent / "ask.py"


class _Hands:
    """The person with the phone, who does what the command says, at a port of this machine."""

    def __init__(self, phone, page: pathlib.Path):
        self._phone, self._page = phone, page
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.2)
        self.port = self._listener.getsockname()[1]
        self.said: dict[str, list[str]] = {}

    def serve(self, process: subprocess.Popen) -> None:
        """Until the command has ended."""
        while process.poll() is None:
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            with connection, connection.makefile("rw") as asked:
                what, *given = asked.readline().split()
                asked.write(f"{getattr(self, what)(*given)}\n")
                asked.flush()
        self._listener.close()

    def take(self, credential, authority):
        """The page's next version is for that site too; the person takes it, and the link."""
        phone = self._phone
        keys = read_authority_keys(pathlib.Path(authority))
        ours = [phone.stage.authority.public_key]
        webpage.write(self._page, {SITE: ours, "check": keys})
        phone.go(phone.server.url)
        phone.run("navigator.serviceWorker.ready.then((worker) => worker.update())")
        phone.wait("document.querySelector('#version button')")
        phone.run("delete document.documentElement.dataset.ready")
        phone.run("document.querySelector('#version button').click()")
        phone.wait("document.documentElement.dataset.ready === 'true'")
        token = pathlib.Path(credential).read_bytes().hex()
        devices = pathlib.Path(credential + ".devices").read_bytes().hex()
        phone.go(f"{phone.server.url}#credential={token}&devices={devices}")
        return 0 if phone.buttons() == ["Open lobby"] else 1

    def open(self, port):
        """A tap, at the reader that is there."""
        self._phone.radio.tell(f"port {port}")
        result, said = self._phone.tap()
        is_open = isinstance(result, dict) and result["granted"]
        shown = self._phone.run("document.querySelector('#status').className")
        assert (shown == "good") == is_open, (result, said)
        return 0 if is_open else 2


def test_check_phone_passes_the_page(phone, tmp_path):
    """All its trials, each at a connection of the browser's own; none is left out."""
    phone.make_key()
    key = phone.run("document.querySelector('#key').textContent")
    hands = _Hands(phone, tmp_path / "page")
    ask = f"{sys.executable} {_ASK} {hands.port}"
    command = [
        sys.executable, "-c", _MAIN, "reader", "check-phone", str(tmp_path / "try"),
        "--key", key, "--json", "--seconds", "600",
        "--enrol", f"{ask} take {{credential}} {{authority}}", "--run", f"{ask} open {{port}}",
    ]  # fmt: skip
    with open(tmp_path / "said.json", "w+") as said:
        with subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, text=True) as tried:
            hands.serve(tried)
        said.seek(0)
        text = said.read()
    phone.radio.tell(f"port {phone.stage.reader.port}")
    assert tried.returncode == 0, text
    found = json.loads(text)
    assert found["passed"]
    assert [one["name"] for one in found["trials"]] == [one.name for one in TRIALS]
    by_name = {one["name"]: one["said"] for one in found["trials"]}
    assert (by_name["again"], by_name["echo"]) == ("warm", "warm, warm, echo"), by_name
