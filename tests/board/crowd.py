"""More phones than a board remembers come to its door, some that may not among them."""

import pathlib

import small_site as site
from board.door import Door, Firmware, Serial, SerialLink, phone
from board.lan_door import Lan, LanDoor
from holdfast.access.policy import changeset as changesets
from holdfast.access.policy import operations as ops
from holdfast_host.credentials import tokens
from holdfast_host.phone.carrier import Carrier
from holdfast_host.phone.unlock import Wish

_REFUSED_EVERY = 5  # phones
_POLICY = 8  # the number of the change: 7 is what the board was provisioned with
_GRANTS = 2  # cards that it brings, besides


class Crowd:
    """``count`` phones in ``folder`` for a board of ``heap`` bytes that remembers ``remembered``.

    They have keys for these ``suites`` in turn. On a ``lan`` (lan_door.py) policy comes by that.
    """

    def __init__(
        self,
        firmware: Firmware,
        folder: pathlib.Path,
        heap: int,
        *,
        remembered: int,
        count: int,
        suites=(0,),
        lan: Lan | None = None,
    ):
        self._board = lambda: firmware.board(folder, heap)
        self._lan = lan
        # The other node takes a place for each direction.
        self._remembered = remembered
        self._last = remembered - (2 if lan else 0)
        self._phones = [
            phone(folder / f"phone{number}", suite=suites[number % len(suites)])
            for number in range(count)
        ]
        attic = site.scope((1, "attic", 1))
        self._visitors = [
            phone(folder / f"visitor{suite}", scope=attic, suite=suite) for suite in suites
        ]
        guest_key = site.zone_key(b"\x77" * 32)
        self._stranger = phone(folder / "stranger", guest_key=guest_key)

    def gets_in(self):
        """Each opens the door cold and then warm; after a power cut those that are remembered do
        again. No fault is told of.
        """
        with self._board() as board, self._door(board) as door:
            for someone in self._phones:
                _opens_twice(door, someone)
            assert faults(door) == []
        with self._board() as board, self._door(board) as door:
            for someone in self._phones[-self._remembered :]:
                _is_known(door, someone)
            assert faults(door) == []

    def gets_in_unless_it_may_not(self, *, with_policy: bool):
        """The same, and among them come those who may not. ``with_policy``: once as many came as
        are remembered, one brings a policy by which the one before it may not any more, now and
        after the power cut.
        """
        revoked = None
        with self._board() as board, self._door(board) as door:
            if self._lan is not None:
                door.meet()
            for number, someone in enumerate(self._phones):
                if number % _REFUSED_EVERY == _REFUSED_EVERY - 1:
                    self._some_are_refused(door, self._phones[number - 1])
                _opens_twice(door, someone)
                if with_policy and number == self._remembered:
                    revoked = self._phones[number - 1]
                    self._policy_comes(door, someone, change(revoked))
                    _is_refused(door, revoked, "revoked")
            assert faults(door) == []
        with self._board() as board, self._door(board) as door:
            for someone in self._phones[-self._last :]:
                if someone is not revoked:
                    _is_known(door, someone)
            if revoked is not None:
                _is_refused(door, revoked, "revoked")
            self._some_are_refused(door, self._phones[-1])
            assert faults(door) == []

    def _door(self, board):
        if self._lan is None:
            return Door(board, contexts=self._remembered)
        return LanDoor(board, self._lan, contexts=self._remembered)

    def _policy_comes(self, door, someone, raw):
        if self._lan is None:
            assert brings(door, someone, raw) == _POLICY
        else:
            self._lan.bring(someone, raw)
            assert door.wait("policy_applied")["changeset"] == _POLICY

    def _some_are_refused(self, door, known):
        _is_refused(door, known, "no_intent", Wish(intent=False))
        _is_refused(door, self._stranger, "bad_signature")
        for visitor in self._visitors:
            _is_refused(door, visitor, "wrong_door")


def faults(door: Door) -> list:
    """What the console has told of faults."""
    return [event for event in door.events if "fault" in (event.get("event"), event.get("reason"))]


def _opens_twice(door, someone):
    for is_warm in (False, True):
        report = door.unlock(someone)
        assert (report.granted, report.warm) == (True, is_warm), _told(door)


def _is_known(door, someone):
    report = door.unlock(someone)
    assert (report.granted, report.warm) == (True, True), _told(door)


def _is_refused(door, someone, why, wish=None):
    before = len(door.events)
    assert not door.unlock(someone, wish=wish).granted
    told = [event["reason"] for event in door.events[before:] if event.get("event") == "access"]
    assert told[-1:] == [why], _told(door)


def _told(door):
    return door.events[-6:]


def change(revoked):
    """A changeset that brings cards, and takes the credential of the phone ``revoked`` away."""
    credential = tokens.read(revoked.identity().token, "it").credential
    operations = [[ops.GRANT, b"more%04d" % number, 1, None] for number in range(_GRANTS)]
    operations.append([ops.REVOKE, credential.cti, credential.expires, credential.issued_at])
    head = bytes(32)  # of the policy in door.py, a snapshot
    return changesets.make(
        site.authority(), site.SITE, _POLICY, head, site.NOW - site.DAY + 1, operations
    )


def brings(door, someone, raw):
    """The number of the changeset that is in force once a phone has brought ``raw``."""
    with SerialLink(Serial(door), 244, None) as link:
        carrier, _ = Carrier.introduced(link, someone.identities(), site.DOOR, site.NOW)
        said = carrier.post_policy(raw)
    assert isinstance(said, tuple)  # an int is of a snapshot
    return said[0]
