"""A whole handshake: what both sides agree on, what each learns, and in which order."""

INTERPRETERS = ("micropython", "cpython")

import crypto
from edhoc import (
    KCCS,
    KCWT,
    KID,
    METHOD_STAT_STAT,
    UNVERIFIED,
    Completed,
    EDHOCError,
    Identity,
    Initiator,
    Responder,
    from_kccs,
)
from edhoc_sides import (
    C_I,
    C_R,
    FORMS,
    KIDS,
    PROFILES,
    Handshake,
    believed,
    ccs,
    credential,
    ephemeral,
    identity,
    phone,
    private,
    reader,
    token,
    verified_3,
)
from harness import raises


def test_both_sides_agree_for_every_form_of_credential():
    """By reference or by value, CCS or CWT, in each direction: one secret, one name for each."""
    kinds = {"kid": KID, "kccs": KCCS, "kcwt": KCWT}
    secrets = set()
    for form_i in FORMS:
        for form_r in FORMS:
            done = Handshake(phone(form_i), reader(form_r))
            assert done.received_2.id_cred_r.kind == kinds[form_r]
            assert done.received_3.id_cred_i.kind == kinds[form_i]
            secret_i, salt_i, *ids_i = done.completed_i.oscore()
            secret_r, salt_r, *ids_r = done.completed_r.oscore()
            assert (secret_i, salt_i) == (secret_r, salt_r)
            assert (len(secret_i), len(salt_i)) == (16, 8)
            assert ids_i == [C_R, C_I] and ids_r == [C_I, C_R]
            secrets.add(secret_i)
    # The credentials are part of what is agreed: none of the nine may be taken for another.
    assert len(secrets) == 9


def test_the_peer_s_credential_arrives_as_it_was_sent():
    """CRED_x enters the transcript byte for byte; re-encoding a token would break it."""
    done = Handshake(phone("kcwt"), reader("kccs"))
    assert done.received_3.id_cred_i.raw == token("phone")
    assert done.received_2.id_cred_r.raw == ccs("reader", KIDS["reader"])
    assert done.received_3.id_cred_i.kid is None
    done = Handshake(phone("kid"), reader("kid"))
    assert done.received_3.id_cred_i.kid == KIDS["phone"]
    assert done.received_3.id_cred_i.raw is None


def test_message_sizes():
    """What a radio pays for; a field that grows unnoticed shows here."""
    sizes = {}
    for form in FORMS:
        done = Handshake(phone(form), reader(form))
        message_4 = done.completed_r.prepare_message_4()
        messages = (done.message_1, done.message_2, done.message_3, message_4)
        sizes[form] = [len(message) for message in messages]
    assert len(token("phone")) == len(token("reader")) == 180
    assert sizes["kid"] == [37, 45, 19, 9]
    assert sizes["kcwt"] == [37, 226, 201, 9]


def test_message_1_tells_method_suite_and_connection():
    """What the Responder may use before anything is proven."""
    received = Handshake(phone(), reader()).received_1
    assert (received.method, received.suite, received.c_i) == (METHOD_STAT_STAT, 0, C_I)


def test_message_4_confirms_the_keys():
    """It is accepted by the Initiator of the same handshake and by no other."""
    done = Handshake(phone(), reader())
    other = Handshake(phone("kccs"), reader())
    message_4 = done.completed_r.prepare_message_4()
    assert done.completed_i.process_message_4(message_4) == []
    raises(UNVERIFIED, other.completed_i.process_message_4, message_4)


def test_exported_keys_depend_on_label_context_and_length():
    """An application's keys must not be one another's prefix."""
    done = Handshake(phone(), reader())
    i, r = done.completed_i, done.completed_r
    keys = [
        i.exporter(32768, b"", 16),
        i.exporter(32769, b"", 16),
        i.exporter(32768, b"door", 16),
        i.exporter(32768, b"", 17)[:16],
    ]
    assert len(set(keys)) == 4
    assert keys[2] == r.exporter(32768, b"door", 16)


def test_key_update_moves_both_sides_to_the_same_new_keys():
    """The old ones stay as they were: the state is a value. Message_4 is not carried over."""
    done = Handshake(phone(), reader())
    before = done.completed_i.oscore()
    updated_i = done.completed_i.key_update(b"1")
    updated_r = done.completed_r.key_update(b"1")
    assert type(updated_i) is type(updated_r) is Completed
    assert updated_i.oscore()[:2] == updated_r.oscore()[:2] != before[:2]
    assert updated_i.oscore()[2:] == before[2:]
    assert updated_r.oscore()[2:] == (C_I, C_R)
    assert updated_i.key_update(b"2").oscore() != updated_i.key_update(b"3").oscore()
    assert done.completed_i.oscore() == before
    assert not hasattr(updated_r, "prepare_message_4")


def test_a_step_repeats_itself_and_a_refusal_leaves_nothing_behind():
    """A lost answer is sent again unchanged, and a stranger's message costs the state nothing."""
    done = Handshake(phone("kcwt"), reader("kcwt"))
    for _ in range(2):
        again, message_2 = done.received_1.prepare_message_2(*ephemeral("y"), C_R)
        assert message_2 == done.message_2
        completed, message_3 = done.verified_2.prepare_message_3()
        assert message_3 == done.message_3
        for wrong in (b"", b"\x40", done.message_1, done.message_2 + b"\0"):
            raises(EDHOCError, done.wait_2.parse_message_2, wrong)
            raises(EDHOCError, again.parse_message_3, wrong)
        raises(UNVERIFIED, done.received_2.verify, credential("phone", "kid"))
        raises(UNVERIFIED, done.received_3.verify, credential("reader", "kid"))
        responder = verified_3(again, done.message_3)
        assert responder.oscore()[:2] == completed.oscore()[:2] == done.completed_r.oscore()[:2]


