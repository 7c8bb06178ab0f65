"""The tests that run on both interpreters, and what becomes of them on a board."""

import ast
import pathlib
import re

from board.qemu_board import ROOT, compile_tree, rom_image

_WHOLE_READERS = ("test_fail_closed.py", "test_two_keys.py")
# All of the libraries; of the firmware the decision, which is as pure as they are.
FILES = [
    path
    for pattern in (
        "lib/test_*.py",
        "firmware/access/test_*.py",
        "firmware/access/policy/test_*.py",
    )
    for path in sorted((ROOT / "tests" / "upy").glob(pattern))
    if path.name not in _WHOLE_READERS
    and re.search(r"^INTERPRETERS = .*\"micropython\"", path.read_text(), re.MULTILINE)
]

# MicroPython's ports for boards have no getenv. Only tests ask for it: they keep files in $TMPDIR.
OS_WITH_GETENV = """
from uos import *

def getenv(name, default=None):
    return default
"""

_ROOMY = 1024 * 1024
# Both sides of a handshake, their credentials and the machine code of both curves: a board has one
# side of one handshake. What that takes there is measured in board/bench_unlock.py.
ROOMY_FILES = ("test_edhoc", "test_edhoc_credential", "test_edhoc_steps", "test_edhoc_suites")
# And who makes policy and tokens beside following them, with storage to keep them in: that is
# another machine.
ROOMY_FILES += (
    "test_changeset",
    "test_decide",
    "test_grants",
    "test_key_ring",
    "test_places",
    "test_policy",
    "test_rules_memory",
    "test_nights",
    "test_principals",
    "test_ends",
    "test_schedule",
)
# Tests of messages over 64 KB, which a board refuses long before: a heap that can hold some.
HEAPS = {
    "test_coap.test_every_border_of_an_option_header_survives_a_round_trip": _ROOMY,
    "test_coap_stream.test_frames_of_rfc_8323_read_and_write_alike": _ROOMY,
    "test_crypto_aes_ccm.test_the_nonce_limits_the_length": _ROOMY,
    "test_flashlog_damage.test_a_record_of_a_damaged_length_makes_no_room_for_itself": _ROOMY,
    "test_flashlog.test_a_record_has_between_one_byte_and_a_segment": _ROOMY,
    "test_crypto_aes_ccm.test_long_associated_data_have_a_longer_length": _ROOMY,
    # 300 associations, where a reader has 16.
    "test_oscore_table.test_the_shortest_free_identifier_comes_first": _ROOMY,
    # The fullest list of revoked devices, as it is signed and as it is read.
    "test_revoked_devices.test_the_most_there_can_be_fit": _ROOMY,
}

# What cannot pass there. One that does pass fails the run: it must leave this list.
CANNOT = {
    "test_cbor.test_floats_take_the_shortest_size_that_keeps_the_number": (
        "a board's float has 32 bits, here as on an ESP32"
    ),
}

# What could pass and is left out.
TOO_LONG = {
    "test_oscore_table.test_three_bytes_come_when_all_shorter_ones_are_taken": (
        "a table of 65,792 associations, for which no board has the memory"
    ),
    "test_coap_stream.test_chunks_of_any_size_give_the_same_messages": (
        "64 KB in chunks of every size: more minutes than all the others together"
    ),
}

_RUN = """
import os
try:
    os.mkdir("/tmp")
except OSError:
    pass
from %s import %s as test
running = test()
if hasattr(running, "send"):
    import asyncio
    asyncio.run(running)
"""


def names() -> list:
    """``file.function`` of every test there is, read and not run."""
    return [
        f"{path.stem}.{node.name}"
        for path in FILES
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    ]


def heap(name: str) -> int:
    """Bytes of heap for one of ``names``; 0 for as much as a board has."""
    return _ROOMY if name.partition(".")[0] in ROOMY_FILES else HEAPS.get(name, 0)


def script(name: str) -> str:
    """What a board runs for one of ``names``."""
    return _RUN % tuple(name.split("."))


def helpers() -> list:
    """The modules in tests/support that these tests import, and those that they import in turn."""
    found, left = set(), list(FILES)
    while left:
        for node in ast.walk(ast.parse(left.pop().read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in names:
                path = ROOT / "tests" / "support" / (name + ".py")
                if path.exists() and path not in found:
                    found.add(path)
                    left.append(path)
    return sorted(found)


def rom(folder: pathlib.Path) -> bytes:
    """A ROM with lib, firmware, these tests and what they import, compiled in ``folder``."""
    (folder / "os.py").write_text(OS_WITH_GETENV)
    compile_tree(folder, [*FILES, *helpers()])
    return rom_image(folder)
