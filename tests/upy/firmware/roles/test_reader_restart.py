"""A reader whose power was cut: phones it knew need no handshake, recordings open nothing."""

INTERPRETERS = ("micropython", "cpython")

import os
import random

import coap
import crypto
import oscore
import small_site as site
from holdfast.access import Trust
from memory_phone import Call, Phone, cold, warm
from restarts import Flash, Restarting, ask, echo_of, play, warm_after_restart, wish


async def _met(door, count=1, first=0):
    """Phones that have opened the door."""
    phones = []
    for number in range(first, first + count):
        phone = Phone(number=1000 * number)
        call, code, _ = await cold(door, phone)
        assert code == coap.code.CHANGED
        await call.hang_up()
        phones.append(phone)
    return phones


def _is_alice(credential):
    """What decides must be all there, as if the token had just been verified."""
    shown = Trust(site.SITE, [site.authority_public()]).authenticate(site.holder_token())
    assert credential.holder == "alice" and credential.scope == [(1, site.DOOR, 1)]
    for name, value in shown.__dict__.items():
        assert getattr(credential, name) == value, name


async def test_a_phone_known_before_the_restart_opens_at_the_second_try():
    """RFC 8613 appendix B.1.2: 4.01 with Echo, protected; then the same with the Echo. No
    public-key operation, no red light and no event for the first one.
    """
    with Flash() as flash:
        door = Restarting(flash)
        (phone,) = await _met(door)
        for _ in range(3):
            door.restart()
            before = crypto.public_key_operations()
            call, _, response = await ask(door, phone)
            echo = echo_of(response)
            assert echo is not None and len(echo) == 8 and not response.payload
            assert not door.asked and not door.told and not call.dropped
            assert door.challenges == 1
            _, _, response = await ask(door, phone, echo, call)
            assert response.code == coap.code.CHANGED and door.opened == 1
            assert crypto.public_key_operations() == before
            (peer,) = door.asked
            assert peer.public_key_operations == 0 and not peer.handshake
            _is_alice(peer.credential)
            # From here on it is a warm unlock like any other.
            _, code, _ = await warm(door, phone, call=call)
            assert code == coap.code.CHANGED and door.opened == 2
            await call.hang_up()
        assert not door.faults


async def test_what_was_recorded_before_the_restart_opens_nothing_after_it():
    """Every request of the past, in every order, on one connection or on many: authentic, old."""
    with Flash() as flash:
        door = Restarting(flash)
        (phone,) = await _met(door)
        recorded = []
        for _ in range(6):
            call, frame, response = await ask(door, phone)
            assert response.code == coap.code.CHANGED
            await call.hang_up()
            recorded.append(frame)
        door.restart()
        for frame in recorded + recorded[::-1] + recorded[3:4] * 3:
            response = await play(door, phone.hello() + frame)
            assert response.code in (coap.code.CHANGED, coap.code.UNAUTHORIZED)
            assert response.option(coap.option.OSCORE) != b"" and not door.opened
        # One challenge each, while they rise; after that they are called what they are.
        assert door.challenges == 6
        assert set(door.told) == {"replayed"}
        response = await warm_after_restart(door, phone)
        assert response.code == coap.code.CHANGED and door.opened == 1


async def test_a_recording_played_in_between_takes_no_challenge_away():
    """The phone was asked for an echo; before it answers, someone plays yesterday's request."""
    with Flash() as flash:
        door = Restarting(flash)
        (phone,) = await _met(door)
        _, old, _ = await ask(door, phone)
        door.restart()
        await play(door, phone.hello() + old)
        call, _, response = await ask(door, phone)
        await play(door, phone.hello() + old)
        _, _, response = await ask(door, phone, echo_of(response), call)
        assert response.code == coap.code.CHANGED and door.opened == 1


