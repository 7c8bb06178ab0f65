"""What joining cannot do."""


class Problem(Exception):
    """The program does what joining would change; says where, what, and what to do about it."""

    def __init__(self, path, line: int, what: str, remedy: str):
        super().__init__(f"{path}:{line}: {what}: {remedy}")
