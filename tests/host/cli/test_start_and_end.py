"""From the first moment to the last: Ctrl-C is one line, nothing unfinished stays, and what is in
the way is named.
"""

import os
import signal
import subprocess
import sys

import pytest

from conftest import ROOT, environment
from holdfast_host import files, folders
from holdfast_host.errors import UsageProblem

# Ctrl-C at the call of the n-th function, counted from where the command begins. What is called
# is the same each time, so the moment is as well, whatever the machine does besides.
_INTERRUPTED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
at, calls = int(sys.argv[1]), 0
import holdfast_host.start as start

def count(frame, event, argument):
    global calls
    if event == "call":
        calls += 1
        if calls == at:
            sys.setprofile(None)
            signal.raise_signal(signal.SIGINT)

sys.setprofile(count)
code = start.main()
sys.setprofile(None)
print("calls", calls)
sys.exit(code)
"""


def _interrupted(at, *arguments):
    command = [sys.executable, "-c", _INTERRUPTED.replace("sys.argv[1]", repr(str(at)))]
    how = {"capture_output": True, "text": True, "env": environment("cpython"), "cwd": ROOT}
    return subprocess.run([*command, *map(str, arguments)], timeout=600, **how)


def test_ctrl_c_is_one_line_at_any_moment(site_folder):
    """While the libraries are loaded, while the command line is read, in the command."""
    whole = _interrupted(-1, "site", "show", site_folder)
    assert whole.returncode == 0, whole.stderr
    calls = int(whole.stdout.split()[-1])
    assert calls > 1000
    # Early moments are the rare ones: as many of them as of all others.
    moments = [2, 3, 5, 10, 50, 300, *(calls * one // 8 for one in range(1, 8))]
    stopped = 0
    for at in moments:
        ended = _interrupted(at, "site", "show", site_folder)
        if ended.returncode == 0:  # it had said all, and was about to end
            assert "acme" in ended.stdout and ended.stderr == ""
            continue
        stopped += 1
        assert (ended.returncode, ended.stderr) == (130, "holdfast: stopped\n"), at
    assert stopped >= 10


def test_a_file_that_is_not_finished_leaves_nothing(tmp_path, monkeypatch):
    """Ctrl-C, or a full disk, in the middle of it."""
    problems = ((KeyboardInterrupt(), KeyboardInterrupt), (OSError(28, "No space"), UsageProblem))
    for problem, shown in problems:
        with monkeypatch.context() as patched:

            def fail(*arguments, problem=problem):
                raise problem

            patched.setattr(os, "fsync", fail)
            with pytest.raises(shown):
                files.write(tmp_path / "out", b"half", files.PRIVATE)
        assert list(tmp_path.iterdir()) == []
    files.write(tmp_path / "out", b"whole", files.PRIVATE)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_version_and_short_help(holdfast):
    """As every tool has them."""
    shown = holdfast("--version")
    assert shown.code == 0 and shown.out.startswith("holdfast 0.") and shown.err == ""
    assert holdfast("-h").out == holdfast("--help").out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell):
    """Of commands that are loaded for it alone, and of their options."""
    known = {**environment("cpython"), "_HOLDFAST_COMPLETE": f"complete_{shell}"}
    code = "from holdfast_host.start import main; raise SystemExit(main())"

    def complete(*words):
        text = " ".join(["holdfast", *words])
        how = {"COMP_WORDS": text, "COMP_CWORD": str(len(words)), "_TYPER_COMPLETE_ARGS": text}
        how["_TYPER_COMPLETE_FISH_ACTION"] = "get-args"
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**known, **how},
            capture_output=True,
            text=True,
            timeout=600,
        )
        return done.stdout

    assert "policy" in complete("pol") and "people" not in complete("pol")
    assert "lockdown" in complete("policy", "lock")
    assert "--schedule" in complete("policy", "group", "--sch")


def test_an_empty_passphrase_is_said_to_be_empty(holdfast, site_folder, tmp_path, monkeypatch):
    """Not to be wrong: a variable that a script set to nothing, a file with nothing in it."""
    monkeypatch.setenv("HOLDFAST_PASSPHRASE", "")
    holdfast("policy", "refresh", site_folder).fails("HOLDFAST_PASSPHRASE is empty")
    nothing = tmp_path / "nothing"
    nothing.write_text("\n")
    given = ["--passphrase-file", nothing]
    holdfast("policy", "refresh", site_folder, *given).fails(f"{nothing} is empty")
    holdfast("site", "init", tmp_path / "s", "--name", "s", *given).fails("is empty")
    assert not (tmp_path / "s").exists()


def test_a_folder_of_another_kind_is_named(holdfast, site_folder, reader_folder, tmp_path):
    """`holdfast site show alice`: there is no site, because that is a phone."""
    phone = tmp_path / "alice"
    assert holdfast("phone", "enroll", phone).code == 0
    holdfast("site", "show", phone).fails(f"{phone} is a phone's folder", "folder of a site")
    holdfast("policy", "show", reader_folder).fails(f"{reader_folder} is a reader's folder")
    holdfast("phone", "enroll", site_folder).fails("is a site's folder")
    here = ["--reader", "127.0.0.1:9", "--door", "front"]
    holdfast("phone", "unlock", site_folder, *here).fails("is a site's folder")
    holdfast("reader", "run", phone).fails("is a phone's folder")
    holdfast("reader", "reset", site_folder).fails("is a site's folder")
    holdfast("reader", "enroll", phone, "--site", site_folder, "--door", "front").fails(
        "is a phone's folder"
    )
    holdfast("site", "init", phone, "--name", "acme").fails("is a phone's folder")
    assert folders.kind(phone) == folders.PHONE and not (phone / "site.json").exists()
    assert not (phone / "flash.img").exists()


def test_which_permission_is_missing(tmp_path, monkeypatch):
    """Whose it is and what one may not do with it; the folder above, if it is that."""
    refused = PermissionError(13, "Permission denied")
    shut = tmp_path / "shut"
    shut.mkdir()
    file = shut / "authority.key"
    file.write_bytes(b"key")
    file.chmod(0o400)
    may = {file: os.X_OK | os.W_OK, shut: os.R_OK | os.W_OK | os.X_OK}
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & ~may.get(path, 7))
    with monkeypatch.context() as patched:
        patched.setattr("builtins.open", _raising(refused))
        with pytest.raises(UsageProblem, match=f"you may not read {file}: .* mode 0400"):
            files.read(file, 10, "authority key", "")
    may[shut] = os.R_OK | os.X_OK
    with monkeypatch.context() as patched:
        patched.setattr(os, "open", _raising(refused))
        with pytest.raises(UsageProblem, match=f"you may not write to {shut}: ") as told:
            files.write(file, b"", files.PRIVATE)
        assert "who owns it" in told.value.next_step
    may[shut] = os.R_OK
    with monkeypatch.context() as patched:
        patched.setattr("builtins.open", _raising(refused))
        with pytest.raises(UsageProblem, match=f"you may not enter {shut}: "):
            files.read(file, 10, "authority key", "")


def _raising(error):
    def fail(*arguments, **options):
        raise error

    return fail


def test_a_stopped_command_is_130_for_machines_too(process, reader_folder):
    """What started it goes by the code."""
    running = process("reader", "run", reader_folder, "--json")
    running.reads_until(lambda line: '"ready"' in line)
    ended = running.ends(signal.SIGINT)
    assert ended.code == 130 and ended.err == "holdfast: stopped\n"
