"""What is refused, and the EDHOC error message that says so to the peer (RFC 9528 section 6)."""

import cbor
from micropython import const
from untrusted import InvalidInput

ERR_UNSPECIFIED = const(1)
ERR_WRONG_SUITE = const(2)
ERR_UNKNOWN_CREDENTIAL = const(3)

_MAX_ERROR_LENGTH = const(256)
_MAX_ERR_CODE = const(0xFFFF)
_MAX_SUITES = const(16)
_LEAST_SUITE = const(-0x10000)
_MOST_SUITE = const(0xFFFF)


class EDHOCError(InvalidInput):
    """The peer's message was refused and its EDHOC session is over.

    The text is short, holds nothing that was encrypted, and is what the peer is told.
    """

    err_code = ERR_UNSPECIFIED

    def err_info(self) -> object:
        """ERR_INFO, whose type depends on ``err_code``."""
        return str(self)

    def message(self) -> bytes:
        """The EDHOC error message to answer with, unless the peer sent an error itself."""
        return cbor.encode_sequence(self.err_code, self.err_info())


class MalformedError(EDHOCError):
    """A message is not what its CDDL says, or not in the one encoding that is allowed."""


class VerificationError(EDHOCError):
    """A message is well formed, but not from the holder of the key it should be from."""


class UnknownCredentialError(EDHOCError):
    """The ``kid`` received names no credential known here. Raised by the application."""

    err_code = ERR_UNKNOWN_CREDENTIAL

    def err_info(self):
        """Always true (RFC 9528 section 6.4)."""
        return True


class WrongSuiteError(EDHOCError):
    """The cipher suite selected in message_1 is not the first one that both sides support."""

    err_code = ERR_WRONG_SUITE

    def __init__(self, suites_r):
        super().__init__("cipher suite not supported")
        self.suites_r = tuple(suites_r)

    def err_info(self):
        """SUITES_R, every suite supported here; a single one is not in an array."""
        return encode_suites(self.suites_r)


class ErrorMessage:
    """An EDHOC error message from the peer. Nothing authenticates it: it may be forged.

    ``err_info`` is str for err_code 1, a tuple of suite labels for 2, True for 3, and for any
    other code whatever CBOR item the peer chose.
    """

    def __init__(self, err_code, err_info):
        self.err_code = err_code
        self.err_info = err_info


def encode_suites(suites):
    """The CDDL ``suites`` as a CBOR value: one label alone, two or more as an array."""
    return suites[0] if len(suites) == 1 else list(suites)


def decode_suites(value):
    """The labels in a decoded CDDL ``suites``, or None if it is not 1 to 16 registrable ones."""
    labels = value if isinstance(value, list) else [value]
    if isinstance(value, list) and not 2 <= len(value) <= _MAX_SUITES:
        return None
    for label in labels:
        if type(label) is not int or not _LEAST_SUITE <= label <= _MOST_SUITE:
            return None
    return tuple(labels)


def parse(data) -> ErrorMessage:
    """Read an EDHOC error message of at most 256 bytes; raises MalformedError.

    A message_2, 3 or 4 is refused too, so a receiver may try this first.
    """
    if len(data) > _MAX_ERROR_LENGTH:
        raise MalformedError("error message is too long")
    try:
        items = cbor.decode_sequence(data, deterministic=True)
    except cbor.DecodeError:
        raise MalformedError("error message is not deterministic CBOR")
    if len(items) != 2 or type(items[0]) is not int:
        raise MalformedError("not an EDHOC error message")
    err_code, err_info = items
    if err_code == 0 or abs(err_code) > _MAX_ERR_CODE:
        raise MalformedError("ERR_CODE out of range")
    if err_code == ERR_WRONG_SUITE:
        err_info = decode_suites(err_info)
    if (
        (err_code == ERR_UNSPECIFIED and not isinstance(err_info, str))
        or (err_code == ERR_WRONG_SUITE and err_info is None)
        or (err_code == ERR_UNKNOWN_CREDENTIAL and err_info is not True)
    ):
        raise MalformedError("ERR_INFO does not fit ERR_CODE")
    return ErrorMessage(err_code, err_info)
