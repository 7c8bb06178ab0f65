"""What each message must look like, and what is said about one that does not."""

INTERPRETERS = ("micropython", "cpython")

import cbor
from edhoc import (
    MALFORMED,
    REFUSED,
    UNVERIFIED,
    WRONG_SUITE,
    EDHOCError,
    encode_identifier,
    offer_suites,
    split_identifier,
)
from edhoc_sides import C_I, C_R, Handshake, believed, ephemeral, phone, reader
from harness import raises, unhex

_G_X = "5820" + "11" * 32
_NO_SUITES = "SUITES_I is no suite and no array of 2 to 16"


def _refused(message_1, text, why=MALFORMED):
    error = raises(EDHOCError, reader(ead_labels=(7,)).process_message_1, unhex(message_1))
    assert (error.why, str(error)) == (why, text), message_1


def test_message_1_must_be_exactly_what_the_rfc_says():
    """Anything that another implementation might read another way is refused (5.2.1, 8.8)."""
    for wrong, text in (
        ("", "METHOD is no integer"),
        ("f5 03 00" + _G_X + "0e", "METHOD is no integer"),
        ("c24103 00" + _G_X + "0e", "METHOD is no integer"),
        ("1803 00" + _G_X + "0e", "no deterministic CBOR"),
        ("03", _NO_SUITES),
        ("03 4100" + _G_X + "0e", _NO_SUITES),
        ("03 f4" + _G_X + "0e", _NO_SUITES),
        ("03 80" + _G_X + "0e", _NO_SUITES),
        ("03 8100" + _G_X + "0e", _NO_SUITES),
        ("03 8202f4" + _G_X + "0e", _NO_SUITES),
        ("03 824100" + "00" + _G_X + "0e", _NO_SUITES),
        ("03 1a00010000" + _G_X + "0e", _NO_SUITES),
        ("03 823a0001000000" + _G_X + "0e", _NO_SUITES),
        ("03 82c24901" + 8 * "00" + "00" + _G_X + "0e", _NO_SUITES),
        ("03 91" + 17 * "00" + _G_X + "0e", _NO_SUITES),
        ("03 00", "G_X is no byte string"),
        ("03 00 7820" + "61" * 32 + "0e", "G_X is no byte string"),
        ("03 00" + _G_X, "C_I is no byte string"),
        ("03 00" + _G_X + "1818", "C_I is an integer beyond -24..23"),
        ("03 00" + _G_X + "3818", "C_I is an integer beyond -24..23"),
        ("03 00" + _G_X + "410e", "C_I is a byte string where an integer must be"),
        ("03 00" + _G_X + "4137", "C_I is a byte string where an integer must be"),
        ("03 00" + _G_X + "48" + 8 * "ff", "C_I is too long"),
        ("03 00" + _G_X + "60", "C_I is no byte string"),
        ("03 00" + _G_X + "0e f6", "ead_label is no integer"),
        ("03 00" + _G_X + "0e 40", "ead_label is no integer"),
        ("03 00" + _G_X + "0e 07 40 40", "ead_label is no integer"),
    ):
        _refused(wrong, "message_1: " + text)


def test_message_1_is_judged_in_the_order_of_the_rfc():
    """Encoding, then method, then suite, then key, then EAD: each answer is about what it says."""
    critical = "22"  # label 3, negative
    _refused("00 02 41ff 0e" + critical, "method not supported", REFUSED)
    _refused("03 02 41ff 0e" + critical, "cipher suite not supported", WRONG_SUITE)
    _refused("03 00 41ff 0e" + critical, "G_X has the wrong length", MALFORMED)
    _refused("03 00 5821" + 33 * "11" + "0e", "G_X has the wrong length", MALFORMED)
    _refused("03 00" + _G_X + "0e" + critical, "critical EAD item not supported", REFUSED)
    accepted = reader(ead_labels=(3,)).process_message_1(unhex("03 00" + _G_X + "0e" + critical))
    assert accepted.ead_1 == [(3, True, None)]


