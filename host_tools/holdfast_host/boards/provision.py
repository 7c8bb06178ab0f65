"""A board from the bag to a door of a site, over its cable. Cut anywhere, it goes on again."""

import dataclasses
from collections.abc import Callable

import crypto

from ..errors import UsageProblem
from ..site import devices
from ..site import site as sites
from ..site.keys import Keys
from ..site.site import Site
from . import enrol, fit, networks
from .cable import Cable
from .cabled import CabledBoard
from .settings import SEALED, SETTINGS, Placement


@dataclasses.dataclass(frozen=True)
class Provisioned:
    """What came of it: the device as it is registered, the number and the head of the policy that
    it follows, what the board is, the names of the files that were ``sent``, and whether it had
    been enrolled before.
    """

    device: devices.Device
    policy: int
    head: str
    chip: fit.Chip = fit.Chip("", (), 0)
    sent: tuple[str, ...] = ()
    again: bool = False


def fingerprint(key: bytes) -> str:
    """What a person compares of a public ``key``: 64 bits of its SHA-256, in groups of four."""
    text = crypto.sha256(key).hex()[:16]
    return "-".join(text[place : place + 4] for place in range(0, len(text), 4))


def provision(
    cable: Cable,
    site: Site,
    opened: Keys,
    placement: Placement,
    wanted: fit.Firmware,
    lan: bytes | None,
    *,
    now: int,
    take_over: bool = False,
    step: Callable[[str], None] = lambda text: None,
) -> Provisioned:
    """Make the board at ``cable`` the one of ``placement`` in ``site``, and have it prove that it
    is: its key by a challenge, the policy and the settings that it says itself to follow, its
    firmware by its hashes.

    What is there already is not sent again, and a board that has its settings is only brought to
    the end. ``lan`` is its network (networks.py), None to leave what it has. A board of another
    site is refused unless it is to ``take_over``: its keys, rules and events are erased then.
    ``step`` hears what is being done. ``now`` is in seconds since 1970.
    """
    step("Looking at the board")
    cable.enter()
    chip = fit.require_fit(cable, wanted)
    board = CabledBoard(cable)

    def send() -> list[str]:
        return cable.send(wanted.files, lambda name, so_far: step(f"Copying {name}: {so_far}"))

    is_enrolled = board.has(SETTINGS, SEALED)
    key = board.proven_key() if is_enrolled else None
    if key is not None:  # one whose firmware does not run is asked again once it has it
        _require_ours(cable, site, placement, key, take_over)
    sent = send()
    if is_enrolled or board.is_resetting():
        key = key or board.proven_key()
        if board.is_resetting() or not _require_ours(cable, site, placement, key, take_over):
            step("Erasing its keys and rules")
            board.reset()
            is_enrolled = False
    if lan is not None:
        sent += cable.send({"/" + networks.FILE: lan})
    if not is_enrolled:
        step("Making its keys and its certificate")
        enrol.take_in(board, site, opened, placement, now=now)
    step("Starting it, and asking it for its proofs")
    device = devices.require(devices.load(site.folder), placement.name)
    done = _proven(cable, board, site, device, placement.doors, wanted)
    enrol.register_doors(site, device.id, placement.doors)
    return dataclasses.replace(done, chip=chip, sent=tuple(sent), again=is_enrolled)


def verify(cable: Cable, site: Site, wanted: fit.Firmware) -> Provisioned:
    """Have the board at ``cable``, whichever of ``site`` it is, prove the same; nothing is signed,
    and nothing is sent to it. Raises UsageProblem if it is not just what it should be.
    """
    cable.enter()
    chip = fit.require_fit(cable, wanted)
    board = CabledBoard(cable)
    key = board.proven_key() if board.has(SETTINGS, SEALED) else None
    known = devices.load(site.folder)
    device = next((one for one in known if one.key == key), None)
    if device is None:
        raise UsageProblem(
            f"the board at {cable.device} does not prove to be one of this site",
            f"make it one: holdfast board provision {cable.device} --site DIR --door DOOR",
        )
    if device.revoked:
        raise UsageProblem(
            f"the board at {cable.device} was {device.id!r}, which is revoked",
            "make it another: erase its flash, and provision it under another id",
        )
    done = _proven(cable, board, site, device, device.doors, wanted)
    return dataclasses.replace(done, chip=chip, again=True)


def _require_ours(
    cable: Cable, site: Site, placement: Placement, key: bytes | None, take_over: bool
) -> bool:
    """Whether the board with this proven ``key`` is the one of ``placement``; False if it is to be
    taken over. Refuses all others.
    """
    known = devices.load(site.folder)
    mine = next((one for one in known if one.key == key and not one.revoked), None)
    if mine is not None:
        if mine.id != placement.name:
            raise UsageProblem(
                f"the board at {cable.device} is this site's {mine.id!r} already",
                f"give --node {mine.id}, or take another board for {placement.name!r}",
            )
        return True
    if take_over:
        return False
    whose = "cannot prove whose it is" if key is None else "is another site's"
    raise UsageProblem(
        f"the board at {cable.device} is enrolled and {whose}",
        "bring its events home first; --take-over then erases its keys, rules and events",
    )


def _proven(
    cable: Cable,
    board: CabledBoard,
    site: Site,
    device: devices.Device,
    doors: tuple[str, ...],
    wanted: fit.Firmware,
) -> Provisioned:
    """That the board is this ``device`` for these ``doors``, by what it shows itself; then it runs
    on.
    """
    if board.proven_key() != device.key:
        raise UsageProblem(
            f"the board at {cable.device} does not prove that it has the key of {device.id!r}",
            "send it the firmware again, and run the same command again",
        )
    there = cable.hashes(list(wanted.files)) if wanted.files else {}
    for name, data in wanted.files.items():
        if there[name] != crypto.sha256(data):
            raise UsageProblem(
                f"{name} on the board at {cable.device} is not what is in this firmware",
                "send it: holdfast board provision, with this --firmware",
            )
    history = sites.load(site.folder).policy()
    with board.start() as running:
        ready = enrol.require_acceptance(running, site, history, device.settings)
    said = tuple(ready.get("doors", ()))
    if ready.get("node") != device.id or said != doors:
        raise UsageProblem(
            f"the board at {cable.device} is {ready.get('node')!r} for the doors"
            f" {', '.join(map(str, said)) or 'none'}",
            "name that door, or take another board for this one",
        )
    return Provisioned(device, history.number, history.head.hex())