async def test_the_recorded_answer_to_a_challenge_is_worthless_too():
    """The whole second try, played on every connection and after the next restart."""
    with Flash() as flash:
        door = Restarting(flash)
        (phone,) = await _met(door)
        door.restart()
        call, first, response = await ask(door, phone)
        old_echo = echo_of(response)
        _, second, response = await ask(door, phone, old_echo, call)
        assert response.code == coap.code.CHANGED
        for _ in range(2):
            call = Call(door)
            await call.ask(phone.hello() + first + second)
            assert door.told[-1] == "replayed" and call.dropped
        assert door.opened == 1
        door.restart()
        call = Call(door)
        await call.ask(phone.hello() + first + second)
        await call.ask(second)
        # Nor does the phone itself get in with the echo of another restart.
        _, _, response = await ask(door, phone, old_echo)
        assert echo_of(response) not in (None, old_echo) and not door.opened


async def test_strangers_cost_neither_flash_nor_a_challenge():
    """A kid travels in the clear: only a request that decrypts may lead to a write."""
    with Flash() as flash:
        door = Restarting(flash)
        (phone,) = await _met(door)
        door.restart()
        image, writes = flash.image(), flash.writes
        rng = random.getrandbits
        for number in range(40):
            piv = bytes((number + 1,))
            header = oscore.option.encode(piv, None, phone.context.sender_id)
            noise = bytes([rng(8) for _ in range(30)])
            message = coap.Message(coap.code.POST, [(coap.option.OSCORE, header)], noise)
            response = await play(door, phone.hello() + coap.stream.encode(message))
            assert response.code == coap.code.BAD_REQUEST
        assert flash.image() == image and flash.writes == writes
        assert set(door.told) == {"decryption_failed"}
        response = await warm_after_restart(door, phone)
        assert response.code == coap.code.CHANGED


async def test_flash_is_written_once_a_cold_unlock_and_never_by_a_warm_one():
    """500 warm unlocks a day must cost nothing; nor must a refusal, which anybody can have."""
    with Flash() as flash:
        door = Restarting(flash)
        refused = Phone(site.holder_token(changes={4: site.NOW}))
        for number in range(3):
            refused.number = 5000 + 10 * number
            call, code, _ = await cold(door, refused)
            assert code == coap.code.FORBIDDEN
            await call.hang_up()
        assert flash.writes == 0 and flash.names() == []
        (phone,) = await _met(door)
        assert flash.writes == 1
        for _ in range(50):
            call, code, _ = await warm(door, phone)
            assert code == coap.code.CHANGED
            await call.hang_up()
        assert flash.writes == 1
        # A restart: one reservation for as many challenges as a block has.
        door.restart()
        assert flash.writes == 1
        await warm_after_restart(door, phone)
        await warm_after_restart(door, phone)
        assert flash.writes == 2


async def test_message_3_by_itself_is_kept_with_the_first_grant():
    """Three round trips instead of two must not mean one more handshake after a restart."""
    with Flash() as flash:
        door = Restarting(flash)
        phone = Phone()
        call = Call(door)
        waiting, message_1 = phone.message_1()
        response = await call.ask(phone.hello() + phone.post(b"\xf5" + message_1))
        message_3 = phone.finish(waiting, response.payload)
        await call.ask(phone.post(phone.context.sender_id + message_3))
        assert flash.writes == 0
        _, code, _ = await warm(door, phone, call=call)
        assert code == coap.code.CHANGED and flash.writes == 1
        door.restart()
        assert (await warm_after_restart(door, phone)).code == coap.code.CHANGED


async def test_what_comes_back_is_decided_anew():
    """An association is no permission, also not one from before the restart."""
    with Flash() as flash:
        door = Restarting(flash)
        (phone,) = await _met(door)
        door.restart()
        door.now = site.NOW + 31 * site.DAY
        response = await warm_after_restart(door, phone)
        assert response.code == coap.code.FORBIDDEN and not door.opened and door.asked


async def test_the_one_longest_unused_goes_and_does_not_come_back():
    """Capacity holds over restarts, and a forgotten phone stays forgotten."""
    with Flash() as flash:
        door = Restarting(flash, capacity=3)
        phones = await _met(door, 4)
        door.restart()
        for place, phone in enumerate(phones):
            response = await warm_after_restart(door, phone)
            expected = coap.code.CHANGED if place else coap.code.UNAUTHORIZED
            assert response.code == expected, place
        # A smaller reader in its place keeps the newest.
        door.limits.contexts = 1
        door.restart()
        assert len(flash.names()) == 1
        assert (await warm_after_restart(door, phones[3])).code == coap.code.CHANGED


