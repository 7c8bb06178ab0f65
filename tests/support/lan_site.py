"""A site of real processes on loopback: a controller with its own door, and so many readers that
bring their events to it. CPython.
"""

import os
import socket
import time

from cose import Key
from holdfast.access.credential import ROLE_CONTROLLER
from holdfast.access.events import batch as event_batch
from holdfast.access.events import event
from holdfast.access.events import record as event_record
from holdfast.access.place import DOOR
from holdfast.access.request import CARRY_EVENTS, UNLOCK
from holdfast.access.tag import CARD, card_key
from holdfast_host import files
from holdfast_host.boards import enrol, process
from holdfast_host.boards.process import ReaderProcess, firmware_folder
from holdfast_host.boards.settings import Placement
from holdfast_host.credentials import issuing
from holdfast_host.credentials.authority import Authority
from holdfast_host.credentials.secret import Secret
from holdfast_host.errors import LinkClosed
from holdfast_host.phone.carrier import Carrier
from holdfast_host.phone.wallet import Identity, new_key
from holdfast_host.policy import changes, grants
from holdfast_host.policy.state import Grant
from holdfast_host.site import site as sites
from holdfast_host.site.keys import Keys
from patience import PatientLink

CONTROLLER = "controller"
KNOWN, UNKNOWN = "04a1b2c3", "04d4e5f6"  # cards
NOTE = 12  # bytes, as noting_main's

_A_GROUP = 16  # doors
_HANGS = 1200.0  # seconds after which nothing will come any more


def new_site(folder) -> Keys:
    """The site ``acme`` in ``folder``, made; gives what opens it."""
    opened = Keys(Authority.generate(), Secret.generate())
    authority, secret = opened.authority, opened.secret
    sites.create(folder / "acme", "acme", [], authority, "pass" * 5, secret=secret, kdf_rounds=4)
    return opened


