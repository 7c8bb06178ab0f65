"""What a unit can do without: definitions and values that nothing reaches."""

from .program import DEF, Meaning
from .pure import has_effects
from .statement import Statement


def reached(
    units: dict[str, list[Statement]], first: str, roots: set[Meaning], everything: bool
) -> dict[str, list[Statement]]:
    """What of ``units`` (name to statements) is left: what ``roots`` or an effect leads to.

    Units whose import nobody reaches are left out. With ``everything`` nothing is left out of
    those that somebody loads.
    """
    makers: dict[Meaning, list[Statement]] = {}
    home: dict[int, str] = {}
    for unit, statements in units.items():
        for statement in statements:
            home[id(statement)] = unit
            for meaning in statement.makes:
                makers.setdefault(meaning, []).append(statement)
    kept: set[int] = set()
    loaded: set[str] = set()
    left: list[Statement] = []

    def load(unit):
        if unit in units and unit not in loaded:
            loaded.add(unit)
            for statement in units[unit]:
                if everything or any(map(has_effects, statement.nodes[:1])):
                    keep(statement)

    def keep(statement):
        if id(statement) not in kept:
            kept.add(id(statement))
            left.append(statement)
            load(home[id(statement)])

    load(first)
    for meaning in roots:
        for statement in makers.get(meaning, ()):
            keep(statement)
    while left:
        statement = left.pop()
        for unit in statement.loads:
            load(unit)
        for meaning in statement.uses:
            for maker in makers.get(meaning, ()) if meaning.kind == DEF else ():
                keep(maker)
    return {
        unit: [s for s in statements if id(s) in kept]
        for unit, statements in units.items()
        if unit in loaded
    }
