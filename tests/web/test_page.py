"""The page in a browser at a reader by radio: what opens, what is lost, what is said of it."""

import json
import os

import pytest

from holdfast.access import place
from holdfast_host.demo.stage import DOOR, ZONE
from web.phone import RESULT, Phone

_IS_LONG = os.environ.get("HOLDFAST_TORTURE") == "1"
VISITS = 50 if _IS_LONG else 5
LOST_AT = range(1, 11) if _IS_LONG else (1, 5, 7, 9)
_IN_TURN = """(async () => {
  const { open } = await import('./visit.mjs');
  const button = document.querySelector('button.door');
  for (let visit = 0; visit < COUNT; visit++) {
    delete STATUS;
    button.click();
    while (STATUS === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    if (!JSON.parse(STATUS).granted) return STATUS;
    button.disabled = false;
  }
})()""".replace("STATUS", RESULT)


@pytest.mark.parametrize("suite", [0, 2])
def test_it_opens_the_door_by_radio_and_without_a_network(phone, suite):
    """Cold and warm at each MTU, after the reader's restart, and with the page's server gone: what
    it needs is on the phone, its key too, which nothing can read.
    """
    stage, radio = phone.stage, phone.radio
    phone.enrol(suite)
    granted = stage.grants()
    for mtu in (23, 185, 517) if _IS_LONG or suite == 2 else (185,):
        radio.tell(f"mtu {mtu}")
        phone.forget_session()
        result, said = phone.tap()
        assert (result["granted"], result["warm"], said) == (True, False, "Open"), result
        assert (result["suite"], result["roundTrips"]) == (suite, 2)
        result, said = phone.tap()
        assert (result["granted"], result["warm"], result["roundTrips"]) == (True, True, 1)
        granted += 2
    assert stage.grants() == granted
    radio.tell("mtu 23")
    assert "written 20" in radio.heard
    stage.restart()
    radio.tell(f"port {stage.reader.port}")
    result, said = phone.tap()
    assert (result["granted"], result["warm"], result["roundTrips"]) == (True, True, 2)
    phone.server.stop()
    phone.go(phone.server.url)
    result, said = phone.tap()
    assert (result["granted"], result["warm"]) == (True, True)
    assert phone.problems() == []


def test_a_link_that_is_lost_at_any_message_opens_nothing_unsaid(phone):
    """What is said then is true, and the next tap opens the door. A cold visit has ten messages:
    four writes of 20 bytes, a CSM, message_2 in two, the wish in two, the answer.
    """
    stage, radio = phone.stage, phone.radio
    phone.enrol()
    radio.tell("mtu 185")
    before, said_open, unanswered = stage.grants(), 0, 0
    for message in LOST_AT:
        phone.forget_session()
        radio.tell(f"cut {message}")
        result, said = phone.tap()
        if result == "unanswered":
            unanswered += 1
            assert said.startswith("The answer was lost. Look at the door")
        else:
            assert result["granted"], (message, result, said)
            said_open += 1
        radio.tell("cut 0")
        result, said = phone.tap()
        assert result["granted"], (message, result, said)
        said_open += 1
    assert radio.heard.count("cut") == len(LOST_AT)
    assert unanswered > 0
    assert said_open <= stage.grants() - before <= said_open + unanswered


def test_taps_at_once_and_in_turn(phone):
    """A second tap while a visit is under way is none, in no window; visits in turn, each begun as
    soon as the one before has hung up, are granted, each once.
    """
    stage = phone.stage
    phone.enrol()
    assert phone.tap()[0]["granted"]  # a window that is not in front has no reader chosen in it
    granted = stage.grants()
    phone.run("void (globalThis.other = open('./'))")
    phone.wait("globalThis.other.document.documentElement.dataset.ready === 'true'")
    phone.run(f"delete {RESULT}")
    phone.run("document.querySelector('button.door').click()")
    phone.run("document.querySelector('button.door').click()")
    phone.run("globalThis.other.document.querySelector('button.door').click()")
    phone.wait(f"globalThis.other.{RESULT}")
    assert json.loads(phone.run(f"globalThis.other.{RESULT}")) == "busy"
    assert phone.run("globalThis.other.document.querySelector('#status').textContent")
    phone.wait(RESULT)
    result = json.loads(phone.run(RESULT))
    assert "granted" in result, result
    assert stage.grants() == granted + 1
    assert phone.run(_IN_TURN.replace("COUNT", str(VISITS))) is None
    assert stage.grants() == granted + 1 + VISITS


def test_another_doors_reader_is_told_as_that_and_in_german(radio, stage, server, tmp_path):
    """And has seen nothing of the credential: message_1 is all that went to it."""
    with Phone(tmp_path / "profile", radio, server, stage, "de") as phone:
        phone.enrol(places=[(place.DOOR, "Keller")])
        assert phone.run("document.documentElement.lang") == "de"
        assert phone.buttons() == ["Keller öffnen"]
        radio.tell("mtu 517")
        radio.heard.clear()
        result, said = phone.tap()
        assert result == "other-door"
        assert said.endswith("der Leser einer anderen Tür")
        radio.tell("mtu 517")
        sizes = [int(line.split()[1]) for line in radio.heard if line.startswith("written")]
        assert sum(sizes) < 80


def test_a_zone_has_a_button_and_then_its_doors(phone):
    """A phone knows no zone's doors before it has met them: a reader's certificate names them."""
    phone.enrol(places=[(place.ZONE, ZONE)])
    assert phone.buttons() == [f"A door in {ZONE}"]
    result, said = phone.tap()
    assert (result["granted"], result["warm"], result["door"]) == (True, False, DOOR), result
    phone.wait("document.querySelectorAll('button.door').length === 2")
    assert phone.buttons() == [f"Open {DOOR}", f"A door in {ZONE}"]
    result, said = phone.tap()
    assert (result["granted"], result["warm"]) == (True, True)
