"""The hint: one small unprotected datagram that says at which policy a node is, and nothing more.

A CoAP request (RFC 7252), NON, POST to ``/hint``, that wants no answer of any kind (No-Response,
RFC 7967): so the port is CoAP's alone, and any stack understands it. Its payload is the CBOR array
``[version, number, head, node, to all]`` in deterministic encoding. Whether it went to all by
multicast it says itself: a socket of a board does not tell that of what it received.

With a sixth item, the tag of another node, it also asks where that one is, which says so by a hint
of its own to whoever asked: among many a node's hint is hardly ever the one that is sent, and some
are waited for. The answer is never longer than such a question.

Nobody is believed for it, and nothing that it says is kept beyond the next pull.
"""

import cbor
from coap import Message, code, option
from micropython import const
from untrusted import InvalidInput

PATH = "hint"
MAX_BYTES = const(64)  # of a payload; a datagram as sent has at most 40, or 47 if it asks
HEAD = const(8)  # bytes of the changeset's hash
NODE = const(6)  # bytes: the tag of the node's id (access/tag.py)

_VERSION = const(1)
_MAX_NUMBER = const(0xFFFFFFFF)
_ITEMS = const(5)
_NO_ANSWER = b"\x1a"  # 2 + 8 + 16: no class of response (RFC 7967 section 2.1)


def message(number: int, head: bytes, node: bytes, to_all: bool, sought=None) -> Message:
    """The request that says that ``node`` (its tag) is at changeset ``number`` with this ``head``
    (at least its first 8 bytes), by multicast if it goes ``to_all``, and asks where the node with
    the tag ``sought`` is. To be sent as NON.
    """
    options = [
        (option.URI_PATH, PATH.encode()),
        (option.CONTENT_FORMAT, option.encode_uint(option.CF_CBOR)),
        (option.NO_RESPONSE, _NO_ANSWER),
    ]
    items = [_VERSION, number, bytes(head[:HEAD]), node, to_all]
    if sought is not None:
        items.append(sought)
    return Message(code.POST, options, cbor.encode(items))


def parse(payload: bytes) -> tuple:
    """``(number, head, node, to_all, sought)`` as a hint's payload says; the last is None if it
    asks for nobody.

    Raises InvalidInput for anything else, a later version too: only what is protected may be
    relied upon to be understood.
    """
    if len(payload) > MAX_BYTES:
        raise InvalidInput("no hint: too long")
    items = cbor.decode(payload, deterministic=True, max_depth=1, max_items=_ITEMS + 2)
    form = [int, int, bytes, bytes, bool, bytes]
    if not isinstance(items, list) or not _ITEMS <= len(items) <= _ITEMS + 1:
        raise InvalidInput("no hint: not [version, number, head, node, to all]")
    if [type(item) for item in items] != form[: len(items)]:
        raise InvalidInput("no hint: not [version, number, head, node, to all]")
    version, number, head, node, to_all = items[:_ITEMS]
    sought = None if len(items) == _ITEMS else items[_ITEMS]
    if version != _VERSION:
        raise InvalidInput("no hint: of another version")
    if not 0 <= number <= _MAX_NUMBER or len(head) != HEAD or len(node) != NODE:
        raise InvalidInput("no hint: a value out of range")
    if sought is not None and len(sought) != NODE:
        raise InvalidInput("no hint: a value out of range")
    return number, head, node, to_all, sought
