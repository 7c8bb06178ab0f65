"""Making a reader one of a site: its certificate, its settings, the policy to begin with."""

import contextlib
import dataclasses
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from cose import CRV_X25519, Key
from holdfast.access.credential import ROLE_CARRIER, ROLE_CONTROLLER
from holdfast.access.policy import limits

from .. import files, folders, locks
from ..credentials import issuing, keys
from ..errors import UsageProblem
from ..policy import carriers, changes, compare
from ..policy.history import History
from ..policy.state import State
from ..site import devices, names, rotation
from ..site import site as sites
from ..site.keys import Keys
from ..site.site import Site
from . import correct, reset
from .board import Board, Enrolled, Running
from .local import LocalBoard
from .settings import (
    MAX_PEERS,
    SEALED,
    SETTINGS,
    Placement,
    encode_settings,
    is_enrolled,
)
from .settings import STRIKE_MS as STRIKE_MS

POLICY = "policy.cbor"
MAX_DOORS = 8
CERTIFICATE_DAYS = 730  # of a site that never set any

_REFUSED = "policy_file_refused"  # what a reader says that does not take POLICY


def enroll(
    state_folder: Path,
    site: Site,
    opened: Keys,
    placement: Placement,
    *,
    now: int,
    days: int | None = None,
    replace: bool = False,
) -> Enrolled:
    """Make the reader in ``state_folder`` one of ``site``.

    The reader makes its own keys, at its first start, and never shows them. Its door is put into
    the policy if it is not there, and into its zones; their keys are sealed to the reader; it is
    given the policy as it is then. Its certificate holds for ``days``, or as long as the site's
    limits say. It is told by how much its own clock is off this machine's. At the end it is
    started once more: it is enrolled only if it says itself that it follows just this policy. If
    not, and whatever else goes wrong, it is what it was before.
    ``now`` is in seconds since 1970.
    """
    require_placement(site, placement)
    require_none(state_folder, replace)
    site.policy()
    files.make_folder(state_folder)
    with locks.hold(state_folder) as held, locks.signing(site.folder):
        require_none(state_folder, replace)
        reset.require_none(state_folder)
        board = LocalBoard(state_folder, held)
        return take_in(board, site, opened, placement, now=now, days=days)


def take_in(
    board: Board,
    site: Site,
    opened: Keys,
    placement: Placement,
    *,
    now: int,
    days: int | None = None,
) -> Enrolled:
    """The same for whatever ``board`` (boards/board.py), which the caller has for themselves."""
    site = sites.load(site.folder)
    with _all_or_nothing(board, site, placement.name):
        enrolled = board.introduce()
        if placement.carries:  # phones never see its certificate
            enrolled = dataclasses.replace(enrolled, keys={0: enrolled.keys[0]})
        found = enrolled.keys
        key = found[0].x or b""
        # Boards that are slow, and many, do not wait for each other while they start.
        with locks.signing(site.folder):
            site = sites.load(site.folder)
            certificates = certify(site, opened, placement, found, now, days)
            number = devices.require(devices.load(site.folder), placement.name).settings
            history = _told_of(site, opened, placement, key, now)
        settings = encode_settings(
            site,
            opened,
            placement,
            certificates,
            key,
            number,
            history=history,
            clock_offset=enrolled.clock.offset,
        )
        brought = {SETTINGS: settings}
        if not placement.carries:
            # In this order: beside settings of before, a policy that is not theirs is left alone.
            brought = {POLICY: history.for_reader(opened.authority), **brought}
        if _has_settings(board):
            # Killed from here on, it must not be a reader that nobody has seen running.
            rehearsed = board.rehearse(brought)
            if rehearsed is not None:
                with rehearsed as reader:
                    require_acceptance(reader, site, history, number)
        for name, data in brought.items():
            board.write(name, data)
        with board.start() as reader:
            ready = require_acceptance(reader, site, history, number)
            is_told = not placement.carries  # who decides nothing needs no time
            if is_told and correct.is_needed(ready, enrolled.clock, int(time.time())):
                reader.tell_time(placement.door, opened, history, site.authority_key)
        register_doors(site, placement.name, placement.doors)
    return dataclasses.replace(enrolled, certificates=certificates)


def _has_settings(board: Board) -> bool:
    return any(board.read(name) is not None for name in (SETTINGS, SEALED))


