"""The whole reader while power fails or flash errs in any of its writes.

Each part keeps its own promises (the other tests here); this is about all of them together, in the
order in which the roles call them: nobody comes in without an event that stays, what was taken
back stays so, and the policy is one that the authority signed, whole.
"""

INTERPRETERS = ("micropython",)

import os

import cuts
import whole_reader

whole_reader.remember_curves()


def test_power_is_cut_anywhere_in_a_day():
    """A start, a card, a phone, a changeset that revokes it, new cards, and a carrier."""
    house = whole_reader.House()

    def day(root, acked):
        house.begin_again()
        house.start(root)
        house.card("goes", acked)
        house.knock(acked)
        house.bring(house.second, 2, acked)
        house.card("comes", acked)
        house.card("stays", acked)
        house.collect(acked)

    def check(root, acked):
        house.start(root)
        house.check_policy(root, acked)
        house.check_events(acked)

    how = {"stride": 4, "again": 2, "at_least": 150, "blocks": 96}
    cuts.every_cut(house.prepare, day, check, name="a day", **how)


def test_power_is_cut_in_the_first_start():
    """Folders, a chain of events, a policy and a clock are made, and the first card opens."""
    house = whole_reader.House()

    def nothing(root):
        pass

    def first_day(root, acked):
        house.starts = 0
        house.start(root)
        house.bring(house.first, 1, acked)
        house.card("stays", acked)

    def check(root, acked):
        house.start(root)
        number = house.reader.stores.rules.number
        house.card("stays", acked)
        os.statvfs(root)
        told = [item[1] for item in acked if item[0] == "policy"]  # twice, if the check was cut
        assert number in (0, 1) and number >= max([0] + told)
        why = house.reason()
        assert why == ("granted" if number else "policy_missing"), (why, number)
        house.bring(house.first, 1, acked)
        may_come = house.card("stays", acked), house.card("comes", acked)
        os.statvfs(root)  # what was refused for lack of power proves nothing
        assert may_come == (True, False)
        house.check_events(acked, 0)

    cuts.every_cut(nothing, first_day, check, stride=4, again=4, at_least=60, name="first day")


# What a reader may say of itself while its flash fails, or of a visitor whom it knows not to be
# let in.
_REASONS = ("granted", "event_log_failed", "storage_failed", "cache_damaged", "clock_damaged")
_STRANGE = ("unknown_card", "unknown_context", "grace_over")


def _errs(reads, **how):
    house = whole_reader.House()
    reasons = {}

    def day(root, acked):
        house.begin_again()
        house.start(root)
        house.card("goes", acked)
        house.knock(acked)
        try:
            house.bring(house.second, 2, acked)
        except OSError:
            pass
        house.card("comes", acked)
        house.card("stays", acked)
        house.collect(acked)
        for reason in house.hardware.reasons():
            reasons[reason] = reasons.get(reason, 0) + 1

    def check(root, acked):
        if house.reader is None:
            house.start(root)
        else:
            # littlefs may yet write what it said it could not (it stays in its cache): whoever
            # comes first after that meets a log that is not as it was left, and tries again.
            house.card("stays", acked)
            try:
                house.bring(house.second, 2, acked)
            except OSError:
                pass
        house.bring(house.second, 2, acked)
        assert house.check_policy(root, acked) == 2
        if not house.collect(acked):
            house.meet(house.carl)  # whom it could not read at the start
            acked.append(("opened", "carl"))
            assert house.collect(acked)
        house.check_events(acked)
        house.reader = None

    cuts.every_error(house.prepare, day, check, reads=reads, blocks=96, **how)
    print(reasons)
    assert set(reasons) <= set(_REASONS + _STRANGE), reasons
    assert reasons["event_log_failed"]


def test_flash_errs_anywhere_in_a_day():
    """Once, or from then on. The strike moves for nobody whose event is not kept; and when the
    flash works again so does the reader, without a restart.
    """
    _errs(False, stride=2, at_least=100, name="errors")


def test_flash_errs_in_reading_too():
    """What cannot be read is no reason to let anybody in."""
    _errs(True, stride=86, at_least=60, name="reads")
