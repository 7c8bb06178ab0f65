"""A principal is a holder or a device, and each may do what its kind may and nothing else."""

import crypto
import small_site as site
from access_rules import ask, policy, rtc
from harness import raises
from holdfast.access import Refused, Trust, reason
from holdfast.access.credential import (
    ROLE,
    ROLE_CARRIER,
    ROLE_CONTROLLER,
    ROLE_READER,
    Credential,
)
from holdfast.access.decide import is_void, may, rights
from holdfast.access.place import DOOR
from holdfast.access.policy.operations import REVOKE
from holdfast.access.request import ADMINISTER, CARRY_EVENTS

INTERPRETERS = ("micropython", "cpython")

EVERYTHING = 0x7FFF


def _trust():
    return Trust(site.SITE, [site.authority_public()], site.zone_keys)


def _peer(raw):
    """Whom ``raw`` speaks of, where a device may be a peer."""
    trust = _trust()
    return crypto.finish(trust.authenticate_steps(trust.read(raw), devices=True))


def _device(role, scope=b"", audience=None, expires=None):
    """A device whose certificate says so; ``scope`` is None for one without doors."""
    changes = {ROLE: role}
    for label, value in ((3, audience), (4, expires)):
        if value is not None:
            changes[label] = value
    if scope != b"":
        changes[9] = scope
    return _peer(site.device_certificate(changes=changes))


def test_a_device_is_a_peer_with_a_name_a_role_and_doors():
    """And a holder has none of these: which kind it is, nothing has to be guessed."""
    device = _device(ROLE_READER)
    assert (device.role, device.device, device.holder) == (ROLE_READER, site.NODE, None)
    assert [(kind, name) for kind, name, _ in device.scope] == [(DOOR, site.DOOR)]
    assert device.is_from([site.authority_public()]) and not device.guest
    assert _device(ROLE_CARRIER, None).scope == []
    decides = [_device(role).decides for role in (ROLE_READER, ROLE_CONTROLLER)]
    assert decides == [True, True] and not _device(ROLE_CARRIER, None).decides
    holder = _peer(site.holder_token())
    assert (holder.role, holder.device, holder.holder) == (0, None, "alice")
    assert not holder.decides
    for one in (device, holder):
        back = Credential.over(one.packed())
        assert (back.role, back.device, back.holder) == (one.role, one.device, one.holder)
        assert back.scope == one.scope and back.packed() == one.packed()


def test_a_device_is_no_peer_where_only_holders_are():
    """What serves phones asks for holders, and that is what it gets if it asks for nothing."""
    trust = _trust()
    certificate = site.device_certificate()
    assert raises(Refused, trust.authenticate, certificate).reason == reason.NOT_A_HOLDER_TOKEN


def test_a_device_never_opens_a_door():
    """Whatever its certificate says of its doors: the authority's slip, or what is there for
    another purpose, must not be a key. It is refused for each action, in a lockdown too.
    """
    scope = site.scope((1, site.DOOR, EVERYTHING))
    for role in (ROLE_READER, ROLE_CONTROLLER, ROLE_CARRIER):
        for audience in (None, site.SITE, site.ZONE):
            device = _device(role, scope, audience)
            for action in (1, 2, 4, 8, 16, 32):
                decision = ask(device, action=action)
                assert not decision.granted, (role, audience, action)
            assert rights(device, policy()) in (0, CARRY_EVENTS)


def test_what_a_device_may_follows_from_its_role():
    """Readers and controllers take care of each other's events; who carries phones' bytes does
    nothing else; and nobody's bits are asked.
    """
    view, clock = policy(), rtc()
    for role, allowed in ((ROLE_READER, True), (ROLE_CONTROLLER, True), (ROLE_CARRIER, False)):
        device = _device(role)
        assert (may(device, CARRY_EVENTS, view, clock) == 0) is allowed
        assert may(device, ADMINISTER, view, clock) == reason.ACTION_NOT_ALLOWED
    old = _device(ROLE_READER, expires=site.NOW)
    assert may(old, CARRY_EVENTS, view, clock) == reason.EXPIRED
    assert may(_device(ROLE_READER, audience="elsewhere"), CARRY_EVENTS, view, clock) == (
        reason.WRONG_AUDIENCE
    )


def test_a_revoked_device_is_nobody():
    """Its association goes with it, as a holder's."""
    device = _device(ROLE_READER)
    revoked = policy([REVOKE, device.cti, site.NOW + 40 * site.DAY, site.NOW])
    assert not is_void(device, policy()) and is_void(device, revoked)
    assert may(device, CARRY_EVENTS, revoked, rtc()) == reason.REVOKED


def test_a_certificate_that_is_none_makes_no_peer():
    """No role that there is, a zone for a door, the zone's key for the authority's."""
    for role in (0, 4, True, "1", b"1", -1, 1 << 40):
        raises(Refused, _peer, site.device_certificate(changes={ROLE: role}))
    raises(Refused, _peer, site.device_certificate(changes={9: site.scope((2, site.ZONE, 1))}))
    raises(Refused, _peer, site.device_certificate(changes={9: b"\x80"}))
    raises(Refused, _peer, site.device_certificate(changes={7: b"short"}))
    guest = raises(Refused, _peer, site.guest_token(changes={ROLE: ROLE_READER}))
    assert guest.reason == reason.UNSUPPORTED_ALGORITHM
    other = site.device_certificate(signer=site.authority(b"\x77" * 32))
    raises(Refused, _peer, other)


def test_names_are_64_bytes_and_not_64_characters():
    """Of a holder and of a device, wherever they are read."""
    for name, is_good in (
        ("x" * 64, True),
        ("x" * 65, False),
        ("\xe9" * 32, True),
        ("\xe9" * 33, False),
        ("\U0001f511" * 16, True),
        ("\U0001f511" * 16 + "x", False),
        ("", False),
    ):
        for raw in (
            site.holder_token(changes={2: name}),
            site.guest_token(changes={2: name}),
            site.device_certificate(changes={2: name}),
        ):
            if is_good:
                peer = _peer(raw)
                assert name in (peer.holder, peer.device)
            else:
                assert raises(Refused, _peer, raw).reason == reason.INCOMPLETE_TOKEN
