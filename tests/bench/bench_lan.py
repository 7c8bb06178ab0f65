"""What it costs nodes to keep each other right, as processes on loopback: a controller and
thirty-two readers, each the firmware on MicroPython. Datagrams and bytes that a node sends, and
the time that this machine takes, which shares its processors among all of them: what it takes in
protocol time bench_sync says.

A change is given to one reader at its start; a rejoin is a reader that was away for ten changes.
HOLDFAST_READERS says how many there are.
"""

import json
import os
import pathlib
import tempfile
import time

from lan_site import LanSite

INTERPRETERS = ("cpython",)

READERS = int(os.environ.get("HOLDFAST_READERS", "32"))
HANGS = 1800.0  # seconds after which nothing will come any more
QUIET_S = 60
AFTERWARDS_S = 10


def follows(number):
    return lambda said: said.get("event") == "policy_applied" and said["changeset"] == number


def all_follow(site, number):
    for name, node in site.nodes.items():
        if site.newest(node) != number and not node.wait(follows(number), timeout=HANGS):
            raise SystemExit(f"{name} does not come to changeset {number}")


class Counted:
    """Figures of what is sent within it."""

    def __init__(self, site, figures, name):
        self._site, self._figures, self._name = site, figures, name

    def __enter__(self):
        self._before, self._began = self._site.sent(), time.monotonic()
        return self

    def over(self):
        """It is done; what follows from it may still be sent."""
        self._figures[f"{self._name}.seconds"] = round(time.monotonic() - self._began, 1)

    def __exit__(self, *exception):
        count, size = self._site.sent()
        nodes = len(self._site.names)
        self._figures[f"{self._name}.messages"] = round((count - self._before[0]) / nodes, 1)
        self._figures[f"{self._name}.bytes"] = round((size - self._before[1]) / nodes)


def measure(site):
    figures = {}
    prefix = f"lan.{READERS}_readers"
    for node in site.nodes.values():
        node.start()
    all_follow(site, site.number)
    time.sleep(QUIET_S)
    with Counted(site, figures, f"{prefix}.quiet_minute"):
        time.sleep(60)
    last = site.names[-1]
    number = site.change()
    site.give(last)
    with Counted(site, figures, f"{prefix}.change") as counted:
        site.nodes[last].restart()
        all_follow(site, number)
        counted.over()
        time.sleep(AFTERWARDS_S)
    site.nodes[last].kill()
    for _ in range(10):
        number = site.change()
    site.give(site.names[0])
    site.nodes[site.names[0]].restart()
    for name in site.names[:-1]:
        if not site.nodes[name].wait(follows(number), timeout=HANGS):
            if site.newest(site.nodes[name]) != number:
                raise SystemExit(f"{name} does not come to changeset {number}")
    time.sleep(AFTERWARDS_S)
    with Counted(site, figures, f"{prefix}.rejoin") as counted:
        site.nodes[last].start()
        all_follow(site, number)
        counted.over()
        time.sleep(AFTERWARDS_S)
    return figures


def main():
    with tempfile.TemporaryDirectory() as folder:
        site_folder = pathlib.Path(folder) / "site"
        site_folder.mkdir()
        site = LanSite(site_folder, READERS)
        os.environ["HOLDFAST_FIRMWARE"] = str(site.noting("counting_main"))
        try:
            print(json.dumps(measure(site)))
        finally:
            site.stop()


main()
