"""``holdfast credential``: what is issued, and what is said of it."""

import os
import time

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

import cose
import crypto
from cose import CRV_X25519, Key
from holdfast.access import ClockReading, Request, Trust
from holdfast.access.decide import decide
from holdfast.access.policy import draft, operations
from holdfast.access.policy.rules import SiteRules
from holdfast.access.policy.view import DoorView
from holdfast_host.credentials import issuing, lifetime
from holdfast_host.errors import UsageProblem
from holdfast_host.site import site

DAY = 86400
_NAMES = ["front", "back", "cellar", *(f"d{n}" for n in range(33))]
_NAMES += [f"{n}".ljust(60, "x") for n in range(8)]
DOORS = [[operations.DOOR, number, name] for number, name in enumerate(_NAMES)]


@pytest.fixture
def phone_pub(tmp_path):
    path = tmp_path / "phone.pub"
    key = crypto.x25519_public_key(os.urandom(32))
    path.write_bytes(cbor2.dumps({1: 1, -1: 4, -2: key}, canonical=True))
    return path


@pytest.fixture
def issue(holdfast, site_folder, phone_pub, tmp_path, authority):
    """``issue("--door", "front", ...)``, for bob and his phone unless said otherwise."""
    here = site.load(site_folder)
    here.change_policy(authority, lambda state: DOORS, int(time.time()))

    def run(*options):
        arguments = ["credential", "issue", site_folder, "--holder", "bob", "--key", phone_pub]
        # Issued over and over, to one file.
        return holdfast(*arguments, "--out", tmp_path / "out.cwt", "--force", *options)

    return run


def decision(token, trust, door="front", zones=("lobby",), after=0, user_verified=False):
    """The exact reason that a reader would give whose door lies in these zones."""
    request = Request(trust.authenticate(token), door, 1, True, user_verified)
    now = int(time.time())
    said = [[operations.DOOR, 0, door], [operations.ZONE, "lobby", b"\x01" if zones else b""]]
    rules = draft.following(SiteRules("acme", trust.authority_keys), said, 1, bytes(32), now)
    view = DoorView(rules, door)
    return decide(request, view, None, ClockReading(now + after, "rtc")).reason_name


def test_a_credential_opens_what_it_names(issue, tmp_path, authority):
    """The reader's own code, fed with the file, decides."""
    issued = issue("--door", "front", "--door", "back", "--zone", "lobby", "--json")
    assert issued.code == 0, issued.err
    token = (tmp_path / "out.cwt").read_bytes()
    assert issued.json["bytes"] == len(token)
    assert issued.json["opens"] == [
        {"door": "front", "permissions": 1},
        {"door": "back", "permissions": 1},
        {"zone": "lobby", "permissions": 1},
    ]
    trust = Trust("acme", [authority.public_key])
    assert decision(token, trust) == "granted"
    assert decision(token, trust, "cellar", ("lobby",)) == "granted"
    assert decision(token, trust, "cellar", ()) == "wrong_door"
    assert decision(token, trust, after=30 * DAY - 5) == "granted"
    assert decision(token, trust, after=30 * DAY + 5) == "expired"
    assert decision(token, trust, after=-5) == "not_yet_valid"


def test_a_credential_is_a_plain_cwt(issue, tmp_path, authority, phone_pub):
    """A stranger's CBOR and Ed25519 read it: what is on the wire is the standard's."""
    issue("--door", "front", "--user-verification")
    tag = cbor2.loads((tmp_path / "out.cwt").read_bytes())
    protected, unprotected, payload, signature = tag.value
    assert (tag.tag, cbor2.loads(protected), unprotected) == (18, {1: -8}, {})
    public = Ed25519PublicKey.from_public_bytes(authority.public_key.x)
    public.verify(signature, cbor2.dumps(["Signature1", protected, b"", payload]))
    claims = cbor2.loads(payload)
    now = time.time()
    assert claims.pop(4) - claims[6] == 30 * DAY
    assert claims.pop(5) == claims[6] and now - 60 < claims.pop(6) <= now
    assert len(claims.pop(7)) == 8
    assert cbor2.loads(claims.pop(9)) == [[[1, "front"], 1]]
    confirmation = {1: cbor2.loads(phone_pub.read_bytes())}
    assert claims == {1: "acme", 2: "bob", 3: "acme", 8: confirmation, -65539: True}


