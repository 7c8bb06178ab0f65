"""``holdfast board``: boards at this computer's cables."""

import typer

from .output import AsJson, say, say_json, say_rows

app = typer.Typer(help="Boards at this computer's cables.", no_args_is_help=True)


@app.command("list")
def list_ports(as_json: AsJson = False) -> None:
    """Show the USB ports at which a board may be, and whether you may open them.

    None is opened: what runs at them goes on.
    """
    from ..boards import cable

    found = cable.ports()
    if as_json:
        rows = [{"port": one.device, "what": one.what, "yours": one.is_ours} for one in found]
        say_json({"ports": rows})
        return
    if not found:
        say("no board at any USB port", "yellow")
        say("next: plug one in by a cable that carries data; many only charge")
        return
    say_rows(
        ("port", "what", ""),
        [(one.device, one.what, "" if one.is_ours else "you may not open it") for one in found],
    )
    closed = next((one for one in found if not one.is_ours), None)
    if closed is not None:
        say(f"next: {cable.permission_problem(closed.device).next_step}")
