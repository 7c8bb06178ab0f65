"""What branches of one policy come to: whatever any of them took back is gone, whoever parted from
whom, and also where nobody keeps how it was.
"""

import pytest

from holdfast.access.place import DOOR, ZONE
from holdfast.access.policy import changeset, snapshot
from holdfast.access.policy import operations as ops
from holdfast_host.errors import UsageProblem
from holdfast_host.policy import branches, difference, merge
from holdfast_host.policy.chain import History
from holdfast_host.policy.state import State

NOW = 1_800_000_000
A, B, C = (bytes([one]) * 8 for one in (1, 2, 3))
END = NOW + 86400
BEGINNING = [
    [[ops.DOOR, 0, "front"], [ops.DOOR, 1, "back"], [ops.ZONE, "all", b"\x03"]],
    [
        [ops.GROUP, 7, [[[DOOR, "front"], 1, None], [[DOOR, "back"], 1, None]]],
        [ops.GROUP, 8, [[[ZONE, "all"], 1, None]]],
    ],
    [[ops.GRANT, A, 7, None], [ops.GRANT, B, 7, None], [ops.GRANT, B, 8, None]],
]


@pytest.fixture
def grown(authority):
    """``grown(history, [operation, ...], ...)``: a copy that signed these changesets, too."""

    def grow(history, *each):
        copy = History("acme", authority.public_key)
        if history is not None:
            copy = branches.until(history, history.number)
        for said in each:
            raw = changeset.make(
                authority.signing_key, "acme", copy.number + 1, copy.head, NOW, said
            )
            copy.apply(raw)
        return copy

    return grow


@pytest.fixture
def begun(grown):
    return grown(None, *BEGINNING)


def come_to(ours, *others):
    """The state of the copy in hand with what doors gave of others, and what is not given on."""
    found = [branches.read(f"door {at}", one, ours) for at, one in enumerate(others)]
    made = merge.merged([branches.of_history(["this"], ours), *found], NOW)
    # What is signed leads there, on the copy's own chain, and no reader refuses it.
    said = difference.operations(ours.state, made.state)
    state = branches.until(ours, ours.number).state
    state.apply(said, NOW)
    assert state.operations() == made.state.operations()
    return made


def test_what_either_took_back_is_gone_and_what_either_gave_is_there(begun, grown):
    ours = grown(begun, [[ops.GRANT, A, 7, False], [ops.REVOKE, b"revoked1", END, NOW]])
    theirs = grown(
        begun,
        [[ops.GRANT, B, 8, False], [ops.GRANT, C, 7, END], [ops.REVOKE, b"revoked2", END, NOW]],
        [[ops.WATERMARK, NOW - 50], [ops.DROPPED, NOW - 90]],
        [[ops.LOCKDOWN, True, [[DOOR, "back"]]]],
    )
    made = come_to(ours, theirs.changesets)
    assert set(branches.pairs(made.state)) == {(B, 7), (C, 7)}
    assert set(made.state.revoked.entries) == {b"revoked1", b"revoked2"}
    assert (made.state.revoked.watermark, made.state.revoked.dropped) == (NOW - 50, NOW - 90)
    assert made.state.locked_places == [(DOOR, "back")]
    assert made.gone == [(A, 7), (B, 8)]
    assert come_to(theirs, ours.changesets).gone == made.gone, "whichever copy is in hand"


def test_the_less_of_two_changes_holds(begun, grown):
    """Ends, suspensions, rights of a group; a door that both gave a number."""
    rights = [[[DOOR, "front"], 1, None], [[ZONE, "all"], 1, None]]
    ours = grown(
        begun,
        [[ops.GRANT, A, 7, END], [ops.GRANT, B, 7, None, {ops.SUSPENDED: True}]],
        [[ops.GROUP, 7, rights], [ops.DOOR, 2, "attic"]],
    )
    theirs = grown(
        begun,
        [[ops.GRANT, A, 7, END - 9], [ops.GRANT, B, 7, END], [ops.DOOR, 2, "cellar"]],
        [[ops.GROUP, 7, rights[1:]], [ops.ZONE, "all", b"\x05"]],
    )
    made = come_to(ours, theirs.changesets)
    granted = branches.pairs(made.state)
    assert granted[A, 7].end == END - 9 and granted[B, 7].suspended and granted[B, 7].end == END
    assert made.state.groups[7] == rights[1:] and made.contested == ["group 7"]
    assert made.state.doors == {0: "front", 1: "back", 2: "attic", 3: "cellar"}
    assert made.state.doors_in("all") == ["cellar", "front"], "the back door went out of it"


