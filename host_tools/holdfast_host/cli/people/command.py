"""The commands of ``holdfast people``."""

import typer

from . import bring, card, change, lost, show

app = typer.Typer(
    help="Who has access: people with their cards, PINs and phones; lists of them in and out.",
    no_args_is_help=True,
)

app.command("import")(bring.bring)
app.command()(bring.export)
app.command()(bring.compare)
app.command("list")(show.everyone)
app.command()(show.show)
app.command("groups")(show.groups_of)
app.command("name-group")(change.name_group)
app.command()(card.card)
app.command()(change.suspend)
app.command()(change.resume)
app.command()(change.remove)
app.command("phone-lost")(lost.phone_lost)
app.command()(change.sign)