def test_the_selected_suite_must_be_the_first_that_both_support():
    """Otherwise whoever is in between chooses the weaker one (6.3)."""
    for suites_i in ("00", "820600", "83 02 03 00", "90" + 15 * "02" + "00"):
        received = reader().process_message_1(unhex("03" + suites_i + _G_X + "0e"))
        assert received.suite == 0
    for suites_i in ("02", "1818", "820002", "820606", "83000203"):
        message_1 = unhex("03" + suites_i + _G_X + "0e")
        error = raises(WRONG_SUITE, reader().process_message_1, message_1)
        assert error.suites_r == (0,)
        assert error.message() == b"\x02\x00"


def test_an_initiator_offers_again_what_the_responder_supports():
    """Better suites stay in the offer, so that a forged refusal is noticed (5.2.2)."""
    assert offer_suites((5, 6, 7, 8, 9), (6,)) == (5, 6)
    assert offer_suites((5, 6, 7, 8, 9), (9, 8)) == (5, 6, 7, 8)
    assert offer_suites((0,), (0, 2)) == (0,)
    assert offer_suites((0, 2), (3,)) == ()
    suites = offer_suites((6, 0), (0,))
    done = Handshake(phone(suites=suites), reader())
    assert done.message_1[:4] == b"\x03\x82\x06\x00"
    assert done.completed_i.oscore()[0] == done.completed_r.oscore()[0]


def test_connection_identifiers_have_one_encoding_each():
    """The table of RFC 9528 section 3.3.2; the empty one is allowed."""
    for identifier, encoded in (
        ("", "40"),
        ("21", "21"),
        ("0d", "0d"),
        ("17", "17"),
        ("37", "37"),
        ("18", "4118"),
        ("1f", "411f"),
        ("38", "4138"),
        ("ff", "41ff"),
        ("abcd", "42abcd"),
        ("00112233445566", "4700112233445566"),
    ):
        identifier, encoded = unhex(identifier), unhex(encoded)
        assert encode_identifier(identifier) == encoded
        assert split_identifier(encoded + b"\x58") == (identifier, b"\x58")
        waiting, message_1 = phone().prepare_message_1(*ephemeral("x"), identifier)
        received = reader().process_message_1(message_1)
        assert received.c_i == identifier
        _, message_2 = received.prepare_message_2(*ephemeral("y"), b"\x00")
        assert waiting.parse_message_2(message_2).c_r == b"\x00"
    for wrong in ("", "410d", "4121", "1818", "f5", "48" + 8 * "00", "42ab", "60"):
        raises(MALFORMED, split_identifier, unhex(wrong))


def test_message_2_and_its_plaintext_must_be_exactly_what_the_rfc_says():
    """Nothing authenticates PLAINTEXT_2 before it was read, so any bytes may come (5.3.2)."""
    done = Handshake(phone(), reader())
    waiting = done.wait_2
    _, g_y = ephemeral("y")
    for wrong, text in (
        (b"", "its only element is no byte string"),
        (b"\x00", "its only element is no byte string"),
        (b"\x02\x00", "its only element is no byte string"),
        (b"\x81\x58\x22" + bytes(34), "its only element is no byte string"),
        (b"\x58\x20" + g_y, "too short"),
        (b"\x58\x21" + g_y, "no deterministic CBOR"),
        (b"\x58\x21" + g_y + b"\0\0", "too many elements"),
        (b"\x59\x00\x21" + g_y + b"\0", "no deterministic CBOR"),
        (b"\x59\x04\x00" + g_y + bytes(992), "too long"),
    ):
        error = raises(MALFORMED, waiting.parse_message_2, wrong)
        assert str(error) == "message_2: " + text, (wrong, str(error))
    mac = "48" + 8 * "00"
    for wrong, text in (
        ("27", "ID_CRED is no byte string"),
        ("4127 32" + mac, "C_R is a byte string where an integer must be"),
        ("1818 32" + mac, "C_R is an integer beyond -24..23"),
        ("f5 32" + mac, "C_R is no byte string"),
        ("48" + 8 * "ff" + "32" + mac, "C_R is too long"),
        ("27 4132" + mac, "ID_CRED is a byte string where an integer must be"),
        ("27 a1044132" + mac, "ID_CRED is a map where a kid alone must be"),
        ("27 a10442abcd" + mac, "ID_CRED is a map where a kid alone must be"),
        ("27 1832" + mac, "ID_CRED is an integer beyond -24..23"),
        ("27 5821" + 33 * "aa" + mac, "ID_CRED is too long"),
        ("27 6132" + mac, "ID_CRED is no byte string"),
        ("27 32", "Signature_or_MAC is no byte string"),
        ("27 32 00", "Signature_or_MAC is no byte string"),
        ("27 32 47" + 7 * "00", "Signature_or_MAC has the wrong length"),
        ("27 32 49" + 9 * "00", "Signature_or_MAC has the wrong length"),
        ("27 32" + mac + "f6", "ead_label is no integer"),
    ):
        forged = done.forged_message_2(unhex(wrong))
        error = raises(MALFORMED, waiting.parse_message_2, forged)
        assert str(error) == "PLAINTEXT_2: " + text, (wrong, str(error))
    assert waiting.parse_message_2(done.forged_message_2(unhex("27 32" + mac))).c_r == C_R