def test_user_verification_is_asked_for(issue, tmp_path, authority):
    """A credential that needs it is refused without."""
    issue("--door", "front", "--user-verification")
    token = (tmp_path / "out.cwt").read_bytes()
    trust = Trust("acme", [authority.public_key])
    assert decision(token, trust) == "user_verification_needed"
    assert decision(token, trust, user_verified=True) == "granted"


def test_a_guest_token_opens_its_zone_for_a_day(issue, tmp_path, authority, secret):
    """Authenticated by the zone's key, which says nothing at other zones."""
    assert issue("--guest", "--zone", "lobby", "--json").json["kind"] == "guest"
    token = (tmp_path / "out.cwt").read_bytes()
    trust = Trust("acme", [authority.public_key], {"lobby": secret.zone_key("lobby", 1)}.get)
    assert decision(token, trust) == "granted"
    assert decision(token, trust, after=DAY - 5) == "granted"
    assert decision(token, trust, after=DAY + 5) == "expired"
    assert decision(token, trust, zones=()) == "wrong_audience"
    issue("--guest", "--zone", "lobby", "--door", "front", "--hours", "2")
    token = (tmp_path / "out.cwt").read_bytes()
    assert decision(token, trust, "front") == "granted"
    assert decision(token, trust, "back") == "wrong_door"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--guest", "--zone", "lobby", "--hours", "25"], ["24 hours", "25.0"]),
        (["--guest", "--zone", "lobby", "--days", "2"], ["24 hours"]),
        (["--guest", "--zone", "lobby", "--expires", "2999-01-01"], ["24 hours"]),
        (["--guest", "--zone", "lobby", "--not-before", "2999-01-01"], ["before"]),
        (["--guest"], ["--zone"]),
        (["--guest", "--door", "front"], ["--zone"]),
        ([], ["opens nothing|would open nothing"]),
        (["--zone", "garage"], ["no zone 'garage'", "lobby", "add-zone"]),
        (["--door", "lobby"], ["no door 'lobby'"]),
        (["--door", "frnt"], ["no door 'frnt'", "'front'"]),
        (["--door", "FRONT"], ["no door 'FRONT'", "'front'"]),
        (["--door", "a b"], ["'a b'"]),
        (["--door", "front", "--days", "1", "--hours", "1"], ["twice"]),
        (["--door", "front", "--expires", "yesterday"], ["no time"]),
        (["--door", "front", "--expires", "2020-01-01"], ["2020-01-01"]),
        (["--door", "front", "--not-before", "2030-01-01", "--expires", "2029-01-01"], ["end"]),
        (["--door", "front", "--days", "4000"], ["3650"]),
        (["--door", "front", "--holder", "a b"], ["holder id"]),
        (["--door", "front", "--key", "zz"], ["neither a file nor a key"]),
        (["--door", "front", "--key", "00" * 31], ["64 hexadecimal"]),
        (["--door", "front", "--key", "00" * 32], ["nobody can prove"]),
        (["--door", "front", "--out", "/nowhere/out.cwt"], ["cannot write /nowhere/out.cwt"]),
        ([part for n in range(33) for part in ("--door", f"d{n}")], ["put the doors in a zone"]),
        (
            [part for n in range(8) for part in ("--door", f"{n}".ljust(60, "x"))],
            ["put the doors in a zone"],
        ),
    ],
)
def test_what_no_reader_would_take_is_not_issued(issue, tmp_path, options, words):
    """Said here, with the cause, and not days later at a door without one."""
    refused = issue(*options)
    refused.fails()
    for word in words:
        assert any(part in refused.err for part in word.split("|")), refused.err
    assert not (tmp_path / "out.cwt").exists()


