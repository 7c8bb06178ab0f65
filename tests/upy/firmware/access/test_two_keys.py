"""A reader with a key of each kind: who gets in with which, and who is told what else there is."""

INTERPRETERS = ("micropython", "cpython")

import coap
import crypto
import oscore
import small_site as site
from coap import stream
from edhoc import parse_error
from harness import raises
from holdfast.node import device_keys
from holdfast.roles.doors import describe
from holdfast.storage.settings import SettingsError
from memory_phone import Call, Hardware, Phone, cold, make_reader, warm


async def test_a_phone_of_each_kind_gets_in_cold_and_warm():
    """The phone's key decides, and what the reader remembers of it is the same."""
    hardware = Hardware()
    reader = make_reader(hardware, two_keys=True)
    for suite in (0, 2):
        phone = Phone(suite=suite, number=100 * suite)
        call, code, answer = await cold(reader, phone)
        assert code == coap.code.CHANGED and answer == {1: True, 2: 0, 3: 3000}
        await call.hang_up()
        call, code, answer = await warm(reader, phone)
        assert code == coap.code.CHANGED and answer[1] is True
        await call.hang_up()
    assert hardware.opened == 4 and hardware.reasons() == 4 * ["granted"]
    cost = [line["public_key_operations"] for line in hardware.lines if line["event"] == "access"]
    # Only the very first phone waited for its ephemeral key.
    assert cost == [5, 0, 4, 0]


async def test_all_forms_of_a_point_are_one_key():
    """Secure enclaves give x and y; a credential that is sent needs the sign of y, or not even
    that, because x is what is agreed with.
    """
    private = b"\x22" * 32
    for number, form in enumerate(("whole", "sign", "x alone")):
        confirmed = site.confirmation(private, 2, form == "whole")
        if form == "x alone":
            del confirmed[1][-3]
        hardware = Hardware()
        reader = make_reader(hardware, two_keys=True)
        token = site.holder_token(changes={8: confirmed})
        _, code, _ = await cold(reader, Phone(token, private, suite=2, number=10 * number))
        assert code == coap.code.CHANGED and hardware.opened == 1, form


async def test_refusals_are_the_same_in_both_suites():
    """A stolen token, a forged one, an expired one: nothing depends on the kind of key."""
    for suite in (0, 2):
        own = {8: site.confirmation(b"\x22" * 32, suite)}
        for changes, private, exact in (
            ({}, b"\x55" * 32, "not_holder"),
            ({1: "evil"}, b"\x22" * 32, "other_site"),
            ({4: site.NOW}, b"\x22" * 32, "expired"),
            ({7: None}, b"\x22" * 32, "incomplete_token"),
        ):
            claims: dict = dict(own)
            claims.update(changes)
            hardware = Hardware()
            phone = Phone(site.holder_token(changes=claims), private, suite=suite)
            await cold(make_reader(hardware, two_keys=True), phone)
            assert hardware.reasons() == [exact] and not hardware.opened, (suite, exact)


async def test_a_key_of_the_other_kind_proves_nothing():
    """A credential for a key on one curve, shown in a handshake on the other."""
    for suite in (0, 2):
        token = site.holder_token(changes={8: site.confirmation(b"\x22" * 32, 2 - suite)})
        phone = Phone(suite=suite)
        hardware = Hardware()
        call = Call(make_reader(hardware, two_keys=True))
        waiting, message_1 = phone.message_1()
        response = await call.ask(phone.hello() + phone.post(b"\xf5" + message_1))
        # The phone's own code refuses to make such a message_3.
        waiting._own.identity.credential.id_cred_on_wire = b"\xa1\x0d" + token
        message_3 = phone.finish(waiting, response.payload)
        response = await call.ask(stream.encode(oscore.combine(message_3, phone.wish()[1])))
        assert response.code == coap.code.BAD_REQUEST and call.dropped
        assert hardware.reasons() == ["handshake_failed"] and not hardware.opened


async def test_who_asks_for_another_suite_is_told_which_there_are_and_may_go_on():
    """RFC 9528 section 6.3: the connection stays, for it is no fault to ask."""
    hardware = Hardware()
    call = Call(make_reader(hardware))
    other = Phone(suite=2)
    response = await call.ask(other.hello() + other.post(b"\xf5" + other.message_1()[1]))
    assert parse_error(response.payload) == (2, (0,)) and not call.dropped
    assert hardware.reasons() == ["unsupported_algorithm"] and not hardware.opened
    phone = Phone()
    waiting, message_1 = phone.message_1((2, 0))
    response = await call.ask(phone.post(b"\xf5" + message_1))
    message_3 = phone.finish(waiting, response.payload)
    exchange, protected = phone.wish()
    response = await call.ask(stream.encode(oscore.combine(message_3, protected)))
    assert phone.answer(response, exchange)[1][1] is True


async def test_who_would_rather_have_had_a_suite_that_is_there_is_not_served_another():
    """Somebody on the way said that there is none: answered, the phone would be talked down."""
    hardware = Hardware()
    reader = make_reader(hardware, two_keys=True)
    for suite, offered in ((0, (2, 0)), (2, (0, 2))):
        phone = Phone(suite=suite)
        call = Call(reader)
        message_1 = phone.message_1(offered)[1]
        response = await call.ask(phone.hello() + phone.post(b"\xf5" + message_1))
        assert parse_error(response.payload) == (2, (0, 2)), offered
        await call.hang_up()


def test_what_a_reader_has_it_says():
    """One that was enrolled before goes on with its one key, and says so."""
    for two_keys, suites in ((False, [0]), (True, [0, 2])):
        reader = make_reader(two_keys=two_keys)
        assert describe(reader.settings)["suites"] == suites


def test_a_certificate_for_another_key_never_looks_ready():
    """Each of the two; also one for the right x and the wrong y, and one without a key."""
    point = crypto.p256_public_key(site.READER_P256_PRIVATE)
    half = {1: {1: 2, -1: 1, -2: point[:32], -3: bool(point[63] & 1)}}
    for certificate, key in (
        (site.p256_certificate(b"\x55" * 32), site.READER_P256_PRIVATE),
        (site.p256_certificate(changes={8: half}), site.READER_P256_PRIVATE),
        (site.device_certificate(), site.READER_P256_PRIVATE),
        (site.p256_certificate(changes={2: "cellar"}), site.READER_P256_PRIVATE),
        (site.p256_certificate(changes={1: "evil"}), site.READER_P256_PRIVATE),
        (site.p256_certificate(), None),
        (b"no certificate", site.READER_P256_PRIVATE),
    ):
        raises(SettingsError, make_reader, None, {11: certificate}, p256_private_key=key)
    raises(SettingsError, make_reader, None, {6: site.p256_certificate()})
    settings = make_reader(two_keys=True).settings
    raises(crypto.InvalidKey, device_keys.check, settings, 1, site.READER_PRIVATE, b"\xff" * 32)
