"""Credentials: which are usable, how they are named, and that nothing else gets through."""

INTERPRETERS = ("micropython", "cpython")

import cbor
import crypto
from cose import ALG_HMAC_256_64, Key, cwt
from edhoc import (
    KCCS,
    KCWT,
    MALFORMED,
    REFUSED,
    UNVERIFIED,
    EDHOCError,
    Identity,
    Initiator,
    from_kccs,
    from_kcwt,
)
from edhoc_sides import (
    KIDS,
    PROFILES,
    Handshake,
    ccs,
    cose_key,
    credential,
    phone,
    private,
    reader,
    token,
)
from harness import raises

_MAC = b"\x48" + bytes(8)


def test_the_name_of_a_credential_is_its_kid_or_itself():
    """ID_CRED_x is { 4 : kid } for the key schedule, but the bare kid on the wire (3.5.3.2)."""
    for kid, on_wire in ((b"\x2b", b"\x2b"), (b"\xff", b"\x41\xff"), (b"", b"\x40")):
        named = from_kccs(ccs("phone", kid), False)
        assert named.id_cred == b"\xa1\x04" + cbor.encode(kid)
        assert named.id_cred_on_wire == on_wire
        assert named.kind == KCCS
    whole = from_kccs(ccs("phone", b"\x2b"), True)
    assert whole.id_cred == whole.id_cred_on_wire == b"\xa1\x0e" + ccs("phone", b"\x2b")
    whole = from_kcwt(token("phone"), True)
    assert whole.id_cred == whole.id_cred_on_wire == b"\xa1\x0d" + token("phone")
    assert whole.kind == KCWT
    assert whole.key.x == crypto.x25519_public_key(private("phone"))


def test_a_token_can_be_named_by_the_kid_of_its_key():
    """A peer that has the token already need not receive it again."""
    raw = token("reader", {8: {1: cose_key("reader", b"r1")}})
    named = from_kcwt(raw, False)
    assert named.id_cred == b"\xa1\x04\x42r1" and named.raw == raw
    assert str(raises(MALFORMED, from_kcwt, token("reader"), False)) == (
        "credential has no kid of at most 32 bytes"
    )
    raises(MALFORMED, from_kccs, ccs("reader", bytes(33)), False)


def test_a_token_with_a_cwt_tag_is_the_token():
    """RFC 9528 section 3.5.2: CRED_x is the CWT without tag 61. Whoever made the file may have put
    it there, and neither side's MAC may depend on that.
    """
    raw = token("phone")
    tagged = from_kcwt(b"\xd8\x3d" + raw, True)
    assert tagged.raw == raw and tagged.id_cred == b"\xa1\x0d" + raw
    own = Identity(0, private("phone"), tagged)
    done = Handshake(Initiator(own, (0,)), reader())
    assert done.received_3.id_cred_i.raw == raw


def test_a_maced_token_is_a_credential_too():
    """Guests' tokens are COSE_Mac0; whether the MAC is right is found out elsewhere."""
    zone_key = Key.symmetric(bytes(32), ALG_HMAC_256_64)
    raw = cwt.issue({4: 1800000000, 8: {1: cose_key("phone")}}, zone_key)
    assert raw[0] == 0xD1
    own = Identity(0, private("phone"), from_kcwt(raw, True))
    done = Handshake(Initiator(own, (0,)), reader())
    assert done.received_3.id_cred_i.raw == raw


def test_an_unusable_token_is_refused_with_an_edhoc_error():
    """``raw`` comes from a peer, so whatever is wrong with it can be answered."""
    good = token("phone")
    symmetric = {8: {1: {1: 4, -1: bytes(32)}}}
    for raw in (
        b"",
        good[:-1],
        good + b"\0",
        good[1:],
        b"\xd8\x3d\xd8\x3d" + good,
        b"\xd0" + good[1:],
        b"\xd8\x12" + good[1:],
        cbor.encode(cbor.Tag(18, b"token")),
        cbor.encode(cbor.Tag(18, [b"", {}, b"", b""])),
        good.replace(b"\x58\x20", b"\x58\x1f"),
        _signed_anyway(good, {2: "x" * 400}),
    ):
        raises(MALFORMED, from_kcwt, raw, True)
    for changes in ({8: {3: b"kid"}}, {8: {}}, {8: 1}, symmetric, {8: {1: {1: 1, -1: 4}}}):
        raises(MALFORMED, from_kcwt, _signed_anyway(good, changes), True)


def _signed_anyway(good, changes):
    """A token whose claims its issuer should have refused; the signature no longer matters."""
    message = cbor.decode(good).value
    claims = cbor.decode(message[2])
    claims.update(changes)
    message[2] = cbor.encode(claims)
    return cbor.encode(cbor.Tag(18, message))