def test_both_sides_must_choose_different_identifiers():
    """Equal ones would be equal OSCORE identifiers, and then nonces meet (3.3.3)."""
    done = Handshake(phone(), reader())
    forged = done.forged_message_2(C_I + b"\x32\x48" + bytes(8))
    assert str(raises(MALFORMED, done.wait_2.parse_message_2, forged)) == "C_R equals C_I"


def test_message_3_and_its_plaintext_must_be_exactly_what_the_rfc_says():
    """Only a key that took part can encrypt one, but it may belong to anybody (5.4.3)."""
    done = Handshake(phone(), reader())
    for wrong, text in (
        (b"", "its only element is no byte string"),
        (done.message_3 + b"\0", "too many elements"),
        (b"\x58\x12" + done.message_3[1:], "no deterministic CBOR"),
        (b"\x81" + done.message_3, "its only element is no byte string"),
        (b"\x59\x04\x00" + bytes(1024), "too long"),
    ):
        error = raises(MALFORMED, done.wait_3.parse_message_3, wrong)
        assert str(error) == "message_3: " + text, (wrong, str(error))
    for length in range(9):
        raises(UNVERIFIED, done.wait_3.parse_message_3, cbor.encode(bytes(length)))
    mac = "48" + 8 * "00"
    for wrong, text in (
        ("", "ID_CRED is no byte string"),
        ("412b" + mac, "ID_CRED is a byte string where an integer must be"),
        ("a104412b" + mac, "ID_CRED is a map where a kid alone must be"),
        ("2b 40", "Signature_or_MAC has the wrong length"),
        ("2b" + mac + mac, "ead_label is no integer"),
    ):
        forged = done.forged_message_3(unhex(wrong))
        error = raises(MALFORMED, done.wait_3.parse_message_3, forged)
        assert str(error) == "PLAINTEXT_3: " + text, (wrong, str(error))
    zeros = done.forged_message_3(unhex("2b" + mac))
    received = done.wait_3.parse_message_3(zeros)
    raises(UNVERIFIED, received.verify, believed(received.id_cred_i))


def test_message_4_must_be_one_authentic_byte_string():
    """Refused ones leave the session as it was."""
    done = Handshake(phone(), reader())
    message_4 = done.completed_r.prepare_message_4()
    for wrong in (b"", b"\x40", message_4 + b"\0", b"\x58\x08" + message_4[1:]):
        raises(EDHOCError, done.completed_i.process_message_4, wrong)
    assert done.completed_i.process_message_4(message_4) == []


def test_keys_that_give_no_secret_are_refused():
    """An all-zero X25519 result would be a secret everybody knows (9.2)."""
    zero = bytes(32)
    received = reader().process_message_1(unhex("03 00 5820") + zero + b"\x0e")
    raises(UNVERIFIED, received.prepare_message_2, *ephemeral("y"), C_R)
    waiting, _ = phone().prepare_message_1(*ephemeral("x"), C_I)
    message_2 = cbor.encode(zero + bytes(11))
    error = raises(UNVERIFIED, waiting.parse_message_2, message_2)
    assert str(error) == "public key refused"
