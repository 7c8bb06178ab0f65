"""The site secret: in a file that the passphrase opens, and what comes of it."""

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from holdfast_host.credentials.authority import Authority
from holdfast_host.credentials.secret import Secret
from holdfast_host.errors import UsageProblem

PASSPHRASE = "correct horse battery"
ROOT = b"\x07" * 32
VALUE = bytes(range(32))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "site.secret"
    Secret(VALUE).save(path, PASSPHRASE, ROOT, kdf_rounds=1)
    return path


def loads(path, passphrase=PASSPHRASE, root=ROOT):
    return Secret.load(path, passphrase, root)


def refuses(path, *words, **given):
    with pytest.raises(UsageProblem) as refused:
        loads(path, **given)
    said = f"{refused.value.cause} {refused.value.next_step}"
    for word in words:
        assert word in said
    assert PASSPHRASE not in said and VALUE.hex() not in said


def derived(*name):
    info = cbor2.dumps(list(name), canonical=True)
    return HKDF(hashes.SHA256(), 32, b"holdfast", info).derive(VALUE)


def test_a_secret_comes_back(file):
    """From the file and the passphrase, and nothing else."""
    assert loads(file).audit_key() == Secret(VALUE).audit_key()


def test_the_file_is_encrypted_and_private(file):
    """A backup of the folder must not be a backup of the secret; nor are two files alike."""
    assert VALUE not in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    other = file.with_name("other")
    Secret(VALUE).save(other, PASSPHRASE, ROOT, kdf_rounds=1)
    assert other.read_bytes() != file.read_bytes()


def test_a_secret_is_never_overwritten(file):
    """With it would go every card, every guest token and every event that is not yet collected."""
    before = file.read_bytes()
    with pytest.raises(UsageProblem, match="never overwritten"):
        Secret.generate().save(file, PASSPHRASE, ROOT, kdf_rounds=1)
    assert file.read_bytes() == before


def test_a_wrong_passphrase_is_said(file):
    """With what to do if only the other file's passphrase was changed."""
    refuses(file, "passphrase does not open", "ssh-keygen -p", passphrase="wrong horse battery")


def test_another_sites_secret_is_said(file):
    """A restored backup may mix them; readers would know no card by its keys."""
    refuses(file, "another site", root=b"\x08" * 32)


def test_a_missing_secret_is_said(tmp_path):
    """Nothing makes another one that fits."""
    refuses(tmp_path / "none", "there is no site secret", "backup")


def test_noise_in_the_file_is_said(file):
    """Each byte may be wrong after a bad disk, or on purpose: none gives another secret."""
    whole = file.read_bytes()
    for place in range(len(whole)):
        for bit in (0, 7):
            altered = bytearray(whole)
            altered[place] ^= 1 << bit
            file.write_bytes(altered)
            refuses(file)


@pytest.mark.parametrize("cut", [0, 1, 20, 60, 110])
def test_a_torn_file_is_said(file, cut):
    """And that its backup is wanted."""
    file.write_bytes(file.read_bytes()[:cut])
    refuses(file, "damaged", "backup")


@pytest.mark.parametrize(
    "change",
    [
        {1: 2},
        {3: 0},
        {3: 1 << 31},
        {3: True},
        {3: None},
        {4: b""},
        {5: bytes(13)},
        {6: bytes(47)},
        {7: 1},
    ],
)
def test_entries_that_cannot_be_are_refused(file, change):
    """Rounds without end above all: nobody should wait for the error until the machine is old."""
    content = cbor2.loads(file.read_bytes())
    file.write_bytes(cbor2.dumps({**content, **change}, canonical=True))
    refuses(file, "damaged")


@pytest.mark.parametrize("passphrase", ["", "seven77"])
def test_a_weak_passphrase_is_refused(tmp_path, passphrase):
    """And nothing is written."""
    with pytest.raises(UsageProblem, match="passphrase"):
        Secret(VALUE).save(tmp_path / "s", passphrase, ROOT)
    assert not (tmp_path / "s").exists()


def test_the_keys_are_what_the_docstrings_say():
    """A controller or an auditor's tool by somebody else finds the same, by another library."""
    secret = Secret(VALUE)
    assert secret.zone_key("lobby", 1).k == derived("zone key", "lobby", 1)
    assert secret.lookup_key(3) == derived("lookup key", 3)
    assert secret.audit_key() == derived("audit key")
    assert secret.register_key() == derived("register key")


def test_the_keys_are_all_different():
    """By use, by zone, by number and by site: a key that leaks opens nothing else."""
    keys = []
    for secret in (Secret(VALUE), Secret(VALUE[::-1])):
        keys += [secret.zone_key(zone, number).k for zone in ("a", "b") for number in (1, 2)]
        keys += [secret.lookup_key(1), secret.lookup_key(2), secret.audit_key()]
        keys.append(secret.register_key())
    assert len(set(keys)) == len(keys) == 16


def test_the_authoritys_key_has_no_part_in_them():
    """Else a new one would lock every card out."""
    assert not [name for name in dir(Authority) if "key" in name and name != "public_key"]
    assert Secret.generate().audit_key() != Secret.generate().audit_key()


def test_nothing_shows_the_secret():
    """Objects end up in logs and tracebacks."""
    secret = Secret(VALUE)
    for thing in (secret, secret.zone_key("a", 1)):
        assert VALUE.hex() not in repr(thing) and repr(VALUE) not in repr(thing)
