"""Credentials of many at once: issued by name, listed, renewed, taken back; a QR code of one.

A phone that is issued to by hand is one that is forgotten when its holder leaves. And who does not
pay any more must be outside without a door hearing of it.
"""

import sqlite3
import time

import cbor2
import pytest

import scans
from holdfast_host.credentials import enrolment
from holdfast_host.errors import UsageProblem
from holdfast_host.phone.wallet import Wallet
from holdfast_host.site import site
from host.people.conftest import listed, people  # noqa: F401 - fixtures


@pytest.fixture
def tenants(holdfast, people, listed, site_folder, tmp_path):  # noqa: F811
    """Two tenants in the register, each with a phone; their phones' folders by name."""
    rows = ["name,groups,until,phone"]
    folders = {}
    for name in ("Zoe", "Bob"):
        folders[name] = tmp_path / name
        made = holdfast("phone", "enroll", folders[name], "--json").json
        rows.append(f"{name},staff,,{made['public_key']}")
    assert people("import", listed("\n".join(rows) + "\n")).code == 0
    return folders


@pytest.fixture
def credential(holdfast, site_folder):
    def run(command, *options):
        return holdfast("credential", command, site_folder, *options)

    return run


def _claims(path):
    return cbor2.loads(cbor2.loads(path.read_bytes()).value[2])


def test_several_are_issued_by_name(credential, holdfast, tenants, tmp_path, site_folder):
    """Each to the phones that the register knows; all in one file that a phone takes."""
    both = ["--person", "Zoe", "--person", "Bob"]
    credential("issue", *both, "--door", "front", "--out", tmp_path / "x").fails("--into DIR")
    made = credential(
        "issue", *both, "--door", "front", "--into", tmp_path / "keys", "--enrolment"
    )
    assert made.code == 0, made.err
    files = sorted((tmp_path / "keys").glob("*.cwt"))
    assert len(files) == 2 and {_claims(one)[8][1][-2] for one in files} == {
        Wallet.open(folder).public_key.x for folder in tenants.values()
    }
    (zoe,) = (tmp_path / "keys").glob("Zoe-*.enrolment")
    taken = holdfast("phone", "enroll", tenants["Zoe"], "--enrolment", zoe, "--json")
    assert taken.code == 0 and taken.json["verified"] and taken.json["revoked_devices"]
    holdfast("phone", "enroll", tenants["Bob"], "--enrolment", zoe).fails("key")
    credential("issue", *both, "--door", "front", "--into", tmp_path / "keys").fails(
        "is there already"
    )
    credential("issue", "--person", "Zo", "--door", "front", "--out", tmp_path / "z").fails(
        "the nearest is 'Zoe'"
    )


def test_a_group_is_issued_at_once(credential, people, listed, tenants, tmp_path):  # noqa: F811
    """Whoever of it has a phone; who has none, is away or has left by then is told."""
    more = "Ann,staff,,\nEve,staff,2020-01-01,\n"
    assert people("import", listed("name,groups,until,phone\n" + more)).code == 0
    assert people("suspend", "Bob").code == 0
    made = ["--door", "front", "--into", tmp_path / "keys"]
    credential("issue", "--group", "stuff", *made).fails("the nearest is 'staff'")
    credential("issue", "--group", "Night guests", *made).fails("nobody in group", "phone")
    credential("issue", "--group", "staff", "--door", "front", "--out", tmp_path / "x").fails(
        "--into"
    )
    done = credential("issue", "--group", "staff", *made, "--json").json
    assert [one["holder"] for one in done["credentials"]] == ["Zoe"]
    assert set(done["left_out"]) == {"Ann", "Eve", "Bob"}
    assert len(list((tmp_path / "keys").glob("*.cwt"))) == 1
    again = credential(
        "issue", "--person", "Zoe", "--group", "7", *made[:2], "--into", tmp_path / "k"
    )
    assert again.code == 0 and "Bob: nothing issued: suspended" in again.out
    assert len(list((tmp_path / "k").glob("*.cwt"))) == 1


