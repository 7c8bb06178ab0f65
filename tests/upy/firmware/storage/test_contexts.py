"""What lies in the folder of contexts is hostile: it comes back as it was kept, or not at all."""

INTERPRETERS = ("micropython", "cpython")

import os
import random

import crypto
import oscore
import small_site as site
from coap import code
from harness import bit_flips, raises, truncations
from holdfast.access import Trust
from holdfast.link.contexts import Association, has_opened
from holdfast.storage import files
from holdfast.storage.contexts import BLOCK
from holdfast.storage.sealed import Sealer, derive
from memory_phone import Phone, cold, warm
from oscore.table import number_of
from restarts import Flash, Restarting, ask, echo_of, open_store, warm_after_restart

C_R = b"\x05"
AAD = b"holdfast context\x02\x01\x05"


def _association(number=0, token=None, c_r=C_R):
    """An Association that nobody else has."""
    secret = crypto.sha256(b"secret %d" % number)[:16]
    salt = crypto.sha256(b"salt %d" % number)[:8]
    trust = Trust(site.SITE, [site.authority_public()], site.zone_keys)
    context = oscore.SecurityContext(secret, salt, b"\x37", c_r, window_size=1)
    return Association(context, trust.authenticate(token or site.holder_token()))


def _kept(flash, number=0, token=None):
    """A store that holds one association, and the association's context."""
    store = open_store(flash.path)
    assert store.load(16) == []
    context = _association(number, token).context
    store.keep(context)
    context.reserve = store.reserve
    return store, context


def _loaded(flash):
    """The only association, after a restart."""
    store = open_store(flash.path)
    (packed,) = store.load(16)
    association = Association.over(packed)
    association.context.reserve = store.reserve
    return association


def test_a_context_comes_back_with_its_keys_and_without_its_window():
    """The same keys; no request accepted unasked; no Partial IV that might have been used."""
    with Flash() as flash:
        _, context = _kept(flash)
        context.accept(7)
        for again in range(3):
            association = _loaded(flash)
            back, credential = association.context, association.credential
            assert back.recipient_id == C_R and credential.holder == "alice"
            assert credential.scope == [(1, "lobby", 1)]
            assert credential.is_from([site.authority_public()]) and not credential.guest
            for name in ("sender_key", "recipient_key", "common_iv", "sender_id", "recipient_id"):
                assert getattr(back, name) == getattr(context, name), name
            assert back.is_window_lost and back.expected_echo is None
            first = back.sender_sequence_number
            assert first == BLOCK * (again + 1)
            taken = [back.next_piv() for _ in range(BLOCK)]
            assert taken[0] == bytes((first,)) and len(set(taken)) == BLOCK


def test_what_lies_on_flash_is_what_lay_in_memory():
    """Byte for byte: what is lost on the way would be a key, a number or a rule."""
    with Flash() as flash:
        _, context = _kept(flash)
        sealer = Sealer(derive(site.READER_PRIVATE, "contexts", b"place"), os.urandom)
        assert sealer.open(flash.image()["05"], AAD) == bytes(6) + bytes(context.packed)


def test_a_guest_comes_back_as_a_guest():
    """Whose token the zone's key made must not pass for one the authority signed."""
    with Flash() as flash:
        _kept(flash, token=site.guest_token())
        credential = _loaded(flash).credential
        assert credential.guest and credential.authority is None
        assert not credential.is_from([site.authority_public()])


def test_identifiers_of_any_length_have_files_of_their_own():
    """One, two and three bytes: 05, 0500 and 050000 are three phones."""
    with Flash() as flash:
        kids = (b"\x05", b"\x05\x00", b"\x05\x00\x00", b"\xff\xff\xff")
        store = open_store(flash.path)
        store.load(16)
        for number, kid in enumerate(kids):
            store.keep(_association(number, c_r=kid).context)
        assert flash.names() == sorted([kid.hex() for kid in kids])
        found = [oscore.SecurityContext.over(packed) for packed in open_store(flash.path).load(16)]
        assert [context.recipient_id for context in found] == list(kids)
        for number, context in enumerate(found):
            assert context.sender_key == _association(number).context.sender_key
        store.forget(kids[1])
        assert len(open_store(flash.path).load(16)) == 3


def test_every_damage_means_that_it_is_gone():
    """Each bit flipped and each length cut: no exception, no other key, no leftover."""
    with Flash() as flash:
        _kept(flash)
        (name,) = flash.names()
        path = flash.path + "/contexts/" + name
        whole = flash.image()[name]
        assert name == "05" and len(whole) < 210
        cases = list(truncations(whole)) + list(bit_flips(whole))[::5]
        for damaged in cases + [whole + b"\0", bytes(5000)]:
            with open(path, "wb") as file:
                file.write(damaged)
            faults = []
            assert open_store(flash.path, faults=faults).load(16) == []
            assert faults == [("contexts", "DamagedError")] and flash.names() == []


