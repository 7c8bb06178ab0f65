"""Processes that die in the middle of what they do to files and to a database."""

import io
import json
import os
import sqlite3
import sys

TORTURE = os.environ.get("HOLDFAST_TORTURE") == "1"
COPY = "/.rehearsal/"  # of a reader, where nothing lies that counts


def killed_before(act, operation):
    child = os.fork()
    if child:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (0, 9), "it failed by itself"
        return code == 0
    left = operation

    def mortal(function):
        def call(*arguments, **options):
            nonlocal left
            matters = TORTURE or (function.__name__ == "replace" and COPY not in str(arguments[0]))
            left -= matters
            if matters and left == 0:
                os._exit(9)
            return function(*arguments, **options)

        return call

    status = 1
    try:
        os.replace, os.unlink, os.mkdir = map(mortal, (os.replace, os.unlink, os.mkdir))
        act()
        status = 0
    finally:
        os._exit(status)


def run_until(act, operations):
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            status = _mortal(act, writing, operations)
        finally:
            os._exit(status)
    os.close(writing)
    with open(reading) as pipe:
        data = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9), "the child failed by itself"
    return data, status == 0


def _touches_a_file(function):
    owner = getattr(function, "__self__", None)
    if isinstance(owner, (io.IOBase, sqlite3.Connection, sqlite3.Cursor)):
        return True
    return getattr(owner, "__name__", "") in ("posix", "fcntl")


def _mortal(act, writing, operations):
    left = operations

    def count(frame, event, argument):
        nonlocal left
        if event == "c_call" and _touches_a_file(argument):
            left -= 1
            if left == 0:
                os._exit(9)

    def send(value):
        sys.setprofile(None)
        os.write(writing, json.dumps(value).encode() + b",")
        sys.setprofile(count)

    sys.setprofile(count)
    act(send)
    sys.setprofile(None)
    return 0


# What changes names or makes them last, in os; and what is committed is counted besides.
_WRITES = ("replace", "rename", "unlink", "remove", "mkdir", "rmdir", "fsync", "ftruncate")


def killed_at_write(act, operation, told):
    """How many writes ``act()`` makes in a process of its own, which is killed before that one of
    them is made (0: before none); None if it was killed. ``told(text)`` gets what it says if it
    fails by itself.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            os.close(reading)
            _count_writes(act, operation, writing)
            status = 0
        except BaseException as error:
            os.write(writing, repr(error).encode()[:4096])
        finally:
            os._exit(status)
    os.close(writing)
    with open(reading) as pipe:
        data = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == 1:
        told(data)
    return None if code == 9 else int(data)


def _count_writes(act, operation, writing):
    import sqlalchemy as sa

    count = 0

    def write(*arguments):
        nonlocal count
        count += 1
        if count == operation:
            os._exit(9)

    def mortal(function):
        def call(*arguments, **options):
            write()
            return function(*arguments, **options)

        return call

    opened = os.open

    def mortal_open(path, flags, *arguments, **options):
        if flags & (os.O_WRONLY | os.O_RDWR):
            write()
        return opened(path, flags, *arguments, **options)

    for name in _WRITES:
        setattr(os, name, mortal(getattr(os, name)))
    os.open = mortal_open
    sa.event.listen(sa.Engine, "commit", write)
    act()
    os.write(writing, str(count).encode())
