"""Values of a type nobody expected, in a token and in the settings: a no, never a crash."""

INTERPRETERS = ("micropython", "cpython")

import cbor
import small_site as site
from access_rules import ask
from cose import cwt
from harness import raises
from holdfast.access import Trust
from holdfast.access.credential import SCHEDULE
from holdfast.storage import settings

VALUES = (None, False, True, 0, -1, "", b"", [], {}, 1.5, cbor.UNDEFINED)


def _decision(claims):
    token = cwt.issue(claims, site.authority())
    credential = Trust(site.SITE, [site.authority_public()]).authenticate(token)
    return ask(credential)


def test_a_schedule_claim_binds_whatever_is_in_it():
    """A null there was read as no schedule at all, and the door opened at any hour."""
    assert _decision(site.holder_claims()).granted
    for value in VALUES:
        claims = site.holder_claims()
        claims[SCHEDULE] = value
        assert _decision(claims).reason_name == "schedule_unknown", value


def test_a_credential_for_another_door_is_told_so_before_its_schedule_is_asked():
    """The order of the checks is a promise: the log names the first thing that is wrong."""
    claims = site.holder_claims(changes={9: site.scope((1, "cellar", 1))})
    claims[SCHEDULE] = 7
    assert _decision(claims).reason_name == "wrong_door"


def test_settings_with_an_entry_of_any_type_are_refused_by_name():
    """A key that is text cannot be ordered among numbers: the board stopped with a traceback."""
    for key in ("x", b"x", -1, 0, 18, 1 << 70):
        entries = site.settings_map()
        entries[key] = 1
        error = raises(settings.SettingsError, settings.decode, cbor.encode(entries))
        assert "missing or unknown" in str(error), key
    for entry in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17):
        for value in VALUES:
            if (entry, value) == (4, []):
                continue  # a node may have no door
            entries = site.settings_map({entry: 0})
            entries[entry] = value
            raises(settings.SettingsError, settings.decode, cbor.encode(entries))
    for version in (True, 1.0):
        data = cbor.encode(site.settings_map({1: version}))
        assert "version" in str(raises(settings.SettingsError, settings.decode, data))
