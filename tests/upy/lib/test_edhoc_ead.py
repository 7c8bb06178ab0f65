"""External authorization data and padding: what is handed on, ignored and refused."""

INTERPRETERS = ("micropython", "cpython")

import cbor
from edhoc import MALFORMED, EDHOCError
from edhoc_sides import C_I, Handshake, believed, ephemeral, phone, reader
from harness import raises, unhex

_MESSAGE_1 = "03 00 5820" + "11" * 32 + "0e"
_MAC = "48" + 8 * "00"


def test_each_message_carries_its_own_items():
    """All four fields, with every kind of item; both sides know the labels."""
    labels = {"ead_labels": (1, 24, 256, 65535)}
    fields = (
        [(1, True, b"one")],
        [(1, False, None), (1, True, b"")],
        [(24, True, bytes(300)), (256, False, b"\0" * 24), (65535, True, None)],
        [(65535, False, b"four")],
    )
    for form in ("kid", "kcwt"):
        done = Handshake(phone(form, **labels), reader(form, **labels), *fields[:3])
        message_4 = done.completed_r.prepare_message_4(fields[3])
        assert done.received_1.ead_1 == fields[0]
        assert done.received_2.ead_2 == fields[1]
        assert done.received_3.ead_3 == fields[2]
        assert done.completed_i.process_message_4(message_4) == fields[3]
        assert done.completed_i.oscore()[0] == done.completed_r.oscore()[0]


def test_items_are_part_of_what_is_agreed():
    """A handshake that carried something else has other keys."""
    labels = {"ead_labels": (1,)}
    secrets = set()
    for position in range(3):
        for item in ((1, False, b"a"), (1, False, b"b"), (1, True, b"a")):
            fields = [[item] if index == position else [] for index in range(3)]
            done = Handshake(phone(**labels), reader(**labels), *fields)
            secrets.add(done.completed_r.oscore()[0])
    assert len(secrets) == 9


def test_padding_hides_lengths_and_is_never_handed_on():
    """Label 0, in all three forms of RFC 9528 section 3.8.1."""
    for padding, added in (
        ([(0, False, None)], 1),
        ([(0, False, b"")], 2),
        ([(0, False, b"\xe9")], 3),
        ([(0, False, bytes(20)), (0, False, None)], 23),
    ):
        plain = Handshake(phone(), reader())
        done = Handshake(phone(), reader(), padding, padding, padding)
        assert len(done.message_1) == len(plain.message_1) + added
        assert len(done.message_2) == len(plain.message_2) + added
        assert done.received_1.ead_1 == done.received_2.ead_2 == done.received_3.ead_3 == []
        message_4 = done.completed_r.prepare_message_4(padding)
        assert done.completed_i.process_message_4(message_4) == []
        labelled = phone(ead_labels=(0,)), reader(ead_labels=(0,))
        assert Handshake(*labelled, ead_3=padding).received_3.ead_3 == []


def test_an_item_nobody_here_knows_is_ignored_unless_it_is_critical():
    """The sender says with the sign of the label whether its message is worth anything without
    the item; a critical one ends the session in each of the four messages."""
    optional, critical = [(9, False, b"x"), (1, False, b"y")], [(1, False, b"y"), (9, True, b"x")]
    labels = {"ead_labels": (1,)}
    done = Handshake(phone(**labels), reader(**labels), optional, optional, optional)
    known = [(1, False, b"y")]
    assert done.received_1.ead_1 == done.received_2.ead_2 == done.received_3.ead_3 == known
    message_4 = done.completed_r.prepare_message_4(optional)
    assert done.completed_i.process_message_4(message_4) == known

    _, message_1 = phone().prepare_message_1(*ephemeral("x"), C_I, critical)
    _, message_2 = done.received_1.prepare_message_2(*ephemeral("y"), b"\x00", critical)
    _, message_3 = done.verified_2.prepare_message_3(critical)
    message_4 = done.completed_r.prepare_message_4(critical)
    for step, message in (
        (done.responder.process_message_1, message_1),
        (done.wait_2.parse_message_2, message_2),
        (done.wait_3.parse_message_3, message_3),
        (done.completed_i.process_message_4, message_4),
    ):
        error = raises(EDHOCError, step, message)
        assert str(error) == "critical EAD item not supported"
        assert error.message() == cbor.encode_sequence(1, str(error))


def test_hostile_fields_are_refused_by_count_size_and_type():
    """EAD_1 comes from anybody: it must not make a reader allocate or guess."""
    done = Handshake(phone(), reader())
    for field, text in (
        (9 * "00", "too many EAD items"),
        ("00 59 01fe" + 510 * "00", "EAD is too long"),
        ("1a 00010000", "ead_label out of range"),
        ("3a 00010000", "ead_label out of range"),
        ("1b ffffffffffffffff", "ead_label out of range"),
        ("c2 49 010000000000000000", "ead_label is no integer"),
        ("f4", "ead_label is no integer"),
        ("6161", "ead_label is no integer"),
        ("40", "ead_label is no integer"),
        ("00 4100 40", "ead_label is no integer"),
        ("01 6161", "ead_label is no integer"),
        ("1801 40", "no deterministic CBOR"),
        ("01 5801ff", "no deterministic CBOR"),
        ("01 5f40ff", "no deterministic CBOR"),
        ("01 42ff", "no deterministic CBOR"),
        ("18", "no deterministic CBOR"),
    ):
        messages = (
            (done.responder.process_message_1, unhex(_MESSAGE_1 + field), "message_1"),
            (
                done.wait_2.parse_message_2,
                done.forged_message_2(unhex("2732" + _MAC + field)),
                "PLAINTEXT_2",
            ),
            (
                done.wait_3.parse_message_3,
                done.forged_message_3(unhex("2b" + _MAC + field)),
                "PLAINTEXT_3",
            ),
        )
        for step, message, name in messages:
            error = raises(MALFORMED, step, message)
            assert str(error) == name + ": " + text, (name, field, str(error))


def test_fields_up_to_the_limit_are_accepted():
    """The limits refuse nothing that is allowed: 8 items, 512 bytes, label 65535."""
    done = Handshake(phone(), reader(ead_labels=(65535,)), 8 * [(0, False, None)])
    assert done.received_1.ead_1 == []
    received = reader().process_message_1(unhex(_MESSAGE_1 + "00 5901fc" + 508 * "00"))
    assert received.ead_1 == []
    received = done.responder.process_message_1(unhex(_MESSAGE_1 + "39fffe"))
    assert received.ead_1 == [(65535, True, None)]


def test_our_own_mistakes_are_value_errors():
    """What may not be sent is never sent; no peer is to blame."""
    prepare = Handshake(phone(), reader()).verified_2.prepare_message_3
    for items in (
        [(0, True, None)],
        [(-1, False, None)],
        [(65536, False, None)],
        9 * [(1, False, None)],
        [(1, False, bytes(510))],
    ):
        assert not isinstance(raises(ValueError, prepare, items), EDHOCError)


def test_an_item_taken_off_or_added_on_the_way_is_noticed():
    """EAD_2 is not authenticated by its encryption, but by MAC_2."""
    done = Handshake(phone(), reader(), ead_2=[(0, False, b"pad")])
    mac_2 = done.received_2._proof
    stripped = done.forged_message_2(b"\x27\x32\x48" + mac_2)
    received = done.wait_2.parse_message_2(stripped)
    raises(EDHOCError, received.verify, believed(received.id_cred_r))
