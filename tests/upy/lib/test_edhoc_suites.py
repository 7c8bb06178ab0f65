"""Both cipher suites and both methods: what they agree on, how a suite is negotiated, and that no
one in between can choose a weaker one.
"""

INTERPRETERS = ("micropython", "cpython")

import cbor
import crypto
from edhoc import (
    METHOD_SIGN_SIGN,
    METHOD_STAT_STAT,
    UNVERIFIED,
    WRONG_SUITE,
    EDHOCError,
    Initiator,
    Responder,
    offer_suites,
    parse_error,
)
from edhoc_sides import (
    C_I,
    C_R,
    FORMS,
    PROFILES,
    Handshake,
    ephemeral,
    identity,
    phone,
    reader,
    verified_2,
    verified_3,
)
from harness import raises

_G_X = b"\x58\x20" + 32 * b"\x11"


def _with_all(*profiles):
    """A reader with an identity for each of these, or for everything."""
    return Responder([identity("reader", "kid", *one) for one in profiles or PROFILES])


def test_both_sides_agree_in_every_suite_method_and_form():
    """One secret for both, another one each time: all of this is part of what is agreed."""
    secrets = set()
    for suite, method in PROFILES:
        for form in FORMS:
            other = FORMS[(FORMS.index(form) + 1) % 3]
            done = Handshake(phone(form, (suite,), method), reader(other, suite, method))
            assert (done.received_1.suite, done.received_1.method) == (suite, method)
            oscore_i, oscore_r = done.completed_i.oscore(), done.completed_r.oscore()
            assert oscore_i == oscore_r[:2] + (C_R, C_I)
            secrets.add(oscore_i[0])
            message_4 = done.completed_r.prepare_message_4()
            assert done.completed_i.process_message_4(message_4) == []
    assert len(secrets) == 12


def test_message_sizes_of_each():
    """What a radio pays for. A signature is 56 bytes longer than a MAC, a point than u 32 (its
    second coordinate and two heads, in the token); G_X is as long in both suites.
    """
    sizes = {}
    for suite, method in PROFILES:
        for form in ("kid", "kcwt"):
            done = Handshake(phone(form, (suite,), method), reader(form, suite, method))
            messages = done.message_1, done.message_2, done.message_3
            sizes[suite, method, form] = [len(message) for message in messages]
    assert sizes == {
        (0, 3, "kid"): [37, 45, 19],
        (2, 3, "kid"): [37, 45, 19],
        (0, 0, "kid"): [37, 102, 77],
        (2, 0, "kid"): [37, 102, 77],
        (0, 3, "kcwt"): [37, 226, 201],
        (2, 3, "kcwt"): [37, 262, 236],
        (0, 0, "kcwt"): [37, 284, 259],
        (2, 0, "kcwt"): [37, 319, 294],
    }


def test_public_key_operations_of_each():
    """As many in every profile: two for message_2 and three in all at the Responder, three at the
    Initiator; and none before message_3 is found to be from whoever sent message_1.
    """
    for suite, method in PROFILES:
        done = Handshake(phone("kcwt", (suite,), method), reader("kcwt", suite, method))
        credential_i = done.believed(done.received_3.id_cred_i)
        credential_r = done.believed(done.received_2.id_cred_r)
        pair = ephemeral("y", suite)
        forged = done.message_3[:-1] + bytes([done.message_3[-1] ^ 1])

        before = crypto.public_key_operations()
        received = done.responder.process_message_1(done.message_1)
        raises(UNVERIFIED, done.wait_3.parse_message_3, forged)
        assert crypto.public_key_operations() == before
        waiting, _ = received.prepare_message_2(*pair, C_R)
        assert crypto.public_key_operations() == before + 2
        received = done.wait_3.parse_message_3(done.message_3)
        assert crypto.public_key_operations() == before + 2
        received.verify(credential_i)
        assert crypto.public_key_operations() == before + 3

        received = done.wait_2.parse_message_2(done.message_2)
        assert crypto.public_key_operations() == before + 4
        verified = received.verify(credential_r)
        assert crypto.public_key_operations() == before + 5
        verified.prepare_message_3()
        assert crypto.public_key_operations() == before + 6


def test_a_responder_answers_with_the_key_of_the_suite_and_method_asked_for():
    """Its identities share nothing, and their order does not choose: the Initiator does."""
    for profiles in (PROFILES, tuple(reversed(PROFILES))):
        responder = _with_all(*profiles)
        for suite, method in PROFILES:
            done = Handshake(phone("kid", (suite,), method), responder)
            alone = Handshake(phone("kid", (suite,), method), reader("kid", suite, method))
            assert done.message_2 == alone.message_2
            assert done.message_3 == alone.message_3


def _suites_r(responder, method, suites_i):
    """ERR_INFO of the error 2 that this gives, as it is encoded."""
    message_1 = cbor.encode_sequence(method, suites_i) + _G_X + C_I
    error = raises(WRONG_SUITE, responder.process_message_1, message_1)
    assert parse_error(error.message()) == (2, error.suites_r)
    return cbor.decode_sequence(error.message())[1]


