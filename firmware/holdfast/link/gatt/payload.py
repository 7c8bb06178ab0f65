"""What is broadcast: AD structures (Core Specification Supplement, part A), 31 bytes a packet."""

from micropython import const

_FLAGS = const(0x01)
_UUIDS_128 = const(0x07)  # complete list
_SERVICE_DATA_128 = const(0x21)
_GENERAL_NO_BR_EDR = const(0x06)


def advertisement(service: str) -> bytes:
    """21 bytes: flags, and the UUID by which a phone looks for a reader."""
    return _structure(_FLAGS, bytes((_GENERAL_NO_BR_EDR,))) + _structure(
        _UUIDS_128, _little(service)
    )


def scan_response(service: str, data: bytes) -> bytes:
    """18 bytes and ``data``, at most 13: the service's data."""
    return _structure(_SERVICE_DATA_128, _little(service) + data)


def _structure(kind, data):
    return bytes((1 + len(data), kind)) + data


def _little(uuid):
    return bytes(reversed(bytes.fromhex(uuid.replace("-", ""))))
