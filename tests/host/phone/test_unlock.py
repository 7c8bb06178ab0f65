"""``holdfast phone unlock``, at the firmware running on MicroPython."""

import socket
import time

import pytest

import flash_image
from holdfast_host.boards.process import ReaderProcess
from holdfast_host.credentials import issuing


@pytest.fixture
def unlock(holdfast, phone, reader):
    """``unlock(...)``: the phone asks the running reader."""

    def run(*options):
        address = f"127.0.0.1:{reader.port}"
        door = [] if "--door" in options else ["--door", "front"]
        return holdfast("phone", "unlock", phone.folder, "--reader", address, *door, *options)

    return run


def test_enrol_and_unlock(holdfast, site_folder, tmp_path):
    """Every command once, from nothing to an open door: what a newcomer would type."""
    phone, door, credential = (tmp_path / name for name in ("bob", "front", "bob.cwt"))
    reader = ["reader", "enroll", door, "--site", site_folder, "--door", "front"]
    enrolled = holdfast(*reader, "--zone", "lobby", "--strike-ms", "700", "--json")
    assert enrolled.code == 0, enrolled.err
    assert enrolled.json["zones"] == ["lobby"] and enrolled.json["strike_ms"] == 700
    assert holdfast("phone", "enroll", phone).code == 0
    issue = ["credential", "issue", site_folder, "--holder", "bob", "--zone", "lobby"]
    assert holdfast(*issue, "--key", phone / "phone.pub", "--out", credential).code == 0
    pub = site_folder / "authority.pub"
    taken = holdfast("phone", "enroll", phone, "--credential", credential, "--authority", pub)
    assert taken.code == 0
    with ReaderProcess(door) as running:
        address = f"127.0.0.1:{running.port}"
        opened = holdfast("phone", "unlock", phone, "--reader", address, "--door", "front")
        assert opened.code == 0
        assert "granted" in opened.out and "0.7 s" in opened.out and "2 round trips" in opened.out
        running.wait(lambda event: event.get("event") == "disconnected")
    (access,) = (event for event in running.events if event.get("event") == "access")
    assert access["granted"] is True and access["holder"] == "bob"


def test_the_second_time_is_one_round_trip(unlock, reader):
    """Without any public-key operation at the door."""
    cold, warm, again = unlock("--json"), unlock("--json"), unlock("--cold", "--json")
    assert [ran.json["granted"] for ran in (cold, warm, again)] == [True] * 3
    assert [ran.json["warm"] for ran in (cold, warm, again)] == [False, True, False]
    assert [ran.json["round_trips"] for ran in (cold, warm, again)] == [2, 1, 2]
    assert [ran.json["strike_ms"] for ran in (cold, warm, again)] == [200] * 3
    assert warm.json["bytes_in"] + warm.json["bytes_out"] <= 90
    reader.wait(lambda event: (event.get("event"), event.get("connection")) == ("disconnected", 3))
    logged = [event for event in reader.events if event.get("event") == "access"]
    assert [event["handshake"] for event in logged] == [True, False, True]
    assert logged[1]["public_key_operations"] == 0
    assert "known door, 1 round trip" in unlock().out


def test_phone_and_reader_count_the_same(unlock, reader):
    """Figures that differ are figures of something else."""
    ran = unlock("--json", "--chunk", "20").json
    ended = reader.wait(lambda event: event.get("event") == "disconnected")
    assert (ended["bytes_in"], ended["bytes_out"]) == (ran["bytes_out"], ran["bytes_in"])
    assert ended["round_trips"] == ran["round_trips"]


def test_a_restarted_reader_costs_a_round_trip_and_no_handshake(unlock, reader):
    """The person at the door does not know that the power failed."""
    assert unlock("--json").json["warm"] is False
    assert unlock("--json").json["warm"] is True
    for connection in (3, 5):
        reader.restart()
        begin = len(reader.events)
        after = unlock("--json").json
        assert after["granted"] and after["warm"] and after["round_trips"] == 2
        assert after["bytes_in"] + after["bytes_out"] <= 180
        ended = reader.wait(lambda event: event.get("event") == "disconnected", since=begin)
        assert ended["public_key_operations"] == 0, connection
        logged = [event for event in reader.events[begin:] if event.get("event") == "access"]
        assert [event["granted"] for event in logged] == [True]
        assert unlock("--json").json["round_trips"] == 1
    assert "known door, 1 round trip" in unlock().out


