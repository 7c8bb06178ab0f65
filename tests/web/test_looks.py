"""Whether the page can be used in the sun, with one thumb, by keyboard, and without eyes."""

import json
import pathlib
import struct

from holdfast.access import place
from holdfast_host.demo.stage import DOOR, ZONE
from holdfast_host.phone import webpage

_LOOKS = (pathlib.Path(__file__).parent / "looks.js").read_text().strip().rstrip(";")
_ROLES = {"button", "textbox", "link", "DisclosureTriangle", "disclosureTriangle"}
_FOCUSED = """(() => {
  const one = document.activeElement;
  const style = getComputedStyle(one);
  const isSeen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  return one === document.body ? null : [one.textContent || one.id, isSeen];
})()"""


def _wrong(phone):
    """All that is wrong with what is shown now, at both widths, in light and dark."""
    wrong = []
    for width in (360, 1280):
        for scheme in ("light", "dark"):
            phone.look(width, scheme)
            said = phone.run(f"({_LOOKS})()")
            assert said["looked"] > 1 and said["controls"] > 0
            wrong += [f"{width} {scheme}: {one}" for one in said["found"]]
    for node in phone.call("Accessibility.getFullAXTree")["nodes"]:
        role = node.get("role", {}).get("value")
        if role in _ROLES and not node["ignored"] and not node["name"]["value"]:
            wrong.append(f"a {role} without a name")
    return wrong


def _tab(phone, key="Tab"):
    codes = {"Tab": 9, "Enter": 13}
    text = {"text": "\r"} if key == "Enter" else {}
    for kind in ("keyDown", "keyUp"):
        phone.call(
            "Input.dispatchKeyEvent",
            type=kind,
            key=key,
            code=key,
            windowsVirtualKeyCode=codes[key],
            **(text if kind == "keyDown" else {}),
        )


def test_each_view_can_be_read_and_tapped(phone):
    """Before there is a key, with one, with doors, with all that is folded away, and whatever is
    told; a long name of a door does not break it.
    """
    assert _wrong(phone) == []
    phone.key = phone.make_key()
    assert _wrong(phone) == []
    long_name = "Verwaltungsgebäudenebeneingang"
    phone.renew(places=[(place.DOOR, DOOR), (place.DOOR, long_name), (place.ZONE, ZONE)])
    phone.run("document.querySelector('details').open = true")
    assert _wrong(phone) == []
    for kind in ("busy", "good", "bad"):
        phone.run(f"import('./view.mjs').then(({{ tell }}) => tell('What it says', '{kind}'))")
        assert _wrong(phone) == []
    phone.run("document.querySelector('button.door').disabled = true")
    assert _wrong(phone) == []
    assert phone.problems() == []


def test_what_is_wrong_is_seen(phone):
    """The script that looks finds what it is for: each fault here is put in, and is named."""
    for fault, named in (
        ("main.querySelector('p').style.color = '#999'", "contrast"),
        ("main.querySelector('button').style = 'min-height: 0; height: 30px'", "by 30 pixels"),
        ("main.querySelector('button').style.borderColor = '#ddd'", "edge"),
        ("main.querySelector('button').tabIndex = -1", "keyboard"),
        ("main.querySelector('button').style.marginTop = '-30px'", "lies over"),
        ("main.style.width = '2000px'", "pixels wide"),
        ("main.querySelector('p').style.transition = 'opacity 1s'", "moves"),
        ("main.querySelector('p').style.fontSize = '12px'", "letters"),
        ("main.querySelector('button').textContent = ''", "without a name"),
        ("document.documentElement.lang = ''", "language"),
    ):
        phone.go(phone.server.url)
        assert _wrong(phone) == []
        phone.run(f"(() => {{ const main = document.querySelector('main'); {fault}; }})()")
        wrong = _wrong(phone)
        assert wrong and all(named in one for one in wrong), (fault, wrong)


def test_a_door_opens_by_keyboard(phone):
    """Each control is reached in its order and shows that it was; Enter is a tap."""
    phone.enrol()
    phone.run("document.querySelector('details').open = true")
    reached = []
    for _ in range(20):
        _tab(phone)
        found = phone.run(_FOCUSED)
        if found is None or found in reached:
            break
        reached.append(found)
    count = phone.run("document.querySelectorAll('button, input, summary, code').length")
    assert len(reached) >= phone.run("document.querySelectorAll('button, input, summary').length")
    assert len(reached) <= count and all(is_seen for _, is_seen in reached), reached
    assert reached[0][0] == DOOR
    phone.run("delete document.querySelector('#status').dataset.result")
    phone.run("document.querySelector('button.door').focus()")
    _tab(phone, "Enter")
    phone.wait("document.querySelector('#status').dataset.result")
    assert json.loads(phone.run("document.querySelector('#status').dataset.result"))["granted"]


def test_what_happens_is_told_without_eyes(phone):
    """The line that says it is a live region, and a door's button says what it does."""
    phone.enrol()
    nodes = phone.call("Accessibility.getFullAXTree")["nodes"]
    by_role = {node["role"]["value"]: node for node in nodes if not node["ignored"]}
    live = {one["name"]: one["value"]["value"] for one in by_role["status"]["properties"]}
    assert live["live"] == "assertive"
    names = [node["name"]["value"] for node in nodes if node["role"]["value"] == "button"]
    assert f"Open {DOOR}" in names


def test_it_can_be_installed(phone):
    """By Chromium's own word, with pictures of the sizes that the manifest says."""
    assert phone.call("Page.getInstallabilityErrors")["installabilityErrors"] == []
    manifest = json.loads((webpage.SOURCE / "manifest.webmanifest").read_text())
    pictures = [one for one in manifest["icons"] if one["type"] == "image/png"]
    assert {one["sizes"] for one in pictures} == {"192x192", "512x512"}
    for one in pictures:
        data = (webpage.SOURCE / one["src"]).read_bytes()
        assert data.startswith(b"\x89PNG")
        assert "%dx%d" % struct.unpack(">II", data[16:24]) == one["sizes"]
