"""EDHOC error messages, sent and received (RFC 9528 section 6)."""

INTERPRETERS = ("micropython", "cpython")

import cbor
from edhoc import MALFORMED, UNKNOWN_CREDENTIAL, UNVERIFIED, WRONG_SUITE, EDHOCError, parse_error
from edhoc_sides import Handshake, credential, phone, reader
from harness import raises, unhex
from untrusted import InvalidInput


def test_each_error_has_its_code_and_its_information():
    """What a peer's software branches on, byte for byte."""
    assert EDHOCError("no").message() == b"\x01\x62no"
    assert EDHOCError("no", MALFORMED).message() == b"\x01\x62no"
    assert EDHOCError("no", UNVERIFIED).message() == b"\x01\x62no"
    assert EDHOCError("no", WRONG_SUITE, (2,)).message() == b"\x02\x02"
    assert EDHOCError("no", WRONG_SUITE, (9, 8)).message() == b"\x02\x82\x09\x08"
    assert EDHOCError("kid", UNKNOWN_CREDENTIAL).message() == b"\x03\xf5"
    assert issubclass(EDHOCError, InvalidInput)


def test_what_is_sent_can_be_read():
    """Both ends of this library understand one another's refusals."""
    text = "G_X has the wrong length"
    assert parse_error(EDHOCError(text, MALFORMED).message()) == (1, text)
    for suites in ((0,), (0, 2)):
        assert parse_error(EDHOCError("", WRONG_SUITE, suites).message()) == (2, suites)
    assert parse_error(EDHOCError("kid", UNKNOWN_CREDENTIAL).message()) == (3, True)


def test_codes_of_later_standards_are_handed_on():
    """ERR_INFO of an unknown code is any item."""
    for message, code, info in (
        ("18ff f6", 255, None),
        ("20 a10102", -1, {1: 2}),
        ("19ffff 8101", 65535, [1]),
    ):
        assert parse_error(unhex(message)) == (code, info)


def test_a_message_that_is_no_error_is_refused():
    """Also one that would report success: it must not be answered, nor believed (6.1)."""
    done = Handshake(phone("kcwt"), reader())
    for wrong in (
        b"",
        b"\x01",
        b"\x00\xf6",
        b"\x00\x62no",
        b"\x01\x62no\x00",
        b"\x01\x42no",
        b"\x01\xf5",
        b"\x02\xf5",
        b"\x02\x80",
        b"\x02\x81\x00",
        b"\x02\x82\x00\x40",
        b"\x02\x91" + bytes(17),
        b"\x02\x1a\x00\x01\x00\x00",
        b"\x03\xf4",
        b"\x03\x01",
        b"\xf5\x62no",
        b"\x18\x01\x62no",
        b"\x01\x62\xff\xff",
        b"\x01\x63no",
        b"\x1a\x00\x01\x00\x00\xf6",
        b"\x01\x79\x01\x00" + 256 * b"n",
        done.message_1,
        done.message_2,
        done.message_3,
    ):
        raises(MALFORMED, parse_error, wrong)


def test_an_answer_tells_no_more_than_which_check_failed():
    """The texts are fixed: none names a value that was found, or how far off it was."""
    done = Handshake(phone("kcwt"), reader("kcwt"))
    forged = done.message_3[:-1] + bytes([done.message_3[-1] ^ 1])
    for step, argument, text in (
        (done.wait_2.parse_message_2, done.message_2[:-1], "message_2: no deterministic CBOR"),
        (done.wait_3.parse_message_3, forged, "message_3: not authentic"),
        (
            done.received_2.verify,
            credential("thief", "kcwt"),
            "message_2 is not from the holder of its credential",
        ),
        (
            done.received_3.verify,
            credential("thief", "kcwt"),
            "message_3 is not from the holder of its credential",
        ),
    ):
        error = raises(EDHOCError, step, argument)
        assert error.message() == cbor.encode_sequence(1, text)
