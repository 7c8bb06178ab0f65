"""The phones a reader remembers, in little memory: nothing of them may change with the place."""

INTERPRETERS = ("micropython", "cpython")

import coap
import crypto
import oscore
import small_site as site
from coap import stream
from harness import raises
from holdfast.access import Trust
from holdfast.access.credential import CLOCK_RULE, ROLE, SCHEDULE, USER_VERIFICATION, Credential
from holdfast.link import handshake as link_handshake
from holdfast.link.contexts import DATAGRAMS, ORDERED, Association, Contexts, has_opened
from memory_phone import Call, Hardware, Phone, cold, make_reader, warm
from restarts import Flash, NoStore, Restarting, warm_after_restart

FIELDS = (
    "holder",
    "device",
    "role",
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
    for role in (1, 3):
        token = trust.read(site.device_certificate(changes={ROLE: role}))
        yield crypto.finish(trust.authenticate_steps(token, devices=True))
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
        {9: site.scope(*[(1 + n % 2, "%d" % n, 257 + n) for n in range(32)])},
    ):
        yield trust.authenticate(site.holder_token(changes=changes))


def test_a_credential_is_the_same_after_it_was_packed():
    """What is lost on the way would be decided without: an end, a schedule, a permission."""
    packed = set()
    for credential in _credentials():
        packed.add(credential.packed())
        back = Credential.over(credential.packed())
        for name in FIELDS:
            was, found = getattr(credential, name), getattr(back, name)
            assert found == was and type(found) is type(was), (name, was, found)
        for name in credential.__dict__:
            assert name in FIELDS, name
    assert len(packed) == 15  # without user verification is as if it were not asked for


def test_an_audience_that_can_be_no_name_is_none():
    """No site and no zone is called so: it is refused as if it were not there."""
    trust = Trust(site.SITE, [site.authority_public()])
    for audience, kept in (("a" * 64, "a" * 64), ("a" * 65, None), ("\xe9" * 33, None)):
        credential = trust.authenticate(site.holder_token(changes={3: audience}))
        assert credential.audience == kept


def _association(number=0, key=0, kid=None):
    """Of a phone with the key of this number."""
    trust = Trust(site.SITE, [site.authority_public()])
    secret = crypto.sha256(b"secret %d" % number)[:16]
    context = oscore.SecurityContext(secret, b"", b"\x99", kid or bytes((number,)))
    private = crypto.sha256(b"phone %d" % key)
    token = site.holder_token(private)
    return Association(context, trust.authenticate(token))


def _added(contexts, number, key, **named):
    """The identifier of one more association."""
    kid = contexts.reserve(b"")
    contexts.add(kid, _association(number, key, kid), **named)
    return kid


def _added_device(contexts, number):
    """The same of another node, which has done something here."""
    private = crypto.sha256(b"device %d" % number)
    kid = contexts.reserve(b"")
    context = oscore.SecurityContext(crypto.sha256(private)[:16], b"", b"\x99", kid)
    trust = Trust(site.SITE, [site.authority_public()])
    token = trust.read(site.device_certificate(private))
    credential = crypto.finish(trust.authenticate_steps(token, True))
    assert credential.role
    association = Association(context, credential)
    contexts.add(kid, association)
    contexts.opened(kid, association)
    return kid


def test_an_association_that_moves_stays_what_it_was():
    """Keys, numbers used and accepted, what a challenge waits for: one of them back at its
    beginning, and a recording opens the door.
    """
    contexts = Contexts(4, 0, NoStore(), 4)
    kid = _added(contexts, 1, 1, window=DATAGRAMS)
    before = contexts.find(kid)
    context = before.context
    context.sender_sequence_number = 7
    for piv in (3, 5, 1 << 39):
        context.accept(piv)
    contexts.opened(kid, before)
    whole, credential = bytes(context.packed), before.credential
    contexts.move()
    there = contexts.find(kid)
    assert there.context.packed is not context.packed and there.context.packed == whole
    assert there.credential.__dict__ == Credential.over(credential.packed()).__dict__
    raises(oscore.REPLAYED, there.context.check, 1 << 39)
    there.context.accept((1 << 39) - 31)
    raises(oscore.REPLAYED, there.context.check, (1 << 39) - 32)


def test_what_an_association_has_left_can_do_nothing_any_more():
    """Whoever still has it in hand would use numbers that the one in its new place uses too, and
    accept what that has accepted.
    """
    contexts = Contexts(4, 0, NoStore(), 4)
    kid = _added(contexts, 1, 1)
    left = contexts.find(kid)
    contexts.move()
    assert contexts.find(kid).context.next_piv() == b"\0"
    raises(oscore.EXHAUSTED, left.context.next_piv)
    for piv in (0, 1, 1 << 39, (1 << 40) - 1):
        raises(oscore.REPLAYED, left.context.accept, piv)
    contexts.opened(kid, left)
    assert not has_opened(contexts.find(kid).context.packed)


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
        if sum(found is not None for found in contexts.entries.values()) > 1:
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
    contexts = Contexts(4, 0, NoStore(), 4)
    names = []
    for number in range(4):
        c_r = contexts.reserve(b"")
        names.append(c_r)
        association = _association(number, number, c_r)
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
        _added(contexts, number, number)
    assert len(contexts.entries) == len(contexts.order) == 4


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


