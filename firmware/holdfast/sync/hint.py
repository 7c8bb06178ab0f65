"""The hint: one small unprotected datagram that says at which policy a node is, and nothing more.

A CoAP request (RFC 7252), NON, POST to ``/hint``, that wants no answer of any kind (No-Response,
RFC 7967): so the port is CoAP's alone, and any stack understands it. Its payload is the CBOR array
``[version, number, head, node, to all]`` in deterministic encoding. Whether it went to all by
multicast it says itself: a socket of a board does not tell that of what it received.

Nobody is believed for it, and nothing that it says is kept beyond the next pull.
"""

import cbor
from coap import Message, code, option
from micropython import const
from untrusted import InvalidInput

PATH = "hint"
MAX_BYTES = const(64)  # of the whole datagram; as sent, at most 40
HEAD = const(8)  # bytes of the changeset's hash
NODE = const(6)  # bytes: the tag of the node's id (access/tag.py)

_VERSION = const(1)
_MAX_NUMBER = const(0xFFFFFFFF)
_ITEMS = const(5)
_NO_ANSWER = b"\x1a"  # 2 + 8 + 16: no class of response (RFC 7967 section 2.1)


def message(number: int, head: bytes, node: bytes, to_all: bool) -> Message:
    """The request that says that ``node`` (its tag) is at changeset ``number`` with this ``head``
    (at least its first 8 bytes), by multicast if it goes ``to_all``. To be sent as NON.
    """
    options = [
        (option.URI_PATH, PATH.encode()),
        (option.CONTENT_FORMAT, option.encode_uint(option.CF_CBOR)),
        (option.NO_RESPONSE, _NO_ANSWER),
    ]
    payload = cbor.encode([_VERSION, number, bytes(head[:HEAD]), node, to_all])
    return Message(code.POST, options, payload)


def parse(payload: bytes) -> tuple:
    """``(number, head, node, to_all)`` as a hint's payload says.

    Raises InvalidInput for anything else, a later version too: only what is protected may be
    relied upon to be understood.
    """
    if len(payload) > MAX_BYTES:
        raise InvalidInput("no hint: too long")
    items = cbor.decode(payload, deterministic=True, max_depth=1, max_items=_ITEMS + 1)
    form = [int, int, bytes, bytes, bool]
    if not isinstance(items, list) or [type(item) for item in items] != form:
        raise InvalidInput("no hint: not [version, number, head, node, to all]")
    version, number, head, node, to_all = items
    if version != _VERSION:
        raise InvalidInput("no hint: of another version")
    if not 0 <= number <= _MAX_NUMBER or len(head) != HEAD or len(node) != NODE:
        raise InvalidInput("no hint: a value out of range")
    return number, head, node, to_all
