"""A phone at a carrier: every byte once and in order, and a door that opens as over the air."""

INTERPRETERS = ("micropython", "cpython")

import small_site as site
from carried_door import CARRIER, OTHER_DOOR, WAY_IN, Wall, policy
from coap import code, option, stream
from holdfast.access import advert, carry, reason
from holdfast.link.partner import NoAnswer
from memory_phone import Call, Phone, cold, warm


async def test_a_phone_gets_in_by_a_carrier_cold_and_warm():
    """The handshake ends in the controller, whose certificate names the door; each message of the
    phone costs one message between the two, however small its chunks are.
    """
    wall, phone = Wall(), Phone()
    call, status, answer = await cold(wall.carrier, phone, piece=20)
    assert status == code.CHANGED and answer[1] is True
    assert wall.hardware.opened == 1
    # The carrier's own handshake is one more, once.
    assert wall.wire.count == 1 + 2, wall.wire.count
    assert phone.shown == wall.inside.keys.certificate(0)
    call, status, answer = await warm(wall.carrier, phone, call=call, piece=20)
    assert answer[1] is True and wall.wire.count == 1 + 2 + 1
    await call.hang_up()
    call, status, answer = await warm(wall.carrier, phone)
    # The CSM, which comes alone here, and the wish.
    assert answer[1] is True and wall.wire.count == 1 + 2 + 1 + 2
    for event in wall.events("access"):
        assert event["way"] == WAY_IN and event["carrier"] == CARRIER
    assert wall.carrier.hardware.lights[-1] == ("green", "steady")
    assert wall.carrier.hardware.beeps == 1
    await call.hang_up()


async def test_a_carrier_can_say_to_phones_which_door_it_is_for():
    """It has no policy that says so. Its controller tells it two bytes, which every reader of that
    door says to whoever passes, and of no other door; only in answer to how the door stands.
    """
    wall = Wall()
    handover = wall.carrier.handover
    assert handover.door is None
    assert (await wall.say(carry.GONE, 1)).door is None and handover.door is None
    answer = await wall.say(carry.LOOK)
    assert answer.door == handover.door == advert.door_tag(site.SITE, site.DOOR)
    assert carry.parse_answer(answer.encode()).door == answer.door
    # It is known on while the controller is away, and not any more once that says no.
    wall.wire.is_cut = True
    try:
        await handover.say(carry.LOOK, (), 20)
        raise AssertionError("there is no way")
    except NoAnswer:
        pass
    assert handover.door is not None and not handover.is_present
    wall.wire.is_cut = False
    step = site.changeset([[17, CARRIER, False]], 2, site.hash_of(policy()))
    wall.inside.apply(step)
    try:
        await wall.say(carry.LOOK)
        raise AssertionError("it carries for no door any more")
    except NoAnswer:
        assert handover.door is None


async def test_what_comes_by_a_carrier_asks_for_its_door_alone():
    """Also a phone that may open another one, and the door whose controller it is."""
    wall = Wall()
    scope = site.scope((1, site.DOOR, 1), (1, OTHER_DOOR, 1))
    phone = Phone(site.holder_token(changes={9: scope}), door=OTHER_DOOR)
    call, status, answer = await cold(wall.carrier, phone)
    assert status == code.FORBIDDEN and answer[1] is False
    assert wall.reasons() == ["no_such_door"] and wall.hardware.opened == 0
    assert wall.carrier.hardware.lights[-1] == ("red", "blink")
    await call.hang_up()


async def test_a_stranger_and_a_stolen_token_are_refused_as_over_the_air():
    """And it is the door and the side of the carrier that the event is of."""
    wall = Wall()
    thief = Phone(site.holder_token(), private=b"\x23" * 32)
    call, status, answer = await cold(wall.carrier, thief)
    assert answer is None and wall.hardware.opened == 0
    (event,) = wall.events("access")
    assert event["reason"] == reason.name(reason.NOT_HOLDER) and event["carrier"] == CARRIER
    await call.hang_up()


async def test_without_a_controller_the_phone_has_a_no_that_says_so():
    """And at once, once it is known to be away; it comes back by itself."""
    wall, phone = Wall(), Phone()

    async def never(request):
        wall.carrier.hardware.pass_time(4)
        raise NoAnswer("nothing came")

    wall.carrier.handover._partner._send = never
    phone_call = Call(wall.carrier)
    _, message_1 = phone.message_1()
    request = stream.encode(_with_token(phone.post(b"\xf5" + message_1)))
    await phone_call.send(phone.hello() + request)
    (no,) = await phone_call.answers()
    assert no.code == code.SERVICE_UNAVAILABLE and no.token == b"\7\7"
    assert b"controller" in no.payload and no.option(option.OSCORE) is None
    assert phone_call.dropped
    assert wall.carrier.hardware.lights[-1] == ("red", "steady")
    assert not wall.carrier.handover.is_present
    wall.carrier.handover._partner._send = wall.wire.send
    _, status, answer = await cold(wall.carrier, phone)
    assert answer[1] is True and wall.carrier.handover.is_present


def _with_token(frame):
    (message,) = stream.Decoder().feed(frame)
    message.token = b"\7\7"
    return message


async def test_a_stream_that_is_none_is_ended_by_the_controller():
    """The carrier understands of it as much as where a message ends, and else nothing."""
    for junk in (b"\xff" * 40, b"\x00\xe1" + b"\xff" * 1100, bytes(1200)):
        wall = Wall()
        call = Call(wall.carrier)
        await call.send(junk, 100)
        await call.hang_up()
        assert wall.hardware.opened == 0
        assert not wall.inside.carriers._known or wall.inside.carriers._known[CARRIER].links


async def test_a_crowd_at_one_carrier_is_four_connections_and_others_have_theirs():
    wall = Wall()
    calls = []
    for _ in range(8):
        call = Call(wall.carrier)
        await call.send(Phone().hello())
        calls.append(call)
    assert sum([not call.dropped for call in calls]) == 4
    links = wall.inside.carriers._known[CARRIER].links
    assert links.count <= 8 and len(links._listener._open) <= 4
    for call in calls:
        await call.hang_up()
