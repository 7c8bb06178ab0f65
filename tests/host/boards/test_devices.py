"""Readers as devices of a site: enrolled into the register, renewed over a link, taken back."""

import time

import pytest

import cbor
import sealed_settings
from cose import cwt
from holdfast.access import revoked_devices
from holdfast_host.boards import enrol
from holdfast_host.boards.process import ReaderProcess
from holdfast_host.errors import UsageProblem
from holdfast_host.phone.wallet import Wallet
from holdfast_host.site import devices, site
from holdfast_host.site.keys import Keys

DAY = 86400
YEARS = 730 * DAY


@pytest.fixture
def home(site_folder):
    return site.load(site_folder)


@pytest.fixture
def keys(authority, secret):
    return Keys(authority, secret)


@pytest.fixture
def enrolled(home, keys, tmp_path):
    """``enrolled(days)``: the folder of a reader at the door, whose certificates hold so long."""

    def make(days=None, node="", now=None):
        folder = tmp_path / "board"
        placement = enrol.Placement("front", ["lobby"], 200, node)
        at = int(time.time()) if now is None else now
        enrol.enroll(folder, home, keys, placement, now=at, days=days, replace=True)
        return folder

    return make


def registered(folder, name="front"):
    return devices.require(devices.load(folder), name)


def resident(holdfast, site_folder, folder, *options):
    """The folder of a phone that may open the door, with its list of revoked devices."""
    file = folder.with_suffix(".cwt")
    assert holdfast("phone", "enroll", folder).code == 0
    issue = ["credential", "issue", site_folder, "--holder", folder.name, "--door", "front"]
    issue += ["--key", folder / "phone.pub", "--out", file, "--force"]
    issued = holdfast(*issue, *options)
    assert issued.code == 0, issued.err
    take = ["phone", "enroll", folder, "--credential", file]
    taken = holdfast(*take, "--authority", site_folder / "authority.pub", "--json")
    assert taken.code == 0 and taken.json["revoked_devices"] is True, taken.err
    return folder


def test_who_is_enrolled_stands_in_the_register(home, enrolled):
    """What is in no register cannot be revoked. Two years, as the site never said otherwise."""
    folder = enrolled(node="front-1")
    device = registered(home.folder, "front-1")
    assert (device.id, device.doors, device.role, device.revoked) == (
        "front-1",
        ("front",),
        1,
        False,
    )
    assert device.expires - device.issued == YEARS
    settings = sealed_settings.opened(folder)
    assert settings[13] == device.key and settings[14] == device.settings
    said = [cwt.parse(settings[label]).claims for label in (6, 11)]
    assert tuple(claims.cti for claims in said) == device.ctis
    assert [claims.sub for claims in said] == ["front-1", "front-1"]
    assert [cbor.decode(claims.scope) for claims in said] == [[[[1, "front"], 1]]] * 2
    assert said[0].cnf.x == device.key
    assert (said[1].cnf.x or b"") + bytes(said[1].cnf.y or b"") == device.p256_key
    assert settings[3] == "front-1" and settings[4] == [["front", 200]]
    history = home.policy()
    assert settings[8] == [history.number, history.head]
    assert history.state.doors_in("lobby") == ["front"]


def test_the_lifetime_is_the_sites_setting(home, keys, enrolled, holdfast):
    """Limit 5; and enrolling again leaves the certificates of before revocable."""
    home.change_policy(keys.authority, lambda state: [[11, {5: 90}]], int(time.time()))
    enrolled()
    device = registered(home.folder)
    assert device.expires - device.issued == 90 * DAY
    first = device.ctis
    enrolled()
    device = registered(home.folder)
    assert device.ctis[:2] == first and len(device.ctis) == 4


def test_an_id_is_one_boards(home, keys, enrolled, tmp_path):
    """Another board under the same id would be given keys in its name; a revoked id is burnt."""
    enrolled()
    placement = enrol.Placement("front")
    with pytest.raises(UsageProblem, match="another board is enrolled as 'front'"):
        enrol.enroll(tmp_path / "other", home, keys, placement, now=int(time.time()))
    assert not enrol.is_enrolled(tmp_path / "other")
    device = registered(home.folder)
    devices.put(home.folder, devices.dataclasses.replace(device, revoked=True))
    with pytest.raises(UsageProblem, match="'front' is revoked, and stays so"):
        enrolled()


