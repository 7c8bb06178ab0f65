"""The command as a user runs it, a site to run it on, and a reader that tests can bend."""

import contextlib
import dataclasses
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa

import crashing
import crypto
import postgres_server
from conftest import ROOT, environment
from cose import CRV_X25519, Key
from crashing import TORTURE
from holdfast.access import place
from holdfast_host import cli
from holdfast_host.boards import enrol as readers
from holdfast_host.boards.process import ReaderProcess
from holdfast_host.credentials import issuing
from holdfast_host.credentials.authority import Authority
from holdfast_host.credentials.secret import Secret
from holdfast_host.phone.wallet import Wallet
from holdfast_host.site import site
from holdfast_host.site.keys import Keys
from host.fake_reader import FakeReader

PASSPHRASE = "correct horse battery"
SITE, DOOR, ZONE = "acme", "front", "lobby"
READER = "reader"
DAY = 86400
MARKS = "state of mine"  # a test's folder for what is kept outside of sites
WAIT = 60  # seconds; a hang must end the run
_MAIN = "from holdfast_host.cli import main; raise SystemExit(main())"


@dataclasses.dataclass
class Ran:
    """What one command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    def fails(self, *words):
        """It failed in the one way a command may: a cause and a next step, a line each."""
        lines = self.err.splitlines()
        if lines and "was cut short in" in lines[0]:  # told first, of the one before it
            del lines[:2]
        assert self.code != 0
        assert len(lines) == 2, self.err
        assert lines[0].startswith("holdfast: ") and lines[1].startswith("next: ")
        assert len(lines[0]) > 20 and len(lines[1]) > 10
        for word in words:
            assert word in self.err
        return self


@pytest.fixture(autouse=True)
def marks(tmp_path):
    """The test's own folder for what is kept outside of sites."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path / MARKS))
        yield tmp_path / MARKS


@pytest.fixture
def holdfast(capsys, monkeypatch):
    """``holdfast("site", "show", folder)`` in this process, with the site's passphrase set."""
    monkeypatch.setenv("HOLDFAST_PASSPHRASE", PASSPHRASE)
    monkeypatch.delenv("HOLDFAST_TRACE", raising=False)

    def run(*arguments):
        capsys.readouterr()
        code = cli.main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert PASSPHRASE not in said.out + said.err
        return Ran(code, said.out, said.err)

    return run


