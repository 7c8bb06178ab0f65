"""Commands that change more than one file of a site: killed in between, the same again ends well.

Nothing has to be known of how far it came; and what only looks at the site goes on meanwhile.
"""

import time

import pytest

from holdfast.access.policy import operations
from holdfast_host.site import devices, replace, revocation, zones
from holdfast_host.site import site as sites
from holdfast_host.site.keys import Keys

NOW = int(time.time())
PASSPHRASE = "correct horse battery"


def _add_zone(here, keys):
    if "attic" not in sites.load(here).zones:
        sites.add_zone(here, "attic", keys.authority, NOW)
    policy = sites.load(here).policy()
    assert "attic" in policy.state.zones


def _rotate_zone(here, keys):
    zones.rotate(here, "lobby", keys, NOW)
    site = sites.load(here)
    assert site.policy().state.keys.numbers["lobby"] == site.zones["lobby"]


def _revoke(here, keys):
    revocation.revoke(here, "reader", keys, NOW)
    device = devices.require(devices.load(here), "reader")
    site = sites.load(here)
    assert device.revoked and set(device.ctis) == set(site.policy().state.revoked.entries)
    assert site.zones["lobby"] > 1
    assert site.policy().state.keys.numbers["lobby"] == site.zones["lobby"]


def _rotate_authority(here, keys):
    site = sites.load(here)
    if len(site.authority_keys) == 1 or (here / replace.NEW_KEY).exists():
        replace.begin(here, PASSPHRASE, NOW, kdf_rounds=1)
    site = sites.load(here)
    assert len(site.policy().anchors) == 2 and site.unlock(PASSPHRASE)


@pytest.mark.parametrize("change", [_add_zone, _rotate_zone, _revoke, _rotate_authority])
def test_killed_in_between_it_ends_well_the_next_time(
    site_folder, authority, secret, killed_before, change
):
    """Each time it is killed a little later, and in the end it is done."""
    keys = Keys(authority, secret)
    survived, operation = False, 0
    while not survived:
        operation += 1
        survived = killed_before(lambda: change(site_folder, keys), operation)
        assert sites.load(site_folder).policy().number
        assert devices.load(site_folder)
    assert operation > 2
    change(site_folder, keys)
    if change is not _rotate_authority:
        lock = [operations.LOCKDOWN, True, None]
        sites.load(site_folder).change_policy(authority, lambda state: [lock], NOW)
