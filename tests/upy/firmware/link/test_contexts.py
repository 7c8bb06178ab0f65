"""The phones a reader remembers, in little memory: nothing of them may change with the place."""

INTERPRETERS = ("micropython", "cpython")

import coap
import crypto
import oscore
import small_site as site
from coap import stream
from harness import raises
from holdfast.access import Trust
from holdfast.access.credential import CLOCK_RULE, SCHEDULE, USER_VERIFICATION, Unpacked
from holdfast.link import handshake as link_handshake
from holdfast.link.contexts import Association, Contexts
from memory_phone import Call, Hardware, Phone, cold, make_reader, warm
from restarts import Flash, Restarting, warm_after_restart

FIELDS = (
    "holder",
    "audience",
    "not_before",
    "expires",
    "issued_at",
    "cti",
    "public_key",
    "bound_to_schedule",
    "schedule",
    "clock_rule",
    "needs_user_verification",
    "scope",
    "guest",
    "authority",
)


def _credentials():
    """Of every kind: each claim there and not there, at its smallest and at its largest."""
    trust = Trust(site.SITE, [site.authority_public()], site.zone_keys)
    yield trust.authenticate(site.guest_token())
    yield trust.authenticate(site.holder_token())
    long = "\U0001f511" * 16  # 64 bytes
    for changes in (
        {2: long},
        {2: " ", 3: ""},
        {3: None},
        {3: "a" * 300},
        {5: 0, 6: 0},
        {5: None, 6: None},
        {4: 1 << 53, 5: (1 << 53) - 1, 6: 1 << 53},
        {SCHEDULE: "weekdays"},
        {SCHEDULE: 5},
        {CLOCK_RULE: 1, USER_VERIFICATION: True},
        {USER_VERIFICATION: False},
        {9: site.scope((1, " ", 1), (2, long, 0x7FFF))},
        {9: site.scope(*[(1 + n % 2, "door %d" % n, 257 + n) for n in range(32)])},
    ):
        yield trust.authenticate(site.holder_token(changes=changes))


def test_a_credential_is_the_same_after_it_was_packed():
    """What is lost on the way would be decided without: an end, a schedule, a permission."""
    packed = set()
    for credential in _credentials():
        packed.add(credential.packed())
        back = Unpacked(credential.packed(), credential.authority)
        for name in FIELDS:
            was, found = getattr(credential, name), getattr(back, name)
            assert found == was and type(found) is type(was), (name, was, found)
        assert set(FIELDS) == set(credential.__dict__)
    assert len(packed) == 14  # without user verification is as if it were not asked for


def _association(number=0, window_size=1):
    trust = Trust(site.SITE, [site.authority_public()])
    secret = crypto.sha256(b"secret %d" % number)[:16]
    context = oscore.SecurityContext(
        secret, b"", b"\x37", bytes((number,)), window_size=window_size
    )
    seed = secret, b"", window_size, site.holder_token()
    return Association(context, trust.authenticate(site.holder_token()), seed)


def test_an_association_that_moves_stays_what_it_was():
    """Keys, numbers used and accepted, what a challenge waits for: one of them back at its
    beginning, and a recording opens the door.
    """
    for was in (_association(), _association(window_size=32)):
        context = was.context
        context.id_context = b"id context"
        context.sender_sequence_number = 7
        context.expected_echo = b"8 random"
        context.reserved = 32
        context.reserve = lambda context, number: number + 32
        for piv in (3, 5, 1 << 39):
            context.replay_window.accept(piv)
        was.has_opened = True
        was.newest_challenged = 9
        there = was.moved()
        assert there is not was and there.context is not context
        moved = there.context
        assert set(moved.__dict__) == set(context.__dict__)
        for name in moved.__dict__:
            if name != "replay_window":
                assert getattr(moved, name) == getattr(context, name), name
        assert moved.replay_window is not context.replay_window
        assert moved.replay_window.__dict__ == context.replay_window.__dict__
        assert (there.has_opened, there.newest_challenged, there.seed) == (True, 9, was.seed)
        assert there.credential.__dict__ == was.credential.__dict__
        raises(oscore.ReplayError, moved.replay_window.check, 1 << 39)
    lost = _association()
    lost.context.replay_window = oscore.ReplayWindow.lost()
    assert not lost.moved().context.replay_window.is_initialised
    new = _association().moved()
    assert not new.has_opened and new.newest_challenged == -1
    assert new.context.next_piv() == b"\0" and new.context.reserve is None


