"""Names that people type: one spelling of each, none that misleads, the nearest to a slip."""

import pytest

from holdfast_host.errors import UsageProblem
from holdfast_host.site import names, site

COMPOSED, DECOMPOSED = "T\u00fcrme", "Tu\u0308rme"
MISLEADING = [
    "",
    " ",
    "a b",
    "a/b",
    "a\n",
    "a\0",
    "\x1b[2J",
    "a\x85",
    "x" * 65,
    "\u00fc" * 33,
    "a\u00a0b",
    "\ud800",
    *(f"a{chr(code)}b" for code in (0x200E, 0x200F, *range(0x202A, 0x202F))),
    *(f"a{chr(code)}b" for code in range(0x2066, 0x206A)),
]


@pytest.mark.parametrize("name", MISLEADING)
def test_names_that_mislead_are_refused(name):
    """Control characters, what turns the direction of writing, what no board takes."""
    with pytest.raises(UsageProblem, match="cannot be a door id"):
        names.normal(name, "door")
    assert not names.is_normal(name)


@pytest.mark.parametrize("name", ["a", "x" * 64, "\u00fc" * 32, COMPOSED, "東-2", "Łódź", "🚪"])
def test_names_may_be_in_any_language(name):
    """Doors are named by those who use them."""
    assert names.normal(name, "door") == name and names.is_normal(name)


def test_two_spellings_of_a_name_are_one():
    """One keyboard types a letter, another a letter and two dots; a board compares bytes."""
    assert names.normal(DECOMPOSED, "door") == COMPOSED
    assert not names.is_normal(DECOMPOSED)
    # Too long only as it was typed.
    assert names.normal("u\u0308" * 32, "door") == "\u00fc" * 32


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("turme", COMPOSED),
        ("t\u00fcrme", COMPOSED),
        ("lbby", "lobby"),
        ("LOBBY", "lobby"),
        ("front-1", "front"),
        ("garage", None),
    ],
)
def test_the_nearest_name_is_found(typed, meant):
    """Case, accents and one wrong letter are what is typed wrong."""
    assert names.nearest(typed, ["lobby", "front", COMPOSED]) == meant
    assert names.nearest(typed, []) is None


def test_an_unknown_name_is_refused_with_the_nearest():
    """Or with all, if none is near."""
    known = ["lobby", "front"]
    names.require_known("lobby", known, "door", "site acme", "add it: COMMAND")
    with pytest.raises(UsageProblem, match="no door 'loby'; the nearest is 'lobby'") as refused:
        names.require_known("loby", known, "door", "site acme", "add it: COMMAND")
    assert refused.value.next_step == "check the name, or add it: COMMAND"
    with pytest.raises(UsageProblem, match=r"has: front, lobby"):
        names.require_known("zzz", known, "door", "site acme", "add it: COMMAND")
    with pytest.raises(UsageProblem, match="none yet"):
        names.require_known("zzz", [], "door", "site acme", "add it: COMMAND")
    with pytest.raises(UsageProblem, match=r"d19, \.\.\."):
        many = [f"d{number:02}" for number in range(50)]
        names.require_known("zzz", many, "door", "site acme", "add it: COMMAND")


def test_every_name_on_the_command_line_is_made_normal(holdfast, tmp_path):
    """Site, zone, schedule, door and holder: typed one way and the other, they are the same."""
    here = tmp_path / "here"
    made = holdfast("site", "init", here, "--name", DECOMPOSED, "--zone", DECOMPOSED)
    assert made.code == 0, made.err
    assert holdfast("site", "add-zone", here, COMPOSED).fails("already")
    assert holdfast("site", "add-zone", here, "e\u0301t").code == 0
    loaded = site.load(here)
    assert loaded.id == COMPOSED and set(loaded.zones) == {COMPOSED, "\u00e9t"}
    hours = ["--weekly", "mon-fri 08:00-18:00"]
    assert holdfast("policy", "schedule", here, DECOMPOSED, *hours).code == 0
    assert "already" in holdfast("policy", "schedule", here, COMPOSED, *hours).out
    assert holdfast("policy", "door", here, "Tu\u0308r", "--zone", DECOMPOSED).code == 0
    assert "already" in holdfast("policy", "door", here, "T\u00fcr", "--zone", COMPOSED).out
    rights = ["--door", "Tu\u0308r", "--zone", DECOMPOSED, "--schedule", DECOMPOSED]
    assert holdfast("policy", "group", here, 7, *rights).code == 0
    state = site.load(here).policy().state
    assert list(state.schedules) == [COMPOSED]
    assert list(state.doors.values()) == ["T\u00fcr"] == state.doors_in(COMPOSED)
    assert "\u0308" not in str(state)
    assert holdfast("policy", "lockdown", here, "on", "--door", "Tu\u0308r").code == 0
    said = holdfast("policy", "show", here, "--json").json
    assert said["lockdown"] == [{"door": "T\u00fcr"}]
    phone = tmp_path / "phone"
    holdfast("phone", "enroll", phone)
    issue = ["credential", "issue", here, "--holder", DECOMPOSED, "--door", "Tu\u0308r"]
    out = ["--key", phone / "phone.pub", "--out", tmp_path / "c", "--json"]
    issued = holdfast(*issue, *out).json
    assert issued["holder"] == COMPOSED and "T\u00fcr" in str(issued["opens"])


@pytest.mark.parametrize(
    "command",
    [
        ["site", "init", "new", "--name", "{}"],
        ["site", "init", "new", "--name", "a", "--zone", "{}"],
        ["site", "add-zone", "acme", "{}"],
        ["site", "rotate-zone", "acme", "{}"],
        ["policy", "schedule", "acme", "{}", "--weekly", "mon 08:00-18:00"],
        ["policy", "zone", "acme", "{}"],
        ["policy", "zone", "acme", "lobby", "--door", "{}"],
        ["policy", "group", "acme", "7", "--door", "{}"],
        ["policy", "group", "acme", "7", "--zone", "{}"],
        ["policy", "group", "acme", "7", "--door", "a", "--schedule", "{}"],
        ["policy", "lockdown", "acme", "on", "--door", "{}"],
        ["policy", "lockdown", "acme", "on", "--zone", "{}"],
        ["credential", "issue", "acme", "--key", "k", "--out", "o", "--holder", "{}"],
        ["credential", "issue", "acme", "--key", "k", "--out", "o", "--holder", "a"]
        + ["--door", "{}"],
        ["reader", "enroll", "r", "--site", "acme", "--door", "{}"],
        ["phone", "unlock", "p", "--reader", "127.0.0.1:1", "--door", "{}"],
        ["phone", "carry", "p", "--reader", "127.0.0.1:1", "--door", "{}"],
    ],
)
def test_no_command_takes_a_name_that_misleads(holdfast, site_folder, monkeypatch, command):
    """Whatever it would come to later: it is refused where it is typed."""
    monkeypatch.chdir(site_folder.parent)
    for name in ("a b", "a\u202eb"):
        holdfast(*[word.replace("{}", name) for word in command]).fails("cannot be a")
