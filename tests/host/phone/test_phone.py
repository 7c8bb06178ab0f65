"""``holdfast phone enroll``: a key that stays, and a credential that is checked on the way in."""

import os
import time

import cbor2
import pytest

import crypto
from holdfast_host.credentials import issuing
from holdfast_host.credentials.authority import Authority
from holdfast_host.errors import UsageProblem
from holdfast_host.phone.contexts import Partner, Session
from holdfast_host.phone.wallet import Wallet

DAY = 86400


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "bob"


@pytest.fixture
def imported(holdfast, folder, tmp_path, authority, site_folder):
    """``imported(token)``: what the command says to a credential."""

    def run(token, *options):
        file = tmp_path / "bob.cwt"
        file.write_bytes(token)
        pub = site_folder / "authority.pub"
        return holdfast(
            "phone", "enroll", folder, "--credential", file, "--authority", pub, *options
        )

    return run


def test_the_key_is_made_and_kept(holdfast, folder):
    """Asked twice, the same key: a credential may already be on its way."""
    made = holdfast("phone", "enroll", folder, "--json")
    assert made.code == 0 and made.json["enrolled"] is False
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "phone.key").stat().st_mode & 0o777 == 0o600
    request = cbor2.loads((folder / "phone.pub").read_bytes())
    assert request == {1: 1, -1: 4, -2: bytes.fromhex(made.json["public_key"])}
    secret = (folder / "phone.key").read_bytes()
    (folder / "phone.pub").unlink()
    assert holdfast("phone", "enroll", folder, "--json").json == made.json
    assert (folder / "phone.key").read_bytes() == secret
    assert cbor2.loads(secret)[-4].hex() not in made.out
    assert "next: " in holdfast("phone", "enroll", folder).out


def test_a_credential_is_taken_into_use(holdfast, imported, folder, authority, grant):
    """After it, the phone has what it needs at a door."""
    wallet = Wallet.create(folder)
    token = issuing.holder_credential(authority.signing_key, grant(wallet.public_key))
    assert "signed by this authority" in imported(token).out
    done = imported(token, "--json").json
    assert (done["enrolled"], done["verified"], done["holder"]) == (True, True, "bob")
    assert (folder / "enrolment.cbor").stat().st_mode & 0o777 == 0o600
    identity = Wallet.open(folder).identity()
    assert (identity.token, identity.site) == (token, "acme")
    assert identity.authority_key.x == authority.public_key.x
    assert crypto.x25519_public_key(identity.private_key) == wallet.public_key.x
    assert identity.private_key.hex() not in repr(identity)
    assert repr(identity.private_key) not in repr(identity)


def test_a_guest_token_is_taken_unverified(imported, folder, secret, grant):
    """Only the zone's readers can check it, and the phone says so."""
    wallet = Wallet.create(folder)
    token = issuing.guest_token(
        secret.zone_key("lobby", 1), "lobby", grant(wallet.public_key, places=[(2, "lobby")])
    )
    assert "NOT verified" in imported(token).out
    assert imported(token, "--json").json["verified"] is False


def test_a_new_credential_ends_old_sessions(imported, folder, authority, grant):
    """The reader's side of a session still holds the old one."""
    wallet = Wallet.create(folder)
    first = issuing.holder_credential(authority.signing_key, grant(wallet.public_key))
    imported(first)
    now = int(time.time())
    partner = Partner(bytes(8), now + DAY, ("front",))
    wallet.contexts.keep(
        "front", first, Session(bytes(16), bytes(8), b"\x01", b"\x02", 1, partner)
    )
    assert wallet.contexts.take("front", first, now, ())
    imported(issuing.holder_credential(authority.signing_key, grant(wallet.public_key)))
    assert wallet.contexts.take("front", first, now, ()) is None


def test_credentials_that_would_not_open_are_refused(imported, folder, authority, grant):
    """Each with its own cause, and the old one stays in use."""
    wallet = Wallet.create(folder)
    key = wallet.public_key
    good = issuing.holder_credential(authority.signing_key, grant(key))
    imported(good)
    now = int(time.time())
    stranger = Authority.generate().signing_key
    sign = issuing.holder_credential
    other_key = crypto.x25519_public_key(os.urandom(32))
    flipped = good[:-1] + bytes([good[-1] ^ 1])
    for token, words in (
        (sign(authority.signing_key, grant(key, expires=now - 1)), "expired"),
        (sign(stranger, grant(key)), "not signed by this authority"),
        (sign(stranger, grant(key, site="globex")), "not signed by this authority"),
        (flipped, "not signed by this authority"),
        (sign(authority.signing_key, grant(other_key)), "another phone's key"),
        (good[:-1], "no credential"),
        (b"", "no credential"),
        (bytes(5000), "larger than"),
    ):
        imported(token).fails(words)
        assert Wallet.open(folder).identity().token == good


