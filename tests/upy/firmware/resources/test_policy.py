"""The resource /policy: anybody may bring what the authority signed, and only who administers may
read what is there.
"""

INTERPRETERS = ("micropython", "cpython")

import cbor
import coap
import crypto
import small_site as site
from carrier import ADMINISTER, CARRY_EVENTS, UNLOCK, Carrier, carriers
from holdfast.resources.policy import PolicyResource
from policy_site import OTHER_SEED, chain, steps, taken

CHANGED, CONTENT, CONTINUE = coap.code.CHANGED, coap.code.CONTENT, coap.code.CONTINUE
BAD, FORBIDDEN, UNAVAILABLE = (
    coap.code.BAD_REQUEST,
    coap.code.FORBIDDEN,
    coap.code.SERVICE_UNAVAILABLE,
)


async def test_any_believed_holder_may_bring_a_changeset():
    """A phone, a neighbour, a controller: the signature says whether it counts."""
    _, hardware, guest = await carriers(UNLOCK, policy=False)
    for number, raw in enumerate(chain(*steps(3))):
        response = await guest.post("policy", raw)
        in_force = [number + 1, crypto.sha256(raw)]
        assert response.code == CHANGED and cbor.decode(response.payload) == in_force
        again = await guest.post("policy", raw)
        assert again.code == CHANGED and cbor.decode(again.payload) == in_force
    applied = [line for line in hardware.lines if line["event"] == "policy_applied"]
    assert [line["changeset"] for line in applied] == [1, 2, 3]


async def test_what_the_authority_did_not_sign_changes_nothing_and_says_why():
    """A forgery, a gap, a fork, another site's, noise: 4.00 with a text, the policy as before."""
    reader, hardware, guest = await carriers(UNLOCK, policy=False)
    good = chain(*steps(3))
    assert (await guest.post("policy", good[0])).code == CHANGED
    forged = chain(*steps(2), seed=OTHER_SEED)
    fork = chain([[4, []]])
    for raw in (
        good[2],
        forged[1],
        fork[0],
        good[1][:-1],
        good[1] + b"\x00",
        b"",
        b"\x00",
        bytes(600),
        b"\xd2" * 1000,
        cbor.encode({1: 1}),
    ):
        response = await guest.post("policy", raw)
        assert response.code == BAD and response.payload, raw[:8]
        assert str(response.payload, "utf-8")
        assert reader.stores.rules.number == 1
    assert not [line for line in hardware.lines if line["event"] == "fault"]
    assert (await guest.post("policy", good[1])).code == CHANGED


async def test_a_snapshot_is_brought_part_by_part_and_then_all_goes_by_it():
    """2.31 and which part is wanted, until the last is there: number and head, and an event."""
    reader, hardware, guest = await carriers(UNLOCK, policy=False)
    head, *parts = taken(60)
    count = len(parts)
    assert count > 1
    response = await guest.post("policy", parts[0])
    assert response.code == BAD and response.payload == b"no snapshot is under way"
    for number, raw in enumerate([head] + parts, 1):
        response = await guest.post("policy", raw)
        if number <= count:
            assert response.code == CONTINUE and cbor.decode(response.payload) == [number]
            assert reader.stores.rules.number == 0
            # Whoever brings something else is answered as if nothing were under way.
            assert (await guest.post("policy", b"")).code == BAD
    standing = [60, reader.stores.rules.head]
    assert response.code == CHANGED and cbor.decode(response.payload) == standing
    again = await guest.post("policy", head)
    assert again.code == CHANGED and cbor.decode(again.payload) == standing
    applied = [line for line in hardware.lines if line["event"] == "policy_applied"]
    assert [line["changeset"] for line in applied] == [60]
    older = await guest.post("policy", taken(59)[0])
    assert older.code == BAD and b"older than changeset 60" in older.payload