def _there(contexts, kids):
    return [contexts.find(kid) is not None for kid in kids]


def test_of_one_key_there_are_two_whatever_it_does():
    """A holder who makes a handshake for each visit, or for none, flushes nobody but himself: also
    with another token for the same key, and also where everybody has opened something.
    """
    contexts = Contexts(6, 0, NoStore(), 4)
    residents = [_added(contexts, number, number) for number in range(3)]
    for kid in residents[1:]:
        contexts.opened(kid, contexts.find(kid))
    his = []
    for number in range(20):
        his.append(_added(contexts, 100 + number, 7))
        if number % 3:
            contexts.opened(his[-1], contexts.find(his[-1]))
        contexts.flush()
        assert _there(contexts, residents) == [True] * 3
        assert _there(contexts, his[-3:])[-2:] == [True] * len(his[-2:])
        assert len(contexts.entries) <= 5


async def test_who_makes_a_handshake_for_each_visit_has_two_files():
    """On flash as in memory; and what came last is what comes back."""
    with Flash() as flash:
        door = Restarting(flash, capacity=4)
        resident, phone = Phone(number=9000), Phone(private=b"\x33" * 32)
        await (await cold(door, resident))[0].hang_up()
        for _ in range(6):
            await (await cold(door, phone))[0].hang_up()
            assert len(flash.names()) <= 3
        door.restart()
        assert len(flash.names()) == 3
        for one in (resident, phone):
            assert (await warm_after_restart(door, one)).code == coap.code.CHANGED
        assert door.faults == []


def test_nodes_and_people_take_no_place_from_each_other():
    """A controller is asked by more nodes than a door has phones, all day long, and a crowd of
    phones comes in the morning: neither must make the other introduce itself again.
    """
    contexts = Contexts(3, 0, NoStore(), 2)
    phones = [_added(contexts, number, number) for number in range(3)]
    for kid in phones[1:]:
        contexts.opened(kid, contexts.find(kid))
    nodes = [_added_device(contexts, number) for number in range(4)]
    assert _there(contexts, phones) == [True] * 3
    assert _there(contexts, nodes) == [False, False, True, True]
    later = [_added(contexts, 10 + number, 10 + number) for number in range(4)]
    assert _there(contexts, nodes) == [False, False, True, True]
    # Who has opened something goes last, and there is one place for all who have not.
    assert _there(contexts, phones) == [False, True, True]
    assert _there(contexts, later) == [False] * 3 + [True]
    contexts.make_room()  # one that has opened something lies in the store alone: which is unknown
    _added_device(contexts, 9)
    _added(contexts, 20, 20)
    assert len(contexts.order) <= 5


def test_what_has_ended_is_forgotten_when_somebody_looks():
    """A void or expired holder has no association, however it came to be so."""
    contexts = Contexts(4, 0, NoStore(), 4)
    kids = [_added(contexts, number, number) for number in range(2)]
    ends = contexts.find(kids[0]).credential.expires
    contexts.forget_ended(ends - 1)
    assert _there(contexts, kids) == [True, True]
    contexts.forget_ended(ends)
    assert _there(contexts, kids) == [False, False] and not contexts.order


def test_an_identifier_that_came_to_another_is_not_stored_for_the_first():
    """Opened, forgotten before it was settled, and given to somebody who has opened nothing."""
    with Flash() as flash:
        door = Restarting(flash)
        contexts = door.contexts
        kid = _added(contexts, 1, 1)
        contexts.opened(kid, contexts.find(kid))
        contexts.forget(kid)
        contexts.add(kid, _association(2, 2, kid))
        contexts.flush()
        assert flash.names() == []
        contexts.opened(kid, contexts.find(kid))
        contexts.flush()
        assert flash.names() == [kid.hex()]


def test_the_transport_says_how_far_back_a_request_may_come():
    """Where the order is kept, what was held back dies with the next that comes through; where it
    is not, 32 places, and none twice.
    """
    contexts = Contexts(4, 0, NoStore(), 4)
    ordered = _added(contexts, 1, 1, window=ORDERED)
    datagrams = _added(contexts, 2, 2, window=DATAGRAMS)
    for kid, later in ((ordered, False), (datagrams, True)):
        context = contexts.find(kid).context
        context.accept(40)
        for piv in (39, 9):
            if later:
                context.accept(piv)
            raises(oscore.REPLAYED, context.check, piv)
        raises(oscore.REPLAYED, context.check, 8)
        context.accept(41)