def test_an_unusable_claims_set_is_refused_with_an_edhoc_error():
    """Also one that gives its private key away."""
    good = ccs("phone", b"\x2b")
    key = cose_key("phone", b"\x2b")
    for raw in (
        b"",
        good[:-1],
        good + b"\0",
        b"\x80",
        b"\x00",
        cbor.encode({2: "phone"}),
        cbor.encode({8: 1}),
        cbor.encode({8: {2: key}}),
        cbor.encode({8: {1: []}}),
        cbor.encode({8: {1: {1: 1, -1: 4}}}),
        cbor.encode({8: {1: {1: 1, -1: 4, -2: bytes(31)}}}),
        cbor.encode({8: {1: {1: 4, -1: bytes(32)}}}),
        cbor.encode({8: {1: {1: 2, -1: 1, -2: bytes(32), -3: bytes(32)}}}),
        cbor.encode({8: {1: dict(key)}, 2: "x" * 500}),
        cbor.encode({8: {1: _with(key, -4, private("phone"))}}),
        b"\xa2\x08" + cbor.encode({1: key}) + b"\x08" + cbor.encode({1: key}),
    ):
        raises(MALFORMED, from_kccs, raw, True)


def _with(key, label, value):
    key = dict(key)
    key[label] = value
    return key


def test_by_value_a_credential_is_in_the_encoding_of_the_message():
    """A peer would refuse it otherwise; by name its bytes never travel and may be anything."""
    unsorted = b"\xa2\x08" + cbor.encode({1: cose_key("phone", b"\x2b")}) + b"\x02\x61p"
    raises(MALFORMED, from_kccs, unsorted, True)
    assert from_kccs(unsorted, False).raw == unsorted


def _named(name, key, by_value=True):
    """A credential of ``name``'s kid with the COSE_Key ``key`` in it."""
    return from_kccs(cbor.encode({8: {1: _with(key, 2, KIDS[name])}}), by_value)


def test_a_key_of_another_suite_or_method_is_refused_when_it_is_used():
    """However well formed it is: X25519 keys agree, Ed25519 keys sign, P-256 keys do either."""
    for profile in PROFILES:
        suite, method = profile
        done = Handshake(phone("kid", (suite,), method), reader("kid", suite, method))
        for other in PROFILES:
            if other == profile or (suite == 2 and other[0] == 2):
                continue
            wrong = _named("phone", cose_key("thief", None, *other))
            for received in (done.received_2, done.received_3):
                error = raises(EDHOCError, received.verify, wrong)
                assert str(error) == "credential key does not fit the cipher suite"


def test_what_a_key_is_bound_to_is_obeyed():
    """A P-256 key may say that it is for signatures or for agreement, and then it is."""
    for method, unfit, fit in (
        (3, ((3, -7), (4, [1, 2]), (4, [2])), ((4, [7]), (4, [8, 2]), (3, -25))),
        (0, ((3, -8), (4, [1]), (4, [7, 8]), (3, -25)), ((3, -7), (4, [2]), (4, [1, 2]))),
    ):
        done = Handshake(phone("kid", (2,), method), reader("kid", 2, method))
        for label, value in unfit:
            wrong = _named("phone", _with(cose_key("thief", None, 2, method), label, value))
            error = raises(EDHOCError, done.received_3.verify, wrong)
            assert str(error) == "credential key does not fit the cipher suite"
            raises(ValueError, Identity, 2, private("thief"), wrong, (method,))
        for label, value in fit:
            own = _named("phone", _with(cose_key("phone", None, 2, method), label, value), True)
            initiator = Initiator(Identity(2, private("phone"), own, (method,)), (2,), method)
            Handshake(initiator, reader("kid", 2, method))


def test_a_point_may_be_written_in_each_way_that_its_use_allows():
    """Whole, or x with the sign of y; for agreement also x alone (RFC 9528 section 3.7). It is a
    part of the credential, so both sides must mean the same bytes, but any of them will do.
    """
    whole = cose_key("phone", None, 2)
    is_odd = bool(whole[-3][-1] & 1)
    compressed = _with(whole, -3, is_odd)
    x_alone = dict(whole)
    del x_alone[-3]
    for method, forms in ((3, (whole, compressed, x_alone)), (0, (whole, compressed))):
        for key in forms:
            own = Identity(2, private("phone"), _named("phone", key), (method,))
            done = Handshake(Initiator(own, (2,), method), reader("kccs", 2, method))
            assert done.completed_i.oscore()[:2] == done.completed_r.oscore()[:2]
    raises(EDHOCError, Identity, 2, private("phone"), _named("phone", x_alone), (0,))
    # The other sign is another point: whose signatures these are not.
    own = Identity(2, private("phone"), _named("phone", _with(whole, -3, not is_odd)), (0,))
    raises(UNVERIFIED, Handshake, Initiator(own, (2,), 0), reader("kccs", 2, 0))


