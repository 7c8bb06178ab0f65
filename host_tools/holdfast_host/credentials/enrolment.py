"""All that a phone takes at once: one file, or the QR code of it.

A CBOR map: 1: ``authority.pub``, 2: the credential, 3: the list of revoked devices, each the bytes
of its file. The text of the QR code is ``HOLDFAST:`` and the map in Base32 (RFC 4648 section 6)
without padding, because a QR code takes capitals and digits in less room than bytes as text.
"""

import base64
import binascii
import dataclasses

import cbor
from untrusted import InvalidInput

from ..errors import UsageProblem

SUFFIX = ".enrolment"
LIMIT = 16 << 10

_AUTHORITY, _CREDENTIAL, _DEVICES = 1, 2, 3
_SCHEME = "HOLDFAST:"
# What the largest QR code takes of capitals and digits with the least correction (ISO/IEC 18004).
_QR_CHARACTERS = 4296


@dataclasses.dataclass(frozen=True)
class Enrolment:
    """The bytes of three files."""

    authority: bytes
    credential: bytes
    devices: bytes


def encode(made: Enrolment) -> bytes:
    """The file."""
    said = {_AUTHORITY: made.authority, _CREDENTIAL: made.credential, _DEVICES: made.devices}
    return cbor.encode(said)


def qr_text(made: Enrolment) -> str:
    """What the QR code says. Raises UsageProblem if none is large enough."""
    text = _SCHEME + base64.b32encode(encode(made)).decode().rstrip("=")
    if len(text) > _QR_CHARACTERS:
        raise UsageProblem(
            f"the list of revoked devices is too long for a QR code ({len(made.devices)} bytes)",
            "give the phone the file instead: --enrolment",
        )
    return text


def decode(data: bytes, what: str) -> Enrolment:
    """What is in a file, or in the text of a QR code; ``what`` names it for a person."""
    try:
        said = cbor.decode(_raw(data))
        if not isinstance(said, dict) or sorted(said) != [_AUTHORITY, _CREDENTIAL, _DEVICES]:
            raise InvalidInput("it is not the three files of an enrolment")
        files = [said[_AUTHORITY], said[_CREDENTIAL], said[_DEVICES]]
        if not all(isinstance(one, bytes) for one in files):
            raise InvalidInput("what is in it are no files")
    except (InvalidInput, TypeError, ValueError) as error:
        raise UsageProblem(
            f"{what} is no enrolment: {error}",
            "give the file that `holdfast credential issue --enrolment` wrote, or the text of its"
            " QR code",
        ) from error
    return Enrolment(*files)


def _raw(data: bytes) -> bytes:
    begin = _SCHEME.encode()
    if not data.startswith(begin):
        return data
    text = data[len(begin) :].strip()
    try:
        return base64.b32decode(text + b"=" * (-len(text) % 8))
    except binascii.Error as error:
        raise InvalidInput("its text is cut") from error


def is_enrolment(data: bytes) -> bool:
    """Whether ``data`` is such a file."""
    try:
        decode(data, "")
    except UsageProblem:
        return False
    return True