def test_of_three_branches_what_one_gave_and_another_took_back_stays_gone(begun, grown):
    """Two that parted from each other after both had left this copy."""
    ours = grown(begun, [[ops.LOCKDOWN, True, [[ZONE, "all"]]]])
    between = grown(begun, [[ops.GRANT, C, 7, None]])
    one = grown(between, [[ops.GRANT, C, 7, False]])
    other = grown(between, [[ops.GRANT, A, 7, False]])
    made = come_to(ours, one.changesets, other.changesets)
    assert set(branches.pairs(made.state)) == {(B, 7), (B, 8)}
    assert set(made.state.locked_places) == {(ZONE, "all"), (DOOR, "front"), (DOOR, "back")}
    # A regrant after the parting is a decision, and stands.
    again = grown(begun, [[ops.GRANT, A, 7, False]], [[ops.GRANT, A, 7, END]])
    assert (A, 7) in branches.pairs(come_to(grown(begun, []), again.changesets).state)


def test_from_a_snapshot_on_what_is_not_in_both_is_gone(begun, grown, authority):
    """Nobody can tell when the two parted."""
    ours = grown(begun, [[ops.GRANT, C, 8, None], [ops.REVOKE, b"revoked1", END, NOW]])
    theirs = grown(begun, [[ops.GRANT, A, 7, False]], [])
    pieces = theirs.snapshot(authority)
    after = grown(theirs, [[ops.LOCKDOWN, True, None], [ops.REVOKE, b"revoked2", END, NOW]])
    made = come_to(ours, [*pieces, after.changesets[-1]])
    assert set(branches.pairs(made.state)) == {(B, 7), (B, 8)} and made.state.is_locked
    assert set(made.state.revoked.entries) == {b"revoked1", b"revoked2"}


def test_where_the_beginning_is_kept_nowhere_nothing_from_before_opens(begun, grown):
    """The log of a door has dropped it: cards from before are suspended, and phones need new
    credentials; what came since is as it says.
    """
    theirs = grown(
        begun,
        [[ops.GRANT, A, 7, False]],
        [[ops.REVOKE, b"revoked1", END, NOW]],
        [[ops.GRANT, C, 7, None], [ops.LOCKDOWN, True, [[DOOR, "back"]]]],
    )
    branch = branches.read("door", theirs.changesets[-1:], begun)
    assert branch.unknown == (4, 5) and branch.heads[-1] == (theirs.number, theirs.head)
    made = come_to(begun, theirs.changesets[-1:])
    granted = branches.pairs(made.state)
    assert [pair for pair, one in granted.items() if not one.suspended] == [(C, 7)]
    assert made.state.revoked.watermark == NOW and made.state.locked_places == [(DOOR, "back")]


def test_nothing_is_believed_that_the_authority_did_not_sign(begun, grown, authority):
    """Neither changesets nor a snapshot, nor their parts; nor those of another site."""
    theirs = grown(begun, [[ops.GRANT, C, 7, None]])
    pieces = theirs.snapshot(authority)
    raw = theirs.changesets[-1]
    forged = raw[:-1] + bytes([raw[-1] ^ 1])
    parts = [pieces[0], pieces[1][:-1] + b"\0", *pieces[2:]]
    head = pieces[0][:-1] + bytes([pieces[0][-1] ^ 1])
    for given in ([forged], parts, [head, *pieces[1:]], pieces[:-1], [], [b"\xa0"]):
        with pytest.raises(UsageProblem, match="no policy of acme"):
            branches.read("door", given, begun)
    assert snapshot.parse(pieces[0]).number == theirs.number


def test_another_lookup_key_is_told(begun):
    """The cards of one copy have other keys than those of the other."""
    other = branches.Branch(("door",), State(), ((9, bytes(32)),))
    other.state.keys.lookup = 2
    with pytest.raises(UsageProblem, match="another lookup key"):
        merge.merged([branches.of_history(["this"], begun), other], NOW)
