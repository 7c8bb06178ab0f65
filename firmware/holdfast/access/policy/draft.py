"""What operations make of a site's rules. Loaded when there are some, not to open a door."""

import crypto
from micropython import const
from untrusted import InvalidInput

from ..place import DOOR
from ..tag import NAME_TAG, name_tag
from . import limits
from . import operations as ops
from .operations import ChangesetRefused
from .rules import (
    CARRIER_ENTRY,
    DOOR_TAG,
    MAX_CARRIERS,
    MAX_MODES,
    MAX_ZONES,
    MODE_ENTRY,
    NO_DOOR,
    ZONE_DOORS,
    ZONE_ENTRY,
    ZONE_LOCKED,
    SiteRules,
    door_at,
    has_bit,
    with_bit,
)
from .schedule import Holidays, Schedule
from .timezone import TimeZone

_ZONE_BYTES = const(32)


def applied(rules: SiteRules, changeset, is_whole: bool = False) -> SiteRules:
    """``applied_steps``, all of them."""
    return crypto.finish(applied_steps(rules, changeset, is_whole))


def applied_steps(rules: SiteRules, changeset, is_whole: bool = False):
    """The SiteRules after ``changeset``, which is verified; nothing of it counts if it is refused.

    ``is_whole`` as for ``following_steps``, and in steps as it. Raises ChangesetRefused if it is
    not the next of this site, or cannot be followed.
    """
    if changeset.site != rules.site:
        raise ChangesetRefused("changeset of another site")
    if changeset.number != rules.number + 1:
        raise ChangesetRefused(
            "changeset %d is not the next: %d is wanted" % (changeset.number, rules.number + 1)
        )
    if changeset.previous != rules.head:
        raise ChangesetRefused(
            "changeset %d does not follow the changeset %d that is here: the chain has forked"
            % (changeset.number, rules.number)
        )
    return (
        yield from following_steps(
            rules,
            changeset.operations,
            changeset.number,
            changeset.hash,
            changeset.issued_at,
            is_whole,
        )
    )


def following(rules: SiteRules, *arguments, **named) -> SiteRules:
    """``following_steps``, all of them."""
    return crypto.finish(following_steps(rules, *arguments, **named))


def following_steps(
    rules: SiteRules,
    operations,
    number: int,
    head: bytes,
    issued_at: int,
    is_whole: bool = False,
):
    """The SiteRules after well-formed ``operations``, which have this number, head and time.

    With ``is_whole`` all grants come along, as in a snapshot; without, another lookup key is
    refused. Grants and groups are not the rules': see operations.changes. In steps, as in
    :mod:`crypto`: an operation a step, of a lockdown a place. Raises ChangesetRefused.
    """
    draft = _Draft(rules, issued_at, is_whole)
    try:
        yield from draft.apply_steps(operations)
    except InvalidInput as error:
        raise ChangesetRefused(str(error))
    return rules.changed(draft.rules, number=number, head=head, issued_at=issued_at)


