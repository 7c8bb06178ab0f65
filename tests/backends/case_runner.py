"""Runs cases of the public-key functions through the facade, on any interpreter and any board.

A case is a line: the function, its arguments in hexadecimal (``-`` for none), and what it must
say: hexadecimal, ``true``, ``false``, or ``refused`` for InvalidKey.
"""

import crypto


def run(lines) -> tuple:
    """(how many cases there were, those that went wrong with what came instead)."""
    count = 0
    wrong = []
    for line in lines:
        name, *arguments, expected = line.split()
        answer = said(name, [_bytes(argument) for argument in arguments])
        if answer != expected:
            wrong.append("%s said %s" % (line.strip(), answer))
        count += 1
        if count % 50 == 0:
            print("#")  # somebody may wait, and not for ever
    return count, wrong


def said(name, arguments) -> str:
    """What a function of the facade answers, as a case has it."""
    try:
        answer = getattr(crypto, name)(*arguments)
    except crypto.InvalidKey:
        return "refused"
    if isinstance(answer, bool):
        return "true" if answer else "false"
    return answer.hex()


def main(path):
    """Run the cases in a file and print what is wrong, the backend and the count."""
    with open(path) as file:
        count, wrong = run(file)
    for text in wrong[:20]:
        print("WRONG", text)
    print("DONE", crypto.backend_name(), count, len(wrong))


def _bytes(text):
    return b"" if text == "-" else bytes.fromhex(text)
