"""What a person at the command line can meet."""


class UsageProblem(Exception):
    """Something the user can put right: ``cause`` says what is wrong, ``next_step`` what to do.

    Both are one line of plain text and hold no secret.
    """

    def __init__(self, cause: str, next_step: str):
        super().__init__(cause)
        self.cause = cause
        self.next_step = next_step


class LinkClosed(UsageProblem):
    """The reader could not be reached, closed the connection or did not answer in time."""
