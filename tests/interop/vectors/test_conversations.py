"""A phone written from the documents alone holds the recorded conversations: each byte that it
sends is the recorded one, and it understands each answer.
"""

import ast
import pathlib

import cbor2
import pytest

from interop.vectors import files, replay
from interop.vectors import plain_coap as coap
from interop.vectors.files import unhex
from interop.vectors.plain_oscore import NotAuthentic
from interop.vectors.plain_phone import Impostor, Phone, Rejected, Stream

UNLOCKS = files.vectors("unlocks")
REFUSALS = files.vectors("refusals")
ERRORS = files.vectors("errors")
DOOR = files.load("keys")["site"]["door"]
OPEN = {1: True, 2: 0, 3: 3000}


def _unlock(name):
    return files.named(UNLOCKS, name)


def test_the_phone_knows_nothing_but_strangers_libraries():
    """Else it would prove nothing."""
    for path in pathlib.Path(__file__).parent.glob("plain_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = [name.name for name in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            else:
                continue
            for name in names:
                allowed = ("cryptography", "cbor2", "hmac", "hashlib", "io", "interop.vectors")
                assert name.startswith(allowed), (path, name)


def test_the_recorded_unlock_of_the_document_is_among_them():
    """Byte for byte: a page and a file that differ would cost a stranger an evening."""
    page = (files.FOLDER.parent / "protocol.md").read_text()
    page = page[page.index("## A recorded unlock") :].replace("\n", "")
    first, second, third, fourth = _unlock("cold-suite-0")["steps"]
    for frame in (first, second, third, fourth, *_unlock("warm-suite-0")["steps"][:2]):
        assert frame["frame"].removeprefix("00e1") in page
    for value in _unlock("cold-suite-0")["context"].values():
        assert f"`{value}`" in page


@pytest.mark.parametrize("suite", [0, 2])
def test_cold_and_then_warm(suite):
    """Two round trips, then one each under the context that the first left."""
    vector = _unlock(f"cold-suite-{suite}")
    link = replay.Recorded(vector["steps"])
    phone = replay.phone(suite, ephemerals=vector["phone_ephemerals"])
    assert phone.cold(Stream(link), DOOR) == (coap.CHANGED, OPEN)
    assert link.is_over and phone.doors == [DOOR]
    assert vector["credential"] == files.token(f"credential-suite-{suite}").hex()
    handshake = files.named(files.vectors("handshakes"), vector["handshake"])
    assert phone.handshake.message_1.hex() == handshake["message_1"]

    link = replay.Recorded(_unlock(f"warm-suite-{suite}")["steps"])
    stream = Stream(link)
    assert phone.warm(stream, DOOR) == (coap.CHANGED, OPEN)
    assert phone.warm(stream, DOOR, {1: 1, 2: True, 3: True}) == (coap.CHANGED, OPEN)
    assert link.is_over


def test_a_guest():
    """The token is of tag 17; the phone does not know the key that made it."""
    vector = _unlock("cold-guest")
    assert vector["credential"] == files.token("guest").hex()
    phone = replay.phone(0, files.token("guest"), vector["phone_ephemerals"])
    link = replay.Recorded(vector["steps"])
    assert phone.cold(Stream(link), DOOR) == (coap.CHANGED, OPEN) and link.is_over


def test_a_reader_that_has_restarted_asks_for_an_echo():
    """The phone answers by itself; the wish after it needs no third message."""
    vector = _unlock("echo")
    phone = replay.phone()
    phone.context = replay.context_of(vector)
    link = replay.Recorded(vector["steps"])
    stream = Stream(link)
    assert phone.warm(stream, DOOR) == (coap.CHANGED, OPEN)
    assert phone.warm(stream, DOOR) == (coap.CHANGED, OPEN)
    assert link.is_over


def test_another_suite_is_offered_after_error_2():
    """What the phone prefers stays in front, and the ephemeral key is new."""
    vector = _unlock("another-suite")
    assert len(set(vector["phone_ephemerals"])) == 2
    phone = replay.phone(2, ephemerals=vector["phone_ephemerals"], suites=[3, 2])
    link = replay.Recorded(vector["steps"])
    assert phone.cold(Stream(link), DOOR) == (coap.CHANGED, OPEN) and link.is_over


@pytest.mark.parametrize("vector", REFUSALS, ids=files.name_of)
def test_refusals(vector):
    """The outer code is 2.04 all the same; the inner one and the map say no."""
    link = replay.Recorded(vector["steps"])
    stream = Stream(link)
    phone = replay.phone(0, unhex(vector["credential"]), vector["phone_ephemerals"])
    asked, answered = (step["inner"] for step in vector["steps"][2:])
    assert [step["message"]["code"] for step in vector["steps"]] == ["0.02", "2.04"] * 2
    message_3 = phone.introduce(stream, DOOR)
    code, options, payload = phone.exchange(
        stream,
        replay.code_of(asked["code"]),
        replay.options_of(asked),
        unhex(asked["payload"]),
        message_3,
    )
    assert link.is_over
    assert (code, payload.hex()) == (replay.code_of(answered["code"]), answered["payload"])
    assert code >= coap.BAD_REQUEST and options == replay.options_of(answered)
    if asked["options"][0] == [coap.URI_PATH, "doors"] and asked["code"] == "0.03":
        said = cbor2.loads(payload)
        assert said[1] is False and 1 <= said[2] <= 6 and set(said) == {1, 2}


def test_each_coarse_reason_that_a_protected_answer_has_is_there():
    """4 is for the link, whose answers are in the clear."""
    coarse = set()
    for vector in REFUSALS:
        payload = unhex(vector["steps"][3]["inner"]["payload"])
        if payload[0] >> 5 == 5:
            coarse.add(cbor2.loads(payload)[2])
    assert coarse == {1, 2, 3, 5, 6}


# What docs/protocol.md says of each: CoAP code, ERR_CODE and ERR_INFO or the text, whether the
# connection stays.
_SAID = {
    "method": (0x80, 1, "method not supported", False),
    "suite": (0x80, 2, 0, True),
    "malformed": (0x80, 1, None, False),
    "message-1-again": (0x80, 1, None, False),
    "foreign": (0x80, 1, "credential not accepted", False),
    "not-holder": (0x80, 1, "credential not accepted", False),
    "kccs": (0x80, 3, True, False),
    "phone-error": (0x44, None, "", False),
    "block-wise": (0x82, None, None, False),
    "oscore-malformed": (0x82, None, "Failed to decode COSE", False),
    "partial-iv-again": (0x81, None, "Replay detected", False),
    "tampered": (0x80, None, "Decryption failed", False),
    "forgotten": (0x81, None, "Security context not found", True),
    "unprotected": (0x81, None, "", True),
}


@pytest.mark.parametrize("vector", ERRORS, ids=files.name_of)
def test_what_is_answered_in_the_clear(vector):
    """A phone tells them apart by code, ERR_CODE and text."""
    frames = coap.Frames()
    answers = []
    for step in vector["steps"]:
        if step["from"] == "reader":
            answers += [m for m in frames.feed(unhex(step["frame"])) if m[0] != coap.CSM]
    code, options, payload, _ = answers[-1]
    if vector["name"] == "no-coap":
        assert code == coap.ABORT and vector["connection"] == "ends"
        return
    expected, err_code, said, stays = _SAID[vector["name"]]
    assert code == expected and vector["connection"] == ("stays" if stays else "ends")
    assert coap.option(options, coap.OSCORE) is None
    error = Rejected(code, payload, coap.option(options, coap.CONTENT_FORMAT) == b"\x40")
    assert error.err_code == err_code
    if said is not None:
        assert (error.err_info if err_code else error.text) == said
    assert error.start_over == (vector["name"] == "forgotten")


def test_every_error_of_the_document_is_there():
    """The table of docs/protocol.md and the file are one."""
    assert {vector["name"] for vector in ERRORS} == set(_SAID) | {"no-coap"}


@pytest.mark.parametrize("suite", [0, 2])
def test_a_changed_answer_is_never_believed(suite):
    """Each byte of message_2 and of the protected answer, another one: the phone shows nothing
    after the one, and takes nothing from the other.
    """
    vector = _unlock(f"cold-suite-{suite}")
    steps = vector["steps"]
    frame = unhex(steps[1]["frame"])
    start = len(frame) - len(unhex(steps[1]["message_2"]))
    for at in range(start, len(frame)):
        changed = frame[:at] + bytes([frame[at] ^ 1]) + frame[at + 1 :]
        phone = replay.phone(suite, ephemerals=vector["phone_ephemerals"])
        link = replay.Recorded([steps[0], {**steps[1], "frame": changed.hex()}])
        with pytest.raises(Exception):  # noqa: B017 - what exactly depends on the byte
            phone.introduce(Stream(link), DOOR)
        assert link.is_over and phone.context is None, at
    frame = unhex(steps[3]["frame"])
    for at in range(frame.index(b"\xff") + 1, len(frame)):
        changed = frame[:at] + bytes([frame[at] ^ 1]) + frame[at + 1 :]
        phone = replay.phone(suite, ephemerals=vector["phone_ephemerals"])
        link = replay.Recorded([*steps[:3], {**steps[3], "frame": changed.hex()}])
        with pytest.raises(NotAuthentic):
            phone.cold(Stream(link), DOOR)


def test_whom_the_phone_does_not_talk_to():
    """It has shown nothing when it finds that this is another door, too old, or revoked."""
    vector = _unlock("cold-suite-0")
    revoked = unhex(files.load("keys")["revoked_devices"]["bytes"])
    for door, changes in (
        ("cellar", {}),
        (DOOR, {"now": 2**40}),
        (DOOR, {"site": "globex"}),
        (DOOR, {"keys": [bytes(32)]}),
        (DOOR, {"revoked": revoked}),
    ):
        phone = replay.phone(ephemerals=vector["phone_ephemerals"])
        if "revoked" in changes:
            phone = Phone(
                phone.keys,
                phone.site,
                files.token("credential-suite-0"),
                phone.private,
                [0],
                phone.new_private,
                phone.now,
                revoked,
            )
        for name, value in changes.items():
            if name != "revoked":
                setattr(phone, name, value)
        link = replay.Recorded(vector["steps"][:2])
        with pytest.raises(Impostor):
            phone.cold(Stream(link), door)
        assert link.is_over