def test_messages_are_read_from_any_buffer():
    """A link hands over slices of its receive buffer."""
    done = Handshake(phone(), reader())
    buffer = bytearray(b"\0" + done.message_1)
    received = done.responder.process_message_1(memoryview(buffer)[1:])
    waiting, message_2 = received.prepare_message_2(*ephemeral("y"), C_R)
    for index in range(len(buffer)):
        buffer[index] = 0
    assert message_2 == done.message_2
    assert done.wait_2.parse_message_2(bytearray(message_2)).c_r == C_R
    assert waiting.parse_message_3(memoryview(done.message_3)).id_cred_i.kid == KIDS["phone"]


def test_strangers_cost_no_public_key_operation_before_the_aead():
    """Reading message_1 and refusing a forged message_3 is cheap; three operations in all."""
    done = Handshake(phone(), reader())
    ephemeral_y, believed_phone = ephemeral("y"), credential("phone", "kid")
    before = crypto.public_key_operations()
    received = done.responder.process_message_1(done.message_1)
    forged = done.message_3[:-1] + bytes([done.message_3[-1] ^ 1])
    raises(UNVERIFIED, done.wait_3.parse_message_3, forged)
    assert crypto.public_key_operations() == before
    waiting, _ = received.prepare_message_2(*ephemeral_y, C_R)
    assert crypto.public_key_operations() == before + 2
    received = waiting.parse_message_3(done.message_3)
    received.verify(believed_phone)
    assert crypto.public_key_operations() == before + 3


def test_only_the_holder_of_the_key_is_believed():
    """The right name and the right credential, but not its private key."""
    thief = Initiator(Identity(0, private("thief"), credential("phone", "kid")), (0,))
    waiting, message_1 = thief.prepare_message_1(*ephemeral("x"), C_I)
    wait_3, message_2 = (
        reader().process_message_1(message_1).prepare_message_2(*ephemeral("y"), C_R)
    )
    verified = waiting.parse_message_2(message_2).verify(credential("reader", "kid"))
    _, message_3 = verified.prepare_message_3()
    received = wait_3.parse_message_3(message_3)
    raises(UNVERIFIED, received.verify, believed(received.id_cred_i))

    impostor = Responder([Identity(0, private("thief"), credential("reader", "kcwt"))])
    _, message_2 = impostor.process_message_1(message_1).prepare_message_2(*ephemeral("y"), C_R)
    received = waiting.parse_message_2(message_2)
    raises(UNVERIFIED, received.verify, believed(received.id_cred_r))


def test_a_credential_with_the_same_key_but_other_claims_is_not_believed():
    """Two credentials of one key may allow different things; which one it was is agreed too."""
    done = Handshake(phone(), reader())
    renamed = from_kccs(ccs("phone", KIDS["phone"]).replace(b"ephone", b"eadmin"), False)
    assert renamed.key.x == credential("phone", "kid").key.x
    raises(UNVERIFIED, done.received_3.verify, renamed)


def test_nobody_talks_to_itself():
    """A reflected handshake would prove our own key to us, and that anyone is there (9.2)."""
    waiting, message_1 = phone("kcwt").prepare_message_1(*ephemeral("x"), C_I)
    mirror = Responder([identity("phone", "kcwt")])
    wait_3, message_2 = mirror.process_message_1(message_1).prepare_message_2(*ephemeral("y"), C_R)
    received = waiting.parse_message_2(message_2)
    error = raises(UNVERIFIED, received.verify, believed(received.id_cred_r))
    assert str(error) == "peer uses the credential of this side"

    done = Handshake(phone("kcwt"), reader())
    raises(UNVERIFIED, done.received_3.verify, credential("reader", "kccs"))


def test_our_own_mistakes_are_value_errors():
    """What this side asks for and cannot have is a bug here, found before anything is sent."""
    key, own = private("phone"), credential("phone", "kid")
    for suite, methods in ((1, (3,)), (3, (3,)), (0, (1,)), (0, (2,)), (0, (4,)), (0, ())):
        _is_ours(Identity, suite, key, own, methods)
    _is_ours(Identity, 0, key[:31], own)
    for suite, method in PROFILES:
        fitting = {(suite, method), (2, 0), (2, 3)} if suite == 2 else {(suite, method)}
        for other in PROFILES:
            if other not in fitting:
                wrong = credential("phone", "kid", *other)
                error = raises(ValueError, Identity, suite, key, wrong, (method,))
                assert str(error) == "credential key does not fit the cipher suite"
    # Only a P-256 key could do both, and it must not.
    _is_ours(Identity, 2, key, credential("phone", "kid", 2), (0, 3))
    for wrong in (((0, 2),), ((0,), 0)):
        _is_ours(Initiator, identity("phone"), *wrong)
    _is_ours(Responder, [identity("phone"), identity("reader")])
    x, g_x = ephemeral("x")
    prepare = Handshake(phone(), reader()).received_1.prepare_message_2
    for arguments in ((x, g_x, C_I), (x, g_x, bytes(8)), (x[:31], g_x, C_R), (x, g_x[:31], C_R)):
        _is_ours(prepare, *arguments)
    for arguments in ((x, g_x, bytes(8)), (x + b"\0", g_x, C_I), (x, g_x + b"\0", C_I)):
        _is_ours(phone().prepare_message_1, *arguments)


def _is_ours(function, *arguments, **options):
    assert type(raises(ValueError, function, *arguments, **options)) is ValueError
