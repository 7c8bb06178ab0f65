"""What the host starts is what strangers talk to, so it is told nothing that it need not know.

The passphrase that opens every door of a site stands in the environment of whoever runs the
command; so may other keys of theirs, of which this project knows nothing.
"""

import ast
import os
import pathlib
import resource
import sys

import pytest

from conftest import ROOT
from holdfast_host import processes
from holdfast_host.boards.process import ReaderProcess, micropython
from holdfast_host.demo.stage import Stage

SECRETS = {
    "HOLDFAST_PASSPHRASE": "correct horse battery",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
    "SSH_AUTH_SOCK": "/run/user/0/agent",
    "MICROPYINSPECT": "a stranger's prompt",
    "HOME": "/root/very/private",
}
# What a reader is told: where its code is, and where programs are.
TOLD = {"MICROPYPATH", "PATH", "LD_LIBRARY_PATH", "TZ"}

# Ways to start a process, by module, that only processes.py may use.
STARTERS = {"subprocess", "multiprocessing", "pty", "popen2", "commands"}
CALLS = ("system", "popen", "fork", "forkpty", "exec", "spawn", "posix_spawn", "create_subprocess")
# Of concurrent.futures, whose threads are nobody's business.
POOL = "ProcessPoolExecutor"


@pytest.fixture
def witness(tmp_path, monkeypatch):
    """An interpreter that writes down how it was started; ``witness()`` is what it wrote: of each
    start the environment, the command line and the limit of an image of a crash.
    """
    if not pathlib.Path("/proc/self/environ").exists():
        pytest.skip("no /proc on this machine")
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    script = tmp_path / "micropython"
    notes = tmp_path / "notes"
    notes.mkdir()
    script.write_text(
        f"#!/bin/sh\ncat /proc/$$/environ > {notes}/$$.environ\n"
        f"cat /proc/$$/cmdline > {notes}/$$.cmdline\nulimit -c > {notes}/$$.core\n"
        f'exec "{micropython()}" "$@"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("MICROPYTHON", str(script))

    def read():
        return [
            tuple(path.with_suffix(end).read_bytes() for end in (".environ", ".cmdline", ".core"))
            for path in sorted(notes.glob("*.environ"))
        ]

    return read


def _names(environment):
    return {entry.partition(b"=")[0].decode() for entry in environment.split(b"\0") if entry}


def test_no_process_that_a_command_starts_is_told_a_secret(
    holdfast, process, site_folder, tmp_path, witness
):
    """Neither where a reader is enrolled, nor where it runs."""
    folder = tmp_path / "new"
    made = ["reader", "enroll", folder, "--site", site_folder, "--door", "back"]
    assert holdfast(*made).code == 0
    assert holdfast(*made, "--replace").code == 0
    running = process("reader", "run", folder, "--json")
    running.reads_until(lambda line: '"ready"' in line)
    # Whose own environment had the passphrase, and no longer has it.
    own = pathlib.Path(f"/proc/{running.pid}/environ").read_bytes()
    assert b"HOME=/root/very" in own and b"correct horse" not in own
    (child,) = running.children()
    there = pathlib.Path(f"/proc/{child}")
    started = [*witness(), (there.joinpath("environ").read_bytes(), b"", b"0")]
    assert len(started) >= 6
    for environment, command, core in started:
        for secret in SECRETS.values():
            assert secret.encode() not in environment + command
        assert _names(environment) - {"PWD", "OLDPWD", "SHLVL", "_"} <= TOLD
        assert core.strip() == b"0"
    opened = [os.readlink(entry) for entry in there.joinpath("fd").iterdir()]
    assert not [path for path in opened if str(site_folder) in path]


def test_the_demo_tells_its_reader_nothing_either(tmp_path, witness):
    """Its stage is what tests and demonstrations stand on."""
    with Stage(tmp_path / "stage", lambda: 1_800_000_000):
        pass
    assert witness()
    for environment, _, _ in witness():
        assert _names(environment) - {"PWD", "OLDPWD", "SHLVL", "_"} <= TOLD


def test_processes_are_started_in_one_place():
    """Else the next one inherits all again."""
    found = []
    for path in sorted((ROOT / "host_tools").rglob("*.py")):
        if path.name == "processes.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name.partition(".")[0] for alias in node.names]
                found += [(path.name, name) for name in names if name in STARTERS]
            elif isinstance(node, ast.ImportFrom):
                if not node.level and str(node.module).split(".")[0] in STARTERS:
                    found.append((path.name, node.module))
                found += [(path.name, POOL) for alias in node.names if alias.name == POOL]
            elif isinstance(node, ast.Attribute) and node.attr == POOL:
                found.append((path.name, POOL))
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if node.value.id in ("os", "asyncio") and node.attr.startswith(CALLS):
                    found.append((path.name, node.attr))
    # They name what they are given, and start nothing by themselves.
    assert sorted(found) == [("process.py", "subprocess"), ("server.py", "subprocess")]


def test_a_crash_of_the_command_leaves_no_image(process, reader_folder):
    """With a key in it, on a disk that others read. The command itself, not only its reader."""
    running = process("reader", "run", reader_folder, "--json")
    running.reads_until(lambda line: '"ready"' in line)
    if not hasattr(resource, "prlimit"):
        pytest.skip("no prlimit on this machine")
    for pid in (running.pid, *running.children()):
        assert resource.prlimit(pid, resource.RLIMIT_CORE)[0] == 0


def test_files_of_a_started_process_are_private(tmp_path):
    """Whatever umask its keeper has."""
    target = tmp_path / "made"
    before = os.umask(0)
    try:
        with processes.start(["/bin/sh", "-c", f"echo key > {target}"], {}) as started:
            started.communicate(timeout=60)
    finally:
        os.umask(before)
    assert target.stat().st_mode & 0o777 == 0o600


def test_what_no_machine_reads_is_read_on(tmp_path, monkeypatch, reader_folder):
    """A reader that prints numbers JSON does not have, and nesting without end: its keeper prints
    JSON all the same, and hears what comes after.
    """
    script = tmp_path / "babbler"
    deep = '{"event":' + "[" * 30_000
    script.write_text(
        f"#!{sys.executable}\n"
        f"print('{{\"event\": NaN}}\\n{{\"event\": 1e999}}\\n{deep}\\n{{\"event\": \"last\"}}',"
        " flush=True)\n"
    )
    script.chmod(0o755)
    monkeypatch.setenv("MICROPYTHON", str(script))
    reader = ReaderProcess(reader_folder)
    begin = reader.launch()
    assert reader.wait(lambda event: event.get("event") == "last", since=begin)
    reader.stop()
    assert [event["event"] for event in reader.events] == ["text", "text", "text", "last"]


def test_a_command_still_knows_the_passphrase_that_it_was_given(process, site_folder, monkeypatch):
    """It takes it out of its environment, and keeps it."""
    monkeypatch.setenv("HOLDFAST_PASSPHRASE", "correct horse battery")
    assert process("site", "add-zone", site_folder, "attic").ends().code == 0
    monkeypatch.setenv("HOLDFAST_PASSPHRASE", "another one altogether")
    process("site", "add-zone", site_folder, "cellar").ends().fails("does not open")
