"""``holdfast phone status``: how a reader is, at the firmware; and what no reader may say of it.

Somebody asks it who stands in the rain before a door that opens for nobody: what it says must be
the reader's own, and readable.
"""

import cbor2
import pytest

from holdfast_host.phone import status
from untrusted import InvalidInput

HEAD = bytes(range(32))
LEAST = {1: "front", 2: None, 3: "portable", 4: "no machine code", 5: "rtc", 6: 2, 7: [4, HEAD]}


@pytest.fixture
def ask(holdfast, site_folder, tmp_path, reader):
    """``ask(permission, ...)``: a phone with that asks the reader how it is."""

    def run(permission, *options):
        phone, credential = tmp_path / permission, tmp_path / f"{permission}.cwt"
        if not phone.exists():
            holdfast("phone", "enroll", phone)
            issue = ["issue", site_folder, "--holder", permission, "--door", "front"]
            key = ["--may", permission, "--key", phone / "phone.pub", "--out", credential]
            assert holdfast("credential", *issue, *key).code == 0
            pub = site_folder / "authority.pub"
            holdfast("phone", "enroll", phone, "--credential", credential, "--authority", pub)
        address = f"127.0.0.1:{reader.port}"
        return holdfast("phone", "status", phone, "--reader", address, "--door", "front", *options)

    return run


def test_who_administers_sees_how_the_reader_is(holdfast, ask, reader, site_folder):
    """Also what ended the run before: a reader that was killed says that nothing else ended it."""
    said = ask("administer", "--json")
    assert said.code == 0, said.err
    told = said.json
    assert told["door"] == "front" and told["micropython"].startswith("micropython 1.")
    assert told["board"] and told["crashes"] == 0 and told["faults"] == []
    assert told["policy"] == holdfast("policy", "show", site_folder, "--json").json["number"]
    reader.restart()
    assert ask("administer", "--json").json["ended_by"] == "reset or power cut"
    reader.stop()
    reader.start()
    shown = ask("administer")
    assert "stopped" in shown.out and "micropython" in shown.out
    ask("carry-events").fails("refused to say how it is", "--may administer")


def test_a_status_reads_as_a_person_does():
    """Faults by where and how often; a certificate that ends; nothing that was not said."""
    faults = [["radio", "OSError", "unix/radio.py:7", 1], ["door", "ValueError", "a.py:1", 9]]
    life = {14: "watchdog", 15: 2, 16: "ValueError at a.py:1", 18: "strike"}
    rows = status.read(
        cbor2.dumps({**LEAST, **life, 8: 3 * 86400, 9: 7200, 10: 0, 11: faults, 99: "new"})
    ).rows
    assert rows["policy"] == "changeset 4, signed 3 days ago"
    assert rows["ends by a timer"] == "strike: no channel of the RMT was left"
    assert rows["started"] == "2 hours ago (watchdog)" and rows["crashes"] == "2"
    assert rows["fault 1"] == "radio: OSError at unix/radio.py:7, once"
    assert rows["fault 2"].endswith("9 times") and rows["certificate"] == "ends in 0 s: renew it"
    assert "fault 3" not in rows and "firmware" not in rows
    plain = status.read(cbor2.dumps({**LEAST, 1: "a\x1b[2Jb" + "c" * 500}))
    assert plain.said["door"].startswith("a?[2Jbccc") and len(plain.said["door"]) == 200


def test_a_door_with_inputs_says_what_is_wrong_and_what_was():
    """Newer firmware may know more; what is known is read all the same."""
    told = status.read(cbor2.dumps({**LEAST, 17: [4, 2 | 8, 1 | 2 | 4 | 8]}))
    assert told.rows["it is"] == "held open, fire"
    assert told.rows["it was"] == "forced, tamper" and told.facts["wrong"] == ["held open", "fire"]
    told = status.read(cbor2.dumps({**LEAST, 17: [9, 64, 64]}))
    assert told.rows["it is"] == "state 9, something newer" and "it was" not in told.rows
    assert "it is" not in status.read(cbor2.dumps(LEAST)).rows


def test_a_reader_on_a_lan_says_whom_it_knows_and_how_old_its_knowledge_is():
    """A controller that is not there is not to be overlooked."""
    lan = {19: "decides", 20: ["floor-1", False], 21: 3, 22: 150}
    told = status.read(cbor2.dumps({**LEAST, **lan}))
    assert told.rows["on the LAN"] == "3 other nodes; no later policy: shown 2 minutes ago"
    assert told.rows["controller"] == "floor-1, which is NOT there"
    assert told.facts["controller"] == {"id": "floor-1", "present": False}
    assert (told.facts["peers"], told.facts["knowledge_age_s"]) == (3, 150)
    told = status.read(cbor2.dumps({**LEAST, **lan, 20: ["floor-1", True], 22: None}))
    assert told.rows["on the LAN"].endswith("nobody has shown yet")
    assert told.rows["controller"] == "floor-1" and "knowledge_age_s" not in told.facts
    assert "controller" not in status.read(cbor2.dumps(LEAST)).rows


@pytest.mark.parametrize(
    "said",
    [
        [],
        {**LEAST, 7: [4]},
        {**LEAST, 7: [4, b""]},
        {**LEAST, 7: ["4", HEAD]},
        {**LEAST, 6: -1},
        {**LEAST, 15: "many"},
        {**LEAST, 17: [0, 0]},
        {**LEAST, 17: [0, 0, -1]},
        {**LEAST, 17: [0, 0, True]},
        {**LEAST, 17: 5},
        {**LEAST, 16: 3},
        {**LEAST, 20: "floor-1"},
        {**LEAST, 20: ["floor-1", 1]},
        {**LEAST, 20: ["floor-1"]},
        {**LEAST, 21: "3"},
        {**LEAST, 22: -1},
        {**LEAST, 11: [["a", "b", "c", 1]] * 9},
        {**LEAST, 11: [["a", "b", 1, 1]]},
        {**LEAST, 11: [["a", "b", "c", "d"]]},
    ],
    ids=repr,
)
def test_what_no_reader_says_is_refused(said):
    with pytest.raises(InvalidInput):
        status.read(cbor2.dumps(said))
