"""The phone's messages, against a reader in memory that can lie in every way."""

import os
import time

import pytest

import cbor
import coap
import crypto
from holdfast.access import revoked_devices
from holdfast_host.credentials import issuing
from holdfast_host.credentials.authority import Authority
from holdfast_host.errors import LinkClosed, UsageProblem
from holdfast_host.phone.carrier import Carrier
from holdfast_host.phone.client import (
    Asked,
    EchoChallenge,
    Handshake,
    Impostor,
    Outcome,
    Rejected,
    Wish,
)
from holdfast_host.phone.unlock import cold_unlock, unlock, warm_unlock
from host.fake_reader import FakeReader

WISH = Wish()


@pytest.fixture
def now():
    return int(time.time())


@pytest.fixture
def identity(phone):
    return phone.identity()


def test_a_cold_and_a_warm_unlock(fake_reader, identity, now):
    """The steps in order, and what arrives at the other side."""
    reader = fake_reader()
    outcome, session, _ = cold_unlock(reader, [identity], "front", WISH, now=now)
    assert outcome == Outcome(True, 0, 3000)
    asked = Asked(session.context(), "front", Wish(user_verified=True))
    assert asked.read(reader.request(asked.request)) == Outcome(True, 0, 3000)
    first, second = reader.wishes
    assert first.code == coap.code.PUT and first.uri_path() == ("doors", "front")
    assert first.uint_option(coap.option.CONTENT_FORMAT) == 60
    assert cbor.decode(first.payload) == {1: 1, 2: True}
    assert cbor.decode(second.payload) == {1: 1, 2: True, 3: True}


def test_each_step_can_be_repeated_or_left(fake_reader, identity, now):
    """Asking twice after one handshake never uses a sequence number twice."""
    reader = fake_reader()
    handshake = Handshake(identity, "front")
    checked = handshake.read(reader.request(handshake.request), now)
    headers = [checked.ask(WISH).request.option(coap.option.OSCORE) for _ in range(3)]
    assert len(set(headers)) == 3
    assert checked.session.sequence_number == 3


def test_two_handshakes_share_nothing(identity):
    """An ephemeral key used twice would link, and could break, both."""
    requests = {Handshake(identity, "front").request.payload for _ in range(20)}
    assert len(requests) == 20


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"site": "globex"}, "other site"),
        ({"doors": ["back", "gate"]}, "of door 'back', 'gate', not of 'front'"),
        ({"doors": []}, "of door none"),
        ({"role": 3, "doors": ["front"]}, "only carries"),
        ({"role": 4}, "incomplete token"),
        ({"expires": 1000}, "expired"),
        ({"signing_key": Authority.generate().signing_key}, "bad signature"),
    ],
)
def test_an_impostor_is_told_nothing(fake_reader, identity, now, changes, words):
    """A credential shows who goes where: it leaves the phone only after the reader is known."""
    reader = fake_reader(**changes)
    with pytest.raises(Impostor, match=words):
        cold_unlock(reader, [identity], "front", WISH, now=now)
    assert reader.wishes == []


def test_a_controller_of_many_doors_is_a_partner(fake_reader, identity, now):
    """The certificate names the node and the doors it speaks for; the phone wants one of these."""
    reader = fake_reader(role=2, node="floor 3", doors=["back", "front"])
    outcome, session, _ = cold_unlock(reader, [identity], "front", WISH, now=now)
    assert outcome.granted
    assert session.partner.doors == ("back", "front")


def test_a_revoked_reader_is_not_opened_with_warm_or_cold(fake_reader, phone, authority, now):
    """Stolen: it holds its keys and every context. What it says itself counts for nothing."""
    reader = fake_reader(cti=b"stolen 1", node="front-1")
    assert unlock(phone, lambda: reader, "front", WISH, now=now).granted
    assert unlock(phone, lambda: reader, "front", WISH, now=now).warm
    asked = len(reader.wishes)
    signed = revoked_devices.make(authority.signing_key, "acme", now, [b"stolen 1"])
    assert phone.take_list(signed, "acme", [authority.public_key])
    for cold in (False, True):
        with pytest.raises(Impostor, match="has revoked 'front-1'") as refused:
            unlock(phone, lambda: reader, "front", WISH, now=now, cold=cold)
        assert "site's manager" in refused.value.next_step
    assert len(reader.wishes) == asked
    # Nor to carry.
    with pytest.raises(Impostor, match="has revoked"):
        Carrier.introduced(reader, phone.identities(), "front", now)
    # Another reader of the same door is.
    assert unlock(phone, fake_reader, "front", WISH, now=now).granted