@contextlib.contextmanager
def _all_or_nothing(board: Board, site: Site, node: str) -> Iterator[None]:
    """What the reader was before is in force again if it does not become what it was to be.

    The ids of its new certificates stay in the register: somebody may have seen them.
    """
    before = {name: board.read(name) for name in (SETTINGS, POLICY, SEALED)}
    registered = devices.find(devices.load(site.folder), node)
    try:
        yield
    except BaseException:
        for name, data in before.items():
            if data is None:
                board.remove(name)
            elif data != board.read(name):
                board.write(name, data)
        if registered is not None:
            register_doors(site, node, registered.doors)
        raise


def register_doors(site: Site, node: str, doors: tuple[str, ...]) -> None:
    """Have the register say that ``node``, if it knows it, speaks for just these ``doors``."""
    present = devices.find(devices.load(site.folder), node)
    if present is not None and present.doors != doors:
        devices.put(site.folder, dataclasses.replace(present, doors=doors))


def require_acceptance(reader: Running, site: Site, history: History, number: int) -> dict:
    """What the ``reader`` says that it serves with: the settings of this ``number``, and just this
    policy. Raises UsageProblem if not.
    """
    # A reader with another policy, or none, opens for nobody or for others, but looks enrolled.
    events = list(reader.events)
    for event in events:
        if event.get("event") == "settings_refused":
            raise reader.failure(events.index(event))
    refused = [event for event in events if event.get("event") == _REFUSED]
    if refused:
        raise UsageProblem(
            f"the reader refuses the site's policy: {refused[0].get('reason')}",
            f"look at it: holdfast policy show {site.folder}",
        )
    ready = next(event for event in events if event.get("event") == "ready")
    if ready.get("settings") != number:
        raise UsageProblem(
            "the reader goes by other settings than it was given",
            "give it firmware of this version, and enrol it again",
        )
    problem = None if "carries_to" in ready else compare.same_policy(ready, history)
    if problem is not None:
        raise problem
    return ready


def certify(
    site: Site,
    opened: Keys,
    placement: Placement,
    found: dict[int, Key],
    now: int,
    days: int | None = None,
) -> dict[int, bytes]:
    """Certificates for the keys ``found`` of a reader, by suite; it stands in the register then.

    Refuses an id that another board has, or that was revoked.
    """
    registered = devices.find(devices.load(site.folder), placement.name)
    key = found[0].x or b""
    if registered is not None and registered.revoked:
        raise UsageProblem(
            f"the device {placement.name!r} is revoked, and stays so",
            "give this one another id: --node ID",
        )
    if registered is not None and registered.key != key:
        raise UsageProblem(
            f"another board is enrolled as {placement.name!r}",
            "give this one another id: --node ID; if the other board is gone for good: holdfast"
            f" reader revoke {site.folder} {placement.name}",
        )
    p256 = found.get(2)
    point = b"" if p256 is None else bytes.fromhex(keys.describe(p256))[1:]
    number = devices.next_settings(devices.load(site.folder), key, now)
    device = devices.Device(
        placement.name,
        key,
        placement.doors,
        placement.role,
        () if registered is None else registered.ctis,
        now,
        now,
        p256_key=point,
        settings=number,
    )
    return renewed(site, opened, device, now, days, () if registered is None else registered.doors)


def renewed(
    site: Site,
    opened: Keys,
    device: devices.Device,
    now: int,
    days: int | None = None,
    doors_before: Sequence[str] = (),
) -> dict[int, bytes]:
    """New certificates for the keys of ``device``, by suite, which stand in the register then.

    So do the ``doors_before``, as long as it may still be a reader with those certificates.
    """
    if days is None:
        days = certificate_days(site.policy().state)
    public = {0: Key.okp(CRV_X25519, device.key)}
    if device.p256_key:
        public[2] = keys.p256_key(device.p256_key)
    # A clock that was put back must not make it look older than the one it replaces.
    issued_at = max(now, device.issued + 1) if device.ctis else now
    expires = issued_at + days * 86400
    ctis = {suite: os.urandom(8) for suite in public}
    made = {
        suite: issuing.device_certificate(
            opened.authority.signing_key,
            site=site.id,
            node=device.id,
            doors=device.doors,
            device_key=key,
            issued_at=issued_at,
            expires=expires,
            cti=ctis[suite],
            role=device.role,
        )
        for suite, key in public.items()
    }
    # Before anybody has them: what is in no register cannot be revoked.
    known = dataclasses.replace(
        device,
        doors=tuple(dict.fromkeys([*device.doors, *doors_before])),
        ctis=(*device.ctis, *ctis.values()),
        issued=issued_at,
        expires=max(expires, device.expires),
    )
    devices.put(site.folder, known)
    return made


