"""The phone that was written from docs/protocol.md alone, with one mistake in it.

Its sources are taken as they are, one passage is exchanged, and what is left is a phone of its
own: it shares no code with what judges it.
"""

import pathlib
import sys
import time
import types

import coap
from coap import signalling, stream
from holdfast_host.conformance.stand import DOOR, SITE
from holdfast_host.credentials import keys

HERE = pathlib.Path(__file__).parents[2] / "interop" / "vectors"
_FILES = ("coap", "edhoc", "oscore", "phone")


def modules(file=None, old="", new="") -> types.SimpleNamespace:
    """The four sources as modules; in ``file`` the passage ``old`` is ``new``."""
    made = {}
    for name in _FILES:
        text = (HERE / f"plain_{name}.py").read_text()
        if name == file:
            assert text.count(old) == 1, f"{old!r} is not in plain_{name}.py once"
            text = text.replace(old, new)
        text = text.replace("from interop.vectors import plain_", "import mutant_")
        text = text.replace("from interop.vectors.plain_", "from mutant_")
        made[name] = module = types.ModuleType(f"mutant_{name}")
        sys.modules[module.__name__] = module
        exec(compile(text, f"mutant_{name}.py", "exec"), vars(module))
    for name in _FILES:
        del sys.modules[f"mutant_{name}"]
    return types.SimpleNamespace(**made)


class Link:
    """The phone's link to a stand in memory: frames in, frames out."""

    def __init__(self, stand):
        self._stand = stand
        self._decoder, self._peer = stream.Decoder(), signalling.Peer()
        self._out = stream.encode(signalling.csm())

    def send(self, data):
        for message in self._decoder.feed(data):
            reply = self._peer.receive(message)
            if reply is None and coap.code.is_request(message.code):
                answer = self._stand.request(message)
                reply = coap.Message(answer.code, answer.options, answer.payload, message.token)
            if reply is not None:
                self._out += stream.encode(reply)

    def receive(self):
        data, self._out = self._out[:20], self._out[20:]
        if not data:
            raise ConnectionError("nothing comes")
        return data


def phone(code, stand, suite, private, credential, new_private):
    """A phone of that ``code`` that has what ``stand`` gives out."""
    authority = keys.encode_authority_keys([stand.authority.public_key])
    stand.issued = credential
    return code.phone.Phone(
        code.phone.read_authority(authority),
        SITE,
        credential,
        private,
        [suite],
        new_private,
        int(time.time()),
    )


def ask(code, who, stand):
    """It asks for the door, warm if it can; "open" or "shut"."""
    link = code.phone.Stream(Link(stand))
    if who.context is not None:
        try:
            answer = who.warm(link, DOOR)
        except code.phone.Rejected as error:
            if not error.start_over:
                raise
            answer = who.cold(link, DOOR)
    else:
        answer = who.cold(link, DOOR)
    return "open" if answer[0] == 0x44 and answer[1][1] is True else "shut"
