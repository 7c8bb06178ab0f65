"""What a policy changes besides decisions is done, also if something failed in the middle."""

INTERPRETERS = ("micropython", "cpython")

import small_site as site
from holdfast.access.events import event, record
from holdfast.access.policy import operations as ops
from memory_phone import Hardware, Phone, cold, make_reader


def _kinds(reader):
    raws = reader.stores.events().after(-1, 1 << 16)
    return [record.decode(record.split(raw)[0]).kind for raw in raws]


def _revoked_and_locked():
    operations = [
        [ops.REVOKE, site.holder_claims()[7], site.NOW + 40 * site.DAY, None],
        [ops.LOCKDOWN, True, None],
    ]
    return site.changeset(operations, 2, site.hash_of(site.changeset()), site.NOW - 60)


async def test_memory_that_ends_in_the_middle_is_made_good_the_next_time():
    """The floor of the clock, the phone's context, both events: each by its own, each once."""
    places = (
        ("timekeeper", "heard_signed", 0),
        ("contexts", "forget_credentials", 0),
        ("recorder", "note", 0),
        ("recorder", "note", 1),
    )
    for piece, name, passes in places:
        hardware = Hardware()
        reader = make_reader(hardware)
        await (await cold(reader, Phone()))[0].hang_up()
        owner = getattr(reader, piece)
        genuine = getattr(owner, name)
        left = [passes]

        def failing(*arguments, genuine=genuine, left=left, **named):
            left[0] -= 1
            if left[0] == -1:
                raise MemoryError
            return genuine(*arguments, **named)

        setattr(owner, name, failing)
        try:
            reader.apply(_revoked_and_locked())
            raise AssertionError("memory did not end")
        except MemoryError:
            pass
        reader.keep_up()
        reader.keep_up()
        setattr(owner, name, genuine)
        kinds = _kinds(reader)
        where = (piece, name, passes)
        assert not reader.contexts.order, where
        assert kinds.count(event.LOCKDOWN) == 1, (where, kinds)
        assert kinds.count(event.POLICY_APPLIED) == 2, (where, kinds)  # the first one, too


async def test_a_lockdown_is_told_of_the_door_that_it_is_of():
    hardware = Hardware()
    reader = make_reader(hardware)
    reader.apply(_revoked_and_locked())
    told = [line for line in hardware.lines if line["event"] == "lockdown"]
    assert told == [{"event": "lockdown", "door": site.DOOR, "on": True}]
