"""What the files say of bytes is so: each step's message is the one in its frame, and protected
as it says; each diagnostic text is what the CBOR beside it says.
"""

import io

import cbor2
import pytest

from interop.vectors import files, replay
from interop.vectors import plain_coap as coap
from interop.vectors.files import unhex

NAMES = sorted(path.stem for path in files.FOLDER.glob("*.json"))


def _parts(content):
    """Every dictionary in a file."""
    if isinstance(content, dict):
        yield content
        content = list(content.values())
    if isinstance(content, list):
        for value in content:
            yield from _parts(value)


def _diagnostic(value) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, bytes):
        return f"h'{value.hex()}'"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, dict):
        entries = (f"{_diagnostic(key)}: {_diagnostic(value[key])}" for key in value)
        return "{" + ", ".join(entries) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_diagnostic, value)) + "]"
    return str(value)


def _first(encoded):
    return cbor2.CBORDecoder(io.BytesIO(encoded)).decode()


@pytest.mark.parametrize("name", NAMES)
def test_diagnostic_texts(name):
    """People read them first."""
    told = {
        "diagnostic": ("record", "bytes"),
        "info_diagnostic": ("info",),
        "map_diagnostic": ("bytes",),
        "payload_diagnostic": ("payload",),
    }
    for part in _parts(files.load(name)):
        for field in set(part) & set(told):
            if field == "payload_diagnostic" and "payload" not in part:
                continue
            (encoded,) = [part[beside] for beside in told[field] if beside in part]
            assert part[field] == _diagnostic(_first(unhex(encoded))), field


@pytest.mark.parametrize("name", NAMES)
def test_the_message_of_a_step_is_the_one_in_its_frame(name):
    """And EDHOC's messages stand where the document says."""
    for part in _parts(files.load(name)):
        if "frame" not in part or "from" not in part or part["frame"] == "0902":
            continue
        _check_step(part)


def _check_step(step):
    if "message" not in step:
        assert step["frame"].endswith("0902")  # no CoAP at all
        return
    code, options, payload, token = coap.Frames().feed(unhex(step["frame"]))[-1]
    shown = step["message"]
    assert replay.code_of(shown["code"]) == code
    assert replay.options_of(shown) == options
    assert unhex(shown.get("token", "")) == token
    if "payload" in shown:
        assert unhex(shown["payload"]) == payload
        rest = payload
    else:
        rest = unhex(step.get("message_3", "")) + unhex(step["oscore"]["ciphertext"])
        assert rest == payload
    if "message_1" in step:
        assert rest == b"\xf5" + unhex(step["message_1"])
    if "message_2" in step:
        assert rest == unhex(step["message_2"])


@pytest.mark.parametrize("name", NAMES)
def test_people_are_told_what_each_vector_is(name):
    """A comment for each file and each vector, and no name twice."""
    content = files.load(name)
    assert content["comment"]
    named = [part for part in content.get("vectors", []) if "name" in part]
    assert all(part["comment"] for part in named)
    assert len({part["name"] for part in named}) == len(named)


def _protected():
    """Every conversation whose context is given."""
    for name in NAMES:
        for part in _parts(files.load(name)):
            if "context" in part and "steps" in part:
                yield pytest.param(part, id=f"{name}-{part.get('name', '')}")


@pytest.mark.parametrize("vector", list(_protected()))
def test_nonces_and_associated_data(vector):
    """What each protected message was protected with, computed from the context."""
    context = replay.context_of({**vector, "steps": [{"oscore": {"request_piv": ""}}]})
    seen = set()
    for step in vector["steps"]:
        if "oscore" not in step:
            continue
        shown = step["oscore"]
        is_sent = step["from"] == "phone"
        piv = unhex(shown["request_piv"])
        assert unhex(shown["request_kid"]) == context.sender_id
        options = replay.options_of(step["message"])
        if is_sent:
            context.sequence = int.from_bytes(piv, "big")
            inner = step["inner"]
            outer, ciphertext, used = context.protect(
                replay.code_of(inner["code"]),
                replay.options_of(inner),
                unhex(inner["payload"]),
            )
            assert used == piv and outer[0] in options
        else:
            code, _, payload = context.unprotect(options, unhex(shown["ciphertext"]), piv)
            assert (code, payload.hex()) == (
                replay.code_of(step["inner"]["code"]),
                step["inner"]["payload"],
            )
        for name, value in context.last.items():
            assert shown[name] == value.hex(), name
        key = context.sender_key if is_sent else context.recipient_key
        assert shown["key"] == ("phone_sender_key" if is_sent else "phone_recipient_key")
        pair = key, context.last["nonce"]
        assert pair not in seen  # no nonce twice under a key
        seen.add(pair)
        assert step["frame"].endswith(shown["ciphertext"])
        if "message_3" in step:
            assert step["frame"].endswith("ff" + step["message_3"] + shown["ciphertext"])