def test_an_ended_certificate_opens_nothing_and_lets_its_renewal_in(fake_reader, phone, now):
    """Warm, too. Who carries and opens nothing still talks to it: else it would stay ended."""
    reader = fake_reader(expires=now + 100)
    assert unlock(phone, lambda: reader, "front", WISH, now=now).granted
    assert unlock(phone, lambda: reader, "front", WISH, now=now + 99).warm
    asked = len(reader.wishes)
    with pytest.raises(Impostor, match="expired") as refused:
        unlock(phone, lambda: reader, "front", WISH, now=now + 100)
    assert "holdfast reader renew" in refused.value.next_step
    assert len(reader.wishes) == asked
    carrier, _ = Carrier.introduced(reader, phone.identities(), "front", now + 100)
    reader.answer = (coap.code.CHANGED, b"", [])
    carrier.put_certificate(b"a later one")
    assert reader.wishes[-1].payload == b"a later one"


def test_an_older_list_never_replaces_a_newer(phone, authority, now):
    """Whoever hands a phone last year's list would give a stolen reader back to it."""
    key, trusted = authority.signing_key, [authority.public_key]
    older = revoked_devices.make(key, "acme", now - 1, [])
    newer = revoked_devices.make(key, "acme", now, [b"stolen 1"])
    assert phone.take_list(older, "acme", trusted)
    assert phone.take_list(newer, "acme", trusted)
    assert not phone.take_list(older, "acme", trusted)
    assert phone.take_list(newer, "acme", trusted)
    assert phone.identity().revoked == {b"stolen 1"}
    stranger = Authority.generate().signing_key
    for forged in (
        revoked_devices.make(stranger, "acme", now + 1, []),
        revoked_devices.make(key, "globex", now + 1, []),
        newer[:-1] + bytes([newer[-1] ^ 1]),
        b"",
        bytes(5000),
    ):
        with pytest.raises(UsageProblem, match="cannot be believed"):
            phone.take_list(forged, "acme", trusted)
    assert phone.identity().revoked == {b"stolen 1"}


def test_a_list_that_was_dated_ahead_keeps_no_later_one_out(phone, authority, now):
    """A laptop that was sixty days ahead signed one list. What names all that it did is no older,
    whatever its date; what names less would give a stolen reader back.
    """
    key, trusted = authority.signing_key, [authority.public_key]

    def made(at, *ctis):
        return revoked_devices.make(key, "acme", at, ctis)

    assert phone.take_list(made(now + 60 * 86400, b"stolen 1"), "acme", trusted)
    assert not phone.take_list(made(now, b"stolen 2"), "acme", trusted)
    assert not phone.take_list(made(now), "acme", trusted)
    assert phone.identity().revoked == {b"stolen 1"}
    assert phone.take_list(made(now, b"stolen 1", b"stolen 2"), "acme", trusted)
    assert phone.identity().revoked == {b"stolen 1", b"stolen 2"}
    assert phone.take_list(made(now + 1, b"stolen 2"), "acme", trusted), "by its date again"


def test_a_credential_is_no_certificate(identity, authority, grant, now):
    """A resident with a credential of their own must not pass for a door."""
    private = os.urandom(32)
    token = issuing.holder_credential(
        authority.signing_key, grant(crypto.x25519_public_key(private), holder="front")
    )
    reader = FakeReader(private, token)
    with pytest.raises(Impostor, match="certificate"):
        cold_unlock(reader, [identity], "front", WISH, now=now)


def test_a_copied_certificate_is_not_enough(fake_reader, identity, now):
    """The certificate travels openly to every phone; its private key does not."""
    honest = fake_reader()
    thief = FakeReader(os.urandom(32), honest.certificate)
    with pytest.raises(Impostor, match="does not prove"):
        cold_unlock(thief, [identity], "front", WISH, now=now)


