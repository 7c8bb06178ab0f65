"""Runs one test function of one file and writes how it went as JSON.

Usage: ``micropython runner.py FILE FUNCTION RESULT``; CPython runs it just the same.
"""

import json
import os
import sys


def _traceback(error):
    print_exception = getattr(sys, "print_exception", None)  # MicroPython's
    if print_exception:
        import io

        out = io.StringIO()
        print_exception(error, out)
        return out.getvalue()
    import traceback

    return "".join(traceback.format_exception(error))


def _run(path, name):
    folder, _, file = path.rpartition("/")
    sys.path.insert(0, folder)
    function = getattr(__import__(file[:-3]), name)
    running = function()
    if hasattr(running, "send"):
        import asyncio

        asyncio.run(running)


def _traced(path, name, folder):
    sys.path.insert(0, __file__.rpartition("/")[0])
    import line_trace

    line_trace.start()
    try:
        _run(path, name)
    finally:
        line_trace.save(folder)


def main(path, name, result_path):
    result = {"status": "passed", "text": ""}
    lines_go_to = os.getenv("HOLDFAST_LINES")
    try:
        if lines_go_to and hasattr(sys, "settrace") and sys.implementation.name == "micropython":
            _traced(path, name, lines_go_to)
        else:
            _run(path, name)
    except Exception as error:
        skipped = type(error).__name__ == "SkipTest"
        result["status"] = "skipped" if skipped else "failed"
        result["text"] = str(error) if skipped else _traceback(error)
    with open(result_path, "w") as file:
        json.dump(result, file)


main(*sys.argv[1:4])