def test_a_file_in_another_place_is_no_association():
    """Renamed, it would be another phone's identifier with this one's keys; copied from another
    board or another enrolment, somebody nobody let in.
    """
    with Flash() as flash:
        _kept(flash)
        whole = flash.image()["05"]
        for name in ("06", "20"):
            files.write(flash.path + "/contexts/" + name, whole)
        assert _loaded(flash).context.recipient_id == C_R
        assert flash.names() == ["05"]
        assert open_store(flash.path, binding=b"enrolled anew").load(16) == []
        assert flash.names() == []


def test_a_stranger_s_file_is_left_alone_and_a_cut_write_is_swept_up():
    """Only names of our own are looked at: a folder full of others costs nothing."""
    with Flash() as flash:
        _kept(flash)
        others = ["5", "005", "0A", "zz", "05000000", "x" * 50, "notes.new", "05.old"]
        for name in ["05.new", "2f.new", "0102.new"] + others:
            files.write(flash.path + "/contexts/" + name, b"half")
        assert len(open_store(flash.path).load(16)) == 1
        assert flash.names() == sorted(["05"] + others)


def test_a_record_that_was_sealed_and_is_wrong_all_the_same_is_gone():
    """An older firmware, or a newer one, with the same key: cut anywhere, each length changed."""
    with Flash() as flash:
        _, context = _kept(flash)
        sealer = Sealer(derive(site.READER_PRIVATE, "contexts", b"place"), os.urandom)
        good = sealer.open(flash.image()["05"], AAD)
        wrong = list(truncations(good)) + [good + b"\0", bytes(len(good))]
        number_and_head = 6
        for place, value in (
            (0, 0x00),  # no identifiers, or the same
            (0, 0x10),
            (0, 0x77),  # longer ones, which take in what follows
            (1, 0),  # a window of nothing, and one that is too large
            (1, 33),
            (2, 0xFF),  # numbers beyond the last
            (8, 0xFF),
            (14, 0xFF),
            (oscore.context.length(context.packed) - 1, 6),  # another phone's identifier
            (len(context.packed) - 8, 60),  # a name longer than what is left
        ):
            data = bytearray(good)
            data[number_and_head + place] = value
            wrong.append(bytes(data))
        for data in wrong + [good]:
            files.write(flash.path + "/contexts/05", sealer.seal(data, AAD))
            assert len(open_store(flash.path).load(16)) == (data is good), data
        version_1 = sealer.seal(good, b"holdfast context\x05")
        files.write(flash.path + "/contexts/05", version_1)
        assert open_store(flash.path).load(16) == []


def test_numbers_end_where_oscore_ends():
    """2**40 Partial IVs and not one more, also for a record that says so."""
    with Flash() as flash:
        store, _ = _kept(flash)
        context = _association().context
        context.sender_sequence_number = (1 << 40) - 2
        store.keep(context)
        context.next_piv()
        context.next_piv()
        raises(oscore.EXHAUSTED, context.next_piv)
        raises(oscore.EXHAUSTED, _loaded(flash).context.next_piv)


def test_without_its_store_a_context_stops_at_what_is_reserved():
    """Whoever forgets to hand the reservation over gets no number that a restart would use again:
    the bound lies in the bytes.
    """
    with Flash() as flash:
        _, context = _kept(flash)
        other = oscore.SecurityContext.over(context.packed)
        for _ in range(BLOCK):
            other.next_piv()
        raises(oscore.EXHAUSTED, other.next_piv)
        assert context.next_piv() == bytes((BLOCK,))


def test_a_reservation_that_fails_gives_no_number():
    """The number would be used and forgotten: then the next start uses it again."""
    with Flash() as flash:
        _kept(flash)
        faults = []
        store = open_store(flash.path, faults=faults)
        back = oscore.SecurityContext.over(store.load(16)[0])
        back.reserve = store.reserve
        flash.failing = lambda path: True
        for _ in range(3):
            raises(OSError, back.next_piv)
        assert faults == [("contexts", "OSError")] * 3
        flash.failing = None
        assert back.next_piv() == bytes((BLOCK,))
        for _ in range(BLOCK - 1):
            back.next_piv()
        (name,) = flash.names()
        damaged = flash.image()[name]
        files.write(flash.path + "/contexts/05", damaged[:-1])
        raises(ValueError, back.next_piv)
        # Another association in its place cannot bring this one back: nothing to reserve.
        store.keep(_association(1).context)
        image = flash.image()
        assert back.next_piv() == bytes((2 * BLOCK,)) and flash.image() == image