def test_a_renewal_is_carried_and_in_force_without_a_restart(
    holdfast, site_folder, home, enrolled, tmp_path
):
    """From the warning to the new certificate; a phone that is known stays known."""
    folder = enrolled(days=30)
    listed = holdfast("reader", "list", site_folder)
    assert "ends soon" in listed.out and "front" in listed.out
    assert "front: holdfast reader renew" in holdfast("site", "show", site_folder).out
    bob = resident(holdfast, site_folder, tmp_path / "bob")
    before = registered(home.folder)
    with ReaderProcess(folder) as reader:
        assert reader.wait(lambda event: event.get("event") == "certificate_ending")
        at = ["--reader", f"127.0.0.1:{reader.port}", "--door", "front"]
        assert holdfast("phone", "unlock", bob, *at).code == 0
        file = tmp_path / "renewal"
        renewed = holdfast("reader", "renew", site_folder, "front", "-o", file)
        assert renewed.code == 0 and "--certificate" in renewed.out, renewed.err
        carried = holdfast("phone", "carry", bob, *at, "--certificate", file, "--json")
        assert carried.code == 0 and carried.json["certificates"] == 2, carried.err
        assert reader.wait(lambda event: event.get("event") == "certificate_renewed")
        assert holdfast("phone", "unlock", bob, *at, "--json").json["warm"] is True
        assert holdfast("phone", "unlock", bob, *at, "--cold").code == 0
        reader.restart()
        again = holdfast("phone", "carry", bob, *at, "--certificate", file)
        assert again.code == 0, again.err
    after = registered(home.folder)
    assert after.ctis[:2] == before.ctis and len(after.ctis) == 4
    assert after.expires >= before.issued + YEARS
    assert "ends soon" not in holdfast("reader", "list", site_folder).out


def test_an_ended_reader_is_renewed_by_a_phone_that_carries(
    holdfast, site_folder, enrolled, tmp_path
):
    """No phone opens there until then."""
    now = int(time.time())
    folder = enrolled(days=1, now=now - 2 * DAY)
    assert "ENDED" in holdfast("reader", "list", site_folder).out
    bob = resident(holdfast, site_folder, tmp_path / "bob")
    with ReaderProcess(folder) as reader:
        at = ["--reader", f"127.0.0.1:{reader.port}", "--door", "front"]
        holdfast("phone", "unlock", bob, *at).fails("expired", "reader renew")
        file = tmp_path / "renewal"
        assert holdfast("reader", "renew", site_folder, "front", "-o", file).code == 0
        carried = holdfast("phone", "carry", bob, *at, "--certificate", file)
        assert carried.code == 0, carried.err
        assert holdfast("phone", "unlock", bob, *at).code == 0


def test_a_stolen_reader_is_taken_back_in_one_command(
    holdfast, site_folder, home, authority, enrolled, tmp_path
):
    """Register, policy, zones' keys and the phones' list: nothing that a manager could forget."""
    folder = enrolled()
    bob = resident(holdfast, site_folder, tmp_path / "bob")
    key_before = site.load(site_folder).zones["lobby"]
    with ReaderProcess(folder) as reader:
        at = ["--reader", f"127.0.0.1:{reader.port}", "--door", "front"]
        assert holdfast("phone", "unlock", bob, *at).code == 0
        holdfast("reader", "revoke", site_folder, "fronx").fails("no device 'fronx'", "'front'")
        done = holdfast("reader", "revoke", site_folder, "front")
        assert done.code == 0 and "next: carry the policy" in done.out, done.err
        device = registered(site_folder)
        assert device.revoked
        state = home.policy().state
        assert set(device.ctis) <= set(state.revoked.entries)
        assert site.load(site_folder).zones["lobby"] == key_before + 1
        assert devices.deciding([device], None) == []
        # The phone does not know yet; with its next credential it does, also where it is known.
        assert holdfast("phone", "unlock", bob, *at).code == 0
        resident(holdfast, site_folder, bob)
        assert Wallet.open(bob).identity().revoked == frozenset(device.ctis)
        for cold in ([], ["--cold"]):
            holdfast("phone", "unlock", bob, *at, *cold).fails("has revoked 'front'")
        holdfast("phone", "carry", bob, *at, "--tell-time").fails("has revoked 'front'")
    made = revoked_devices.parse((tmp_path / "bob.cwt.devices").read_bytes())
    made.verify([authority.public_key])
    renew = ["reader", "renew", site_folder, "front", "-o", tmp_path / "renewal"]
    holdfast(*renew).fails("revoked")
    again = holdfast("reader", "revoke", site_folder, "front")  # cut short, it is run again
    assert again.code == 0, again.err
