"""What a door says no with, and what goes wrong before it can: each in its own words."""

import json
import re
import socket
import threading

import pytest

from holdfast.access import reason
from holdfast.access.request import ADMINISTER, LOCKDOWN_OVERRIDE, UNLOCK
from holdfast_host.demo.steps import bring
from holdfast_host.phone import webpage
from holdfast_host.policy import changes
from web.phone import Phone

# Codes of the core that come of enrolling, or inside of another's cause: no visit ends in them.
_NOT_OF_A_VISIT = {"not-authentic", "credential", "exhausted"}
# These are one to a person: the reader does not prove who it is.
_SAID_ALIKE = {"no-proof", "no-certificate"}
_COARSE = {value for name, value in vars(reason).items() if name.startswith("COARSE_")}


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_outcome_has_words_of_its_own(radio, server, stage, tmp_path, language):
    """Every coarse reason of a reader and every code of the core, in both languages."""
    source = (webpage.SOURCE / "core" / "errors.mjs").read_text()
    typedef = source[source.index("@typedef") : source.index("Code\n")]
    codes = set(re.findall(r'"([a-z-]+)"', typedef)) - _NOT_OF_A_VISIT
    assert len(codes) > 12
    own = {"no-bluetooth", "none-chosen", "not-recognised", "busy"}
    reasons = [{"granted": False, "reason": code} for code in sorted(_COARSE - {0})]
    assert len(reasons) == 6
    results = [*sorted(codes | own), {"granted": True, "reason": 0}, *reasons]
    with Phone(tmp_path / "profile", radio, server, stage, language) as phone:
        said = phone.run(
            "import('./words.mjs').then(({ sayResult }) => "
            f"{json.dumps(results)}.map((one) => sayResult(one)))"
        )
        unknown = phone.run("import('./words.mjs').then(({ say }) => say('unknown'))")
        later = {"granted": False, "reason": 17}
        other = phone.run(f"import('./words.mjs').then((w) => w.sayResult({json.dumps(later)}))")
    assert unknown not in said
    alike = len(_SAID_ALIKE) - 1
    assert len(set(said)) == len(said) - alike, sorted(said)
    assert other != said[results.index({"granted": True, "reason": 0})]


def test_what_the_door_says_no_with(phone):
    """At a real reader: each reason that a credential can bring about; none is shown as open."""
    stage, radio = phone.stage, phone.radio

    def refused(code, words, **fields):
        phone.renew(**fields)
        result, said = phone.tap()
        assert (result["granted"], result["reason"]) == (False, code), (result, said)
        assert said == words
        assert phone.run("document.querySelector('#status').className") == "bad"

    phone.enrol()
    ahead = stage.now() + 3600
    refused(2, "Refused: not at this time", not_before=ahead)
    refused(3, "Refused: not for this door", user_verification=True)
    stage.restart(has_clock=False)
    radio.tell(f"port {stage.reader.port}")
    refused(5, "Refused: the reader cannot decide now", needs_clock=True)
    stage.restart(has_clock=True)
    radio.tell(f"port {stage.reader.port}")
    token = stage.read(phone.renew())
    carrier = stage.holder("carrier", permissions=UNLOCK | LOCKDOWN_OVERRIDE | ADMINISTER)
    revoked = [lambda state: changes.revoke(state, token.cti, token.expires, stage.now())]
    assert bring(stage, carrier, "", revoked).problems == ()
    result, said = phone.tap()
    assert said.startswith(("Refused: the credential is not accepted", "What answered refused"))
    locked = [lambda state: changes.lock_down(state, True, [])]
    assert bring(stage, carrier, "", locked).problems == ()
    refused(6, "Refused: the door is locked down")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"", "link-closed"),  # it hangs up
        (b"\x00\xe1\x00\x44", "no-proof"),  # 2.04 in the clear, which has no message_2 in it
        (b"\x00\xe1\x50\x80\xff\x00\x00\x00\x00", "rejected"),  # 4.00 in the clear
        (b"\x90" * 40, "malformed"),
    ],
)
def test_a_stranger_at_the_door_is_never_open(phone, answer, code):
    """Whatever it answers in the clear: it is told what that may be, and nothing is believed."""
    phone.enrol()
    with _Stranger(answer) as stranger:
        phone.radio.tell(f"port {stranger.port}")
        result, said = phone.tap()
        phone.radio.tell(f"port {phone.stage.reader.port}")
    assert result == code, (result, said)
    assert "Open" not in said
    assert phone.run("document.querySelector('#status').className") == "bad"


class _Stranger:
    """Says the same to everybody as soon as they have said something; with nothing it hangs up."""

    def __init__(self, answer):
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *exception):
        self._listener.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(1)
                connection.sendall(self._answer)
                # Until the phone hangs up, if something was said: a loss may overtake it.
                while self._answer and connection.recv(1024):
                    pass
