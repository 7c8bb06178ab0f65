"""unlocks.json: whole conversations at a door that opens, every frame of both sides."""

import coap
import oscore
import small_site as site
from carrier import StillHardware
from doc_vectors import wire
from doc_vectors.tap import Tap
from harness import new_folder
from memory_phone import Phone

_USER_VERIFIED = b"\xa3\x01\x01\x02\xf5\x03\xf5"


async def make():
    """Cold, warm, by a guest, after a restart, and with another suite first."""
    vectors = []
    for suite in (0, 2):
        vectors += await _cold_and_warm(suite)
    vectors.append(await _guest())
    vectors += await _restart()
    vectors.append(await _another_suite())
    return {
        "comment": "Conversations that end with an open door.",
        "vectors": vectors,
    }


async def _cold_and_warm(suite):
    reader, _ = wire.start(two_keys=suite == 2)
    phone = Phone(suite=suite)
    cold, _ = await wire.cold(reader, phone)
    warm, _ = await wire.warm(reader, phone, wire.wish(), wire.wish(payload=_USER_VERIFIED))
    handshake = "suite-%d" % suite
    return (
        _vector(
            "cold-suite-%d" % suite,
            "Two round trips. The handshake is that of handshakes.json.",
            phone,
            cold.steps,
            handshake,
        ),
        _vector(
            "warm-suite-%d" % suite,
            "The same context on a new connection: Partial IV 1; then 2, the user verified.",
            phone,
            warm.steps,
            handshake,
        ),
    )


async def _guest():
    reader, _ = wire.start(two_keys=False)
    phone = Phone(site.guest_token(), b"\x22" * 32)
    cold, _ = await wire.cold(reader, phone)
    return _vector("cold-guest", "With a guest token.", phone, cold.steps, "guest")


async def _restart():
    """A reader whose power was cut knows its phones, and asks whether the request is new."""
    folder = new_folder()
    reader, hardware = wire.start(two_keys=False, directory=folder)
    phone = Phone()
    await wire.cold(reader, phone)
    again, _ = wire.start(
        two_keys=False, directory=folder, policy=False, hardware=StillHardware(), counter=1000
    )
    with Tap() as tap:
        talk = wire.Conversation(again, phone, tap)
        talk.say("Authentic, but perhaps a recording: nothing is decided.")
        plain = wire.wish()
        challenge = await talk.ask(plain)
        talk.say("The same under the next Partial IV, with the Echo inside.")
        answer = await talk.ask(oscore.repeat_with_echo(plain, challenge))
        if answer.code != coap.code.CHANGED:
            raise ValueError("the second try was refused")
        talk.say("From here on it is a warm unlock like any other.")
        await talk.ask(plain)
        await talk.hang_up()
    comment = (
        "The first request after the reader's restart, under a context of a cold unlock as"
        " cold-suite-0: 4.01 with Echo inside, under a Partial IV of the reader's, then as always."
    )
    return (_vector("echo", comment, phone, talk.steps, "suite-0"),)


async def _another_suite():
    """A phone that would rather have a suite that the reader lacks."""
    reader, _ = wire.start(two_keys=True)
    phone = Phone(suite=2)
    with Tap() as tap:
        talk = wire.Conversation(reader, phone, tap)
        _, message_1 = phone.message_1(suites=(3, 2))
        message_1 = message_1.replace(b"\x03\x82\x03\x02", b"\x03\x03", 1)
        ephemerals = [phone.ephemeral]
        talk.say("SUITES_I is 3 alone: the reader names those it has, and the connection stays.")
        await talk.begin(message_1)
        talk.say("SUITES_I is [3, 2]: what it prefers stays in front; a new ephemeral key.")
        waiting, message_1 = phone.message_1(suites=(3, 2))
        ephemerals.append(phone.ephemeral)
        response = await talk.begin(message_1)
        message_3 = phone.finish(waiting, response.payload)
        await talk.ask(wire.wish(), message_3)
        await talk.hang_up()
    return _vector(
        "another-suite", "Error 2, and a second offer.", phone, talk.steps, None, ephemerals
    )


def _vector(name, comment, phone, steps, handshake, ephemerals=()):
    last = steps[-1]["inner"]
    if last["code"] != "2.04":
        raise ValueError("the door stays shut: " + name)
    if "message_1" in steps[0] and not ephemerals:
        ephemerals = [phone.ephemeral]
    vector = {
        "comment": comment,
        "context": wire.context_of(phone),
        "credential": phone.token.hex(),
        "name": name,
        "phone_ephemerals": [ephemeral.hex() for ephemeral in ephemerals],
        "steps": steps,
        "suite": phone.suite,
    }
    if handshake:
        vector["handshake"] = handshake
    return vector