def certificate_days(state: State) -> int:
    """How long a device's certificate holds, by the site's limits."""
    return state.limits.get(limits.CERTIFICATE_DAYS, CERTIFICATE_DAYS)


def _told_of(site: Site, opened: Keys, placement: Placement, key: bytes, now: int) -> History:
    """The policy, which knows the door and its zones, with the zones' keys sealed to ``key``; or
    which knows who carries for the door.
    """
    if placement.carries:
        history, _ = site.change_policy(
            opened.authority,
            lambda state: carriers.carry(state, placement.name, placement.door, placement.way),
            now,
        )
        return history
    history = site.policy()
    for door in placement.doors:
        history, _ = site.change_policy(
            opened.authority,
            lambda state, door=door: changes.add_door(state, door, placement.zones),
            now,
        )
    zones = [zone for door in placement.doors for zone in history.state.zones_of(door)]
    sealed = [
        operation
        for zone in dict.fromkeys(zones)
        if zone in site.zones
        for operation in rotation.zone_operations(
            site, opened.secret, zone, site.zones[zone], [(placement.name, key)], os.urandom
        )
    ]
    history, _ = site.change_policy(opened.authority, lambda state: sealed, now)
    return history


def require_placement(site: Site, placement: Placement) -> None:
    """Refuse a door or zone that the site cannot have, before anything is asked or made."""
    for door in (placement.door, *placement.other_doors):
        names.require_normal(door, "door")
    is_controller = placement.role == ROLE_CONTROLLER
    if len(set(placement.doors)) != len(placement.doors) or len(placement.doors) > (
        MAX_DOORS if is_controller else 1
    ):
        raise UsageProblem(
            f"a reader has one door, a controller up to {MAX_DOORS}, each once",
            "enrol a controller for them: --role controller --other-door DOOR",
        )
    names.require_normal(placement.name, "device")
    if placement.controller:
        names.require_normal(placement.controller, "device")
    if placement.carries:
        _require_carrier(site, placement)
    if placement.controller == placement.name:
        raise UsageProblem("a reader cannot be its own controller", "name another node")
    if len(placement.peers) > MAX_PEERS or len(set(placement.peers)) != len(placement.peers):
        raise UsageProblem(
            f"a reader has at most {MAX_PEERS} peers, each once",
            "name some that others hear: --peer ADDRESS",
        )
    site.require_zones(placement.zones)


def require_meant(site: Site, placement: Placement) -> None:
    """Refuse a new door whose name is nearly that of one that there is: it may be a slip, and the
    door that was meant would have no reader.
    """
    known = site.policy().state.doors.values()
    for door in placement.doors:
        meant = None if door in known else names.nearest(door, known)
        if meant is not None:
            raise UsageProblem(
                f"the policy has no door {door!r}; the nearest is {meant!r}",
                "check the name, or say that this is a new door: --new",
            )


def _require_carrier(site: Site, placement: Placement) -> None:
    if not placement.controller or placement.role != ROLE_CARRIER:
        raise UsageProblem(
            "it is not said whom it carries to",
            "name the node whose strike it is: --controller ID",
        )
    if not placement.node:
        raise UsageProblem(
            "a carrier is not its door, which another node decides for", "give it an id: --node ID"
        )
    if placement.zones or placement.other_doors:
        raise UsageProblem(
            "a carrier has no zones, and carries for one door", "leave out --zone and --other-door"
        )
    changes.require_doors(site.policy().state, [placement.door])


def require_none(state_folder: Path, replace: bool) -> None:
    """Refuse a reader that is enrolled already, unless told to ``replace`` that; and a folder in
    which a site or a phone lives.
    """
    other = folders.instead(state_folder, folders.READER)
    if other:
        raise UsageProblem(
            f"no reader can be in {state_folder}{other}", "give a folder of its own"
        )
    if is_enrolled(state_folder) and not replace:
        raise UsageProblem(
            f"the reader in {state_folder} is enrolled already",
            "add --replace to enrol it anew; its key stays the same",
        )
