"""README's "By hand", pasted as one block, comes to its end: each command does what it says there.

Whoever meets the project pastes it. A command of last year in it is the end of that visit.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess

import pytest

from conftest import ROOT, environment

# Where the block waits, what it waits for happens: on a busy machine that takes longer.
_WAITING = """
pauses=0
until_said() {
  until grep -q "$1" "$SAID"; do
    kill -0 %1 2> /dev/null || return
    command sleep 0.1
  done
}
sleep() {
  pauses=$((pauses + 1))
  case $pauses in
    1) until_said ' ready: door lobby' ;;
    2) until_said ' granted: card' ;;
    3) until_said ' refused: card' ;;
    *) wait %1 ;;
  esac
}
holdfast() {
  echo "+ holdfast $*"
  # In the background, where kill is to find the command and not this function.
  if [ "$1 $2" = "reader run" ]; then exec "$(type -P holdfast)" "$@"; fi
  command holdfast "$@"
  echo "= $?"
}
"""


def _block():
    """The commands of README's section, but for the first, which is about where they are."""
    section = (ROOT / "README.md").read_text().partition("\n## By hand\n")[2].partition("\n## ")[0]
    lines = section.partition("```\n")[2].partition("\n```")[0].splitlines()
    assert lines[0] == ". .venv/bin/activate"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    return [line.replace("7000", port) for line in lines[1:]]


def test_by_hand_pasted_as_one_block(tmp_path):
    """From a new site to a leaver who stands outside, by name in its events, and a backup."""
    if shutil.which("bash") is None:
        pytest.skip("no bash")
    commands = tmp_path / "bin"
    commands.mkdir()
    # As it is installed, of this checkout.
    start = commands / "holdfast"
    start.write_text(
        f"#!{ROOT}/.venv/bin/python\n"
        "from holdfast_host.start import main\nraise SystemExit(main())\n"
    )
    start.chmod(0o755)
    said = tmp_path / "said"
    known = environment("cpython")
    known.update(PATH=f"{commands}{os.pathsep}{os.environ['PATH']}", SAID=str(said))
    known.pop("HOLDFAST_PASSPHRASE", None)
    script = "\n".join(["exec > $SAID 2>&1", _WAITING, *_block(), "echo over"])
    folder = tmp_path / "here"
    folder.mkdir()
    with subprocess.Popen(
        ["bash", "-c", script], cwd=folder, env=known, start_new_session=True
    ) as pasted:
        try:
            pasted.wait(3000)  # a hang must end the test
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pasted.pid, signal.SIGKILL)
    text = said.read_text()
    assert text.endswith("over\n"), text
    ended = {}
    command = ""
    for line in text.splitlines():
        if line.startswith("+ holdfast "):
            command = line
        elif line.startswith("= ") and line[2:].isdigit():
            ended.setdefault(line[2:], []).append(command)
    refused = ended.pop("3")
    assert len(refused) == 1 and "phone unlock zoe" in refused[0], "she has left"
    # The reader is ended by a signal, as Ctrl-C would.
    for code in ("130", "143"):
        for one in ended.pop(code, []):
            assert "reader run" in one
    assert list(ended) == ["0"], text
    assert " granted: card" in text and " refused: card" in text
    assert "granted: lobby is released" in text
    shown = text.partition("+ holdfast events show")[2].partition("\n= 0")[0]
    assert shown.count("Zoe Doe") >= 4, "by card and phone, granted and refused"
    assert "formerly" in shown and "Zoe Doe (card)" in shown and "Zoe Doe (phone" in shown
    assert (folder / "zoe.cwt.svg").stat().st_size > 500
