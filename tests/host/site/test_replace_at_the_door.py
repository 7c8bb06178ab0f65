"""The authority's key is replaced while a real reader works: cards, phones, events go on."""

import pytest


@pytest.fixture
def at_the_door(holdfast, site_folder, reader, tmp_path):
    return Place(holdfast, site_folder, reader, tmp_path)


class Place:
    """A site, its reader that runs, and who comes to it."""

    def __init__(self, holdfast, folder, reader, tmp_path):
        self.holdfast, self.folder, self.reader, self.tmp_path = holdfast, folder, reader, tmp_path

    def runs(self, *arguments):
        ran = self.holdfast(*arguments)
        assert ran.code == 0, ran.err
        return ran

    def enrols(self, name, *may):
        """A phone with a credential of the key that signs now, and the site's public keys."""
        phone, credential = self.tmp_path / name, self.tmp_path / f"{name}.cwt"
        self.runs("phone", "enroll", phone)
        issue = ["credential", "issue", self.folder, "--holder", name, "--door", "front"]
        self.runs(*issue, *may, "--key", phone / "phone.pub", "--out", credential)
        self.trusts(phone)
        return phone

    def trusts(self, phone):
        """The phone gets the site's public keys of now, with the credential that it has."""
        credential, public = phone.with_name(f"{phone.name}.cwt"), self.folder / "authority.pub"
        self.runs("phone", "enroll", phone, "--credential", credential, "--authority", public)

    def asks(self, phone, *options):
        return self.holdfast("phone", "unlock", phone, *self._door(), *options)

    def carries(self, phone, *options):
        return self.holdfast("phone", "carry", phone, *self._door(), *options)

    def brings_policy(self, phone):
        news = self.tmp_path / "news"
        self.runs("policy", "export", self.folder, "-o", news, "--force")
        assert self.carries(phone, "--policy", news).code == 0

    def shows(self, card):
        # Of a phone that was here before it may be said later than the phone was answered.
        since = len(self.reader.events)
        self.reader.put(card=card)
        return self.reader.wait(lambda event: event.get("shown") == "card", since=since)

    def _door(self):
        return ["--reader", f"127.0.0.1:{self.reader.port}", "--door", "front"]


def test_everybody_goes_on_coming_in(at_the_door, tmp_path):
    """Those of before, those of after, cards, and the events of both times."""
    here = at_the_door
    here.runs("policy", "group", here.folder, 7, "--door", "front")
    here.runs("policy", "card", here.folder, "04a1b2c3", "--group", 7)
    before = here.enrols("before", "--may", "carry-events")
    here.brings_policy(before)
    assert here.asks(before).code == 0 and here.shows("04a1b2c3")["granted"]

    here.runs("site", "rotate-authority", here.folder)
    after = here.enrols("after", "--may", "carry-events")
    # The reader has not heard yet: it believes the key it knows, and no other.
    assert here.asks(after).code != 0
    here.brings_policy(before)
    assert here.asks(after, "--json").json["warm"] is False
    assert here.asks(after).code == 0, "the new key's credential opens"
    assert here.asks(before, "--json").json["warm"], "contexts are of the root, not of the key"
    assert here.asks(before, "--cold").code == 0, "the old key's credential is good until the end"
    here.runs("policy", "card", here.folder, "04d4e5f6", "--group", 7)
    here.brings_policy(after)
    assert here.shows("04a1b2c3")["granted"], "a card of before"
    assert here.shows("04d4e5f6")["granted"], "a card of after, under the same lookup key"

    finish = ["site", "rotate-authority", here.folder, "--finish"]
    here.holdfast(*finish).fails("of the old key", "reader", "renew")
    renewal = tmp_path / "renewal"
    here.runs("reader", "renew", here.folder, "reader", "-o", renewal)
    assert here.carries(after, "--certificate", renewal).code == 0
    here.trusts(before)
    assert here.asks(before, "--cold").code == 0, "the reader is of the new key, the phone is not"
    here.runs(*finish)
    here.brings_policy(before)
    assert here.asks(after).code == 0 and here.asks(after, "--cold").code == 0
    assert here.asks(before, "--cold").code != 0, "the old key counts no more"
    said = here.shows("04a1b2c3")
    assert said["granted"], said
    log = tmp_path / "log"
    assert here.carries(after, "--events", log).code == 0
    proven = here.runs("events", "verify", log, "--site", here.folder, "--json").json
    (said,) = proven["readers"]
    assert said["intact"] and said["proven"] == said["events"] > 8


def test_a_reader_that_starts_again_in_between_knows_both_keys(at_the_door):
    """What the policy named lies on flash with it."""
    here = at_the_door
    before = here.enrols("before")
    here.runs("site", "rotate-authority", here.folder)
    here.brings_policy(before)
    after = here.enrols("after")
    here.reader.restart()
    assert here.asks(before).code == 0 and here.asks(after).code == 0
