"""A signature that was verified before is not verified again: less work, never another answer."""

INTERPRETERS = ("micropython", "cpython")

import small_site as site
from harness import new_folder
from memory_phone import Hardware, Phone, cold, make_reader

NEW_SEED = b"\x33" * 32


def _last(hardware):
    return [line for line in hardware.lines if line["event"] == "access"][-1]


async def _visit(reader, hardware, number, token=None):
    call, _, _ = await cold(reader, Phone(token, number=number))
    await call.hang_up()
    return _last(hardware)


async def test_the_second_handshake_with_a_token_costs_one_operation_less():
    """Also after a restart; a guest's token has no signature and is not remembered."""
    folder = new_folder()
    hardware = Hardware()
    reader = make_reader(hardware, directory=folder)
    await _visit(reader, hardware, 0)  # the first of all pays for its key too
    event = await _visit(reader, hardware, 10)
    assert event["granted"] and event["public_key_operations"] == 3
    other = site.holder_token(changes={7: b"another."})
    assert (await _visit(reader, hardware, 20, other))["public_key_operations"] == 4
    assert (await _visit(reader, hardware, 30, other))["public_key_operations"] == 3
    hardware = Hardware()
    hardware.random_counter = 100000
    reader = make_reader(hardware, directory=folder)
    await _visit(reader, hardware, 40, site.guest_token())
    event = await _visit(reader, hardware, 50, other)
    assert event["granted"] and event["public_key_operations"] == 3


async def test_a_flipped_bit_in_a_known_token_is_another_token():
    """What is remembered is all of it: the claims are read from what is shown now."""
    hardware = Hardware()
    reader = make_reader(hardware)
    token = bytearray(site.holder_token())
    await _visit(reader, hardware, 0)
    place = bytes(token).index(b"lobby") + 1
    token[place] ^= 1
    event = await _visit(reader, hardware, 10, bytes(token))
    assert event["reason"] == "bad_signature" and hardware.opened == 1


async def test_a_known_token_is_still_asked_for_its_time_and_for_revocation():
    """Remembering is about the signature only."""
    hardware = Hardware()
    reader = make_reader(hardware)
    token = site.holder_token()
    assert (await _visit(reader, hardware, 0, token))["granted"]
    first = site.changeset()
    revoke = [[7, site.holder_claims()[7], site.NOW + 30 * site.DAY, None]]
    reader.apply(site.changeset(revoke, 2, site.hash_of(first)))
    assert (await _visit(reader, hardware, 10, token))["reason"] == "revoked"
    hardware.pass_time(40 * site.DAY)
    other = site.holder_token(changes={7: b"another.", 4: site.NOW + site.DAY})
    assert (await _visit(reader, hardware, 20, other))["reason"] == "expired"
    assert (await _visit(reader, hardware, 30, other))["reason"] == "expired"


async def test_a_key_that_is_no_longer_trusted_makes_its_tokens_strangers():
    """An authority that lost its key rotates it: what the old one signed must not come back."""
    hardware = Hardware()
    reader = make_reader(hardware)
    assert (await _visit(reader, hardware, 0))["granted"]
    new = site.authority(NEW_SEED)
    reader.apply(site.changeset([[10, [new.x]]], 2, site.hash_of(site.changeset())))
    event = await _visit(reader, hardware, 10)
    assert event["reason"] == "bad_signature" and hardware.opened == 1
