"""Cards and PINs by a carrier: answered by the door's own reader, and bounded."""

INTERPRETERS = ("micropython", "cpython")

import cbor
import oscore
import small_site as site
from carried_door import CARD_NUMBER, CARRIER, CARRIER_CTI, THE_PIN, WAY_IN, Wall, policy
from coap import code, stream
from holdfast.access.carriers import Numbers
from holdfast.access.carry import CARD, LOOK, PIN, TAMPER
from holdfast.link.partner import NoAnswer
from memory_phone import Call, Phone


async def test_a_card_and_a_pin_open_and_the_light_follows():
    wall = Wall()
    answer = await wall.card()
    assert (answer.shown, answer.ms > 0) == ("granted", True) and wall.hardware.opened == 1
    wall.hardware.pass_time(10)
    answer = await wall.say(PIN, THE_PIN)
    assert answer.shown == "granted" and wall.hardware.opened == 2
    wall.hardware.pass_time(10)
    assert (await wall.card(b"other")).shown == "refused"
    assert (await wall.say(LOOK)).shown == "ready"
    assert wall.reasons() == ["granted", "granted", "unknown_card"]
    assert all([event["way"] == WAY_IN for event in wall.events("access")])


async def test_whatever_is_lost_a_card_and_a_pin_count_once():
    """A repeat of the message has the answer of the first, and not another visit."""
    wall = Wall()
    await wall.say(LOOK)
    for kind, shown, state in (
        (CARD, CARD_NUMBER, "granted"),
        (PIN, THE_PIN, "granted"),
        (PIN, "999999", "refused"),
    ):
        begin = wall.wire.count
        wall.wire.change = lambda number, begin=begin: (1, number > begin + 1)
        wall.inside.hardware.pass_time(20)
        before = len(wall.reasons())
        answer = await wall.say(kind, shown)
        assert answer.shown == state
        assert len(wall.reasons()) == before + 1
        wall.wire.change = lambda number: (1, True)
    assert wall.hardware.opened == 2


async def test_guessing_is_bounded_at_once_and_in_a_day():
    """Right numbers too: else who guesses would go on. Phones are let in all the while."""
    wall = Wall()
    for number in range(16):
        await wall.card(b"guess %d" % number)
    wall.hardware.lines.clear()
    assert (await wall.card()).shown == "refused" and wall.hardware.opened == 0
    assert wall.reasons() == ["carrier_limit"]
    wall.hardware.pass_time(61)
    assert (await wall.card()).shown == "granted"


def test_a_day_of_guessing_is_a_hundred_numbers():
    """However patient who guesses is; an hour of rest gives back no more than there is."""
    for pause in (1, 61, 600):
        numbers, tried, now = Numbers(), [], 1000
        while now < 1000 + 2 * 86400:
            if not numbers.is_over(now):
                numbers.wrong(now)
                tried.append(now)
            now += pause
        for begin in range(0, len(tried), 7):
            since = tried[begin]
            within = [time for time in tried if since <= time < since + 86400]
            assert len(within) <= 100
            assert len([time for time in within if time < since + 600]) <= 16 + 11
        assert len(tried) >= 200 or pause > 61


async def test_a_tamper_stops_numbers_until_an_administrator_clears_it():
    """Also over a restart of either; of phones nothing is stopped."""
    wall = Wall()
    await wall.say(TAMPER, True)
    (event,) = wall.events("carrier_tamper")
    assert event["by"] == CARRIER and event["on"] is True
    assert (await wall.card()).shown == "refused" and wall.hardware.opened == 0
    assert wall.reasons() == ["carrier_tampered"]
    await wall.say(TAMPER, False)
    assert (await wall.say(PIN, THE_PIN)).shown == "refused"
    wall.restart_inside()
    wall.restart_carrier()
    assert (await wall.card()).shown == "refused" and wall.hardware.opened == 0
    assert await _clear(wall, 1) == code.FORBIDDEN
    assert (await wall.card()).shown == "refused"
    assert await _clear(wall, 17) == code.CHANGED
    assert await _clear(wall, 17) == code.NOT_FOUND
    (event,) = wall.events("carrier_tamper")
    assert event["by"] == "alice" and event["detail"] == CARRIER and event["on"] is False
    assert (await wall.card()).shown == "granted"
    wall.restart_inside()
    wall.inside.hardware.pass_time(10)
    assert (await wall.card()).shown == "granted"


async def test_what_nobody_can_read_is_a_tamper_of_all():
    """Fail closed: a damaged file stops numbers, and an administrator makes it whole."""
    wall = Wall()
    await wall.say(TAMPER, True)
    store = wall.inside.stores.tampered()
    with open(store._path, "wb") as file:
        file.write(b"damaged")
    wall.restart_inside()
    assert (await wall.card()).shown == "refused"
    assert await _clear(wall, 17) == code.CHANGED
    assert (await wall.card()).shown == "granted"


async def test_a_card_that_somebody_held_back_on_its_way_is_too_late():
    """Whoever sits on the LAN keeps a card's message, to open the door once nobody is there: it
    dies with the next thing that the carrier says.
    """
    wall = Wall()
    await wall.say(LOOK)
    deliver, held = wall.wire.deliver, []

    async def hold(request):
        held.append(request)
        raise NoAnswer("nothing came")

    wall.wire.deliver = hold
    try:
        await wall.carrier.handover.say(CARD, (CARD_NUMBER,), 0)
    except NoAnswer:
        pass
    try:
        await wall.carrier.handover.say(CARD, (CARD_NUMBER,), 1)
    except NoAnswer:
        pass
    assert held
    wall.wire.deliver = deliver
    await wall.say(LOOK)
    for request in held:
        await wall.wire.deliver(request)
    assert wall.hardware.opened == 0 and not wall.reasons()


async def test_who_carries_no_more_or_is_revoked_is_nobody():
    """The policy says who carries, for one door; the certificate alone is worth nothing."""
    for operation in ([17, CARRIER, False], [7, CARRIER_CTI, site.NOW + 9000 * site.DAY, None]):
        wall = Wall()
        assert (await wall.card()).shown == "granted"
        wall.inside.apply(site.changeset([operation], 2, site.hash_of(policy())))
        try:
            await wall.card()
        except NoAnswer:
            pass
        else:
            raise AssertionError("still heard")
        assert wall.hardware.opened == 1


_phones = []


async def _clear(wall, bits):
    _phones.append(1000 + len(_phones))
    token = site.holder_token(changes={9: site.scope((1, site.DOOR, bits))})
    phone = Phone(token, number=_phones[-1], private=b"\x22" * 32)
    call = Call(wall.inside)
    waiting, message_1 = phone.message_1()
    response = await call.ask(phone.hello() + phone.post(b"\xf5" + message_1))
    message_3 = phone.finish(waiting, response.payload)
    exchange, protected = phone.wish(cbor.encode({1: CARRIER}), ("carry",))
    response = await call.ask(stream.encode(oscore.combine(message_3, protected)))
    await call.hang_up()
    return oscore.unprotect_response(phone.context, response, exchange).code
