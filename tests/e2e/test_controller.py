"""A controller and a reader as processes on loopback: the reader's events come home through the
controller, though its power is cut, and the auditor's word goes the same way back.
"""

import os
import socket
import time

from cose import Key
from holdfast.access.credential import ROLE_CONTROLLER
from holdfast.access.events import acknowledgement, event
from holdfast.access.events import batch as event_batch
from holdfast.access.events import record as event_record
from holdfast.access.place import DOOR
from holdfast.access.request import CARRY_EVENTS
from holdfast_host.boards import enrol
from holdfast_host.boards.process import ReaderProcess
from holdfast_host.boards.settings import Placement
from holdfast_host.cli.events import check_home
from holdfast_host.credentials import issuing
from holdfast_host.events import files as event_files
from holdfast_host.phone.carrier import Carrier, Refused
from holdfast_host.phone.link import TcpLink
from holdfast_host.phone.wallet import Identity, new_key
from holdfast_host.site import site as sites
from lan_site import new_site

WITHIN = 120  # seconds of a machine that others use, too
DOORS = ("hall", "annex")


class _Site:
    """A controller with two doors and a reader that brings its events to it."""

    def __init__(self, folder):
        self.folder = folder
        self.opened = new_site(folder)
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.controller = self._enroll(
            "ctl", "127.0.0.1", DOORS[0], role=ROLE_CONTROLLER, other_doors=DOORS[1:]
        )
        self.reader = self._enroll("shed", "127.0.0.2", "shed", controller="ctl")

    @property
    def site(self):
        return sites.load(self.folder / "acme")

    def _enroll(self, name, address, door, **told):
        placement = Placement(door, (), 200, name, **told)
        state = self.folder / name
        enrol.enroll(state, self.site, self.opened, placement, now=int(time.time()))
        return ReaderProcess(state, lan=(self.port, address))

    def visit(self, process, door, work):
        """What ``work(carrier)`` gives, of somebody who may carry the events of all doors."""
        secret, now = new_key(0), int(time.time())
        grant = issuing.Grant(
            site="acme",
            holder="carla",
            holder_key=Key.from_map(secret.to_map()),
            places=[(DOOR, one) for one in (*DOORS, "shed")],
            issued_at=now - 60,
            expires=now + 3600,
            cti=os.urandom(8),
            permissions=CARRY_EVENTS,
        )
        authority = self.opened.authority
        token = issuing.holder_credential(authority.signing_key, grant)
        identity = Identity(secret.d or b"", token, "acme", authority.public_key)
        with TcpLink.connect("127.0.0.1", process.port) as link:
            carrier, _ = Carrier.introduced(link, [identity], door, now)
            return work(carrier)

    def collected(self, carrier):
        """All batches of the reader's events that the controller has, as a carrier takes them."""
        carrier.turn_to_node("shed")
        found, after = b"", None
        while True:
            raw = carrier.events(after)
            (batch,) = event_batch.decode(raw)
            found += raw
            if not batch.records:
                return found
            after = event_record.number_of(batch.records[-1])


class _Auditor:
    """The keys of chains, without asking for a passphrase."""

    def __init__(self, secret):
        self._audit_key = secret.audit_key()

    def keys(self, root, reader):
        return event_record.auditor_keys(self._audit_key, root, reader.key)


def _events(raw):
    return [record for batch in event_batch.decode(raw) for record in batch.records]


def _kinds(raw):
    return [event_record.decode(event_record.split(one)[0]).kind for one in _events(raw)]


def _eventually(work, is_there):
    """What ``work()`` gives once ``is_there`` of it."""
    ends = time.monotonic() + WITHIN
    while True:
        found = work()
        if is_there(found):
            return found
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.5)


def test_events_come_home_through_the_controller_and_the_word_back(tmp_path):
    site = _Site(tmp_path)
    controller, reader = site.controller, site.reader
    try:
        ready = controller.start()
        assert ready["doors"] == list(DOORS) and ready["lan"]["port"] == site.port
        reader.start()
        reader.put(card="04a1b2c3")
        assert reader.wait(lambda said: said.get("event") == "access", timeout=WITHIN)

        def collect():
            def work(carrier):
                return site.collected(carrier) if carrier.nodes() == ["shed"] else b""

            try:
                return site.visit(controller, "hall", work)
            except Refused:
                return b""  # it does not know the reader's door yet: its policy is on the way

        first = _eventually(collect, lambda raw: event.ACCESS in _kinds(raw))
        # The power of both fails: what was answered for is there, once.
        controller.restart()
        reader.kill()
        kept = site.visit(controller, "annex", site.collected)
        assert _events(kept)[: len(_events(first))] == _events(first)
        reader.start()
        reader.put(card="04a1b2c3")
        # Twice refused, and once started more.
        whole = _eventually(collect, lambda raw: _kinds(raw).count(event.ACCESS) == 2)
        numbers = [event_record.number_of(one) for one in _events(whole)]
        assert numbers == list(range(len(numbers)))
        # The auditor proves every one, by the certificate that came along.
        path = tmp_path / "collected"
        path.write_bytes(whole)
        (found,) = event_files.by_reader(event_files.read([path]), site.site)
        report = check_home(site.site, _Auditor(site.opened.secret), found)
        assert report.intact and report.proven == len(numbers) and found.node == "shed"
        word = event_files.known_of(site.site, found).checked.word()

        def leave(carrier):
            carrier.turn_to_node("shed")
            carrier.acknowledge(word)

        site.visit(controller, "hall", leave)
        reader.put(card="04a1b2c3")
        acknowledged = reader.wait(
            lambda said: said.get("event") == "acknowledged", timeout=WITHIN
        )
        assert acknowledged["last"] == acknowledgement.claimed(word)[1]
        assert acknowledged["by"] == "ctl"
        for process in (controller, reader):
            assert not [one for one in process.events if one.get("event") in ("fault", "text")]
    finally:
        controller.stop()
        reader.stop()


def test_its_module_runs_a_controller_and_refuses_a_reader(tmp_path):
    """As a program of its own, for who builds an image of it."""
    from holdfast_host import processes
    from holdfast_host.boards import process

    _Site(tmp_path)
    firmware = process.firmware_folder()
    variables = {"MICROPYPATH": f"{firmware.parent / 'lib'}:{firmware}:.frozen"}
    for name, expected in (("ctl", b'"ready"'), ("shed", b"no controller")):
        command = [process.micropython(), "-m", "holdfast.roles.unix_controller"]
        command += [str(tmp_path / name), "--port", str(process.free_port())]
        running = processes.start(command, variables, [])
        try:
            assert running.stdout is not None
            lines = []
            while line := running.stdout.readline():
                lines.append(line)
                if expected in line:
                    break
            assert any(expected in line for line in lines), lines
        finally:
            running.kill()
            running.wait()