class _Draft:
    """Rules while operations change them; those they come from stay as they are."""

    def __init__(self, before: SiteRules, issued_at: int, is_whole: bool):
        self._before = before
        self._issued_at = issued_at
        self._is_whole = is_whole
        self.rules: dict = {}

    def apply_steps(self, operations):
        for operation in operations:
            code = operation[0]
            if code in _FOLLOW:
                steps = _FOLLOW[code](self, *operation[1:])
                if steps is not None:
                    yield from steps
                yield

    def _get(self, name):
        return self.rules[name] if name in self.rules else getattr(self._before, name)

    def _timezone(self, offset, rule):
        self.rules["timezone"] = TimeZone.parse(offset, rule)

    def _door(self, number, name):
        at = number * DOOR_TAG
        doors = self._get("doors")
        doors += bytes(max(0, at + DOOR_TAG - len(doors)))
        tag = NO_DOOR if name is False else name_tag(name)[:DOOR_TAG]
        if tag != NO_DOOR and door_at(doors[:at] + NO_DOOR + doors[at + DOOR_TAG :], tag) >= 0:
            raise ChangesetRefused("two doors have one name, or names with one tag")
        if tag == NO_DOOR:
            self._forget_door(number)
        doors = doors[:at] + tag + doors[at + DOOR_TAG :]
        while doors[-DOOR_TAG:] == NO_DOOR:
            doors = doors[:-DOOR_TAG]
        self.rules["doors"] = doors

    def _forget_door(self, number):
        # Whoever has its number next must not stand in its zones.
        self.rules["locked_doors"] = with_bit(self._get("locked_doors"), number, False)
        self._door_mode(number, False)
        carriers = self._get("carriers")
        self.rules["carriers"] = b"".join(
            [
                carriers[at : at + CARRIER_ENTRY]
                for at in range(0, len(carriers), CARRIER_ENTRY)
                if carriers[at + NAME_TAG] != number
            ]
        )
        zones = self._get("zones")
        for at in range(0, len(zones), ZONE_ENTRY):
            doors = with_bit(zones[at + ZONE_DOORS : at + ZONE_ENTRY], number, False)
            self._put_zone(zones[at : at + ZONE_DOORS], doors)

    def _zone(self, zone, doors):
        tag = name_tag(zone)
        if doors is False:
            self.rules["zones"] = _without(self._get("zones"), ZONE_ENTRY, tag)
            return
        self._check_doors(doors)
        at = self._zone_at(tag)
        head = tag + bytes(ZONE_DOORS - NAME_TAG)
        if at >= 0:
            head = self._get("zones")[at : at + ZONE_DOORS]
        self._put_zone(head, doors)

    def _zone_switch(self, zone, number):
        tag = name_tag(zone)
        at = self._zone_at(tag)
        if at < 0:
            raise ChangesetRefused("a key for a zone that the policy does not know")
        entry = self._get("zones")[at : at + ZONE_ENTRY]
        head = tag + number.to_bytes(2, "big") + entry[ZONE_LOCKED:ZONE_DOORS]
        self._put_zone(head, entry[ZONE_DOORS:])

    def _put_zone(self, head, doors):
        entry = head + doors + bytes(_ZONE_BYTES - len(doors))
        zones = _put(self._get("zones"), ZONE_ENTRY, NAME_TAG, entry)
        if len(zones) > MAX_ZONES * ZONE_ENTRY:
            raise ChangesetRefused("more than %d zones" % MAX_ZONES)
        self.rules["zones"] = zones

    def _zone_at(self, tag):
        zones = self._get("zones")
        for at in range(0, len(zones), ZONE_ENTRY):
            if zones[at : at + NAME_TAG] == tag:
                return at
        return -1

    def _check_doors(self, field):
        for number in range(8 * len(field)):
            if has_bit(field, number):
                self._check_door(number, "a zone")

    def _check_door(self, number, what):
        at = number * DOOR_TAG
        if self._get("doors")[at : at + DOOR_TAG] in (b"", NO_DOOR):
            raise ChangesetRefused(what + " of a door that the policy does not know")

    def _schedule(self, name, week, holidays=None):
        schedule = None if week is False else Schedule.parse(week, holidays)
        self.rules["schedules"] = self._get("schedules").put(name_tag(name), schedule)

    def _holidays(self, days):
        self.rules["holidays"] = Holidays.parse(days)

    def _revoke(self, cti, expires, issued_at):
        revocations = self._get("revocations")
        self.rules["revocations"] = revocations.added(cti, expires, issued_at, self._issued_at)

    def _watermark(self, time):
        self.rules["revocations"] = self._get("revocations").raised(time)

    def _dropped(self, time):
        self.rules["revocations"] = self._get("revocations").until(time)

    def _lockdown(self, on, places):
        if places is None:
            self.rules.update({"is_locked": on, "locked_doors": b""})
            zones = self._get("zones")
            for at in range(0, len(zones), ZONE_ENTRY):
                self._lock_zone(zones[at : at + NAME_TAG], False)
                yield
            return
        if self._get("is_locked"):
            return
        for kind, name in places:
            if kind == DOOR:
                number = self._number_of(name)
                locked = with_bit(self._get("locked_doors"), number, on)
                self.rules["locked_doors"] = locked
            else:
                self._lock_zone(name_tag(name), on)
            yield

    def _number_of(self, name):
        at = door_at(self._get("doors"), name_tag(name)[:DOOR_TAG])
        if at < 0:
            raise ChangesetRefused("a lockdown of a door that the policy does not know")
        return at // DOOR_TAG

    def _lock_zone(self, tag, on):
        at = self._zone_at(tag)
        if at < 0:
            raise ChangesetRefused("a lockdown of a zone that the policy does not know")
        entry = self._get("zones")[at : at + ZONE_ENTRY]
        head = entry[:ZONE_LOCKED] + bytes((on,))
        self._put_zone(head, entry[ZONE_DOORS:])

    def _anchors(self, keys):
        self.rules["anchors"] = tuple([ops.anchor(x) for x in keys])

    def _limits(self, said):
        self.rules.update(limits.rules(said))

    def _lookup(self, number, ephemeral=None, sealed=None):
        if not self._is_whole:
            raise ChangesetRefused("this changeset comes as a snapshot: cards have other keys")
        self.rules["lookup"] = number

    def _door_mode(self, number, schedule, from_first_grant=0):
        name = bytes((number,))
        modes = self._get("modes")
        if schedule is False:
            self.rules["modes"] = _without(modes, MODE_ENTRY, name)
            return
        self._check_door(number, "an unlocking by schedule")
        entry = name + bytes((from_first_grant,)) + name_tag(schedule)
        modes = _put(modes, MODE_ENTRY, 1, entry)
        if len(modes) > MAX_MODES * MODE_ENTRY:
            raise ChangesetRefused("more than %d doors unlocked by schedule" % MAX_MODES)
        self.rules["modes"] = modes

    def _carrier(self, node, number, way=0):
        tag = name_tag(node)
        carriers = self._get("carriers")
        if number is False:
            self.rules["carriers"] = _without(carriers, CARRIER_ENTRY, tag)
            return
        self._check_door(number, "a carrier")
        carriers = _put(carriers, CARRIER_ENTRY, NAME_TAG, tag + bytes((number, way)))
        if len(carriers) > MAX_CARRIERS * CARRIER_ENTRY:
            raise ChangesetRefused("more than %d carriers" % MAX_CARRIERS)
        self.rules["carriers"] = carriers


