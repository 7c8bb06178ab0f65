"""A draft of the policy: changes that nobody signed, beside the changesets, to see what they would
have done. ``policy/draft`` holds the number of the changeset that they follow, and the operations.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import cbor
from holdfast.access.policy import changeset, operations
from untrusted import InvalidInput

from .. import files
from ..errors import UsageProblem
from .chain import History
from .history import FOLDER
from .packing import packed
from .past import Past
from .state import State

_FILE = "draft"
_LIMIT = 8 << 20
_AGAIN = "begin another: holdfast policy draft SITE --remove"


def path_of(folder: Path) -> Path:
    """Where the draft of the site in ``folder`` is, if there is one."""
    return folder / FOLDER / _FILE


def load(folder: Path, number: int) -> list[list]:
    """The operations of the draft that follows changeset ``number``; none if there is no draft."""
    follows, made = _content(folder)
    if made and follows != number:
        raise UsageProblem(
            f"the draft follows changeset {follows}, and the policy is at {number} now", _AGAIN
        )
    return made


def settle(folder: Path, history: History) -> None:
    """There is no draft any more if it was signed: who did that may have been killed there."""
    if not path_of(folder).exists():
        return
    with files.locked(folder):
        follows, made = _content(folder)
        since = [changeset.parse(raw).operations for raw in history.changesets[follows:]]
        if made and [one for some in since for one in some][: len(made)] == made:
            files.remove(path_of(folder))


def add(
    folder: Path, history: History, changes: Callable[[State], Sequence[list]]
) -> tuple[int, int]:
    """Put what ``changes`` makes of the policy with its draft into the draft; how many operations
    that were, and how many there are. Nothing is put there that no reader would take.
    """
    settle(folder, history)
    with files.locked(folder):
        before = load(folder, history.number)
        new = list(changes(state_of(history, before)))
        made = [*before, *new]
        if new:
            Past(history, made)
            files.write(path_of(folder), cbor.encode([history.number, made]), files.PRIVATE)
    return len(new), len(made)


def remove(folder: Path) -> None:
    """There is no draft any more."""
    with files.locked(folder):
        files.remove(path_of(folder))


def state_of(history: History, drafted: Sequence[list]) -> State:
    """The policy as it would be with the draft."""
    state = State()
    said = cbor.decode(cbor.encode(history.state.operations()), max_items=1 << 24)
    state.apply(said, history.issued_at)
    state.apply(drafted, history.issued_at)
    return state


def _content(folder: Path) -> tuple[int, list[list]]:
    path = path_of(folder)
    if not path.exists():
        return 0, []
    data = files.read(path, _LIMIT, "draft", _AGAIN)
    try:
        follows, made = cbor.decode(data, max_items=len(data))
        if type(follows) is not int or not isinstance(made, list):
            raise ValueError("it holds no operations")
        for some in packed(made):
            operations.check(some)
    except (InvalidInput, ValueError, TypeError) as error:
        raise UsageProblem(f"{path} is damaged: {error}", _AGAIN) from error
    return follows, made
