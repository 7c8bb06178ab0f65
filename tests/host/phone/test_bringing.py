"""Bringing policy to a reader: done is only what is in force, and what is not is said by name.

The reader is the firmware's own resource and store; the site's changesets are the host's.
"""

import asyncio
import contextlib
import re
import shutil

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import cbor
import coap
import crypto
import policy_site
import small_site
from holdfast.access.policy import operations
from holdfast.resources.policy import PolicyResource
from holdfast.storage.policy import incoming
from holdfast_host.credentials.authority import Authority
from holdfast_host.errors import UsageProblem
from holdfast_host.phone import bringing
from holdfast_host.phone.carrier import Carrier, Refused
from holdfast_host.policy import compare
from holdfast_host.policy import history as policies

NOW = small_site.NOW
AUTHORITY = Authority(Ed25519PrivateKey.from_private_bytes(small_site.AUTHORITY_SEED))


class Reader(Carrier):
    """A reader below a folder, and the carrier that is with it; ``sent`` counts requests."""

    def __init__(self, folder, **sizes):
        self.store = policy_site.Board(str(folder), capacity=1000, **sizes).start()

        async def follow(raw):
            return incoming.take(self.store, raw)

        self._resource = PolicyResource(lambda: self.store, lambda *_: 0, follow)
        self.sent = 0
        self.cut_after = None

    def _request(self, method, path, options=(), payload=b""):
        if self.cut_after == self.sent:
            raise ConnectionError
        self.sent += 1
        request = coap.Message(method, [], payload)
        return asyncio.run(self._resource.post(request, None))

    @property
    def standing(self):
        return self.store.rules.number, self.store.rules.head

    def bring(self, data):
        items = bringing.read(cbor.decode_sequence(data, max_items=len(data) + 1))
        return bringing.bring(items, self.post_policy)


