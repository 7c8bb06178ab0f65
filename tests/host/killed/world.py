"""A site with all that commands change, in a folder that can be put back as it was; and what a
site comes to, but for what is drawn anew each time.
"""

import contextlib
import dataclasses
import io
import os
import shutil
from pathlib import Path

from holdfast.access.policy import operations as ops
from holdfast_host import cli
from holdfast_host.errors import UsageProblem
from holdfast_host.policy import drafts
from holdfast_host.register import groups, issued, opening, place, records
from holdfast_host.site import devices
from holdfast_host.site import site as sites
from host.conftest import Ran

_DRAWN = {ops.REVOKE, ops.ANCHORS, ops.ZONE_KEY, ops.LOOKUP}


class World:
    """``folder`` holds acme, a site, and what commands take; ``put_back`` makes it as it was when
    it was ``kept``.
    """

    def __init__(self, holdfast, folder: Path):
        self.holdfast = holdfast
        self.folder = folder
        self.site = folder / "acme"
        self._kept = folder.parent / f"{folder.name} kept"

    def words(self, line):
        """The words of a ``line``, in which W is the folder, and _ a blank in hours."""
        words = [word.replace("W/", f"{self.folder}/") for word in line.split()]
        return [word.replace("_", " ") if ":" in word else word for word in words]

    def run(self, line):
        return self.holdfast(*self.words(line))

    def does(self, line):
        """Run it; it has to be done."""
        done = self.run(line)
        assert done.code == 0, (line, done.err)
        return done

    def keep(self):
        shutil.rmtree(self._kept, ignore_errors=True)
        shutil.copytree(self.folder, self._kept, symlinks=True)

    def put_back(self):
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(self._kept, self.folder, dirs_exist_ok=True, symlinks=True)

    def facts(self):
        """What everything here comes to; compared, and shown where it differs."""
        made = sorted(path.name for path in self.folder.iterdir() if path.name != "marks")
        found = {"files": made, "made": _in(self.folder / "out"), "phones": []}
        found["phones"] = _in(self.folder / "p") + _in(self.folder / "phone")
        for name in ("acme", "new", "bare"):
            if (self.folder / name / sites.SITE_FILE).exists():
                try:
                    found[name] = _site(self.folder / name)
                except UsageProblem as error:  # without a policy
                    found[name] = error.cause
        return found


def quietly(*arguments):
    """A command, where pytest shows no output of one test."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main([str(one) for one in arguments])
    return Ran(code, out.getvalue(), err.getvalue())


def leftovers(folder):
    """Files of commands that were cut short."""
    found = [path for path in folder.rglob(".*") if path.is_file() and path.name != ".lock"]
    return [path for path in found if path.parent.name != "sent"]  # of the next that is sent


def _in(folder):
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.rglob("*") if not path.name.startswith("."))


def _site(folder):
    site = sites.load(folder)
    if not (folder / "policy").exists():
        return {"zones": site.zones}
    history = site.policy()
    found = {
        "policy": _policy(history.state),
        "revoked": len(history.state.revoked.entries),
        "zones": site.zones,
        "lookup": site.lookup_number,
        "keys": len(site.authority_keys),
        "devices": [
            (one.id, one.doors, one.revoked, len(one.ctis)) for one in devices.load(folder)
        ],
        "settled": os.path.exists(folder / "recovered.json"),
        "recorded": _in(folder / "recorded"),
    }
    try:
        found["draft"] = len(drafts.load(folder, history.number))
    except Exception as error:  # of another changeset, which is told where it is asked for
        found["draft"] = type(error).__name__
    if place.exists(folder) and opening.is_there(site):
        with opening.reading(site) as register:
            found["groups"] = groups.load(register.connection)
            found["people"] = [_person(one) for one in records.load(register.connection)]
            given = issued.every(register.connection)
            found["issued"] = sorted({(one.holder, one.phone) for one in given})
    return found


def _policy(state):
    made = []
    for operation in state.operations():
        if operation[0] == ops.GRANT:
            _, _, group, end, *rare = operation
            made.append(f"grant {group} {end} {sorted(one for said in rare for one in said)}")
        elif operation[0] not in _DRAWN:
            made.append(repr(operation))
    return sorted(made)


def _person(person):
    said = dataclasses.asdict(person)
    return {
        "name": person.name,
        "groups": sorted(person.groups),
        "cards": [(one.kind, one.returned is None) for one in person.cards],
        "phones": [(one.key, one.lost is None) for one in person.phones],
        "ends": said["ends"],
        "suspended": person.suspended,
        "removed": person.removed is None,
    }