def test_a_suite_that_is_not_there_is_refused_with_those_that_are():
    """One as an integer, several in an array (RFC 9528 section 6.3)."""
    assert _suites_r(_with_all((0, 3)), 3, 2) == 0
    assert _suites_r(_with_all((2, 3)), 3, 0) == 2
    both = _with_all((0, 3), (2, 3))
    for suites_i in (6, 1, 3, -21, 24, [6, 24], [1, 3, 5]):
        assert _suites_r(both, 3, suites_i) == [0, 2]
    assert _suites_r(_with_all((2, 3), (0, 3)), 3, 6) == [2, 0]


def test_a_better_suite_of_the_initiator_must_have_been_selected():
    """Every SUITES_I of up to three: what is selected, the last, must be the first that is known
    here; else either the Initiator did not know us or someone dropped what it preferred.
    """
    both = _with_all((0, 3), (2, 3))
    accepted = 0
    labels = (0, 2, 6)
    offers = [[a, b] for a in labels for b in labels]
    offers += [[a, b, c] for a in labels for b in labels for c in labels]
    for suites_i in offers:
        known = [label for label in suites_i if label != 6]
        if known and known[0] == suites_i[-1]:
            message_1 = cbor.encode_sequence(3, suites_i) + _G_X + C_I
            assert both.process_message_1(message_1).suite == suites_i[-1]
            accepted += 1
        else:
            assert _suites_r(both, 3, suites_i) == [0, 2]
    assert accepted == 4 + 10


def test_only_suites_for_the_method_asked_for_count():
    """A key for signatures is no help to who does static Diffie-Hellman, and the reverse."""
    responder = _with_all((0, METHOD_STAT_STAT), (2, METHOD_STAT_STAT), (2, METHOD_SIGN_SIGN))
    assert _suites_r(responder, METHOD_SIGN_SIGN, 0) == 2
    assert _suites_r(responder, METHOD_STAT_STAT, [2, 0]) == [0, 2]
    # With signatures suite 0 is not there, so whoever prefers it gets on with suite 2.
    done = Handshake(phone("kid", (0, 2), METHOD_SIGN_SIGN), responder)
    assert done.received_1.suite == 2


def test_methods_that_are_not_there_are_refused_before_the_suite_is_looked_at():
    """There is no negotiation of methods: error 1, in words (RFC 9528 section 6.2)."""
    for method in (1, 2, 4, -1, 23):
        for suites_i in (0, 2, [6, 2], [2, 0]):
            message_1 = cbor.encode_sequence(method, suites_i) + _G_X + C_I
            error = raises(EDHOCError, _with_all().process_message_1, message_1)
            assert error.message() == b"\x01\x74method not supported"
    for method, other in ((0, 3), (3, 0)):
        message_1 = cbor.encode_sequence(method, 2) + _G_X + C_I
        error = raises(EDHOCError, _with_all((0, other), (2, other)).process_message_1, message_1)
        assert str(error) == "method not supported"


def _negotiate(preferred, responder, method):
    """(SUITES_I of each message_1, the handshake that came of it or None)."""
    sent, suites_i = [], tuple(preferred[:1])
    while suites_i:
        sent.append(suites_i)
        # Suite 6 is one that this phone has no key for, but it may be a first guess.
        message_1 = cbor.encode_sequence(method, suites_i[-1]) + _G_X + C_I
        try:
            if suites_i[-1] != 6:
                return sent, Handshake(phone("kid", suites_i, method), responder)
            responder.process_message_1(message_1)
        except EDHOCError as error:
            err_code, suites_r = parse_error(error.message())
            assert err_code == 2, error
            suites_i = offer_suites(preferred, suites_r, suites_i)
    return sent, None


def test_a_phone_and_a_reader_find_the_suite_both_have():
    """Whatever each supports and prefers: in two attempts, or not at all."""
    for method in (METHOD_STAT_STAT, METHOD_SIGN_SIGN):
        zero, two, both = ((0, method),), ((2, method),), ((0, method), (2, method))
        for preferred, profiles, attempts in (
            ((0,), zero, [(0,)]),
            ((2,), two, [(2,)]),
            ((0,), two, [(0,)]),
            ((2,), zero, [(2,)]),
            ((0, 2), both, [(0,)]),
            ((2, 0), both, [(2,)]),
            ((2, 0), zero, [(2,), (2, 0)]),
            ((0, 2), two, [(0,), (0, 2)]),
            ((6, 2, 0), zero, [(6,), (6, 2, 0)]),
            ((6, 2, 0), both, [(6,), (6, 2)]),
            ((6, 24), both, [(6,)]),
        ):
            sent, done = _negotiate(preferred, _with_all(*profiles), method)
            assert sent == attempts
            common = [label for label in preferred if (label, method) in profiles]
            if common:
                assert done.received_1.suite == common[0]
                assert done.completed_i.oscore()[0] == done.completed_r.oscore()[0]
            else:
                assert done is None