def test_the_end_can_be_said_in_four_ways(issue):
    """Days, hours, a time, or nothing; from now or from later."""
    for options, seconds in (
        (["--days", "2"], 2 * DAY),
        (["--hours", "3"], 3 * 3600),
        ([], 30 * DAY),
    ):
        made = issue("--door", "front", "--json", *options).json
        assert made["expires"] - made["issued_at"] == seconds
    later = int(time.time()) // DAY * DAY + 5 * DAY
    day = time.strftime("%Y-%m-%d", time.gmtime(later))
    options = ["--not-before", f"{day}T00:00Z", "--expires", f"{day}T12:30:00+01:00"]
    made = issue("--door", "front", "--json", *options).json
    assert (made["not_before"], made["expires"]) == (later, later + 41400)
    assert made["valid_now"] is False


def test_a_wrong_passphrase_is_said(issue, tmp_path, monkeypatch):
    """And no credential comes of it."""
    monkeypatch.setenv("HOLDFAST_PASSPHRASE", "wrong horse battery")
    issue("--door", "front").fails("passphrase does not open")
    assert not (tmp_path / "out.cwt").exists()


def test_keys_can_come_as_text(issue):
    """A phone may show its key as a code on its screen."""
    key = crypto.x25519_public_key(os.urandom(32)).hex()
    assert issue("--door", "front", "--key", key, "--json").json["phone_key"] == key


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 40,
        bytes(2000),
        cbor2.dumps({1: 1, -1: 6, -2: bytes(32)}),
        cbor2.dumps({1: 1, -1: 4, -2: bytes(31)}),
        cbor2.dumps({1: 4, -1: bytes(32)}),
        cbor2.dumps({1: 1, -1: 4, -2: b"\x09" + bytes(31), -4: bytes(32)}),
    ],
)
def test_a_file_that_is_no_phone_key_is_said(issue, phone_pub, content):
    """A private key among them: it must not leave the phone, nor be quietly used."""
    phone_pub.write_bytes(content)
    issue("--door", "front").fails("phone.pub")


def test_show_says_what_is_verified(holdfast, issue, site_folder, tmp_path):
    """In words that cannot be taken for a yes."""
    issue("--door", "front")
    out = tmp_path / "out.cwt"
    plain = holdfast("credential", "show", out)
    assert plain.code == 0
    assert (
        "NOT verified" in plain.out and "valid now" in plain.out and "front (unlock)" in plain.out
    )
    assert holdfast("credential", "show", out, "--json").json["verified"] is None
    checked = holdfast("credential", "show", out, "--site", site_folder)
    assert checked.code == 0 and "NOT" not in checked.out and "verified" in checked.out
    assert holdfast("credential", "show", out, "--site", site_folder, "--json").json["verified"]


def test_show_refuses_another_sites_credential(holdfast, tmp_path, site_folder, grant):
    """The same id is easily written, the same key is not."""
    stranger = issuing.Key.okp(cose.CRV_ED25519, crypto.ed25519_public_key(bytes(32)), bytes(32))
    key = crypto.x25519_public_key(os.urandom(32))
    out = tmp_path / "forged.cwt"
    out.write_bytes(issuing.holder_credential(stranger, grant(key)))
    shown = holdfast("credential", "show", out, "--site", site_folder)
    shown.fails("is not a credential of this site")
    assert "NOT verified: it was altered" in shown.out
    out.write_bytes(issuing.holder_credential(stranger, grant(key, site="globex")))
    shown = holdfast("credential", "show", out, "--site", site_folder, "--json")
    assert shown.code == 1 and shown.json["verified"] is False
    assert "globex" in shown.json["verification"]


def test_a_guest_token_is_verified_with_the_passphrase(
    holdfast, issue, site_folder, tmp_path, monkeypatch, secret, grant
):
    """It is not asked for here: looking must not stop for a question."""
    issue("--guest", "--zone", "lobby")
    out = tmp_path / "out.cwt"
    assert holdfast("credential", "show", out, "--site", site_folder, "--json").json["verified"]
    key = crypto.x25519_public_key(os.urandom(32))
    out.write_bytes(issuing.guest_token(secret.zone_key("garage", 1), "lobby", grant(key)))
    holdfast("credential", "show", out, "--site", site_folder).fails("not a credential")
    out.write_bytes(issuing.guest_token(secret.zone_key("garage", 1), "garage", grant(key)))
    holdfast("credential", "show", out, "--site", site_folder).fails("not a credential")
    monkeypatch.delenv("HOLDFAST_PASSPHRASE")
    out.write_bytes(issuing.guest_token(secret.zone_key("lobby", 1), "lobby", grant(key)))
    shown = holdfast("credential", "show", out, "--site", site_folder)
    assert shown.code == 0 and "NOT verified" in shown.out and "passphrase" in shown.out


