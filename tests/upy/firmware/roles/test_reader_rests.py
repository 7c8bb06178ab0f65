"""A door whose task fails again and again is secured, says so, and opens again after its rest."""

INTERPRETERS = ("micropython", "cpython")

import asyncio

import oscore
from coap import stream
from holdfast.access import reason
from holdfast.access.events import event, record
from memory_phone import Call, Hardware, Phone, cold, make_reader, warm


class _Lamp(Hardware):
    shown = ()

    def show(self, colour, effect):
        self.shown = (colour, effect)


def _details(reader):
    raws = reader.stores.events().after(-1, 1 << 16)
    told = [record.decode(record.split(raw)[0]) for raw in raws]
    return [one.fields.get("detail") for one in told if one.kind == event.STORAGE_FAULT]


async def test_a_door_that_rests_is_secured_and_answers_that_it_cannot_decide():
    hardware = _Lamp()
    reader = make_reader(hardware)
    phone = Phone()
    call, _, answer = await cold(reader, phone)
    assert answer[1] is True and hardware.released
    (job,) = [job for job in reader.supervisor._jobs if job.name == "door"]
    job.rest(True)
    assert not hardware.released and hardware.shown == ("red", "fast")
    opened = hardware.opened
    _, _, answer = await warm(reader, phone, call=call)
    assert answer[1] is False and answer[2] == reason.coarse(reason.FAULT)
    assert hardware.reasons()[-1] == "fault" and hardware.opened == opened
    reader.recorder.pay()
    assert _details(reader) == ["lobby is secured by faults"]
    job.rest(False)
    assert hardware.shown == ("white", "steady")
    _, _, answer = await warm(reader, phone, call=call)
    assert answer[1] is True and hardware.opened == opened + 1
    await call.hang_up()


async def test_each_task_that_is_killed_disturbs_no_pulse_and_no_handshake():
    """While a strike is released and a phone is half way in, one job after the other is ended: the
    phone gets in, the strike keeps its time, and the job begins again.
    """
    names = [job.name for job in make_reader().supervisor._jobs]
    assert {"door", "clock", "tidy", "keys"} <= set(names)
    for name in names:
        hardware = Hardware()
        reader = make_reader(hardware)
        running = asyncio.create_task(reader.run())
        for _ in range(4):
            await asyncio.sleep(0)
        first, second = Phone(), Phone(number=5000)
        one, _, answer = await cold(reader, first)
        assert answer[1] is True
        (job,) = [job for job in reader.supervisor._jobs if job.name == name]
        two = Call(reader)
        waiting, message_1 = second.message_1()
        response = await two.ask(second.hello() + second.post(b"\xf5" + message_1))
        if job.task is not None and not job.task.done():
            job.task.cancel()
        for _ in range(4):
            await asyncio.sleep(0)
        assert hardware.released, name
        message_3 = second.finish(waiting, response.payload)
        exchange, protected = second.wish()
        response = await two.ask(stream.encode(oscore.combine(message_3, protected)))
        assert second.answer(response, exchange)[1][1] is True, name
        reader.supervisor._start()
        assert reader.supervisor.is_well and not running.done(), name
        await one.hang_up()
        await two.hang_up()
        running.cancel()
        try:
            await running
        except asyncio.CancelledError:
            pass
        assert not hardware.released, name
