"""Cases for every backend: lines for case_runner.py, each with what must come of it."""

import crypto
from backends import case_runner


def case(name: str, *arguments: bytes, expected) -> str:
    """A line; ``expected`` is bytes, a bool, or None for a refusal."""
    if expected is None:
        text = "refused"
    elif isinstance(expected, bool):
        text = "true" if expected else "false"
    else:
        text = expected.hex()
    return " ".join([name, *(argument.hex() or "-" for argument in arguments), text])


def asked(name: str, *arguments: bytes) -> str:
    """A line whose answer is OpenSSL's, behind the same facade."""
    assert crypto.backend_name() == "cryptography"
    hexadecimal = (argument.hex() or "-" for argument in arguments)
    return " ".join([name, *hexadecimal, case_runner.said(name, list(arguments))])
