"""The command ``holdfast``."""

import os
import sys
from collections.abc import Sequence

import typer

from .. import processes
from ..errors import UsageProblem
from . import credential, events, passphrase, phone, radio, reader, signing, site
from .carry import carry
from .demo import demo
from .doctor import doctor
from .nodes import nodes
from .output import never_fail_to_encode, say_problem, say_traceback
from .people import command as people
from .policy import command as policy
from .pull import pull
from .status import status
from .stranger import coap_credentials
from .tamper import clear_tamper

FAILED = 1
MISUSED = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
NOBODY_READS = 141  # 128 + SIGPIPE

app = typer.Typer(
    name="holdfast",
    help="Doors that decide by themselves: the site's authority and policy, phones and readers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.add_typer(site.app, name="site")
app.add_typer(policy.app, name="policy")
app.add_typer(people.app, name="people")
app.add_typer(credential.app, name="credential")
phone.app.command()(carry)
phone.app.command()(status)
phone.app.command()(coap_credentials)
phone.app.command()(radio.scan)
phone.app.command()(radio.watch)
app.add_typer(phone.app, name="phone")
app.add_typer(reader.app, name="reader")
events.app.command()(pull)
app.add_typer(events.app, name="events")
app.command()(nodes)
app.command()(clear_tamper)
app.command()(doctor)
app.command()(demo)

_EXIT_CODES = f"Exit codes: 0 done, {FAILED} failed, {MISUSED} misused, {INTERRUPTED} stopped."
_UNLOCK = f"Exit codes: 0 granted, {FAILED} no answer, {MISUSED} misused, {phone.REFUSED} refused."


def _tell_exit_codes(commands: typer.Typer) -> None:
    for command in commands.registered_commands:
        command.epilog = _UNLOCK if command.name == "unlock" else _EXIT_CODES
    for group in commands.registered_groups:
        if group.typer_instance is not None:
            _tell_exit_codes(group.typer_instance)


_tell_exit_codes(app)
signing.offer(app)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code.

    0 done (for an unlock: granted), 1 failed, 2 misused, 3 the door refused.
    """
    processes.leave_no_core()
    if arguments is None:  # this process is ours alone
        passphrase.take()
    never_fail_to_encode()
    try:
        code = app(args=arguments, prog_name="holdfast", standalone_mode=False)
        sys.stdout.flush()
    except UsageProblem as problem:
        say_problem(problem.cause, problem.next_step)
        return FAILED
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except (BrokenPipeError, SystemExit):
        # rich and typer exit by themselves when nobody reads what they write.
        return _nobody_reads()
    except OSError as error:
        say_problem(str(error), "check the files and folders that the command was given")
        return FAILED
    except Exception as error:
        return _misused_or_broken(error)
    if code == INTERRUPTED:
        say_problem("stopped")
    return code or 0


def _nobody_reads() -> int:
    # What is still in the buffer must not fail again when Python ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    say_problem("the output was closed before the end")
    return NOBODY_READS


def _misused_or_broken(error: Exception) -> int:
    explain = getattr(error, "format_message", None)
    if explain is not None:
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "holdfast"
        if explain():  # else the help was asked for by giving nothing, and is shown already
            say_problem(explain(), f"{command} --help")
        return MISUSED
    if os.environ.get("HOLDFAST_TRACE"):
        sys.excepthook = lambda kind, error, trace: say_traceback(error)
        raise error
    say_problem(
        f"this is a fault of holdfast: {type(error).__name__}: {error}",
        "set HOLDFAST_TRACE=1, run it again, and report what it prints",
    )
    return FAILED
