"""Power fails while the events' reserve is made or spent: it is whole, or it is not there.

A reserve that is there in name only would be counted on by a log that has no other room, and one
that could not be made again would leave the log without any from the first full flash on.
"""

INTERPRETERS = ("micropython",)

import os

from cuts import every_cut, every_error

from holdfast.storage.events.reserve import RESERVE_BYTES, Reserve

ROUNDS = 3


def _path(root):
    return root + "/reserve"


def _free(root):
    return os.statvfs(root)[3]


def nothing(root):
    pass


def operation(root, acked):
    for _ in range(ROUNDS):
        reserve = Reserve(_path(root))
        reserve.save()
        if not reserve.is_there:
            raise OSError(5)
        acked.append(True)
        if not reserve.spend():
            raise OSError(5)
        acked.append(False)
    reserve = Reserve(_path(root))
    reserve.save()
    if not reserve.is_there:
        raise OSError(5)
    acked.append(True)


def check(root, acked):
    """As it was told, or as it was to be; and then it gives its room, and can be made again."""
    reserve = Reserve(_path(root))
    told = acked[-1] if acked else False
    assert reserve.is_there == told or acked.cuts, (reserve.is_there, told)
    names = os.listdir(root)
    assert set(names) <= {"reserve"}, names
    if reserve.is_there:
        assert os.stat(_path(root))[6] == RESERVE_BYTES
    reserve.save()
    if not reserve.is_there:
        raise OSError(5)
    acked.append(True)
    assert Reserve(_path(root)).is_there
    before = _free(root)
    if not reserve.spend():
        raise OSError(5)
    acked.append(False)
    assert _free(root) >= before + 2 and not Reserve(_path(root)).is_there
    assert not reserve.spend()  # the same room is not given twice


def test_cuts_anywhere():
    """While it is written, while it goes, and in the start after that."""
    every_cut(nothing, operation, check, again=2, at_least=40, name="reserve")


def test_a_flash_that_reports_errors():
    """It is not believed to be there when it could not be written, and nothing is raised."""
    every_error(nothing, operation, check, at_least=12, name="reserve, errors")
