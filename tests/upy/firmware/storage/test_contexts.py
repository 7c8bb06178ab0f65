"""What lies in the folder of contexts is hostile: it comes back as it was kept, or not at all."""

INTERPRETERS = ("micropython", "cpython")

import os
import random

import cbor
import crypto
import oscore
import small_site as site
from coap import code
from harness import bit_flips, raises, truncations
from holdfast.access import Trust
from holdfast.storage import files
from holdfast.storage.contexts import BLOCK
from holdfast.storage.sealed import Sealer, derive
from memory_phone import Phone, cold, warm
from restarts import Flash, Restarting, ask, echo_of, open_store, warm_after_restart

C_R = b"\x05"
AAD = b"holdfast context\x05"


def _seed(number=0, token=None):
    """(context, credential, seed) of an association that nobody else has."""
    token = token or site.holder_token()
    secret = crypto.sha256(b"secret %d" % number)[:16]
    salt = crypto.sha256(b"salt %d" % number)[:8]
    trust = Trust(site.SITE, [site.authority_public()], site.zone_keys)
    context = oscore.SecurityContext(secret, salt, b"\x37", C_R, window_size=1)
    return context, trust.authenticate(token), (secret, salt, 1, token)


def _kept(flash, number=0, token=None):
    """A store that holds one association, and the association's context."""
    store = open_store(flash.path)
    assert store.load(16) == []
    context, credential, seed = _seed(number, token)
    store.keep(C_R, context, credential, seed)
    return store, context


def test_a_context_comes_back_with_its_keys_and_without_its_window():
    """The same keys; no request accepted unasked; no Partial IV that might have been used."""
    with Flash() as flash:
        _, context = _kept(flash)
        for again in range(3):
            ((c_r, back, credential),) = open_store(flash.path).load(16)
            assert c_r == C_R and credential.holder == "alice"
            assert credential.scope == [(1, "lobby", 1)]
            assert credential.is_from([site.authority_public()]) and not credential.guest
            for name in ("sender_key", "recipient_key", "common_iv", "sender_id", "recipient_id"):
                assert getattr(back, name) == getattr(context, name), name
            assert not back.replay_window.is_initialised and back.expected_echo is None
            first = back.sender_sequence_number
            assert first == BLOCK * (again + 1)
            taken = [back.next_piv() for _ in range(BLOCK)]
            assert taken[0] == bytes((first,)) and len(set(taken)) == BLOCK


def test_a_guest_comes_back_as_a_guest():
    """Whose token the zone's key made must not pass for one the authority signed."""
    with Flash() as flash:
        _kept(flash, token=site.guest_token())
        ((_, _, credential),) = open_store(flash.path).load(16)
        assert credential.guest and credential.authority is None
        assert not credential.is_from([site.authority_public()])


def test_every_damage_means_that_it_is_gone():
    """Each bit flipped and each length cut: no exception, no other key, no leftover."""
    with Flash() as flash:
        _kept(flash)
        (name,) = flash.names()
        path = flash.path + "/contexts/" + name
        whole = flash.image()[name]
        assert name == "05" and len(whole) < 310
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
        assert [c_r for c_r, _, _ in open_store(flash.path).load(16)] == [C_R]
        assert flash.names() == ["05"]
        assert open_store(flash.path, binding=b"enrolled anew").load(16) == []
        assert flash.names() == []


def test_a_stranger_s_file_is_left_alone_and_a_cut_write_is_swept_up():
    """Only names of our own are looked at: a folder full of others costs nothing."""
    with Flash() as flash:
        _kept(flash)
        for name in ("05.new", "2f.new", "5", "005", "38", "0A", "x" * 50):
            files.write(flash.path + "/contexts/" + name, b"half")
        assert len(open_store(flash.path).load(16)) == 1
        assert flash.names() == sorted(["05", "005", "0A", "38", "5", "x" * 50])


def test_a_record_that_was_sealed_and_is_wrong_all_the_same_is_gone():
    """An older firmware, or a newer one, with the same key: each entry of another shape."""
    with Flash() as flash:
        _kept(flash)
        sealer = Sealer(derive(site.READER_PRIVATE, "contexts", b"place"), os.urandom)
        good = cbor.decode(sealer.open(flash.image()["05"], AAD))
        assert len(good) == 9 and good[0] == 1
        wrong = [good[:8], good + [0], [], {}, 0, b"", None]
        for place, values in enumerate(
            (
                (0, 2, True, "1"),
                (-1, 1 << 49, None, 1.0),
                (b"", bytes(15), bytes(17), 0),
                (b"", bytes(7), bytes(9), "salt"),
                (C_R, bytes(8), 0),
                (0, -1, 65, None),
                (-1, (1 << 40) + 1, b"", None),
                (0, bytes(31), bytes(33), "x" * 32),
                (b"", bytes(513), good[8][:-1], good[8] + b"\0", site.device_certificate(), 0),
            )
        ):
            wrong.extend([good[:place] + [value] + good[place + 1 :] for value in values])
        for items in wrong + [good]:
            data = sealer.seal(cbor.encode(items), AAD)
            files.write(flash.path + "/contexts/05", data)
            found = open_store(flash.path).load(16)
            assert len(found) == (items is good), items
        files.write(flash.path + "/contexts/05", sealer.seal(cbor.encode(good) + b"\0", AAD))
        assert open_store(flash.path).load(16) == []


def test_numbers_end_where_oscore_ends():
    """2**40 Partial IVs and not one more, also for a record that says so."""
    with Flash() as flash:
        store, _ = _kept(flash)
        context, credential, seed = _seed()
        context.sender_sequence_number = (1 << 40) - 2
        store.keep(C_R, context, credential, seed)
        context.next_piv()
        context.next_piv()
        raises(oscore.SequenceExhausted, context.next_piv)
        ((_, back, _),) = open_store(flash.path).load(16)
        raises(oscore.SequenceExhausted, back.next_piv)


def test_a_reservation_that_fails_gives_no_number():
    """The number would be used and forgotten: then the next start uses it again."""
    with Flash() as flash:
        _kept(flash)
        faults = []
        store = open_store(flash.path, faults=faults)
        ((_, back, _),) = store.load(16)
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
        other, credential, seed = _seed(1)
        store.keep(C_R, other, credential, seed)
        image = flash.image()
        assert back.next_piv() == bytes((2 * BLOCK,)) and flash.image() == image


def test_what_could_not_be_kept_leaves_nothing_behind():
    """Neither itself nor what was there before under its identifier comes back."""
    with Flash() as flash:
        store, _ = _kept(flash)
        flash.failing = lambda path: True
        other, credential, seed = _seed(1)
        store.keep(C_R, other, credential, seed)
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
        _, credential, seed = _seed(1)
        other = oscore.SecurityContext(*seed[:2], b"\x37", b"\x06", window_size=1)
        store.keep(b"\x06", other, credential, seed)
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
                c_r: found.context.sender_key
                for c_r, found in door.contexts._associations.items()
                if found.has_opened
            }
            kept = {}
            for c_r, context, _ in open_store(flash.path, binding=door.binding).load(16):
                kept[c_r] = context.sender_key
            assert kept == opened
            assert len(door.contexts._associations) <= 3
        assert not door.faults