def test_a_forged_refusal_does_not_lead_to_the_suite_that_someone_else_prefers():
    """An error 2 is not authentic. The phone believes it for one more message_1, in which it still
    says what it preferred; the reader, which has that, refuses.
    """
    both = _with_all((0, 3), (2, 3))
    for preferred in ((0, 2), (2, 0)):
        better, worse = preferred
        suites_i = offer_suites(preferred, (worse,), (better,))
        assert suites_i == preferred
        _, message_1 = phone("kid", suites_i).prepare_message_1(*ephemeral("x", worse), C_I)
        error = raises(WRONG_SUITE, both.process_message_1, message_1)
        assert offer_suites(preferred, error.suites_r, suites_i) == (better,)
        # And who says over and over that another one is supported ends it: nothing loops.
        assert offer_suites(preferred, (worse,), suites_i) == ()


def test_a_changed_offer_is_found_when_message_2_is_verified():
    """Someone in between may make SUITES_I and METHOD what it likes; both sides then have another
    transcript, and the Initiator sees it before it has said who it is.
    """
    responder = _with_all()
    for suite, method in PROFILES:
        waiting, message_1 = phone("kid", (6, suite), method).prepare_message_1(
            *ephemeral("x", suite), C_I
        )
        assert message_1[:4] == bytes([method, 0x82, 6, suite])
        tail = message_1[4:]
        others = [cbor.encode_sequence(method, suite), cbor.encode_sequence(method, [24, suite])]
        others.append(cbor.encode_sequence(METHOD_STAT_STAT - method, [6, suite]))
        if method == METHOD_STAT_STAT:
            # G_X is 32 bytes in each suite, and here it is one that the other takes as well.
            others.append(cbor.encode_sequence(method, [6, 2 - suite]))
        answered = 0
        for other in others:
            received = responder.process_message_1(other + tail)
            try:
                _, message_2 = received.prepare_message_2(*ephemeral("y", received.suite), C_R)
            except EDHOCError as error:
                assert error.why == UNVERIFIED
                assert received.suite == 2 != suite  # half of all G_X are no point
                continue
            answered += 1
            raises(EDHOCError, verified_2, waiting, message_2, suite, method)
        assert answered >= 3
        received = responder.process_message_1(message_1)
        _, message_2 = received.prepare_message_2(*ephemeral("y", suite), C_R)
        verified_2(waiting, message_2, suite, method)


def test_a_message_is_not_taken_for_another_one():
    """Each state reads its own message and no other, of this handshake or any other."""
    handshakes = []
    for suite, method in PROFILES:
        handshakes.append(Handshake(phone("kcwt", (suite,), method), _with_all()))
    for done in handshakes:
        profile = done.suite, done.method
        for other in handshakes:
            message_4 = other.completed_r.prepare_message_4()
            for wrong in (other.message_2, other.message_3, message_4):
                raises(EDHOCError, done.responder.process_message_1, wrong)
            for wrong in (other.message_1, other.message_3, message_4):
                raises(EDHOCError, verified_2, done.wait_2, wrong, *profile)
            for wrong in (other.message_1, other.message_2, message_4):
                raises(EDHOCError, verified_3, done.wait_3, wrong, *profile)
            for wrong in (other.message_1, other.message_2, other.message_3):
                raises(EDHOCError, done.completed_i.process_message_4, wrong)
            if other is not done:
                raises(EDHOCError, verified_2, done.wait_2, other.message_2, *profile)
                raises(EDHOCError, verified_3, done.wait_3, other.message_3, *profile)
                raises(EDHOCError, done.completed_i.process_message_4, message_4)


def test_a_state_can_do_its_own_step_only():
    """A wrong order cannot be written: what a state is not ready for it has no method for."""
    done = Handshake(phone(), reader())
    steps = {
        "prepare_message_1": [done.initiator],
        "process_message_1": [done.responder],
        "prepare_message_2": [done.received_1],
        "parse_message_2": [done.wait_2],
        "prepare_message_3": [done.verified_2],
        "parse_message_3": [done.wait_3],
        "verify": [done.received_2, done.received_3],
        "prepare_message_4": [done.completed_r],
        "process_message_4": [done.completed_i],
        "oscore": [done.completed_i, done.completed_r],
        "exporter": [done.completed_i, done.completed_r],
    }
    states = [done.initiator, done.responder, done.received_1, done.wait_2, done.received_2]
    states += [done.verified_2, done.wait_3, done.received_3, done.completed_i, done.completed_r]
    for name, able in steps.items():
        for state in states:
            assert hasattr(state, name) == (state in able), (name, state)


def test_an_initiator_asks_for_what_its_identity_can_do():
    """Anything else is a mistake of this side, found before a byte is sent."""
    own = identity("phone", "kid", 2)
    for suites, method in (((0,), 3), ((2, 0), 3), ((2,), 0), ((2,), 1)):
        assert type(raises(ValueError, Initiator, own, suites, method)) is ValueError
    assert Initiator(own, [0, 6, 2]).method == METHOD_STAT_STAT