def test_every_change_of_message_2_is_noticed(fake_reader, identity, now):
    """Also a shorter and a longer one; and the genuine one still works after them."""
    reader = fake_reader()
    handshake = Handshake(identity, "front")
    genuine = reader.request(handshake.request)
    for place in range(0, len(genuine.payload), 3):
        payload = bytearray(genuine.payload)
        payload[place] ^= 1 << place % 8
        with pytest.raises(UsageProblem):
            handshake.read(coap.Message(genuine.code, genuine.options, bytes(payload)), now)
    for payload in (b"", genuine.payload[:-1], genuine.payload + b"\0", bytes(1000)):
        with pytest.raises(UsageProblem):
            handshake.read(coap.Message(genuine.code, genuine.options, payload), now)
    assert handshake.read(genuine, now).ask(WISH)


@pytest.mark.parametrize(
    "forged",
    [
        coap.Message(coap.code.CHANGED, (), cbor.encode({1: True, 2: 0, 3: 3000})),
        coap.Message(coap.code.CHANGED, [(9, b"")], cbor.encode({1: True, 2: 0})),
        coap.Message(coap.code.CHANGED, [(9, b"")], b""),
        coap.Message(coap.code.CHANGED, [(9, b"\xff\xff")], bytes(40)),
        coap.Message(coap.code.FORBIDDEN, (), b"go away\x1b[2J"),
    ],
)
def test_only_a_protected_answer_grants(fake_reader, identity, now, forged):
    """Anybody on the link can write 2.04."""
    reader = fake_reader()
    reader.spoil = lambda step, message: forged if step == "answer" else message
    with pytest.raises(UsageProblem) as refused:
        cold_unlock(reader, [identity], "front", WISH, now=now)
    assert "\x1b" not in refused.value.cause


def test_an_answer_belongs_to_its_question(fake_reader, identity, now):
    """A grant recorded yesterday must not answer for today's refusal."""
    reader = fake_reader()
    kept = []
    reader.spoil = lambda step, message: kept.append(message) or message
    _, session, _ = cold_unlock(reader, [identity], "front", WISH, now=now)
    reader.spoil = lambda step, message: kept[-1]
    asked = Asked(session.context(), "front", WISH)
    with pytest.raises(UsageProblem, match="cannot be believed"):
        asked.read(reader.request(asked.request))


@pytest.mark.parametrize(
    "answer",
    [
        (coap.code.CHANGED, b"", []),
        (coap.code.CHANGED, b"\xff", []),
        (coap.code.CHANGED, [True, 0], []),
        (coap.code.CHANGED, {1: 1, 2: 0}, []),
        (coap.code.CHANGED, {1: True}, []),
        (coap.code.CHANGED, {1: True, 2: 0, 3: "long"}, []),
        (coap.code.CHANGED, {1: False, 2: 3}, []),
        (coap.code.FORBIDDEN, {1: True, 2: 0}, []),
        (coap.code.INTERNAL_SERVER_ERROR, b"", []),
        (coap.code.UNAUTHORIZED, b"", []),
    ],
)
def test_an_answer_without_sense_is_no_grant(fake_reader, identity, now, answer):
    """A reader with a fault, or a newer one: the person learns that nothing is known."""
    reader = fake_reader()
    reader.answer = answer
    with pytest.raises(UsageProblem, match="cannot be believed"):
        cold_unlock(reader, [identity], "front", WISH, now=now)


def test_a_refusal_has_a_reason(fake_reader, identity, now):
    """The coarse one, in words; an unknown number too."""
    reader = fake_reader()
    for coarse, words in ((2, "outside its time"), (99, "unknown reason"), (-1, "unknown reason")):
        reader.answer = (coap.code.FORBIDDEN, {1: False, 2: coarse}, [])
        outcome, _, _ = cold_unlock(reader, [identity], "front", WISH, now=now)
        assert not outcome.granted and outcome.reason_text == words


def test_a_challenge_is_answered_once(fake_reader, phone, identity, now):
    """After a power cut the reader asks for an echo; each try takes its own sequence number."""
    reader = fake_reader()
    _, session, _ = cold_unlock(reader, [identity], "front", WISH, now=now)
    phone.contexts.keep("front", identity.token, session)
    reader.echo_needed = b"fresh"
    outcome = warm_unlock(reader, identity, "front", WISH, phone.contexts, now=now)
    assert outcome == Outcome(True, 0, 3000)
    assert phone.contexts.take("front", identity.token, now, ()).sender_sequence_number == 3
    reader.wishes.clear()
    reader.answer = (coap.code.UNAUTHORIZED, b"", [(coap.option.ECHO, b"again")])
    reader.echo_needed = None
    with pytest.raises(UsageProblem, match="asks again"):
        warm_unlock(reader, identity, "front", WISH, phone.contexts, now=now)
    assert len(reader.wishes) == 2


