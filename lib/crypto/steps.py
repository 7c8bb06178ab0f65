"""Long work in steps, so that an event loop can let others run in between.

Steps are a plain generator: it yields None after at most some milliseconds of a board's time, and
returns the value. Who drops one before its end calls ``close()``, so that secrets are wiped.
"""


def finish(steps):
    """Drive ``steps`` to the end, without a pause, and return their value."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
