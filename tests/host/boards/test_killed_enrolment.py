"""A reader that is enrolled again works, whenever the command is killed: as before, or as told.

Whoever enrols stands on a ladder with a laptop whose battery ends. A door that lets nobody in
until the same command was run once more, by somebody who may have gone home, is no door.
"""

import time

import pytest

from holdfast.access import tag
from holdfast.access.policy import operations
from holdfast_host.boards import enrol
from holdfast_host.boards.process import ReaderProcess
from holdfast_host.credentials.authority import Authority
from holdfast_host.credentials.secret import Secret
from holdfast_host.errors import UsageProblem
from holdfast_host.policy import changes
from holdfast_host.site import devices
from holdfast_host.site import site as sites
from holdfast_host.site.keys import Keys

ZONE = "guests"
CARD = bytes.fromhex("04a1b2c3")
BEFORE = enrol.Placement("front", [ZONE], 500, "node")
AFTER = enrol.Placement("back", [ZONE], 700, "node")


class Site:
    """A site in ``folder`` whose two doors a card opens."""

    def __init__(self, folder):
        self.folder = folder
        self.keys = Keys(Authority.generate(), Secret.generate())
        made = {"secret": self.keys.secret, "kdf_rounds": 1}
        sites.create(folder, "acme", [ZONE], self.keys.authority, "correct horse battery", **made)
        key = tag.card_key(self.keys.secret.lookup_key(1), tag.CARD, CARD)
        rights = [[[1, door], 1, None] for door in ("front", "back")]
        for door in ("front", "back"):
            self.sign(lambda state, door=door: changes.add_door(state, door, []))
        self.sign(lambda _: [[operations.GROUP, 7, rights], [operations.GRANT, key, 7, None]])

    def sign(self, made):
        sites.load(self.folder).change_policy(self.keys.authority, made, int(time.time()))

    def enrols(self, folder, placement):
        site = sites.load(self.folder)
        now = int(time.time())
        enrol.enroll(folder, site, self.keys, placement, now=now, replace=True)


def _opens(folder):
    """The doors of the reader in ``folder``, if it lets the card in."""
    with ReaderProcess(folder) as reader:
        (ready,) = [event for event in reader.events if event.get("event") == "ready"]
        reader.put(card=CARD.hex())
        said = reader.wait(lambda event: event.get("event") == "access")
    assert said and said["granted"], said
    return ready["doors"]


def test_killed_at_any_write_the_reader_works(tmp_path, killed_before):
    """It opens, as a reader of the old door or of the new one; and the next run finishes it."""
    site = Site(tmp_path / "site")
    folder = tmp_path / "reader"
    site.enrols(folder, BEFORE)
    assert _opens(folder) == ["front"]
    seen = []
    survived, operation = False, 0
    while not survived:
        operation += 1
        survived = killed_before(lambda: site.enrols(folder, AFTER), operation)
        seen += _opens(folder)
        if seen[-1] == "front":  # who turns a zone's key seals it to this reader
            assert "front" in devices.require(devices.load(site.folder), "node").doors
    assert seen == sorted(seen, reverse=True) and len(seen) > 4
    assert {*seen} == {"front", "back"}
    assert devices.require(devices.load(site.folder), "node").doors == ("back",)
    assert not (folder / ".rehearsal").exists()


def test_killed_at_any_write_of_another_authority_the_reader_works_as_before(
    tmp_path, killed_before
):
    """It is refused in the copy: nothing of the reader itself has changed, also where nobody was
    left to put it back.
    """
    old, new = Site(tmp_path / "old"), Site(tmp_path / "new")
    folder = tmp_path / "reader"
    old.enrols(folder, BEFORE)
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}

    def enrols():
        with pytest.raises(UsageProblem, match="that needs a factory reset"):
            new.enrols(folder, AFTER)

    survived, operation = False, 0
    while not survived:
        operation += 1
        survived = killed_before(enrols, operation)
        after = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        after.pop(".lock", None)
        before.pop(".lock", None)
        assert after == before
    assert operation > 3
    assert _opens(folder) == ["front"]
