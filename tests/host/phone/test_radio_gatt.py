"""The phone's commands by plain bleak over virtual controllers, at the firmware's own decisions.

Between them are a real GATT client and server, discovery, an MTU, and connections that are lost at
any step; at the end is a reader in a process, behind a bridge from GATT to its port.
"""

import asyncio
import json
import pathlib
import shutil

import pytest
from bumble.gatt import Characteristic

from holdfast.access import advert
from holdfast_host.boards.process import ReaderProcess
from holdfast_host.cli import radio as command
from holdfast_host.phone.radio import radio as phone_radio
from holdfast_host.phone.radio.bluetooth import Bluetooth
from radio import gatt_stage
from radio.bridge import Bridge
from radio.ether import Ether
from radio.gatt_stage import aioble_path

GATT_READER = pathlib.Path(gatt_stage.__file__).parent / "gatt_reader.py"
SLOWNESS = 8  # of the reader's time, for phones on a busy machine
WRITE = Characteristic.Properties.WRITE


@pytest.fixture(scope="module")
def reader(reader_master, tmp_path_factory):
    """An enrolled reader, running for all that is tried here."""
    folder = tmp_path_factory.mktemp("gatt") / "reader"
    with ReaderProcess(shutil.copytree(reader_master, folder)) as process:
        yield process


@pytest.fixture
def ether(monkeypatch, reader):
    """``ether(...)``: the phone's radio has the running reader in it, with what is given."""

    def make(mtu=517, prepare=lambda phone: None, doors=("front",), offline=False, **options):
        async def furnish(stage):
            said = advert.encode("acme", "reader", list(doors), offline)
            await Bridge(stage.air, reader.port, said, **options).start()

        made = Ether(furnish, mtu, prepare)
        monkeypatch.setattr(phone_radio, "Bluetooth", lambda: Bluetooth(made.scanner, made.client))
        return made

    return make


@pytest.fixture
def whole(monkeypatch, reader_folder):
    """``whole(...)``: in the phone's radio is a reader that is one to its last byte, on aioble."""
    if aioble_path() is None:
        pytest.skip("no aioble: set AIOBLE_PATH to the folder that holds it")

    def make(prepare=lambda phone: None):
        async def furnish(stage):
            board = await stage.board(GATT_READER, reader_folder, SLOWNESS)
            await board.said('"ready"')

        made = Ether(furnish, prepare=prepare)
        monkeypatch.setattr(phone_radio, "Bluetooth", lambda: Bluetooth(made.scanner, made.client))

    return make


@pytest.fixture
def unlock(holdfast, phone):
    """``unlock(...)``: the phone asks by radio."""
    return lambda *options: holdfast(
        "phone", "unlock", phone.folder, "--door", "front", "--json", *options
    )


@pytest.mark.parametrize(
    ("mtu", "options", "most"),
    [(23, [], 20), (24, [], 21), (185, [], 182), (517, [], 244), (517, ["--chunk", "512"], 512)],
)
def test_unlocks_at_any_mtu(ether, unlock, reader, mtu, options, most):
    """Cold in two round trips, warm in one, and the bytes that a socket has."""
    sizes = []

    def watch(phone):
        write = phone.client.write_gatt_char

        async def written(client, characteristic, data, response):
            sizes.append(len(data))
            assert response is False
            await write(client, characteristic, data, response)

        phone.client.write_gatt_char = written

    ether(mtu, watch)
    cold, warm = unlock("--cold", *options).json, unlock(*options).json
    assert cold["granted"] and warm["granted"]
    assert [one["round_trips"] for one in (cold, warm)] == [2, 1]
    assert warm["bytes_in"] + warm["bytes_out"] <= 90
    assert (max(sizes) == most) if mtu < 185 else (max(sizes) <= most)
    assert [one["phase"] for one in cold["phases"]][-2:] == ["handshake", "decision"]


def test_a_reader_that_takes_writes_with_a_response_only(ether, unlock):
    """Some stacks offer nothing else."""
    ether(properties=WRITE)
    assert unlock().json["granted"]


@pytest.mark.parametrize("is_lost", [False, True])
@pytest.mark.parametrize("step", ["connected", "mtu", "services", "subscribed", "written"])
def test_a_connection_that_is_lost_before_the_wish(ether, unlock, step, is_lost):
    """It is made again, and the person sees a door that opens."""
    ether(prepare=lambda phone: phone.cut(step, is_lost=is_lost))
    ran = unlock("--cold")
    assert ran.code == 0, ran.err
    assert ran.json["granted"] and ran.json["round_trips"] == 2


def test_scan_and_watch(ether, holdfast, phone):
    """What the reader says in its scan response, by the names that the phone knows."""
    ether(doors=["back", "front"], offline=True)
    (found,) = holdfast("phone", "scan", phone.folder, "--seconds", "1", "--json").json["readers"]
    assert (found["doors"], found["other_doors"], found["offline"]) == (["front"], 1, True)
    assert found["rssi"] == -50 and found["node"] == advert.node_tag("acme", "reader").hex()
    seen = holdfast("phone", "watch", phone.folder, "--seconds", "1", "--json").out
    (appeared,) = map(json.loads, seen.splitlines())
    assert appeared["event"] == "appeared" and appeared["address"] == found["address"]


def test_watch_sees_a_reader_lose_its_controller(monkeypatch, holdfast, phone):
    """The bit in the advertisement changes while the phone listens."""
    bridges, changing = [], []

    async def furnish(stage):
        bridge = Bridge(stage.air, 1, advert.encode("acme", "reader", ["front"], False))
        bridges.append(await bridge.start())

    made = Ether(furnish)
    monkeypatch.setattr(phone_radio, "Bluetooth", lambda: Bluetooth(made.scanner, made.client))
    told = []

    def tell(news):
        told.append(news)
        if len(told) == 2:
            raise KeyboardInterrupt
        offline = advert.encode("acme", "reader", ["front"], True)
        changing.append(asyncio.ensure_future(bridges[0].say(offline)))

    monkeypatch.setattr(command, "say_json", tell)
    assert holdfast("phone", "watch", phone.folder, "--json").code == 130
    assert [one["event"] for one in told] == ["appeared", "changed"]
    assert [one["offline"] for one in told] == [False, True]


def test_a_whole_reader_on_aioble(whole, holdfast, phone, unlock):
    """Found by its door's tag, opened cold; then known, also after its power was cut."""
    whole()
    (found,) = holdfast("phone", "scan", phone.folder, "--seconds", "2", "--json").json["readers"]
    assert found["doors"] == ["front"] and found["not_understood"] is None
    cold, warm = unlock().json, unlock().json
    assert [one["granted"] for one in (cold, warm)] == [True, True]
    assert [one["warm"] for one in (cold, warm)] == [False, True]
    assert [one["round_trips"] for one in (cold, warm)] == [2, 2]


@pytest.mark.parametrize("step", ["connected", "services", "subscribed", "written"])
def test_a_whole_reader_and_a_connection_that_is_lost(whole, unlock, step):
    """The reader has it free for the next try."""
    whole(lambda phone: phone.cut(step, is_lost=True))
    assert unlock("--cold").json["granted"]
