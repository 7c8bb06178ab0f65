"""The page of ``holdfast events report``, as a real browser sees it, and what it lets in."""

import re

import pytest

import browser
from holdfast_host.events.report import page
from holdfast_host.events.report.figures import Figures

SIZES = [(360, False), (360, True), (1280, False), (1280, True)]


@pytest.fixture(scope="module")
def looks():
    program = browser.program()
    if program is None:
        pytest.skip("no browser: make strangers")
    with browser.running(program) as opened:
        yield opened


@pytest.fixture
def report(holdfast, site_folder, made, tmp_path):
    """``report(options)``: the page that the command writes, and what it said."""

    def run(*options, log=None):
        path = log or made.save(tmp_path / "log.events")
        out = tmp_path / "out.html"
        done = holdfast("events", "report", path, "--site", site_folder, "-o", out, *options)
        return out, done

    return run


@pytest.mark.parametrize("kind", ["usual", "none", "many"])
def test_a_browser_shows_it_and_complains_of_nothing(looks, report, kind, tmp_path):
    """Narrow and wide, light and dark: nothing is cut off, loaded, run or refused."""
    if kind == "many":
        out = tmp_path / "many.html"
        out.write_text(many_doors())
    else:
        options = ["--since", "2077-01-01"] if kind == "none" else []
        out, done = report(*options)
        assert done.code == 0, done.err
    for width, is_dark in SIZES:
        looks.open(out, width, is_dark)
        assert looks.said == [] and looks.asked == [out.as_uri()], (looks.said, looks.asked)
        assert looks.value("document.documentElement.scrollWidth") <= width
        assert looks.value(_SPILLED) == []
        assert looks.value("document.scripts.length") == 0
        ground = looks.value("getComputedStyle(document.body).backgroundColor")
        light = sum(map(int, re.findall(r"[0-9]+", ground)[:3])) > 380
        assert light != is_dark, ground
        assert looks.value(_FAINT) == [], (width, is_dark)
    if kind == "usual":
        text = looks.value("document.body.innerText")
        assert "Zoë Đ." in text and "<b>Bob & Eve</b>" in text and "\u202e" not in text
        assert "Verified." in text and "unknown card" in text.lower()
        assert looks.value("document.querySelectorAll('svg.strip rect').length") == 48


def test_nothing_in_a_name_is_run(report):
    """Names come from lists, tokens and files."""
    out, _ = report()
    text = out.read_text()
    assert "<script" not in text and "<b>Bob" not in text and "&lt;b&gt;Bob" in text
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy
    assert " style=" not in text and " on" + "click" not in text and "http://" not in text
    assert out.stat().st_mode & 0o777 == 0o600


def test_a_browser_refuses_what_the_page_does_not_let_in(looks, report, tmp_path):
    """The policy is in force: a script and a style that got in all the same do nothing."""
    out, _ = report()
    spoilt = tmp_path / "spoilt.html"
    bad = '<p id="x" style="color:red">x</p><script>document.title="ran"</script></main>'
    spoilt.write_text(out.read_text().replace("</main>", bad))
    looks.open(spoilt, 800)
    assert looks.value("document.title") == "Events of acme"
    assert looks.value("getComputedStyle(document.getElementById('x')).color") != "rgb(255, 0, 0)"
    assert any("Content Security Policy" in one for one in looks.said)


def test_what_is_missing_is_shown(report, made, tmp_path):
    """The command fails, and the page says where."""
    records = made.log.records
    out, done = report(log=made.save(tmp_path / "gap.events", records[:20] + records[25:]))
    done.fails("front-reader")
    text = out.read_text()
    assert "Not as it was recorded" in text and "events 20 to 24 are missing" in text
    assert 'class="broken"' in text


def test_without_the_passphrase_it_says_that_nobody_looked(report, monkeypatch):
    """It never claims more than it knows."""
    monkeypatch.delenv("HOLDFAST_PASSPHRASE")
    out, done = report()
    assert done.code == 0 and "Not verified." in out.read_text()


def test_it_is_written_over_itself_and_over_nothing_else(report, tmp_path):
    """As every file that a command is told to write."""
    out, _ = report()
    report()[1].fails("is there already", "--force")
    assert report("--force")[1].code == 0
    out.write_text("remember the milk")
    report("--force")[1].fails("is there already", "another kind")
    assert out.read_text() == "remember the milk"


def test_its_numbers_are_those_of_the_events(report, holdfast, site_folder, tmp_path):
    """As show counts them."""
    out, done = report("--door", "back", "--json")
    log = tmp_path / "log.events"
    asked = ["--site", site_folder, "--door", "back", "--json"]
    shown = holdfast("events", "show", log, *asked).json["events"]
    assert done.json["events"] == len(shown)
    let_in = sum(one.get("granted", False) for one in shown)
    assert re.search(rf"<b>{let_in}</b><span class=\"soft\">Let in", out.read_text())


def many_doors():
    """A page of 300 doors with long names, 10,000 events, and a thousand unknown cards."""
    figures = Figures(lambda seconds: seconds + 3600, [0, 1799990000])
    for number in range(10_000):
        card = f"{number % 1000:016x}"
        figures.take(
            {
                "kind": "access",
                "number": number,
                "time": 1_800_000_000 + 977 * number,
                "clock": "rtc",
                "door": f"door-{number % 300}-{'with-a-very-long-name' * 3}",
                "granted": number % 3 == 0,
                "reason": "granted" if number % 3 == 0 else f"reason_{number % 17}",
                "changeset": number % 2 + 1,
                "card": card,
                "short": f"#{card[:6]}",
            }
        )
    frame = page.Frame(
        site="a" * 64,
        made="now",
        asked=[],
        when=lambda one: str(one["time"]),
        what=lambda one: str(one["reason"]),
        who=lambda one: "W" * 200,
        time=str,
        newest=2,
        enrol="holdfast people card acme NAME --key",
    )
    return page.made(figures, frame)


# Texts that stick out of their box; and texts that stand out from the ground by less than 4 to 1.
_SPILLED = """[...document.querySelectorAll('h1,h2,p,.label,.end,.tile,td,code,li')].filter(
one => one.getBoundingClientRect().right > innerWidth + 1).map(one => one.innerText).slice(0, 3)"""
_FAINT = """(() => {
const parts = text => text.match(/[0-9.]+/g).map(Number);
const light = text => { const [r, g, b] = parts(text).map(one => { one /= 255;
  return one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const ground = one => { while (one) { const found = getComputedStyle(one).backgroundColor;
  if (!/, 0\\)|transparent/.test(found)) return found;
  one = one.parentElement; } return 'rgb(255,255,255)'; };
const texts = [...document.querySelectorAll('h1,h2,p,b,span,div,td,th,li,footer,summary,code')];
return texts.filter(one =>
  [...one.childNodes].some(inner => inner.nodeType === 3 && inner.data.trim())).filter(one => {
  const [a, b] = [light(getComputedStyle(one).color), light(ground(one))].sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05) < 4; }).map(
  one => one.className + ': ' + one.innerText).slice(0, 3); })()"""
