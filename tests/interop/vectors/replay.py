"""A recorded conversation in a reader's place: the phone must send what was recorded."""

from interop.vectors import files
from interop.vectors import plain_coap as coap
from interop.vectors.files import unhex
from interop.vectors.plain_oscore import Context
from interop.vectors.plain_phone import Phone, Stream, read_authority


class Recorded:
    """A link that expects the frames of the phone and gives those of the reader."""

    def __init__(self, steps):
        self._steps = list(steps)

    def send(self, data):
        step = self._steps.pop(0)
        assert step["from"] == "phone"
        assert data.hex() == step["frame"]

    def receive(self):
        step = self._steps.pop(0)
        assert step["from"] == "reader"
        return unhex(step["frame"])

    @property
    def is_over(self):
        return not self._steps


def phone(suite=0, credential=None, ephemerals=(), suites=None) -> Phone:
    """The phone of the vectors, which trusts the authority.pub there."""
    left = [unhex(ephemeral) for ephemeral in ephemerals]
    (authority,) = [f for f in files.load("keys")["files"] if f["name"] == "authority.pub"]
    private = files.keys("phone_p256" if suite == 2 else "phone_x25519")["private"]
    site = files.load("keys")["site"]
    return Phone(
        read_authority(unhex(authority["bytes"])),
        site["name"],
        credential or files.token(f"credential-suite-{suite}"),
        private,
        suites or [suite],
        lambda: left.pop(0),
        site["time"],
    )


def context_of(vector) -> Context:
    """The OSCORE context of a vector, its Partial IV as the first step there has it."""
    known = {name: unhex(value) for name, value in vector["context"].items()}
    context = Context(
        known["master_secret"],
        known["master_salt"],
        known["phone_sender_id"],
        known["phone_recipient_id"],
    )
    for name in ("common_iv", "phone_sender_key", "phone_recipient_key"):
        assert getattr(context, name.removeprefix("phone_")) == known[name], name
    context.sequence = int(vector["steps"][0]["oscore"]["request_piv"] or "0", 16)
    return context


def held(conversation):
    """A phone with that context holds the conversation; ``(code, payload)`` of each answer."""
    who = phone()
    who.context = context_of(conversation)
    link = Recorded(conversation["steps"])
    stream, answers = Stream(link), []
    for step in conversation["steps"]:
        if step["from"] == "reader":
            assert answers[-1] == (
                code_of(step["inner"]["code"]),
                unhex(step["inner"]["payload"]),
            )
            continue
        asked = step["inner"]
        code, _, payload = who.exchange(
            stream,
            code_of(asked["code"]),
            options_of(asked),
            unhex(asked["payload"]),
        )
        answers.append((code, payload))
    assert link.is_over
    return answers


def options_of(message) -> list:
    """Options as bytes of a message in the files."""
    return [(number, _value(number, value)) for number, value in message["options"]]


def _value(number, value):
    if isinstance(value, int):
        return value.to_bytes((value.bit_length() + 7) // 8, "big")
    return value.encode() if number in (coap.URI_PATH, coap.URI_QUERY) else unhex(value)


def code_of(text) -> int:
    """``2.04`` as a number."""
    kind, detail = text.split(".")
    return int(kind) << 5 | int(detail)
