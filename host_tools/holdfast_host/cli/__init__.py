"""The command ``holdfast``."""

import os
import sys
from collections.abc import Callable, Sequence

import typer

from .. import locks, processes
from ..errors import UsageProblem
from ..register import shared
from . import passphrase
from .commands import FAILED, INTERRUPTED, MISUSED, NOBODY_READS, root
from .output import (
    begin,
    never_fail_to_encode,
    say_cut_short,
    say_json_problem,
    say_plain,
    say_problem,
    say_traceback,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code.

    0 done (for an unlock: granted), 1 failed, 2 misused, 3 the door refused. With --json what
    went wrong is an object on standard output, too.
    """
    processes.leave_no_core()
    if arguments is None:  # this process is ours alone
        passphrase.take()
    never_fail_to_encode()
    begin()
    locks.when_cut_short = say_cut_short
    locks.shared = shared.held
    given = list(sys.argv[1:] if arguments is None else arguments)
    fail = _json_fails if "--json" in given else _fails
    try:
        code = root().main(args=given or ["--help"], prog_name="holdfast", standalone_mode=False)
        if not given:
            code = MISUSED
        sys.stdout.flush()
    except UsageProblem as problem:
        return fail(problem.cause, problem.next_step, FAILED)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except SystemExit as ended:
        # rich and typer exit by themselves: done, as with completion, or nobody reads.
        return 0 if ended.code in (0, None) else _nobody_reads()
    except BrokenPipeError:
        return _nobody_reads()
    except OSError as error:
        return fail(str(error), "check the files and folders that the command was given", FAILED)
    except Exception as error:
        return _misused_or_broken(error, fail)
    if code == INTERRUPTED:
        return fail("stopped", None, INTERRUPTED)
    return code or 0


def _fails(cause: str, next_step: str | None, code: int) -> int:
    say_problem(cause, next_step)
    return code


def _json_fails(cause: str, next_step: str | None, code: int) -> int:
    say_json_problem(cause, next_step, code)
    return _fails(cause, next_step, code)


def _nobody_reads() -> int:
    # What is still in the buffer must not fail again when Python ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    say_problem("the output was closed before the end")
    return NOBODY_READS


def _misused_or_broken(error: Exception, fail: Callable[..., int]) -> int:
    explain = getattr(error, "format_message", None)
    if explain is not None:
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "holdfast"
        if type(error).__name__ == "NoArgsIsHelpError":  # asked for by giving nothing
            say_plain(explain())
            return MISUSED
        return fail(explain(), f"{command} --help", MISUSED)
    if os.environ.get("HOLDFAST_TRACE"):
        sys.excepthook = lambda kind, error, trace: say_traceback(error)
        raise error
    return fail(
        f"this is a fault of holdfast: {type(error).__name__}: {error}",
        "set HOLDFAST_TRACE=1, run it again, and report what it prints",
        FAILED,
    )