class LanSite:
    """Enrolled, and not started. ``nodes`` are the processes by their names, the controller first;
    each is called as its door. The card KNOWN opens every door.
    """

    def __init__(self, folder, readers):
        # So many at once take their time to start.
        process.START_SECONDS = _HANGS
        self._folder = folder
        self._opened = new_site(folder)
        self.names = [CONTROLLER, *(f"reader-{number}" for number in range(readers))]
        for name in self.names:
            self._change(lambda state, name=name: changes.add_door(state, name))
        rights = [[[DOOR, name], UNLOCK, None] for name in self.names]
        groups = []
        while rights:
            some, rights = rights[:_A_GROUP], rights[_A_GROUP:]
            groups.append(1 + len(groups))
            self._change(lambda state, some=some: changes.set_group(state, groups[-1], some))
        key = card_key(self._site.lookup_key(self._opened.secret), CARD, bytes.fromhex(KNOWN))
        now = int(time.time())
        self._change(lambda state: grants.grant(state, {key: KNOWN}, groups, Grant(), now=now))
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.nodes = {name: self._enrolled(name) for name in self.names}

    @property
    def _site(self):
        return sites.load(self._folder / "acme")

    def _enrolled(self, name):
        told = {"role": ROLE_CONTROLLER} if name == CONTROLLER else {"controller": CONTROLLER}
        state = self._folder / name
        placement = Placement(name, (), 200, name, **told)
        enrol.enroll(state, self._site, self._opened, placement, now=int(time.time()))
        address = f"127.0.0.{len(os.listdir(self._folder))}"
        return ReaderProcess(state, lan=(self._port, address))

    def noting(self, main="noting_main"):
        """The folder of a firmware that begins with that module of tests/support, which notes
        nonces, and is else what it is.
        """
        firmware = firmware_folder()
        noting = self._folder.parent / "noting"
        (noting / "firmware").mkdir(parents=True)
        (noting / "lib").symlink_to(firmware.parent / "lib")
        (noting / "firmware" / "holdfast").symlink_to(firmware / "holdfast")
        support = firmware.parent / "tests" / "support"
        (noting / "firmware" / "main.py").symlink_to(support / f"{main}.py")
        return noting / "firmware"

    def sent(self):
        """``(datagrams, bytes)`` that all nodes have sent, by counting_main's notes."""
        count = size = 0
        for name in self.names:
            path = self._folder / name / "sent"
            raw = path.read_bytes() if path.exists() else b""
            lengths = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]
            count, size = count + len(lengths), size + sum(lengths)
        return count, size

    def stop(self):
        """End all of them."""
        for node in self.nodes.values():
            node.stop()

    def _change(self, make):
        history, _ = self._site.change_policy(self._opened.authority, make, int(time.time()))
        return history.number

    def change(self):
        """One more changeset; its number."""
        name = f"new-{self.number}"
        return self._change(lambda state: changes.add_door(state, name))

    @property
    def number(self):
        """The number of the last changeset that the authority has signed."""
        return self._site.policy().number

    def newest(self, node):
        """The number of the changeset that this process last said that it follows."""
        numbers = [
            said["policy"][0] if said["event"] == "ready" else said["changeset"]
            for said in node.events
            if said.get("event") in ("ready", "policy_applied")
        ]
        return max(numbers)

    def give(self, name):
        """What the authority has signed lies beside the node of this name at its next start."""
        raw = self._site.policy().for_reader(self._opened.authority)
        files.write(self._folder / name / enrol.POLICY, raw, files.PRIVATE)

    def visit(self, name, work, of=()):
        """What ``work(carrier)`` gives, of somebody at that node who may carry its events and
        those ``of`` others: no credential names more than a few dozen doors.
        """
        secret, now = new_key(0), int(time.time())
        grant = issuing.Grant(
            site="acme",
            holder="carla",
            holder_key=Key.from_map(secret.to_map()),
            places=[(DOOR, one) for one in (name, *of)],
            issued_at=now - 60,
            expires=now + 3600,
            cti=os.urandom(8),
            permissions=CARRY_EVENTS,
        )
        authority = self._opened.authority
        token = issuing.holder_credential(authority.signing_key, grant)
        identity = Identity(secret.d or b"", token, "acme", authority.public_key)
        ends = time.monotonic() + _HANGS
        while True:
            try:
                with PatientLink.connect("127.0.0.1", self.nodes[name].port) as link:
                    carrier, _ = Carrier.introduced(link, [identity], name, now)
                    return work(carrier)
            except LinkClosed:
                # The node drops who takes too long, as anybody does on a machine that is busy.
                if time.monotonic() > ends:
                    raise

    def own(self, name):
        """The records of that node's own log."""
        return self.visit(name, _all)

    def collected(self, names):
        """The records of each of these nodes that the controller has, by name."""
        found = {}

        def work(carrier, some):
            there = carrier.nodes()
            for name in some:
                if name in there:
                    carrier.turn_to_node(name)
                    found[name] = _all(carrier)

        for begin in range(0, len(names), _A_GROUP):
            some = names[begin : begin + _A_GROUP]
            self.visit(CONTROLLER, lambda carrier, some=some: work(carrier, some), some)
        return found

    def nonces(self):
        """A note of each nonce that was used, of all nodes."""
        found = []
        for name in self.names:
            raw = (self._folder / name / "nonces").read_bytes()
            found += [raw[at : at + NOTE] for at in range(0, len(raw), NOTE)]
        return found


def _all(carrier):
    found, after = [], None
    while True:
        (batch,) = event_batch.decode(carrier.events(after))
        if not batch.records:
            return found
        found += batch.records
        after = event_record.number_of(found[-1])


def decisions(records):
    """``(who or card, granted)`` of the cards among these records."""
    decoded = [event_record.decode(event_record.split(raw)[0]) for raw in records]
    return [one.fields for one in decoded if one.kind == event.ACCESS]


def applied(records):
    """Numbers of the changesets that came into force, by these records."""
    decoded = [event_record.decode(event_record.split(raw)[0]) for raw in records]
    return [one.fields["changeset"] for one in decoded if one.kind == event.POLICY_APPLIED]


def last_awaited(records):
    """The number of the last of these that has to come to the controller; -1 without any."""
    last = -1
    for raw in records:
        kind = event_record.decode(event_record.split(raw)[0]).kind
        if kind in (event.ACCESS, event.POLICY_APPLIED):
            last = event_record.number_of(raw)
    return last
