"""Values as they stand in the files: bytes in hexadecimal, CBOR in diagnostic notation too."""

import cbor
from coap import code, option

# Options whose value is a number; the others are shown as bytes.
_UINT = (option.CONTENT_FORMAT, option.MAX_AGE, option.OBSERVE)
_TEXT = (option.URI_PATH, option.URI_QUERY)


def plain(data) -> str:
    """Bytes in hexadecimal. What is empty too: MicroPython 1.25 makes bytes of it."""
    return bytes(data).hex() if data else ""


def diagnostic(value) -> str:
    """``value`` in CBOR diagnostic notation (RFC 8949 section 8), maps in the order of their
    encoding.
    """
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + value + '"'
    if isinstance(value, (bytes, bytearray)):
        return "h'" + plain(value) + "'"
    if isinstance(value, dict):
        entries = sorted([(cbor.encode(key), key) for key in value])
        return "{" + ", ".join([_entry(key, value[key]) for _, key in entries]) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join([diagnostic(item) for item in value]) + "]"
    raise ValueError("nothing that these files have: " + str(type(value)))


def _entry(key, value):
    return diagnostic(key) + ": " + diagnostic(value)


def said(encoded) -> str:
    """What encoded CBOR says."""
    return diagnostic(cbor.decode(encoded, max_depth=8, max_items=1024))


def hexed(values) -> dict:
    """The dictionary with its bytes as hexadecimal."""
    return {
        name: plain(value) if isinstance(value, (bytes, bytearray)) else value
        for name, value in values.items()
    }


def message(shown) -> dict:
    """A coap.Message: code, options in order as [number, value], payload.

    What is CBOR in it is shown in diagnostic notation too.
    """
    entries = {"code": code.text(shown.code), "options": [], "payload": plain(shown.payload)}
    for number, value in shown.options:
        if number in _UINT:
            entries["options"].append([number, option.decode_uint(value)])
        elif number in _TEXT:
            entries["options"].append([number, value.decode()])
        else:
            entries["options"].append([number, plain(value)])
    if shown.token:
        entries["token"] = plain(shown.token)
    content = _content(shown.payload)
    if content is not None:
        entries["payload_diagnostic"] = diagnostic(content)
    return entries


def _content(payload):
    """The map or array that a payload is, or None: texts and ciphertexts are neither."""
    try:
        content = cbor.decode(payload, max_depth=8, max_items=1024)
    except cbor.DecodeError:
        return None
    return content if isinstance(content, (dict, list)) else None