def _without(packed, width, name):
    entries = [packed[at : at + width] for at in range(0, len(packed), width)]
    return b"".join([entry for entry in entries if not entry.startswith(name)])


def _put(packed, width, name_length, entry):
    """``packed`` with ``entry`` in the place of that of its name, in order of names."""
    rest = _without(packed, width, entry[:name_length])
    entries = [rest[at : at + width] for at in range(0, len(rest), width)]
    return b"".join(sorted(entries + [entry]))


_FOLLOW = {
    ops.TIMEZONE: _Draft._timezone,
    ops.ZONE: _Draft._zone,
    ops.SCHEDULE: _Draft._schedule,
    ops.HOLIDAYS: _Draft._holidays,
    ops.REVOKE: _Draft._revoke,
    ops.WATERMARK: _Draft._watermark,
    ops.LOCKDOWN: _Draft._lockdown,
    ops.ANCHORS: _Draft._anchors,
    ops.LIMITS: _Draft._limits,
    ops.DOOR: _Draft._door,
    ops.ZONE_SWITCH: _Draft._zone_switch,
    ops.LOOKUP: _Draft._lookup,
    ops.DOOR_MODE: _Draft._door_mode,
    ops.CARRIER: _Draft._carrier,
    ops.DROPPED: _Draft._dropped,
}
