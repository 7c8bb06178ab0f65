"""Where the command begins, with nothing loaded yet: so that Ctrl-C is one line at any moment."""

import os
import signal

_STOPPED = 130  # 128 + SIGINT, as shells have it
_STANDARD_ERROR = 2


def main() -> int:
    """Run the command that this process was started with; its exit code."""
    code = _STOPPED
    try:
        from .cli import main as run

        code = run()
    except KeyboardInterrupt:
        _stopped()
    finally:
        # What is left to do is Python's own end, of which nobody is told.
        _heed_no_more()
    return code


def _heed_no_more() -> None:
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _stopped() -> None:
    _heed_no_more()
    os.write(_STANDARD_ERROR, b"holdfast: stopped\n")
