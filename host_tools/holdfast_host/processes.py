"""The one place where the host starts processes.

Strangers talk to a reader, so nothing of what its keeper knows is in it: no passphrase in its
environment, no file that the keeper has open, nothing left on the disk if it crashes.
"""

import ctypes
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping, Sequence

# All that an interpreter may need which is not the one that came with this package.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "TZ")
_PR_SET_PDEATHSIG = 1


def start(
    command: Sequence[str], variables: Mapping[str, str], descriptors: Collection[int] = ()
) -> subprocess.Popen:
    """Start ``command`` with pipes for its standard streams.

    Its environment is the ``variables``, and of ours what _PASSED_ON names. It inherits the file
    ``descriptors``. What it writes is for its owner alone. On Linux it ends with the thread that
    started it, also if that is killed outright. Raises OSError.
    """
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**environment, **variables},
        umask=0o077,
        pass_fds=tuple(descriptors),
        start_new_session=True,  # Ctrl-C is for us; we then stop it in order
        preexec_fn=_prepared(os.getpid()),
    )


def leave_no_core() -> None:
    """Let no image of this process come on the disk if it crashes: a key may be in it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def erase(name: str) -> None:
    """Take the variable ``name`` out of this process's environment.

    Also out of what the system shows of it: that is the memory where it was when we began.
    """
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_void_p
    value = libc.getenv(os.fsencode(name))
    if value:
        ctypes.memset(value, 0, len(ctypes.string_at(value)))
    os.environ.pop(name, None)


def _prepared(parent: int) -> Callable[[], None]:
    libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None

    def prepare() -> None:
        leave_no_core()
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

    return prepare
