"""No key and no card's number is in what is made of events, nor in what rules and drafts say: who
gets a report by mail could make the card.
"""

import pytest

from host.conftest import PASSPHRASE
from host.events.made_site import CARDS, NAMES, UNKNOWN


@pytest.fixture
def planted(secret):
    """What nobody may find, as bytes; none so short that chance would write it."""
    keys = [secret._value, secret.row_key(), secret.number_key(), secret.index_key()]
    found = [PASSPHRASE.encode(), *keys, *(key.hex().encode() for key in keys)]
    for number in (*CARDS, UNKNOWN, bytes.fromhex("04ffeedd")):
        hexadecimal = number.hex()
        found += [hexadecimal.encode(), hexadecimal.upper().encode(), number.hex(":").encode()]
        found += [str(int(hexadecimal, 16)).encode()]
    return found


def test_no_secret_is_in_a_report(
    made, holdfast, site_folder, planted, tmp_path, marks, monkeypatch
):
    """In no form of events, by no command for rules that is done, drafted or refused."""
    out = tmp_path / "out"
    out.mkdir()
    log = made.save(out / "log")
    ran = []
    for form in ([], ["--json"], ["--jsonl"], ["--csv"]):
        ran += [holdfast("events", "show", log, "--site", site_folder, *form)]
    for name in ("e.csv", "e.jsonl"):
        ran += [holdfast("events", "export", log, "--site", site_folder, "-o", out / name)]
    ran += [holdfast("events", "report", log, "--site", site_folder, "-o", out / "e.html")]
    ran += [holdfast("policy", "group", site_folder, 9, "--door", "back", "--draft", "--json")]
    ran += [holdfast("events", "replay", log, "--site", site_folder, "--policy", "draft")]
    ran += [holdfast("policy", "draft", site_folder), holdfast("policy", "show", site_folder)]
    card = ["policy", "card", site_folder]
    ran += [holdfast(*card, "04ffeedd", "--group", 7, "--json")]
    assert [one.code for one in ran] == [0] * len(ran), [one.err for one in ran if one.code]
    ran += [holdfast("policy", "draft", site_folder, "--sign")]
    monkeypatch.setenv("HOLDFAST_TRACE", "1")
    ran += [holdfast(*card, CARDS[0].hex(), "--group", 7, "--json")]
    assert [one.code for one in ran[-2:]] == [1, 1], "a person's, and a draft that is too old"
    for one in ran:
        said = (one.out + one.err).encode()
        assert not [found for found in planted if found in said], one
    looked = 0
    for path in (one for top in (site_folder, marks, out) for one in top.rglob("*")):
        if path.is_file():
            looked += 1
            data = path.read_bytes()
            assert not [found for found in planted if found in data], path
    assert looked > 12 and "front" in (out / "e.html").read_text()
    table = (out / "e.csv").read_text("utf-8-sig")
    assert any(f"{name} (card)" in table for name in NAMES), "of people it tells"
