"""A certificate's renewal: the authority's word, brought by anybody, in force at once."""

INTERPRETERS = ("micropython", "cpython")

import os

import cbor
import coap
import small_site as site
from carrier import ADMINISTER, UNLOCK, Carrier, StillHardware
from harness import new_folder
from holdfast.access.events.event import CERTIFICATE_ENDING, CERTIFICATE_RENEWED
from memory_phone import Phone, cold, make_reader, warm

BAD, CHANGED, CONTENT = coap.code.BAD_REQUEST, coap.code.CHANGED, coap.code.CONTENT
LATER = site.NOW - 10


def later(changes=None, issued_at=LATER, key=None):
    """A sound renewal; ``changes`` are to its claims."""
    claims = {6: issued_at, 7: b"renewed.", 4: site.NOW + 100 * site.DAY}
    claims.update(changes or {})
    return site.device_certificate(changes=claims)


def noted(hardware, kind):
    return [line for line in hardware.lines if line.get("event") == kind]


async def test_a_renewal_is_in_force_at_once_and_after_a_restart():
    """Whoever may open may bring it. No phone is forgotten: the key behind it is the same."""
    hardware, folder = StillHardware(), new_folder()
    reader = make_reader(hardware, directory=folder)
    known = Phone()
    call, _, answer = await cold(reader, known)
    await call.hang_up()
    assert answer[1] is True
    bringer = await Carrier(reader, UNLOCK, {7: b"bringer."}, number=1000).meet()
    renewal = later()
    assert (await bringer.post("certificate", renewal)).code == CHANGED
    assert (await bringer.get("certificate")).payload == renewal
    assert len(noted(hardware, "certificate_renewed")) == 1
    for _ in range(2):  # it comes again: the answer was lost
        assert (await bringer.post("certificate", renewal)).code == CHANGED
    assert len(noted(hardware, "certificate_renewed")) == 1

    # The next handshake shows it.
    newcomer = Phone(number=2000)
    call, _, answer = await cold(reader, newcomer)
    await call.hang_up()
    assert answer[1] is True and newcomer.shown == renewal
    _, _, answer = await warm(reader, known)
    assert answer[1] is True

    again = make_reader(StillHardware(), directory=folder, policy=False)
    assert again.keys.certificate(0) == renewal
    visitor = Phone(site.holder_token(changes={7: b"visitor."}), number=3000)
    call, _, answer = await cold(again, visitor)
    await call.hang_up()
    assert answer[1] is True and visitor.shown == renewal


async def test_what_is_no_renewal_changes_nothing():
    """Of another key, node, role, time or author; or for fewer doors than the node decides."""
    hardware, folder = StillHardware(), new_folder()
    reader = make_reader(hardware, directory=folder)
    bringer = await Carrier(reader, UNLOCK).meet()
    before = reader.keys.certificate(0)
    stranger = bytearray(later())
    stranger[-1] ^= 1
    for raw in (
        later(issued_at=site.NOW - site.DAY),  # as old as the one in force
        later(issued_at=site.NOW - 2 * site.DAY),
        later({6: None}),
        later({2: "reader-2"}),
        later({1: "evil"}),
        later({-65537: 2}),
        later({-65537: 3}),
        later({-65537: None}),
        later({7: None}),
        later({9: None}),
        later({9: site.scope((1, "gate", 1))}),
        later({8: site.confirmation(b"\x12" * 32)}),
        later({8: site.confirmation(site.READER_P256_PRIVATE, 2, True)}),
        bytes(stranger),
        site.holder_token(),
        b"",
        b"\xff" * 600,
    ):
        answer = await bringer.post("certificate", raw)
        assert answer.code == BAD and answer.payload, raw
        assert reader.keys.certificate(0) == before
    assert not noted(hardware, "certificate_renewed")
    assert make_reader(StillHardware(), directory=folder).keys.certificate(0) == before
    wider = later({9: site.scope((1, "gate", 1), (1, site.DOOR, 1))})
    assert (await bringer.post("certificate", wider)).code == CHANGED


