"""A board that says what it is told, backwards, by aioble: what the rig's own tests speak with."""

import asyncio

import aioble
import bluetooth

SERVICE = bluetooth.UUID("d00d0001-0000-4000-8000-00000000beef")
RX = bluetooth.UUID("d00d0002-0000-4000-8000-00000000beef")
TX = bluetooth.UUID("d00d0003-0000-4000-8000-00000000beef")
SHORT = bluetooth.UUID(0x2A26)


async def _serve(rx, tx):
    while True:
        connection, data = await rx.written()
        try:
            if data == b"bye":
                await connection.disconnect()
            elif data == b"indicate":
                await tx.indicate(connection, b"indicated")
            else:
                tx.notify(connection, bytes(reversed(data)))
        except (OSError, ValueError, aioble.DeviceDisconnectedError):
            print("gone before the answer")


async def _attend(connection):
    print("connected", connection.device)
    await connection.disconnected()
    print("disconnected")


async def main():
    service = aioble.Service(SERVICE)
    rx = aioble.BufferedCharacteristic(
        service, RX, write=True, write_no_response=True, capture=True, max_len=512
    )
    tx = aioble.Characteristic(service, TX, read=True, notify=True, indicate=True)
    aioble.Characteristic(service, SHORT, read=True, write=True, initial=b"plain")
    aioble.register_services(service)
    aioble.config(mtu=512)
    asyncio.create_task(_serve(rx, tx))
    while True:
        connection = await aioble.advertise(100_000, name="echo", services=[SERVICE])
        asyncio.create_task(_attend(connection))


asyncio.run(main())
