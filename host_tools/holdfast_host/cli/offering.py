"""One more option for commands that are there already; what they call asks for its value."""

import contextvars
import functools
import inspect
from collections.abc import Callable
from typing import Any


def with_flag(
    callback: Callable, name: str, annotation: Any, given: contextvars.ContextVar[bool]
) -> Callable:
    """``callback`` with the flag ``name`` besides, which is ``given`` while it runs."""

    @functools.wraps(callback)
    def command(*arguments, **options):
        token = given.set(options.pop(name, False))
        try:
            return callback(*arguments, **options)
        finally:
            given.reset(token)

    signature = inspect.signature(callback)
    offered = inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=annotation
    )
    command.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*signature.parameters.values(), offered]
    )
    command.__annotations__ = {**callback.__annotations__, name: annotation}
    return command
