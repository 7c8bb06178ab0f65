"""Random input for every door of lib/edhoc: what is refused is an EDHOCError, and nothing else."""

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

import cbor
from edhoc import EDHOCError, from_kccs, from_kcwt, message, parse_error, split_identifier
from edhoc_sides import (
    PROFILES,
    Handshake,
    cose_key,
    credential,
    ephemeral,
    phone,
    reader,
    token,
    verified_2,
    verified_3,
)


class Doors:
    """Every way into a handshake of one suite and method, with the genuine messages."""

    def __init__(self, suite, method):
        self.profile = suite, method
        self.name = f"suite{suite}-method{method}"
        self.done = Handshake(phone("kcwt", (suite,), method), reader("kcwt", suite, method))
        self.ephemeral = ephemeral("y", suite)

    def receive_message_1(self, data):
        """As a Responder that answers, and an Initiator that gets the answer."""
        received = self.done.responder.process_message_1(data)
        _, message_2 = received.prepare_message_2(*self.ephemeral, b"\x01\x02")
        self.verify_message_2(message_2)

    def verify_message_2(self, data):
        """As an Initiator that believes any credential."""
        verified_2(self.done.wait_2, data, *self.profile)

    def verify_plaintext_2(self, data):
        """From a Responder that encrypts anything."""
        self.verify_message_2(self.done.forged_message_2(data))

    def verify_message_3(self, data):
        """As a Responder that believes any credential."""
        verified_3(self.done.wait_3, data, *self.profile)

    def verify_plaintext_3(self, data):
        """From an Initiator that encrypts anything."""
        self.verify_message_3(self.done.forged_message_3(data))

    def process_message_4(self, data):
        """As an Initiator that wants to be sure."""
        self.done.completed_i.process_message_4(data)

    def use_kccs(self, data):
        """A claims set that a peer sent."""
        self.done.received_3.verify(from_kccs(data, True))

    def use_kcwt(self, data):
        """A token that a peer sent."""
        self.done.received_3.verify(from_kcwt(data, True))


ALL = [Doors(*profile) for profile in PROFILES]
DOORS = [
    pytest.param(getattr(doors, name), id=f"{name}-{doors.name}")
    for doors in ALL
    for name in (
        "receive_message_1",
        "verify_message_2",
        "verify_plaintext_2",
        "verify_message_3",
        "verify_plaintext_3",
        "process_message_4",
        "use_kccs",
        "use_kcwt",
    )
]
TOKENS = [token("phone", None, *profile) for profile in PROFILES]
# A CWT may have its own tag in front, and is the same credential then (RFC 8392 section 6).
GENUINE = TOKENS + [b"\xd8\x3d" + genuine for genuine in TOKENS]

keys = st.integers(-4, 14)
leaves = st.one_of(
    st.integers(-(2**65), 2**65),
    st.binary(max_size=40),
    st.text(max_size=10),
    st.booleans(),
    st.none(),
    st.floats(),
    st.just(bytes(32)),
    st.just(bytes(8)),
    st.sampled_from(TOKENS).map(cbor.Raw),
    st.just(cose_key("phone", None, 2)),
)
items = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(keys | st.text(max_size=2), inner, max_size=4),
        st.dictionaries(keys | st.binary(max_size=2), inner, max_size=4),
        st.builds(cbor.Tag, st.sampled_from([2, 17, 18, 61]), inner),
    ),
    max_leaves=8,
)


def refuse(door, data):
    with pytest.raises(EDHOCError):
        door(data)


@pytest.mark.parametrize("door", DOORS)
@given(data=st.binary(max_size=300))
@example(data=b"")
def test_random_bytes_open_no_door(door, data):
    """Not one of them is a key anybody has."""
    refuse(door, data)


@pytest.mark.parametrize("door", DOORS)
@given(values=st.lists(items, max_size=6))
@example(values=[cbor.Tag(61, cbor.Raw(TOKENS[0]))])
def test_random_sequences_open_no_door(door, values):
    """Well-formed CBOR gets further, to where types and lengths are looked at."""
    data = cbor.encode_sequence(*values)
    assume(data not in GENUINE)  # alone it is what the door is for
    refuse(door, data)


@pytest.mark.parametrize("doors", ALL, ids=lambda doors: doors.name)
@pytest.mark.parametrize("name", ["message_1", "plaintext_2", "plaintext_3", "kccs", "kcwt"])
@given(data=st.data())
def test_a_genuine_message_with_a_piece_replaced_opens_no_door(doors, name, data):
    """The deepest way in: right up to one place, and then anything."""
    door, genuine = {
        "message_1": (doors.receive_message_1, doors.done.message_1),
        "plaintext_2": (doors.verify_plaintext_2, doors.done.received_2._plaintext_2),
        "plaintext_3": (doors.verify_plaintext_3, doors.done.received_3._plaintext_3),
        "kccs": (doors.use_kccs, credential("phone", "kccs", *doors.profile).raw),
        "kcwt": (doors.use_kcwt, token("phone", None, *doors.profile)),
    }[name]
    start = data.draw(st.integers(0, len(genuine)))
    end = data.draw(st.integers(start, len(genuine)))
    piece = data.draw(st.one_of(st.binary(max_size=20), items.map(cbor.encode)))
    mutant = genuine[:start] + piece + genuine[end:]
    if name in ("kcwt", "kccs"):
        # Two readings of one credential cannot be told apart here, but never another error.
        try:
            door(mutant)
        except EDHOCError:
            pass
    elif mutant != genuine:
        refuse(door, mutant)


@given(data=st.one_of(st.binary(max_size=60), st.lists(items, max_size=3)))
def test_errors_and_identifiers_are_read_or_refused(data):
    """These have no authentication to fail, so some are accepted."""
    if isinstance(data, list):
        data = cbor.encode_sequence(*data)
    for read in (parse_error, split_identifier):
        try:
            read(data)
        except EDHOCError:
            pass


@given(
    method=st.integers(-5, 5),
    suites=st.lists(st.integers(-30, 30), min_size=1, max_size=16),
    g_x=st.binary(max_size=70),
    c_i=st.binary(max_size=7),
    value=st.none() | st.binary(max_size=400),
)
def test_what_is_accepted_has_one_encoding(method, suites, g_x, c_i, value):
    """A message_1 is read back as what it was made of, whatever that was."""
    ead_1 = b"\x05" + (b"" if value is None else cbor.encode(value))
    encoded = message.encode_message_1(method, suites, g_x, c_i, ead_1)
    fields = (method, tuple(suites), g_x, c_i, [(5, False, value)])
    assert message.decode_message_1(encoded) == fields
