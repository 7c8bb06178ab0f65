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


# What ``why`` is. No other package has these numbers.
REFUSED = const(20)  # by this side's own choice
MALFORMED = const(21)  # not what its CDDL says, or not in the one encoding that is allowed
UNVERIFIED = const(22)  # well formed, but not from the holder of the key it should be from
UNKNOWN_CREDENTIAL = const(23)  # the application knows no credential of this ``kid``
WRONG_SUITE = const(24)  # the suite selected in message_1 is not the first that both sides support


class EDHOCError(InvalidInput):
    """The peer's message was refused and its EDHOC session is over.

    The text is short, holds nothing that was encrypted, and is what the peer is told. ``why`` is
    the number of the reason. ``suites_r`` is every suite supported here, with WRONG_SUITE.
    """

    def __init__(self, text: str, why: int = REFUSED, suites_r: tuple = ()):
        super().__init__(text)
        self.why = why
        self.suites_r = suites_r

    def message(self) -> bytes:
        """The EDHOC error message to answer with, unless the peer sent an error itself."""
        if self.why == WRONG_SUITE:
            return cbor.encode_sequence(ERR_WRONG_SUITE, encode_suites(self.suites_r))
        if self.why == UNKNOWN_CREDENTIAL:
            return cbor.encode_sequence(ERR_UNKNOWN_CREDENTIAL, True)  # RFC 9528 section 6.4
        return cbor.encode_sequence(ERR_UNSPECIFIED, str(self))


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


def parse(data) -> tuple:
    """``(err_code, err_info)`` of an EDHOC error message of at most 256 bytes; raises EDHOCError.

    ``err_info`` is str for err_code 1, a tuple of suite labels for 2, True for 3, and for any
    other code whatever CBOR item the peer chose. Nothing authenticates it: it may be forged.
    A message_2, 3 or 4 is refused too, so a receiver may try this first.
    """
    if len(data) > _MAX_ERROR_LENGTH:
        raise EDHOCError("error message is too long", MALFORMED)
    try:
        items = cbor.decode_sequence(data, deterministic=True)
    except cbor.DecodeError:
        raise EDHOCError("error message is not deterministic CBOR", MALFORMED)
    if len(items) != 2 or type(items[0]) is not int:
        raise EDHOCError("not an EDHOC error message", MALFORMED)
    err_code, err_info = items
    if err_code == 0 or abs(err_code) > _MAX_ERR_CODE:
        raise EDHOCError("ERR_CODE out of range", MALFORMED)
    if err_code == ERR_WRONG_SUITE:
        err_info = decode_suites(err_info)
    if (
        (err_code == ERR_UNSPECIFIED and not isinstance(err_info, str))
        or (err_code == ERR_WRONG_SUITE and err_info is None)
        or (err_code == ERR_UNKNOWN_CREDENTIAL and err_info is not True)
    ):
        raise EDHOCError("ERR_INFO does not fit ERR_CODE", MALFORMED)
    return err_code, err_info