async def test_identifiers_in_use_are_not_given_out_again():
    """Two phones under one kid would each find the other's key there."""
    with Flash() as flash:
        door = Restarting(flash)
        phones = []
        for number in range(16):
            phones += await _met(door, 1, number)
            if number % 3 == 0:
                door.restart()
        kids = {phone.context.sender_id for phone in phones}
        assert len(kids) == 16
        for phone in phones:
            assert (await warm_after_restart(door, phone)).code == coap.code.CHANGED


async def test_whoever_is_always_refused_makes_nobody_forgotten():
    """Any holder can make handshakes: with a credential for nowhere, not at the others' cost."""
    with Flash() as flash:
        door = Restarting(flash, capacity=4)
        phones = await _met(door, 4)
        nowhere = Phone(site.holder_token(changes={3: "elsewhere"}))
        for _ in range(9):
            call, code, _ = await cold(door, nowhere)
            assert code == coap.code.FORBIDDEN
            await call.hang_up()
        lost = []
        for phone in phones:
            call, code, _ = await warm(door, phone)
            lost.append(code != coap.code.CHANGED)
            await call.hang_up()
        assert sum(lost) == 1
        assert len(flash.names()) == 3


async def test_a_reader_enrolled_anew_knows_nobody():
    """What other settings let in must not come back under these."""
    with Flash() as flash:
        door = Restarting(flash)
        (phone,) = await _met(door)
        door.binding = b"another certificate"
        door.restart()
        assert flash.names() == [] and door.faults == [("contexts", "DamagedError")]
        response = await warm_after_restart(door, phone)
        assert response.code == coap.code.UNAUTHORIZED and not response.option(coap.option.ECHO)


async def test_an_authority_takes_back_what_is_known():
    """A revoked holder's association goes from memory and from flash; the others stay."""
    with Flash() as flash:
        door = Restarting(flash)
        (alice,) = await _met(door)
        bob = Phone(site.holder_token(changes={2: "bob", 7: b"8 bytes."}), number=7000)
        await cold(door, bob)
        door.contexts.forget_credentials(lambda credential: credential.holder == "bob")
        assert len(flash.names()) == 1
        for _ in range(2):
            response = await warm_after_restart(door, bob)
            assert response.code == coap.code.UNAUTHORIZED
            response = await warm_after_restart(door, alice)
            assert response.code == coap.code.CHANGED
            door.restart()


async def test_no_nonce_comes_twice_in_any_history():
    """Random unlocks, challenges, recordings and cuts: each Partial IV of the reader's is new."""
    rng = random.Random(8613) if hasattr(random, "Random") else None
    choose = rng.randrange if rng else random.randrange
    genuine = oscore.SecurityContext.nonce
    used = []

    def nonce(context, id_piv, piv):
        if id_piv == context.sender_id and context.recipient_id != b"\x37":
            used.append((context.sender_key, piv))
        return genuine(context, id_piv, piv)

    with Flash() as flash:
        door = Restarting(flash, capacity=3)
        phones = await _met(door, 3)
        oscore.SecurityContext.nonce = nonce
        recorded = []
        for _ in range(400):
            phone = phones[choose(3)]
            what = choose(8)
            if what == 0:
                door.restart()
            elif what < 6:
                recorded.append((phone, wish(phone)[1]))
                await play(door, phone.hello() + recorded[-1][1])
            elif recorded:
                phone, frame = recorded[choose(len(recorded))]
                await play(door, phone.hello() + frame)
        oscore.SecurityContext.nonce = genuine
        assert len(used) > 60 and len(set(used)) == len(used)
        for phone in phones:
            door.restart()
            assert (await warm_after_restart(door, phone)).code == coap.code.CHANGED
        assert os.listdir(flash.path) == ["contexts"]
