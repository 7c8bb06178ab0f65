"""A real PostgreSQL of the tests' own, in a folder that is gone afterwards, on a socket in it."""

import contextlib
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

PASSWORD = "planted-password"
_USER = "holdfast"
_PLACES = "/usr/lib/postgresql"


def binaries():
    """The folder of PostgreSQL's programs, the newest; None if there is none."""
    found = sorted(pathlib.Path(_PLACES).glob("*/bin/initdb"), key=lambda one: int(one.parts[-3]))
    if found:
        return found[-1].parent
    named = shutil.which("initdb")
    return None if named is None else pathlib.Path(named).resolve().parent


@contextlib.contextmanager
def running(programs):
    """The folder of the socket of a server that runs."""
    # It refuses to run as root, and a socket's path is at most 107 bytes.
    who = pwd.getpwnam("nobody") if os.getuid() == 0 else None
    as_user = {} if who is None else {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
    home = pathlib.Path(tempfile.mkdtemp(prefix="hf_pg_"))
    data = home / "data"
    try:
        (home / "password").write_text(PASSWORD)
        if who is not None:
            for path in (home, home / "password"):
                os.chown(path, who.pw_uid, who.pw_gid)

        def run(*command):
            subprocess.run(
                [str(programs / command[0]), *map(str, command[1:])],
                check=True,
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
                **as_user,
            )

        how = ["--auth=scram-sha-256", f"--pwfile={home / 'password'}", "--no-sync"]
        run("initdb", "-D", data, "-U", _USER, "--encoding=UTF8", *how)
        options = f"-c listen_addresses= -c unix_socket_directories={home} -c fsync=off"
        run("pg_ctl", "-D", data, "-o", options, "-l", home / "log", "-w", "-t", "120", "start")
        try:
            yield home
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def url(home, name="postgres", password=PASSWORD):
    """Where the database of that name is."""
    who = f"{_USER}:{password}" if password else _USER
    return f"postgresql+psycopg://{who}@/{name}?host={home}"