def test_the_challenge_is_a_step_of_its_own(fake_reader, identity, now):
    """Whoever stands between the steps sees it."""
    reader = fake_reader()
    _, session, _ = cold_unlock(reader, [identity], "front", WISH, now=now)
    reader.echo_needed = b"fresh"
    asked = Asked(session.context(), "front", WISH)
    assert asked.read(reader.request(asked.request)) == EchoChallenge(b"fresh")


def test_an_unknown_context_leads_to_a_handshake(fake_reader, phone, now):
    """A reader that was restarted knows nobody; the phone says nothing and does it again."""
    first, second = fake_reader(), fake_reader()
    assert not unlock(phone, lambda: first, "front", WISH, now=now).warm
    assert unlock(phone, lambda: first, "front", WISH, now=now).warm
    calls = []
    report = unlock(phone, lambda: calls.append(1) or second, "front", WISH, now=now)
    assert report.granted and not report.warm
    assert calls == [1], "the same connection is good enough"
    assert unlock(phone, lambda: second, "front", WISH, now=now).warm
    assert not unlock(phone, lambda: second, "front", WISH, now=now, cold=True).warm


@pytest.mark.parametrize("how", ["closes", "decryption failed", "replay"])
def test_a_dropped_connection_leads_to_a_handshake_on_a_new_one(fake_reader, phone, now, how):
    """After a restart another phone's context may have the same name: it cannot be decrypted."""
    reader = fake_reader()
    unlock(phone, lambda: reader, "front", WISH, now=now)
    broken = fake_reader()

    def drop(message):
        if how == "closes":
            raise LinkClosed("the reader closed the connection", "try again")
        code = coap.code.BAD_REQUEST if how == "decryption failed" else coap.code.UNAUTHORIZED
        return coap.Message(code, (), how.encode())

    broken.request = drop
    links = [broken, reader]
    report = unlock(phone, lambda: links.pop(0), "front", WISH, now=now)
    assert report.granted and not report.warm and links == []


def test_a_refused_session_is_not_kept(fake_reader, phone, now):
    """Nothing says that the reader keeps it, and a new credential may help."""
    reader = fake_reader()
    reader.answer = (coap.code.FORBIDDEN, {1: False, 2: 3}, [])
    report = unlock(phone, lambda: reader, "front", WISH, now=now)
    assert not report.granted and report.protected and report.reason == "not for this door"
    assert phone.contexts.take("front", phone.identity().token, now, ()) is None


def test_a_rejected_credential_is_a_refusal_in_the_clear(fake_reader, phone, now):
    """Nobody vouches for it, so the person is told that too."""
    reader = fake_reader()
    error = cbor.encode_sequence(1, "credential not accepted")
    rejection = coap.Message(coap.code.BAD_REQUEST, [(12, bytes([64]))], error)
    reader.spoil = lambda step, message: rejection if step == "answer" else message
    report = unlock(phone, lambda: reader, "front", WISH, now=now)
    assert (report.granted, report.protected) == (False, False)
    assert report.reason == "credential not accepted"


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (coap.Message(0x80, [(12, bytes([64]))], b"\xff"), "4.00"),
        (coap.Message(0x80, [(12, bytes([64]))], cbor.encode_sequence(2, 0)), "0"),
        (coap.Message(0x84, (), b""), "4.04"),
        (coap.Message(0x84, (), b"\xff\xfe not text\r\n\x07"), "not text"),
        (coap.Message(0x84, (), b"x" * 4000), "xxx"),
    ],
)
def test_a_rejection_is_one_printable_line(identity, now, response, words):
    """Its text is anybody's."""
    with pytest.raises(Rejected) as rejected:
        Handshake(identity, "front").read(response, now)
    text = rejected.value.reason_text
    assert words in text and text.isprintable() and len(text) <= 200
    assert rejected.value.response is response