def test_both_files_are_needed(holdfast, folder, tmp_path, site_folder):
    """A credential without the key to trust would let any reader pass for the right one."""
    holdfast("phone", "enroll", folder, "--credential", tmp_path / "a").fails("both")
    holdfast("phone", "enroll", folder, "--authority", tmp_path / "a").fails("both")
    command = ["phone", "enroll", folder, "--credential", tmp_path / "a", "--authority"]
    holdfast(*command, site_folder / "authority.pub").fails("there is no phone", "phone enroll")
    holdfast("phone", "enroll", folder)
    holdfast(*command, tmp_path / "none").fails("authority's public key")
    holdfast(*command, site_folder / "authority.pub").fails("there is no credential")
    holdfast(*command, folder / "phone.pub").fails("another kind")


@pytest.mark.parametrize("content", [b"", b"\xff", b"\xa0", bytes(5000), b"\xa1\x01\x01"])
def test_a_damaged_wallet_is_said(holdfast, phone, content):
    """Both of its files, at the moment they are needed."""
    unlock = ["phone", "unlock", phone.folder, "--reader", "127.0.0.1:9", "--door", "front"]
    enrolment = (phone.folder / "enrolment.cbor").read_bytes()
    (phone.folder / "enrolment.cbor").write_bytes(content)
    holdfast(*unlock).fails("enrolment.cbor")
    (phone.folder / "enrolment.cbor").write_bytes(enrolment)
    (phone.folder / "phone.key").write_bytes(content)
    holdfast(*unlock).fails("phone.key")
    holdfast("phone", "enroll", phone.folder).fails("phone.key")


def test_a_key_whose_halves_differ_is_said(phone):
    """The door would say no to every message_3, without anybody seeing why."""
    content = cbor2.loads((phone.folder / "phone.key").read_bytes())
    content[-2] = crypto.x25519_public_key(os.urandom(32))
    (phone.folder / "phone.key").write_bytes(cbor2.dumps(content, canonical=True))
    with pytest.raises(UsageProblem, match="no pair"):
        Wallet.open(phone.folder)


def test_a_crash_at_any_point_of_enrolment_can_be_made_good(tmp_path, authority, grant, crashes):
    """The key is never lost once its public half was shown, and the credential is old or new."""
    folder = tmp_path / "bob"

    def act(send):
        send(Wallet.create(folder).public_key.x.hex())

    shown = set()
    for sent in crashes(act):
        shown.update(sent)
    assert len(shown) == 1
    wallet = Wallet.create(folder)
    assert wallet.public_key.x.hex() in shown

    now = int(time.time())
    old, new = (
        issuing.holder_credential(authority.signing_key, grant(wallet.public_key))
        for _ in range(2)
    )
    wallet.enrol(old, authority.public_key, now)
    seen = []
    for _ in crashes(lambda send: wallet.enrol(new, authority.public_key, now)):
        seen.append(Wallet.open(folder).identity().token)
        wallet.enrol(old, authority.public_key, now)
    assert set(seen) == {old, new} and seen[0] == old and seen[-1] == new


def test_a_phone_trusts_both_keys_while_the_site_replaces_its_key(folder, authority, grant):
    """Its credential is of the new one; the readers' certificates still are of the old one."""
    new = Authority.generate()
    wallet = Wallet.create(folder)
    token = issuing.holder_credential(new.signing_key, grant(wallet.public_key))
    now = int(time.time())
    with pytest.raises(UsageProblem, match="not signed by this authority"):
        wallet.enrol(token, authority.public_key, now)
    wallet.enrol(token, new.public_key, now, [authority.public_key])
    identity = Wallet.open(folder).identity()
    trusted = [key.x for key in identity.authority_keys]
    assert trusted == [new.public_key.x, authority.public_key.x]
    wallet.enrol(token, new.public_key, now)
    assert [key.x for key in wallet.identity().authority_keys] == [new.public_key.x]
