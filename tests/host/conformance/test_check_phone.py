"""A stranger's phone is tried, and told at which value it goes wrong.

The phone here is the one that was written from docs/protocol.md with other people's libraries: as
it is it passes, and each mutant of it makes one mistake, of which the name must be found. Were a
mutant not caught, or another value blamed, somebody would look for days in the wrong line.
"""

import json
import os
import sys
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from conftest import ROOT
from cose import CRV_X25519, Key
from holdfast_host.conformance import dumped, server, trials
from holdfast_host.conformance.stand import DOOR, SITE, Stand
from holdfast_host.conformance.wrong import Wrong
from holdfast_host.credentials import issuing, keys
from host.conformance import mutant_phone
from host.conformance.mistakes import BELIEVES, KEPT_TO_ITSELF, SEEN_AT_ONCE, WARM

VECTORS = ROOT / "docs" / "vectors" / "handshakes.json"


def _new_private():
    return b"\x7f" + os.urandom(31)


def _public(suite, private):
    if suite == 0:
        public = X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
        return Key.okp(CRV_X25519, public)
    numbers = ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1())
    point = numbers.public_key().public_numbers()
    return keys.p256_key(point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big"))


def _meet(code, suite=0, new_private=_new_private):
    """A stand, and a phone that it has given a credential."""
    stand = Stand()
    private, now = _new_private(), int(time.time())
    grant = issuing.Grant(
        site=SITE,
        holder="phone",
        holder_key=_public(suite, private),
        places=[(1, DOOR)],
        issued_at=now,
        expires=now + 3600,
        cti=os.urandom(8),
    )
    credential = issuing.holder_credential(stand.authority.signing_key, grant)
    who = mutant_phone.phone(code, stand, suite, private, credential, new_private)
    return stand, who


def _hold(code, stand, who, trial):
    """The trial, as the server holds it, without a socket."""
    stand.begin()
    trial.prepares(stand)
    try:
        try:
            said = mutant_phone.ask(code, who, stand)
        except Wrong:
            raise
        except Exception:  # whatever a phone gives up with: it says nothing of an open door
            said = "shut"
        return server.judged(trial, stand, said)
    except Wrong as wrong:
        return server.Finding(trial.name, False, wrong.said, wrong.step, wrong.value)


@pytest.mark.parametrize("suite", [0, 2])
def test_a_phone_that_does_all_right(suite):
    """In both suites; but for its list of revoked devices, which this one was not given."""
    code = mutant_phone.modules()
    stand, who = _meet(code, suite)
    who.revoked = [trials.REVOKED_CTI]
    for trial in trials.TRIALS:
        done = _hold(code, stand, who, trial)
        assert done.passed, done
    assert stand.last is not None


@pytest.mark.parametrize("name", SEEN_AT_ONCE)
def test_a_mistake_is_named(name):
    """At the first unlock, with what should be there and what is."""
    file, old, new, value = SEEN_AT_ONCE[name]
    code = mutant_phone.modules(file, old, new)
    stand, who = _meet(code)
    done = _hold(code, stand, who, trials.TRIALS[0])
    assert not done.passed and done.value == value, done
    assert done.said and done.step


@pytest.mark.parametrize("name", KEPT_TO_ITSELF)
def test_a_mistake_before_message_3_is_found_in_its_values(holdfast, tmp_path, name):
    """The reader writes down its own values of that handshake; the first that differs is named."""
    old, new, value = KEPT_TO_ITSELF[name]
    code = mutant_phone.modules("edhoc", old, new)
    made = []
    init = code.edhoc.Initiator.__init__

    def noted(self, *arguments):
        init(self, *arguments)
        made.append(self)

    code.edhoc.Initiator.__init__ = noted
    stand, who = _meet(code)
    with pytest.raises((code.edhoc.Refused, ValueError, code.phone.cbor2.CBORDecodeError)):
        mutant_phone.ask(code, who, stand)
    done = server.judged(trials.TRIALS[0], stand, "shut")
    assert (done.passed, done.step) == (False, "message_2")
    theirs = {one: said.hex() for one, said in made[0].values.items()}
    assert dumped.differing(theirs, stand.last.shown())[1] == value
    # And as the command says it.
    mine, ours = tmp_path / "mine.json", tmp_path / "values.json"
    mine.write_text(json.dumps(theirs))
    ours.write_text(json.dumps(stand.last.shown()))
    said = holdfast("reader", "check-phone", "--values", mine, "--vectors", ours, "--json")
    assert (said.code, said.json["wrong"], said.json["passed"]) == (3, value, False)


def test_the_values_of_the_vectors_are_right(holdfast, tmp_path):
    """All of them, in both suites; one digit otherwise, and it is named."""
    for name in ("suite-0", "suite-2", "guest"):
        given = ["reader", "check-phone", "--vectors", VECTORS, "--vector", name, "--values"]
        said = holdfast(*given, VECTORS, "--json")
        assert (said.code, said.json["wrong"]) == (0, None) and said.json["compared"] > 30
        (vector,) = [
            one for one in json.loads(VECTORS.read_text())["vectors"] if one["name"] == name
        ]
        for value in ("th_2", "prk_3e2m", "iv_3", "plaintext_3"):
            wrong = dict(vector)
            wrong[value] = f"{int(wrong[value][0], 16) ^ 1:x}{wrong[value][1:]}"
            mine = tmp_path / "mine.json"
            mine.write_text(json.dumps(wrong))
            said = holdfast(*given, mine)
            assert said.code == 3 and f"then {value} is another" in said.out


def test_the_values_of_a_conversation_are_compared_step_by_step(holdfast, tmp_path):
    """Every vector that is a conversation or a frame is right beside itself; then one value of
    each kind is otherwise, and it is named with its step, what came before it as right.
    """
    folder, mine = ROOT / "docs" / "vectors", tmp_path / "mine.json"
    for file in ("unlocks", "refusals", "errors", "framing"):
        path = folder / f"{file}.json"
        for vector in json.loads(path.read_text())["vectors"]:
            values = dumped.read(path, vector["name"])
            assert values and dumped.differing(values, values) == (list(values), None)
    path = folder / "unlocks.json"
    (cold,) = [
        one for one in json.loads(path.read_text())["vectors"] if one["name"] == "cold-suite-0"
    ]
    given = ["reader", "check-phone", "--vectors", path, "--vector", "cold-suite-0", "--values"]
    mine.write_text(json.dumps({"steps": [{}, {}, {"inner": cold["steps"][2]["inner"]}]}))
    assert holdfast(*given, mine, "--json").json == {"passed": True, "compared": 3, "wrong": None}
    for part, value, wrong in (
        ("oscore", "nonce", "00" * 13),
        ("oscore", "aad", "8368"),
        ("inner", "options", [[11, "doors"]]),
        ("message", "code", "0.05"),
    ):
        changed = json.loads(json.dumps(cold))
        changed["steps"][2][part][value] = wrong
        mine.write_text(json.dumps(changed))
        said = holdfast(*given, mine, "--json")
        assert (said.code, said.json["wrong"]) == (3, f"step 3 {part}.{value}")
    mine.write_text(json.dumps({"steps": [1, [], {"inner": []}]}))
    holdfast(*given, mine).fails("has no value that", "docs/vectors")


@pytest.mark.parametrize("name", BELIEVES)
def test_a_phone_that_believes_too_much(name):
    """It opens by every honest reader, so nobody notices; here it is told."""
    code = mutant_phone.modules(*BELIEVES[name])
    stand, who = _meet(code)
    who.revoked = [trials.REVOKED_CTI]
    for trial in trials.TRIALS:
        done = _hold(code, stand, who, trial)
        assert done.passed == (trial.name != name), done
    assert name in [one.name for one in trials.TRIALS]


@pytest.mark.parametrize("name", WARM)
def test_a_mistake_that_shows_later(name):
    """When the reader restarted, when somebody altered the answer, when it says no."""
    file, old, new, where, value = WARM[name]
    code = mutant_phone.modules(file, old, new)
    stand, who = _meet(code)
    for trial in trials.TRIALS:
        done = _hold(code, stand, who, trial)
        if trial.name == where:
            assert (done.passed, done.value) == (False, value), done
            return
        assert done.passed, done
    raise AssertionError("no such trial")


def test_an_ephemeral_key_used_twice_is_seen():
    """The vectors cannot show it: each of them has one handshake."""
    code = mutant_phone.modules()
    one = _new_private()
    stand, who = _meet(code, 0, lambda: one)
    assert _hold(code, stand, who, trials.TRIALS[0]).passed
    who.context = None
    done = _hold(code, stand, who, trials.TRIALS[0])
    assert (done.passed, done.value) == (False, "g_x")


def test_our_own_phone_by_the_command(holdfast, tmp_path):
    """Run as the stranger's would be: enrolled, then asked over a socket for each trial."""
    assert holdfast("phone", "enroll", tmp_path / "phone").code == 0
    run = f"{sys.executable} -c 'from holdfast_host.start import main; raise SystemExit(main())'"
    phone, take = tmp_path / "phone", "--credential {credential} --authority {authority}"
    said = holdfast(
        "reader", "check-phone", tmp_path / "try", "--key", phone / "phone.pub", "--json",
        "--enrol", f"{run} phone enroll {phone} {take}",
        "--run", f"{run} phone unlock {phone} --reader {{reader}} --door {{door}}",
        "--only", "again", "--only", "another door", "--seconds", 600,
    )  # fmt: skip
    assert said.code == 0, said.out
    assert [one["name"] for one in said.json["trials"]] == ["first", "again", "another door"]
    assert said.json["passed"] and said.json["trials"][1]["said"] == "warm"