def test_show_tells_the_time_window(holdfast, tmp_path, authority, grant):
    """Expired and not yet valid look alike at a door; not here."""
    key = crypto.x25519_public_key(os.urandom(32))
    now = int(time.time())
    out = tmp_path / "a.cwt"
    for changes, words in (
        ({"expires": now - 1}, "expired"),
        ({"not_before": now + DAY}, "not valid before"),
    ):
        out.write_bytes(issuing.holder_credential(authority.signing_key, grant(key, **changes)))
        shown = holdfast("credential", "show", out)
        assert shown.code == 0 and words in shown.out and "valid now" not in shown.out
        assert holdfast("credential", "show", out, "--json").json["valid_now"] is False


def test_every_cut_and_flip_of_a_credential_is_refused_or_shown(holdfast, issue, tmp_path):
    """A file from a stranger: any bytes, one clear line, never a traceback."""
    issue("--door", "front")
    out = tmp_path / "out.cwt"
    whole = out.read_bytes()
    for cut in range(0, len(whole), 9):
        out.write_bytes(whole[:cut])
        holdfast("credential", "show", out).fails("no credential that can be used")
    for place in range(0, len(whole), 3):
        out.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        shown = holdfast("credential", "show", out)
        if shown.code:
            shown.fails("no credential")
    out.write_bytes(bytes(100_000))
    holdfast("credential", "show", out).fails("larger than")
    holdfast("credential", "show", tmp_path / "none").fails("there is no credential")
    holdfast("credential", "show", tmp_path).fails("directory")


def test_a_stranger_cannot_write_on_the_terminal(holdfast, tmp_path, authority, grant):
    """A holder's name with control characters would move the cursor over the truth: it is no name,
    and what turns the direction of writing is not shown.
    """
    key = crypto.x25519_public_key(os.urandom(32))
    out = tmp_path / "a.cwt"
    name = "bob[red]verified[/red]\u202e"
    out.write_bytes(issuing.holder_credential(authority.signing_key, grant(key, holder=name)))
    shown = holdfast("credential", "show", out)
    assert "\u202e" not in shown.out and "[red]" in shown.out
    named = grant(key, holder="b\x1b[2J")
    out.write_bytes(issuing.holder_credential(authority.signing_key, named))
    shown = holdfast("credential", "show", out)
    shown.fails("no credential that can be used")
    assert "\x1b" not in shown.err


def test_a_device_certificate_is_no_credential(holdfast, tmp_path, authority):
    """Both are CWTs of the same authority."""
    certificate = issuing.device_certificate(
        authority.signing_key,
        site="acme",
        node="reader",
        doors=["front"],
        device_key=Key.okp(CRV_X25519, crypto.x25519_public_key(os.urandom(32))),
        issued_at=1,
        expires=2,
        cti=bytes(8),
    )
    assert len(certificate) <= 180
    (tmp_path / "a.cwt").write_bytes(certificate)
    holdfast("credential", "show", tmp_path / "a.cwt").fails("device's certificate")


def test_a_guest_token_cannot_wait():
    """One dated ahead would lie around for longer than its day."""
    now = 1_800_000_000
    later = lifetime.iso(now + 20 * 3600)
    assert lifetime.decide(now, guest=True, not_before=later).expires == now + DAY
    with pytest.raises(UsageProblem, match="24 hours from now"):
        lifetime.decide(now, guest=True, not_before=later, hours=5)


def test_lifetimes_end_where_numbers_do():
    """Whatever year somebody types."""
    for text in ("9999-12-31T23:59:59", "0001-01-01", "2030-13-01", "", "now"):
        with pytest.raises(UsageProblem):
            lifetime.decide(int(time.time()), guest=False, expires=text)
    assert "1970" in lifetime.iso(1 << 53)