def test_nobody_talks_to_itself_in_another_spelling():
    """A point and its opposite give the same secrets, so x is what tells keys apart."""
    done = Handshake(phone("kid", (2,)), reader("kid", 2))
    whole = cose_key("reader", None, 2)
    is_odd = bool(whole[-3][-1] & 1)
    for y in (whole[-3], is_odd, not is_odd):
        error = raises(
            UNVERIFIED, done.received_3.verify, _named("phone", _with(whole, -3, y))
        )
        assert str(error) == "peer uses the credential of this side"


def test_a_credential_key_that_gives_no_secret_is_refused():
    """A public key of low order would let anyone be its holder (9.2), and so would a point that is
    none; of one with both coordinates this is found when it is read.
    """
    for suite, key in (
        (0, {1: 1, -1: 4, -2: bytes(32)}),
        (2, {1: 2, -1: 1, -2: bytes(31) + b"\x01"}),
        (2, {1: 2, -1: 1, -2: bytes(31) + b"\x01", -3: True}),
    ):
        done = Handshake(phone("kid", (suite,)), reader("kid", suite))
        for received in (done.received_2, done.received_3):
            error = raises(UNVERIFIED, received.verify, _named("phone", key))
            assert str(error) == "public key refused"


def test_other_kinds_of_id_cred_are_refused_as_not_supported():
    """Error 3 would ask the peer for another reference, which does not help (6.4)."""
    done = Handshake(phone(), reader())
    good = token("phone")
    for id_cred in (
        cbor.encode({33: b"certificate"}),
        cbor.encode({34: [-15, bytes(8)]}),
        cbor.encode({4: b"kid", 10: b"context"}),
        cbor.encode({13: cbor.Raw(good), 4: b"kid"}),
        cbor.encode({13: cbor.Raw(good[1:])}),
        cbor.encode({13: cbor.Tag(61, cbor.Raw(good[1:]))}),
        cbor.encode({13: cbor.Tag(61, cbor.Tag(61, cbor.Raw(good)))}),
        cbor.encode({13: cbor.Tag(16, cbor.Raw(good[1:]))}),
        cbor.encode({13: good}),
        cbor.encode({14: good}),
        cbor.encode({14: [1]}),
        cbor.encode({"13": cbor.Raw(good)}),
        b"\xa0",
    ):
        forged_2 = done.forged_message_2(b"\x27" + id_cred + _MAC)
        forged_3 = done.forged_message_3(id_cred + _MAC)
        for step, message in (
            (done.wait_2.parse_message_2, forged_2),
            (done.wait_3.parse_message_3, forged_3),
        ):
            error = raises(EDHOCError, step, message)
            assert (str(error), error.why) == ("ID_CRED type not supported", REFUSED)


def test_a_cwt_tag_in_id_cred_is_no_part_of_the_credential():
    """Whoever puts it there means the same token: everybody who reads tokens takes it off."""
    done = Handshake(phone(), reader())
    good = token("phone")
    id_cred = cbor.encode({13: cbor.Tag(61, cbor.Raw(good))})
    received = done.wait_3.parse_message_3(done.forged_message_3(id_cred + _MAC))
    assert received.id_cred_i.raw == good and received.id_cred_i.encoded == id_cred


def test_a_credential_by_value_is_in_one_encoding_only():
    """Two encodings of one credential would be two credentials in the transcript."""
    done = Handshake(phone(), reader())
    good = token("phone")
    for id_cred in (
        b"\xb8\x01\x0d" + good,
        b"\xa1\x18\x0d" + good,
        b"\xbf\x0d" + good + b"\xff",
        b"\xa1\x0d\xd8\x12" + good[1:],
        b"\xa1\x0e" + b"\xa2\x08\x00\x02\x61p",
        b"\xa1\x0e" + b"\xa2\x02\x61p\x02\x61q",
        b"\xa2\x0d" + good + b"\x0d" + good,
    ):
        forged = done.forged_message_3(id_cred + _MAC)
        raises(MALFORMED, done.wait_3.parse_message_3, forged)


def test_the_credential_given_decides_not_the_one_received():
    """An application that believes another credential of the same kid gets no session."""
    done = Handshake(phone("kccs"), reader())
    raises(UNVERIFIED, done.received_3.verify, credential("phone", "kcwt"))
    done.received_3.verify(credential("phone", "kccs"))