class Process:
    """``holdfast`` as a process of its own; ``feeds``: a test writes its standard input."""

    def __init__(self, *arguments, feeds=False):
        self._process = subprocess.Popen(
            [sys.executable, "-c", _MAIN, *map(str, arguments)],
            stdin=subprocess.PIPE if feeds else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment("cpython"),
            # Who runs the tests in the background of a shell has it ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        assert self._process.stdout and self._process.stderr
        self.pid = self._process.pid
        self.out, self.err = self._process.stdout, self._process.stderr

    def reads_until(self, matches):
        """Its lines up to the first that ``matches``."""
        lines = []
        while not lines or not matches(lines[-1]):
            line = self.out.readline()
            assert line, "".join(lines) + self.err.read()
            lines.append(line)
        return lines

    def feed(self, text):
        """Somebody types that."""
        assert self._process.stdin
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def children(self):
        """The ids of the processes it started."""
        if shutil.which("ps") is None:
            pytest.skip("no ps: install procps")
        command = ["ps", "-A", "-o", "pid=,ppid="]
        listed = subprocess.run(command, capture_output=True, text=True, check=True)
        pairs = [line.split() for line in listed.stdout.splitlines()]
        return [int(child) for child, parent in pairs if int(parent) == self.pid]

    def ends(self, signal_number=None):
        """What it came to, after a signal if one is given."""
        if signal_number is not None:
            self._process.send_signal(signal_number)
        out, err = self._process.communicate(timeout=WAIT)
        assert "Traceback" not in err
        return Ran(self._process.returncode, out, err)

    def ends_without_readers(self):
        """What it comes to after its standard output is closed."""
        self.out.close()
        err = self.err.read()
        return Ran(self._process.wait(WAIT), "", err)

    def release(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self.out.close()
        self.err.close()


@pytest.fixture
def process():
    """``process("reader", "run", folder)``: the command, as its user starts it."""
    with contextlib.ExitStack() as stack:

        def start(*arguments, feeds=False):
            started = Process(*arguments, feeds=feeds)
            stack.callback(started.release)
            return started

        yield start


@pytest.fixture(scope="session")
def authority():
    return Authority.generate()


@pytest.fixture(scope="session")
def secret():
    return Secret.generate()


@pytest.fixture(scope="session")
def site_master(tmp_path_factory, authority, secret):
    """A site made once, its key encrypted with less effort than a real one. Its one reader, at
    the door, is ``reader_master``'s; so both go by the same policy.
    """
    folder = tmp_path_factory.mktemp("site") / "acme"
    site.create(folder, SITE, [ZONE], authority, PASSPHRASE, secret=secret, kdf_rounds=4)
    placement = readers.Placement(DOOR, [ZONE], 200, READER)
    opened = Keys(authority, secret)
    state = folder.parent / READER
    readers.enroll(state, site.load(folder), opened, placement, now=int(time.time()))
    return folder


@pytest.fixture
def site_folder(site_master, tmp_path):
    """A site of the test's own."""
    return shutil.copytree(site_master, tmp_path / "acme")


@pytest.fixture
def policy(holdfast, site_folder):
    """``policy("schedule", "office", ...)`` on the test's own site."""

    def run(command, *options):
        return holdfast("policy", command, site_folder, *options)

    return run


@pytest.fixture
def typed(monkeypatch):
    """``typed("2468")``: what standard input holds."""

    def put(text):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return put


@pytest.fixture
def state(site_folder):
    """``state()``: what the changesets come to now."""
    return lambda: site.load(site_folder).policy().state


@pytest.fixture
def office(policy):
    """A site with two doors, a schedule, and a group that has it."""
    assert policy("door", "front", "--zone", "lobby").code == 0
    assert policy("door", "back").code == 0
    assert policy("schedule", "office", "--weekly", "mon-fri 08:00-18:00").code == 0
    assert policy("group", 7, "--door", "front", "--schedule", "office").code == 0
    return policy


@pytest.fixture
def grant():
    """``grant(phone_key, **changes)``: what a credential says, sound unless changed.

    The key is a cose.Key, or the 32 bytes of an X25519 one.
    """

    def make(holder_key, **changes):
        if isinstance(holder_key, bytes):
            holder_key = Key.okp(CRV_X25519, holder_key)
        now = int(time.time())
        fields = {
            "site": SITE,
            "holder": "bob",
            "holder_key": holder_key,
            "places": [(place.DOOR, DOOR)],
            "issued_at": now,
            "expires": now + 30 * DAY,
            "cti": os.urandom(8),
        }
        return issuing.Grant(**{**fields, **changes})

    return make


@pytest.fixture
def phone(tmp_path, authority, grant):
    """An enrolled phone."""
    wallet = Wallet.create(tmp_path / "phone")
    token = issuing.holder_credential(authority.signing_key, grant(wallet.public_key))
    wallet.enrol(token, authority.public_key, int(time.time()))
    return wallet


@pytest.fixture(scope="session")
def reader_master(site_master):
    """The folder of the reader enrolled at the door."""
    return site_master.parent / READER


@pytest.fixture
def reader_folder(reader_master, tmp_path):
    """An enrolled reader of the test's own."""
    return shutil.copytree(reader_master, tmp_path / "reader")


@pytest.fixture
def reader(reader_folder):
    """That reader, running."""
    with ReaderProcess(reader_folder) as process:
        yield process


@pytest.fixture
def fake_reader(authority):
    """``fake_reader(**changes)``: a FakeReader whose certificate is sound unless changed."""

    def make(signing_key=authority.signing_key, **changes):
        private = os.urandom(32)
        now = int(time.time())
        fields = {
            "site": SITE,
            "node": "reader",
            "doors": [DOOR],
            "device_key": Key.okp(CRV_X25519, crypto.x25519_public_key(private)),
            "issued_at": now,
            "expires": now + DAY,
            "cti": os.urandom(8),
        }
        certificate = issuing.device_certificate(signing_key, **{**fields, **changes})
        return FakeReader(private, certificate)

    return make


@pytest.fixture(scope="session")
def postgres():
    """The folder of the socket of a real PostgreSQL, which runs while tests need it."""
    programs = postgres_server.binaries()
    if programs is None:
        pytest.skip("no PostgreSQL: make postgres")
    with postgres_server.running(programs) as home:
        yield home


@pytest.fixture
def url(postgres):
    """An empty database of the test's own in it, as --db takes it."""
    name = f"t{os.urandom(6).hex()}"
    engine = sa.create_engine(postgres_server.url(postgres), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return postgres_server.url(postgres, name)


@pytest.fixture
def crashes():
    """``for sent in crashes(act)``: runs ``act(send)`` in a process that dies before its first
    operation on a file, in one that dies before its second, until one survives; after each, what
    it sent while it lived. Of many operations one in ``every`` is tried, tortured each."""
    if not hasattr(os, "fork"):
        pytest.skip("no fork on this platform")

    def sweep(act, every=1, most=500):
        for operations in range(1, most, 1 if TORTURE else every):
            sent, survived = crashing.run_until(act, operations)
            yield json.loads(f"[{sent.rstrip(',')}]")
            if survived:
                return
        raise AssertionError("no end of operations")

    return sweep


@pytest.fixture
def killed_before():
    """``killed_before(act, 3)``: whether ``act()`` survived in a process that dies before its
    third file is there, and with it all that it started. Tortured, before its third change of a
    name.
    """
    if not hasattr(os, "fork"):
        pytest.skip("no fork on this platform")
    return crashing.killed_before
