"""Where an exception was raised."""

import io
import sys


def place(error: BaseException) -> str:
    """"file:line" of the innermost frame of ``error``, the file without its folders but the last;
    empty where nobody knows.
    """
    if not hasattr(sys, "print_exception"):
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        return "" if trace is None else _short(trace.tb_frame.f_code.co_filename, trace.tb_lineno)
    text = io.BytesIO()
    sys.print_exception(error, text)  # pyright: ignore[reportArgumentType]
    last = ""
    printed = text.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
    for line in printed.decode().split("\n"):
        if line.startswith('  File "'):
            last = line
    # File "holdfast/door/doorway.py", line 31, in run
    parts = last.split('"')
    if len(parts) != 3:
        return ""
    return _short(parts[1], parts[2].split(",")[1].strip().split(" ")[-1])


def _short(path, line):
    return "/".join(path.split("/")[-2:]) + ":" + str(line)