def test_a_reader_that_forgot_costs_a_handshake_and_no_error(unlock, reader, reader_folder):
    """What it kept is lost, or is another's: the phone says nothing and does it again."""
    for spoil in (lambda data: None, lambda data: b"x" + data[1:], lambda data: data[:40]):
        assert unlock("--json", "--cold").json["warm"] is False
        assert unlock("--json").json["warm"] is True
        reader.kill()
        kept = flash_image.files(reader_folder, "contexts")
        spoilt = {name: spoil(data) for name, data in kept.items()}
        flash_image.files(reader_folder, "contexts", spoilt)
        reader.start()
        after = unlock("--json").json
        assert after["granted"] and not after["warm"] and after["round_trips"] == 3
        assert unlock("--json").json["warm"] is True


def test_a_refusal_is_not_a_success(unlock, phone, grant, authority):
    """Exit code 3, a reason in words, and JSON that says the same."""
    token = issuing.holder_credential(
        authority.signing_key, grant(phone.public_key, places=[(1, "back")])
    )
    phone.enrol(token, authority.public_key, int(time.time()))
    refused = unlock()
    assert refused.code == 3 and refused.err == ""
    assert "refused: not for this door" in refused.out
    shown = unlock("--json")
    assert shown.code == 3
    assert (shown.json["granted"], shown.json["protected"]) == (False, True)


def test_a_credential_that_is_not_accepted_is_a_refusal_too(
    unlock, phone, authority, grant, secret
):
    """The reader ends the handshake in the clear; the phone says whose word that is."""
    token = issuing.guest_token(
        secret.zone_key("lobby", 2), "lobby", grant(phone.public_key, places=[(2, "lobby")])
    )
    phone.enrol(token, authority.public_key, int(time.time()))
    refused = unlock()
    assert refused.code == 3
    assert "credential not accepted" in refused.out and "in the clear" in refused.out
    assert unlock("--json").json["protected"] is False


def test_user_verification_is_passed_on(unlock, phone, authority, grant):
    """Said only when it is so."""
    token = issuing.holder_credential(
        authority.signing_key, grant(phone.public_key, user_verification=True)
    )
    phone.enrol(token, authority.public_key, int(time.time()))
    assert unlock().code == 3
    assert unlock("--user-verified").code == 0


def test_the_wrong_door_is_noticed_before_anything_is_shown(unlock, reader):
    """A typing error, or somebody who relays another reader."""
    unlock("--door", "back").fails("of door 'front', not of 'back'")
    ended = reader.wait(lambda event: event.get("event") == "disconnected")
    assert ended["round_trips"] == 1


@pytest.mark.parametrize(
    "address", ["", "front", ":", ":80", "h:", "h:0", "h:65536", "h:x", "h:-1", "h:١"]
)
def test_a_bad_address_is_said(holdfast, phone, address):
    """With one that would be good."""
    holdfast("phone", "unlock", phone.folder, "--reader", address, "--door", "front").fails(
        "no address", "127.0.0.1:"
    )


def test_no_reader_listens(holdfast, phone):
    """The cause and what to start, not an errno."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        holdfast("phone", "unlock", phone.folder, "--reader", address, "--door", "front").fails(
            "no reader answers", "reader run"
        )


def test_a_phone_without_credential_is_told(holdfast, tmp_path):
    """Before anything is sent."""
    unlock = ["phone", "unlock", tmp_path / "bob", "--reader", "127.0.0.1:9", "--door", "front"]
    holdfast(*unlock).fails("there is no phone", "phone enroll")
    holdfast("phone", "enroll", tmp_path / "bob")
    holdfast(*unlock).fails("there is no credential", "--credential")
