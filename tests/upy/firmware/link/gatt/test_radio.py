"""The radio is there whenever there is a place, whatever the stack, aioble and centrals do."""

INTERPRETERS = ("micropython",)

import asyncio
import errno

from gatt_bench import Bench, echo
from harness import held
from holdfast.access import advert
from holdfast.hal.esp32.ble import Ble


async def _works(bench, number=77):
    central = await bench.central(number)
    central.write(b"proof?")
    await asyncio.sleep_ms(200)
    assert central.received == b"proof?", bench.lines
    central.leave()
    await asyncio.sleep_ms(10)


async def _all_places(bench, first=1):
    centrals = []
    while len(centrals) < Ble.CONNECTIONS:
        centrals.append(await bench.central(first + len(centrals)))
    return centrals


async def test_what_is_broadcast():
    """The bytes of docs/protocol.md: flags and UUID, then the service's data in the response."""
    bench = Bench()
    await bench.run(echo)
    _, data, response = bench.ble.advertised
    uuid = bytes(reversed(bytes.fromhex(advert.SERVICE.replace("-", ""))))
    assert data == b"\x02\x01\x06\x11\x07" + uuid
    assert response[:18] == bytes((17 + len(bench.said), 0x21)) + uuid
    assert advert.decode(response[18:]).node == advert.node_tag("site", "node")
    bench.said = advert.encode("site", "node", ["a", "b", "c", "d"], True)
    await asyncio.sleep_ms(1200)
    response = bench.ble.advertised[2]
    assert len(response) == 31 and response[18:] == bench.said
    await bench.end()
    assert bench.ble.advertised is None


async def test_it_is_found_while_there_is_a_place():
    bench = Bench()
    await bench.run(echo)
    centrals = await _all_places(bench)
    for central in centrals:
        central.write(b"here")
    await asyncio.sleep_ms(500)
    assert bench.ble.advertised is None
    assert [central.received for central in centrals] == [b"here"] * 3 + [b""]
    await asyncio.sleep_ms(1700)  # until those who are served must make room
    assert [central.received for central in centrals] == [b"here"] * 4
    centrals[2].leave()
    await bench.found(200)
    centrals[0].leave()
    await _works(bench)
    await bench.end()


async def test_who_waits_for_its_turn_may_leave():
    """What it wrote before is answered to nobody."""
    bench = Bench()
    served = []

    async def connected(link):
        served.append(bytes(link.address))
        return await echo(link)

    await bench.run(connected)
    centrals = await _all_places(bench)
    for central in centrals:
        central.write(b"here")
    await asyncio.sleep_ms(100)
    centrals[3].leave()
    await asyncio.sleep_ms(3000)
    assert sorted(served) == [central.address for central in centrals[:3]], (served, bench.lines)
    await bench.end()


async def test_it_begins_anew_after_each_error_of_the_stack():
    """Each call that it makes, refused once, twice and five times, at its start and later."""
    for name in ("active", "config", "gatts_register_services", "gatts_set_buffer"):
        for times in (1, 2, 5):
            bench = Bench()
            bench.ble.fails = {name: [OSError(errno.EIO)] * times}
            await bench.run(echo)
            assert not bench.ble.fails[name] and len(bench.lines) == times, name
            await _works(bench)
            await bench.end()
            bench.ble.fails = {}
    for error in (OSError(errno.EALREADY), OSError(errno.ENOMEM), MemoryError(), ValueError()):
        for times in (1, 2, 5):
            bench = Bench()
            await bench.run(echo)
            central = await bench.central(1)
            bench.ble.fails = {"gap_advertise": [error] * times}
            await bench.found()
            assert central.is_connected or times == 5
            await _works(bench)
            await bench.end()


async def test_who_is_served_stays_when_nobody_can_be_found():
    """A stack that has no room for a further connection is no reason to end those there are."""
    bench = Bench()
    await bench.run(echo)
    central = await bench.central(1)
    central.write(b"a")
    bench.ble.fails = {"gap_advertise": [OSError(errno.ENOMEM)] * 12}
    await asyncio.sleep_ms(20000)
    central.write(b"b")
    await asyncio.sleep_ms(100)
    assert central.received == b"ab"
    await bench.found()
    await bench.end()


async def test_a_radio_that_is_of_no_use_is_a_fault():
    """Its supervisor hears of it; and a later attempt finds it well."""
    bench = Bench()
    bench.ble.fails = {"active": [OSError(errno.ETIMEDOUT)] * 26}
    begun = bench.time.now
    try:
        await asyncio.wait_for_ms(bench.radio.run(echo), 180000)
        raise AssertionError("not told")
    except OSError:
        pass
    assert 60000 < bench.time.now - begun and not bench.ble.fails["active"]
    await bench.run(echo)
    await _works(bench)
    await bench.end()


async def test_who_is_connected_stays_when_its_task_is_run_again():
    """A supervisor may end it at any moment: between two centrals, and at each step of one."""
    for wait_ms in range(0, 130, 7):
        bench = Bench()
        await bench.run(echo)
        central = await bench.central(1)
        central.write(b"one")
        await asyncio.sleep_ms(wait_ms)
        await bench.end()
        central.write(b"two")
        await bench.run(echo)
        central.write(b"three")
        await asyncio.sleep_ms(300)
        assert central.received == b"onetwothree", (wait_ms, central.received)
        await _works(bench)
        await bench.end()