async def test_only_who_administers_reads_the_policy():
    """It says which doors there are, who is locked out and when nobody is in."""
    reader, hardware, unlocker, carrier, admin = await carriers(
        UNLOCK, UNLOCK | CARRY_EVENTS, ADMINISTER
    )
    for one in (unlocker, carrier):
        response = await one.get("policy")
        assert response.code == FORBIDDEN and response.payload == b"not for this door"
    response = await admin.get("policy")
    assert response.code == CONTENT and cbor.decode(response.payload) == [site.changeset()]
    # Retired while the phone goes on: the next request is answered otherwise.
    operations = [[7, b"carrier2", site.NOW + 40 * site.DAY, None]]
    reader.apply(site.changeset(operations, 2, crypto.sha256(site.changeset())))
    response = await admin.get("policy")
    assert response is None or response.code != CONTENT


async def test_rights_at_another_door_are_none_here():
    """Nor are those of somebody whose time is over."""
    reader, _, admin = await carriers(ADMINISTER)
    elsewhere = await Carrier(reader, ADMINISTER, place="cellar", number=5000).meet()
    late = {4: site.NOW - 1, 5: None, 7: b"too late"}
    over = await Carrier(reader, ADMINISTER, late, number=6000).meet()
    assert (await elsewhere.get("policy")).code == FORBIDDEN
    # No context is remembered for a credential that is over.
    assert (await over.get("policy")).code == coap.code.UNAUTHORIZED
    assert (await admin.get("policy")).code == CONTENT


async def test_answers_fit_one_message_and_together_they_are_all():
    """Whoever asks after what they have gets on, however large the changesets are."""
    reader, _, admin = await carriers(ADMINISTER, policy=False)

    def zones(count):
        return [[12, number, "door-%d-%s" % (number, "x" * 40)] for number in range(1, count + 1)]

    wide = [site.HERE] + [zones(count) for count in (17, 9, 1, 14, 2, 2)]
    raws = chain(*wide)
    assert max([len(raw) for raw in raws]) > 900
    for raw in raws:
        reader.apply(raw)
    got = []
    while True:
        response = await admin.get("policy", b"after=%d" % len(got))
        assert response.code == CONTENT and admin.bytes <= 1100
        found = cbor.decode(response.payload)
        if not found:
            break
        got += found
    assert got == raws


async def test_queries_of_any_form():
    """Beyond the end there is nothing; what is no number is a bad request."""
    _, hardware, admin = await carriers(ADMINISTER)
    for query in (b"after=1", b"after=2", b"after=9999999999", b"after=0000000001"):
        response = await admin.get("policy", query)
        assert response.code == CONTENT and cbor.decode(response.payload) == []
    for query in (
        b"",
        b"after",
        b"after=",
        b"after=-1",
        b"after=+1",
        b"after=1 ",
        b"after=0x1",
        b"after=12345678901",
        b"after=\xc2\xb2",
        b"AFTER=1",
        b"before=1",
        b"after=1&after=2",
    ):
        assert (await admin.get("policy", query)).code == BAD, query
    assert (await admin.get("policy", b"after=0", b"x")).code == BAD
    assert not [line for line in hardware.lines if line["event"] == "fault"]


class _Store:
    """A PolicyStore whose flash fails."""

    class rules:
        number = 1
        head = bytes(32)

    def after(self, number, limit):
        raise OSError(5)


class _Request:
    payload = b""

    def options_of(self, number):
        return []


class _Peer:
    class credential:
        role, decides = 0, False


async def test_flash_that_fails_is_5_03():
    """Nothing has changed, and the same may be asked again."""

    def no_store():
        raise OSError(5)

    async def failing(raw):
        raise OSError(28)

    for store in (no_store, _Store):
        resource = PolicyResource(store, lambda *_: 0, lambda raw: True)
        assert (await resource.get(_Request(), _Peer)).code == UNAVAILABLE
    resource = PolicyResource(_Store, lambda *_: 0, failing)
    assert (await resource.post(_Request(), _Peer)).code == UNAVAILABLE
