"""A door with a Wiegand reader before it and a legacy panel behind it, as a process."""

import subprocess
import time

import pytest

from conftest import ROOT, environment, micropython
from holdfast.access import place
from holdfast.access.request import ADMINISTER, UNLOCK
from holdfast.access.tag import CARD
from holdfast.door.wiegand import Format
from holdfast_host.boards.process import ReaderProcess
from holdfast_host.demo.scenes import visit_cold
from holdfast_host.demo.stage import DOOR, Stage
from holdfast_host.errors import UsageProblem
from holdfast_host.phone.carrier import Carrier
from holdfast_host.policy import changes, grants
from holdfast_host.policy.state import Grant

WAIT = 60  # a hang must end the run
CARD_NUMBER = bytes.fromhex("0c8707")  # facility 12, number 34567


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A site whose door has the card, and its running reader with reader and panel of 26 bits."""
    tmp_path = tmp_path_factory.mktemp("site")
    made = Stage(tmp_path, lambda: int(time.time()))
    made.reader = ReaderProcess(tmp_path / "reader", chunk=20, wiegand="26", panel="26")
    with made as running:
        key = running.lookup(CARD, CARD_NUMBER)
        rights = [[[place.DOOR, DOOR], UNLOCK, None]]
        rules = (
            lambda state: changes.set_group(state, 7, rights),
            lambda state: grants.grant(state, {key: "it"}, [7], Grant(), now=running.now()),
        )
        with running.call() as link:
            bearer = running.holder("bearer", permissions=UNLOCK | ADMINISTER)
            carrier, _ = Carrier.introduced(link, [bearer], DOOR, running.now())
            for raw in [raw for rule in rules for raw in running.change_policy(rule)]:
                carrier.post_policy(raw)
        running.log()
        yield running


def _bits(flip=None):
    bits = Format("26").frame(CARD_NUMBER)
    if flip is not None:
        bits[flip] ^= 1
    return "".join(map(str, bits))


def _answer(stage, since):
    """What the reader made of a frame."""
    said = stage.reader.wait(
        lambda event: event.get("event") == "present_again" or event.get("shown") == "card",
        since=since,
        timeout=WAIT,
    )
    assert said is not None, stage.reader.events[since:]
    return said


def test_a_card_opens_and_the_panel_hears_it(stage):
    """Broken frames and cards of strangers are not sent on."""
    begin = len(stage.reader.events)
    stage.reader.put(wiegand=_bits(flip=5))
    assert _answer(stage, begin)["reason"] == "a parity is wrong"
    stage.reader.put(wiegand="   " + _bits())
    said = stage.reader.wait(
        lambda event: event.get("shown") == "card", since=begin, timeout=WAIT
    )
    assert said is not None and said["granted"]

    def heard(_):
        bits = [event["line"] for event in stage.reader.events if event.get("hal") == "wiegand"]
        return "".join(map(str, bits)) == _bits()

    assert stage.reader.wait(heard, since=begin, timeout=WAIT)
    assert any(event.get("hal") == "strike" for event in stage.reader.events[begin:])


def test_a_card_that_comes_while_a_phone_does_is_read_or_presented_again(stage):
    """And the phone gets in as ever."""
    for number in range(2):
        time.sleep(2.2)  # a card that comes back sooner has not been away
        begin = len(stage.reader.events)
        stage.reader.put(wiegand="." * 10 * number + _bits())
        visit, _ = visit_cold(stage, stage.holder(f"holder-{number}"))
        assert visit.granted
        said = _answer(stage, begin)
        assert said["event"] == "present_again" or said["granted"]


def test_what_is_no_format_is_said_at_the_start(tmp_path):
    """And nothing is guessed; the command that runs it says so, too."""
    reader = ReaderProcess(tmp_path, panel="27")
    with pytest.raises(UsageProblem, match="refuses its options: '27' is no format"):
        reader.start()
    command = [micropython(), str(ROOT / "firmware/main.py"), str(tmp_path), "--port", "7000"]
    ran = subprocess.run(
        [*command, "--wiegand", "27"],
        capture_output=True,
        text=True,
        check=False,
        timeout=WAIT,
        env=environment("micropython"),
    )
    assert ran.returncode == 2 and "26 or raw32,keypad8" in ran.stdout