def test_what_could_not_be_kept_leaves_nothing_behind():
    """Neither itself nor what was there before under its identifier comes back."""
    with Flash() as flash:
        store, _ = _kept(flash)
        flash.failing = lambda path: True
        other = _association(1).context
        other.reserve = store.reserve
        store.keep(other)
        assert flash.names() == []
        # It is in memory only, so that no number of it can come back: none needs a reservation.
        flash.failing = None
        assert len({other.next_piv() for _ in range(3 * BLOCK)}) == 3 * BLOCK
        assert flash.names() == [] and flash.writes == 1


async def test_flash_that_fails_opens_the_door_all_the_same():
    """Keeping fails once or for ever: the unlock works, warm ones too, and the fault is told."""
    for for_ever in (False, True):
        with Flash() as flash:
            door = Restarting(flash)
            flash.failing = lambda path: True
            phone = Phone()
            call, answer, _ = await cold(door, phone)
            assert answer == code.CHANGED and door.faults == [("contexts", "OSError")]
            _, answer, _ = await warm(door, phone, call=call)
            assert answer == code.CHANGED and len(door.faults) == 1
            await call.hang_up()
            if not for_ever:
                flash.failing = None
            door.restart()
            response = await warm_after_restart(door, phone)
            assert response.code == code.UNAUTHORIZED and not door.opened
            call, answer, _ = await cold(door, phone)
            assert answer == code.CHANGED
            await call.hang_up()
            assert len(flash.names()) == (not for_ever)


async def test_a_challenge_that_cannot_be_made_sends_the_phone_to_a_handshake():
    """Without a Partial IV that is certainly new there is no challenge: 4.01 in the clear."""
    with Flash() as flash:
        door = Restarting(flash)
        phone = Phone()
        await (await cold(door, phone))[0].hang_up()
        door.restart()
        flash.failing = lambda path: True
        call, _, response = await ask(door, phone)
        assert response.code == code.UNAUTHORIZED and echo_of(response) is None
        assert response.payload == b"Security context not found" and not call.dropped
        assert door.told == ["unknown_context"] and not door.opened
        flash.failing = None
        await call.hang_up()
        assert flash.names() == []
        _, answer, _ = await cold(door, phone)
        assert answer == code.CHANGED


async def test_what_cannot_be_read_at_a_start_comes_back_at_the_next():
    """A fault of the flash is no reason to forget everybody."""
    with Flash() as flash:
        door = Restarting(flash)
        phone = Phone()
        await (await cold(door, phone))[0].hang_up()
        flash.failing = lambda path: True
        door.restart()
        assert ("contexts", "OSError") in door.faults
        response = await warm_after_restart(door, phone)
        assert response.code == code.UNAUTHORIZED
        flash.failing = None
        door.restart()
        assert (await warm_after_restart(door, phone)).code == code.CHANGED


def test_where_one_file_cannot_be_read_none_is_believed():
    """After a failed read littlefs may show an older file, with numbers that were used since."""
    with Flash() as flash:
        store, _ = _kept(flash)
        store.keep(_association(1, c_r=b"\x06").context)
        for name in ("05", "06"):
            flash.failing = lambda path, name=name: path.endswith(name)
            assert open_store(flash.path).load(16) == []
        flash.failing = None
        assert len(open_store(flash.path).load(16)) == 2


async def test_flash_holds_what_memory_holds_in_any_history():
    """Cold, warm, refused, evicted, taken back, restarted: after each step, the same phones."""
    with Flash() as flash:
        door = Restarting(flash, capacity=3)
        phones = [Phone(number=1000 * number) for number in range(6)]
        refused = Phone(site.holder_token(changes={3: "elsewhere"}), number=9000)
        random.seed(16)
        for _ in range(120):
            what = random.randrange(12)
            phone = phones[random.randrange(6)]
            if what == 0:
                door.restart()
            elif what == 1:
                await (await cold(door, refused))[0].hang_up()
            elif what == 2:
                door.contexts.forget_credentials(lambda credential: random.randrange(4) == 0)
            elif what < 6 or phone.context is None:
                await (await cold(door, phone))[0].hang_up()
            else:
                await warm_after_restart(door, phone)
            opened = {
                c_r: bytes(packed[24:]).hex()
                for c_r, packed in door.contexts.entries.items()
                if has_opened(packed)
            }
            kept = {}
            for packed in open_store(flash.path, binding=door.binding).load(16):
                kid = oscore.SecurityContext.over(packed).recipient_id
                kept[number_of(kid)] = bytes(packed[24:]).hex()
            assert kept == opened
            assert len(door.contexts.entries) <= 3
        assert not door.faults