def test_the_qr_code_is_the_file(credential, holdfast, tenants, tmp_path):
    """What a phone scans is what it would have been handed; cut, it is refused."""
    out = tmp_path / "zoe.cwt"
    made = ["--person", "Zoe", "--door", "front", "--out", out, "--qr", "--enrolment"]
    assert credential("issue", *made).code == 0
    scanned = scans.qr_text((tmp_path / "zoe.cwt.svg").read_bytes())
    whole = enrolment.decode((tmp_path / "zoe.cwt.enrolment").read_bytes(), "it")
    assert whole.credential == out.read_bytes()
    assert scanned == enrolment.qr_text(whole)
    (tmp_path / "scanned").write_text(scanned)
    taken = holdfast("phone", "enroll", tenants["Zoe"], "--enrolment", tmp_path / "scanned")
    assert taken.code == 0, taken.err
    text = scanned.encode()
    assert text.isascii() and len(text) < 1500
    assert enrolment.decode(text, "it") == whole
    for cut in (text[:-9], text[:40], b"HOLDFAST:", b"", b"\xa1\x01\x01"):
        with pytest.raises(UsageProblem):
            enrolment.decode(cut, "it")


def test_they_are_listed_and_taken_back_by_name(credential, tenants, tmp_path, site_folder):
    """Of one person, and of nobody else."""
    both = ["--person", "Zoe", "--person", "Bob", "--door", "front", "--into", tmp_path / "k"]
    assert credential("issue", *both).code == 0
    shown = credential("list", "--json").json["credentials"]
    # Of one second the order is anybody's.
    assert {one["person"]: one["standing"] for one in shown} == {"Zoe": "valid", "Bob": "valid"}
    assert credential("list", "--ending", 1, "--json").json["credentials"] == []
    done = credential("revoke", "--person", "Bob", "--json")
    assert done.code == 0 and len(done.json["revoked"]) == 1
    assert [one["person"] for one in credential("list", "--json").json["credentials"]] == ["Zoe"]
    everything = credential("list", "--all", "--json").json["credentials"]
    said = {one["person"]: one["standing"] for one in everything}
    assert said == {"Zoe": "valid", "Bob": "revoked"}
    revoked = site.load(site_folder).policy().state.revoked.entries
    assert [one.hex() for one in revoked] == done.json["revoked"]
    credential("revoke", "--person", "Bob").fails("none of these opens")
    credential("revoke", "0011223344556677").fails("knows of no credential")


def test_whoever_pays_gets_two_more_hours(credential, tenants, listed, tmp_path):  # noqa: F811
    """The others get nothing, so that theirs ends by itself 2 h after the last paid sync."""
    both = ["--person", "Zoe", "--person", "Bob", "--door", "front", "--into", tmp_path / "k"]
    assert credential("issue", *both, "--hours", 1, "--needs-clock").code == 0
    paid = listed(
        "Tenant name;Paid until\n".replace("Tenant name", "Name")
        + "Zoe;2999-01-31\nBob;2020-01-31\n"
    )
    done = credential("renew", "--paid-until", paid, "--into", tmp_path / "sync", "--json")
    assert done.code == 0, done.err
    (made,) = done.json["renewed"]
    assert made["holder"].startswith("Zoe") and [one["why"] for one in done.json["left"]] == [
        "not paid for"
    ]
    assert abs(made["expires"] - time.time() - 7200) < 600
    (file,) = (tmp_path / "sync").glob("*.cwt")
    claims = _claims(file)
    assert claims[-65540] == 1, "its terms are those of the first"
    assert claims[4] - claims[6] == 7200
    nobody = listed("name,paid until\nMallory,2999-01-01\n", "x.csv")
    credential("renew", "--paid-until", nobody, "--into", tmp_path / "n").fails(
        "line 2", "'Mallory'"
    )


def test_who_is_gone_or_suspended_gets_nothing_new(credential, people, tenants, tmp_path):  # noqa: F811
    """Nor does a phone that was lost."""
    both = ["--person", "Zoe", "--person", "Bob", "--door", "front", "--into", tmp_path / "k"]
    assert credential("issue", *both).code == 0
    assert people("suspend", "Bob").code == 0
    assert people("remove", "Zoe").code == 0
    done = credential("renew", "--days", 30, "--into", tmp_path / "new", "--json").json
    assert done["renewed"] == [] and [one["why"] for one in done["left"]] == ["Bob is suspended"]


def test_a_row_that_somebody_wrote_is_not_issued_from(credential, tenants, tmp_path, site_folder):
    """Who can write the database would else get a key to any door, at the next renewal."""
    both = ["--person", "Zoe", "--door", "front", "--into", tmp_path / "k"]
    assert credential("issue", *both).code == 0
    with sqlite3.connect(site_folder / "register.db") as database:
        (text,) = database.execute("SELECT opens FROM credentials").fetchone()
        assert '"front"' in text
        database.execute("UPDATE credentials SET opens = ?", (text.replace("front", "back"),))
    renew = ["--days", 30, "--into", tmp_path / "new"]
    credential("renew", *renew).fails("no holdfast with this site's secret wrote there")
    assert not (tmp_path / "new").exists()
