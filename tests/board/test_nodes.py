"""What each role holds of a board's heap while it waits, joined and frozen, on a LAN where nobody
is: a reader, a controller without doors and with eight, a carrier.

`python tests/board/test_nodes.py` prints the figures. They need `make rv32-node`.
"""

import pathlib
import sys
import tempfile

import pytest

_TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_TESTS), str(_TESTS / "support")]

import cbor
import small_site as site
from board.door import READER_KEY, put
from board.qemu_board import BUILT, Board
from holdfast.access import credential as labels
from holdfast.access.policy import operations as ops
from holdfast.access.policy import snapshot

IMAGE = BUILT / "node.elf"
_FLASH = 1900 * 1024
_HEAP = 256 * 1024
_GRANTS = 1000
_EIGHT = tuple(f"door {number}" for number in range(8))

# Bytes that it holds, by role: (name, doors, ceiling).
ROLES = (
    ("reader", (site.DOOR,), 69632),
    ("controller", (), 72704),
    ("controller", (site.DOOR,), 74752),
    ("controller", _EIGHT, 84992),
    ("carrier", (), 40960),
)


def _settings(role, doors):
    number = {
        "reader": labels.ROLE_READER,
        "controller": labels.ROLE_CONTROLLER,
        "carrier": labels.ROLE_CARRIER,
    }[role]
    claims = {labels.ROLE: number, 9: None}
    if doors:
        claims[9] = site.scope(*[(1, name, 1) for name in doors])
    changes = {4: [[name, 500] for name in doors], 6: site.device_certificate(READER_KEY, claims)}
    if role == "carrier":
        changes |= {10: None, 15: "carries", 16: "inside"}
    return site.settings_file(changes, private=READER_KEY)


def _policy(doors):
    """A snapshot that knows the doors, their zone, and a thousand cards."""
    operations = [[12, number, door] for number, door in enumerate(doors)]
    bits = bytes(((1 << len(doors)) - 1,))  # which of the doors are in it
    operations += [[2, site.ZONE, bits]]
    operations += [[ops.GROUP, 1, [[[1, door], 1, None] for door in doors]]]
    operations += [[ops.GRANT, b"card%04d" % number, 1, None] for number in range(_GRANTS)]
    pieces = snapshot.make(
        site.authority(), site.SITE, 7, bytes(32), site.NOW - site.DAY, operations
    )
    return b"".join(cbor.encode(piece) for piece in pieces)


def holds(folder: pathlib.Path, role: str, doors: tuple) -> int:
    """Bytes of heap, of a node that was started once before, as nearly all starts are."""
    with open(folder / "flash.img", "wb") as flash:
        flash.truncate(_FLASH)
    files = {"device.key": READER_KEY, "settings.cbor": _settings(role, doors)}
    if role != "carrier":
        files["policy.cbor"] = _policy(doors or ("nowhere",))
    with Board(folder, b"", _HEAP * 2, IMAGE) as board:
        board.run("import os\nos.mkdir('/state')")
        for name, data in files.items():
            put(board, "/state/" + name, data)
        _run(board)
    with Board(folder, b"", _HEAP, IMAGE) as board:
        return _run(board)


def _run(board):
    said = board.run(
        f"import gc\ngc.threshold(2048)\nimport node_on_board\nnode_on_board.main({site.NOW})"
    )
    lines = [line for line in said.splitlines() if line.startswith("holds ")]
    if not lines or "refused" in said or "fault" in said:
        raise RuntimeError(said)
    return int(lines[-1].split()[1])


@pytest.mark.skipif(not IMAGE.exists(), reason="no build/rv32/node.elf: make rv32-node")
@pytest.mark.parametrize(("role", "doors", "ceiling"), ROLES)
def test_each_role_waits_in_what_a_board_has(tmp_path, role, doors, ceiling):
    """A C3 with Wi-Fi has 175,168 bytes at most: what a role takes at rest, no phone has."""
    assert holds(tmp_path, role, doors) <= ceiling


def main():
    for role, doors, _ in ROLES:
        with tempfile.TemporaryDirectory() as folder:
            print(f"{role}, {len(doors)} doors: {holds(pathlib.Path(folder), role, doors):,}")


if __name__ == "__main__":
    main()
