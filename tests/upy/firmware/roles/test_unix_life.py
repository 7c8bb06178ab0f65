"""What ended the reader on the unix port, told by its next start: nobody watches its console."""

INTERPRETERS = ("micropython",)

import os

import small_site as site
from folders import Folder
from harness import raises
from holdfast.access import status
from holdfast.hal.unix import flash
from holdfast.roles import unix_reader
from holdfast.storage import files
from holdfast.storage.faults import FaultLog
from holdfast.storage.last_run import LastRun


async def _secret_in_an_error(*_):
    raise ValueError("0123456789abcdef of a resident")


def test_an_error_that_ends_a_run_is_kept_with_its_place_and_not_its_text():
    """Each crash counts once; what the error said may be of a person, and is left out."""
    private = bytes(range(1, 33))
    serve, unix_reader._serve = unix_reader._serve, _secret_in_an_error
    try:
        with Folder() as folder:
            files.write(folder + "/device.key", private)
            files.write(folder + "/settings.cbor", site.settings_file(private=private))
            for crashes in (1, 2):
                raises(ValueError, unix_reader.main, [folder, "--port", "62000"])
                (name,) = os.listdir(flash.MOUNT_POINT)
                ((piece, error, place, count),) = FaultLog(
                    "%s/%s/faults" % (flash.MOUNT_POINT, name)
                ).all()
                os.umount(flash.MOUNT_POINT)
                assert (piece, error, count) == ("run", "ValueError", crashes)
                assert place.startswith("roles/test_unix_life.py:")
                told = LastRun(folder + "/last_run").told()
                ended_by = "ValueError at " + place
                assert told == {status.CRASHES: crashes, status.ENDED_BY: ended_by}
            raw = files.read(folder + "/last_run", 256)
            assert raw is not None and b"resident" not in raw
    finally:
        unix_reader._serve = serve