async def test_a_stack_that_somebody_switched_off_is_switched_on():
    bench = Bench()
    await bench.run(echo)
    central = await bench.central(1)
    central.write(b"x")
    await asyncio.sleep_ms(50)
    bench.ble.active(False)
    assert not central.is_connected
    await bench.found(1000)
    await _works(bench)
    await asyncio.sleep_ms(100)
    assert not bench.radio._served()
    await bench.end()


async def test_a_connection_that_fails_while_it_is_made():
    """It ends the advertisement, and neither the stack nor aioble says so."""
    bench = Bench()
    await bench.run(echo)
    await asyncio.sleep_ms(250)
    bench.ble.fail_to_connect()
    await bench.found(6000)
    await _works(bench)
    await bench.end()


async def test_no_memory_in_what_aioble_does_of_a_connection():
    """It takes some for each central, where nothing may be raised."""
    from aioble import peripheral

    bench = Bench()
    await bench.run(echo)
    genuine = peripheral.DeviceConnection

    def none_left(device):
        raise MemoryError

    peripheral.DeviceConnection = none_left
    central = await bench.central(1)
    peripheral.DeviceConnection = genuine
    central.write(b"hello")
    await asyncio.sleep_ms(300)
    assert central.received == b"hello"
    await _works(bench)
    central.leave()
    await asyncio.sleep_ms(100)
    await _works(bench)
    await bench.end()


async def test_a_number_that_the_stack_gives_away_at_once():
    """While the reader computes one central goes and another comes, and both are connection 0:
    aioble would forget the new one in place of the old, and keep something of each for ever.
    """
    from aioble import device

    bench = Bench()
    await bench.run(echo)
    central = await bench.central(1)
    before = 0
    for number in range(300):
        if number == 50:
            before = held()
        central.write(b"%d" % number)
        await bench.found()
        await asyncio.sleep_ms(60)
        assert central.received == b"%d" % number
        passed, central = central, None
        passed.leave()
        central = bench.ble.connect(passed.address)
        assert central.handle == passed.handle
        if number % 3 == 0:
            central.leave()
            await bench.found()
            central = bench.ble.connect(passed.address)
    central.leave()
    await asyncio.sleep_ms(200)
    assert not device.DeviceConnection._connected
    assert all(link.is_free for link in bench.radio._links)
    assert held() - before < 2048
    await bench.end()


async def test_silence_is_bounded_and_more_so_where_there_is_no_place():
    """Eight seconds for discovery and subscription, three where others wait, one for an address
    that has come again and again.
    """
    bench = Bench()
    await bench.run(echo)
    begun = bench.time.now
    silent = await bench.central(1)
    while silent.is_connected:
        await asyncio.sleep_ms(50)
    assert 8000 <= bench.time.now - begun < 8300
    begun = bench.time.now
    centrals = await _all_places(bench)
    while all(central.is_connected for central in centrals):
        await asyncio.sleep_ms(50)
    assert 3000 <= bench.time.now - begun < 3300
    assert [central.is_connected for central in centrals] == [False, True, True, True]
    for central in centrals[1:]:
        central.write(b"speaks")
    for _ in range(5):
        hog = await bench.central(9)
        begun = bench.time.now
        while hog.is_connected:
            await asyncio.sleep_ms(50)
    assert 1000 <= bench.time.now - begun < 1300
    await bench.end()


async def test_a_borrowed_address_shuts_nobody_out():
    """Who uses a phone's address up has made its owner hurry, where all places are taken."""
    bench = Bench()
    await bench.run(echo)
    for _ in range(20):
        (await bench.central(5)).leave()
        await asyncio.sleep_ms(50)
    centrals = []
    for number in range(3):
        centrals.append(await bench.central(number))
        centrals[number].write(b"busy")
    owner = await bench.central(5)
    await asyncio.sleep_ms(900)
    owner.write(b"proof")
    centrals[0].leave()  # or what a listener does for it
    await asyncio.sleep_ms(100)
    assert owner.received == b"proof"
    await bench.end()


async def test_centrals_that_are_dropped_and_do_not_leave():
    """Each may stay for the 32 s that it asked for. On every place, they end with the stack."""
    bench = Bench()
    await bench.run(echo)
    starts = bench.ble.starts
    begun = bench.time.now
    for central in await _all_places(bench):
        central.lingers_ms = 32000
    await bench.found()
    assert bench.time.now - begun < 7000, bench.time.now - begun
    assert bench.ble.starts == starts + 1
    await _works(bench)
    await bench.end()


async def test_one_that_does_not_leave_costs_the_others_nothing():
    bench = Bench()
    await bench.run(echo)
    other = await bench.central(1)
    other.write(b"x")
    lingering = await bench.central(2)
    lingering.lingers_ms = 32000
    starts = bench.ble.starts
    await asyncio.sleep_ms(60000)
    assert bench.ble.starts == starts and other.is_connected and not lingering.is_connected
    await _works(bench)
    await bench.end()


async def test_a_thousand_visits_leave_nothing_behind():
    bench = Bench()
    await bench.run(echo)
    before = 0
    for number in range(1000):
        if number == 100:
            before = held()
        central = await bench.central(number % 7)
        if number % 2:
            central.write(b"proof")
            await asyncio.sleep_ms(40)
        central.leave()
    await asyncio.sleep_ms(200)
    assert held() - before < 2048
    await bench.end()