class Site:
    """A copy of the site in a folder."""

    def __init__(self, folder):
        self.folder = folder

    def add(self, *made):
        """A changeset for each operation."""
        for operation in made:
            self.sign([operation])
        return self

    def sign(self, made):
        key = AUTHORITY.public_key
        with self._computer():
            policies.change(self.folder, "acme", key, AUTHORITY, lambda _: made, NOW)

    @contextlib.contextmanager
    def _computer(self):
        """Each copy is on another computer."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_STATE_HOME", str(self.folder / "state"))
            yield

    def doors(self, begin, end):
        return self.add(
            *(
                [operations.DOOR, number, f"d{number}".ljust(40, "-")]
                for number in range(begin, end)
            )
        )

    @property
    def history(self):
        return policies.load(self.folder, "acme", AUTHORITY.public_key)

    @property
    def standing(self):
        return self.history.number, self.history.head

    def snapshot(self):
        return policies.sequence(self.history.snapshot(AUTHORITY))

    def recover(self, past):
        key = AUTHORITY.public_key
        policies.go_on(self.folder, "acme", key, AUTHORITY, [], past, NOW)

    def copy(self, name):
        return Site(shutil.copytree(self.folder, self.folder.with_name(name)))


@pytest.fixture
def site(tmp_path):
    (tmp_path / "site").mkdir()
    policies.create(tmp_path / "site", "acme", AUTHORITY, ["guests"], "UTC", NOW)
    return Site(tmp_path / "site")


@pytest.fixture
def reader(tmp_path):
    (tmp_path / "reader").mkdir()
    return Reader(tmp_path / "reader")


def done_as_told(problem, reader, site):
    """What the next step of ``problem`` says works, as a person would do it."""
    assert "site recover SITE" in problem.next_step
    assert "export SITE --snapshot" in problem.next_step
    number = re.search(r"changeset ([0-9]+)", problem.cause)
    assert number
    site.recover(int(number[1]))
    standing = reader.bring(site.snapshot())
    assert (standing.number, standing.head) == site.standing == reader.standing


def test_changesets_are_brought_and_what_is_known_is_passed_over(site, reader):
    """The answer is number and head; a file that begins long before is no more work."""
    site.doors(0, 5)
    standing = reader.bring(site.history.export())
    assert (standing.number, standing.head) == site.standing == reader.standing
    reader.sent = 0
    assert reader.bring(site.history.export()) == standing and reader.sent == 1
    site.doors(5, 7)
    reader.sent = 0
    reader.bring(site.history.export())
    assert reader.standing == site.standing and reader.sent == 3
    site.doors(7, 8)
    reader.bring(site.history.export(7))
    assert reader.standing == site.standing


def test_a_gap_is_told_with_the_export_that_fills_it(site, reader):
    """By the number that is wanted, which works when it is given."""
    site.doors(0, 5)
    with pytest.raises(UsageProblem, match="wants changeset 1 first") as refused:
        reader.bring(site.history.export(3))
    after = re.search(r"--after ([0-9]+)", refused.value.next_step)
    assert after
    reader.bring(site.history.export(int(after[1])))
    assert reader.standing == site.standing


def test_a_file_that_begins_before_what_a_reader_keeps(site, reader):
    """It cannot show that it followed the first; the present one it can."""
    site.doors(0, 100)
    reader.bring(site.history.export())
    site.doors(100, 102)
    reader.sent = 0
    standing = reader.bring(site.history.export())
    assert (standing.number, standing.head) == site.standing == reader.standing
    assert reader.sent == 4
    assert reader.bring(site.history.export(50)) == standing


@pytest.mark.parametrize("common", [2, 90])
@pytest.mark.parametrize("more", [0, 1, 5])
@pytest.mark.parametrize("whole", [False, True])
def test_a_copy_of_the_site_that_went_on_by_itself_is_told(site, reader, common, more, whole):
    """Restored from a backup: each next changeset has a number that is taken. Never done, never
    mixed; and the next step that is printed works.
    """
    site.doors(0, common)
    other = site.copy("backup").add([operations.DOOR, 200, "mine"])
    other.doors(common, common + more)
    site.add([operations.DOOR, 201, "theirs"])
    reader.bring(site.history.export())
    before = reader.standing
    with pytest.raises(UsageProblem, match="is another one") as refused:
        reader.bring(other.history.export(0 if whole else common + 1))
    assert "another copy of this site" in refused.value.cause and reader.standing == before
    done_as_told(refused.value, reader, other)


def test_a_reader_that_knows_more_than_the_site_is_told(site, reader):
    """Yesterday's backup knows nothing of today, and would sign today's numbers anew."""
    old = site.doors(0, 3).copy("backup")
    site.doors(3, 9)
    reader.bring(site.history.export())
    for data in (old.history.export(), old.history.export(2), old.snapshot()):
        with pytest.raises(UsageProblem, match="knows changeset 10, the file has 4") as refused:
            reader.bring(data)
        assert "backup" in refused.value.cause
    done_as_told(refused.value, reader, old)


def test_a_snapshot_is_brought_part_by_part(site, reader):
    """To a reader that knows nothing; it counts with its last part, and another time nothing is
    asked for.
    """
    site.add([operations.GROUP, 7, [[[1, "d0"], 1, None]]])
    for begin in range(0, 200, 40):
        cards = [number.to_bytes(8, "big") for number in range(begin, begin + 40)]
        site.sign([[operations.GRANT, card, 7, None] for card in cards])
    data = site.snapshot()
    parts = len(cbor.decode_sequence(data)) - 1
    assert parts > 2
    standing = reader.bring(data)
    assert (standing.number, standing.head) == site.standing == reader.standing
    assert reader.sent == parts + 1
    cache = reader.store.moment()[1]
    assert [grant.group for grant in cache.grants((150).to_bytes(8, "big"))] == [7]
    assert reader.bring(data) == standing and reader.sent == parts + 2
    site.doors(0, 1)
    reader.bring(site.history.export(7))
    assert reader.standing == site.standing


def test_a_carrier_that_loses_its_link_goes_on_where_it_was(site, reader):
    """Ten thousand cards are 250 parts: a phone that walks away costs none of them."""
    site.doors(0, 120)
    data = site.snapshot()
    parts = len(cbor.decode_sequence(data)) - 1
    reader.cut_after = 2
    with pytest.raises(ConnectionError):
        reader.bring(data)
    assert reader.standing[0] == 0 and reader.store.snapshot_progress == (121, 1, parts)
    # Meanwhile a phone with an old file gets an answer as if nothing were under way.
    reader.cut_after = None
    with pytest.raises(UsageProblem, match="wants changeset 1 first"):
        reader.bring(site.history.export(100))
    sent = reader.sent
    reader.bring(data)
    assert reader.standing == site.standing and reader.sent - sent == 1 + parts - 1


def test_a_part_of_nothing_is_refused(site, reader):
    """Or of another snapshot, or out of turn: nothing of it counts."""
    site.doors(0, 120)
    head, *parts = cbor.decode_sequence(site.snapshot())
    with pytest.raises(Refused, match="no snapshot is under way"):
        reader.post_policy(parts[0])
    assert reader.post_policy(head) == 1
    for raw in (parts[1], parts[0][:-1], cbor.encode([b"", []])):
        with pytest.raises(Refused, match="not part 1"):
            reader.post_policy(raw)
    assert reader.post_policy(parts[0]) == 2 and reader.post_policy(head) == 2
    assert reader.standing[0] == 0


def test_a_file_that_leads_over_other_keys_of_cards(site, reader):
    """Changesets, a snapshot in the middle, changesets again: in one file, from anywhere."""
    site.add([operations.GROUP, 7, [[[1, "d0"], 1, None]]])
    site.add([operations.GRANT, b"old key!", 7, None])
    rekeyed = [operations.GRANT, b"new key!", 7, None], [operations.LOOKUP, 2]
    start = site.history.number
    policies.rotate_lookup(site.folder, site.history, AUTHORITY, 2, rekeyed[:1], NOW)
    site.doors(0, 3)
    for after in range(site.history.number):
        folder = site.folder.with_name(f"reader{after}")
        folder.mkdir()
        other = Reader(folder)
        if 0 < after <= start:
            before = site.history.changesets[:after]
            other.bring(policies.sequence(before))
        elif after:
            other.bring(policies.sequence(site.history._way(0, after)))
        assert other.standing[0] == after
        other.bring(site.history.export(after))
        assert other.standing == site.standing
        assert other.bring(site.history.export()).number == site.history.number
        cache = other.store.moment()[1]
        assert cache.grants(b"new key!") and not cache.grants(b"old key!")


def test_what_is_no_policy_is_told_before_anybody_is_called(site):
    """A file of events, half a file, a file in another order."""
    site.doors(0, 40)
    changesets = site.history.changesets
    head, *parts = cbor.decode_sequence(site.snapshot())
    for pieces, words in (
        ([], "no changeset"),
        ([b"noise"], "no policy"),
        ([*changesets[:2], b""], "no policy"),
        ([changesets[1], changesets[0]], "out of order"),
        ([head, *parts[:-1]], "lacks parts"),
        ([parts[0]], "no policy"),
    ):
        with pytest.raises(UsageProblem, match=words):
            bringing.read(pieces)


@pytest.mark.parametrize(
    "answer",
    [
        (coap.code.CHANGED, 7),
        (coap.code.CHANGED, [7]),
        (coap.code.CHANGED, [1, b"x" * 32, 3]),
        (coap.code.CHANGED, ["1", b"x" * 32]),
        (coap.code.CHANGED, [1, "x"]),
        (coap.code.CHANGED, [True, b"x" * 32]),
        (coap.code.CHANGED, [0, b"x" * 32]),
        (coap.code.CONTINUE, [1]),
        (coap.code.CONTINUE, [1, b"x" * 32]),
        (coap.code.CONTINUE, []),
        (coap.code.CHANGED, b"\xff"),
    ],
)
def test_an_answer_that_cannot_be_is_no_yes(site, answer, monkeypatch, tmp_path):
    """A reader of another make, or a broken one."""
    code, body = answer
    reader = Reader(tmp_path)
    payload = body if isinstance(body, bytes) else cbor.encode(body)
    monkeypatch.setattr(reader, "_request", lambda *_, **__: coap.Message(code, [], payload))
    with pytest.raises(UsageProblem, match="cannot be"):
        reader.bring(site.doors(0, 2).history.export())


@pytest.mark.parametrize("wanted", [[1], [0], [3], [99], [-1]])
def test_a_reader_that_asks_in_circles_is_left(site, wanted, monkeypatch, tmp_path):
    """One part after the other, or an end."""
    reader = Reader(tmp_path)
    answers = [coap.Message(coap.code.CONTINUE, [], cbor.encode(some)) for some in ([1], wanted)]
    monkeypatch.setattr(reader, "_request", lambda *_, **__: answers.pop(0))
    with pytest.raises(UsageProblem, match="cannot be"):
        reader.bring(site.doors(0, 120).snapshot())
    assert not answers


def test_a_reader_says_at_its_start_which_policy_it_follows(site):
    """Enrolling ends only with the reader's own word for just this policy."""
    history = site.doors(0, 3).history
    said = {"event": "ready", "policy": [history.number, history.head.hex()]}
    assert compare.same_policy(said, history) is None
    other = site.copy("backup").add([operations.DOOR, 99, "other"]).history
    site.add([operations.DOOR, 98, "mine"])
    for policy, words in (
        ([0, bytes(32).hex()], "did not take them all"),
        ([3, crypto.sha256(history.changesets[2]).hex()], "did not take them all"),
        ([other.number, other.head.hex()], "changeset 5 is another one"),
        ([2, "00" * 32], "changeset 2 is another one"),
        ([9, "00" * 32], "knows changeset 9, this site has 5"),
        (None, "does not say"),
        ([1], "does not say"),
        (["1", "00"], "does not say"),
        ([True, "00"], "does not say"),
        ([1, None], "does not say"),
    ):
        problem = compare.same_policy({"event": "ready", "policy": policy}, site.history)
        assert isinstance(problem, UsageProblem) and words in problem.cause
    assert compare.same_policy({"event": "ready"}, site.history) is not None
