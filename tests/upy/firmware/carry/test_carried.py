"""A phone at a carrier: every byte once and in order, and a door that opens as over the air."""

INTERPRETERS = ("micropython", "cpython")

import small_site as site
from carried_door import CARRIER, WAY_IN, Wall
from coap import code
from memory_phone import Phone, cold, warm


async def test_a_phone_gets_in_by_a_carrier_cold_and_warm():
    """The handshake ends in the controller, whose certificate names the door; each message of the
    phone costs one message between the two.
    """
    wall, phone = Wall(), Phone()
    call, status, answer = await cold(wall.carrier, phone)
    assert status == code.CHANGED and answer[1] is True
    assert wall.hardware.opened == 1
    # Its own handshake with the controller, two; then message_1 and message_3 with the wish.
    assert wall.wire.count == 1 + 2, wall.wire.count
    before = wall.wire.count
    call, status, answer = await warm(wall.carrier, phone, call=call)
    assert answer[1] is True and wall.wire.count == before + 1
    (first, second) = wall.events("access")
    assert first["way"] == WAY_IN and first["carrier"] == CARRIER
    await call.hang_up()