async def test_a_phone_is_known_after_it_moved_and_its_recordings_are_not():
    """It moves when the last connection has ended; what was accepted before stays accepted."""
    hardware = Hardware()
    reader = make_reader(hardware)
    phone = Phone()
    await (await cold(reader, phone))[0].hang_up()
    recorded = phone.hello() + stream.encode(phone.wish()[1])
    for is_recording in (False, True):
        call = Call(reader)
        response = await call.ask(recorded)
        assert (response.code == coap.code.CHANGED) is not is_recording
        await call.hang_up()
    assert hardware.opened == 2
    assert (await warm(reader, phone))[1] == coap.code.CHANGED


async def test_memory_for_no_more_phones_is_made_and_the_next_try_succeeds():
    """A reader that knows so many phones that no handshake fits any more would open for no new
    one until somebody cuts its power.
    """
    hardware = Hardware()
    reader = make_reader(hardware)
    phones = [Phone(number=1000 * number) for number in range(4)]
    for phone in phones[:3]:
        await (await cold(reader, phone))[0].hang_up()
    contexts = reader.contexts
    genuine = link_handshake.SecurityContext

    def made_if_there_is_room(*arguments, **named):
        if sum(found is not None for found in contexts._associations.values()) > 1:
            raise MemoryError
        return genuine(*arguments, **named)

    link_handshake.SecurityContext = made_if_there_is_room
    try:
        answers = []
        for _ in range(3):
            answers.append((await cold(reader, phones[3]))[1])
            assert answers[-1] is not None or hardware.lines[-1]["reason"] == "fault"
    finally:
        link_handshake.SecurityContext = genuine
    assert answers[-1] == coap.code.CHANGED and answers[0] is None
    assert (await warm(reader, phones[2]))[1] == coap.code.CHANGED
    assert (await warm(reader, phones[0]))[1] == coap.code.UNAUTHORIZED
    assert (await cold(reader, phones[0]))[1] == coap.code.CHANGED


def test_who_has_opened_nothing_goes_first_and_of_the_others_one_at_a_time():
    """However often it is asked for, and with nobody left."""
    contexts = Contexts(4, 0)
    names = []
    for number in range(4):
        c_r = contexts.reserve(b"")
        names.append(c_r)
        association = _association(number)
        contexts.add(c_r, association)
        if number % 2:
            contexts.opened(c_r, association)
    contexts.used(names[1])
    left = [set(names), {names[1]}, set(), set()]
    for expected in left:
        assert {c_r for c_r in names if contexts.find(c_r) is not None} == expected
        contexts.make_room()
    contexts.forget_credentials(lambda credential: True)
    for number in range(6):
        contexts.add(contexts.reserve(b""), _association(number))
    assert len(contexts._associations) == len(contexts._recent) == 4


async def test_what_memory_had_no_room_for_comes_back_with_a_restart():
    """On flash it takes the place of one phone until a new one needs that: never more than there
    may be.
    """
    with Flash() as flash:
        door = Restarting(flash, capacity=2)
        phones = [Phone(number=1000 * number) for number in range(3)]
        for phone in phones[:2]:
            await (await cold(door, phone))[0].hang_up()
        door.contexts.make_room()
        assert len(flash.names()) == 2
        assert (await warm(door, phones[0]))[1] == coap.code.UNAUTHORIZED
        door.restart()
        assert (await warm_after_restart(door, phones[0])).code == coap.code.CHANGED
        door.contexts.make_room()
        await (await cold(door, phones[2]))[0].hang_up()
        assert len(flash.names()) == 2 and door.faults == []