async def test_each_of_two_keys_is_renewed_by_itself():
    """A phone of suite 2 meets the other key's certificate."""
    folder = new_folder()
    reader = make_reader(StillHardware(), directory=folder, two_keys=True)
    bringer = await Carrier(reader, UNLOCK).meet()
    first = reader.keys.certificate(0)
    second = site.p256_certificate(changes={6: LATER, 7: b"renewed2"})
    assert (await bringer.post("certificate", second)).code == CHANGED
    assert (reader.keys.certificate(0), reader.keys.certificate(2)) == (first, second)
    assert (await bringer.get("certificate")).payload == first
    again = make_reader(StillHardware(), directory=folder, two_keys=True, policy=False)
    assert (again.keys.certificate(0), again.keys.certificate(2)) == (first, second)


async def test_a_revoked_renewal_stays_out():
    """One that was signed, not brought, and taken back with its device."""
    reader = make_reader(StillHardware())
    revoking = [[7, b"renewed.", site.NOW + 100 * site.DAY, LATER]]
    reader.apply(site.changeset(revoking, 2, site.hash_of(site.changeset())))
    bringer = await Carrier(reader, UNLOCK).meet()
    assert (await bringer.post("certificate", later())).code == BAD


async def test_flash_that_fails_keeps_the_one_in_force():
    """The same may come again; nothing is in force that a restart would take back."""
    reader = make_reader(StillHardware())
    bringer = await Carrier(reader, UNLOCK).meet()
    before = reader.keys.certificate(0)

    class Failing:
        def write(self, suite, certificate):
            raise OSError(5)

    sound = reader.stores.certificates
    reader.stores.certificates = Failing
    assert (await bringer.post("certificate", later())).code == coap.code.SERVICE_UNAVAILABLE
    assert reader.keys.certificate(0) == before
    reader.stores.certificates = sound
    assert (await bringer.post("certificate", later())).code == CHANGED


async def test_a_file_that_is_no_renewal_is_passed_over_at_a_start():
    """Damaged, another board's, or older than what the technician gave it since."""
    for content in (b"", b"x", os.urandom(600), later({2: "reader-2"}), later(issued_at=5)):
        folder = new_folder()
        stored = make_reader(StillHardware(), directory=folder).stores.certificates()
        stored.write(0, content)
        reader = make_reader(StillHardware(), directory=folder, policy=False)
        assert reader.keys.certificate(0) == reader.settings.certificate


async def test_an_end_that_comes_near_is_told_once_a_start_and_in_the_status():
    """Sixty days are time to bring a renewal; a door that says nothing shuts out all phones."""
    for days, is_near in ((61, False), (60, True), (1, True), (-1, True)):
        hardware = StillHardware()
        ends = site.NOW + days * site.DAY
        reader = make_reader(hardware, {6: site.device_certificate(changes={4: ends})})
        assert len(noted(hardware, "certificate_ending")) == is_near
        admin = await Carrier(reader, ADMINISTER).meet()
        told = cbor.decode((await admin.get("status")).payload)
        assert told.get(10) == (max(0, days) * site.DAY if is_near else None)
        reader.tell_ending()
        assert len(noted(hardware, "certificate_ending")) == is_near


async def test_it_is_told_when_the_sixty_days_begin_and_not_after_a_renewal():
    hardware = StillHardware()
    ends = site.NOW + 60 * site.DAY + 5
    reader = make_reader(hardware, {6: site.device_certificate(changes={4: ends})})
    for passed, told in ((4, 0), (1, 1), (10, 1)):
        hardware.pass_time(passed)
        reader.tell_ending()
        assert len(noted(hardware, "certificate_ending")) == told, passed
    bringer = await Carrier(reader, UNLOCK).meet()
    assert (await bringer.post("certificate", later())).code == CHANGED
    reader.tell_ending()
    assert len(noted(hardware, "certificate_ending")) == 1
    assert (CERTIFICATE_ENDING, CERTIFICATE_RENEWED) == (25, 26)


def test_settings_that_are_newer_than_a_renewal_win():
    """A board enrolled again goes by what it was given then."""
    folder = new_folder()
    make_reader(StillHardware(), directory=folder).stores.certificates().write(0, later())
    newest = later(issued_at=LATER + 5)
    reader = make_reader(StillHardware(), {6: newest}, directory=folder)
    assert reader.keys.certificate(0) == newest
