"""The register of cards: what makes it possible to replace the lookup key."""

import pytest

from holdfast.access import tag
from holdfast_host.credentials.secret import Secret
from holdfast_host.errors import UsageProblem
from holdfast_host.site import register, site

CARD = (tag.CARD, bytes.fromhex("04a1b2c3"))
PIN = (tag.PIN, b"0417")
OTHERS = [(tag.CARD, bytes(range(length))) for length in (1, 32)] + [(tag.PIN, b"0123456789")]


def test_what_is_put_in_comes_out(tmp_path, secret):
    """Once each, and only what was taken out is gone."""
    assert register.load(tmp_path, secret) == set()
    register.add(tmp_path, secret, [CARD, PIN])
    register.add(tmp_path, secret, [CARD, *OTHERS])
    assert register.load(tmp_path, secret) == {CARD, PIN, *OTHERS}
    register.remove(tmp_path, secret, [PIN, (tag.PIN, b"9999")])
    assert register.load(tmp_path, secret) == {CARD, *OTHERS}


def test_ten_thousand_cards_fit(tmp_path, secret):
    """As many as a reader keeps."""
    cards = {(tag.CARD, number.to_bytes(10, "big")) for number in range(10_000)}
    register.add(tmp_path, secret, cards)
    assert register.load(tmp_path, secret) == cards
    keys = register.rekeyed(cards, secret.lookup_key(1), secret.lookup_key(2))
    assert len(keys) == len(set(keys.values())) == 10_000 and not set(keys) & set(keys.values())


def test_it_is_sealed_and_private(tmp_path, secret):
    """Who has these numbers has every card; and two states of it look in no way alike."""
    register.add(tmp_path, secret, [CARD, (tag.PIN, b"31415926")])
    path = tmp_path / register.FILE
    first = path.read_bytes()
    assert CARD[1] not in first and b"31415926" not in first
    assert path.stat().st_mode & 0o777 == 0o600
    register.remove(tmp_path, secret, [CARD])
    register.add(tmp_path, secret, [CARD])
    second = path.read_bytes()
    assert len(second) == len(first) and second[1:] != first[1:]
    assert second[1:13] != first[1:13], "a nonce that comes twice gives the numbers away"


def test_noise_in_it_is_said(tmp_path, secret):
    """Each byte may be wrong after a bad disk; the text says what to do without a backup too."""
    register.add(tmp_path, secret, [CARD, PIN])
    path = tmp_path / register.FILE
    whole = path.read_bytes()
    altered = [whole[:cut] for cut in (0, 1, 12, 20, len(whole) - 1)] + [whole + b"\0"]
    altered += [
        whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        for place in range(len(whole))
    ]
    for data in altered:
        path.write_bytes(data)
        with pytest.raises(UsageProblem, match="damaged") as refused:
            register.load(tmp_path, secret)
        assert "backup" in refused.value.next_step and "policy card" in refused.value.next_step
        with pytest.raises(UsageProblem):
            register.add(tmp_path, secret, [CARD])
        assert path.read_bytes() == data, "what is damaged is not made worse"


def test_another_sites_register_is_refused(tmp_path):
    """Its cards have other keys here."""
    register.add(tmp_path, Secret.generate(), [CARD])
    with pytest.raises(UsageProblem, match="another site's"):
        register.load(tmp_path, Secret.generate())


def test_cut_anywhere_it_is_the_old_or_the_new(tmp_path, secret, crashes):
    """Before each operation on a file."""
    register.add(tmp_path, secret, [CARD])
    seen = set()
    for _ in crashes(lambda send: register.add(tmp_path, secret, [PIN])):
        found = frozenset(register.load(tmp_path, secret))
        assert found in ({CARD}, {CARD, PIN})
        seen.add(found)
        register.remove(tmp_path, secret, [PIN])
    assert len(seen) == 2


@pytest.fixture
def known(site_folder, secret):
    return lambda: register.load(site_folder, secret)


def test_cards_and_pins_that_are_given_are_kept(policy, office, known, monkeypatch):
    """And those that are taken back are not: a PIN is often somebody's PIN elsewhere too."""
    assert policy("card", "04a1b2c3", "04:D4:E5:F6", "--group", 7).code == 0
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda prompt: "0417")
    assert policy("pin", "--group", 7).code == 0
    other = (tag.CARD, bytes.fromhex("04d4e5f6"))
    assert known() == {CARD, other, PIN}
    assert policy("card", "04a1b2c3", "--remove").code == 0
    assert policy("pin", "--remove").code == 0
    assert known() == {other}


def test_what_is_refused_or_only_asked_for_is_not_kept(policy, office, known):
    """Numbers of cards that open nothing are nobody's business."""
    policy("card", "04a1b2c3", "--group", 8).fails("no group 8")
    assert policy("card", "04a1b2c3").code == 0
    assert known() == set()
    assert policy("card", "04a1b2c3", "--group", 7).code == 0
    policy("card", "04a1b2c3", "04ffffff", "--group", 7, "--until", "2099-01-01").fails("known")
    assert known() == {CARD}


def test_a_card_that_is_known_by_its_key_alone_is_given_once_more(
    policy, office, known, site_folder
):
    """The register was lost: the next step that its error names puts the card back."""
    assert policy("card", "04a1b2c3", "--group", 7).code == 0
    (site_folder / register.FILE).unlink()
    again = policy("card", "04a1b2c3", "--group", 7)
    assert again.code == 0 and "nothing to change" in again.out
    assert known() == {CARD}


def test_no_card_is_granted_that_the_register_does_not_know(
    site_folder, tmp_path, secret, office, crashes, holdfast
):
    """Killed at any operation on a file: the lookup key can still be replaced."""
    seen = set()
    for number, _ in enumerate(
        crashes(lambda send: holdfast("policy", "card", site_folder, "04a1b2c3", "--group", 7), 3)
    ):
        here = site.load(site_folder)
        keys = register.by_key(register.load(site_folder, secret), here.lookup_key(secret))
        grants = here.policy().state.grants
        assert not register.missing(grants, keys)
        seen.add((len(grants), len(keys)))
        if number > 400:
            break
    assert {(0, 0), (0, 1), (1, 1)} <= seen
