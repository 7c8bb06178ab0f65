"""The list of revoked devices: only the authority's, only in one form, and bounded."""

INTERPRETERS = ("micropython", "cpython")

import cbor
import small_site as site
from cose import sign1
from harness import raises, truncations
from holdfast.access import revoked_devices
from holdfast.access.revoked_devices import ListRefused

CTIS = [b"stolen 1", b"broken 2"]
AAD = b"holdfast revoked devices"


def signed(changes=None, key=None, aad=AAD, **headers):
    payload = {1: 2, 2: site.SITE, 3: site.NOW, 4: sorted(CTIS)}
    payload.update(changes or {})
    raw = cbor.encode({label: value for label, value in payload.items() if value is not None})
    return sign1.sign(raw, key or site.authority(), external_aad=aad, **headers)


def test_what_is_made_is_read():
    made = revoked_devices.make(site.authority(), site.SITE, site.NOW, CTIS + CTIS[:1])
    assert made == signed()
    read = revoked_devices.parse(made)
    assert (read.site, read.issued_at, read.raw) == (site.SITE, site.NOW, made)
    assert read.ctis == frozenset(CTIS)
    read.verify([site.authority(b"\x01" * 32), site.authority_public()])


def test_the_most_there_can_be_fit():
    """With the longest name: a list that grew past a phone's bound would be none at all."""
    most = [number.to_bytes(8, "big") for number in range(revoked_devices.MAX_REVOKED)]
    made = revoked_devices.make(site.authority(), "x" * 64, (1 << 40) - 1, most)
    assert len(made) <= revoked_devices.MAX_BYTES
    assert len(revoked_devices.parse(made).ctis) == revoked_devices.MAX_REVOKED
    more = most + [b"one more"]
    raises(ListRefused, revoked_devices.make, site.authority(), "x", 1, more)


def test_somebody_elses_list_is_refused():
    """A list without the stolen reader would bring that back; a forged one shut every door."""
    stranger = site.authority(b"\x01" * 32)
    altered = signed().replace(CTIS[0], b"harmless")
    other_purpose = signed(aad=b"holdfast changeset")
    for raw in (signed(key=stranger), altered, other_purpose):
        raises(ListRefused, revoked_devices.parse(raw).verify, [site.authority_public()])
    raises(ListRefused, revoked_devices.parse(signed()).verify, [])


def test_what_has_another_form_is_refused():
    for changes in (
        {1: 1},
        {1: True},
        {1: None},
        {2: ""},
        {2: 5},
        {2: "a\nb"},
        {3: -1},
        {3: "now"},
        {3: None},
        {4: None},
        {4: b"stolen 1"},
        {4: [b"short"]},
        {4: ["stolen 1"]},
        {5: 1},
    ):
        raises(ListRefused, revoked_devices.parse, signed(changes))
    for raw in (b"", b"\xa0", cbor.encode(1), signed() + b"\0", bytes(5000), site.holder_token()):
        raises(ListRefused, revoked_devices.parse, raw)
    raises(ListRefused, revoked_devices.parse, signed(unprotected={4: b"k"}))
    for cut in truncations(signed()):
        raises(ListRefused, revoked_devices.parse, cut)
