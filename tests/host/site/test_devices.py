"""The register of devices, and who of them is ever given a key."""

import json

import pytest

from holdfast_host.errors import UsageProblem
from holdfast_host.site import devices


def device(name, doors=("front",), role=1, revoked=False, key=b"\x11"):
    return devices.Device(
        name, key * 32, tuple(doors), role, (b"first id", b"next id."), 1, 2, revoked
    )


def test_what_is_saved_is_loaded(tmp_path):
    """Whole, in the order of names, in a file that people can read."""
    assert devices.load(tmp_path) == []
    some = [device("b", ("Büro", "front")), device("a", role=2, revoked=True)]
    devices.save(tmp_path, some)
    assert devices.load(tmp_path) == sorted(some, key=lambda one: one.id)
    content = json.loads((tmp_path / "devices.json").read_text())
    assert content["version"] == 1 and content["devices"][1]["doors"] == ["Büro", "front"]
    assert content["devices"][0]["key"] == "11" * 32


def test_only_those_that_decide_there_get_a_key():
    """Never one that is revoked; a carrier on the wall outside has nothing worth stealing."""
    some = [
        device("reader"),
        device("controller", ("back", "front"), role=2),
        device("elsewhere", ("back",)),
        device("stolen", revoked=True),
        device("carrier", role=3),
        device("no door", ()),
    ]
    assert [name for name, _ in devices.deciding(some, ["front"])] == ["reader", "controller"]
    everywhere = [name for name, _ in devices.deciding(some, None)]
    assert everywhere == ["reader", "controller", "elsewhere"]
    assert devices.deciding(some, []) == []


SOUND = {
    "id": "a",
    "key": "11" * 32,
    "doors": ["front"],
    "role": 1,
    "ctis": ["00" * 8],
    "issued": 1,
    "expires": 2,
    "revoked": False,
}


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ""},
        {"id": "a b"},
        {"key": "11" * 31},
        {"key": "no"},
        {"key": None},
        {"doors": "front"},
        {"doors": [1]},
        {"role": 4},
        {"ctis": ["00"]},
        {"ctis": None},
        {"issued": "1"},
        {"expires": True},
        {"revoked": 0},
        {"revoked": None},
    ],
)
def test_a_damaged_register_is_said(tmp_path, changes):
    """Above all one that no longer says who is revoked."""
    (tmp_path / "devices.json").write_text(json.dumps({"version": 1, "devices": [SOUND]}))
    assert len(devices.load(tmp_path)) == 1
    for content in (
        {"version": 1, "devices": [SOUND | changes]},
        {"version": 1, "devices": [{k: v for k, v in SOUND.items() if k not in changes}]},
        {"version": 1, "devices": [SOUND, SOUND]},
        {"version": 2, "devices": []},
        {"version": 1},
        [],
    ):
        (tmp_path / "devices.json").write_text(json.dumps(content))
        with pytest.raises(UsageProblem, match="damaged"):
            devices.load(tmp_path)
