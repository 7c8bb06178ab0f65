"""A reader that is enrolled again: of the same authority it goes on, of another it begins anew.

An authority whose key leaked is made anew, under the same name and for the same doors. Whatever
the old one signed is then a thief's; and the new one's first changesets have numbers that the
reader has seen long ago.
"""

import dataclasses
import os
import time

import pytest

from cose import Key
from holdfast.access import place
from holdfast.access.policy import operations
from holdfast_host.boards import enrol
from holdfast_host.boards.process import ReaderProcess
from holdfast_host.credentials import issuing
from holdfast_host.credentials.authority import Authority
from holdfast_host.credentials.secret import Secret
from holdfast_host.errors import UsageProblem
from holdfast_host.phone.carrier import Carrier
from holdfast_host.phone.client import Asked, EchoChallenge, Rejected, Wish, introduce
from holdfast_host.phone.link import TcpLink
from holdfast_host.phone.wallet import Identity, new_key
from holdfast_host.site import site as sites
from holdfast_host.site.keys import Keys

DOOR, ZONE = "lobby", "guests"
DAY = 86400


class Site:
    """A site in ``folder``, with ``changesets`` of its policy besides its first."""

    def __init__(self, folder, changesets):
        self.keys = Keys(Authority.generate(), Secret.generate())
        made = {"secret": self.keys.secret, "kdf_rounds": 1}
        self.site = sites.create(
            folder, "acme", [ZONE], self.keys.authority, "correct horse battery", **made
        )
        for number in range(changesets):
            self.sign([operations.HOLIDAYS, [[20000 + number, 1]]])

    def sign(self, operation):
        now = int(time.time())
        self.site.change_policy(self.keys.authority, lambda _: [operation], now)

    def enrols(self, folder):
        where = enrol.Placement(DOOR, [ZONE], 500)
        now = int(time.time())
        enrol.enroll(folder, sites.load(self.site.folder), self.keys, where, now=now, replace=True)

    @property
    def standing(self):
        history = self.site.policy()
        return [history.number, history.head.hex()]

    def holder(self, name):
        """A phone, and what its credential is revoked by."""
        secret, now, cti = new_key(0), int(time.time()), os.urandom(8)
        public = Key.from_map(secret.to_map())
        grant = issuing.Grant("acme", name, public, [(place.DOOR, DOOR)], now, now + 30 * DAY, cti)
        token = issuing.holder_credential(self.keys.authority.signing_key, grant)
        return Identity(secret.d, token, "acme", self.keys.authority.public_key, 0), cti


def _ready(reader):
    return [said for said in reader.events if said.get("event") == "ready"][-1]


def _link(reader):
    return TcpLink.connect("127.0.0.1", reader.port)


def _tries(reader, identity):
    """Whether the door opened for a phone that it never saw; and the session."""
    with _link(reader) as link:
        checked = introduce(link.request, [identity], DOOR, int(time.time()))
        asked = checked.ask(Wish())
        return asked.read(link.request(asked.request)).granted, checked.session


def _is_granted(reader, identity):
    try:
        return _tries(reader, identity)[0]
    except Rejected:
        return False


def _is_known(reader, session):
    """Whether the door opens for a phone without another handshake."""
    echo = None
    with _link(reader) as link:
        for _ in range(2):
            asked = Asked(session.context(), DOOR, Wish(), echo)
            session = dataclasses.replace(session, sequence_number=session.sequence_number + 1)
            try:
                outcome = asked.read(link.request(asked.request))
            except Rejected:
                return False
            if not isinstance(outcome, EchoChallenge):
                return outcome.granted
            echo = outcome.echo
    return False


def _brought(reader, identity, site):
    """What a carrier is told is in force, once it has brought all that the site signed."""
    with _link(reader) as link:
        carrier, _ = Carrier.introduced(link, [identity], DOOR, int(time.time()))
        said = [carrier.post_policy(raw) for raw in site.site.policy().changesets]
    in_force = said[-1]
    assert isinstance(in_force, tuple)
    return [in_force[0], in_force[1].hex()]


@pytest.mark.parametrize("numbers", [(9, 0), (0, 9)])
def test_of_an_authority_that_is_gone_nothing_is_in_force(tmp_path, numbers):
    """Not its policy, its phones, its credentials; and what is acknowledged of the new one's is in
    force, whichever numbers the old one had come to.
    """
    old, new = (Site(tmp_path / f"site{at}", number) for at, number in enumerate(numbers))
    folder = tmp_path / "reader"
    old.enrols(folder)
    former, _ = old.holder("former")
    with ReaderProcess(folder) as reader:
        granted, session = _tries(reader, former)
        assert granted and _is_granted(reader, old.holder("other")[0])
    with pytest.raises(UsageProblem, match="another authority: that needs a factory reset"):
        new.enrols(folder)
    with ReaderProcess(folder) as reader:
        assert _is_known(reader, session)
    # What a reset takes away as well is not what keeps the two apart.
    (folder / "settings.sealed").unlink()
    new.enrols(folder)
    with ReaderProcess(folder) as reader:
        assert _ready(reader)["policy"] == new.standing
        assert not _is_known(reader, session)
        with pytest.raises(UsageProblem):  # it cannot even believe the reader
            _tries(reader, former)
        theirs = Identity(
            former.private_key, former.token, "acme", new.keys.authority.public_key, 0
        )
        assert not _is_granted(reader, theirs)
        mallory, cti = new.holder("mallory")
        assert _is_granted(reader, mallory)
        new.sign([operations.REVOKE, cti, int(time.time()) + 31 * DAY, None])
        assert _brought(reader, new.holder("carrier")[0], new) == new.standing
        assert not _is_granted(reader, mallory) and _is_granted(reader, new.holder("bob")[0])
        new.sign([operations.LOCKDOWN, True, None])
        assert _brought(reader, new.holder("carrier")[0], new) == new.standing
        assert not _is_granted(reader, new.holder("bob")[0])


def test_of_the_same_authority_it_goes_on(tmp_path):
    """Phones are remembered, and what was revoked meanwhile is so when it starts."""
    site, folder = Site(tmp_path / "site", 3), tmp_path / "reader"
    site.enrols(folder)
    alice, _ = site.holder("alice")
    mallory, cti = site.holder("mallory")
    with ReaderProcess(folder) as reader:
        (granted, session), (_, other) = _tries(reader, alice), _tries(reader, mallory)
        assert granted
    site.sign([operations.REVOKE, cti, int(time.time()) + 31 * DAY, None])
    site.enrols(folder)
    with ReaderProcess(folder) as reader:
        assert _ready(reader)["policy"] == site.standing
        assert _is_known(reader, session)
        assert not _is_known(reader, other) and not _is_granted(reader, mallory)
