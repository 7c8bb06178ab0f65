"""A real broker of MQTT of the tests' own, on a port of its own, gone afterwards."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

WAIT = 60  # seconds; a hang must end the test


def program():
    """The broker's program; None if there is none."""
    found = shutil.which("mosquitto")
    return found or next((one for one in ("/usr/sbin/mosquitto",) if os.path.exists(one)), None)


@contextlib.contextmanager
def running(broker, *settings):
    """The port of a broker that runs with these further lines of settings."""
    home = pathlib.Path(tempfile.mkdtemp(prefix="hf_mqtt_"))
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port = asked.getsockname()[1]
    lines = [f"listener {port} 127.0.0.1", "persistence false", *settings]
    if os.getuid() == 0:
        lines.append("user root")  # its folder is ours alone
    (home / "conf").write_text("\n".join(lines) + "\n")
    process = subprocess.Popen(
        [broker, "-c", str(home / "conf")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + WAIT
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None and time.monotonic() < deadline, "no broker"
            time.sleep(0.05)
        yield port
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(home, ignore_errors=True)
