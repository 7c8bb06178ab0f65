"""A change of the policy that takes several changesets is whole, or it is not.

Half a list of cards is a Monday morning on which half of the people stand outside, and a command
that says it failed has not let the other half in.
"""

import shutil
import time

import pytest

from holdfast.access import tag
from holdfast.access.policy import operations
from holdfast_host.errors import UsageProblem
from holdfast_host.policy import history as policies
from holdfast_host.site import register, site

NOW = int(time.time())
CARDS = [f"c0{number:06x}" for number in range(120)]


def _many(first):
    """Operations of several changesets."""
    return [[operations.HOLIDAYS, [[first + one, 1]]] for one in range(0, 400, 2)]


@pytest.fixture
def here(site_folder):
    return site.load(site_folder)


def test_killed_anywhere_all_of_it_is_signed_or_nothing(here, authority, crashes, marks):
    """What is there goes on: the next change is signed on top of it."""
    begin = here.policy().number
    sizes = set()
    for sent in crashes(lambda send: _change(here, authority, send)):
        number = here.policy().number
        if sent:
            assert number == sent[-1]
        sizes.add(number - begin)
        if number > begin:
            _change(here, authority, lambda value: None, 900)  # on top of what a kill left
            assert here.policy().number > number
            _back_to(here, begin)
        shutil.rmtree(marks, ignore_errors=True)  # of what is gone now
    assert len(sizes) == 2 and 0 in sizes and max(sizes) > 1


def _change(here, authority, send, first=20_000):
    history, _ = here.change_policy(authority, lambda state: _many(first), NOW)
    send(history.number)


def _back_to(here, number):
    for path in (here.folder / policies.FOLDER).glob("*"):
        if path.suffix == ".changeset" and int(path.stem) > number:
            path.unlink()
    assert not (here.folder / policies.FOLDER / "batch").exists()
    assert here.policy().number == number


def test_what_no_reader_would_take_leaves_nothing(here, authority):
    """The last of many cannot be: the first ones are not signed either."""
    before = here.policy()
    said = [*_many(21_000), [operations.SCHEDULE, "x" * 65, [], []]]
    with pytest.raises(UsageProblem, match="no reader would take"):
        here.change_policy(authority, lambda state: said, NOW)
    assert here.policy().head == before.head
    assert sorted(path.name for path in (here.folder / policies.FOLDER).iterdir()) == [
        f"{number:06}.changeset" for number in range(1, before.number + 1)
    ]


def test_a_damaged_batch_is_said(holdfast, here):
    """And where it comes from; it is never skipped."""
    path = here.folder / policies.FOLDER / "batch"
    for damaged in (b"", b"\xff", b"\x80", b"\x82\x05\x81\x01", b"\x82\x61a\x80"):
        path.write_bytes(damaged)
        holdfast("policy", "show", here.folder).fails("batch is damaged", "backup")


def test_cards_of_a_change_that_failed_are_not_kept(office, site_folder, secret, monkeypatch):
    """The register holds numbers of cards: those that were given, and no others."""
    assert office("card", CARDS[0], "--group", 7).code == 0

    def fail(*arguments, **options):
        raise UsageProblem("the disk is full", "make room")

    with monkeypatch.context() as patched:
        patched.setattr(site.Site, "change_policy", fail)
        again = ["--group", 7, "--until", "2040-01-01", "--replace"]
        office("card", *CARDS[:5], *again).fails("full")
    kept = {(tag.CARD, bytes.fromhex(CARDS[0]))}
    assert register.load(site_folder, secret) == kept
